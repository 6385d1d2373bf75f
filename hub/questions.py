"""What is asked of the hub: the state of the fleet, its endpoints, scripts, cases and alarms, and
who had a package. Every answer is read by indexes and from sums; only the words are read of texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString

from psycopg.rows import dict_row

from evidence.rollup import COMES_BACK
from hub import how_rows, rows_again
from hub.approvals import approved_by
from hub.database import Connection
from hub.room import OTHERS
from hub.totals import left, refuse_unmade
from hub.watching import away_since, silent_before

type Row = dict[str, Any]

_STATUS = """SELECT
    (SELECT count(*) FROM endpoints WHERE revoked_at IS NULL) AS endpoints,
    (SELECT count(*) FROM endpoints WHERE revoked_at IS NOT NULL) AS revoked,
    (SELECT count(*) FROM endpoints WHERE revoked_at IS NULL AND seen_at < %(silent)s) AS silent,
    (SELECT coalesce(sum(last), 0) FROM chains WHERE kind = 'records' AND state <> 'superseded')
        AS records,
    (SELECT coalesce(sum(last), 0) FROM chains WHERE kind = 'acts' AND state <> 'superseded')
        AS acts,
    (SELECT count(DISTINCT family) FROM scripts) AS scripts,
    (SELECT count(*) FROM alarms WHERE ended_at IS NULL) AS alarms,
    (SELECT count(*) FROM erasures WHERE done_at IS NULL) AS erasures_open,
    (SELECT count(*) FROM erasures WHERE done_at IS NOT NULL AND swept_at IS NULL)
        AS erasures_unswept,
    (SELECT max(version) FROM hub_schema) AS schema"""
_ENDPOINTS = """SELECT e.id::text AS id, e.name, e.grouped AS "group", e.version,
        e.enrolled_at, e.seen_at, e.revoked_at, e.clock_off_s, e.policy, e.approvals,
        e.trouble, e.revoked_at IS NULL AND e.seen_at < %(silent)s AS silent,
        (SELECT coalesce(sum(c.last), 0)::bigint FROM chains c
            WHERE c.endpoint = e.number AND c.kind = 'records' AND c.state <> 'superseded')
            AS records,
        (SELECT array_agg(a.kind ORDER BY a.kind) FROM alarms a
            WHERE a.endpoint = e.number AND a.ended_at IS NULL) AS alarms
    FROM endpoints e ORDER BY e.name, e.number"""
ROOM = "SET LOCAL work_mem = '64MB'"
"""For a question about all senders: what does not fit is sorted on disk, three times as slow."""
_SCRIPTS = """WITH besides AS MATERIALIZED (
        SELECT coalesce((SELECT number FROM words WHERE word = 'observed'), 0) AS number),
    sums_of AS MATERIALIZED (
        SELECT place, sum(records)::bigint AS records FROM totals
        WHERE outcome <> (SELECT number FROM besides) GROUP BY place),
    seen AS (
        SELECT x.family, p.endpoint, sum(s.records)::bigint AS records
        FROM sums_of s JOIN places p ON p.number = s.place JOIN scripts x ON x.number = p.script
        GROUP BY 1, 2),
    first AS MATERIALIZED (
        SELECT family, count(*) AS endpoints, sum(records)::bigint AS records
        FROM seen GROUP BY family
        ORDER BY endpoints DESC, records DESC, family LIMIT %(most)s),
    there AS MATERIALIZED (
        SELECT x.family, x.name, encode(x.sha256, 'hex') AS sha256, p.number AS place, p.path,
            w.name AS person
        FROM first f JOIN scripts x ON x.family = f.family JOIN places p ON p.script = x.number
            LEFT JOIN people w ON w.number = p.person),
    sent AS MATERIALIZED (
        SELECT t.family, s.destination, s.kinds, sum(s.went)::bigint AS went,
            sum(s.bytes_went)::bigint AS bytes, min(s.first_at) AS first_at,
            max(s.last_at) AS last_at
        FROM there t JOIN totals s ON s.place = t.place
        WHERE s.outcome <> (SELECT number FROM besides) GROUP BY 1, 2, 3),
    ranked AS (
        SELECT f.family, f.endpoints, f.records, sum(s.went)::bigint AS went,
            sum(s.bytes)::bigint AS bytes, min(s.first_at) AS first_at, max(s.last_at) AS last_at
        FROM first f JOIN sent s ON s.family = f.family GROUP BY 1, 2, 3),
    owned AS (
        SELECT family, min(name) AS name, array_agg(DISTINCT sha256) AS versions,
            array_agg(DISTINCT person) FILTER (WHERE person IS NOT NULL) AS people,
            (array_agg(DISTINCT path))[1:5] AS paths
        FROM there GROUP BY family),
    told AS (
        SELECT s.family, array_agg(DISTINCT d.name) AS destinations
        FROM sent s JOIN destinations d ON d.number = s.destination GROUP BY s.family),
    found AS (
        SELECT s.family, array_agg(DISTINCT one) AS kinds
        FROM sent s JOIN kindsets k ON k.number = s.kinds, unnest(k.kinds) AS one GROUP BY s.family)
    SELECT o.family AS id, o.name, o.versions, o.people, o.paths, r.endpoints, r.records, r.went,
        r.bytes, r.first_at, r.last_at, told.destinations, coalesce(found.kinds, '{}') AS kinds
    FROM owned o JOIN ranked r ON r.family = o.family JOIN told ON told.family = o.family
        LEFT JOIN found ON found.family = o.family
    ORDER BY r.endpoints DESC, r.records DESC, o.family"""
_SPREAD = """SELECT x.family, s.day, count(DISTINCT p.endpoint) AS endpoints,
        sum(s.records)::bigint AS records
    FROM sums s JOIN places p ON p.number = s.place JOIN scripts x ON x.number = p.script
    WHERE x.family = ANY(%(families)s) AND s.day > %(after)s
    GROUP BY x.family, s.day ORDER BY s.day"""
SPREAD_DAYS = timedelta(days=35)
"""For how many days back it is told how a script spread: all of them are read for it."""
JUDGED: LiteralString = r"""WITH alike AS (
        SELECT p.endpoint, p.path, x.family, coalesce(x.name, p.path) AS name,
            d.name AS destination, a.word AS account, k.kinds, o.word AS outcome,
            sum(s.records)::bigint AS records, sum(s.bytes_went)::bigint AS bytes,
            max(s.found) AS found, min(s.first_at) AS first_at, max(s.last_at) AS last_at,
            sum(s.went)::bigint AS went, max(s.most_rows) AS most_rows,
            max(s.most_people) AS most_people, max(s.most_values) AS most_values
        FROM totals s JOIN places p ON p.number = s.place
            LEFT JOIN scripts x ON x.number = p.script
            JOIN destinations d ON d.number = s.destination JOIN words a ON a.number = s.account
            JOIN kindsets k ON k.number = s.kinds JOIN words o ON o.number = s.outcome
        WHERE s.review
        GROUP BY p.endpoint, p.path, x.family, coalesce(x.name, p.path), d.name, a.word, k.kinds,
            o.word),
    judged AS (
        SELECT alike.*, said.word = 'close' AND alike.first_at <= said.at AND NOT (
            said.disposition = ANY(%(back)s) AND alike.last_at > said.at) AS closed
        FROM alike LEFT JOIN LATERAL (
            SELECT t.word, t.disposition, t.at FROM acts t JOIN chains c ON c.number = t.chain
            WHERE t.case_key IN (
                    concat_ws(E'\x1f', alike.path, alike.destination, alike.account),
                    concat_ws(E'\x1f', alike.path, alike.destination, alike.account,
                        array_to_string(alike.kinds, ','), alike.outcome),
                    concat_ws(E'\x1f', alike.path, alike.destination,
                        array_to_string(alike.kinds, ','), alike.outcome))
                AND c.endpoint = alike.endpoint AND c.state <> 'superseded'
                AND t.word IN ('close', 'reopen')
            ORDER BY t.at DESC, t.seq DESC LIMIT 1) AS said ON true)"""
"""Alike records of each endpoint that somebody should see; whether its reviewers closed them."""
_CASES: LiteralString = (
    JUDGED  # noqa: S608 - both are constants
    + """
    SELECT name AS script, family, destination, account, kinds, outcome,
        count(DISTINCT endpoint) AS endpoints,
        count(DISTINCT endpoint) FILTER (WHERE closed IS NOT TRUE) AS open_on,
        sum(records)::bigint AS records, sum(bytes)::bigint AS bytes,
        min(first_at) AS first_at, max(last_at) AS last_at
    FROM judged GROUP BY name, family, destination, account, kinds, outcome
    HAVING %(all)s OR bool_or(closed IS NOT TRUE)
    ORDER BY open_on DESC, last_at DESC LIMIT %(most)s"""
)
_ALARMS = """SELECT a.number, e.name AS endpoint, e.id::text AS endpoint_id, a.chain, a.kind, a.words,
        a.first_at, a.last_at, a.times, a.ended_at, a.ended_by, a.note
    FROM alarms a JOIN endpoints e ON e.number = a.endpoint
    WHERE %(all)s OR a.ended_at IS NULL ORDER BY a.ended_at IS NOT NULL, a.last_at DESC
    LIMIT %(most)s"""
_VERSIONS = "SELECT number, name, version FROM packages WHERE name = %(name)s"
_HAD = """SELECT x.number AS script, x.name, encode(x.sha256, 'hex') AS sha256, e.number AS endpoint,
        e.name AS on_endpoint, p.name AS package, p.version, h.imported
    FROM had h JOIN packages p ON p.number = h.package JOIN scripts x ON x.number = h.script
        JOIN endpoints e ON e.number = h.endpoint
    WHERE h.package = ANY(%(packages)s) ORDER BY x.name, x.sha256, e.name"""
_SENT = """SELECT p.script, p.endpoint, d.name AS place,
        sum(s.records)::bigint AS requests, sum(s.went)::bigint AS went,
        coalesce(sum(s.records) FILTER (WHERE o.word = 'past'), 0)::bigint AS past,
        sum(s.bytes_went)::bigint AS bytes, array_agg(DISTINCT k.number) AS kindsets,
        array_agg(DISTINCT w.name) FILTER (WHERE w.name IS NOT NULL) AS people,
        min(s.first_at) AS first_at, max(s.last_at) AS last_at
    FROM totals s JOIN places p ON p.number = s.place JOIN destinations d ON d.number = s.destination
        JOIN kindsets k ON k.number = s.kinds LEFT JOIN people w ON w.number = p.person
        JOIN words o ON o.number = s.outcome
    WHERE p.script = ANY(%(scripts)s) AND o.word <> 'observed' GROUP BY p.script, p.endpoint, d.name
    ORDER BY bytes DESC"""
_KINDS = "SELECT number, kinds FROM kindsets WHERE number = ANY(%(numbers)s)"
_UNKNOWN = """SELECT count(*) FROM places p WHERE p.script IS NOT NULL AND NOT EXISTS
    (SELECT 1 FROM made_of m WHERE m.endpoint = p.endpoint AND m.script = p.script AND m.known)"""
_UNTOLD = """SELECT count(*) FROM places
    WHERE path = %s AND script IS NULL AND person IS NULL"""
MOST = 500


def status(connection: Connection, now: datetime) -> Row:
    """Return the state of the fleet."""
    found = rows(connection, _STATUS, {"silent": silent_before(connection, now)})[0]
    away, lacking = away_since(connection, now), left(connection)
    unread = how_rows.LATER.left(connection)
    more = {"hub_away_since": away, "totals_to_make": lacking, "hows_to_read": unread}
    more["rows_to_read"] = rows_again.LATER.left(connection)
    return {**found, **more}


def endpoints(connection: Connection, now: datetime) -> list[Row]:
    """Return all endpoints, by name."""
    found = rows(connection, _ENDPOINTS, {"silent": silent_before(connection, now)})
    return [{**row, "alarms": row["alarms"] or []} for row in found]


def scripts(connection: Connection, most: int = MOST) -> list[Row]:
    """Return scripts, each once for the whole fleet: versions, owners, what they sent, and which
    versions are approved for the fleet now (`approved`: SHA-256 → by whom).
    """
    refuse_unmade(connection)
    connection.execute(ROOM)
    found = rows(connection, _SCRIPTS, {"most": most})
    approved = approved_by(connection)
    for row in found:
        row["people"] = row["people"] or []
        row["people_told"] = str(len(row["people"]))
        row["approved"] = {one: approved[one] for one in row["versions"] if one in approved}
    return found


def add_spread(connection: Connection, found: Sequence[Row], now: datetime) -> None:
    """Add to scripts how they spread from day to day, of the last days alone: those are read,
    unlike the rest.
    """
    days: dict[int, list[Row]] = {}
    values = {"families": [row["id"] for row in found], "after": (now - SPREAD_DAYS).date()}
    for row in rows(connection, _SPREAD, values):
        days.setdefault(row.pop("family"), []).append(row)
    for row in found:
        row["spread"] = days.get(row["id"], [])


def cases(connection: Connection, *, closed_too: bool = False, most: int = MOST) -> list[Row]:
    """Return cases, alike ones of all endpoints as one, those that are open on most first."""
    refuse_unmade(connection)
    values = {"back": list(COMES_BACK), "all": closed_too, "most": most}
    return rows(connection, _CASES, values)


def alarms(connection: Connection, *, ended_too: bool = False, most: int = MOST) -> list[Row]:
    """Return alarms, those that are open first."""
    return rows(connection, _ALARMS, {"all": ended_too, "most": most})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunted:
    """Who had a package."""

    had: Sequence[Row]
    """One for each version of a script on an endpoint, with what it sent."""
    unknown: int
    """Versions of scripts on endpoints of which nobody knows what they are made of."""
    untold: int
    """Endpoints with more senders than are told apart: of those it is not known either."""


def versions_of(connection: Connection, name: str) -> list[Row]:
    """Return the versions of a package, by its name as compared, that anybody had."""
    return rows(connection, _VERSIONS, {"name": name})


def hunt(connection: Connection, packages: Sequence[int]) -> Hunted:
    """Return who had one of these packages, which scripts, what left, to whom."""
    refuse_unmade(connection)
    had = rows(connection, _HAD, {"packages": list(packages)})
    wanted = sorted({row["script"] for row in had})
    sent = rows(connection, _SENT, {"scripts": wanted})
    numbers = sorted({number for row in sent for number in row["kindsets"]})
    kinds = {row["number"]: row["kinds"] for row in rows(connection, _KINDS, {"numbers": numbers})}
    by_place: dict[tuple[int, int], list[Row]] = {}
    for row in sent:
        sets = row.pop("kindsets")
        row["kinds"] = sorted({kind for number in sets for kind in kinds[number]})
        row["people"] = row["people"] or []
        by_place.setdefault((row.pop("script"), row.pop("endpoint")), []).append(row)
    for row in had:
        row["sent"] = by_place.get((row.pop("script"), row.pop("endpoint")), [])
    unknown = connection.execute(_UNKNOWN).fetchone()
    untold = connection.execute(_UNTOLD, (OTHERS,)).fetchone()
    assert unknown is not None and untold is not None
    return Hunted(had=had, unknown=unknown[0], untold=untold[0])


def rows(connection: Connection, query: LiteralString, values: Row) -> list[Row]:
    """Return what a query finds, by name."""
    return found_rows(connection, query, values)


def found_rows(
    connection: Connection, query: LiteralString, values: Row | Sequence[Any]
) -> list[Row]:
    """Return what a query finds, whose values are named or in order."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()
