"""What was found, in words that the analyst's refusal, the tables and the officer's screen share."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from core.findings import NOT_INSPECTED, Confidence
from core.vocabulary.kinds import by_gravity, kind_of
from core.vocabulary.sizes import counted, joined, number, size

CONFIDENCE: Mapping[str, str] = MappingProxyType(
    {
        Confidence.CERTAIN: "certain",
        Confidence.LIKELY: "likely",
        Confidence.POSSIBLE: "possible only",
    }
)
_SHOWN = 3
"""Kinds of data that a sentence names; more are counted."""


class Amount(NamedTuple):
    """How much of one kind was found."""

    kind: str
    values: int
    """Different ones, where that is known; else occurrences."""
    records: int
    """Rows or objects affected; 0 where the payload has none."""
    test_data: bool


def found(amounts: Sequence[Amount]) -> str:
    """Return what was found: `15,000 rows with bank account numbers`, `2 phone numbers`, or nothing.

    Published example values are named only where nothing else was found, and are then said to be such.
    """
    known = [amount for amount in amounts if amount.kind != NOT_INSPECTED]
    real = [amount for amount in known if not amount.test_data]
    if real or not known:
        return _found(real)
    return f"{_found(known)} (published examples)"


def _found(amounts: Sequence[Amount]) -> str:
    rows = max((amount.records for amount in amounts), default=0)
    kinds = by_gravity(amount.kind for amount in amounts)
    if rows > 1:
        return f"{number(rows)} rows with {named(kinds)}"
    sums: dict[tuple[str, str], int] = {}
    for kind in kinds:
        words = kind_of(kind)
        each = sum(amount.values for amount in amounts if amount.kind == kind)
        sums[words.one, words.many] = sums.get((words.one, words.many), 0) + each
    return _listed([counted(n, one, many) for (one, many), n in sums.items()], _SHOWN)


def named(kinds: Iterable[str], most: int = _SHOWN) -> str:
    """Return `bank account numbers, names of people and 2 other kinds`."""
    names = dict.fromkeys(kind_of(kind).many for kind in by_gravity(kinds))
    return _listed(list(names), most)


def _listed(parts: list[str], most: int) -> str:
    if len(parts) > most:
        parts = [*parts[:most], counted(len(parts) - most, "other kind")]
    return joined(parts)


def content(amounts: Sequence[Amount], request_bytes: int) -> str:
    """Return what a request holds: what was found, else its size and that nothing was, and whether all was read."""
    told = found(amounts)
    unread = any(amount.kind == NOT_INSPECTED for amount in amounts)
    if told:
        return f"{told}, partly unread," if unread else told
    if unread:
        return f"{size(request_bytes)} that could not all be read"
    return f"{size(request_bytes)} without known personal data or secrets"
