"""Messages of HTTP/1 whose head is there as a whole, and whose length it tells: what is there of
them. Whatever is odd is left to mitmproxy's readers.
"""

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from mitmproxy import http
from mitmproxy.net.http import http1
from mitmproxy.proxy.layers.http._events import ResponseHeaders

from proxy.joined_heads import MOST
from proxy.quick_headers import is_one_there

_HEAD_END, _LINE_END = b"\r\n\r\n", b"\r\n"
_SWITCHES = 101
_FINAL, _LAST = 200, 999
"""Between these lie the statuses of answers behind which nothing has to change."""
_IN_CHUNKS = b"hunked"
"""What is in every head of a message in chunks: none of these is read twice."""
_NOT_WHOLE = frozenset({b"expect", b"upgrade", b"transfer-encoding"})
"""Requests with one of these take the way of all others."""
_KEPT_AS = "_outgate_ends"
"""Where headers keep, beside their fields, whether the connection ends by these very fields."""


def _head(data: bytes) -> tuple[list[bytes], int] | None:
    """Return the lines of a head, and where it ends; None where it is not all there, or its lines
    end in different ways.
    """
    at = data.find(_HEAD_END)
    head = data[:at]
    if at < 1 or head.count(b"\n") != head.count(_LINE_END) or _IN_CHUNKS in head:
        return None
    lines = head.split(_LINE_END)
    return (lines, at + len(_HEAD_END)) if lines[0] else None


def request_in(data: bytes) -> tuple[http.Request, bytes, int] | None:
    """Return a request with a length whose head is there and nothing behind it, what is there of
    its body, and how much that lacks.
    """
    if (found := _head(data)) is None:
        return None
    lines, at = found
    try:
        request = http1.read_request_head(lines)
        size = http1.expected_http_body_size(request)
    except ValueError:
        return None
    if size is None or (lacking := size + at - len(data)) < 0 or request.method == "CONNECT":
        return None
    odd = is_one_there(request.data.headers, _NOT_WHOLE)
    return None if odd else (request, data[at:], lacking)


def answer_in(request: http.Request, data: bytes) -> tuple[http.Response, bytes, int] | None:
    """Return the same of an answer; the connection goes on to serve behind it."""
    if not data.startswith(b"HTTP/1.") or data[9:10] == b"1" or (found := _head(data)) is None:
        return None
    lines, at = found
    try:
        answer = http1.read_response_head(lines)
        size = http1.expected_http_body_size(request, answer)
    except ValueError:
        return None
    if size is None or size < 0 or (lacking := size + at - len(data)) < 0:
        return None
    if not _FINAL <= answer.data.status_code <= _LAST:
        return None
    return None if ends(request) or ends(answer) else (answer, data[at:], lacking)


def ends(message: http.Message) -> bool:
    """Return whether the connection ends with this. Kept for as long as its fields are the same."""
    data = message.data
    headers, version = data.headers, data.http_version
    kept = headers.__dict__.get(_KEPT_AS)
    if kept is not None and kept[0] is headers.fields and kept[1] == version:
        return kept[2]  # type: ignore[no-any-return]
    found = bool(http1.connection_close(message.http_version, headers))
    if type(headers.fields) is tuple:
        headers.__dict__[_KEPT_AS] = headers.fields, version, found
    return found


def is_told_whole(request: http.Request | None, event: ResponseHeaders) -> bool:
    """Return whether an answer is told as one, with its length, and nothing has to end then."""
    answer = event.response
    if (
        request is None
        or answer.data.status_code == _SWITCHES
        or not answer.data.http_version.startswith(b"HTTP/1.")
    ):
        return False
    content = answer.data.content or b""
    if "transfer-encoding" in answer.headers or len(content) > MOST:
        return False
    return bool(content) != event.end_stream and goes_on(request, answer)


def goes_on(request: http.Request, answer: http.Response) -> bool:
    """Return whether a connection serves on behind these, as mitmproxy finds it."""
    try:
        size = http1.expected_http_body_size(request, answer)
    except ValueError:
        return not (ends(request) or ends(answer))
    return size != -1 and not ends(request) and not ends(answer)
