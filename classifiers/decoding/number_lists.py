"""Bytes as a list of numbers in any notation of a program, whatever stands between them, as
`0b1000100`, `0o104`, `&H44`, `$44`, `44h`, `68u8`, `(byte)68`, `c[0]=68`, `68.0`, `'D'`; words of
hex.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from classifiers.codecs.linear import compiled, holding, ready
from classifiers.decoding.decoded import said_in

_BETWEEN = r"(?:[^0-9A-Za-z\\]|\\+[nrt\"']?)+"
_CAST = r"(?:\(+(?:[a-z]{3,8}8?(?:_t)?\) ?)?)?"
_WITH_BASE = (
    r"(?:0[bB][01]{1,8}|0[oO][0-7]{1,3}|0[xX](?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{1,4})"
    r"|&[hH][0-9A-Fa-f]{1,2}"
    r"|&[oO][0-7]{1,3}|[$#][0-9A-Fa-f]{2}|16#[0-9A-Fa-f]{2}#?|0?[0-9A-Fa-f]{2}[hH]|8#[0-7]{1,3}#?"
    r"|2#[01]{1,8}#?|\\?[\"'](?:0[xX])?[0-9A-Fa-f]{2}\\?[\"'])"
)
BASED = rf"(?:{_CAST}{_WITH_BASE}(?:[^0-9A-Za-z&$#\"'(\\]|\\+[nrt\"']?)*){{6,}}"
_PLAIN = r"(?:0[0-7]{3}|[0-9]{1,3}(?:\.0{1,6})?)"
_SUFFIXED = rf"(?:{_CAST}[0-9]{{1,3}}(?:[uUiI]8|[uUlLdDfF]){_BETWEEN}){{11,}}"
_WITH_CASTS = r"(?:\(+[a-z]{3,8}8?(?:_t)?\) ?[0-9]{1,3}[^0-9A-Za-z(]*){11,}"
PLAIN = rf"(?:{_PLAIN}{_BETWEEN}){{14,}}{_PLAIN}"
KEYED = (
    r"(?:[A-Za-z_]+[\[(_]?[0-9]{1,4}[\])]? ?(?:=|:=|:) ?[0-9]{1,3}"
    r"(?:[^0-9A-Za-z\\]|\\[nrt])+){12,}"
)
QUOTED = r"(?:\\?[\"'][!-~]\\?[\"'](?:[ ,;+&.\t\r\n]|\\[nrt])+){11,}\\?[\"'][!-~]"
NAMED = (
    r"(?:(?:\[char\]|\\+(?:char|symbol\{|N\[?u?'?))[0-9]{1,3}"
    r"(?:[^0-9A-Za-z\\\[]|\\+[nrt]\b){0,6}){12,}"
)
"""Each behind the word of a shell or a typesetter: `[char]68`, `\\char68`, `\\N'68'`."""
LETTERED = f"{BASED}|{KEYED}|{_SUFFIXED}|{_WITH_CASTS}|{NAMED}"
_RUN = b"\1" * 28
_NO_LETTERS = bytes(0 if chr(byte).isascii() and chr(byte).isalpha() else 1 for byte in range(256))
_DIGITS = b"0123456789"
_FEWEST, _FEWEST_QUOTES = 12, 22

_EACH = (
    r"0[bB][01]{1,8}|0[oO][0-7]{1,3}|0[xX][0-9A-Fa-f]{1,8}|&[hH][0-9A-Fa-f]{1,2}|&[oO][0-7]{1,3}"
    r"|[$#][0-9A-Fa-f]{2}\b|16#[0-9A-Fa-f]{2}|8#[0-7]{1,3}|2#[01]{1,8}|\b0?[0-9A-Fa-f]{2}[hH]\b"
    r"|[\"'][0-9A-Fa-f]{2}[\"']"
)
_IN_QUOTES = r"[\"']([!-~])\\?[\"']"
_AFTER_KEY = r"(?:=|:) ?([0-9]{1,3})"
_BASES = {b"b": 2, b"o": 8, b"x": 16, b"h": 16, b"$": 16}
_SIGNED = {b"16#": 16, b"8#": 8, b"2#": 2}
_LARGEST = 1 << 32
_BYTE = 256
_BEGINNING = 600


def may_hold(data: bytes) -> bool:
    """Return True when a text, or JSON as it is sent, may hold a list."""
    digits = len(data) - len(data.translate(None, _DIGITS))
    return digits >= _FEWEST and (may_be_plain(data, digits) or _is_lettered()(data))


def may_be_plain(data: bytes, digits: int) -> bool:
    """Return True when a text of so many digits may hold a list of bare numbers."""
    if digits < _FEWEST or _RUN not in data.translate(_NO_LETTERS):
        return False
    return _pattern(PLAIN).search(data) is not None


def may_be_quoted(data: bytes) -> bool:
    """Return True when it may hold letters that stand in quotes each."""
    return _has_quotes(data) and _pattern(QUOTED).search(data) is not None


def has_quotes(signs: str) -> bool:
    """Return True when among the signs of a text are as many quotes as the shortest has."""
    return signs.count('"') + signs.count("'") >= _FEWEST_QUOTES


def _has_quotes(data: bytes) -> bool:
    return data.count(b"'") + data.count(b'"') >= _FEWEST_QUOTES


def places(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the places of what may be such lists."""
    if len(data) - len(data.translate(None, _DIGITS)) >= _FEWEST:
        if _RUN in data.translate(_NO_LETTERS):
            yield from (found.span() for found in _pattern(PLAIN).finditer(data))
        yield from (found.span() for found in _pattern(LETTERED).finditer(data))


def quoted_places(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the places of what may be letters, each in quotes."""
    if _has_quotes(data):
        yield from (found.span() for found in _pattern(QUOTED).finditer(data))


def read(data: bytes) -> Iterator[bytes]:
    """Yield what lists of numbers in a text say, where it is known what that is."""
    if not may_hold(data):
        return
    for pattern, values_of in _WAYS:
        for found in _pattern(pattern).finditer(data):
            yield from _said(values_of(found.group()))


def quoted(data: bytes) -> Iterator[bytes]:
    """Yield letters that stand in quotes each, put together."""
    for first, end in quoted_places(data):
        yield b"".join(_pattern(_IN_QUOTES).findall(data[first : end + 1])) + b"\n"


def _said(values: list[int]) -> Iterator[bytes]:
    """Characters; or words, in either order of their bytes; octal where nothing tells the base."""
    largest = max(values, default=_LARGEST)
    if largest < _BYTE:
        candidates = [bytes(values)]
    elif largest < _LARGEST:
        width = 2 if largest < 1 << 16 else 4
        orders: tuple[Any, ...] = ("big", "little")
        candidates = [b"".join(v.to_bytes(width, order) for v in values) for order in orders]
    else:
        return
    yield from (said for data in candidates if (said := said_in(data)) is not None)


def _based(stretch: bytes) -> list[int]:
    return [_value(token) for token in _pattern(_EACH).findall(stretch)]


def _value(written: bytes) -> int:
    token = written.strip(b"\"'").lower()
    for sign, base in _SIGNED.items():
        if token.startswith(sign):
            return int(token[len(sign) :], base)
    if token[:1] in (b"0", b"&") and token[1:2] in _BASES and not token.endswith(b"h"):
        return int(token[2:], _BASES[token[1:2]])
    return int(token.strip(b"$#h"), 16)


def _plain(stretch: bytes) -> list[int]:
    """Return the numbers, which may be octal or whole ones kept as fractions; none where the first
    of them are no text.
    """
    first = _whole(stretch[:_BEGINNING])
    if len(stretch) > _BEGINNING and (max(first) >= _BYTE or not _may_say(bytes(first))):
        return []
    return _whole(stretch)


def _may_say(first: bytes) -> bool:
    """True for the beginning of a text, also behind zeros or a few other bytes."""
    bare = first.lstrip(b"\0")
    return len(bare) < _FEWEST or said_in(first) is not None


def _whole(stretch: bytes) -> list[int]:
    bare = stretch.replace(b"u8", b" ").replace(b"i8", b" ")
    words = _without_points(bare.translate(_NUMBERS_APART)).split()
    octal = all(word[:1] == b"0" for word in words)
    if octal and any(digit in stretch for digit in (b"8", b"9")):
        octal = False
    return [int(word, 8 if octal else 10) for word in words]


def _without_points(numbers: bytes) -> bytes:
    """Return whole numbers that are kept as fractions as such; other points stand between two."""
    parts = [word.partition(b".") for word in numbers.split()]
    if len(parts) > 1 and all(
        sign and rest and not rest.strip(b"0") for _, sign, rest in parts[:-1]
    ):
        return b" ".join(whole for whole, _, _ in parts)
    return numbers.translate(_DOTS_APART)


_NUMBERS_APART = bytes(byte if byte in b"0123456789." else 32 for byte in range(256))
_DOTS_APART = bytes.maketrans(b".", b" ")


def _keyed(stretch: bytes) -> list[int]:
    return [int(n) for n in _pattern(_AFTER_KEY).findall(stretch)]


def _named(stretch: bytes) -> list[int]:
    return [int(n) for n in stretch.translate(_NUMBERS_APART).replace(b".", b" ").split()]


_WAYS = (
    (BASED, _based),
    (PLAIN, _plain),
    (_SUFFIXED, _plain),
    (_WITH_CASTS, _plain),
    (KEYED, _keyed),
    (NAMED, _named),
)


@cache
def _pattern(text: str) -> Any:
    return compiled(text)


@ready
def _is_lettered() -> Callable[[bytes], bool]:
    return holding(_pattern(LETTERED))


@ready
def _patterns() -> list[Any]:
    others = (LETTERED, QUOTED, _IN_QUOTES, _EACH, _AFTER_KEY)
    return [_pattern(text) for text in (*(text for text, _ in _WAYS), *others)]
