"""The list of the desk's cases in the database, added up from sums and acts, and when it is made
anew: at once while that is quick, else now and then by a hub that serves. What people at the desk
decide stands in it at once.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from core.vocabulary.sizes import counted
from evidence.rollup import COMES_BACK
from hub.database import Connection
from hub.questions import JUDGED, Row, rows
from hub.review_cases import COLUMNS, derived
from hub.totals import left, refuse_unmade

_LOCK = 0x4F474443
"""Number of the lock under which the list is changed; triggers of the schema take it, too."""
_QUICK_MS = 300
"""What takes no longer is done whenever something was shipped."""
_EVERY_S, _WANTED_S = 120, 600
"""Nobody waits for hubs that do not serve; nobody makes a list that no desk has asked for."""
_ASKED_S = 60
_KEYS = ("family", "name", "destination", "account")
_COMPARED = (
    *("endpoints", "open_on", "records", "bytes", "found", "first_at", "last_at"),
    *("went", "most_rows", "people", "most_values"),
    *("certain", "endings", "rules", "models"),
    *("outcomes", "times", "lefts", "newest", "kindsets"),
    *("closed_here", "disposition", "assigned_to", "comments"),
)
_CLOSED: LiteralString = """coalesce(c.closed_at IS NOT NULL
        AND (NOT c.comes_back OR {0}.last_at <= c.closed_at)
        AND {0}.kindsets <@ c.closed_kinds, false)"""
_COMMENTS: LiteralString = """(SELECT about, count(*) AS comments FROM hub_deeds
        WHERE word = 'commented' GROUP BY about) AS m ON m.about = 'case ' || c.number"""
_FRESH: LiteralString = (
    JUDGED  # noqa: S608 - all are constants
    + """, grouped AS (
    SELECT coalesce(family, 0) AS family, name, destination, account,
        count(DISTINCT endpoint) AS endpoints,
        count(DISTINCT endpoint) FILTER (WHERE closed IS NOT TRUE) AS open_on,
        sum(records)::bigint AS records, sum(bytes)::bigint AS bytes, max(found) AS found,
        min(first_at) AS first_at, max(last_at) AS last_at,
        sum(CASE WHEN outcome = 'past' THEN records ELSE went END)::bigint AS went,
        max(most_rows)::bigint AS most_rows, max(most_people)::bigint AS people,
        max(most_values)::bigint AS most_values,
        (array_agg(outcome ORDER BY last_at DESC, outcome))[1] AS newest,
        array_agg(DISTINCT array_to_string(kinds, ',')) AS kindsets
    FROM judged GROUP BY 1, 2, 3, 4),
    ended AS (
        SELECT family, name, destination, account, array_agg(outcome ORDER BY outcome) AS outcomes,
            array_agg(records ORDER BY outcome) AS times, array_agg(went ORDER BY outcome) AS lefts
        FROM (SELECT coalesce(family, 0) AS family, name, destination, account, outcome,
                sum(records)::bigint AS records, sum(went)::bigint AS went
            FROM judged GROUP BY 1, 2, 3, 4, 5) AS by_outcome GROUP BY 1, 2, 3, 4),
    came AS (
        SELECT coalesce(x.family, 0) AS family, coalesce(x.name, p.path) AS name,
            d.name AS destination, a.word AS account,
            (array_agg(h.certain ORDER BY s.last_at DESC, h.number DESC))[1] AS certain,
            array_agg(DISTINCT h.ending) FILTER (WHERE h.ending <> '') AS endings,
            (array_agg(DISTINCT h.rule) FILTER (WHERE h.rule <> ''))[1:100] AS rules,
            (array_agg(DISTINCT h.model) FILTER (WHERE h.model <> ''))[1:100] AS models
        FROM how_sent s JOIN hows h ON h.number = s.how JOIN places p ON p.number = s.place
            LEFT JOIN scripts x ON x.number = p.script
            JOIN destinations d ON d.number = s.destination JOIN words a ON a.number = s.account
        GROUP BY 1, 2, 3, 4),
    fresh AS (SELECT c.number, g.*, e.outcomes, e.times, e.lefts, coalesce(h.certain, '') AS certain,
        coalesce(h.endings, '{}') AS endings, coalesce(h.rules, '{}') AS rules,
        coalesce(h.models, '{}') AS models, """
    + _CLOSED.format("g")
    + """ AS closed_here, c.disposition, c.assigned_to, coalesce(m.comments, 0) AS comments
        FROM grouped g JOIN ended e ON (e.family, e.name, e.destination, e.account)
            = (g.family, g.name, g.destination, g.account)
        LEFT JOIN fleet_cases c ON (c.family, c.name, c.destination, c.account)
            = (g.family, g.name, g.destination, g.account)
        LEFT JOIN came h ON (h.family, h.name, h.destination, h.account)
            = (g.family, g.name, g.destination, g.account)
        LEFT JOIN """
    + _COMMENTS
    + """)
    SELECT d.number AS listed, f.* FROM fresh f FULL JOIN desk_cases d ON d.number = f.number
    WHERE d.number IS NULL OR f.number IS NULL OR d.risk < 0 OR ("""
    + ", ".join(f"f.{name}" for name in (*_KEYS, *_COMPARED))
    + ") IS DISTINCT FROM ("
    + ", ".join(f"d.{name}" for name in (*_KEYS, *_COMPARED))
    + ")"
)
_DECIDED: LiteralString = (
    "SELECT * FROM (SELECT d.number AS listed, d.number, "  # noqa: S608 - all are constants
    + ", ".join(f"d.{name}" for name in (*_KEYS, *_COMPARED[:-4]))
    + ", "
    + _CLOSED.format("d")
    + """ AS closed_here, c.disposition, c.assigned_to, coalesce(m.comments, 0) AS comments,
        (d.closed_here, d.disposition, d.assigned_to, d.comments) AS before
        FROM desk_cases d JOIN fleet_cases c ON c.number = d.number LEFT JOIN """
    + _COMMENTS
    + """) AS now
    WHERE (closed_here, disposition, assigned_to, comments) IS DISTINCT FROM before"""
)
_NUMBER = """INSERT INTO fleet_cases (family, name, destination, account)
    SELECT * FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[])
    ON CONFLICT (family, name, destination, account) DO UPDATE SET name = EXCLUDED.name
    RETURNING family, name, destination, account, number"""
_COPY: LiteralString = (
    "COPY desk_cases (" + ", ".join(("number", *_KEYS, *_COMPARED, *COLUMNS)) + ") FROM STDIN"
)
_STANDS = """SELECT (SELECT coalesce(sum(last), 0)::bigint FROM chains),
    (SELECT coalesce(max(seq), 0) FROM hub_deeds)"""
_STATE = """SELECT entries, deeds, made, took_ms,
        extract(epoch FROM clock_timestamp() - at)::float AS age_s,
        extract(epoch FROM clock_timestamp() - asked_at)::float AS asked_s FROM desk_state"""
_NOTE = """INSERT INTO desk_state (entries, deeds, made, at, took_ms, asked_at)
    VALUES (%s, %s, %s, clock_timestamp(), %s, clock_timestamp())
    ON CONFLICT (one) DO UPDATE SET entries = EXCLUDED.entries, deeds = EXCLUDED.deeds,
        made = EXCLUDED.made, at = EXCLUDED.at, took_ms = EXCLUDED.took_ms"""
_NOTE_DEEDS = "UPDATE desk_state SET deeds = %s, made = made + 1"
_BACK = {"back": list(COMES_BACK)}
_ASKED = "UPDATE desk_state SET asked_at = clock_timestamp()"


@dataclass(frozen=True, slots=True)
class _State:
    entries: int
    deeds: int
    made: int
    took_ms: int
    age_s: float
    asked_s: float


def look(connection: Connection) -> int:
    """Bring the list up to date as far as somebody at a desk would wait for it, inside the caller's
    transaction; return a number that changes when the list does.
    """
    state, stands = _state(connection), _stands(connection)
    if state is not None and _is_good(state, stands):
        if state.asked_s > _ASKED_S:
            connection.execute(_ASKED)
        return state.made
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    state, stands = _state(connection), _stands(connection)  # somebody else may have done it
    if state is None or _is_due(state, stands):
        made = _made_anew(connection, state, stands)
        connection.execute(_ASKED)
        return made
    if state.deeds != stands[1]:
        _put(connection, rows(connection, _DECIDED, {}))
        connection.execute(_NOTE_DEEDS, (stands[1],))
        return state.made + 1
    return state.made


def keep_up(connection: Connection) -> bool:
    """Make the list anew where a desk was open lately and something was shipped since; return
    whether it was. Hubs that serve do this now and then.
    """
    state = _state(connection)
    if state is None or state.asked_s > _WANTED_S or state.entries == _stands(connection)[0]:
        return False
    if left(connection):
        return False
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    state, stands = _state(connection), _stands(connection)
    if state is not None and state.entries == stands[0]:
        return False
    _made_anew(connection, state, stands)
    return True


def list_problem(connection: Connection) -> str | None:
    """Return what of the list is not what sums, acts and deeds say; None where it is due to be made
    anew before somebody looks at it.
    """
    state, stands = _state(connection), _stands(connection)
    if state is None or (state.entries, state.deeds) != stands:
        return None
    listed = {row["number"]: row for row in rows(connection, "SELECT * FROM desk_cases", {})}
    wrong = {row["number"] or row["listed"] for row in rows(connection, _FRESH, _BACK)}
    for number, row in listed.items():
        more = derived(row)
        wrong |= {number} if any(row[name] != more[name] for name in COLUMNS) else set()
    return f"{counted(len(wrong), 'case')} of the list are not what the sums say" if wrong else None


def _is_good(state: _State, stands: tuple[int, int]) -> bool:
    return state.deeds == stands[1] and not _is_due(state, stands)


def _is_due(state: _State, stands: tuple[int, int]) -> bool:
    is_worth_it = state.took_ms <= _QUICK_MS or state.age_s > _EVERY_S
    return state.entries != stands[0] and is_worth_it


def _state(connection: Connection) -> _State | None:
    row = connection.execute(_STATE).fetchone()
    return None if row is None else _State(*row)


def _stands(connection: Connection) -> tuple[int, int]:
    row = connection.execute(_STANDS).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def _made_anew(connection: Connection, state: _State | None, stands: tuple[int, int]) -> int:
    refuse_unmade(connection)
    began = time.monotonic()
    found = rows(connection, _FRESH, _BACK)
    _number([row for row in found if row["name"] is not None and row["number"] is None], connection)
    _put(connection, found)
    made = int(time.time() * 1000) if state is None else state.made + 1
    took = min(int((time.monotonic() - began) * 1000), 1 << 30)
    connection.execute(_NOTE, (*stands, made, took))
    return made


def _number(new: Sequence[Row], connection: Connection) -> None:
    """Give numbers to cases that have none; they keep them."""
    if not new:
        return
    keys = [[row[name] for row in new] for name in _KEYS]
    numbers = {tuple(one[:4]): one[4] for one in connection.execute(_NUMBER, keys).fetchall()}
    for row in new:
        row["number"] = numbers[tuple(row[name] for name in _KEYS)]


def _put(connection: Connection, found: Iterable[Row]) -> None:
    """Put changed rows into the list, and take those out of which nothing is left."""
    found = list(found)
    gone = [row["listed"] for row in found if row["listed"] is not None]
    there = [row for row in found if row["number"] is not None]
    if gone:
        connection.execute("DELETE FROM desk_cases WHERE number = ANY(%s)", (gone,))
    if not there:
        return
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for row in there:
            copy.write_row(_line(row))


def _line(row: Row) -> list[Any]:
    more = derived(row)
    named = [row[name] for name in ("number", *_KEYS, *_COMPARED)]
    return [*named, *(more[name] for name in COLUMNS)]
