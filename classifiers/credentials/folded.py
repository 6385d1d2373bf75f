"""Segments with look-alike and invisible characters folded away, and the way back to the text as it
was.
"""

from classifiers.codecs.unicode_folding import fold, without_zeros
from classifiers.hits import Hit
from classifiers.payload import Segment

Offsets = dict[int, list[int]]
"""Segment index → for each folded character (and the end) its index in the text as it was."""


def folded(segments: list[Segment]) -> tuple[list[Segment], Offsets]:
    """Return the segments folded for matching, keys too, with the offsets of those whose characters
    moved.

    The same list comes back when nothing changed.
    """
    offsets = Offsets()
    result = [_folded(index, segment, offsets) for index, segment in enumerate(segments)]
    changed = any(new is not old for new, old in zip(result, segments, strict=True))
    return (result if changed else segments), offsets


def _folded(index: int, segment: Segment, offsets: Offsets) -> Segment:
    text, origin = fold(without_zeros(segment.text))
    if origin is not None:
        offsets[index] = origin
    key = segment.key
    if key is not None and not key.isascii():
        key = fold(key).text
    if text is segment.text and key is segment.key:
        return segment
    return segment._replace(text=text, key=key)


def as_it_was(hit: Hit, offsets: Offsets) -> Hit:
    """Return a hit in folded text with its span in the text as it was."""
    origin = offsets.get(hit.segment)
    if origin is None:
        return hit
    last = len(origin) - 1
    return hit._replace(start=origin[min(hit.start, last)], end=origin[min(hit.end, last)])
