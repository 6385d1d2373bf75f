"""Connections that would lead to the gate itself: by its own address they are found by mitmproxy,
by another name of it only once that is looked up. Each would come back as a new one, for ever.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable

from mitmproxy.connection import Server

from proxy.dns_pinning import LOOK_UP_S, LookUp, look_up
from proxy.threads import DECISIONS

WORDS = "Request destination unknown: it is this gate itself."
"""As mitmproxy says it of the names that it knows; `fault_causes` tells both by their beginning."""
type _Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


class Itself:
    """Knows where the gate listens. For the event loop."""

    def __init__(self, look_up: LookUp = look_up) -> None:
        self._look_up = look_up
        self._places: list[tuple[_Ip, int]] = []

    def listens(self, places: Iterable[tuple[str, int]]) -> None:
        """These are its addresses and ports."""
        self._places = [(_plain(host), port) for host, port in places]

    def may_be(self, server: Server) -> bool:
        """Return whether a connection that is about to be opened goes to a port of the gate's."""
        address = server.address
        ours = address is not None and any(port == address[1] for _, port in self._places)
        return ours and server.error is None

    async def refuse(self, server: Server) -> None:
        """Have it not opened where its name leads here, or nowhere: what is looked up once more
        may lead here then.
        """
        assert server.address is not None
        host, port = server.address[:2]
        try:
            async with asyncio.timeout(LOOK_UP_S):
                found = await DECISIONS.run(self._look_up, host, port)
        except (OSError, UnicodeError) as error:  # a time-out is an OSError
            server.error = str(error) or "getaddrinfo"
            return
        if any(self._is_ours(_reached(address), port) for address in found):
            server.error = WORDS

    def _is_ours(self, address: _Ip, port: int) -> bool:
        return any(
            port == own and (here == address or (here.is_unspecified and _takes(here, address)))
            for here, own in self._places
        )


def _reached(address: str) -> _Ip:
    """Return the address that a connection to this one is made to."""
    found = _plain(address)
    if found.is_unspecified:
        return ipaddress.ip_address("127.0.0.1" if found.version == 4 else "::1")
    return found


def _plain(address: str) -> _Ip:
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return found


def _takes(here: _Ip, address: _Ip) -> bool:
    """Return whether who listens at all addresses of a family (of both: `::`) has this one."""
    if here.version == 4 and address.version == 6:
        return False
    if address.is_loopback:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as one:
            one.bind((str(address), 0))
    except OSError:
        return False
    return True
