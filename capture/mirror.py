"""The mirror: what listens on the host's loopback is found at the same place inside a seal.

Each such port is opened inside; who connects to it arrives at the gate, like to any other place.
"""

import contextlib
import socket
from collections.abc import Callable, Iterable

type Place = tuple[str, int]
"""An address of this machine and a port."""


class Mirror:
    """Opens inside what listens outside, once each. A port that the program took first is its own,
    and is tried again as long as the host has it.
    """

    def __init__(
        self,
        outside: Callable[[], Iterable[Place]],
        hand_over: Callable[[socket.socket, Place], None],
    ) -> None:
        """`outside`: lists what listens on the host. `hand_over` takes a listener; it is ours."""
        self._outside = outside
        self._hand_over = hand_over
        self._open: set[Place] = set()

    def look(self) -> None:
        """Open what is new. What has gone outside stays open: connections to it fail there."""
        for place in sorted(set(self._outside()) - self._open):
            with contextlib.suppress(OSError), _listener(place) as listener:
                self._hand_over(listener, place)
                self._open.add(place)


def _listener(place: Place) -> socket.socket:
    family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(place)
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener
