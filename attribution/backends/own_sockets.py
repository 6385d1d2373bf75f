"""The sockets that this process made itself, by the number that the kernel gives each and never
again: so that it tells none of its own connections as nobody's, however it ended (Linux).

A connection that was given up while it was made, or while its TLS was, has told nobody its port.
"""

import contextlib
import socket
import sys
import threading
from typing import Any

_COOKIE = 57
"""SO_COOKIE: `idiag_cookie` in what the kernel tells of a socket."""
_MOST = 1 << 15
_FAMILIES = frozenset({socket.AF_INET, socket.AF_INET6})


class OwnSockets:
    """Remembers them, the latest by the ten thousands. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[int, None] = {}

    def note(self, made: socket.socket) -> None:
        """This one is ours."""
        number = 0
        with contextlib.suppress(OSError):
            told = made.getsockopt(socket.SOL_SOCKET, _COOKIE, 8)
            number = int.from_bytes(told, sys.byteorder)
        with self._lock:
            self._numbers[number] = None
            if len(self._numbers) > _MOST:
                del self._numbers[next(iter(self._numbers))]

    def hold(self, number: int) -> bool:
        """Return whether the socket with this number is one of them; 0 is no socket's."""
        with self._lock:
            return number != 0 and number in self._numbers


def note_all() -> OwnSockets:
    """Return those that are made from now on, by whatever part of this process."""
    global _noted
    with _noting:
        if _noted is None:
            _noted = OwnSockets()
            _listen_to_makers(_noted)
    return _noted


def _listen_to_makers(noted: OwnSockets) -> None:
    """Every socket of the standard library's is made here, asyncio's and those of clients too.
    Those of a descriptor are another's, or were noted when they were made.
    """
    if sys.platform != "linux":
        return
    make = socket.socket.__init__

    def made(self: Any, *args: Any, **options: Any) -> None:
        make(self, *args, **options)
        if len(args) < 4 and options.get("fileno") is None and self.family in _FAMILIES:
            noted.note(self)

    socket.socket.__init__ = made  # type: ignore[method-assign]


_noting = threading.Lock()
_noted: OwnSockets | None = None
