"""How far the times of files are believed: by who keeps them."""

import mmap
import sys
import time
from pathlib import Path

import pytest

from attribution.file_times import NEVER, OTHER_CLOCK_S, kept_by, margin_s
from attribution.identity.version import Since, identify

MEMORY = Path("/dev/shm")
in_memory = pytest.mark.skipif(
    sys.platform != "linux" or not MEMORY.is_dir() or kept_by(0x01021994, mapped=False) != 0,
    reason="there is no file system in memory here",
)


@pytest.mark.parametrize(
    ("kept", "number", "folder", "content"),
    [
        ("ext4", 0xEF53, 0.0, 0.0),
        ("XFS", 0x58465342, 0.0, 0.0),
        ("Btrfs", 0x9123683E, 0.0, 0.0),
        ("an overlay", 0x794C7630, 0.0, 0.0),
        ("memory", 0x01021994, 0.0, NEVER),
        ("NFS", 0x6969, OTHER_CLOCK_S, OTHER_CLOCK_S),
        ("SMB", 0xFE534D42, OTHER_CLOCK_S, OTHER_CLOCK_S),
        ("a user's program", 0x65735546, NEVER, NEVER),
        ("nobody knows what", 0x1234, NEVER, NEVER),
    ],
)
def test_times_are_believed_by_who_keeps_them(
    kept: str, number: int, folder: float, content: float
) -> None:
    """This machine's disks are believed; memory is not about content, a server by the hour, and
    whatever is not known never.
    """
    assert kept_by(number, mapped=False) == folder, kept
    assert kept_by(number, mapped=True) == content, kept


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells who keeps the times")
def test_what_cannot_be_asked_is_not_believed(tmp_path: Path) -> None:
    """A path that is gone has no times that could be believed."""
    assert margin_s(str(tmp_path / "gone"), mapped=False) == NEVER


@in_memory
def test_a_script_in_memory_has_no_hash_of_what_ran() -> None:
    """What is written through a mapping there changes no time, so nobody knows what ran."""
    script = MEMORY / f"outgate-{time.time_ns()}.py"
    script.write_text("# evil\n")
    try:
        started = Since(at=time.time() + 0.1, exact=True)
        with script.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
            mapped[2:6] = b"good"
        found = identify(str(script), started)
    finally:
        script.unlink()
    assert found.sha256 is None
    assert found.sha256_now is not None
    assert not found.changed_since_start
    assert "do not show every change" in str(found.note)


def test_a_young_file_is_read_each_time(tmp_path: Path) -> None:
    """What was changed through a mapping that was there before is seen: nothing is remembered of a
    file whose times may lag behind.
    """
    script = tmp_path / "job.py"
    script.write_text("# evil\n")
    with script.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        mapped[2:6] = b"evil"
        later = Since(at=time.time() + 1)
        before = identify(str(script), later)
        mapped[2:6] = b"good"
        after = identify(str(script), later)
    assert before.sha256 != after.sha256


@pytest.mark.parametrize(("started_after_s", "told"), [(0.5, 0), (50.5, 50), (500.0, None)])
def test_that_a_file_was_written_just_before_the_start_is_told(
    tmp_path: Path, started_after_s: float, told: int | None
) -> None:
    """Whoever checks a record sees that a change after the start could have left no trace."""
    script = tmp_path / "job.py"
    script.write_text("x\n")
    since = Since(at=script.stat().st_ctime + started_after_s)
    assert identify(str(script), since).written_before_start_s == told
