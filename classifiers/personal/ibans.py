"""IBANs: country, length and check digits, cut out of the text that follows."""

import re
from functools import cache
from importlib import import_module

from classifiers.personal.checks import compact


_PART_LENGTH = re.compile(r"(\d+)!")


@cache
def length_of(country: str) -> int | None:
    """Return how long an IBAN of this country is, from python-stdnum's table."""
    _, properties = import_module("stdnum.numdb").get("iban").info(country)[0]
    structure = properties.get("bban")
    return None if structure is None else 4 + sum(map(int, _PART_LENGTH.findall(structure)))


def _mod97(iban: str) -> int:
    return int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97


def check_iban(text: str) -> tuple[str, int] | None:
    """Return (normal form, characters of `text` used) when `text` begins with an IBAN."""
    length = length_of(text[:2].upper())
    if length is None:
        return None
    used = taken = 0
    for char in text:
        if taken == length:
            break
        used += 1
        taken += char.isalnum()
    if taken < length or (used < len(text) and text[used].isalnum()):
        return None
    iban = compact(text[:used])
    return (iban, used) if len(iban) == length and _mod97(iban) == 1 else None
