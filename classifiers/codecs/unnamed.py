"""Packed data that names itself by nothing: zlib, raw deflate and brotli, told by what they unpack
to.
"""

from classifiers.codecs.brotli_stream import first_unbrotlied
from classifiers.codecs.deflate import MOST, first_inflated
from classifiers.codecs.magic import media_type_of
from classifiers.codecs.packed import is_plain

_TRIED = 1024
"""Bytes that are unpacked to see whether text comes out."""
_FEWEST = 12
"""Bytes of text that do not come out by accident."""
SHORTEST = 16
_FEWEST_LETTERS = 10
"""Different ones in the beginning of a text whose end was not met."""


def coding_by_content(data: bytes) -> str | None:
    """Return `deflate` or `br` where data unpack as it to text, or to a file that is known; None
    for anything else. Takes some ten microseconds, whatever the length.
    """
    if len(data) < SHORTEST:
        return None
    head = data[:_TRIED]
    ends = len(data) <= _TRIED
    named = data[0] & 15 == 8 and int.from_bytes(data[:2]) % 31 == 0
    if named and _tells(first_inflated(head, wrapped=True, ends=ends), ends):
        return "deflate"
    if data[0] >> 1 & 3 != 3 and _tells(first_inflated(head, wrapped=False, ends=ends), ends):
        return "deflate"
    return "br" if _tells(first_unbrotlied(head, ends=ends), ends) else None


def _tells(head: bytes, short: bool) -> bool:
    """Random bytes, as digests are, unpack to a few letters again and again."""
    if len(head) < _FEWEST or (short and len(head) >= MOST and len(set(head)) < _FEWEST_LETTERS):
        return False
    return is_plain(head) or (media_type_of(head, part=True) is not None and len(head) > 64)
