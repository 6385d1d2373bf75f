"""Whether the values below a name are what it announces: then it is the name of a column, whatever
stands beside it.
"""

from collections.abc import Callable, Sequence
from itertools import islice

from classifiers.credentials.rules.generic import is_secret_column
from classifiers.personal.scan.checks import CHECKS
from classifiers.personal.tables.keyed import KEYED, bare_name, is_placeholder, looks_like_name
from classifiers.personal.vocabulary import ANY_NATIONAL_ID, is_telling, name_kinds

_LOOKED_AT = 20
_FEWEST_DIGITS = {"phone": 7, ANY_NATIONAL_ID: 5}
_SHORTEST_SECRET = 6
_SHORT_WORDS = 5
_WORDS_ALONE = frozenset({"person", "name", "health_data", "special_category"})
"""Kinds that nearly any words may be."""


def confirms(name: str, values: Sequence[str]) -> bool:
    """Return True when most of the first values below a name are of a kind that it announces."""
    if is_secret_column(name):
        checks: list[Callable[[str], object]] = [_may_be_secret]
    elif is_telling(name):
        checks = [_check_of(kind) for kind in name_kinds(name)]
    else:
        return False
    filled = (value.strip() for value in values if value.strip() and not is_placeholder(value))
    seen = list(islice(filled, _LOOKED_AT))
    fitting = sum(any(check(value) for check in checks) for value in seen)
    return fitting * 2 > len(seen)


def shift_of(names: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> int | None:
    """Return how many columns stand before the first name where rows are wider than their header;
    None when no name announces what any column holds.
    """
    columns = [
        [row[at] if at < len(row) else "" for row in rows[:_LOOKED_AT]] for at in range(width)
    ]
    fits = [
        sum(
            any(column) and confirms(name, column)
            for name, column in zip(names, columns[shift:], strict=False)
        )
        for shift in range(width - len(names) + 1)
    ]
    return fits.index(max(fits)) if any(fits) else None


def _check_of(kind: str) -> Callable[[str], object]:
    if (check := KEYED.get(kind) or CHECKS.get(kind)) is not None:
        return check
    if kind == "email":
        return lambda value: "@" in value
    if kind == "name":
        return bare_name
    fewest = _FEWEST_DIGITS.get(kind, 4)
    return lambda value: sum(map(str.isdigit, value)) >= fewest


def _may_be_secret(value: str) -> bool:
    return len(value) >= _SHORTEST_SECRET and " " not in value


def is_of_words(name: str) -> bool:
    """True for a name that announces nothing but kinds that nearly any words may be."""
    return name_kinds(name) <= _WORDS_ALONE


def is_short_value(name: str, value: str) -> bool:
    """True unless a name announces what nearly any words may be, and its value reads as a sentence
    or a label: a person's is two words or more with capital letters.
    """
    if not is_of_words(name):
        return True
    if not name_kinds(name).isdisjoint({"person", "name"}):
        return looks_like_name(value)
    return value[:1].isupper() and value[-1:].isalnum() and len(value.split()) <= _SHORT_WORDS
