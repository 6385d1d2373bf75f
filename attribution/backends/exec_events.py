"""When processes were forked and became the programs that they are: the kernel's events, for what
/proc does not tell.

/proc/PID/stat knows to 10 ms when a process was forked, and not at all when it became another
program. The kernel's connector tells each fork and exec with its time. Where it may not be heard,
nothing is known, and nothing is assumed.
"""

import contextlib
import hashlib
import os
import select
import socket
import struct
import threading
import time
from collections import OrderedDict, deque
from dataclasses import dataclass

from attribution.backends import procfs
from attribution.backends.process_connector import EVENT_AT, EXEC, FORK, Wish, subscribed
from attribution.facts import ProcessFacts
from core.duties import OWNER, Duty
from core.values import quick

_EVENT = struct.Struct("=IIQiiii")
"""What happened, on which processor, nanoseconds of the monotonic clock; of an exec the thread and
its process, of a fork those of the parent and then those of the child."""
_WISH = Wish(other=FORK, thread_at=60, process_at=64, buffer=1 << 20)
_MOST = 1 << 15
_FIRST = -10
"""Priority of who listens: on a busy machine it has to be there before the program begins."""
_BEFORE_IT_RUNS_NS = 4_000_000
"""An interpreter takes longer than this before it runs a line of its script. Counted in time of the
processor for those that had none before: on a busy machine an event is late, and so is the program.
"""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How the program of a process came to be it."""

    at: float | None
    """When it was loaded (Unix time); None when that was before the first event."""
    folder: str | None = None
    """The working folder then, where it could be asked before the program had begun to run."""
    line: bytes | None = None
    """A digest of the command line then, likewise: the program can write over it later."""


type _Times[T] = OrderedDict[int, tuple[T, float]]
"""By pid; with the time of the event that told it."""


class ExecEvents:
    """Remembers when the program of each process was loaded, from the first event that was heard.

    The kernel queues an event before the program runs its first instruction. So whoever catches up
    first knows every exec of a process that could already be seen to do something.
    """

    def __init__(self) -> None:
        self._loaded: _Times[Load] = OrderedDict()
        self._born: _Times[float] = OrderedDict()
        self._forks: deque[tuple[float, int, int]] = deque(maxlen=_MOST)
        """When, whose and which, in the order in which they were told."""
        self._heard = False
        self._reading = threading.Lock()
        self._socket: socket.socket | None = None
        with contextlib.suppress(OSError, AttributeError):
            self._socket = subscribed(_WISH)
        self._since = time.time()
        if self._socket is not None:
            body = OWNER.guarded(Duty.PROCESSES, self._heard_of_all, lambda: self._socket is None)
            threading.Thread(target=body, daemon=True, name="outgate-exec-events").start()

    def since(self) -> float | None:
        """Return from when on every exec was heard (Unix time); None where none is."""
        return self._since if self._heard and self._socket is not None else None

    def load(self, pid: int) -> Load | None:
        """Return how the program of this process was loaded: by its last exec, or by that of what
        it was forked from. None when no event of it was heard.
        """
        found = self._loaded.get(pid)
        return None if found is None else found[0]

    def born(self, pid: int) -> float | None:
        """Return when the process with this pid was last seen to be forked (Unix time)."""
        found = self._born.get(pid)
        return None if found is None else found[0]

    def offspring(self, pid: int, since: float) -> list[int] | None:
        """Return what was forked from this process, and from that, since a moment (Unix time). None
        where not all forks since then were heard.
        """
        heard = self.since()
        if heard is None or heard > since:
            return None
        recent = []
        with self._reading:  # the listener adds to them meanwhile
            for fork in reversed(self._forks):
                if fork[0] < since:
                    break
                recent.append(fork)
        found: list[int] = []
        for _, parent, child in reversed(recent):
            if parent == pid or parent in found:
                found.append(child)
        return found

    def is_same(self, facts: ProcessFacts) -> bool:
        """True when it is known without a look that a process is still the program that it was."""
        load, born = self.load(facts.pid), self.born(facts.pid)
        return (
            load is not None
            and load.at is not None
            and load.at == facts.image_from == facts.image_until
            and (born is None or born == facts.born_at)
        )

    def close(self) -> None:
        """Stop listening."""
        held, self._socket = self._socket, None
        if held is not None:
            with contextlib.suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
            held.close()

    def _heard_of_all(self) -> None:
        """Listen; whatever ends it, nothing is said to be heard any more."""
        try:
            self._listen()
        finally:
            self._heard = False

    def catch_up(self) -> None:
        """Take in all events that the kernel has told until now."""
        held = self._socket
        if held is None:
            return
        with self._reading:
            try:
                while True:
                    data, (sender, _) = held.recvfrom(4096)
                    if sender == 0:
                        self._note(data)
            except BlockingIOError:
                return
            except OSError:
                self._begin_anew(held)

    def _begin_anew(self, held: socket.socket) -> None:
        """Events were lost: what is remembered, or still queued, may be of an earlier program of
        the same process.
        """
        with contextlib.suppress(OSError):
            while held.recv(4096):
                continue
        self._loaded.clear()
        self._born.clear()
        self._forks.clear()
        self._since = time.time()

    def _listen(self) -> None:
        """Hear of each program before it runs: its working folder is the one of its start then."""
        with contextlib.suppress(OSError, AttributeError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _FIRST)
        while (held := self._socket) is not None:
            with contextlib.suppress(OSError, ValueError):
                select.select([held], [], [], 1.0)
            self.catch_up()

    def _note(self, data: bytes) -> None:
        at = EVENT_AT
        if len(data) < at + _EVENT.size:
            return
        what, _, monotonic, _, pid, _, child = _EVENT.unpack_from(data, at)
        self._heard = True
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        happened = time.time() - (now - monotonic) / 1e9
        if what == EXEC:
            load = _loaded(pid, happened, monotonic)
            self._keep(self._loaded, pid, load, happened)
        elif what == FORK:
            self._keep(self._born, child, happened, happened)
            if len(self._forks) == _MOST:
                self._since = max(self._since, self._forks[0][0])
            self._forks.append((happened, pid, child))
            # Nothing that an earlier process with this number did counts any more.
            self._keep(self._loaded, child, self.load(pid) or Load(at=None), happened)

    def _keep[T](self, events: "_Times[T]", pid: int, value: T, happened: float) -> None:
        events.pop(pid, None)
        events[pid] = (value, happened)
        while len(events) > _MOST:
            # Whoever is older than what was forgotten may have had an event that is not known any
            # more.
            _, (_, forgotten) = events.popitem(last=False)
            self._since = max(self._since, forgotten)


def digest(line: bytes) -> bytes:
    """Return what a command line is compared by: it may hold secrets, and is not kept."""
    return hashlib.blake2b(line, digest_size=16).digest()


def _loaded(pid: int, happened: float, executed_at: int) -> Load:
    """Return what is to know of a program as it began, where it has not had the time yet to run a
    script.
    """
    folder, line = procfs.link(f"/proc/{pid}/cwd"), procfs.command_line(pid)
    if not _has_not_begun(pid, executed_at):
        return Load(at=happened)
    return Load(at=happened, folder=folder, line=digest(line) if line else None)


def _has_not_begun(pid: int, executed_at: int) -> bool:
    passed = time.clock_gettime_ns(time.CLOCK_MONOTONIC) - executed_at
    if passed <= _BEFORE_IT_RUNS_NS:
        return True
    spent = procfs.read(f"/proc/{pid}/schedstat", 100).partition(b" ")[0]
    return spent.isdigit() and int(spent) <= _BEFORE_IT_RUNS_NS
