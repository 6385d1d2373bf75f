"""By which names a request goes to its destination: all that any server on its way may heed."""

from collections.abc import Iterator

from mitmproxy import http

from core.exchange import OtherName
from core.host_names import address_of, host_of, other_names


def destination_host(flow: http.HTTPFlow) -> str:
    """Return the host that the client means: CONNECT's or the URL's, for a bare address the SNI."""
    host = flow.request.host
    sni = flow.client_conn.sni
    if sni and address_of(host) is not None:
        host = sni
    return host_of(host)


def names_beside(flow: http.HTTPFlow, host: str) -> tuple[OtherName, ...]:
    """Return every other host and port that the request names."""
    port = flow.request.port
    found = other_names(host, port, _named(flow))
    reached = _address_behind(flow, host)
    if reached is None or any((one.host, one.port) == (reached, port) for one in found):
        return found
    shown = flow.request.scheme == "https"
    return *found, OtherName(host=reached, port=port, named_by="CONNECT", in_doubt=not shown)


def _named(flow: http.HTTPFlow) -> Iterator[tuple[str, str]]:
    request, sni = flow.request, flow.client_conn.sni
    if sni and request.scheme == "https":
        yield "TLS handshake", sni
    if request.authority:
        yield (":authority" if request.is_http2 else "request line"), request.authority
    for name, value in request.headers.fields:
        if len(name) == 4 and name.lower() == b"host":
            yield "Host header", value.decode("utf-8", "surrogateescape")


def _address_behind(flow: http.HTTPFlow, host: str) -> str | None:
    """Return the address that was asked for where the handshake told the host's name."""
    asked = host_of(flow.request.host)
    return asked if asked != host else None
