"""Bytes written in characters of another block of Unicode, and letters and bits in characters that
nobody sees.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

from classifiers.decoding.decoded import known

_FEWEST, _FEWEST_BITS = 16, 64
_SELECTORS = b"\xef\xb8"
_TAGS = b"\xf3\xa0"
"""How tags and variation selectors begin in UTF-8."""
_SPELLED = re.compile("[\U000e0020-\U000e007e\U000e0100-\U000e01ef\ufe00-\ufe0f]{6,}")
"""Text spelled in characters that nobody sees: tags stand for ASCII, variation selectors for
bytes."""


def may_hold(data: bytes) -> bool:
    """Return True when a text of UTF-8 may hold either."""
    return _strange().search(data) is not None or may_be_spelled(data)


def may_be_spelled(data: bytes) -> bool:
    """Return True when a text of UTF-8 holds tags or variation selectors."""
    return _TAGS in data or _SELECTORS in data


def spelled(text: str) -> Iterator[bytes]:
    """Yield what runs of tags and variation selectors spell."""
    for found in _SPELLED.finditer(text):
        yield bytes(map(_spelled_byte, found[0]))


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
            if known(data) is not None and data.isascii():
                yield "another block", data
        if len(run) >= _FEWEST_BITS:
            yield from _bits(run)


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
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    wide = r"[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
    return re2.compile(f"(?:{wide}){{16,}}".encode("latin-1"), options)
