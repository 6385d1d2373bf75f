"""Bytes written in characters of another block of Unicode, and letters and bits in characters that
nobody sees.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import Any

from classifiers.codecs.linear import compiled, ready
from classifiers.decoding.decoded import known

_FEWEST, _FEWEST_BITS = 16, 64
_SELECTORS = b"\xef\xb8"
_TAGS = b"\xf3\xa0"
"""How tags and variation selectors begin in UTF-8."""
_SELECTING = "\U000e0020-\U000e007e\U000e0100-\U000e01ef\ufe00-\ufe0f"
"""Tags stand for ASCII, variation selectors for bytes."""
_SPELLED = re.compile(f"[{_SELECTING}]{{6,}}")
"""Text spelled in characters that nobody sees."""
_ALONE = re.compile(f"(?<![{_SELECTING}])[{_SELECTING}]{{1,5}}(?![{_SELECTING}])")
"""The same, a few at a time between what is seen."""
_JOINERS = "\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff\u180e\u034f\xad"
"""What stands between letters without being seen, and may stand there for bits."""
_JOINER = re.compile(f"[{_JOINERS}]")
_JOINER_BYTES = tuple(char.encode() for char in _JOINERS)
_FEWEST_GLUED = 12
_JOINED_SIGNS = "|".join("".join(f"\\x{byte:02x}" for byte in char) for char in _JOINER_BYTES)
_SIGN = rf"(?:[\x00-\x08\x0e-\x1f\x7f]|{_JOINED_SIGNS})"
_FEWEST_SCRIPTS = 4
_WRITTEN_TOGETHER = frozenset(
    "CJK HIRAGANA KATAKANA HANGUL BOPOMOFO FULLWIDTH HALFWIDTH IDEOGRAPHIC KATAKANA-HIRAGANA"
    " LATIN GREEK MATHEMATICAL MODIFIER MASCULINE FEMININE DOUBLE-STRUCK SCRIPT"
    " BLACK-LETTER".split()
)
_FEWEST_KINDS = 4
"""Emoji and ideographs bring selectors of one or two kinds."""


_RARE = "RARE"
"""Ideographs and syllables that texts have one of here and there: of any of a block, most are."""
_COMMON_IN = (("gb2312", 0xB0A1, 0xD7FE), ("big5", 0xA440, 0xC67E), ("shift_jis", 0x889F, 0x9872))
"""Where the character sets of China, Taiwan and Japan have those in daily use."""
_SPOKEN = frozenset("佢哋喺嘅咗嘢嗰啲嚟冇唔咁啱睇畀攞瞓咩囉喎吖噃氹乜")
"""Of Cantonese, which those sets lack or take for rare."""
_FEWEST_WIDE, _FEWEST_IDEOGRAPHS = 8, 6
_BEGINNINGS, _FEWEST_BEGINNINGS = frozenset(range(0xC3, 0xF5)), 6
"""The first bytes of letters in UTF-8: those of one script have four at most, ideographs aside."""
_BASE_100 = 0x1F3F7
"""The picture that stands for a byte of zero."""


def may_hold(data: bytes) -> bool:
    """Return True when a text of UTF-8 may hold either."""
    return (
        _strange().search(data) is not None
        or next(_varied(data), None) is not None
        or may_be_spelled(data)
        or _parting().search(data) is not None
        or _may_be_scattered(data)
    )


def holds(data: bytes) -> bool:
    """Return True where a text of UTF-8 does hold one of them, or letters that no language has
    together: what `may_hold` tells of every text in ideographs.
    """
    if glued(data):
        return True
    text = data.decode("utf-8", "replace")
    if may_be_spelled(data) and next(spelled(text), None) is not None:
        return True
    return next(shifted(text), None) is not None or holds_mixed(text)


def glued(data: bytes) -> bytes:
    """Return the words that nothing but what nobody sees parts from other letters, a paragraph
    each: read without it they are the end or the beginning of another word.
    """
    words: list[bytes] = []
    if _parting().search(data) is not None:
        for found in _parted().finditer(data):
            words += _unseen_signs().sub(b"\n", found.group()).split(b"\n")
    kept = [word for word in words if len(word) >= _FEWEST_GLUED and _has_digits(word)]
    return b"\n\n".join(dict.fromkeys(kept))


def _has_digits(word: bytes) -> bool:
    return len(word) - len(word.translate(None, b"0123456789")) > 1


def _may_be_scattered(data: bytes) -> bool:
    if _joiner().search(data) is None:
        return False
    return sum(map(data.count, _JOINER_BYTES)) >= _FEWEST_BITS


def may_be_spelled(data: bytes) -> bool:
    """Return True when a text of UTF-8 holds tags or variation selectors."""
    return _TAGS in data or _SELECTORS in data


def spelled(text: str) -> Iterator[bytes]:
    """Yield what runs of tags and variation selectors spell."""
    for found in _SPELLED.finditer(text):
        yield bytes(map(_spelled_byte, found[0]))
    apart = "".join(_ALONE.findall(text))
    if len(apart) >= _FEWEST and len(set(apart)) >= _FEWEST_KINDS:
        data = bytes(map(_spelled_byte, apart))
        if known(data) is not None:
            yield data


def _spelled_byte(char: str) -> int:
    code = ord(char)
    if code < 0xE0000:
        return code - 0xFE00
    return code - 0xE0000 if code < 0xE0100 else code - 0xE0100 + 16


def shifted(text: str) -> Iterator[tuple[str, bytes]]:
    """Yield what runs of characters say that all stand in one block, and what rows of invisible
    ones do.
    """
    for found in _strange().finditer(text.encode("utf-8", "replace")):
        run = found.group().decode("utf-8", "replace")
        if len(run) < _FEWEST:
            continue
        if len({ord(char) >> 8 for char in run}) == 1:
            data = bytes([ord(char) & 255 for char in run])
            pictured = bytes([(ord(char) - _BASE_100) & 255 for char in run])
            for said in (data, pictured):
                if known(said) is not None and said.isascii():
                    yield "another block", said
        if len(run) >= _FEWEST_BITS and _JOINER.match(run) is None:
            yield from _bits(run)
    joiners = "".join(_JOINER.findall(text))
    if len(joiners) >= _FEWEST_BITS:
        yield from _bits(joiners)


def holds_mixed(text: str) -> bool:
    """Return True for letters of several scripts in one word, as encodings of bytes in Unicode
    have: no language does.
    """
    data = text.encode("utf-8", "replace")
    wide = (found.group() for found in _strange().finditer(data))
    return any(_is_mixed(run.decode("utf-8", "replace")) for run in chain(wide, _varied(data)))


def _is_mixed(run: str) -> bool:
    letters = [char for char in run if char.isalpha()]
    if len(letters) < _FEWEST_WIDE:
        return False
    scripts = Counter(map(_script, letters))
    ideographs = scripts[_RARE] + scripts[""]
    rare = ideographs >= _FEWEST_IDEOGRAPHS and scripts[_RARE] * 2 >= ideographs
    return len(+scripts) >= _FEWEST_SCRIPTS or (rare and _is_of_no_set("".join(letters)))


def _is_of_no_set(letters: str) -> bool:
    """True where no country's set has four fifths of the letters: rare words are of one."""
    return all(
        letters.encode(name, "replace").count(b"?") * 5 >= len(letters) for name, _, _ in _COMMON_IN
    )


def _varied(data: bytes) -> Iterator[bytes]:
    """Yield runs of letters that begin in more ways than those of one script and ASCII do."""
    for found in _foreign().finditer(data):
        if len(set(found.group()).intersection(_BEGINNINGS)) >= _FEWEST_BEGINNINGS:
            yield found.group()


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    script = unicodedata.name(letter, "").partition(" ")[0]
    if script in {"CJK", "HANGUL"} and not _is_common(letter):
        return _RARE
    return "" if script in _WRITTEN_TOGETHER else script


def _is_common(letter: str) -> bool:
    if "\uac00" <= letter <= "\ud7a3":
        return len(letter.encode("euc_kr")) == _OF_TWO_BYTES
    codes = ((letter.encode(name, "replace"), first, last) for name, first, last in _COMMON_IN)
    return letter in _SPOKEN or any(
        first <= int.from_bytes(code) <= last for code, first, last in codes
    )


_OF_TWO_BYTES = 2
"""The rarer syllables are written as what they are made of."""


def _bits(run: str) -> Iterator[tuple[str, bytes]]:
    """Two characters stand for the bits, whichever for which; a third may stand between."""
    common = [char for char, _ in Counter(run).most_common(2)]
    if len(common) < 2 or len(set(run)) > 3:
        return
    for zero in common:
        bits = "".join("0" if char == zero else "1" for char in run if char in common)
        data = int(bits[: len(bits) & ~7], 2).to_bytes(len(bits) // 8)
        if known(data) is not None:
            yield "invisible", data
            return


@ready
def _strange() -> Any:
    wide = r"[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
    return compiled(f"(?:{wide}){{8,}}")


@ready
def _foreign() -> Any:
    two, three = r"[\xc3-\xdf][\x80-\xbf]", r"[\xe0-\xef][\x80-\xbf]{2}"
    return compiled(f"(?:[0-9A-Za-z]{{0,4}}(?:{two}|{three})){{8,}}")


@ready
def _parting() -> Any:
    word = "[0-9A-Za-z_.-]{12}"
    return compiled(f"[0-9A-Za-z]{_SIGN}+{word}|{word}{_SIGN}+[0-9A-Za-z]")


@ready
def _parted() -> Any:
    word = "[0-9A-Za-z_.+@-]+"
    return compiled(f"{word}(?:{_SIGN}+{word})+")


@ready
def _unseen_signs() -> Any:
    return compiled(_SIGN)


@ready
def _joiner() -> Any:
    return compiled(b"|".join(_JOINER_BYTES))
