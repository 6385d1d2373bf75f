"""One packed stream (a gzip member, a zstd frame): what its readers offer, and how a stream may
end.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple, Protocol

STEP = 1 << 18
"""Bytes of output that one step of a reader gives at most."""
SNIFFED = 256
"""Bytes by which text is told from packed data."""
_MOST_BESIDE = 1 << 16
_EMPTY = 4
"""Bytes of the longest stream of nothing."""
_CONTROLS = frozenset(range(32)) - {9, 10, 11, 12, 13}


class Outcome(StrEnum):
    """How the undoing of one coding ended. The last seven mean that something may be unread."""

    WHOLE = "whole"
    PADDED = "padded"
    """Zero bytes stand behind the stream, as tape archives and some servers write them."""
    FOLLOWED = "followed"
    """Something else stands behind the stream; it is given as a part of its own."""
    NOT_ENCODED = "not encoded"
    """Plain text under the name of a coding: recordings keep the header of what they unpacked."""
    TRUNCATED = "truncated"
    CHECKSUM = "checksum"
    BROKEN = "broken"
    BESIDE = "beside"
    """More stands in the stream's own comments than is read."""
    UNKNOWN = "unknown"
    STACKED = "stacked"
    TOO_MUCH = "too much"


class BrokenStreamError(Exception):
    """The bytes are no such stream. Never leaves `codecs`."""


class Beside:
    """What streams carry beside their content (file names, comments, extensions), as far as it is
    kept.
    """

    __slots__ = ("cut", "data")

    def __init__(self) -> None:
        self.data = b""
        self.cut = False
        """True when there was more."""

    def add(self, data: bytes) -> None:
        """Keep one piece."""
        room = _MOST_BESIDE - len(self.data)
        self.data += data[:room]
        self.cut |= len(data) > room


class Stream(Protocol):
    """Reads one packed stream, split anywhere."""

    over: bool
    """True when its end was met."""
    rest: bytes
    """What came behind its end."""
    intact: bool
    """False when a checksum does not fit what came out."""
    beside: Beside

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what these bytes unpack to, in pieces of about STEP. Raises BrokenStreamError."""


class Format(NamedTuple):
    """A kind of stream: how it is recognised, and what reads it."""

    starts: Callable[[bytes, bool], bool | None]
    """Told the first bytes, and whether there are no more: does a stream begin so? None: more is
    needed."""
    make: Callable[[], Stream]
    repeats: bool = False
    """True where streams may stand one behind the other and belong together."""


def magic(*starts: bytes) -> Callable[[bytes, bool], bool | None]:
    """Return what recognises a stream by its first bytes."""

    def begins(data: bytes, last: bool) -> bool | None:
        if data.startswith(starts):
            return True
        if last or not any(start.startswith(data) for start in starts):
            return False
        return None

    return begins


def is_plain(data: bytes) -> bool:
    """Return True when the first bytes are text: valid UTF-8 but for a cut end, without control
    characters.
    """
    head = data[:SNIFFED]
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3 or error.reason != "unexpected end of data":
            return False
    return _CONTROLS.isdisjoint(head)


def unless_plain(make: Callable[[], Stream]) -> Callable[[bytes, bool], bool | None]:
    """Return what recognises a stream without a mark of its own: anything but text.

    Text is tried all the same: a stream may be written so that it looks like text. It is one when
    something comes out of it, and it ends where the text does or is sound as far as it was tried.
    """

    def begins(data: bytes, last: bool) -> bool | None:
        if not data or not is_plain(data):
            return bool(data) or None
        if len(data) < SNIFFED and not last:
            return None
        stream = make()
        try:
            gives = sum(len(out) for out in stream.feed(data[:SNIFFED])) > 0
        except BrokenStreamError:
            return False
        if stream.over:
            return not stream.rest and (gives or len(data) <= _EMPTY)
        return gives and len(data) >= SNIFFED

    return begins
