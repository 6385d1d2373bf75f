"""`--connect-to HOST:PORT:ADDRESS:PORT`: where connections really go, in curl's meaning.

For staging and tests.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from mitmproxy.connection import Server

from core.errors import SettingsError
from proxy.mitmproxy_patches import force


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One diversion.

    An empty host or a port of None matches any, an empty address or port keeps the client's.
    """

    host: str
    port: int | None
    address: str
    to_port: int | None


def parse_route(text: str) -> Route:
    """Parse `HOST:PORT:ADDRESS:PORT`; IPv6 addresses stand in brackets. Raises SettingsError."""
    parts: list[str] = []
    rest = text
    while rest or len(parts) < 4:
        part, rest = _next_part(rest)
        parts.append(part)
        if not rest:
            break
    if len(parts) != 4:
        raise SettingsError(
            "--connect-to takes HOST:PORT:ADDRESS:PORT.",
            remedy="For example --connect-to api.openai.com:443:127.0.0.1:8443",
        )
    return Route(
        host=parts[0].lower(), port=_port(parts[1]), address=parts[2], to_port=_port(parts[3])
    )


class Routes:
    """Applies diversions to connections."""

    def __init__(self, routes: Iterable[Route] = ()) -> None:
        self._routes = tuple(routes)
        self._real: dict[str, tuple[str, int]] = {}

    def replace(self, routes: Iterable[Route]) -> None:
        """Use other diversions for connections from now on."""
        self._routes = tuple(routes)

    def target(self, host: str, port: int) -> tuple[str, int]:
        """Return where a connection to this host really goes."""
        for route in self._routes:
            if route.host in {"", host.lower()} and route.port in {None, port}:
                return route.address or host, route.to_port or port
        return host, port

    def diverts(self, host: str) -> bool:
        """Return whether some connection to this host goes elsewhere."""
        return any(route.host in {"", host.lower()} and route.address for route in self._routes)

    def divert(self, server: Server, address: str | None = None) -> None:
        """Replace the address of a connection that is about to be opened.

        `address`: the IP address, where one was decided on.
        """
        if server.address is None:
            return
        real = server.address[0], server.address[1]
        host, port = self.target(*real)
        if (address or host, port) != real:
            self._real[server.id] = real
            server.address = (address or host, port)

    def restore(self, server: Server) -> None:
        """Put back the address that the client meant."""
        if (real := self._real.pop(server.id, None)) is not None:
            force(server, "address", real)


def _next_part(text: str) -> tuple[str, str]:
    if text.startswith("["):
        part, _, rest = text[1:].partition("]")
        return part, rest[1:]
    part, _, rest = text.partition(":")
    return part, rest


def _port(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise SettingsError("A port in --connect-to is not a number from 1 to 65535.")
    return int(text)
