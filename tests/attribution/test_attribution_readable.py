"""What is closed to a sender stays closed to it, however much whoever names senders may read."""

import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from patience import eventually

from attribution.backends.process_facts import process
from attribution.examination import CLOSED, examine
from attribution.readable import may_read

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root has more rights than a sender"
)
USER, GROUP, OTHER = 61234, 61235, 61236
WAITS = "import time; print(flush=True); time.sleep(600)"


@dataclass(frozen=True)
class Process:
    pid: int
    uid: int | None


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place that everybody may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="og-closed-") as name:
        place = Path(name).resolve()
        place.chmod(0o755)
        yield place


@contextmanager
def running(*words: str, user: int | None = USER, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run Python as this user, with one more group, until the block ends."""
    python = shutil.which("python3", path="/usr/bin") or sys.executable
    rights = {} if user is None else {"user": user, "group": user, "extra_groups": [GROUP]}
    with subprocess.Popen(
        [python, *words],
        stdout=subprocess.PIPE,
        env={"PATH": "/usr/bin", **more},
        **rights,  # type: ignore[call-overload]
    ) as one:
        try:
            assert one.stdout.readline()
            yield one
        finally:
            one.kill()


def _file(path: Path, mode: int, uid: int = 0, gid: int = 0) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text("print('what root keeps to itself')\n")
    os.chown(path, uid, gid)
    path.chmod(mode)
    return str(path)


def _listed(path: str, *entries: tuple[int, int, int]) -> str:
    """Give a file an access list: a tag, what it grants, for whom."""
    packed = [struct.pack("<HHI", *entry) for entry in sorted(entries)]
    os.setxattr(path, "system.posix_acl_access", struct.pack("<I", 2) + b"".join(packed))
    return path


NOBODY = 0xFFFFFFFF


def test_mode_groups_lists_and_folders_decide(folder: Path) -> None:
    """A user reads what the kernel would let it read, and nothing else: by owner, by group, by
    access list, and only where it may enter every folder on the way.
    """
    base = ((0x01, 6, NOBODY), (0x04, 0, NOBODY))
    mask, none = (0x10, 6, NOBODY), (0x20, 0, NOBODY)
    files = {
        _file(folder / "own", 0o400, USER): True,
        _file(folder / "own, closed by its owner", 0o044, USER): False,
        _file(folder / "everybody's", 0o604): True,
        _file(folder / "root's", 0o600): False,
        _file(folder / "of a group", 0o640, 0, GROUP): True,
        _file(folder / "of another group", 0o640, 0, OTHER): False,
        _file(folder / "closed to its group", 0o604, 0, GROUP): False,
        _file(folder / "closed folder" / "open file", 0o644): False,
        _file(folder / "folder to pass" / "open file", 0o644): True,
        _listed(_file(folder / "listed", 0o600), *base, (0x02, 4, USER), mask, none): True,
        _listed(
            _file(folder / "masked", 0o600), *base, (0x02, 4, USER), (0x10, 0, NOBODY), none
        ): False,
        _listed(_file(folder / "another's", 0o600), *base, (0x02, 4, OTHER), mask, none): False,
        _listed(_file(folder / "group's", 0o600), *base, (0x08, 4, GROUP), mask, none): True,
        str(folder / "not there"): False,
    }
    (folder / "closed folder").chmod(0o700)
    (folder / "folder to pass").chmod(0o711)
    with running("-c", WAITS) as one:
        told = {path: may_read(Process(one.pid, USER), path) for path in files}
        assert told == files
        kernels = {path: _kernel_lets(path) for path in files}
        assert kernels == files, "as the kernel itself"
    with running("-c", WAITS, user=None) as root:
        assert all(may_read(Process(root.pid, 0), path) for path in files)


def _kernel_lets(path: str) -> bool:
    done = subprocess.run(
        ["cat", path], user=USER, group=USER, extra_groups=[GROUP], capture_output=True, check=False
    )
    return done.returncode == 0


def test_who_has_ended_or_hides_has_no_more_rights(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one that has ended its user's rights count; what looks like root's, as everything does
    that lets nobody look at it, has none then, but for root's own gate. Nor do rights count that
    somebody has in a user namespace of his own.
    """
    closed, opened = _file(folder / "closed", 0o600), _file(folder / "open", 0o644)
    with running("-c", WAITS) as one:
        pid = one.pid
    assert [may_read(Process(pid, uid), opened) for uid in (USER, 0, None)] == [True, True, True]
    assert not may_read(Process(pid, USER), closed)
    with monkeypatch.context() as service:
        service.setattr(os, "geteuid", lambda: OTHER)
        ended = [may_read(Process(pid, uid), opened) for uid in (USER, 0, None)]
    assert ended == [True, False, False]
    hides = f"import ctypes; ctypes.CDLL(None).prctl(4, 0); {WAITS}"
    apart = f"import ctypes; assert not ctypes.CDLL(None).unshare(0x10000000); {WAITS}"
    for code in (hides, apart):
        with running("-c", code) as one:
            status = Path(f"/proc/{one.pid}/status").read_text()
            assert code is hides or "CapEff:\t0000000000000000" not in status
            assert may_read(Process(one.pid, 0), opened)
            assert not may_read(Process(one.pid, 0), closed)


def test_nobody_learns_what_a_closed_file_holds_by_naming_it_as_a_script(folder: Path) -> None:
    """A program that says it runs a file that is closed to its user gets no hash of it told, nor
    its size; one that runs its own file does.
    """
    site = folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(WAITS)
    for mode, owner in ((0o600, 0), (0o600, USER)):
        script = _file(folder / f"of-{owner}.py", mode, owner)
        with running(script, PYTHONPATH=str(site)) as one:
            facts = eventually(partial(process, one.pid))
            assert facts is not None
            found = examine([facts], frozenset())
        assert found.resolution is not None
        assert found.resolution.path == script
        if owner == USER:
            assert (found.identity.sha256, found.identity.size) != (None, None)
        else:
            assert (found.identity.sha256, found.identity.size) == (None, None)
            assert found.identity.sha256_now is None
            assert CLOSED in (found.identity.note, found.note)
