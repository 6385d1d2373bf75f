"""Who was forked while all processes were looked at is found by its number."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from attribution.backends import procfs
from attribution.backends.looks import LooksHere

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a Linux matter")


@pytest.fixture
def child() -> Iterator[int]:
    """A process."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as running:
        yield running.pid
        running.kill()


def test_who_began_since_is_told_and_no_thread(child: int) -> None:
    held, done = threading.Event(), threading.Event()
    numbers: list[int] = []

    def wait() -> None:
        numbers.append(threading.get_native_id())
        held.set()
        done.wait(20)

    last = procfs.last_pid()
    thread = threading.Thread(target=wait)
    thread.start()
    try:
        assert held.wait(20)
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as later:
            found = procfs.born_since(last)
            later.kill()
        assert later.pid in found
        assert numbers[0] not in found
        assert os.getpid() not in found or procfs.last_pid() < last
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize(
    ("last", "now", "counted"),
    [(100, 100, True), (100, 164, True), (100, 165, False), (100, 99, False), (0, 50, False)],
)
def test_where_numbers_began_anew_or_are_many_all_are_told(
    monkeypatch: pytest.MonkeyPatch, last: int, now: int, counted: bool
) -> None:
    """Behind the highest number the kernel begins with the lowest that is free."""
    monkeypatch.setattr(procfs, "last_pid", lambda: now)
    monkeypatch.setattr(procfs, "living", lambda: {7, 150, 300})
    monkeypatch.setattr(procfs, "_is_process", {7, 150, 300}.__contains__)
    expected = {pid for pid in (150,) if last < pid <= now} if counted else {7, 150, 300}
    assert procfs.born_since(last) == expected


def test_a_look_lists_all_processes_once_and_finds_who_is_forked_meanwhile(
    monkeypatch: pytest.MonkeyPatch, child: int
) -> None:
    """To list them takes a third of a look on a quiet machine."""
    listed: list[int] = []
    forked: list[subprocess.Popen[bytes]] = []
    living, one, other = procfs.living, *os.pipe()

    def once() -> set[int]:
        listed.append(1)
        found = living()
        if not forked:
            forked.append(subprocess.Popen(["cat"], stdin=one))
        return found

    monkeypatch.setattr(procfs, "living", once)
    monkeypatch.setattr(procfs, "sockets", lambda pid: {1: 3} if pid in {forked[0].pid} else {})
    try:
        found, _ = LooksHere(child).at_all(frozenset({1}))
    finally:
        forked[0].kill()
        forked[0].wait()
        os.close(one)
        os.close(other)
    assert found == {1: {forked[0].pid: 3}}
    assert listed == [1]
