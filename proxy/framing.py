"""Where the body of a request ends for a server of HTTP/1, when its client speaks HTTP/2.

There a body ends with its last frame, and its length need not be said (RFC 9113, 8.1.1). mitmproxy
sends such a request on without saying it in any way: to the server it has no body, and what was its
body is another request, which nobody has inspected.
"""

from dataclasses import replace

from mitmproxy.proxy.layers.http._events import RequestHeaders

_TOLD_BY = ("content-length", "transfer-encoding")
_TAKES_A_BODY = frozenset({"POST", "PUT", "PATCH"})
"""Methods whose requests say that they have none (RFC 9110, 8.6): some servers insist."""


def framed(event: RequestHeaders) -> RequestHeaders:
    """Return the head of a request, saying where its body ends: by its length where all of it is
    there, else in chunks (RFC 9112, 6). The request itself stays as its client has sent it.
    """
    request = event.request
    if not request.is_http2 or any(name in request.headers for name in _TOLD_BY):
        return event
    if event.end_stream and request.method not in _TAKES_A_BODY:
        return event
    said = request.copy()
    body = b"" if event.end_stream else request.data.content
    if body is None:
        said.headers["transfer-encoding"] = "chunked"
    else:
        said.headers["content-length"] = str(len(body))
    return replace(event, request=said)
