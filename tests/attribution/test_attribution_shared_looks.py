"""Those who wait for a look at all processes share the next one, and get none that began before
they asked.
"""

import os
import socket
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

import pytest
from patience import PATIENT_S

from attribution.backends import procfs, shared_looks
from attribution.backends.holders import Held, holders
from attribution.backends.linux import LinuxBackend
from attribution.backends.looks import Looks, LooksHere, Places
from attribution.backends.shared_looks import SharedLooks
from attribution.backends.sock_diag import SocketEntry
from attribution.facts import Ownership, Peer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a Linux matter")


class Turn:
    """A lock that tells of each who comes to it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.came = threading.Semaphore(0)

    def __enter__(self) -> None:
        self.came.release()
        self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._lock.release()


class Look:
    """Stands for the look at all processes; each waits until it may end."""

    def __init__(self) -> None:
        self.looked: list[list[int]] = []
        self.begun, self.may_end = threading.Semaphore(0), threading.Event()
        self.raises = False

    def __call__(self, entries: Collection[SocketEntry], looks: Looks) -> list[Held]:
        """Answer each with its own number as its holder."""
        self.looked.append([entry.inode for entry in entries])
        self.begun.release()
        assert self.may_end.wait(20)
        if self.raises:
            self.raises = False
            raise OSError
        return [({entry.inode: 3}, Ownership(socket=entry.inode)) for entry in entries]


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Look:
    """What SharedLooks looks by."""
    made = Look()
    monkeypatch.setattr(shared_looks, "holders", made)
    return made


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads that ask."""
    with ThreadPoolExecutor(8) as made:
        yield made


def _asked_together(
    look: Look, pool: ThreadPoolExecutor, numbers: Collection[int]
) -> list[Future[Held]]:
    """Ask for the first; once its look has begun, for the others; return all when none waits."""
    turn = Turn()
    looks = SharedLooks(turn)
    ask: Callable[[int], Future[Held]] = lambda number: pool.submit(  # noqa: E731
        looks.of, SocketEntry(number, 0)
    )
    first, *others = numbers
    asked = [ask(first)]
    assert look.begun.acquire(timeout=20)
    asked += map(ask, others)
    for _ in numbers:
        assert turn.came.acquire(timeout=20)
    look.may_end.set()
    return asked


def test_who_waits_for_a_look_shares_the_next_one(look: Look, pool: ThreadPoolExecutor) -> None:
    """The look under way began before they asked: it answers none of them."""
    asked = _asked_together(look, pool, (11, 12, 13, 14))
    assert [one.result(20)[0] for one in asked] == [{11: 3}, {12: 3}, {13: 3}, {14: 3}]
    assert [sorted(numbers) for numbers in look.looked] == [[11], [12, 13, 14]]


def test_two_who_ask_for_one_socket_get_the_same(look: Look, pool: ThreadPoolExecutor) -> None:
    """As a connection's two requests of HTTP/2 do."""
    asked = _asked_together(look, pool, (11, 12, 12))
    assert [one.result(20)[1].socket for one in asked] == [11, 12, 12]


def test_where_a_look_fails_others_look_for_themselves(
    look: Look, pool: ThreadPoolExecutor
) -> None:
    """A failure is told to whom it happened, and nobody is left without an answer."""
    look.raises = True
    asked = _asked_together(look, pool, (11, 12, 13))
    with pytest.raises(OSError):
        asked[0].result(20)
    assert [one.result(20)[0] for one in asked[1:]] == [{12: 3}, {13: 3}]


def test_the_kernel_is_asked_while_a_look_is_under_way(
    look: Look, pool: ThreadPoolExecutor
) -> None:
    """Whoever had to wait with that would come too late to share the next look."""
    backend = LinuxBackend()
    peer = Peer(client_host="127.0.0.1", client_port=1, gate_host="", gate_port=0, socket=11)
    found = pool.submit(backend.search, peer, 0.0)
    assert look.begun.acquire(timeout=20)
    free = backend._lock.acquire(timeout=PATIENT_S)
    look.may_end.set()
    assert found.result(20).socket == 11
    assert free
    backend._lock.release()
    backend.close()


def test_one_look_finds_the_holders_of_several_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each process is read once, whatever the number of sockets; this one is the gate itself."""
    read: list[int] = []
    sockets = procfs.sockets

    def noted(pid: int) -> dict[int, int] | None:
        read.append(pid)
        return sockets(pid)

    own = os.getpid()
    looks = LooksHere(own)
    with socket.socket() as one, socket.socket() as other:
        numbers = [os.fstat(each.fileno()).st_ino for each in (one, other)]
        child = os.posix_spawn(
            sys.executable,
            [sys.executable, "-S", "-c", "import sys; sys.stdin.read()"],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, one.fileno(), 207),
                (os.POSIX_SPAWN_DUP2, (pipe := os.pipe())[0], 0),
                (os.POSIX_SPAWN_DUP2, other.fileno(), 208),
            ],
        )
        monkeypatch.setattr(procfs, "sockets", noted)
        monkeypatch.setattr(procfs, "pids", lambda: [child, own])
        told = holders([SocketEntry(number, os.getuid()) for number in (*numbers, 1)], looks)
        for end in pipe:
            os.close(end)
        os.kill(child, 9)
        os.waitpid(child, 0)
    looks.close()
    assert [found for found, _ in told] == [{child: 207}, {child: 208}, {}]
    assert [ownership.pids for _, ownership in told] == [(child,), (child,), ()]
    assert read.count(child) <= 2  # the second time where it is remembered


class Told:
    """Looks that tell what they are made with, and of what they were asked."""

    def __init__(self, found: dict[int, Places]) -> None:
        self._found, self.asked = found, list[frozenset[int]]()

    def at_all(self, sockets: frozenset[int]) -> tuple[dict[int, Places], list[int]]:
        self.asked.append(sockets)
        return self._found, []

    def at_the_young(self, socket: int, oldest: float) -> tuple[Places, list[int]]:
        raise AssertionError

    def close(self) -> None:
        """Nothing is held."""


def test_of_several_holders_the_newest_is_a_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    """One look tells of all far ends; where there are none, nobody is looked at."""
    monkeypatch.setattr(procfs, "pids", lambda: [7, 9, 5])
    looks = SharedLooks()
    looks.close()
    told = Told({11: {5: 3, 9: 4}, 12: {5: 6, 7: 8}, 13: {7: 1}})
    looks.looks = told
    assert looks.newest_holders(frozenset()) == ()
    assert told.asked == []
    assert looks.newest_holders(frozenset({11, 12, 13})) == (7, 9)
    assert told.asked == [frozenset({11, 12, 13})]
