"""One buffer for all segments of a payload: what cannot hold personal data is left out, offsets
lead back.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from classifiers.codecs.unicode_folding import Folded, fold, without_zeros
from classifiers.payload import Segment

SEPARATOR = "\n\0\n"
LONG = 256
_ENCODED = re.compile(r"[A-Za-z0-9+/_\-]{256,}={0,2}\s*")


class Buffer(NamedTuple):
    """Joined text of several segments. Holds payload."""

    folded: Folded
    starts: list[int]
    """Where each joined segment begins, in the text before folding."""
    segments: list[int]
    """Index of each joined segment in the payload."""

    def __repr__(self) -> str:
        return f"<Buffer {len(self.segments)} segments>"

    def around(self, index: int) -> tuple[int, int, int, int]:
        """Return (segment, begin, finish, offset) of the segment that holds the folded character at
        `index`.

        Begin and finish are places in the folded text, the offset one in the text before folding.
        """
        place = bisect_right(self.starts, self.folded.origin_of(index)) - 1
        text = self.folded.text
        finish = text.find(SEPARATOR, index)
        if self.folded.origin is None:
            begin = self.starts[place]
        else:
            mark = text.rfind(SEPARATOR, 0, index)
            begin = 0 if mark < 0 else mark + len(SEPARATOR)
        return self.segments[place], begin, len(text) if finish < 0 else finish, self.starts[place]


def is_encoded(text: str) -> bool:
    """True for long base64 or hex without a blank: numbers inside it mean nothing."""
    return len(text) > LONG and _ENCODED.fullmatch(text) is not None and not text.isdigit()


def join(segments: Sequence[Segment], wanted: Sequence[int], *, controls: bool = True) -> Buffer:
    """Return the buffer of the wanted segments; `controls`: some of them may hold control
    characters.
    """
    starts: list[int] = []
    position = 0
    gap = len(SEPARATOR)
    texts: list[str] = []
    for index in wanted:
        text = segments[index].text
        texts.append(without_zeros(text) if controls else text)
        starts.append(position)
        position += len(text) + gap
    return Buffer(fold(SEPARATOR.join(texts), controls=controls), starts, list(wanted))
