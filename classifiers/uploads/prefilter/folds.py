"""Characters that a reader takes for others, as byte patterns: what they hide is found only once
they are folded.
"""

from classifiers.codecs.unicode_folding import folds_to

_TYPOGRAPHIC = frozenset(
    "\u00a0\u2013\u2014\u2018\u2019\u2026\u202f\u2009\u2011\u00ab\u00bb\u2122\u00b2\u00b3\u00ba\u00aa"
)
"""Common in ordinary prose: they matter only beside a digit, or in a line that could hold a
password."""
_ANCHORS = rb"(?i:pass|pwd|secret|token|key|kennwort|contrase|senha|credential|auth)"
_LISTED = (range(0x80, 0x3400), range(0xA000, 0xAC00), range(0xFB00, 0x10000))
"""Where the characters of up to three bytes stand that folding may change: not among ideographs and
syllables."""
_BEYOND = (
    rb"\xf0[\x90-\x9e]",  # historic scripts, letters of mathematics
    rb"\xf0\x9f[\x84-\x87\xaf]",  # letters in boxes, digits of displays
    rb"\xf3\xa0",  # tags, variation selectors
)
"""Of four bytes: whole blocks, for nobody writes prose in them."""
CONTROLS_INSIDE = rb"[0-9A-Za-z.@_\-][\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+[0-9A-Za-z.@_\-]"
"""Controls that split a word; those of terminals mostly stand beside one."""


def folding_bytes() -> list[bytes]:
    """Return patterns over UTF-8 that match every character which folding changes, except harmless
    typography.
    """
    rare: dict[bytes, set[int]] = {}
    common: list[bytes] = []
    for code in (code for listed in _LISTED for code in listed):
        char = chr(code)
        if folds_to(char) == char:
            continue
        data = char.encode()
        if char in _TYPOGRAPHIC:
            common.append(_escaped(data))
        else:
            rare.setdefault(data[:-1], set()).add(data[-1])
    mild = b"(?:" + b"|".join(common) + b")"
    found = [_escaped(head) + _class(tails) for head, tails in sorted(rare.items())]
    digits = [rb"\d" + mild, mild + rb"\d"]
    return [*found, *_BEYOND, *digits, _ANCHORS + rb"[^\n]{0,60}" + mild]


def _escaped(data: bytes) -> bytes:
    return b"".join(rb"\x%02x" % byte for byte in data)


def _class(tails: set[int]) -> bytes:
    return b"[" + b"".join(rb"\x%02x" % byte for byte in sorted(tails)) + b"]"
