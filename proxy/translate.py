"""Between mitmproxy's flows and our exchanges: the only place that knows both vocabularies."""

from datetime import UTC, datetime

from mitmproxy import http
from mitmproxy.connection import Client

from core.exchange import Answer, Connection, Exchange
from core.ids import uuid7
from proxy.naming import destination_host, names_beside
from proxy.transaction import Transaction

_NAMES: dict[bytes, str] = {}
_NAMES_REMEMBERED = 2_000


def connection_of(client: Client) -> Connection:
    """Return the client's connection as both ends of its socket."""
    peer, gate = client.peername, client.sockname
    return Connection(
        id=client.id,
        client_host=peer[0],
        client_port=peer[1],
        gate_host=gate[0],
        gate_port=gate[1],
        at=_time(client.timestamp_start),
        network=getattr(client.proxy_mode, "network", None),
    )


def exchange_of(
    flow: http.HTTPFlow,
    transaction: Transaction | None = None,
    *,
    body: bytes | None = None,
    body_bytes: int | None = None,
) -> Exchange:
    """Return the request of a flow, under the reference of its transaction, if it has one.

    `body` replaces a body that was streamed or is not there yet.
    """
    request = flow.request
    content = (request.raw_content if body is None else body) or b""
    at = _time(request.timestamp_start)
    size = len(content) if body_bytes is None else body_bytes
    headers = _headers(request.headers)
    host = destination_host(flow)
    return Exchange(
        id=uuid7(at) if transaction is None else transaction.reference,
        at=at,
        scheme=_scheme(request.scheme, headers),
        host=host,
        port=request.port,
        method=request.method,
        path=request.path or "/",
        headers=headers,
        body=content,
        body_bytes=size,
        complete=len(content) == size,
        other_names=names_beside(flow, host),
    )


def head_of(flow: http.HTTPFlow, transaction: Transaction) -> Exchange:
    """Return a request without its body, whose size is what its head states."""
    stated = transaction.travel.stated_size or 0
    return exchange_of(flow, transaction, body=b"", body_bytes=stated)


def answer_of(flow: http.HTTPFlow, *, body_bytes: int | None = None, held: bool = True) -> Answer:
    """Return the answer of a flow; `held` is false when its body streams past."""
    response = flow.response
    if response is None:
        return Answer(status=None)
    content = response.raw_content if held else None
    size = body_bytes if body_bytes is not None else len(content or b"")
    return Answer(
        status=response.status_code,
        headers=_headers(response.headers),
        body=content,
        body_bytes=size,
    )


def _scheme(scheme: str, headers: tuple[tuple[str, str], ...]) -> str:
    for name, value in headers:
        if name == "upgrade" and value.lower() == "websocket":
            return "wss" if scheme == "https" else "ws"
    return scheme


def _headers(headers: http.Headers) -> tuple[tuple[str, str], ...]:
    return tuple(
        [
            (_NAMES.get(name) or _name(name), value.decode("utf-8", "replace"))
            for name, value in headers.fields
        ]
    )


def _name(name: bytes) -> str:
    """Return a header's name in lower case; the few hundred that occur are remembered."""
    text = name.decode("latin-1").lower()
    if len(_NAMES) < _NAMES_REMEMBERED and len(name) < 64:
        _NAMES[name] = text
    return text


def _time(timestamp: float | None) -> datetime:
    return datetime.fromtimestamp(timestamp or 0.0, UTC)


def content_of(flow: http.HTTPFlow) -> bytes:
    """Return the answer's body as far as it was held."""
    return b"" if flow.response is None else flow.response.raw_content or b""
