"""What was found, in words that refusals, tables, exports and the review share."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from core.findings import NOT_INSPECTED, Confidence, Finding, people_in
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


def is_personal(finding: Finding) -> bool:
    """Return whether it tells of real people: a published example tells of nobody."""
    return "personal_data" in kind_of(finding.kind).groups and not finding.test_data


def people_told(findings: Iterable[Finding]) -> int:
    """Return of how many people one request tells: see `people_in`."""
    return max((people_in(one) for one in findings if is_personal(one)), default=0)


def found(amounts: Sequence[Amount]) -> str:
    """Return what was found: `15,000 rows with bank account numbers`, or nothing.

    Published examples are named only where nothing else was found, and are always said to be such.
    """
    known = [amount for amount in amounts if amount.kind != NOT_INSPECTED]
    real = [amount for amount in known if not amount.test_data]
    if len(real) == len(known):
        return _found(real)
    return (
        f"{_found(real)} (and published examples)"
        if real
        else f"{_found(known)} (published examples)"
    )


def _found(amounts: Sequence[Amount]) -> str:
    rows, values = 0, dict.fromkeys([amount.kind for amount in amounts], 0)
    for amount in amounts:
        rows = max(rows, amount.records)
        values[amount.kind] += amount.values
    kinds = by_gravity(values)
    if rows > 1:
        return f"{number(rows)} rows with {named(kinds)}"
    sums: dict[tuple[str, str], int] = {}
    for kind in kinds:
        words = kind_of(kind)
        called = words.one, words.many
        sums[called] = sums.get(called, 0) + values[kind]
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
    """Return what was found, else the size and that nothing was; and whether all was read."""
    told = found(amounts)
    unread = any(amount.kind == NOT_INSPECTED for amount in amounts)
    if told:
        return f"{told}, partly unread," if unread else told
    if unread:
        return f"{size(request_bytes)} that could not all be read"
    return f"{size(request_bytes)} without known personal data or secrets"
