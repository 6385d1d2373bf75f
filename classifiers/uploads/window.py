"""One window of a large upload, made ready for the detectors: of plain text only what may hold a
finding.
"""

from collections.abc import Callable

from classifiers.codecs.charset import readable_runs, text_of
from classifiers.decoding import WINDOW, Limits, decode, decode_text
from classifiers.decoding.body import HIDDEN, hides_binary
from classifiers.decoding.delimited import delimiter_of
from classifiers.decoding.forms import split_header
from classifiers.payload import Payload, Segment, Unread
from classifiers.uploads.prefilter import excerpt, may_hold, one_line, regions
from core.exchange import Exchange

Places = Callable[[bytes], list[tuple[int, int]] | None]
"""Where secrets may stand in a text; None: read all of it."""

_STRUCTURED = ("multipart/", "application/x-www-form-urlencoded", "application/grpc")
_TABLES = ("application/sql", "text/markdown")
"""Windows whose first lines say what the rows below them mean."""
_ROWS = ("application/json", "application/x-ndjson")
"""What a window of JSON is read as where its records are whole (classifiers/uploads/rows.py)."""
UNREAD = Unread("binary data in no known format: only its readable parts were read")


def window_payload(exchange: Exchange, places: Places, limits: Limits = WINDOW) -> Payload | None:
    """Return what the detectors must see of this window; None when it can hold nothing."""
    media_type, parameters = split_header(exchange.header("content-type") or "")
    charset = parameters.get("charset")
    text = text_of(exchange.body, charset)
    if text is None:
        return _binary(exchange.body, places)
    payload = _text_payload(exchange, text, media_type, places, limits)
    if hides_binary(text, exchange.body, charset):
        payload = payload or Payload(plain=b"")
        if all(unread.reason != HIDDEN for unread in payload.unread):
            payload.unread.append(Unread(HIDDEN))
    return payload


def _text_payload(
    exchange: Exchange, text: str, media_type: str, places: Places, limits: Limits
) -> Payload | None:
    data = text.encode("utf-8", "replace")
    if media_type in _ROWS and b"\\u" not in data and _holds_nothing(data, places):
        return None
    if media_type in _TABLES:
        return None if _holds_nothing(data, places) else decode_text(data, limits)
    if media_type.startswith(_STRUCTURED) or text[:64].lstrip("\ufeff \t\r\n")[:1] in "{[<":
        return decode(exchange, limits, part=True)
    if delimiter_of(text, media_type, None):
        return decode(exchange, limits, part=True) if may_hold(data) or places(data) != [] else None
    return _plain(data, places)


def _holds_nothing(data: bytes, places: Places) -> bool:
    spots = places(data)
    parts = None if spots is None else regions(data, spots)
    return parts is not None and not any(parts)


def _plain(data: bytes, places: Places) -> Payload | None:
    spots = places(data)
    parts = None if spots is None else regions(data, spots)
    if parts is None:
        return decode_text(data, WINDOW)
    if not any(parts):
        return None
    payload = (
        decode_text(excerpt(data, parts.lines), WINDOW) if parts.lines else Payload(plain=data)
    )
    if parts.mailboxes:
        payload.segments.append(
            Segment(one_line(data, parts.mailboxes).decode("utf-8", "replace"), None)
        )
    return payload


def _binary(data: bytes, places: Places) -> Payload:
    runs = readable_runs(data)
    payload = (_plain(runs, places) if runs else None) or Payload(plain=b"")
    payload.unread.append(UNREAD)
    return payload
