"""Where hosts are: looked up before the decision, kept, and connected to as decided."""

import asyncio
import ipaddress
import socket
import time
from collections.abc import Callable, Sequence

from proxy.threads import DECISIONS

LOOK_UP_S = 5.0
FRESH_S = 60.0
"""So long an answer of the name service is used for new connections."""
_REMEMBERED = 4096


type LookUp = Callable[[str, int], Sequence[str]]


def look_up(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host, best first. Blocks."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class Places:
    """The addresses of open connections, by client connection and host."""

    def __init__(
        self,
        target: Callable[[str, int], tuple[str, int]],
        *,
        look_up: LookUp = look_up,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._target = target
        self.look_up = look_up
        self._clock = clock
        self._answers: dict[tuple[str, int], tuple[float, list[str]]] = {}
        self._kept: dict[str, dict[tuple[str, int], str]] = {}

    async def locate(self, connection: str, host: str, port: int) -> str | None:
        """Return where this client connection goes for this host; None when nobody can tell."""
        kept, asked = self._kept.setdefault(connection, {}), (_plain(host), port)
        if (
            asked not in kept
            and (address := await self._address(*self._target(*asked))) is not None
        ):
            kept.setdefault(asked, address)
        return kept.get(asked)

    def of(self, connection: str, host: str, port: int) -> str | None:
        """Return where this client connection goes for this host, when that was found out."""
        return self._kept.get(connection, {}).get((_plain(host), port))

    def connected(self, connection: str, host: str, port: int, address: str) -> None:
        """Remember where a connection went: rules that ask for it may come into force later."""
        self._kept.setdefault(connection, {})[_plain(host), port] = address

    def unreachable(self, connection: str, host: str, port: int) -> None:
        """Nobody answered there: the next connection is tried with the next address."""
        address = self._kept.get(connection, {}).pop((_plain(host), port), None)
        _, addresses = self._answers.get(self._target(_plain(host), port), (0.0, []))
        if address in addresses:
            addresses.remove(address)
            addresses.append(address)

    def closed(self, connection: str) -> None:
        """The client's connection is over."""
        self._kept.pop(connection, None)

    async def _address(self, host: str, port: int) -> str | None:
        if _is_address(host):
            return host
        at, addresses = self._answers.get((host, port), (-FRESH_S, []))
        if self._clock() - at >= FRESH_S:
            try:
                async with asyncio.timeout(LOOK_UP_S):
                    addresses = list(await DECISIONS.run(self.look_up, host, port))
            except (OSError, UnicodeError, TimeoutError):
                return None
            self._answers[host, port] = self._clock(), addresses
            if len(self._answers) > _REMEMBERED:
                del self._answers[next(iter(self._answers))]
        return addresses[0] if addresses else None


def _plain(host: str) -> str:
    return host.lower().rstrip(".")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
