"""Recorded traffic: HAR files and mitmproxy flow files, as exchanges with their answers."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple
from urllib.parse import urlsplit

from core.errors import InputError
from core.exchange import Answer, Exchange, Message
from core.host_names import host_of, other_names
from core.ids import uuid7

if TYPE_CHECKING:
    from mitmproxy import http

_TEXT_FRAME = 1
_SENT = frozenset({"send", "sent", "request"})
_SOCKETS = {"https": "wss", "http": "ws", "": "wss"}
_WIRE_HEADERS = frozenset({"content-encoding", "transfer-encoding"})
"""A HAR stores bodies decoded; these headers no longer describe them."""


class Heard(NamedTuple):
    """What followed a request: its answer, and the messages of a WebSocket, either way."""

    answer: Answer | None
    messages: tuple[Message, ...] = ()


type Recorded = tuple[Exchange, Heard]


def read_recording(path: Path) -> Iterator[Recorded]:
    """Yield the exchanges of a recording in their order.

    Raises InputError for a file that is neither kind.
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror}.") from error
    with stream:
        try:
            head = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
        except OSError as error:
            raise InputError(f"Cannot read {path}: {error.strerror}.") from error
        if not head:
            raise InputError(f"{path} is empty: neither a HAR file nor a mitmproxy flow file.")
        stream.seek(0)
        if head.startswith(b"{"):
            yield from _read_har(stream, path)
        else:
            yield from _read_flows(stream, path)


def _read_har(stream: BinaryIO, path: Path) -> Iterator[Recorded]:
    try:
        entries = iter(json.loads(stream.read().decode("utf-8-sig"))["log"]["entries"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{path} is not a HAR file.", remedy="It needs log.entries.") from error
    for number, entry in enumerate(entries):
        try:
            messages = _har_messages(entry)
            asked = _har_request(entry, socket=bool(messages))
            pair = asked, Heard(_har_answer(entry), messages)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"Entry {number} of {path} is not a HAR entry.") from error
        yield pair


def _har_messages(entry: Mapping[str, Any]) -> tuple[Message, ...]:
    """Return the messages of a WebSocket, as browsers and mitmproxy keep them beside the entry."""
    kept = entry.get("_webSocketMessages") or entry.get("webSocketMessages") or ()
    return tuple(_har_message(one) for one in kept)


def _har_message(one: Mapping[str, Any]) -> Message:
    text = one.get("opcode", _TEXT_FRAME) == _TEXT_FRAME
    data = one["data"]
    if not isinstance(data, str):
        raise TypeError
    content = data.encode("utf-8", "surrogatepass") if text else _decoded(data, "base64")
    return Message(from_client=one["type"] in _SENT, text=text, data=content)


def _har_request(entry: Mapping[str, Any], *, socket: bool = False) -> Exchange:
    request = entry["request"]
    url = urlsplit(request["url"])
    body = _har_body(request.get("postData") or {})
    at = _har_time(entry.get("startedDateTime"))
    declared = request.get("bodySize")
    size = max(declared if isinstance(declared, int) else 0, len(body))
    host = host_of(url.hostname or "")
    port = url.port or (80 if url.scheme in {"http", "ws"} else 443)
    headers = _har_headers(request.get("headers", ()))
    beside = {"host": "Host header", ":authority": ":authority"}
    named = [(beside[name], value) for name, value in headers if name in beside]
    return Exchange(
        id=uuid7(at),
        at=at,
        scheme=_SOCKETS.get(url.scheme, url.scheme) if socket else url.scheme or "https",
        host=host,
        port=port,
        method=str(request["method"]),
        path=(url.path or "/") + (f"?{url.query}" if url.query else ""),
        headers=headers,
        other_names=other_names(host, port, named),
        body=body,
        body_bytes=size if body else max(size, 0),
        complete=True,
    )


def _har_body(data: Mapping[str, Any]) -> bytes:
    text = data.get("text")
    if isinstance(text, str) and text:
        return _decoded(text, data.get("encoding"))
    params = data.get("params") or ()
    pairs = [(str(p.get("name", "")), str(p.get("value", ""))) for p in params]
    from urllib.parse import urlencode

    return urlencode(pairs).encode() if pairs else b""


def _har_answer(entry: Mapping[str, Any]) -> Answer | None:
    response = entry.get("response")
    if not response or not response.get("status"):
        return None
    content = response.get("content") or {}
    body = _decoded(content.get("text") or "", content.get("encoding"))
    size = response.get("bodySize")
    return Answer(
        status=int(response["status"]),
        headers=_har_headers(response.get("headers", ())),
        body=body,
        body_bytes=size if isinstance(size, int) and size > 0 else len(body),
    )


def _decoded(text: str, encoding: object) -> bytes:
    if encoding == "base64":
        try:
            return base64.b64decode(text, validate=False)
        except (binascii.Error, ValueError):
            pass
    return text.encode("utf-8", "surrogatepass")


def _har_headers(headers: Any) -> tuple[tuple[str, str], ...]:
    pairs = ((str(h["name"]).lower(), str(h["value"])) for h in headers)
    return tuple(pair for pair in pairs if pair[0] not in _WIRE_HEADERS)


def _har_time(text: object) -> datetime:
    at = datetime.fromisoformat(str(text)) if text else datetime.fromtimestamp(0, UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _read_flows(stream: BinaryIO, path: Path) -> Iterator[Recorded]:
    from mitmproxy import exceptions, http
    from mitmproxy.io import FlowReader

    from proxy.translate import answer_of, exchange_of

    flows = iter(FlowReader(stream).stream())
    while True:
        try:
            flow = next(flows)
        except StopIteration:
            return
        except (exceptions.FlowReadException, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{path} is neither a HAR file nor a mitmproxy flow file, or it is damaged."
            ) from error
        if isinstance(flow, http.HTTPFlow):
            answer = answer_of(flow) if flow.response is not None else None
            yield exchange_of(flow), Heard(answer, _flow_messages(flow))


def _flow_messages(flow: "http.HTTPFlow") -> tuple[Message, ...]:
    spoken = () if flow.websocket is None else flow.websocket.messages
    return tuple(
        Message(from_client=one.from_client, text=one.is_text, data=one.content) for one in spoken
    )
