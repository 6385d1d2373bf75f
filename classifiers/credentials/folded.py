"""Segments with look-alike and invisible characters folded away, and the way back to the text as it was."""

from classifiers.codecs.unicode_folding import fold
from classifiers.hits import Hit
from classifiers.payload import Segment

Offsets = dict[int, list[int]]
"""Segment index → for each folded character (and the end) its index in the text as it was."""


def folded(segments: list[Segment]) -> tuple[list[Segment], Offsets]:
    """Return the segments folded for matching, with the offsets of those that changed."""
    result, offsets = segments, Offsets()
    for index, segment in enumerate(segments):
        text, back = fold(segment.text)
        if back is not None:
            result = list(segments) if result is segments else result
            result[index] = segment._replace(text=text)
            offsets[index] = back
    return result, offsets


def as_it_was(hit: Hit, offsets: Offsets) -> Hit:
    """Return a hit in folded text with its span in the text as it was."""
    back = offsets.get(hit.segment)
    if back is None:
        return hit
    last = len(back) - 1
    return hit._replace(start=back[min(hit.start, last)], end=back[min(hit.end, last)])
