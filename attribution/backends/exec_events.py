"""When processes were forked and became the programs that they are: the kernel's events, for what
/proc does not tell.

/proc/PID/stat knows to 10 ms when a process was forked, and not at all when it became another
program. The kernel's connector tells each fork and exec with its time. Where it may not be heard,
nothing is known, and nothing is assumed.
"""

import contextlib
import socket
import struct
import threading
import time
from collections import OrderedDict

from core.duties import OWNER, Duty

_NETLINK_CONNECTOR = 11
_GROUP = 1
_NLMSG_DONE = 3
_LISTEN = 1
_FORK, _EXEC = 0x1, 0x2
_NETLINK_HEADER = struct.Struct("=IHHII")
_CONNECTOR_HEADER = struct.Struct("=IIIIHH")
_EVENT = struct.Struct("=IIQiiii")
"""What happened, on which processor, nanoseconds of the monotonic clock; of an exec the thread and
its process, of a fork those of the parent and then those of the child."""
_WHAT_AT, _CHILD_AT, _CHILD_PROCESS_AT = 36, 60, 64
_LOAD, _COMPARE, _TO_INDEX, _RETURN, _BY_INDEX = 0x20, 0x15, 0x07, 0x06, 0x08
_WANTED = struct.Struct("=II")
_BUFFER = 1 << 20
_ATTACH_FILTER = 26
_MOST = 1 << 15


class ExecEvents:
    """Remembers the last exec of each process, from the first event that was heard on."""

    def __init__(self) -> None:
        self._at: OrderedDict[int, float] = OrderedDict()
        self._born: OrderedDict[int, float] = OrderedDict()
        self._heard = False
        self._since = time.time()
        self._socket: socket.socket | None = None
        with contextlib.suppress(OSError, AttributeError):
            self._socket = self._subscribed()
        if self._socket is not None:
            body = OWNER.guarded(Duty.PROCESSES, self._heard_of_all, lambda: self._socket is None)
            threading.Thread(target=body, daemon=True, name="outgate-exec-events").start()

    def since(self) -> float | None:
        """Return from when on every exec was heard (Unix time); None where none is."""
        return self._since if self._heard and self._socket is not None else None

    def last(self, pid: int) -> float | None:
        """Return when the process with this pid was last seen to exec (Unix time)."""
        return self._at.get(pid)

    def born(self, pid: int) -> float | None:
        """Return when the process with this pid was last seen to be forked (Unix time)."""
        return self._born.get(pid)

    def close(self) -> None:
        """Stop listening."""
        held, self._socket = self._socket, None
        if held is not None:
            with contextlib.suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
            held.close()

    @staticmethod
    def _subscribed() -> socket.socket:
        held = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_CONNECTOR)
        try:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            _without_threads(held)
            held.bind((0, _GROUP))
            held.settimeout(1.0)
            wanted = _WANTED.pack(_LISTEN, _FORK | _EXEC)
            body = _CONNECTOR_HEADER.pack(1, 1, 0, 0, len(wanted), 0) + wanted
            size = _NETLINK_HEADER.size + len(body)
            held.send(_NETLINK_HEADER.pack(size, _NLMSG_DONE, 0, 0, 0) + body)
        except BaseException:
            held.close()
            raise
        return held

    def _heard_of_all(self) -> None:
        """Listen; whatever ends it, nothing is said to be heard any more."""
        try:
            self._listen()
        finally:
            self._heard = False

    def _listen(self) -> None:
        while (held := self._socket) is not None:
            try:
                data, (sender, _) = held.recvfrom(4096)
            except TimeoutError:
                continue
            except OSError:
                if self._socket is None:
                    return
                # Events were lost: what is remembered may be of an earlier program of the same
                # process.
                self._forget()
                continue
            if sender == 0:
                self._note(data)

    def _forget(self) -> None:
        self._at.clear()
        self._born.clear()
        self._since = time.time()
        time.sleep(0.05)

    def _note(self, data: bytes) -> None:
        at = _NETLINK_HEADER.size + _CONNECTOR_HEADER.size
        if len(data) < at + _EVENT.size:
            return
        what, _, monotonic, _, pid, _, child = _EVENT.unpack_from(data, at)
        self._heard = True
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        happened = time.time() - (now - monotonic) / 1e9
        if what == _EXEC:
            self._keep(self._at, pid, happened)
        elif what == _FORK:
            self._keep(self._born, child, happened)

    def _keep(self, times: "OrderedDict[int, float]", pid: int, happened: float) -> None:
        times.pop(pid, None)
        times[pid] = happened
        while len(times) > _MOST:
            # Whoever is older than what was forgotten may have had an event that is not known any
            # more.
            _, forgotten = times.popitem(last=False)
            self._since = max(self._since, forgotten)


def _without_threads(held: socket.socket) -> None:
    """Have the kernel leave out the making of threads: a program may make thousands."""
    import ctypes

    rows = (
        (_LOAD, 0, 0, _WHAT_AT),
        (_COMPARE, 5, 0, socket.htonl(_EXEC)),
        (_COMPARE, 0, 5, socket.htonl(_FORK)),
        (_LOAD, 0, 0, _CHILD_AT),
        (_TO_INDEX, 0, 0, 0),
        (_LOAD, 0, 0, _CHILD_PROCESS_AT),
        (_COMPARE | _BY_INDEX, 0, 1, 0),
        (_RETURN, 0, 0, 4096),
        (_RETURN, 0, 0, 0),
    )
    program = b"".join(struct.pack("=HBBI", *row) for row in rows)
    kept = ctypes.create_string_buffer(program, len(program))
    attached = struct.pack("@HP", len(rows), ctypes.addressof(kept))
    held.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, attached)
