"""Processes that did not run are answered for from memory, and nobody else is."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from patience import eventually

from attribution.backends import idle_holders, procfs
from attribution.backends.holders import new_holders
from attribution.backends.idle_holders import _WORTH, IdleHolders, has_run, runs_at_rest, runs_of
from attribution.backends.looks import LooksHere
from attribution.backends.sock_diag import SocketEntry

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a Linux matter")

_WAITS = """
import socket, sys, threading
far = socket.socket(fileno=int(sys.argv[1]))
if sys.argv[2] == "threads": threading.Thread(target=sys.stdin.readline).start()
held = []
print("ready", flush=True)
while True:
    _, items, _, _ = socket.recv_fds(far, 1, 1)
    held += items
    print("taken", flush=True)
"""


class Waiter:
    """A process that waits to be handed sockets."""

    def __init__(self, how: str) -> None:
        self._own, theirs = socket.socketpair()
        command = [sys.executable, "-S", "-c", _WAITS, str(theirs.fileno()), how]
        pipe = subprocess.PIPE
        fds = (theirs.fileno(),)
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, pass_fds=fds)
        theirs.close()
        self._read()
        self.pid = self.process.pid

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.process.stdout.readline()

    def hand(self, one: socket.socket) -> None:
        """Hand a socket over."""
        socket.send_fds(self._own, [b"x"], [one.fileno()])
        self._read()

    def end(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait(20)
        self._own.close()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()


@pytest.fixture(params=["alone", "threads"])
def waiter(request: pytest.FixtureRequest) -> Iterator[Waiter]:
    """One that waits, with one thread or two."""
    made = Waiter(request.param)
    yield made
    made.end()


@pytest.fixture
def idle() -> Iterator[IdleHolders]:
    """A memory, and its end."""
    made = IdleHolders()
    yield made
    made.close()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every process whose descriptors are read."""
    seen: list[int] = []
    read: Callable[..., list[int] | None] = procfs.descriptors

    def noted(pid: int, socket: int, most: int | None = None) -> list[int] | None:
        seen.append(pid)
        return read(pid, socket, most)

    monkeypatch.setattr(procfs, "descriptors", noted)
    return seen


def _until_remembered(idle: IdleHolders, waiter: Waiter) -> None:
    """Ask until it stands in its read: it may still be on its way there."""
    while waiter.pid not in idle._known:
        until, wait = idle._busy.get(waiter.pid, (0, 0))
        if until > idle._looks:  # it was tried too early
            idle._busy[waiter.pid] = 0, (wait - 1) // 2
        assert idle.descriptors(waiter.pid, 1) == []


def test_who_did_not_run_is_not_read_again(
    idle: IdleHolders, waiter: Waiter, reads: list[int]
) -> None:
    """A process that waits is read once; what it was handed since is seen at once."""
    with socket.socket() as handed:
        number = os.fstat(handed.fileno()).st_ino
        _until_remembered(idle, waiter)
        reads.clear()
        assert idle.descriptors(waiter.pid, number) == []
        assert reads == []
        waiter.hand(handed)
        assert len(idle.descriptors(waiter.pid, number) or ()) == 1
        assert reads == [waiter.pid]


def test_a_big_holder_is_read_once_to_be_remembered(
    idle: IdleHolders, waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes a second where it holds 100,000: what answers is what is remembered."""
    asked: list[int] = []
    plain = procfs.sockets

    def noted(pid: int) -> dict[int, int] | None:
        asked.append(pid)
        return plain(pid)

    monkeypatch.setattr(procfs, "sockets", noted)
    idle.keep_only({waiter.pid})
    assert idle.places(waiter.pid, frozenset({1})) == {}
    assert asked == [waiter.pid]


def test_who_may_not_be_read_is_not_remembered_as_without(
    idle: IdleHolders, waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may hold anything."""
    monkeypatch.setattr(procfs, "sockets", lambda _: None)
    idle.keep_only({waiter.pid})
    for _ in range(3):
        assert idle.places(waiter.pid, frozenset({1})) is None
        assert not idle.is_without(waiter.pid, 1)


def test_who_ran_once_is_soon_remembered_again(idle: IdleHolders, waiter: Waiter) -> None:
    """The more often in a row, the later: a process that is always on its way is read each time,
    one that wakes seldom is not.
    """
    _until_remembered(idle, waiter)
    waits = []
    for looks in (_WORTH, 0, 0, 0):
        for _ in range(looks):
            idle.keep_only({waiter.pid})
        with socket.socket() as handed:
            waiter.hand(handed)
        assert not idle.is_without(waiter.pid, 1)
        waits.append(idle._busy[waiter.pid][0] - idle._looks)
        for _ in range(waits[-1] - 1):
            idle.keep_only({waiter.pid})
            idle.descriptors(waiter.pid, 1)
            assert waiter.pid not in idle._known
        idle.keep_only({waiter.pid})
        _until_remembered(idle, waiter)
    assert waits == [1, 3, 7, 15]


def test_who_is_new_is_not_remembered(idle: IdleHolders, waiter: Waiter) -> None:
    """Most programs that begin end soon: what it takes to remember them is spared."""
    idle.keep_only({1})
    idle.keep_only({1, waiter.pid})
    assert idle.descriptors(waiter.pid, 1) == []
    assert waiter.pid not in idle._known
    idle.keep_only({1, waiter.pid})
    _until_remembered(idle, waiter)


def test_who_is_new_and_holds_much_is_remembered(
    idle: IdleHolders, waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To read it twice takes longer than to remember it; where the kernel does not tell how much a
    process holds, it is one like others.
    """
    if not os.stat(f"/proc/{os.getpid()}/fd").st_size:  # noqa: PTH116 - of /proc
        pytest.skip("Linux 6.2 tells how much")
    monkeypatch.setattr(procfs, "_MUCH", 2)
    idle.keep_only({1})
    idle.keep_only({1, waiter.pid})
    _until_remembered(idle, waiter)
    assert not procfs.holds_much(1 << 30)


def test_a_parent_is_told_from_memory(
    idle: IdleHolders, waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is remembered; of one that has gone there is none."""
    assert idle.parent(waiter.pid) == os.getpid()
    _until_remembered(idle, waiter)
    with monkeypatch.context() as patched:
        patched.setattr(procfs, "stat_fields", lambda _: [])
        assert idle.parent(waiter.pid) == os.getpid()
    waiter.process.kill()
    waiter.process.wait(20)
    assert idle.parent(waiter.pid) == 0


def test_who_let_go_of_a_new_connection_is_looked_for_without_reading_old_holders_again(
    idle: IdleHolders, waiter: Waiter, reads: list[int]
) -> None:
    """A program that ended at once leaves a socket that nobody holds; a host may hold 100,000."""
    _until_remembered(idle, waiter)
    reads.clear()
    later = procfs.start_seconds(procfs.start_of(waiter.pid) or 0) + 60
    found, told = new_holders(SocketEntry(1, os.getuid()), LooksHere(os.getpid(), idle), later)
    assert (found, told.pids) == ({}, ())
    assert waiter.pid not in reads


def test_what_it_holds_is_found_from_memory_too(idle: IdleHolders, waiter: Waiter) -> None:
    """Remembered for what it does not hold, it is asked where it holds something."""
    with socket.socket() as handed:
        waiter.hand(handed)
        number = os.fstat(handed.fileno()).st_ino
        _until_remembered(idle, waiter)
        assert len(idle.descriptors(waiter.pid, number) or ()) == 1


def test_who_has_gone_is_forgotten(idle: IdleHolders, waiter: Waiter) -> None:
    """No file of the kernel is kept open for it, and its number may be another's."""
    _until_remembered(idle, waiter)
    waiter.process.kill()
    waiter.process.wait(20)
    assert idle.descriptors(waiter.pid, 1) == []
    assert idle._held == 0
    assert idle._known == {}


def test_those_that_are_not_listed_any_more_are_forgotten(
    idle: IdleHolders, waiter: Waiter
) -> None:
    """A look at all begins with that."""
    _until_remembered(idle, waiter)
    idle.keep_only(set())
    assert idle._held == 0


def test_where_the_kernel_does_not_count_nothing_is_remembered(
    idle: IdleHolders, waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tells zeros then, which never change."""
    monkeypatch.setattr(os, "pread", lambda *_: b"0 0 0\n")
    for _ in range(3):
        assert idle.descriptors(waiter.pid, 1) == []
    assert idle._known == {}


def test_no_more_is_kept_open_than_may_be(
    idle: IdleHolders, waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections need descriptors as well."""
    monkeypatch.setattr(idle, "_most", 0)
    for _ in range(3):
        assert idle.descriptors(waiter.pid, 1) == []
    assert idle._held == 0


def test_runs_are_counted(waiter: Waiter) -> None:
    """Others when it was handed something; none of one that has gone."""
    before = runs_of(waiter.pid)
    with socket.socket() as handed:
        waiter.hand(handed)
    assert before
    assert runs_of(waiter.pid) != before
    waiter.process.kill()
    waiter.process.wait(20)
    assert runs_of(waiter.pid) == ()


def test_who_has_run_is_told_by_one_thread(waiter: Waiter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where that one did not run, is not of the process, or has ended, all are asked."""
    before = eventually(lambda: runs_at_rest(waiter.pid))
    assert not has_run(waiter.pid, before, waiter.pid)
    assert not has_run(waiter.pid, before, os.getpid())
    with socket.socket() as handed:
        waiter.hand(handed)
    assert has_run(waiter.pid, before, os.getpid())
    with monkeypatch.context() as patched:
        patched.setattr(idle_holders, "runs_of", lambda _: before)
        assert has_run(waiter.pid, before, waiter.pid)
    waiter.process.kill()
    waiter.process.wait(20)
    assert has_run(waiter.pid, before, waiter.pid)


def test_who_runs_at_a_look_may_send_and_be_counted_as_before() -> None:
    """So what it did from then on is told by no count: it is not said that another one has sent."""
    command = [sys.executable, "-c", "print('', flush=True)\nwhile True: pass"]
    spins = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert spins.stdout is not None
        spins.stdout.readline()
        assert runs_of(spins.pid)
        assert runs_at_rest(spins.pid) == ()
    finally:
        spins.kill()
        spins.communicate()


def test_who_waits_at_a_look_is_counted(waiter: Waiter) -> None:
    """As soon as all of its threads stand still."""
    assert eventually(lambda: runs_at_rest(waiter.pid)) == runs_of(waiter.pid)
