"""The prose gate: which stretches of text are sentences, worth the names model's time."""

import re
from collections.abc import Iterator
from enum import Enum

WINDOW = 480
OVERLAP = 64

_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
_CODE = re.compile(r"[{}<>=;|\\_#$@^~`\[\]]|::|\(\)|//|--")
_MIN_LENGTH = 8
_FEW_SIGNS = 10
"""So many signs of code have a signature or the marks of a reply, too."""


class Kind(Enum):
    """What a stretch of text is to the names model."""

    PROSE = 0.35
    """Sentences: the value is the score that a name needs here."""
    OTHER = 0.5
    """Headings, lists, forms: names occur, but so does much else."""
    DOUBTFUL = 0.85
    """Full of signs or digits, and yet it may hold a name: signatures, replies, contact lines."""
    SKIP = 2.0
    """Code, logs, numbers, encodings."""


def kind_of(text: str) -> Kind:
    """Return what a stretch of at most a few hundred characters is."""
    words = _WORD.findall(text)
    length = len(text)
    if length < _MIN_LENGTH or len(words) < 2:
        return Kind.SKIP
    letters = sum(map(len, words))
    signs = len(_CODE.findall(text))
    wordy = length - sum(map(str.isdigit, text))
    is_dense = letters < 0.5 * wordy or letters * 4 < length or signs * 25 > length
    short = sum(1 for word in words if word.islower())
    blanks = text.count(" ")
    if (
        not is_dense
        and len(words) >= 5
        and short >= 0.4 * len(words)
        and blanks >= 0.6 * (len(words) - 1)
        and letters >= 0.6 * length
    ):
        return Kind.PROSE
    if not any(map(_may_be_a_name, words)) or (signs * 25 > length and signs > _FEW_SIGNS):
        return Kind.SKIP
    return Kind.DOUBTFUL if is_dense else Kind.OTHER


def _may_be_a_name(word: str) -> bool:
    return word[:1].isupper() and len(word) > 1 and not word.isupper()


def windows(text: str) -> Iterator[tuple[int, str]]:
    """Yield (offset, stretch) of overlapping stretches that begin and end between words where they
    can.
    """
    begin = 0
    while begin < len(text):
        end = min(len(text), begin + WINDOW)
        if end < len(text):
            blank = text.rfind(" ", begin + WINDOW // 2, end)
            end = blank if blank > 0 else end
        yield begin, text[begin:end]
        if end == len(text):
            return
        blank = text.rfind(" ", begin + 1, max(begin + 1, end - OVERLAP))
        begin = blank + 1 if blank > begin + WINDOW // 4 else end - OVERLAP
