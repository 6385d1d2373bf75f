"""Who and what stands in the cases: people who run scripts, rules that held, and the numbers of a
day. Read from the rows of cases alone, some milliseconds for ten thousand.

All functions raise EvidenceError where the file cannot be read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from evidence.case_sums import SEPARATOR
from evidence.store import Store
from evidence.times import from_micros, micros


@dataclass(frozen=True, slots=True, kw_only=True)
class InCases:
    """One name, and the cases that it stands in."""

    name: str
    cases: int
    """All, closed ones too."""
    open_cases: int
    requests: int
    """Of this name."""
    people: int
    """At least so many different ones in one of the cases."""
    risk: int
    """Points of the gravest case."""
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DayNumbers:
    """How it stands."""

    open_cases: int
    new_cases: int
    """Begun since the day began, and open."""
    high: int
    """Open, of high risk."""


type Named = Literal["users", "rules", "models"]


def _named(column: Named) -> str:
    return f"""SELECT {column}, count(*), total(status = 'open' OR coalesce(until_us <= ?, 0)),
        max(people), max(risk), max(last_us) FROM cases
        WHERE {column} <> '' GROUP BY {column}"""  # noqa: S608 - columns of our own


def _requests(column: Named) -> str:
    return f"""SELECT one.key, sum(one.value) FROM cases,
        json_each(CAST(cases.inside AS TEXT), '$.{column}') AS one
        WHERE cases.{column} <> '' AND cases.verdict <> 'observed' GROUP BY 1"""  # noqa: S608


def named_in_cases(store: Store, what: Named) -> Sequence[InCases]:
    """Return every user, rule or model that stands in a case, the gravest first."""
    found: dict[str, InCases] = {}
    requests = requests_of(store, what)
    with store.reading() as connection:
        rows = connection.execute(_named(what), (store.now_us(),)).fetchall()
    for names, cases, open_cases, people, risk, last_us in rows:
        for name in filter(None, names.split(SEPARATOR)):
            one = InCases(
                name=name,
                cases=cases,
                open_cases=int(open_cases),
                requests=requests.get(name, 0),
                people=people,
                risk=risk,
                last_at=from_micros(last_us),
            )
            found[name] = one if name not in found else _together(found[name], one)
    return sorted(found.values(), key=lambda one: (-one.risk, -one.requests, one.name))


def requests_of(store: Store, what: Named) -> Mapping[str, int]:
    """Return how many requests in cases each user made, each rule decided, went to each model."""
    with store.reading() as connection:
        rows = connection.execute(_requests(what))
        return {str(name): int(count) for name, count in rows}


def _together(one: InCases, other: InCases) -> InCases:
    return replace(
        one,
        cases=one.cases + other.cases,
        open_cases=one.open_cases + other.open_cases,
        people=max(one.people, other.people),
        risk=max(one.risk, other.risk),
        last_at=max(one.last_at, other.last_at),
    )


_DAY = """SELECT total(open), total(open AND first_us >= ?), total(open AND risk >= ?)
    FROM (SELECT status = 'open' OR coalesce(until_us <= ?, 0) AS open, first_us, risk
        FROM cases)"""


def day_numbers(store: Store, today: datetime, high: int) -> DayNumbers:
    """Return the numbers of a day that began then; `high` are the points from which a risk is
    high.
    """
    values = (micros(today), high, store.now_us())
    with store.reading() as connection:
        open_, new, grave = connection.execute(_DAY, values).fetchone()
    return DayNumbers(open_cases=int(open_), new_cases=int(new), high=int(grave))
