"""Whether a datagram can have left that no look-up of a name accounts for (Linux): a socket that
was to be connected and could not be stands there as if it could send anywhere. On a machine without
a way to the network, or without IPv6, each look-up leaves some of them.
"""

import ipaddress
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from attribution.backends.ended_sockets import NAMES, EndedSocket
from attribution.backends.opened import datagrams

_QUESTIONS = 2
"""A look-up asks for addresses of both families by one socket, at most."""
_WINDOWS = 3
"""Moments that are kept: what was sent just before one of them may have ended just after."""


class Datagrams:
    """Compares what was sent with the look-ups that ended: no more than came can be accounted for
    by them, as each question has its answer, or is refused. Who only opens a socket to ask, and
    who asks once, hides nothing by that. For one thread.
    """

    def __init__(self, folder: Path = Path("/proc/net")) -> None:
        self._counted = datagrams(folder)
        self._moments: deque[tuple[tuple[int, int] | None, int]] = deque(maxlen=_WINDOWS)
        """How many had been sent and had come, and how many of those sent since the moment before
        may have been of look-ups.
        """

    def begin(self) -> None:
        """Compare from now on."""
        self._moments.clear()
        self._moments.append((self._counted(), 0))

    def may_be_of_others(self, ended: Iterable[EndedSocket]) -> bool:
        """Return False where these that ended since it was last asked, or the look-ups among them,
        account for all that was sent.
        """
        self._moments.append((self._counted(), sum(map(_accounted, ended))))
        (first, _), *later = self._moments
        last, _ = self._moments[-1]
        if first is None or last is None:
            return True
        sent, came = last[0] - first[0], last[1] - first[1]
        return sent > min(came, sum(of_look_ups for _, of_look_ups in later))


def _accounted(one: EndedSocket) -> int:
    """Return how many datagrams this socket and its answers may have been."""
    if one.transport != "udp" or one.far_port != NAMES:
        return 0
    # One on this machine sends its answers, too.
    return _QUESTIONS * (1 + ipaddress.ip_address(one.far_host).is_loopback)
