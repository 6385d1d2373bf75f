"""Bytes written in characters of another block of Unicode, and letters and bits in characters that
nobody sees.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import chain
from typing import Any

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
_FEWEST_SCRIPTS = 4
_WRITTEN_TOGETHER = frozenset(
    "CJK HIRAGANA KATAKANA HANGUL BOPOMOFO FULLWIDTH HALFWIDTH IDEOGRAPHIC KATAKANA-HIRAGANA"
    " LATIN GREEK MATHEMATICAL MODIFIER MASCULINE FEMININE DOUBLE-STRUCK SCRIPT"
    " BLACK-LETTER".split()
)
_FEWEST_KINDS = 4
"""Emoji and ideographs bring selectors of one or two kinds."""


_RARE, _ONE_RARE_IN = "RARE", 8
"""Ideographs outside of the common ones: texts have one here and there, encodings many."""
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
        or _may_be_scattered(data)
    )


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
    for run in chain(wide, _varied(data)):
        letters = [char for char in run.decode("utf-8", "replace") if char.isalpha()]
        scripts = Counter(map(_script, letters))
        if len(letters) >= _FEWEST and len(scripts) >= _FEWEST_SCRIPTS:
            return True
        if len(letters) >= _FEWEST and scripts[_RARE] * _ONE_RARE_IN >= len(letters):
            return True
    return False


def _varied(data: bytes) -> Iterator[bytes]:
    """Yield runs of letters that begin in more ways than those of one script and ASCII do."""
    for found in _foreign().finditer(data):
        if len(set(found.group()).intersection(_BEGINNINGS)) >= _FEWEST_BEGINNINGS:
            yield found.group()


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    if "\u3400" <= letter <= "\u4dbf" or "\U00020000" <= letter <= "\U0003ffff":
        return _RARE
    script = unicodedata.name(letter, "").partition(" ")[0]
    return "" if script in _WRITTEN_TOGETHER else script


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


@cache
def _strange() -> Any:
    wide = r"[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
    return _compiled(f"(?:{wide}){{16,}}".encode("latin-1"))


@cache
def _foreign() -> Any:
    two, three = r"[\xc3-\xdf][\x80-\xbf]", r"[\xe0-\xef][\x80-\xbf]{2}"
    return _compiled(f"(?:[0-9A-Za-z]{{0,4}}(?:{two}|{three})){{12,}}".encode("latin-1"))


@cache
def _joiner() -> Any:
    return _compiled(b"|".join(_JOINER_BYTES))


def _compiled(pattern: bytes) -> Any:
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(pattern, options)
