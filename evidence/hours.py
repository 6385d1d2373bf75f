"""Reads what was added up by the hour: totals, rankings and courses over any time, also of records
that have expired long since.

Everything counts whole hours of UTC: `since` is moved back to its full hour, `until` on to the
next. Bytes, tokens and costs are of what left the machine; values found are of all, stopped or not.
All functions raise EvidenceError where the file cannot be read.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import orjson

from core.fate import Fate
from core.findings import NOT_INSPECTED
from evidence.alike import kinds_text
from evidence.database import Connection
from evidence.days import DAY, SUMS
from evidence.store import Store
from evidence.times import HOUR_US, from_micros, micros

type By = Literal["script", "destination", "account", "outcome"]
"""What may be ranked: the script's path or name; the service's id, else the host; the kind of
account; what became of it (a verdict, or a word of `core.fate`).
"""
type Measure = Literal["exchanges", "sent", "bytes", "found", "tokens", "cost_usd"]
_COLUMNS: dict[By, str] = {
    "script": "script",
    "destination": "destination",
    "account": "account",
    "outcome": "outcome",
}
_ORDER: dict[Measure, str] = {
    "exchanges": "sum(exchanges)",
    "sent": "sum(sent)",
    "bytes": "sum(bytes)",
    "found": "sum(found)",
    "tokens": "sum(tokens)",
    "cost_usd": "sum(cost_micro_usd)",
}
_SUMS = """coalesce(sum(exchanges), 0), coalesce(sum(sent), 0), coalesce(sum(bytes), 0),
    coalesce(sum(found), 0), coalesce(sum(tokens), 0), coalesce(sum(cost_micro_usd), 0),
    coalesce(sum(least), 0)"""
_PAST = "coalesce(sum(exchanges) FILTER (WHERE became = ?), 0)"
_NAMES = ", ".join((*SUMS, "outcome AS became"))
_WHOLE = "1"
"""In place of a column: all together."""
_DAY = "day"
_OF_DAYS = frozenset({"destination", "account", "outcome", _DAY, _WHOLE})
"""What sums of days tell."""
_MOST = 2**53
_PIECE = 5 * DAY
"""So many hours are added up at once: some megabytes at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which hours, and of what; None is any. All conditions must hold."""

    since: datetime | None = None
    until: datetime | None = None
    script: str | None = None
    """Exactly: its path or name."""
    destination: str | None = None
    """Exactly: the service's id, else the host."""
    account: str | None = None
    kind: str | None = None
    """A kind of data that was found in it."""
    outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What alike exchanges add up to."""

    exchanges: int = 0
    """All that were recorded, stopped ones too."""
    sent: int = 0
    """How many of them left the machine: whole, in part, or past the gate."""
    bytes: int = 0
    """That left."""
    found: int = 0
    """Values found: distinct ones of each record, the same value of two records counted twice."""
    tokens: int = 0
    """In and out."""
    cost_usd: Decimal = Decimal()
    """To a millionth of a dollar; what is not known counts nothing."""
    least: int = 0
    """How many of those that left may have sent more than is counted."""

    def __add__(self, other: "Total") -> "Total":
        """Return both together."""
        names = [one.name for one in fields(self)]
        return Total(**{name: getattr(self, name) + getattr(other, name) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One place of a ranking."""

    name: str
    total: Total
    first_hour: datetime
    """Begin of the first and of the last hour in which it was seen, UTC."""
    last_hour: datetime
    past: int = 0
    """How many of those that left went past the gate: nobody knows with what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One hour or day of a course."""

    begins: datetime
    """UTC."""
    total: Total


def total(store: Store, wanted: Wanted = Wanted()) -> Total:
    """Return what everything that is wanted adds up to."""
    inner, values = _added(wanted, _WHOLE)
    query = f"SELECT {_SUMS} FROM ({inner})"  # noqa: S608 - our own words
    with store.reading() as connection:
        return _total(connection.execute(query, values).fetchone())


def ranking(
    store: Store,
    by: By,
    wanted: Wanted = Wanted(),
    *,
    measure: Measure = "exchanges",
    limit: int = 20,
) -> Sequence[Ranked]:
    """Return the names that stand first by a measure, the largest first; equals by their names.
    What has nothing of it is not named.
    """
    return ranked(store, by, wanted, measure=measure, limit=limit)[0]


def ranked(
    store: Store,
    by: By,
    wanted: Wanted = Wanted(),
    *,
    measure: Measure = "exchanges",
    limit: int = 20,
) -> tuple[Sequence[Ranked], int]:
    """Return as `ranking`, and how many names there are in all.

    Takes some 0.4 µs for each sum of an hour that is read, and for each of a day: hours are read
    for scripts, and where `wanted` names a script or a kind of data.
    """
    column = _COLUMNS[by]
    inner, values = _added(wanted, column)
    query = f"""SELECT {column}, min(first_hour), max(last_hour), {_PAST}, {_SUMS} FROM ({inner})
        WHERE {column} IN (SELECT value FROM json_each(?))
        GROUP BY {column} ORDER BY {_ORDER[measure]} DESC, {column}"""  # noqa: S608 - our own words
    with store.reading() as connection:
        names = _names_by(connection, by, wanted, measure)
        first = orjson.dumps(names[:limit]).decode()
        rows = connection.execute(query, (Fate.PAST.value, *values, first)).fetchall()
    found = [
        Ranked(
            name=row[0],
            first_hour=_time(row[1]),
            last_hour=_time(row[2]),
            past=row[3],
            total=_total(row[4:]),
        )
        for row in rows
    ]
    return found, len(names)


def _names_by(connection: Connection, by: By, wanted: Wanted, measure: Measure) -> list[str]:
    """Return all names, the first first, added up here: of many hours that is twice as fast as
    SQLite's sorting of all rows by their names, and it needs no more than the sums of some days.
    """
    column, added = _COLUMNS[by], _ORDER[measure].removeprefix("sum(").removesuffix(")")
    sums: defaultdict[str, int] = defaultdict(int)
    for part in _pieces(connection, wanted):
        inner, values = _added(part, column)
        query = f"""SELECT json_group_array({column}), json_group_array({added})
            FROM ({inner}) WHERE {added} <> 0"""  # noqa: S608 - our own words
        names, amounts = connection.execute(query, values).fetchone()
        for name, amount in zip(orjson.loads(names), orjson.loads(amounts), strict=True):
            sums[name] += amount
    return sorted(sums, key=lambda name: (-sums[name], name))


def _pieces(connection: Connection, wanted: Wanted) -> Iterator[Wanted]:
    """Yield the time that is wanted in pieces of some days, as far as anything is known of it."""
    # Two questions: one for both would look at every hour.
    earliest = connection.value("SELECT min(hour) FROM hours")
    newest = connection.value("SELECT max(hour) FROM hours")
    if earliest is None:
        return
    first, last = _hours(wanted)
    first, last = max(first, earliest), min(last, newest + 1)
    for begin in range(first - first % _PIECE, last, _PIECE):
        since, until = _time(max(first, begin)), _time(min(last, begin + _PIECE))
        yield replace(wanted, since=since, until=until)


def unread_names(store: Store, wanted: Wanted = Wanted()) -> Mapping[By, frozenset[str]]:
    """Return the names of each sort of which some exchange could not all be read."""
    where, values = _condition(replace(wanted, kind=NOT_INSPECTED))
    query = f"SELECT DISTINCT {', '.join(_COLUMNS.values())} FROM hours WHERE {where}"  # noqa: S608
    with store.reading() as connection:
        rows = connection.execute(query, values).fetchall()
    return {by: frozenset(row[at] for row in rows) for at, by in enumerate(_COLUMNS)}


def kinds(store: Store, wanted: Wanted = Wanted()) -> dict[str, Total]:
    """Return of each kind of data what the exchanges that held it add up to, the most frequent
    first. An exchange with two kinds counts in both, with all values that it held.
    """
    where, values = _condition(wanted)
    query = f"SELECT kinds, {_SUMS} FROM hours WHERE {where} GROUP BY kinds"  # noqa: S608
    found: defaultdict[str, Total] = defaultdict(Total)
    with store.reading() as connection:
        for row in connection.execute(query, values):
            for kind in filter(None, row[0].split(",")):
                found[kind] += _total(row[1:])
    return dict(sorted(found.items(), key=lambda one: (-one[1].exchanges, one[0])))


def course(
    store: Store,
    wanted: Wanted = Wanted(),
    *,
    days: bool = False,
) -> Sequence[Span]:
    """Return each hour (or day of UTC) in which there was something, the earliest first; hours with
    nothing are left out. Days are read from their own sums, as far as `ranking` may.
    """
    if days:
        inner, values = _added(wanted, _DAY)
        query = f"SELECT day, {_SUMS} FROM ({inner}) GROUP BY day ORDER BY day"  # noqa: S608
    else:
        where, values = _condition(wanted)
        query = f"SELECT hour, {_SUMS} FROM hours WHERE {where} GROUP BY hour ORDER BY hour"  # noqa: S608
    step = DAY if days else 1
    with store.reading() as connection:
        rows = connection.execute(query, values).fetchall()
    return [Span(begins=_time(row[0] * step), total=_total(row[1:])) for row in rows]


def per_destination(store: Store) -> Sequence[tuple[str, str, str, Total]]:
    """Return the totals of each destination, kind of account and outcome, those of the destination
    with most exchanges first.
    """
    query = f"""SELECT destination, account, outcome, {_SUMS} FROM days
        GROUP BY destination, account, outcome
        ORDER BY sum(sum(exchanges)) OVER (PARTITION BY destination) DESC,
            destination, account, outcome"""  # noqa: S608 - our own words
    with store.reading() as connection:
        rows = connection.execute(query).fetchall()
    return [(row[0], row[1], row[2], _total(row[3:])) for row in rows]


def oldest(store: Store) -> datetime | None:
    """Return the begin of the first hour of which anything is known."""
    with store.reading() as connection:
        found = connection.value("SELECT min(hour) FROM hours")
    return None if found is None else _time(found)


def _added(wanted: Wanted, column: str) -> tuple[str, list[Any]]:
    """Return what gives sums with this column and the hours of the first and last of each: of whole
    days, where they tell all that is asked, and of the hours around them.
    """
    first, last = _hours(wanted)
    begin, end = -(-first // DAY), last // DAY
    finer = column not in _OF_DAYS or wanted.script is not None or wanted.kind is not None
    if finer or begin >= end:
        return _of_hours(wanted, column, first, last)
    conditions, values = _named(wanted)
    of_days = f"""SELECT {column}, first_hour, last_hour, {_NAMES} FROM days
        WHERE day >= ? AND day < ?{conditions}"""  # noqa: S608 - our own words
    before, values_before = _of_hours(wanted, column, first, begin * DAY)
    after, values_after = _of_hours(wanted, column, end * DAY, last)
    parts = (f"SELECT * FROM ({before})", of_days, f"SELECT * FROM ({after})")  # noqa: S608
    every = " UNION ALL ".join(parts)
    return every, [*values_before, begin, end, *values, *values_after]


def _of_hours(wanted: Wanted, column: str, first: int, last: int) -> tuple[str, list[Any]]:
    # As they are: added up here first, in the order of the key, they would be added up twice.
    conditions, values = _named(wanted)
    name = f"hour / {DAY} AS {_DAY}" if column == _DAY else column
    query = f"""SELECT {name}, hour AS first_hour, hour AS last_hour, {_NAMES} FROM hours
        WHERE hour >= ? AND hour < ?{conditions}"""  # noqa: S608 - our own words
    return query, [first, last, *values]


def _hours(wanted: Wanted) -> tuple[int, int]:
    first = -_MOST if wanted.since is None else micros(wanted.since) // HOUR_US
    last = _MOST if wanted.until is None else -(-micros(wanted.until) // HOUR_US)
    return first, last


def _condition(wanted: Wanted) -> tuple[str, list[Any]]:
    conditions, values = _named(wanted)
    return f"hour >= ? AND hour < ?{conditions}", [*_hours(wanted), *values]


def _named(wanted: Wanted) -> tuple[str, list[Any]]:
    parts, values = [""], list[Any]()
    for column in ("script", "destination", "account", "outcome"):
        value = getattr(wanted, column)
        if value is not None:
            parts.append(f"{column} = ?")
            values.append(value)
    if wanted.kind is not None:
        parts.append("instr(kinds, ?) > 0")
        values.append(kinds_text({wanted.kind}))
    return " AND ".join(parts), values


def _total(row: Sequence[int]) -> Total:
    exchanges, sent, size, found, tokens, micro, least = row
    return Total(
        exchanges=exchanges,
        sent=sent,
        bytes=size,
        found=found,
        tokens=tokens,
        cost_usd=Decimal(micro) / 1_000_000,
        least=least,
    )


def _time(hour: int) -> datetime:
    return from_micros(hour * HOUR_US)
