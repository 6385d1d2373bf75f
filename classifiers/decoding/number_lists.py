"""Bytes as a list of numbers in any notation of a program, whatever stands between them: `0b1000100`,
`0o104`, `&H44`, `$44`, `44h`, `68u8`, `(byte)68`, `c[0]=68`, `68.0`, `'D'`, words of 0x.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from classifiers.decoding.decoded import known

_BETWEEN = r"(?:[^0-9A-Za-z\\]|\\+[nrt\"']?)+"
_CAST = r"(?:\(+(?:[a-z]{3,8}(?:8|_t)?\) ?)?)?"
_WITH_BASE = (
    r"(?:0[bB][01]{1,8}|0[oO][0-7]{1,3}|0[xX](?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{1,4})|&[hH][0-9A-Fa-f]{1,2}"
    r"|&[oO][0-7]{1,3}|[$#][0-9A-Fa-f]{2}|16#[0-9A-Fa-f]{2}#?|0?[0-9A-Fa-f]{2}[hH]|8#[0-7]{1,3}#?"
    r"|2#[01]{1,8}#?|[\"'](?:0[xX])?[0-9A-Fa-f]{2}[\"'])"
)
BASED = rf"(?:{_CAST}{_WITH_BASE}(?:[^0-9A-Za-z&$#\"'(\\]|\\+[nrt\"']?)*){{6,}}"
_PLAIN = r"(?:0[0-7]{3}|[0-9]{1,3}(?:\.0{1,6})?)"
_SUFFIXED = rf"(?:{_CAST}[0-9]{{1,3}}(?:[uUiI]8|[uUlLdDfF]){_BETWEEN}){{11,}}"
_WITH_CASTS = rf"(?:\(+[a-z]{{3,8}}(?:8|_t)?\) ?[0-9]{{1,3}}[^0-9A-Za-z(]*){{11,}}"
PLAIN = rf"(?:{_PLAIN}{_BETWEEN}){{14,}}{_PLAIN}"
KEYED = (
    r"(?:[A-Za-z_]+[\[(_]?[0-9]{1,4}[\])]? ?(?:=|:=|:) ?[0-9]{1,3}"
    r"(?:[^0-9A-Za-z\\]|\\[nrt])+){12,}"
)
QUOTED = r"(?:\\?[\"'][!-~]\\?[\"'](?:[ ,;+&.\t\r\n]|\\[nrt])+){11,}\\?[\"'][!-~]"
_LETTERED = f"{BASED}|{KEYED}|{_SUFFIXED}|{_WITH_CASTS}"
_RUN = b"\1" * 28
_NO_LETTERS = bytes(0 if chr(byte).isascii() and chr(byte).isalpha() else 1 for byte in range(256))
_DIGITS = b"0123456789"
_FEWEST, _FEWEST_QUOTES = 12, 22

_EACH = (
    r"0[bB][01]{1,8}|0[oO][0-7]{1,3}|0[xX][0-9A-Fa-f]{1,8}|&[hH][0-9A-Fa-f]{1,2}|&[oO][0-7]{1,3}"
    r"|[$#][0-9A-Fa-f]{2}\b|16#[0-9A-Fa-f]{2}|8#[0-7]{1,3}|2#[01]{1,8}|\b0?[0-9A-Fa-f]{2}[hH]\b"
    r"|[\"'][0-9A-Fa-f]{2}[\"']"
)
_BASES = {b"b": 2, b"o": 8, b"x": 16, b"h": 16, b"$": 16}
_SIGNED = {b"16#": 16, b"8#": 8, b"2#": 2}
_LARGEST = 1 << 32
_BYTE = 256


def places(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the places of what may be such lists."""
    if len(data) - len(data.translate(None, _DIGITS)) >= _FEWEST:
        if _RUN in data.translate(_NO_LETTERS):
            yield from (found.span() for found in _pattern(PLAIN).finditer(data))
        yield from (found.span() for found in _pattern(_LETTERED).finditer(data))
    if data.count(b"'") + data.count(b'"') >= _FEWEST_QUOTES:
        yield from (found.span() for found in _pattern(QUOTED).finditer(data))


def read(data: bytes) -> Iterator[bytes]:
    """Yield what lists of numbers in a text say, where it is known what that is."""
    if next(places(data), None) is None:
        return
    for pattern, values_of in _WAYS:
        for found in _pattern(pattern).finditer(data):
            yield from _said(values_of(found.group()))
    for found in _pattern(QUOTED).finditer(data):
        letters = b"".join(_pattern(r"[\"']([!-~])[\"']?").findall(found.group()))
        if letters.isascii():
            yield letters + b"\n"


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
    yield from (data for data in candidates if known(data) is not None)


def _based(stretch: bytes) -> list[int]:
    values = []
    for token in _pattern(_EACH).findall(stretch):
        token = token.strip(b"\"'").lower()
        sign = next((sign for sign in _SIGNED if token.startswith(sign)), None)
        if sign is not None:
            values.append(int(token[len(sign) :], _SIGNED[sign]))
        elif token.endswith(b"h"):
            values.append(int(token[:-1], 16))
        elif token[:1] == b"$" or token[:1] == b"#":
            values.append(int(token[1:], 16))
        elif token[1:2] in _BASES and token[:1] in (b"0", b"&"):
            values.append(int(token[2:], _BASES[token[1:2]]))
        else:
            values.append(int(token, 16))
    return values


def _plain(stretch: bytes) -> list[int]:
    numbers = _pattern(r"(0[0-7]{3}|[0-9]{1,3})(?:\.0{1,6}\b|[uUiI]8|[uUlLdDfF])?").findall(stretch)
    octal = all(number[:1] == b"0" for number in numbers)
    if octal and any(digit in stretch for digit in (b"8", b"9")):
        return []
    return [int(number, 8 if octal else 10) for number in numbers]


def _keyed(stretch: bytes) -> list[int]:
    return [int(n) for n in _pattern(r"(?:=|:) ?([0-9]{1,3})").findall(stretch)]


_WAYS = (
    (BASED, _based),
    (PLAIN, _plain),
    (_SUFFIXED, _plain),
    (_WITH_CASTS, _plain),
    (KEYED, _keyed),
)


@cache
def _pattern(text: str) -> Any:
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(text.encode("latin-1"), options)
