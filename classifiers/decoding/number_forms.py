"""Numbers as programs write them: whole ones kept as fractions or powers of ten, with signs between
thousands, and in pieces of a list.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from classifiers.codecs.linear import by_line, ready

SMALLEST, LARGEST = 100_000, 10**19
"""A whole number between these may be an identifier."""
_SMALLEST_FRACTION = 10**8
"""Smaller ones that are kept as fractions are amounts."""
_SHORTEST = 11
_FORMS = re.compile(
    r"[+-]?(?:(?P<whole>\d{8,19})[.,]0{1,6}"
    r"|(?P<lead>\d)(?:[.,](?P<rest>\d{1,18}))?[eE]\+?(?P<power>\d{1,2})"
    r"|(?P<grouped>\d{1,3}(?:[,_']\d{3}){2,6}(?:\.00?)?)"
    r"|(?P<dotted>\d{1,3}(?:\.\d{3}){4,6}(?:,00?)?))"
)
_SIGN = frozenset(".,_'eE ")
_QUOTED = re.compile(rb"\"[+-]?\d{1,19}[.,_'eE][\d.,_'eE+ ]{1,28}\\?\"")

_FEWEST, _MOST = 2, 40
"""Pieces of a list that may be put together."""
_PIECE = 8
"""Letters and digits of the longest piece."""
_FEWEST_DIGITS, _LONGEST = 8, 48
"""Of what is put together."""


def of_float(value: float) -> str | None:
    """Return the digits of a whole number that is kept as a fraction; None for any other."""
    if _SMALLEST_FRACTION <= value < LARGEST and value.is_integer():
        return str(int(value))
    return None


def of_text(text: str) -> str | None:
    """Return the digits of a text that is nothing but a long whole number in another notation."""
    if len(text) < _SHORTEST or len(text) > 40 or _SIGN.isdisjoint(text):
        return None
    found = _FORMS.fullmatch(text.strip())
    if found is None:
        return None
    if whole := found["whole"]:
        return str(whole)
    if lead := found["lead"]:
        return _from_power(lead, found["rest"] or "", int(found["power"]))
    text = found["grouped"] or found["dotted"]
    text = text[: -len(text.partition(mark)[2]) - 1] if (mark := _mark(found)) in text else text
    return "".join(filter(str.isdecimal, text))


def _mark(found: re.Match[str]) -> str:
    """Return what stands before the hundredths."""
    return "." if found["grouped"] else ","


def _from_power(lead: str, rest: str, power: int) -> str | None:
    digits = (lead + rest).ljust(power + 1, "0")
    if len(digits) > 19 or power < 8 or digits[power + 1 :].strip("0"):
        return None
    return digits[: power + 1]


def may_be_written(data: bytes) -> bool:
    """Return True when a string of this JSON may be such a number."""
    return _QUOTED.search(data) is not None


def plain_cells(cells: list[str]) -> list[str]:
    """Return the cells of a column, numbers in another notation as digits."""
    if not _may_be_rewritten(cells):
        return cells
    return [
        (of_text(cell) or cell) if len(cell) >= _SHORTEST and cell[0] in "0123456789+" else cell
        for cell in cells
    ]


def cells_of(column: Any) -> list[str]:
    """Return the same for a column of polars, which tells by lengths and first letters, at a
    twentieth of the price, that no cell can be such a number.
    """
    cells: list[str] = column.to_list()
    if (column.str.len_bytes().max() or 0) < _SHORTEST:
        return cells
    begins = (column >= "+") & (column < ":")  # as a sign and all digits do
    return plain_cells(cells) if begins.any() else cells


def _may_be_rewritten(cells: list[str]) -> bool:
    """Return False for a column in which no cell can be such a number, by one pass over all."""
    text = "\n".join(cells)
    return not text.isascii() or next(_rewritten()(text.encode()), None) is not None


@ready
def _rewritten() -> Callable[[bytes], Iterator[tuple[int, int]]]:
    """What `_FORMS` matches, in ASCII, with the blanks behind it that are taken away."""
    return by_line(
        r"^[0-9+][0-9]*(?:[.,]0{1,6}|(?:[.,][0-9]*)?[eE][0-9+]+|(?:[,_'.][0-9]{3})+(?:[.,]00?)?)"
        r"[\x00-\x20]*$"
    )


def put_together(node: list[Any]) -> list[str]:
    """Return what a list of short pieces says when they are put together; nothing for a list of
    anything else.
    """
    if not _FEWEST <= len(node) <= _MOST:
        return []
    pieces = list(_flat(node))
    if len(pieces) < len(node) or len(pieces) > _MOST:
        return []
    texts = [str(piece) for piece in pieces]
    widest = max(map(len, texts))
    if widest > _PIECE or any(not text.isalnum() for text in texts) or not _are_even(texts):
        return []
    whole = "".join(texts)
    if len(whole) > _LONGEST or sum(map(str.isdecimal, whole)) < _FEWEST_DIGITS:
        return []
    padded = "".join(
        t.zfill(widest) if type(p) is int else t for t, p in zip(texts, pieces, strict=True)
    )
    return list(dict.fromkeys((whole, padded)))


def _are_even(texts: list[str]) -> bool:
    """True for pieces that one text was cut into: all as long but the last, or digits of groups."""
    widest = max(map(len, texts))
    return all(len(text) == widest or text.isdecimal() for text in texts[:-1])


def _flat(node: list[Any]) -> Iterable[Any]:
    for value in node:
        kind = type(value)
        if (kind is int and value >= 0) or (kind is str and value):
            yield value
        elif kind is list and len(value) <= _MOST:
            for inner in value:
                if type(inner) is str or (type(inner) is int and inner >= 0):
                    yield inner
