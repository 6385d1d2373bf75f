"""Recorded traffic: HAR files and mitmproxy flow files, as exchanges with their answers."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from core.errors import InputError
from core.exchange import Answer, Exchange
from core.ids import uuid7

_WIRE_HEADERS = frozenset({"content-encoding", "transfer-encoding"})
"""A HAR stores bodies decoded; these headers no longer describe them."""


def read_recording(path: Path) -> Iterator[tuple[Exchange, Answer | None]]:
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


def _read_har(stream: BinaryIO, path: Path) -> Iterator[tuple[Exchange, Answer | None]]:
    try:
        entries = iter(json.loads(stream.read().decode("utf-8-sig"))["log"]["entries"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{path} is not a HAR file.", remedy="It needs log.entries.") from error
    for number, entry in enumerate(entries):
        try:
            pair = _har_request(entry), _har_answer(entry)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"Entry {number} of {path} is not a HAR entry.") from error
        yield pair


def _har_request(entry: Mapping[str, Any]) -> Exchange:
    request = entry["request"]
    url = urlsplit(request["url"])
    body = _har_body(request.get("postData") or {})
    at = _har_time(entry.get("startedDateTime"))
    declared = request.get("bodySize")
    size = max(declared if isinstance(declared, int) else 0, len(body))
    return Exchange(
        id=uuid7(at),
        at=at,
        scheme=url.scheme or "https",
        host=(url.hostname or "").lower(),
        port=url.port or (80 if url.scheme in {"http", "ws"} else 443),
        method=str(request["method"]),
        path=(url.path or "/") + (f"?{url.query}" if url.query else ""),
        headers=_har_headers(request.get("headers", ())),
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


def _read_flows(stream: BinaryIO, path: Path) -> Iterator[tuple[Exchange, Answer | None]]:
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
            yield exchange_of(flow), answer
