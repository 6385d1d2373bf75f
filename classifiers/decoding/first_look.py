"""The first look at a text: what may be spelled in it tells itself by its form, or nothing does.

The shapes are asked in groups that grow few states: one pattern of all of them has so many that
RE2 throws them away while it reads texts of every kind, and then takes fifty times as long.
"""

from collections.abc import Callable
from typing import NamedTuple

from classifiers.codecs.linear import compiled, holding, ready
from classifiers.decoding import dump_lines, dumps, number_lists

_GAP = r"(?:[ \t\r\n:;,._|-]|\\[nrt]){1,4}"
SPACE = r"(?:[ \t\r\n]|\\[nrt]){1,4}"
_COMMA = r"(?:[ \t\r\n,;]|\\[nrt]){1,4}"
HEX = rf"(?:(?:0[xX])?(?:[0-9A-Fa-f]{{2}}){{1,2}}{_GAP}){{7,}}(?:0[xX])?[0-9A-Fa-f]{{2,4}}\b"
NUMBERS = rf"(?:[0-9]{{1,3}}{_COMMA}){{15,}}[0-9]{{1,3}}"
BITS = rf"(?:[01]{{8}}(?:{_COMMA})?){{12,}}"
WORD = r"[A-Za-z0-9+/_-]"
_MIXED = r"(?:[a-z][A-Z0-9+/]|[A-Z][a-z0-9+/][A-Z])"
TORN = rf"(?:{WORD}*{_MIXED}{WORD}*{SPACE}){{2,}}{WORD}{{2,}}"
"""Base64 with blanks or breaks in it: capitals and digits behind small letters, as no prose has."""
NAMED = r"(?:U\+[0-9A-Fa-f]{4,6}[ ,;]{0,2}){8,}"
STYLED = r"(?:\\[0-9A-Fa-f]{2,6} ?){8,}"
"""Characters by their numbers, as Unicode names them and as style sheets write them."""
UU = r"begin(?:-base64)? [0-7]{3,4} [^\n\\]{0,200}(?:\r?\n|\\[nr])"
_QUOTED = r"=[0-9A-F]{2}"
_UTF7 = r"\+A[A-Za-z0-9+/]{2,}-"
_WIDE_IN_85 = r"(?:!!!!\\?[!-u]){8,}"
"""Letters of four bytes each in Ascii85; quotes are often among them, which part runs."""

_IN_DIGITS = (HEX, NUMBERS, BITS, dumps.OCTAL, dumps.SEVEN_BITS, dumps.GROUPS, dumps.UUIDS)
_IN_LETTERS = (TORN, dumps.MIXED_PIECES, dumps.APART, dumps.RECORDS)
_WITH_SIGNS = (
    *(UU, NAMED, STYLED, _QUOTED, _UTF7, _WIDE_IN_85, dumps.CALLS, dumps.PADDED, dumps.BARE_UU),
)
BUT_PAIRS = tuple(
    "|".join(f"(?:{one})" for one in group) for group in (_IN_DIGITS[1:], _IN_LETTERS, _WITH_SIGNS)
)
"""What else is told by its form, in groups. To know whether there is any, ask `is_told`."""

_SHORTEST_IN_DIGITS = b"\1" * 23
_DIGITS_AND_GAPS = b"0123456789abcdefABCDEFxX \t\r\n:;,._|-"
_ARE_DIGITS = bytes(byte in _DIGITS_AND_GAPS for byte in range(256))
_OR_ESCAPED = bytes(byte in _DIGITS_AND_GAPS + b"\\nrt" for byte in range(256))
_FEWEST_CALLS = 8
_SHORTEST_RUN = b"\1" * 18
_ARE_SEEN = bytes(33 <= byte < 127 and byte != ord('"') for byte in range(256))
_BACKSLASH = ord("\\")
_DIGITS = b"0123456789"
_PROSE = bytes(byte for byte in range(128) if chr(byte).isalpha()) + b" ,."
_NO_SIGNS = _PROSE + _DIGITS


class Letters(NamedTuple):
    """What a text is made of. Holds payload."""

    signs: str
    """All but letters, digits, blanks, commas and points, in their order, a letter for each byte:
    one sign is found in these ten times as fast as in the text."""
    digits: int
    """How many there are."""
    runs: bool
    """True when letters and signs stand in a row, a quote that is escaped among them, as many as
    the shortest word of base85, base91 or base64 has."""

    def __repr__(self) -> str:
        return f"<Letters {len(self.signs)} signs, {self.digits} digits>"


def letters_of(data: bytes) -> Letters:
    """Return what a text is made of."""
    rest = data.translate(None, _PROSE)  # which is short: to look at it costs nothing
    signs = rest.translate(None, _DIGITS)
    return Letters(signs.decode("latin-1"), len(rest) - len(signs), _has_run(data))


def signs_of(data: bytes) -> str:
    """Return those of `letters_of` alone."""
    return data.translate(None, _NO_SIGNS).decode("latin-1")


def _has_run(data: bytes) -> bool:
    if _BACKSLASH in data:
        data = data.replace(b'\\"', b"xx")
    return data.translate(_ARE_SEEN).find(_SHORTEST_RUN) >= 0


def is_told(data: bytes, signs: str) -> bool:
    """Return True when `HEX` or one of `BUT_PAIRS` is in a text, or in JSON as it was sent."""
    if _has_letters()(data):
        return True
    digits = data.translate(_OR_ESCAPED if _BACKSLASH in data else _ARE_DIGITS)
    if _SHORTEST_IN_DIGITS in digits and _has_digits()(data):
        return True
    return _may_have_signs(data, signs) and _has_signs()(data)


def _may_have_signs(data: bytes, signs: str) -> bool:
    return (
        "=" in signs
        or "\\" in signs
        or "\n" in signs
        or ("+" in signs and (b"+A" in data or b"U+" in data))
        or "!!!!" in signs
        or signs.count("(") >= _FEWEST_CALLS
    )


def may_be_listed(data: bytes) -> bool:
    """Return True when lists, letters in quotes or lines of a dump may stand in a text that has
    some digits or many quotes: one search for what has searches of its own.
    """
    return _has_lists()(data)


@ready
def _has_digits() -> Callable[[bytes], bool]:
    return _one_of(_IN_DIGITS)


@ready
def _has_letters() -> Callable[[bytes], bool]:
    return _one_of(_IN_LETTERS)


@ready
def _has_signs() -> Callable[[bytes], bool]:
    return _one_of(_WITH_SIGNS)


@ready
def _has_lists() -> Callable[[bytes], bool]:
    return _one_of((number_lists.LETTERED, number_lists.QUOTED, dump_lines.LINE))


def _one_of(patterns: tuple[str, ...]) -> Callable[[bytes], bool]:
    return holding(compiled("|".join(f"(?:{one})" for one in patterns)))
