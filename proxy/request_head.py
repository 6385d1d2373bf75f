"""What the head of a request tells before its body is there: how large, whether to wait for it, what to mend."""

import re

from mitmproxy import http

from core.budgets import INLINE_BYTES

_DIGITS = 19
"""Of a length: what has more is none that exists."""
_BARE = re.compile(rb"[\r\n\0]").search
_SPACED = bytes.maketrans(b"\r\n\0", b"   ")


def is_small(flow: http.HTTPFlow) -> bool:
    """Return True when the body is known to be so small that waiting for it costs less than deciding twice."""
    waits = False
    size = 0 if not flow.request.is_http2 else None
    for name, value in flow.request.headers.fields:
        lower = name.lower()
        if lower == b"content-length":
            size = int(value) if value.isdigit() and len(value) < _DIGITS else None
        elif lower == b"transfer-encoding":
            return False
        elif lower == b"expect":
            waits = True
    return not waits and size is not None and size <= INLINE_BYTES


def declared_size(flow: http.HTTPFlow) -> int | None:
    """Return the size that the head states; None when it states none, or one that no body has."""
    declared = flow.request.headers.get("content-length", "")
    return (
        int(declared)
        if declared.isascii() and declared.isdigit() and len(declared) < _DIGITS
        else None
    )


def mend_headers(flow: http.HTTPFlow) -> None:
    """Replace bare CR and NUL, which another reader may take for the end of a header line, by spaces (RFC 9112, 2.2)."""
    fields = flow.request.headers.fields
    if _BARE(b"".join([value for _, value in fields])):
        flow.request.headers.fields = tuple(
            (name, value.translate(_SPACED)) for name, value in fields
        )
