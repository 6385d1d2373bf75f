"""When programs were started by exec: the kernel's process events, for what /proc does not tell (Linux).

/proc/PID/stat knows when a process was forked, not when it became the program that it is. The kernel's connector
tells each exec with its time. Where it may not be heard, nothing is known, and nothing is assumed.
"""

import contextlib
import os
import socket
import struct
import threading
import time
from collections import OrderedDict

_NETLINK_CONNECTOR = 11
_GROUP = 1
_NLMSG_DONE = 3
_LISTEN = 1
_EXEC = 0x2
_NETLINK_HEADER = struct.Struct("=IHHII")
_CONNECTOR_HEADER = struct.Struct("=IIIIHH")
_EVENT = struct.Struct("=IIQii")
"""What happened, on which processor, nanoseconds of the monotonic clock, and the process and its thread group."""
_WANTED = struct.Struct("=II")
_BUFFER = 1 << 20
_MOST = 1 << 15


class ExecEvents:
    """Remembers the last exec of each process, from the first event that was heard on."""

    def __init__(self) -> None:
        self._at: OrderedDict[int, float] = OrderedDict()
        self._heard = False
        self._since = time.time()
        self._socket: socket.socket | None = None
        with contextlib.suppress(OSError, AttributeError):
            self._socket = self._subscribed()
        if self._socket is not None:
            threading.Thread(target=self._listen, daemon=True, name="outgate-exec-events").start()

    def since(self) -> float | None:
        """Return from when on every exec was heard (Unix time); None where none is."""
        return self._since if self._heard and self._socket is not None else None

    def last(self, pid: int) -> float | None:
        """Return when the process with this pid was last seen to exec (Unix time)."""
        return self._at.get(pid)

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
            held.bind((0, _GROUP))
            held.settimeout(1.0)
            wanted = _WANTED.pack(_LISTEN, _EXEC)
            body = _CONNECTOR_HEADER.pack(1, 1, 0, 0, len(wanted), 0) + wanted
            size = _NETLINK_HEADER.size + len(body)
            held.send(_NETLINK_HEADER.pack(size, _NLMSG_DONE, 0, 0, 0) + body)
        except BaseException:
            held.close()
            raise
        return held

    def _listen(self) -> None:
        while (held := self._socket) is not None:
            try:
                data, (sender, _) = held.recvfrom(4096)
            except TimeoutError:
                continue
            except OSError:
                if self._socket is None:
                    return
                # Events were lost: what is remembered may be of an earlier program of the same process.
                self._forget()
                continue
            if sender == 0:
                self._note(data)

    def _forget(self) -> None:
        self._at.clear()
        self._since = time.time()
        time.sleep(0.05)

    def _note(self, data: bytes) -> None:
        at = _NETLINK_HEADER.size + _CONNECTOR_HEADER.size
        if len(data) < at + _EVENT.size:
            return
        what, _, monotonic, _, pid = _EVENT.unpack_from(data, at)
        self._heard = True
        if what != _EXEC:
            return
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        self._at.pop(pid, None)
        self._at[pid] = time.time() - (now - monotonic) / 1e9
        while len(self._at) > _MOST:
            # Whoever is older than what was forgotten may have had an exec that is not known any more.
            _, forgotten = self._at.popitem(last=False)
            self._since = max(self._since, forgotten)


def is_possible() -> bool:
    """True where the kernel may be asked at all."""
    return os.name == "posix" and hasattr(socket, "AF_NETLINK")
