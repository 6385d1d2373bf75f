"""The hub's own old months: which are here, how many are kept, and what is left of those that go.
Messages and rows go; sums, acts and alarms stay, and the chains fit on over what was removed.
"""

from datetime import UTC, date, datetime
from typing import Any

import orjson
from psycopg import errors, sql
from psycopg.rows import dict_row

from core.errors import InputError
from core.happenings import Happening
from core.rights import Who
from evidence.acts import read_act
from evidence.removed import LegalHold, Removed
from hub.database import Connection, Database
from hub.deeds import Word, chained
from hub.file_rows import forget_files, room_again
from hub.how_rows import PAST as PAST_HOWS
from hub.stored import entries_of
from hub.sums import keep_dropped, make_all_alone

MOST_MONTHS = 1200
HUB = "the hub"
_LOCK = 0x4F47484D
_WAIT = "SET LOCAL lock_timeout = '5s'"
"""Uploads wait behind a table that waits to be dropped."""
_HERE = """SELECT c.relname, pg_total_relation_size(c.oid) FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent IN ('records'::regclass, 'uploads'::regclass)"""
_REMOVED = """SELECT month, at AS removed_at, records, uploads AS messages FROM removed_months
    ORDER BY month DESC"""
_KEEP = """INSERT INTO own_months (months, deed) VALUES (%s, %s)
    ON CONFLICT (one) DO UPDATE SET months = EXCLUDED.months, deed = EXCLUDED.deed"""
_PAST = """INSERT INTO past_sums (chain, day, place, destination, kinds, outcome, account, review,
        records, went, bytes_went, found, rows_hit, first_at, last_at, most_rows, most_people,
        most_values)
    SELECT chain, (at AT TIME ZONE 'UTC')::date, place, destination, kinds, outcome, account,
        review, count(*), count(*) FILTER (WHERE went),
        coalesce(sum(bytes) FILTER (WHERE went), 0), sum(found), sum(rows_hit), min(at), max(at),
        max(rows_hit), max(people), max(most_values)
    FROM {records} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    ON CONFLICT (chain, place, destination, kinds, outcome, account, review, day) DO UPDATE SET
        records = past_sums.records + EXCLUDED.records, went = past_sums.went + EXCLUDED.went,
        bytes_went = past_sums.bytes_went + EXCLUDED.bytes_went,
        found = past_sums.found + EXCLUDED.found,
        rows_hit = past_sums.rows_hit + EXCLUDED.rows_hit,
        first_at = least(past_sums.first_at, EXCLUDED.first_at),
        last_at = greatest(past_sums.last_at, EXCLUDED.last_at),
        most_rows = greatest(past_sums.most_rows, EXCLUDED.most_rows),
        most_people = greatest(past_sums.most_people, EXCLUDED.most_people),
        most_values = greatest(past_sums.most_values, EXCLUDED.most_values)"""
_FILES = "DELETE FROM sent_files WHERE received >= %s AND received < %s"
_PLACES = """INSERT INTO removed_places (chain, place, seqs)
    SELECT chain, place, range_agg(int8range(seq, seq + 1)) FROM {records} GROUP BY 1, 2
    ON CONFLICT (chain, place) DO UPDATE SET seqs = removed_places.seqs + EXCLUDED.seqs"""
_RUNS = """INSERT INTO removed_runs (chain, first, last, head, rows)
    SELECT chain, min(first), max(last), (array_agg(head ORDER BY last DESC))[1],
        max(last) - min(first) + 1
    FROM (SELECT chain, first, last, head,
            sum(begins) OVER (PARTITION BY chain ORDER BY last) AS run
        FROM (SELECT chain, first, last, head,
                (first <> coalesce(lag(last) OVER w + 1, 0))::int AS begins
            FROM {uploads} WINDOW w AS (PARTITION BY chain ORDER BY last)) AS marked) AS numbered
    GROUP BY chain, run RETURNING rows"""
_COUNTS = "SELECT (SELECT count(*) FROM {records}), (SELECT count(*) FROM {uploads})"
_NOTE = "INSERT INTO removed_months (month, at, records, uploads) VALUES (%s, %s, %s, %s)"
_HOLDS = """SELECT c.endpoint, a.body FROM acts a JOIN chains c ON c.number = a.chain
    WHERE a.word IN ('legal_hold', 'hold_lifted') AND c.state <> 'superseded'
    ORDER BY c.number, a.seq"""
_HELD = """SELECT 1 FROM {records} r JOIN places p ON p.number = r.place
        LEFT JOIN people w ON w.number = p.person
    WHERE p.endpoint = %(endpoint)s AND (%(script)s::text IS NULL OR p.path = %(script)s)
        AND (%(user)s::text IS NULL OR w.name = %(user)s)
        AND (%(since)s::timestamptz IS NULL OR r.at >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR r.at < %(until)s) LIMIT 1"""
_HOLES = """SELECT c.number, c.endpoint, lower(hole), upper(hole) - 1, c.last, c.head
    FROM chains c CROSS JOIN LATERAL unnest(int8multirange(int8range(1, c.last + 1))
        - coalesce((SELECT range_agg(int8range(u.first, u.last + 1)) FROM uploads u
            WHERE u.chain = c.number), '{}')
        - coalesce((SELECT range_agg(int8range(g.first, g.last + 1)) FROM gaps g
            WHERE g.chain = c.number), '{}')
        - coalesce((SELECT range_agg(int8range(m.first, m.last + 1)) FROM removed_runs m
            WHERE m.chain = c.number), '{}')) AS hole ORDER BY 1, 3"""
_RUN = "INSERT INTO removed_runs (chain, first, last, head, rows) VALUES (%s, %s, %s, %s, %s)"
_TOLD = "SELECT body FROM hub_deeds WHERE word = ANY(%s)"
_MICROS = 1_000_000

type Row = dict[str, Any]


def kept_months(connection: Connection) -> int:
    """Return how many whole months are kept beside the one that goes on; 0: all."""
    row = connection.execute("SELECT months FROM own_months").fetchone()
    return 0 if row is None else int(row[0])


def keep_months(connection: Connection, months: int, *, note: str, who: Who, now: datetime) -> None:
    """Say how many months are kept; the hub removes what is older. Raises InputError."""
    if not 0 <= months <= MOST_MONTHS:
        raise InputError(f"The hub keeps 1 to {MOST_MONTHS} months, or all with 0.")
    facts = {"months": months}
    deed = chained(connection, Word.MONTHS_KEPT, "months", who=who, note=note, now=now, facts=facts)
    connection.execute(_KEEP, (months, deed))


def months(connection: Connection, now: datetime) -> list[Row]:
    """Return the months that are here and those that were removed, the newest first."""
    here: dict[date, Row] = {}
    for name, size in connection.execute(_HERE).fetchall():
        month = _month(name)
        if month is not None:
            row = here.setdefault(month, {"month": month, "bytes": 0, "held": False})
            row["bytes"] += int(size)
    for month in _over(connection, list(here), now):
        here[month]["held"] = held(connection, month)
    with connection.cursor(row_factory=dict_row) as cursor:
        gone = cursor.execute(_REMOVED).fetchall()
    rows = [{**row, "removed_at": None} for row in here.values()] + gone
    return sorted(rows, key=lambda row: row["month"], reverse=True)


def remove_old(database: Database, now: datetime) -> list[date]:
    """Remove the months whose time is over, but for those with records under a legal hold; return
    which. What cannot be locked now goes at the next time. Raises DatabaseDownError.
    """
    with database.work() as connection:
        names = [row[0] for row in connection.execute(_HERE).fetchall()]
        here = sorted({month for name in names if (month := _month(name)) is not None})
        over = _over(connection, here, now)
    removed = [month for month in over if _removed(database, month, now)]
    if removed:
        with database.work() as connection:  # whoever takes a message waits for the month
            room_again(connection)
    return removed


def _removed(database: Database, month: date, now: datetime) -> bool:
    with database.work() as connection:
        try:
            with connection.transaction():
                connection.execute(_WAIT)
                return _remove(connection, month, now)
        except (errors.LockNotAvailable, errors.DeadlockDetected):
            return False


def _remove(connection: Connection, month: date, now: datetime) -> bool:
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    there = {row[0] for row in connection.execute(_HERE).fetchall()}
    if not {_name(table, month) for table in ("uploads", "records")} <= there:
        return False  # another hub was faster, or somebody dropped one of them by hand
    connection.execute(_of("LOCK TABLE {uploads}, {records} IN SHARE ROW EXCLUSIVE MODE", month))
    if held(connection, month):
        return False
    counts = connection.execute(_of(_COUNTS, month)).fetchone()
    assert counts is not None
    connection.execute(_of(_PAST, month))
    connection.execute(_of(PAST_HOWS, month))
    connection.execute(_of(_PLACES, month))
    entries = sum(int(rows) for (rows,) in connection.execute(_of(_RUNS, month)).fetchall())
    connection.execute(_of("DROP TABLE {uploads}, {records}", month))
    connection.execute(_FILES, (_begin(month), _begin(_after(month))))
    forget_files(connection)
    connection.execute(_NOTE, (month, now, *counts))
    about = f"month {month:%Y-%m}"
    facts = {"records": counts[0], "messages": counts[1], "entries": entries}
    chained(connection, Word.MONTH_REMOVED, about, who=HUB, note="", now=now, facts=facts)
    return True


def held(connection: Connection, month: date) -> bool:
    """Return whether records of a month are under a legal hold of their endpoint."""
    if not _is_here(connection, month):
        return False
    found: dict[int, Removed] = {}
    for endpoint, body in connection.execute(_HOLDS).fetchall():
        try:
            act = read_act(body).act
        except ValueError:
            continue
        if isinstance(act, Happening):
            found.setdefault(endpoint, Removed()).take(act)
    return any(
        connection.execute(_of(_HELD, month), _covered(endpoint, hold)).fetchone() is not None
        for endpoint, removed in found.items()
        for hold in removed.holds.values()
    )


def _covered(endpoint: int, hold: LegalHold) -> dict[str, object]:
    """Return what a hold covers; what an endpoint wrote there that is none of it covers all."""
    script, user = (one if isinstance(one, str) else None for one in (hold.script, hold.user))
    since, until = map(_time, (hold.since_us, hold.until_us))
    return {
        "endpoint": endpoint,
        "script": script,
        "user": user,
        "since": since,
        "until": until,
    }


def _time(micros: object) -> datetime | None:
    if type(micros) is not int:
        return None
    try:
        return datetime.fromtimestamp(micros / _MICROS, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def note_dropped(connection: Connection, *, note: str, who: Who, now: datetime) -> int:
    """Note that what is missing was dropped by hand, so that the chains fit on over it and the sums
    stay; return how many entries. Raises InputError where none is missing.
    """
    entries = 0
    holes = connection.execute(_HOLES).fetchall()
    for endpoint in sorted({row[1] for row in holes}):
        make_all_alone(connection, endpoint)
        keep_dropped(connection, endpoint)
    for number, _, first, last, end, head in holes:
        told = bytes(head) if last == end else _before(connection, number, last + 1)
        connection.execute(_RUN, (number, first, last, told, last - first + 1))
        entries += last - first + 1
    if not entries:
        raise InputError("Nothing is missing: every month is here, or known to be removed.")
    facts = {"entries": entries}
    chained(connection, Word.MONTHS_NOTED, "months", who=who, note=note, now=now, facts=facts)
    return entries


def _before(connection: Connection, chain: int, seq: int) -> bytes:
    """Return the hash before an entry; empty where the entry is not here."""
    kept = entries_of(connection, chain, seq)
    if kept is None:
        return b""
    return kept.hash_before(seq) or b""


def entries_removed(connection: Connection) -> int:
    """Return how many entries were removed here, as the deeds tell."""
    words = [Word.MONTH_REMOVED.value, Word.MONTHS_NOTED.value]
    bodies = connection.execute(_TOLD, (words,)).fetchall()
    return sum(int(orjson.loads(body)["facts"]["entries"]) for (body,) in bodies)


def removed_at(connection: Connection, month: date) -> datetime | None:
    """Return when a month was removed here; None where it was not."""
    query = "SELECT at FROM removed_months WHERE month = %s"
    row = connection.execute(query, (month,)).fetchone()
    return None if row is None else row[0]


def _over(connection: Connection, here: list[date], now: datetime) -> list[date]:
    kept = kept_months(connection)
    if not kept:
        return []
    oldest = now.year * 12 + now.month - 1 - kept
    return sorted(month for month in here if month.year * 12 + month.month - 1 < oldest)


def _is_here(connection: Connection, month: date) -> bool:
    there = {row[0] for row in connection.execute(_HERE).fetchall()}
    return _name("records", month) in there


def _month(name: str) -> date | None:
    """Return the month of a partition; None where somebody named it otherwise."""
    try:
        return datetime.strptime(name.partition("_")[2], "%Y_%m").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def _after(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _begin(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=UTC)


def _name(table: str, month: date) -> str:
    return f"{table}_{month:%Y_%m}"


def _of(query: str, month: date) -> sql.Composed:
    names = {t: sql.Identifier(_name(t, month)) for t in ("uploads", "records")}
    return sql.SQL(query).format(**names)
