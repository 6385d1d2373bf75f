"""Keeps records as narrow rows, by binary COPY, and adds them up by day."""

import struct
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from hub.database import Connection
from hub.facts import Fact
from hub.words import Numbered

_COPY = """COPY records (chain, seq, received, at, place, destination, kinds, outcome, account,
    bytes, found, rows_hit, went, review, people, most_values, how) FROM STDIN (FORMAT BINARY)"""
# Binary COPY (PostgreSQL's manual, COPY, "Binary Format"): a head; of each row the number of its
# fields, and each field behind its length; -1 at the end. Times are microseconds from 2000.
_HEAD, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_ROW = struct.Struct("> h ii iq iq iq ii ii ii ii ii iq ii ii i? i? ii ii ii".replace(" ", ""))
_FIELDS, _INT4, _INT8, _BOOL = 17, 4, 8, 1
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_DAY_S, _SECOND_US = 86_400, 1_000_000
_ADD = """INSERT INTO sums (day, place, destination, kinds, outcome, account, review,
        records, went, bytes_went, found, rows_hit, first_at, last_at, most_rows, most_people,
        most_values)
    SELECT * FROM unnest(%s::date[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[],
        %s::bool[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
        %s::timestamptz[], %s::timestamptz[], %s::int[], %s::int[], %s::int[])
    ON CONFLICT (place, destination, kinds, outcome, account, review, day) DO UPDATE SET
        records = sums.records + EXCLUDED.records, went = sums.went + EXCLUDED.went,
        bytes_went = sums.bytes_went + EXCLUDED.bytes_went, found = sums.found + EXCLUDED.found,
        rows_hit = sums.rows_hit + EXCLUDED.rows_hit,
        first_at = least(sums.first_at, EXCLUDED.first_at),
        last_at = greatest(sums.last_at, EXCLUDED.last_at),
        most_rows = greatest(sums.most_rows, EXCLUDED.most_rows),
        most_people = greatest(sums.most_people, EXCLUDED.most_people),
        most_values = greatest(sums.most_values, EXCLUDED.most_values)"""

type _Key = tuple[int, int, int, int, int, int, bool]
"""Days from 2000, then numbers of words, and whether somebody should see it."""


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
    places, destinations = numbered.places, numbered.destinations
    kinds, words, hows = numbered.kinds, numbered.words, numbered.hows
    received, pack, rows = _micros(now)[0], _ROW.pack, [_HEAD]
    for seq, fact in enumerate(facts, first):
        at_, sender, to, what, outcome, account, bytes_, found, hit = fact[:9]
        people, values, went, review, how = fact[9:]
        at, day = _micros(at_ or now)
        place, destination, kind = places[sender], destinations[to], kinds[what]
        out, acc = words[outcome], words[account]
        rows.append(
            pack(
                *(_FIELDS, _INT4, chain, _INT8, seq, _INT8, received, _INT8, at),
                *(_INT4, place, _INT4, destination, _INT4, kind, _INT4, out, _INT4, acc),
                *(_INT8, bytes_, _INT4, found, _INT4, hit, _BOOL, went, _BOOL, review),
                *(_INT4, people, _INT4, values, _INT4, hows.get(how, 0)),
            )
        )
        key = (day, place, destination, kind, out, acc, review)
        counts = (bytes_ if went else 0, found, hit, at, people, values)
        _add(sums, key, counts, went=went)
    rows.append(_END)
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.write(b"".join(rows))
    _keep_sums(connection, sums)


def _add(
    sums: dict[_Key, list[int]],
    key: _Key,
    counts: tuple[int, int, int, int, int, int],
    *,
    went: bool,
) -> None:
    """Add a record to the sum that it belongs to."""
    bytes_, found, hit, at, people, values = counts
    added = sums.get(key)
    if added is None:
        sums[key] = [1, went, bytes_, found, hit, at, at, hit, people, values]
        return
    added[0] += 1
    added[1] += went
    added[2] += bytes_
    added[3] += found
    added[4] += hit
    if at < added[5]:
        added[5] = at
    elif at > added[6]:
        added[6] = at
    if hit > added[7]:
        added[7] = hit
    if people > added[8]:
        added[8] = people
    if values > added[9]:
        added[9] = values


def _micros(at: datetime) -> tuple[int, int]:
    """Return a time in microseconds from 2000, and its day."""
    since = at - _EPOCH
    return (since.days * _DAY_S + since.seconds) * _SECOND_US + since.microseconds, since.days


def _keep_sums(connection: Connection, sums: dict[_Key, list[int]]) -> None:
    rows = [_sum(key, sums[key]) for key in sorted(sums)]
    if rows:
        connection.execute(_ADD, tuple(map(list, zip(*rows, strict=True))))


def _sum(key: _Key, added: list[int]) -> tuple[object, ...]:
    day: date = (_EPOCH + timedelta(days=key[0])).date()
    times = (_EPOCH + timedelta(microseconds=one) for one in added[5:7])
    return (day, *key[1:], *map(int, added[:5]), *times, *added[7:])
