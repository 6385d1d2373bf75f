"""A process can hold up whoever reads its command line: nobody waits for it, and nobody else is
held up with it.
"""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from attribution.backends import process_facts, procfs
from attribution.backends.memory_reads import MemoryReads
from tests.attribution.holding_up import HOLDING_UP

_SOON_S, _LONG_S = 0.01, 20.0


class Disk:
    """Answers once it is let."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self.asked: list[str] = []

    def __call__(self, path: str) -> bytes:
        self.asked.append(path)
        if "slow" in path:
            self.let.wait()
        return path.encode()


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk()
    yield made
    made.let.set()


def test_who_holds_up_a_read_is_not_waited_for_again(disk: Disk) -> None:
    """Nothing is read of it until the first read has come back; others are read meanwhile."""
    reads = MemoryReads(disk)
    assert reads.read(1, "slow", _SOON_S) == b""
    assert reads.read(1, "other", _LONG_S) == b""
    assert reads.read(2, "quick", _LONG_S) == b"quick"
    assert disk.asked == ["slow", "quick"]
    disk.let.set()
    for _ in range(1000):
        if (data := reads.read(1, "other", _LONG_S)) == b"other":
            break
        threading.Event().wait(_SOON_S)
    assert data == b"other"


def test_several_files_of_a_process_are_handed_over_once(disk: Disk) -> None:
    """One wait for all of them; where one is held up, none is known."""
    reads = MemoryReads(disk, most=1)
    assert reads.all(1, ["line", "environment"], _LONG_S) == (b"line", b"environment")
    assert reads.all(1, ["line", "slow", "environment"], _SOON_S) == (b"", b"", b"")
    assert disk.asked == ["line", "environment", "line", "slow"]


def test_many_that_hold_up_reads_take_no_more_threads_than_there_are(disk: Disk) -> None:
    """Then nothing is read of anybody: that is a doubt about each, and no harm to the gate."""
    reads = MemoryReads(disk, most=3)
    assert [reads.read(pid, "slow", _SOON_S) for pid in range(1, 9)] == [b""] * 8
    assert len(disk.asked) == 3
    assert reads.read(99, "quick", _LONG_S) == b""


def test_every_reader_gets_the_answer_to_its_own_question() -> None:
    """However many ask at once."""
    reads = MemoryReads(str.encode, most=64)
    asked = [(pid % 7, f"{pid}") for pid in range(2000)]
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda each: reads.read(each[0], each[1], _LONG_S), asked))
    assert found == [path.encode() for _, path in asked]


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of Linux processes")
def test_a_process_that_holds_the_lock_of_its_memory_holds_up_nobody(tmp_path: Path) -> None:
    """By a file system of its own, which never answers: `ps` hangs there, and so would the gate."""
    place = tmp_path / "mount"
    place.mkdir()
    program = tmp_path / "holds.py"
    program.write_text(HOLDING_UP)
    words = [sys.executable, str(program), str(place)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None and running.stdin is not None
        try:
            if running.stdout.readline() != b"held\n":
                pytest.skip("no file system of one's own may be made here")
            assert procfs.start_of(running.pid) is not None
            assert procfs.command_line(running.pid, 0.5) == b""
            facts = process_facts.process(running.pid)
            assert facts is not None and not facts.line_intact and facts.argv == ()
        finally:
            running.stdin.close()
            running.kill()
            subprocess.run(["umount", "-l", place], check=False, capture_output=True)
