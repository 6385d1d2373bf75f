"""The desk of the fleet: one case for what versions of a script send to one destination with one
kind of account, on all machines; who works on it, and what was said.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, LiteralString

from core.decision import HoldOutcome, hold_word
from core.errors import InputError
from core.review import CaseFilter, Disposition, Order
from core.rights import Who, actor
from core.text import printable
from evidence.rollup import COMES_BACK
from hub.case_list import look
from hub.case_pages import Clause, Told, in_order, where
from hub.case_senders import senders
from hub.council import PERSONS, Council
from hub.database import Connection
from hub.deeds import Word, chained, deeds_about
from hub.questions import Row, found_rows, rows
from hub.review_cases import asks_held, ended
from hub.totals import refuse_unmade

_LIST: LiteralString = "SELECT * FROM desk_cases WHERE "
_ONE = """SELECT number, family, name, destination, account, assigned_to, assigned_at
    FROM fleet_cases WHERE number = %(number)s"""
_THERE: LiteralString = """WITH there AS MATERIALIZED (
        SELECT p.number, p.endpoint, p.person, p.path, x.sha256
            FROM scripts x JOIN places p ON p.script = x.number
            WHERE x.family = %(family)s AND x.name = %(name)s
        UNION ALL SELECT p.number, p.endpoint, p.person, p.path, NULL FROM places p
            WHERE %(family)s = 0 AND p.script IS NULL AND p.path = %(name)s),
    sent AS (SELECT number FROM destinations WHERE name = %(destination)s),
    by AS (SELECT number FROM words WHERE word = %(account)s)"""
_INSIDE: LiteralString = (
    _THERE  # noqa: S608 - both are constants
    + """ SELECT e.name AS endpoint, e.grouped, coalesce(w.name, '') AS person,
        coalesce(encode(t.sha256, 'hex'), '') AS sha256, t.path,
        (min(s.first_at) AT TIME ZONE 'UTC')::date AS day,
        (max(s.last_at) AT TIME ZONE 'UTC')::date AS last, max(s.last_at) AS last_at,
        sum(s.records)::bigint AS records,
        sum(s.bytes_went)::bigint AS bytes, array_agg(DISTINCT s.kinds) AS kindsets,
        array_agg(DISTINCT o.word) AS outcomes
    FROM there t JOIN totals s ON s.place = t.number JOIN endpoints e ON e.number = t.endpoint
        LEFT JOIN people w ON w.number = t.person JOIN words o ON o.number = s.outcome
    WHERE s.review AND s.destination = (SELECT number FROM sent)
        AND s.account = (SELECT number FROM by)
    GROUP BY e.name, e.grouped, w.name, t.sha256, t.path ORDER BY day, e.name"""
)
_DAYS: LiteralString = (
    _THERE  # noqa: S608 - both are constants
    + """ SELECT s.day, count(DISTINCT t.endpoint) AS machines
    FROM there t JOIN sums s ON s.place = t.number
    WHERE s.review AND s.destination = (SELECT number FROM sent)
        AND s.account = (SELECT number FROM by) AND s.day > %(after)s
    GROUP BY s.day ORDER BY s.day"""
)
_PEOPLE: LiteralString = (
    _THERE  # noqa: S608 - all are constants
    + " SELECT "
    + PERSONS
    + """ FROM there t JOIN totals s ON s.place = t.number
        JOIN people w ON w.number = t.person
    WHERE s.review AND s.destination = (SELECT number FROM sent)
        AND s.account = (SELECT number FROM by)"""
)
_HELD_CUT: LiteralString = (
    _THERE  # noqa: S608 - both are constants
    + """ SELECT count(*) FROM there t JOIN how_sent s ON s.place = t.number
        JOIN hows h ON h.number = s.how AND h.ending = ANY(%(back)s::text[])
        JOIN records r ON r.place = t.number AND r.how = s.how
        JOIN chains c ON c.number = r.chain AND c.state <> 'superseded'
    WHERE r.review AND r.went AND r.destination = (SELECT number FROM sent)
        AND r.account = (SELECT number FROM by)
        AND s.destination = r.destination AND s.account = r.account
        AND r.outcome = (SELECT number FROM words WHERE word = 'hold')"""
)
_BACK = [hold_word(ending) for ending in HoldOutcome if not ending.released]
_DAYS_TOLD = timedelta(days=35)
"""What the desk draws, and some days more."""
_KINDS = "SELECT number, kinds FROM kindsets WHERE number = ANY(%(numbers)s)"
_ASSIGN = "UPDATE fleet_cases SET assigned_to = %s, assigned_at = %s WHERE number = %s"
_CLOSE = """UPDATE fleet_cases SET closed_at = %s, closed_by = %s, disposition = %s,
    comes_back = %s, closed_kinds = %s WHERE number = %s"""
_REOPEN = """UPDATE fleet_cases SET closed_at = NULL, closed_by = NULL, disposition = NULL
    WHERE number = %s AND closed_at IS NOT NULL"""
_MOST_MACHINES = 20


def cases(connection: Connection, *, closed_too: bool = False, most: int = 100) -> list[Row]:
    """Return cases with their numbers, those that are open on most machines first."""
    look(connection)
    return _page(connection, ("true" if closed_too else "is_open", ()), None, 0, most)


def page(
    connection: Connection, wanted: CaseFilter, offset: int, limit: int, shown: Council
) -> list[Row]:
    """Return rows of the list as it stands, in the order of the filter."""
    condition, values = where(wanted, _told(connection, shown))
    return _page(connection, (condition, values), wanted.order, offset, limit)


def _told(connection: Connection, shown: Council) -> Told:
    few = shown.agreed.smallest_group if shown.agreed.pseudonyms else 0
    return Told(senders=partial(senders, connection, shown), of_few=few)


def _page(
    connection: Connection, clause: Clause, order: Order | None, offset: int, limit: int
) -> list[Row]:
    condition, values = clause
    query = _LIST + condition + " ORDER BY " + in_order(order) + " LIMIT %s OFFSET %s"
    return found_rows(connection, query, (*values, limit, offset))


def listed(connection: Connection, number: int) -> Row | None:
    """Return a row of the list; None where there is none of this number."""
    found = found_rows(connection, _LIST + "number = %s", (number,))
    return found[0] if found else None


def called(connection: Connection, script: str, families: Sequence[int], limit: int) -> list[Row]:
    """Return the rows of the script of this name, or of these families of versions."""
    query = _LIST + "(name = %s OR family = ANY(%s)) ORDER BY " + in_order(Order.RISK) + " LIMIT %s"
    return found_rows(connection, query, (script, list(families), limit))


def totals(connection: Connection, wanted: CaseFilter, shown: Council) -> Row:
    """Return how many cases match, how many are open, their records and when the last was."""
    condition, values = where(wanted, _told(connection, shown))
    query: LiteralString = (
        "SELECT count(*) AS cases, count(*) FILTER (WHERE is_open) AS open, "  # noqa: S608
        "coalesce(sum(records), 0)::bigint AS records, max(last_at) AS last_at FROM desk_cases "
        "WHERE " + condition
    )
    return found_rows(connection, query, values)[0]


def case(connection: Connection, number: int, shown: Council) -> Row:
    """Return all of one case, people as far as was agreed on. Raises InputError."""
    row = _found(connection, number)
    inside = rows(connection, _INSIDE, row)
    people = sorted({one["person"] for one in inside if one["person"]})
    agreed = shown.agreed
    told, count = shown.told_apart(people)
    machines = sorted({one["endpoint"] for one in inside})
    kinds = rows(connection, _KINDS, {"numbers": _all(inside, "kindsets")})
    return {
        **{name: row[name] for name in ("number", "name", "destination", "account")},
        "assigned_to": row["assigned_to"],
        "endpoints": len(machines),
        # A machine is, as a rule, one person's: where names are not shown, it is not named either.
        "machines": [] if agreed.pseudonyms else machines[:_MOST_MACHINES],
        "people": told,
        "people_told": count,
        "groups": shown.groups(_senders_by_group(inside)),
        "paths": sorted({shown.path(one["path"], people) for one in inside})[:5],
        "versions": _versions(inside),
        "spread": _machines_by_day(connection, row, inside),
        "records": sum(one["records"] for one in inside),
        "bytes": sum(one["bytes"] for one in inside),
        "kinds": _all(kinds, "kinds"),
        "outcomes": _all(inside, "outcomes"),
        "ended": _ended(connection, number),
        "said": [
            {"at": d.at, "who": d.who, "word": d.word, "note": d.note}
            for d in deeds_about(connection, f"case {number}")
        ],
    }


def shown_in(connection: Connection, number: int, shown: Council) -> Council:
    """Return what shows people in the records of a case: where they are too few to be told apart,
    nobody, for who counts records would count them. Raises InputError.
    """
    if not shown.agreed.pseudonyms:
        return shown
    found: Any = connection.execute(_PEOPLE, _found(connection, number)).fetchone()
    return shown.naming_nobody() if shown.are_few(found[0]) else shown


def _ended(connection: Connection, number: int) -> dict[str, int]:
    """Return how often each outcome was, by its word, as the list tells it."""
    row = listed(connection, number)
    if row is None:
        return {}
    return ended(row, held_cut(connection, number) if asks_held(row) else None)


def held_cut(connection: Connection, number: int) -> int:
    """Return how many held requests of a case were stopped after a part of them had left, of those
    whose records are here. Raises InputError.
    """
    values = {**_found(connection, number), "back": _BACK}
    found: Any = connection.execute(_HELD_CUT, values).fetchone()
    return int(found[0])


def _all(found: Sequence[Row], name: str) -> list[Any]:
    """Return what stands in the lists of this name, each once, in order."""
    return sorted({value for one in found for value in one[name]})


def _senders_by_group(inside: Sequence[Row]) -> dict[str, set[str]]:
    groups: dict[str, set[str]] = defaultdict(set)
    for one in inside:
        groups[one["grouped"]].add((one["person"] or one["endpoint"]).casefold())
    return groups


def _machines_by_day(connection: Connection, row: Row, inside: Sequence[Row]) -> dict[str, int]:
    """Return on how many machines it was on each of its last days."""
    if not inside:
        return {}
    after = max(one["last"] for one in inside) - _DAYS_TOLD
    days = rows(connection, _DAYS, {**row, "after": after})
    return {f"{one['day']}": one["machines"] for one in days}


def _versions(inside: Sequence[Row]) -> list[Row]:
    """Return the versions of the script: since when each is known and on how many machines, its
    records and when the last was.
    """
    found: dict[str, list[Row]] = defaultdict(list)
    for one in inside:
        found[one["sha256"]].append(one)
    return [
        {
            "sha256": sha256,
            "since": f"{some[0]['day']}",
            "on": len({one["endpoint"] for one in some}),
            "records": sum(one["records"] for one in some),
            "last_at": max(one["last_at"] for one in some),
        }
        for sha256, some in found.items()
    ]


def assign(
    connection: Connection, number: int, to: str, *, who: Who, note: str, now: datetime
) -> None:
    """Give a case to somebody; to oneself: take it over. Raises InputError."""
    _found(connection, number)
    to = printable(to.strip(), 200)
    if not to:
        raise InputError("To whom?", remedy="--assign NAME, or --take")
    connection.execute(_ASSIGN, (to, now, number))
    word, facts = (Word.TAKEN if to == actor(who).name else Word.ASSIGNED), {"to": to}
    chained(connection, word, f"case {number}", who=who, note=note, now=now, facts=facts)


def comment(connection: Connection, number: int, *, who: Who, note: str, now: datetime) -> None:
    """Say something about a case. Raises InputError."""
    _found(connection, number)
    if not note.strip():
        raise InputError("Nothing is said.", remedy="--comment TEXT")
    chained(connection, Word.COMMENTED, f"case {number}", who=who, note=note, now=now)


def close(
    connection: Connection,
    number: int,
    disposition: Disposition,
    *,
    who: Who,
    note: str,
    now: datetime,
) -> None:
    """Close a case for the whole fleet, with why. Raises InputError."""
    inside = rows(connection, _INSIDE, _found(connection, number))
    sets = sorted({one for row in inside for one in row["kindsets"]})
    kinds = [",".join(one["kinds"]) for one in rows(connection, _KINDS, {"numbers": sets})]
    back = disposition.value in COMES_BACK
    by = printable(actor(who).name, 200)
    connection.execute(_CLOSE, (now, by, disposition.value, back, sorted(kinds), number))
    facts = {"disposition": disposition.value}
    chained(connection, Word.CLOSED, f"case {number}", who=who, note=note, now=now, facts=facts)


def reopen(connection: Connection, number: int, *, who: Who, note: str, now: datetime) -> None:
    """Open a case again that was closed here. Raises InputError."""
    _found(connection, number)
    if connection.execute(_REOPEN, (number,)).rowcount == 0:
        raise InputError("It was not closed at the hub.", remedy="See: outgate hub review --all")
    chained(connection, Word.REOPENED, f"case {number}", who=who, note=note, now=now)


def _found(connection: Connection, number: int) -> dict[str, Any]:
    refuse_unmade(connection)
    found = rows(connection, _ONE, {"number": number}) if 0 < number < 1 << 31 else []
    if not found:
        raise InputError("There is no such case.", remedy="See: outgate hub review")
    return found[0]
