"""Keeps records as narrow rows, by binary COPY, and adds them up by day."""

from collections.abc import Sequence
from datetime import date, datetime

from hub.database import Connection
from hub.facts import Fact
from hub.words import Numbered

_COPY = """COPY records (chain, seq, received, at, place, destination, kinds, outcome, account,
    bytes, found, rows_hit, went, review) FROM STDIN (FORMAT BINARY)"""
_TYPES = (
    *("int4", "int8", "timestamptz", "timestamptz", "int4", "int4", "int4", "int4", "int4"),
    *("int8", "int4", "int4", "bool", "bool"),
)
_ADD = """INSERT INTO sums (day, place, destination, kinds, outcome, account, review,
        records, went, bytes_went, found, rows_hit, first_at, last_at)
    SELECT * FROM unnest(%s::date[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[],
        %s::bool[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
        %s::timestamptz[], %s::timestamptz[])
    ON CONFLICT (place, destination, kinds, outcome, account, review, day) DO UPDATE SET
        records = sums.records + EXCLUDED.records, went = sums.went + EXCLUDED.went,
        bytes_went = sums.bytes_went + EXCLUDED.bytes_went, found = sums.found + EXCLUDED.found,
        rows_hit = sums.rows_hit + EXCLUDED.rows_hit,
        first_at = least(sums.first_at, EXCLUDED.first_at),
        last_at = greatest(sums.last_at, EXCLUDED.last_at)"""

type _Key = tuple[date, int, int, int, int, int, bool]


def keep_records(
    connection: Connection,
    chain: int,
    first: int,
    now: datetime,
    facts: Sequence[Fact],
    numbered: Numbered,
) -> None:
    """Keep the records from number `first` of a chain, inside the caller's transaction."""
    sums: dict[_Key, list[int]] = {}
    times: dict[_Key, list[datetime]] = {}
    places, destinations = numbered.places, numbered.destinations
    kinds, words = numbered.kinds, numbered.words
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(_TYPES)
        for seq, fact in enumerate(facts, first):
            at = fact.at or now
            place, to = places[fact.sender], destinations[fact.destination]
            what = (kinds[fact.kinds], words[fact.outcome], words[fact.account])
            counts = (fact.bytes, fact.found, fact.rows)
            row = (chain, seq, now, at, place, to, *what, *counts, fact.went, fact.review)
            copy.write_row(row)
            key = (at.date(), place, to, *what, fact.review)
            _add(sums, times, key, at, fact)
    _keep_sums(connection, sums, times)


def _add(
    sums: dict[_Key, list[int]],
    times: dict[_Key, list[datetime]],
    key: _Key,
    at: datetime,
    fact: Fact,
) -> None:
    added = sums.get(key)
    if added is None:
        added, times[key] = sums.setdefault(key, [0, 0, 0, 0, 0]), [at, at]
    added[0] += 1
    if fact.went:
        added[1] += 1
        added[2] += fact.bytes
    added[3] += fact.found
    added[4] += fact.rows
    seen = times[key]
    if at < seen[0]:
        seen[0] = at
    elif at > seen[1]:
        seen[1] = at


def _keep_sums(
    connection: Connection, sums: dict[_Key, list[int]], times: dict[_Key, list[datetime]]
) -> None:
    rows = [(*key, *sums[key], *times[key]) for key in sorted(sums)]
    connection.execute(_ADD, tuple(map(list, zip(*rows, strict=True))))
