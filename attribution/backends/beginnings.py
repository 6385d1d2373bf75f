"""What command line, environment and working folder programs began with, as a process of its own
has read them: the gate's side of it.
"""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from attribution.backends import beginnings_process
from attribution.backends.beginnings_process import EXEC, LATE, MANY, READY, SOCKET, TOLD
from attribution.backends.process_connector import Wish, subscribed
from core.values import quick

_WISH = Wish(other=EXEC, thread_at=0, process_at=0, buffer=1 << 20)
_START_S, _END_S = 2.0, 2.0
_AGAIN_S, _AGAIN_MOST_S = 0.1, 60.0
"""One that ends is begun anew at once; one that ends again and again, twice as late each time."""
_LASTED_S = 30.0
_PIECE = 1 << 16

type Program = tuple[int, int]
"""A process, and the kernel's time of its last exec (nanoseconds of the monotonic clock)."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What was read of a program before it can have run a script; nothing where that was too
    late.
    """

    folder: str | None = None
    line: bytes | None = None
    """A digest of its command line: the program can write over it later."""
    environment: bytes | None = None
    """A digest of its environment, likewise."""
    traced: bool = False
    """True where another program traced it (ptrace): that one can make it do anything."""
    parent: int = 0
    """Its parent by then: who has ended before is none any more."""
    stops: int = 0
    """How often it had gone to sleep, or was stopped, since it was forked."""
    sockets: frozenset[int] | None = None
    """Numbers of those that it was given by what it was before; None where that is not known."""


class Beginnings(Protocol):
    """Tells of each program that began."""

    def take(self) -> Sequence[tuple[Program, Beginning]]:
        """Return what was not returned yet, without waiting."""

    def fileno(self) -> int | None:
        """Return what can be read when there is more; None while nobody tells."""

    def mend(self) -> None:
        """Have it told again where nobody tells. May take seconds."""

    def give_up(self) -> None:
        """Take it for gone: it tells nothing of what it should have told."""

    def close(self) -> None:
        """Listen no more."""


class BeginningsProcess:
    """Implements Beginnings by `beginnings_process`. `take` and `give_up` by one thread at a time,
    `mend` by one beside it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Raise OSError where the kernel tells nothing."""
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._ended: list[subprocess.Popen[bytes]] = []
        """Killed, and not taken away yet: one that the kernel holds up takes longer to die."""
        self._told: socket.socket | None = None
        self._closed = False
        self._begun_at = 0.0
        self._again_s = _AGAIN_S
        self._rest = bytearray()
        self._begin()

    def take(self) -> Sequence[tuple[Program, Beginning]]:
        """See Beginnings.take."""
        if self._told is None:
            return ()
        try:
            while piece := self._told.recv(_PIECE):
                self._rest += piece
            self._end()
        except BlockingIOError:
            pass
        except OSError:
            self._end()
        return _records(self._rest)

    def fileno(self) -> int | None:
        """See Beginnings.fileno."""
        return None if self._told is None else self._told.fileno()

    def mend(self) -> None:
        """See Beginnings.mend."""
        self._ended = [each for each in self._ended if each.poll() is None]
        lasted = self._clock() - self._begun_at
        if self._told is not None:
            self._again_s = _AGAIN_S if lasted > _LASTED_S else self._again_s
        elif not self._closed and lasted > self._again_s:
            self._again_s = min(self._again_s * 2, _AGAIN_MOST_S)
            with contextlib.suppress(OSError):
                self._begin()

    def give_up(self) -> None:
        """See Beginnings.give_up."""
        self._end()

    def close(self) -> None:
        """See Beginnings.close."""
        self._closed = True
        self._end()
        for process in self._ended:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_END_S)

    def _begin(self) -> None:
        """Start it, and wait until it listens: what begins before that may be read too late."""
        self._begun_at = self._clock()
        self._rest.clear()
        near, far = socket.socketpair()
        with far, subscribed(_WISH) as heard:
            numbers = heard.fileno(), far.fileno()
            path = Path(beginnings_process.__file__).resolve()
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(path), *map(str, numbers)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=numbers,
                start_new_session=True,
                cwd="/",
            )
        with contextlib.suppress(OSError, AttributeError):
            os.sched_setscheduler(self._process.pid, os.SCHED_RR, os.sched_param(1))
        near.settimeout(_START_S)
        with contextlib.suppress(TimeoutError):
            if near.recv(1) == READY:
                near.setblocking(False)
                self._told = near
                return
        near.close()
        self._end()

    def _end(self) -> None:
        """It ends with the gate's end of its socket; one that does not, is killed."""
        told, self._told = self._told, None
        process, self._process = self._process, None
        if told is not None:
            told.close()
        if process is not None:
            process.kill()
            self._ended.append(process)


def _records(rest: bytearray) -> list[tuple[Program, Beginning]]:
    """Take all whole records off what has come."""
    found, at = [], 0
    while at + TOLD.size <= len(rest):
        pid, executed_at, line, environment, *held, size, count = TOLD.unpack_from(rest, at)
        numbers = at + TOLD.size + size
        end = numbers + SOCKET.size * (0 if count == MANY else count)
        if end > len(rest):
            break
        begun = Beginning()
        if line != LATE:
            folder = os.fsdecode(bytes(rest[at + TOLD.size : numbers]))
            given = frozenset(number for (number,) in SOCKET.iter_unpack(rest[numbers:end]))
            begun = Beginning(
                folder=folder or None,
                line=line,
                environment=environment,
                traced=held[0],
                parent=held[1],
                stops=held[2],
                sockets=None if count == MANY else given,
            )
        found.append(((pid, executed_at), begun))
        at = end
    del rest[:at]
    return found
