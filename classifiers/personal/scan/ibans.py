"""IBANs: country, length and check digits, cut out of the text that follows."""

import re
from functools import cache
from importlib import import_module

SHORTEST = 15
"""Characters of the shortest IBAN, Norway's."""

_LETTERS = str.maketrans({chr(code): str(code - 55) for code in range(65, 91)})
_SEPARATORS = " -._/,\t\r\n\xb7"
_NO_SEPARATORS = str.maketrans("", "", _SEPARATORS)
_PART = re.compile(r"(?<!\d)(\d++)!([nac])")


@cache
def length_of(country: str) -> int | None:
    """Return how long an IBAN of this country is, from python-stdnum's table."""
    parts = _parts_of(country)
    return None if parts is None else 4 + sum(length for length, _ in parts)


@cache
def _parts_of(country: str) -> tuple[tuple[int, str], ...] | None:
    """Return lengths and kinds (`n` digits, `a` letters, `c` both) of what the check covers."""
    _, properties = import_module("stdnum.numdb").get("iban").info(country)[0]
    structure = properties.get("bban")
    if structure is None:
        return None
    return tuple((int(length), kind) for length, kind in _PART.findall(structure))


def _has_structure(iban: str) -> bool:
    """True when digits and letters stand where this country has them."""
    at = 4
    for length, kind in _parts_of(iban[:2]) or ():
        part = iban[at : at + length]
        if (kind == "n" and not part.isdigit()) or (kind == "a" and not part.isalpha()):
            return False
        at += length
    return iban[2:4].isdigit()


def _separators(text: str) -> int:
    return len(text) - len(text.translate(_NO_SEPARATORS))


def check_iban(text: str) -> tuple[str, int] | None:
    """Return (normal form, characters of `text` used) when `text` begins with an IBAN."""
    length = length_of(text[:2].upper())
    if length is None:
        return None
    iban = text.translate(_NO_SEPARATORS).upper()[:length]
    if (
        len(iban) != length
        or not iban.isalnum()
        or int((iban[4:] + iban[:4]).translate(_LETTERS)) % 97 != 1
        or not _has_structure(iban)
    ):
        return None
    used = length
    while (taken := used - _separators(text[:used])) < length:
        used += length - taken
    return None if text[used : used + 1].isalnum() else (iban, used)
