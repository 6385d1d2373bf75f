"""What was found, in words that refusals, tables, exports and the review share."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from core.findings import NOT_INSPECTED, Confidence, Finding, is_least, people_in
from core.vocabulary.kinds import by_gravity, kind_of, tells_of_people
from core.vocabulary.sizes import at_least, counted, joined, size_at_least

CONFIDENCE: Mapping[str, str] = MappingProxyType(
    {
        Confidence.CERTAIN: "certain",
        Confidence.LIKELY: "likely",
        Confidence.POSSIBLE: "possible only",
    }
)
EXAMPLE = "A published example value, nobody's own"
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
    least: bool = False
    """There may be more."""


def amounts(findings: Iterable[Finding]) -> list[Amount]:
    """Return how much of each kind was found."""
    return [
        Amount(f.kind, f.distinct or f.count, f.records or 0, f.test_data, is_least(f))
        for f in findings
    ]


def most_of(known: Sequence[Amount], findings: Iterable[Finding]) -> list[Amount]:
    """Return how much of each kind several requests held, with one more: the most in one of them,
    which is the least in all.
    """
    most = {(amount.kind, amount.test_data): amount for amount in known}
    now: dict[tuple[str, bool], Amount] = {}
    for one in amounts(findings):
        key = one.kind, one.test_data
        now[key] = one if key not in now else _together(now[key], one)
    for key, one in now.items():
        before = most.get(key)
        most[key] = one if before is None else _most(before, one)
    return list(most.values())


def _most(a: Amount, b: Amount) -> Amount:
    """Return the most of two requests, which is the least of both."""
    values, records = max(a.values, b.values), max(a.records, b.records)
    return a._replace(values=values, records=records, least=True)


def _together(a: Amount, b: Amount) -> Amount:
    """Return both of one request: its secrets are found by several detectors."""
    records, least = max(a.records, b.records), a.least or b.least
    return a._replace(values=a.values + b.values, records=records, least=least)


def is_personal(finding: Finding) -> bool:
    """Return whether it tells of real people: a published example tells of nobody."""
    return tells_of_people(finding.kind) and not finding.test_data


def people_told(findings: Iterable[Finding]) -> int:
    """Return of how many people one request tells: see `people_in`."""
    return max((people_in(one) for one in findings if is_personal(one)), default=0)


def is_people_exact(findings: Iterable[Finding]) -> bool:
    """Return whether one request tells of no more people than `people_told` says."""
    return not any(is_least(one) for one in findings if is_personal(one))


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
    kinds, least = by_gravity(values), {amount.kind for amount in amounts if amount.least}
    if rows > 1:
        exact = not any(amount.least and amount.records for amount in amounts)
        return f"{at_least(rows, 'row', exact=exact)} with {named(kinds)}"
    sums: dict[tuple[str, str], int] = {}
    unsure = set[tuple[str, str]]()
    for kind in kinds:
        words = kind_of(kind)
        called = words.one, words.many
        sums[called] = sums.get(called, 0) + values[kind]
        if kind in least:
            unsure.add(called)
    told = [at_least(n, *called, exact=called not in unsure) for called, n in sums.items()]
    return _listed(told, _SHOWN)


def named(kinds: Iterable[str], most: int = _SHOWN) -> str:
    """Return `bank account numbers, names of people and 2 other kinds`."""
    names = dict.fromkeys(kind_of(kind).many for kind in by_gravity(kinds))
    return _listed(list(names), most)


def _listed(parts: list[str], most: int) -> str:
    if len(parts) > most:
        parts = [*parts[:most], counted(len(parts) - most, "other kind")]
    return joined(parts)


def content(
    amounts: Sequence[Amount], request_bytes: int, *, unread: bool, exact: bool = True
) -> str:
    """Return what was found, else the size and that nothing was; and whether all was read."""
    told = found(amounts)
    if told:
        return f"{told}, partly unread," if unread else told
    if unread:
        return f"{size_at_least(request_bytes, exact=exact)} that could not all be read"
    return f"{size_at_least(request_bytes, exact=exact)} without known personal data or secrets"
