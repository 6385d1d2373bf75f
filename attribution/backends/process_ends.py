"""When programs begin and when processes end, with their exit codes: the kernel's events, or a look
at the list of processes where these may not be heard.
"""

import contextlib
import os
import socket
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from attribution.backends import procfs

_NETLINK_CONNECTOR, _GROUP, _DONE, _LISTEN = 11, 1, 3, 1
_EXEC, _EXIT = 0x2, 0x80000000
_NETLINK_HEADER = struct.Struct("=IHHII")
_CONNECTOR_HEADER = struct.Struct("=IIIIHH")
_EVENT = struct.Struct("=IIQiiI")
"""What happened, on which processor, when, the thread, its process, and of an end its status."""
_WANTED = struct.Struct("=II")
_BUFFER = 4 << 20
_ATTACH_FILTER = 26
_WHAT_AT, _THREAD_AT, _PROCESS_AT = 36, 52, 56
_LOAD, _COMPARE, _TO_INDEX, _RETURN, _BY_INDEX = 0x20, 0x15, 0x07, 0x06, 0x08


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
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_CONNECTOR)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            _only_whole_processes(self._socket)
            self._socket.bind((0, _GROUP))
            self._socket.setblocking(False)
            wanted = _WANTED.pack(_LISTEN, _EXEC | _EXIT)
            body = _CONNECTOR_HEADER.pack(1, 1, 0, 0, len(wanted), 0) + wanted
            size = _NETLINK_HEADER.size + len(body)
            self._socket.send(_NETLINK_HEADER.pack(size, _DONE, 0, 0, 0) + body)
        except BaseException:
            self._socket.close()
            raise

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
    at = _NETLINK_HEADER.size + _CONNECTOR_HEADER.size
    if len(data) < at + _EVENT.size:
        return None
    what, _, _, thread, process, status = _EVENT.unpack_from(data, at)
    if thread != process:
        return None
    if what == _EXEC:
        return Event(pid=process, began=True)
    return Event(pid=process, began=False, status=status) if what == _EXIT else None


def _only_whole_processes(held: socket.socket) -> None:
    """Have the kernel leave out all else: threads end by the thousand."""
    import ctypes

    rows = (
        (_LOAD, 0, 0, _WHAT_AT),
        (_COMPARE, 5, 0, socket.htonl(_EXEC)),
        (_COMPARE, 0, 5, socket.htonl(_EXIT)),
        (_LOAD, 0, 0, _THREAD_AT),
        (_TO_INDEX, 0, 0, 0),
        (_LOAD, 0, 0, _PROCESS_AT),
        (_COMPARE | _BY_INDEX, 0, 1, 0),
        (_RETURN, 0, 0, 4096),
        (_RETURN, 0, 0, 0),
    )
    program = b"".join(struct.pack("=HBBI", *row) for row in rows)
    kept = ctypes.create_string_buffer(program, len(program))
    attached = struct.pack("@HP", len(rows), ctypes.addressof(kept))
    held.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, attached)


_YOUNG, _SELDOM = 4, 8
"""So many looks long each look asks what a process has become; then one look in so many."""


class Listing:
    """The same by a look at /proc: what began and ended between two looks is not seen, and nobody
    tells an exit code.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[str, int]] = {}
        """Pid → its program, and the look that saw it first."""
        self._looks = 0

    def take(self) -> Iterator[Event | None]:
        """Yield what is new, what became another program, and what is gone."""
        self._looks += 1
        there = set(pids())
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

    def close(self) -> None:
        """Nothing is held."""


def _program_of(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe")  # noqa: PTH115 - each look, for many
    except OSError:
        return ""


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
    word = procfs.read(f"/proc/{pid}/cmdline", 4096).partition(b"\0")[0].rpartition(b"/")[2]
    return word.startswith((b"python", b"pypy"))


def can_follow() -> bool:
    """Return whether this platform tells of its processes so."""
    return sys.platform == "linux"
