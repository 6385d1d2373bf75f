"""How much of what was written to a connection its far side has not taken yet."""

import socket
import sys
from array import array
from typing import Any

from mitmproxy.proxy.server import ConnectionIO

if sys.platform == "linux":
    from fcntl import ioctl
    from termios import TIOCOUTQ


def untaken(transport: ConnectionIO | None) -> int:
    """Return how many bytes wait here, as they go over the wire: what the system has not taken, and
    what it holds until the far side acknowledges it; the most that it holds where it does not tell.
    """
    writer = None if transport is None else transport.writer
    if writer is None:
        return 0
    found: Any = writer.get_extra_info("socket", None)
    waiting: int = writer.transport.get_write_buffer_size()  # type: ignore[union-attr]
    return waiting + (0 if found is None else _in_the_system(found))


def _in_the_system(one: socket.socket) -> int:
    try:
        if sys.platform == "linux":
            held = array("i", [0])
            ioctl(one.fileno(), TIOCOUTQ, held)
            return held[0]
        else:  # noqa: RET505 - or the checker of types takes it for the end
            return one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
    except OSError:  # it is over: whoever asks knows what was taken before
        return 0
