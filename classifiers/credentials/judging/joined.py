"""Segments as one text for one scan, with the way back from byte offsets to a segment and its characters."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from classifiers.codecs.unicode_folding import is_folded
from classifiers.credentials.judging.direction import is_authentication
from classifiers.payload import Carrier, Segment


class Location(NamedTuple):
    """Where a byte offset stands: a segment and a character offset in its text (negative: in its key)."""

    segment: int
    offset: int


_BODY = Carrier.BODY


class Joined:
    """Lines of all segments joined to one text, except those that authenticate the request. Holds payload."""

    __slots__ = ("_lines", "_segments", "_starts", "authentication", "data", "plain")

    def __init__(
        self, segments: Sequence[Segment], *, authentication: bool = True, controls: bool = True
    ) -> None:
        self._segments = segments
        self._starts: list[int] | None = None
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
        index = bisect_right(self._starts, offset) - 1
        segment = self._segments[index]
        prefix = _size(segment.key) + 5 if segment.key else 1
        inside = offset - self._starts[index] - prefix
        if inside <= 0 or segment.text.isascii():
            return Location(index, inside)
        start = self._starts[index] + prefix
        return Location(index, len(self.data[start : start + inside].decode("utf-8", "ignore")))

    def __repr__(self) -> str:
        return f"<Joined {len(self.data)} bytes>"


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
