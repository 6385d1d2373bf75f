"""When programs begin and when processes end, with their exit codes: the kernel's events, or a look
at the list of processes where these may not be heard.
"""

import contextlib
import os
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from attribution.backends import procfs
from attribution.backends.beginnings_process import EVENT_AT, EXEC
from attribution.backends.process_connector import EXIT, Wish, subscribed
from core.values import quick

_EVENT = struct.Struct("=IIQiiI")
"""What happened, on which processor, when, the thread, its process, and of an end its status."""
_WISH = Wish(other=EXIT, thread_at=52, process_at=56, buffer=4 << 20)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One program that began, or one process that ended."""

    pid: int
    began: bool
    status: int | None = None
    """As `wait` tells it; None: nobody knows."""


class KernelEvents:
    """Hears of both from the kernel. Raises OSError where it may not (it takes root)."""

    def __init__(self) -> None:
        self._socket = subscribed(_WISH)

    def fileno(self) -> int:
        """Return what can be waited for."""
        return self._socket.fileno()

    def take(self) -> Iterator[Event | None]:
        """Yield what has come, in order; None where something was lost."""
        while True:
            try:
                data, (sender, _) = self._socket.recvfrom(4096)
            except BlockingIOError:
                return
            except OSError:
                yield None
                continue
            if sender == 0 and (found := _event(data)) is not None:
                yield found

    def close(self) -> None:
        """Hear no more."""
        self._socket.close()


def _event(data: bytes) -> Event | None:
    at = EVENT_AT
    if len(data) < at + _EVENT.size:
        return None
    what, _, _, thread, process, status = _EVENT.unpack_from(data, at)
    if thread != process:
        return None
    if what == EXEC:
        return Event(pid=process, began=True)
    return Event(pid=process, began=False, status=status) if what == EXIT else None


_YOUNG, _SELDOM = 4, 8
"""So many looks long each look asks what a process has become; then one look in so many."""
_SURELY = 5
"""After so many looks the list is read, whatever the kernel counts."""
_LOAD = "/proc/loadavg"


class Listing:
    """The same by a look at /proc: what began and ended between two looks is not seen, and nobody
    tells an exit code.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[str, int]] = {}
        """Pid → its program, and the look that saw it first."""
        self._looks = 0
        self._counted: bytes | None = None
        """What the kernel told at the last look at the list, and how many looks ago that was."""
        self._ago = 0

    def take(self) -> Iterator[Event | None]:
        """Yield what is new, what became another program, and what is gone."""
        self._looks += 1
        there = self._there()
        for pid in [one for one in self._known if one not in there]:
            del self._known[pid]
            yield Event(pid=pid, began=False)
        for pid in sorted(there):
            program, first = self._known.get(pid, (None, self._looks))
            # What wraps a program (`env`, `nice`, a shell) becomes it soon, or seldom.
            young = self._looks - first < _YOUNG
            if program is None or young or (pid + self._looks) % _SELDOM == 0:
                now = _program_of(pid)
                self._known[pid] = now, first
                if now != program:
                    yield Event(pid=pid, began=True)

    def _there(self) -> set[int]:
        """Return all that can be seen; where none can have come or gone, those of the last look."""
        counted = _counted()
        if counted is not None and counted == self._counted and self._ago < _SURELY:
            self._ago += 1
            return set(self._known)
        self._counted, self._ago = counted, 0
        return set(pids())

    def close(self) -> None:
        """Nothing is held."""


def _program_of(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe")  # noqa: PTH115 - each look, for many
    except OSError:
        return ""


def _counted() -> bytes | None:
    """Return how many tasks there are and which number was given out last; None where the kernel
    does not tell it itself, as in some containers.
    """
    with contextlib.suppress(OSError, ValueError):
        with open(_LOAD, "rb", buffering=0) as file:  # noqa: PTH123 - each look
            if os.fstat(file.fileno()).st_dev != os.stat("/proc").st_dev:  # noqa: PTH116
                return None
            *_, running, last = file.read(128).split()
        return running.partition(b"/")[2] + b" " + last
    return None


def pids() -> Iterator[int]:
    """Yield all processes that can be seen."""
    with contextlib.suppress(OSError):
        yield from (int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208


def is_python(pid: int) -> bool:
    """Return whether an interpreter of Python runs there, by its name: cheap, for every program
    that begins on a machine.
    """
    with contextlib.suppress(OSError):
        name = os.readlink(f"/proc/{pid}/exe").rpartition("/")[2]  # noqa: PTH115
        return name.startswith(("python", "pypy"))
    word = procfs.command_line(pid).partition(b"\0")[0].rpartition(b"/")[2]
    return word.startswith((b"python", b"pypy"))


def can_follow() -> bool:
    """Return whether this platform tells of its processes so."""
    return sys.platform == "linux"
