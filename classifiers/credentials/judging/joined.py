"""Segments as one text for one scan, with the way back from byte offsets to a segment and its
characters.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from classifiers.codecs.unicode_folding import is_folded
from classifiers.credentials.judging.direction import is_authentication
from classifiers.payload import Carrier, Segment


class Location(NamedTuple):
    """Where a byte offset stands: a segment and a character offset in its text (negative: in its
    key).
    """

    segment: int
    offset: int


_BODY = Carrier.BODY
_LONG_KEY = 256
"""Characters of a key that stand before each of its values; all of a longer one stands before the
first only.
"""
_FEW = 32
"""Segments up to which it does not pay to look at their keys."""
_BLOCK = 1024
_CONTINUING = bytes(range(0x80, 0xC0))
"""Bytes that continue a character in UTF-8."""


class Joined:
    """Lines of all segments joined to one text, except those that authenticate the request. Holds
    payload.
    """

    __slots__ = (
        "_counts",
        "_lines",
        "_prefixes",
        "_segments",
        "_starts",
        "authentication",
        "data",
        "plain",
    )

    def __init__(
        self, segments: Sequence[Segment], *, authentication: bool = True, controls: bool = True
    ) -> None:
        self._segments = segments = _with_short_keys(segments)
        self._starts: list[int] | None = None
        self._prefixes: list[int] = []
        self._counts: dict[int, list[int]] = {}
        self.authentication: list[tuple[int, Segment]] = []
        """Segments left out because their job is to authenticate, with their index."""
        lines = [f'"{s[1]}": "{s[0]}"\n' if s[1] else f'"{s[0]}"\n' for s in segments]
        if authentication:
            for index in [i for i, s in enumerate(segments) if s[3] is not _BODY]:
                if is_authentication(segments[index]):
                    self.authentication.append((index, segments[index]))
                    lines[index] = ""
        self._lines = lines
        text = "".join(lines)
        self.data: bytes = text.encode("utf-8", "replace")
        self.plain = text.isascii() and (not controls or is_folded(self.data))
        """True when no folding would change it."""

    def locate(self, offset: int) -> Location:
        """Return the segment that holds this byte, and the character there."""
        if self._starts is None:
            self._starts = [0, *accumulate(map(_size, self._lines))]
            self._prefixes = [_size(s.key) + 5 if s.key else 1 for s in self._segments]
        index = bisect_right(self._starts, offset) - 1
        segment = self._segments[index]
        prefix = self._prefixes[index]
        inside = offset - self._starts[index] - prefix
        if inside <= 0 or segment.text.isascii():
            return Location(index, inside)
        return Location(index, self._characters(index, self._starts[index] + prefix, inside))

    def _characters(self, index: int, start: int, size: int) -> int:
        """Return how many whole characters of a segment stand in the `size` bytes from `start`,
        where its text begins.

        Counts are kept for each block: a text full of matches is still read once.
        """
        counts = self._counts.get(index)
        if counts is None:
            end = start + _size(self._segments[index].text)
            blocks = (self.data[at : min(at + _BLOCK, end)] for at in range(start, end, _BLOCK))
            counts = self._counts[index] = [0, *accumulate(map(_begun, blocks))]
        block = min(size // _BLOCK, len(counts) - 1)
        inside = self.data[start + block * _BLOCK : start + size]
        cut = self.data[start + size] in _CONTINUING
        return counts[block] + _begun(inside) - cut

    def __repr__(self) -> str:
        return f"<Joined {len(self.data)} bytes>"


def _with_short_keys(segments: Sequence[Segment]) -> Sequence[Segment]:
    """Return the segments, a long key written out once: before a thousand values it would be read a
    thousand times.
    """
    if len(segments) < _FEW:
        return segments
    long = [at for at, s in enumerate(segments) if s[1] is not None and len(s[1]) > _LONG_KEY]
    seen: set[str] = set()
    shown = list(segments)
    for at in long:
        key = segments[at].key or ""
        if key in seen:
            shown[at] = segments[at]._replace(key=key[-_LONG_KEY:])
        seen.add(key)
    return shown


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _begun(data: bytes) -> int:
    """Return how many characters begin in these bytes of UTF-8."""
    return len(data.translate(None, _CONTINUING))
