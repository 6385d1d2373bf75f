"""Clients' bytes are acknowledged as they are read: nobody waits for a timer between head and body.

mitmproxy leaves its clients' sockets as the kernel makes them. Once such a connection has borne an
answer, the kernel delays acknowledgements by 40 ms or more, and a client whose writes wait for them
(Nagle's algorithm, which urllib3 leaves on towards proxies) keeps a body back for so long. The
kernel falls back after each answer, so the option is set after each read. Only Linux has it.
"""

import socket
from collections.abc import Callable
from typing import Any

QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
"""The option's number; None where the system has none."""


def prompt(writer: Any) -> Callable[[], None]:
    """Return what has the kernel acknowledge at once all that was read from this stream so far."""
    found = writer.get_extra_info("socket")
    if found is None or QUICKACK is None:
        return _nothing
    set_option, option, level = found.setsockopt, QUICKACK, socket.IPPROTO_TCP

    def at_once() -> None:
        try:
            set_option(level, option, 1)
        except OSError:  # the connection has ended since
            return

    return at_once


def _nothing() -> None:
    pass
