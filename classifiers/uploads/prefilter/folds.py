"""Characters that a reader takes for others, as byte patterns: what they hide is found only once they are folded."""

import unicodedata

from classifiers.codecs.unicode_folding import fold
from classifiers.personal.fold import is_folded

_TYPOGRAPHIC = frozenset(
    "\u00a0\u2013\u2014\u2018\u2019\u2026\u202f\u2009\u2011\u00ab\u00bb\u2122\u00b2\u00b3\u00ba\u00aa"
)
"""Common in ordinary prose: they matter only beside a digit, or in a line that could hold a password."""
_ANCHORS = rb"(?i:pass|pwd|secret|token|key|kennwort|contrase|senha|credential|auth)"


def folding_bytes() -> list[bytes]:
    """Return patterns over UTF-8 that match every character which folding changes, except harmless typography."""
    rare: dict[bytes, set[int]] = {}
    common: list[bytes] = []
    for code in (
        *range(0xA0, 0x3100),
        *range(0xA000, 0xABFF),
        *range(0xF900, 0x10000),
        *range(0x1D400, 0x1D800),
    ):
        char = chr(code)
        if not _changes(char):
            continue
        data = char.encode()
        if char in _TYPOGRAPHIC:
            common.append(_escaped(data))
        else:
            rare.setdefault(data[:-1], set()).add(data[-1])
    mild = b"(?:" + b"|".join(common) + b")"
    found = [_escaped(head) + _class(tails) for head, tails in sorted(rare.items())]
    found += [
        rb"\xf3\xa0[\x80-\x87]",
        rb"\xf0\x9f[\x84\x85\xaf]",
    ]  # tags, variation selectors; letters in boxes
    return [*found, rb"\d" + mild, mild + rb"\d", _ANCHORS + rb"[^\n]{0,60}" + mild]


def _changes(char: str) -> bool:
    assigned = unicodedata.category(char) not in {"Cn", "Cs", "Co"}
    return is_folded(char) or (assigned and fold(char)[1] is not None)


def _escaped(data: bytes) -> bytes:
    return b"".join(rb"\x%02x" % byte for byte in data)


def _class(tails: set[int]) -> bytes:
    return b"[" + b"".join(rb"\x%02x" % byte for byte in sorted(tails)) + b"]"
