"""How much of what was written to a connection its far side has not taken yet."""

import asyncio
import socket
import struct
import sys
from array import array
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

from mitmproxy.connection import Connection
from mitmproxy.proxy.server import ConnectionIO

_INFO_BYTES, _ACKNOWLEDGED_AT = 128, 120
"""Of the kernel's `struct tcp_info` (linux/tcp.h, since 4.1): `tcpi_bytes_acked` ends it there."""
_OVER = 7
"""`TCP_CLOSE`: what `tcpi_state`, its first byte, is once a connection was reset or is over."""
_OPENING = 1
"""What opens a connection is counted among what was acknowledged (RFC 793, 3.3)."""

if sys.platform == "linux":
    from fcntl import ioctl
    from termios import TIOCOUTQ


def untaken(transport: ConnectionIO | None) -> int | None:
    """Return how many bytes wait here, as they go over the wire: what the system has not taken, and
    what it holds until the far side acknowledges it; the most that it holds where it does not tell.
    None where its socket is gone: nobody can tell any more.
    """
    writer = None if transport is None else transport.writer
    if writer is None:
        return 0
    found: Any = writer.get_extra_info("socket", None)
    waiting: int = writer.transport.get_write_buffer_size()  # type: ignore[union-attr]
    held = 0 if found is None else _in_the_system(found)
    return None if held is None else waiting + held


def unacknowledged(transport: ConnectionIO | None) -> int | None:
    """Return how many of the bytes that were written its far side has certainly not acknowledged,
    though it may have by the time it reads on; 0 where no system tells it and all was handed over.
    None as of `untaken`.
    """
    writer = None if transport is None else transport.writer
    if writer is None:
        return 0
    tells = sys.platform == "linux" or writer.transport.get_write_buffer_size()
    return untaken(transport) if tells else 0


def lost_of(transport: ConnectionIO | None, written: int) -> int | None:
    """Return how many of the bytes that were ever written to a connection that broke its far side
    has not acknowledged, so long as its socket is there; None where the system does not tell.
    """
    return _lacking(_socket_of(transport), written)


def _lacking(found: Any, written: int) -> int | None:
    if found is None or sys.platform != "linux":
        return None
    try:
        acknowledged: int
        (acknowledged,) = struct.unpack_from("=Q", _told(found), _ACKNOWLEDGED_AT)
    except (OSError, struct.error):  # no such socket, or a kernel that is older
        return None
    return max(0, written - max(0, acknowledged - _OPENING))


def is_reset(transport: ConnectionIO | None) -> bool:
    """Return whether a connection is over for the system, be it that nobody has read that yet.
    False where no system tells it.
    """
    found = _socket_of(transport)
    if found is None or sys.platform != "linux":
        return False
    try:
        return _told(found)[0] == _OVER
    except OSError:  # closed here
        return True


class LastWords:
    """Sockets of connections that are closed here before all that went there was acknowledged: they
    tell that for a moment longer. Each end is said at once, as when a socket is closed.
    """

    def __init__(self) -> None:
        self._kept: dict[Connection, tuple[socket.socket, int]] = {}
        self._told: WeakKeyDictionary[Connection, int | None] = WeakKeyDictionary()
        """What was not acknowledged when each was let go."""

    def keep(
        self, connection: Connection, transport: ConnectionIO, written: int, seconds: float
    ) -> None:
        """Ask the socket of this connection for so long, unless something waits before it."""
        found, writer = _socket_of(transport), transport.writer
        if found is None or writer is None or writer.transport.get_write_buffer_size():  # type: ignore[union-attr]
            return
        with suppress(OSError):  # gone already, or no more sockets
            held = found.dup()
            self._kept[connection] = held, written
            asyncio.get_running_loop().call_later(seconds, self._let_go, connection)
            held.shutdown(socket.SHUT_WR)

    def waits(self, connection: Connection) -> int | None:
        """Return how many of its bytes were not acknowledged so far, or when it was let go; None:
        nobody tells.
        """
        if connection in self._told:
            return self._told[connection]
        held, written = self._kept.get(connection, (None, 0))
        return _lacking(held, written)

    def _let_go(self, connection: Connection) -> None:
        self._told[connection] = self.waits(connection)
        held, _ = self._kept.pop(connection)
        held.close()


def _socket_of(transport: ConnectionIO | None) -> Any:
    """Return the socket of a connection; None where there is none of the system's."""
    writer = None if transport is None else transport.writer
    return None if writer is None else writer.get_extra_info("socket", None)


def _told(found: socket.socket) -> bytes:
    """Return the kernel's `struct tcp_info` of a socket. Raises OSError."""
    return found.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES)


def _in_the_system(one: socket.socket) -> int | None:
    try:
        if sys.platform == "linux":
            held = array("i", [0])
            ioctl(one.fileno(), TIOCOUTQ, held)
            return held[0]
        else:  # noqa: RET505 - or the checker of types takes it for the end
            return one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
    except (OSError, ValueError):  # it is over: of a closed socket, fcntl says ValueError
        return None
