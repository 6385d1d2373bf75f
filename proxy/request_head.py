"""What the head of a request tells of its body: how large it is, and whether to wait for it."""

import re
from typing import NamedTuple

from mitmproxy import http

from core.budgets import INLINE_BYTES

_DIGITS = 19
"""Of a length: what has more is none that exists."""
_BARE = re.compile(rb"[\r\n\0]").search
_SPACED = bytes.maketrans(b"\r\n\0", b"   ")
_MAKE_WAIT = frozenset({b"transfer-encoding", b"expect"})
_NO_BODY = 0

type Fields = tuple[tuple[bytes, bytes], ...]


class Head(NamedTuple):
    """What the head of a request tells of its body."""

    size: int | None
    """What it states; None when it states none, or one that no body has."""
    small: bool
    """Whether to wait for the body costs less than to decide twice."""


def read_head(flow: http.HTTPFlow) -> Head:
    """Return what the head tells, after mending it.

    Bare CR and NUL, which another reader may take for the end of a header line, become blanks
    (RFC 9112, 2.2).
    """
    fields: Fields = flow.request.headers.fields
    if _BARE(b"".join([value for _, value in fields])):
        fields = tuple((name, value.translate(_SPACED)) for name, value in fields)
        flow.request.headers.fields = fields
    return _told(fields, ends_by_frame=flow.request.is_http2)


def _told(fields: Fields, *, ends_by_frame: bool) -> Head:
    """Without a stated size, HTTP/1 has no body; in HTTP/2 a frame tells where it ends."""
    lengths, waits = [], False
    for name, value in fields:
        lower = name.lower()
        if lower == b"content-length":
            lengths.append(value)
        elif lower in _MAKE_WAIT:
            waits = True
    size = _size(lengths)
    known = _NO_BODY if not lengths and not ends_by_frame else size
    return Head(size=size, small=not waits and known is not None and known <= INLINE_BYTES)


def _size(lengths: list[bytes]) -> int | None:
    if len(lengths) != 1:
        return None
    [value] = lengths
    return int(value) if value.isdigit() and len(value) < _DIGITS else None
