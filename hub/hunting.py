"""Hunts for anything but packages in what is known: a destination, a script, a file that was sent,
or what was observed; by indexes, and what these do not tell in the messages themselves.
"""

from collections.abc import Mapping
from typing import LiteralString

from core.vocabulary.fleet import Over
from hub.database import Connection
from hub.file_rows import base_of
from hub.hunting_messages import MOST_READ, in_messages, note_in_messages
from hub.questions import Row, rows
from hub.room import OTHERS
from hub.sought import Sought
from hub.totals import refuse_unmade

MOST = 500
_COLUMNS: LiteralString = """SELECT coalesce(x.name, p.path) AS script,
        encode(x.sha256, 'hex') AS sha256, e.name AS endpoint, d.name AS place,
        o.word = 'observed' AS observed, sum(s.records)::bigint AS requests,
        sum(s.went)::bigint AS went, sum(s.bytes_went)::bigint AS bytes,
        coalesce(sum(s.records) FILTER (WHERE o.word = 'past'), 0)::bigint AS past,
        (SELECT array_agg(DISTINCT one) FROM kindsets k, unnest(k.kinds) AS one
            WHERE k.number = ANY(array_agg(s.kinds))) AS kinds,
        array_agg(DISTINCT w.name) FILTER (WHERE w.name IS NOT NULL) AS people,
        min(s.first_at) AS first_at, max(s.last_at) AS last_at
    FROM totals s JOIN places p ON p.number = s.place JOIN endpoints e ON e.number = p.endpoint
        JOIN destinations d ON d.number = s.destination JOIN words o ON o.number = s.outcome
        LEFT JOIN scripts x ON x.number = p.script LEFT JOIN people w ON w.number = p.person
    WHERE """
_NOTE: LiteralString = """INSERT INTO hunt_sightings (hunt, endpoint, place, records, first_at,
        last_at)
    SELECT %(hunt)s, p.endpoint, s.place, sum(s.records)::bigint, min(s.first_at), max(s.last_at)
    FROM totals s JOIN places p ON p.number = s.place JOIN words o ON o.number = s.outcome
    WHERE """
_GROUPED: LiteralString = """ GROUP BY coalesce(x.name, p.path), x.sha256, e.number, e.name, d.name,
        o.word = 'observed' ORDER BY last_at DESC, endpoint, script LIMIT %(most)s"""
_IN: Mapping[Over, LiteralString] = {
    Over.DESTINATIONS: """o.word <> 'observed' AND s.destination = ANY(ARRAY(
        SELECT number FROM destinations WHERE lower(name) = %(name)s OR name = %(service)s
            OR right(lower(name), length(%(name)s) + 1) = '.' || %(name)s))""",
    Over.SCRIPTS: """s.place = ANY(ARRAY(
        SELECT q.number FROM places q LEFT JOIN scripts y ON y.number = q.script
        WHERE lower(y.name) = %(name)s OR lower(q.path) = %(name)s
            OR right(lower(q.path), length(%(name)s) + 1)
                IN ('/' || %(name)s, chr(92) || %(name)s)
            OR (%(hex)s <> '' AND starts_with(encode(y.sha256, 'hex'), %(hex)s))))""",
    Over.OBSERVATIONS: """o.word = 'observed' AND (s.destination = ANY(ARRAY(
            SELECT number FROM destinations WHERE strpos(lower(name), %(name)s) > 0))
        OR s.kinds = ANY(ARRAY(SELECT number FROM kindsets WHERE kinds = ARRAY[%(name)s])))""",
}

_SENT: LiteralString = """FROM sent_files s JOIN files f ON f.number = s.file
        JOIN chains c ON c.number = s.chain AND c.state <> 'superseded'
        JOIN places p ON p.number = s.place
    WHERE s.file = ANY(ARRAY(
        SELECT number FROM files WHERE (base = %(base)s AND (path = %(typed)s
                OR right(path, length(%(typed)s) + 1)
                    IN ('/' || %(typed)s, chr(92) || %(typed)s)))
            OR (%(hex)s <> '' AND sha256 <> '' AND sha256 COLLATE "C" >= %(hex)s
                AND sha256 COLLATE "C" < %(hex)s || 'g')))
        AND (p.path, coalesce(p.script, p.person, 0)) <> (%(others)s, 0)"""
"""Files by their names as typed, whose last part has an index, or by how their content begins; who
is not told apart stands in the messages.
"""
_HIT: LiteralString = """WITH hit AS (
        SELECT s.place, s.destination, min(f.path) AS what,
            count(DISTINCT (s.chain, s.seq)) AS times,
            count(DISTINCT (s.chain, s.seq)) FILTER (WHERE s.went) AS went,
            coalesce(sum(s.bytes) FILTER (WHERE s.went), 0)::bigint AS bytes,
            array_agg(DISTINCT s.kinds) AS kindsets, min(s.at) AS first_at, max(s.at) AS last_at
        """
_FILES: LiteralString = (
    _HIT  # noqa: S608 - all are constants
    + _SENT
    + """ GROUP BY s.place, s.destination, f.path)
    SELECT coalesce(x.name, p.path) AS script, encode(x.sha256, 'hex') AS sha256,
        e.name AS endpoint, d.name AS place, false AS observed, h.times AS requests, h.went,
        0 AS past, h.bytes, (SELECT array_agg(DISTINCT one) FROM kindsets k, unnest(k.kinds) AS one
            WHERE k.number = ANY(h.kindsets)) AS kinds,
        CASE WHEN w.name IS NULL THEN NULL ELSE ARRAY[w.name] END AS people, h.what,
        h.first_at, h.last_at
    FROM hit h JOIN places p ON p.number = h.place JOIN endpoints e ON e.number = p.endpoint
        JOIN destinations d ON d.number = h.destination
        LEFT JOIN scripts x ON x.number = p.script LEFT JOIN people w ON w.number = p.person
    ORDER BY h.last_at DESC, endpoint, script LIMIT %(most)s"""
)
_NOTE_FILES: LiteralString = (
    """INSERT INTO hunt_sightings (hunt, endpoint, place, records, first_at, last_at)
    SELECT %(hunt)s, p.endpoint, s.place, count(DISTINCT (s.chain, s.seq)), min(s.at), max(s.at) """
    + _SENT
    + " GROUP BY p.endpoint, s.place"
)


def known(connection: Connection, sought: Sought, most: int | None = MOST_READ) -> list[Row]:
    """Return who it was, where it went and how often, the last first; `most`: of an endpoint whose
    records no list tells apart, the newest so many (None: all; see `not_read` in
    `hub.hunting_messages`). Raises NotReadyError.
    """
    values = {**_values(sought), "most": MOST}
    if sought.over is Over.FILES:
        told = [_told(row) for row in rows(connection, _FILES, values)]
    else:
        refuse_unmade(connection)
        query = _COLUMNS + _IN[sought.over] + _GROUPED
        told = [{**_told(row), "what": ""} for row in rows(connection, query, values)]
    told += in_messages(connection, sought, most)
    return sorted(told, key=lambda row: row["last_at"], reverse=True)[:MOST]


def _told(row: Row) -> Row:
    return {**row, "kinds": sorted(row["kinds"] or []), "people": row["people"] or []}


def note_known(
    connection: Connection, sought: Sought, hunt: int, most: int | None = MOST_READ
) -> None:
    """Note what is known already for a hunt that was saved; `most` as for `known`."""
    values = {**_values(sought), "hunt": hunt}
    if sought.over is Over.FILES:
        connection.execute(_NOTE_FILES, values)
    else:
        refuse_unmade(connection)
        query = _NOTE + _IN[sought.over] + " GROUP BY p.endpoint, s.place"
        connection.execute(query, values)
    note_in_messages(connection, sought, hunt, most)


def _values(sought: Sought) -> dict[str, str]:
    typed = sought.name.strip()
    named = {"typed": typed, "base": base_of(typed), "others": OTHERS}
    return {"name": sought.lower, "hex": sought.hex, "service": sought.service, **named}
