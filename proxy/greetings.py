"""Whether the server of a tunnel speaks first: it is connected to, and nothing is said to it.

Only where policy lets the sender go there at all, and where the gate goes out by itself.
"""

import asyncio
import contextlib
import ssl

from core.duties import Duty
from proxy.boundaries import courtesy
from proxy.inspection import Inspection
from proxy.silent_tunnels import SilentTunnel
from proxy.tls_passthrough import tunnel as as_exchange
from proxy.upstreams import Upstreams

HEARD_WITHIN_S = 0.6
"""From the attempt to connect: a greeting comes within two ways there and back."""
_MOST = 512
_SETTINGS = b"\x04\x00\x00\x00\x00\x00"
_SETTINGS_AT = 3
"""Kind, flags and stream of the frame with which a server of HTTP/2 in clear may begin."""


class Greetings:
    """Listens to servers, one connection for each question."""

    def __init__(self, inspection: Inspection, upstreams: Upstreams) -> None:
        self._inspection = inspection
        self._upstreams = upstreams

    async def of(self, tunnel: SilentTunnel) -> bytes:
        """Return the first bytes that the server says by itself; empty where it says nothing in
        time, cannot be reached, or may not be asked.
        """
        async with courtesy(Duty.TUNNELS):
            where = await self._where(tunnel)
            if where is not None:
                heard = await heard_at(where, tls_name=_tls_name(tunnel))
                return b"" if is_http(heard) else heard
        return b""

    async def _where(self, tunnel: SilentTunnel) -> tuple[str, int] | None:
        """Return where to connect; None where policy would not let a request go there, or another
        proxy stands between.
        """
        if self._upstreams.places is None:
            return None
        inspection, deciding = self._inspection, self._inspection.deciding
        sender = await inspection.senders.at_opening(tunnel.connection)
        address = await inspection.locate(tunnel.connection, *tunnel.target)
        exchange = as_exchange(deciding, tunnel.target, address)
        decision = deciding.decide(exchange, sender, deciding.on_headers(exchange))
        if not decision.verdict.passes:
            return None
        host, port = self._upstreams.routes.target(*tunnel.target)
        return address or host, port


def _tls_name(tunnel: SilentTunnel) -> str | None:
    return tunnel.target[0] if tunnel.encrypted else None


def is_http(heard: bytes) -> bool:
    """Return True for what a server of HTTP says unasked: settings, or that it will not wait."""
    return heard.startswith(b"HTTP/") or heard.startswith(_SETTINGS, _SETTINGS_AT)


async def heard_at(
    where: tuple[str, int],
    *,
    tls_name: str | None = None,
    within_s: float = HEARD_WITHIN_S,
) -> bytes:
    """Return the first bytes that this server says unasked; empty where none come in time.
    `tls_name`: speak TLS, and ask for this name.
    """
    with contextlib.suppress(OSError, TimeoutError):  # ssl.SSLError is an OSError
        async with asyncio.timeout(within_s):
            reader, writer = await asyncio.open_connection(
                *where, ssl=_UNVERIFIED if tls_name else None, server_hostname=tls_name
            )
            try:
                return await reader.read(_MOST)
            finally:
                writer.transport.abort()
    return b""


def _unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Nothing is sent and nothing that comes is passed on: whose certificate it is does not matter.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


_UNVERIFIED = _unverified()
