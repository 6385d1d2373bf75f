"""What a hunt looks for, beside packages: a destination, a script, a file that was sent, or what
was observed; in what is known by indexes. Files that are in no index yet are looked for in the
messages themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, LiteralString, NamedTuple

import orjson

from core.errors import InputError
from core.observation import OBSERVED
from core.text import printable
from core.vocabulary.fleet import Over
from destinations.hosts import service_at
from hub.database import Connection
from hub.facts import Fact, fact_of
from hub.file_rows import base_of, files_in
from hub.questions import Row, rows
from hub.stored import unread_uploads
from hub.totals import refuse_unmade

_MOST_NAME = 300
_LEAST_HEX, _SHA256_HEX = 8, 64
MOST = 500
_COLUMNS: LiteralString = """SELECT coalesce(x.name, p.path) AS script,
        encode(x.sha256, 'hex') AS sha256, e.name AS endpoint, d.name AS place,
        o.word = 'observed' AS observed, sum(s.records)::bigint AS requests,
        sum(s.went)::bigint AS went, sum(s.bytes_went)::bigint AS bytes,
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
                AND sha256 COLLATE "C" < %(hex)s || 'g')))"""
"""Files by their names as typed, whose last part has an index, or by how their content begins."""
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
        h.bytes, (SELECT array_agg(DISTINCT one) FROM kindsets k, unnest(k.kinds) AS one
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


class Sighting(NamedTuple):
    """Where something that is hunted for was seen: one sender and one destination."""

    fact: Fact
    """One of its records."""
    what: str
    """What was seen, for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is looked for, but for packages (see `inventory.hunting.Wanted`)."""

    over: Over
    name: str
    """Host, service, script or hash of it, file or hash of it, or words of an observation."""

    def __post_init__(self) -> None:
        if not self.name.strip() or printable(self.name, _MOST_NAME) != self.name:
            raise InputError(
                "That is nothing to hunt for.", remedy="A host, a name, or a SHA-256 in hex."
            )

    @property
    def lower(self) -> str:
        """As it is compared."""
        return self.name.strip().lower()

    @property
    def hex(self) -> str:
        """The beginning of a SHA-256; empty where it is none."""
        text = self.lower
        is_one = _LEAST_HEX <= len(text) <= _SHA256_HEX and set(text) <= set("0123456789abcdef")
        return text if is_one else ""

    @property
    def service(self) -> str:
        """The service that owns a host: records are kept by it; the same text where none does."""
        found = service_at(self.lower, "/")
        return self.lower if found is None else found.id

    @property
    def needles(self) -> tuple[bytes, ...]:
        """What stands in the bytes of a record that holds this file, as it was typed or in lower
        case.
        """
        texts = {self.name.strip(), self.lower} if self.hex else {self.name.strip()}
        return tuple(sorted(orjson.dumps(text)[1:-1] for text in texts))

    def seen_in(self, fact: Fact, text: bytes) -> Sighting | None:
        """Return what of a record, or an observation, is hunted for; None where nothing is."""
        what: str | None = None
        observed = fact.outcome == OBSERVED
        match self.over:
            case Over.DESTINATIONS if not observed:
                what = fact.destination if self._is_place(fact.destination) else None
            case Over.SCRIPTS:
                what = fact.sender.name if self._is_script(fact) else None
            case Over.OBSERVATIONS if observed:
                is_it = self.lower in fact.destination.lower() or fact.kinds == (self.lower,)
                what = fact.destination if is_it else None
            case Over.FILES if any(needle in text for needle in self.needles):
                what = next(filter(self._is_file, files_in(text)), (None, ""))[0]
        return None if what is None else Sighting(fact, what)

    def _is_place(self, place: str) -> bool:
        lower = place.lower()
        return lower == self.lower or place == self.service or lower.endswith("." + self.lower)

    def _is_script(self, fact: Fact) -> bool:
        path, wanted = fact.sender.path.lower(), self.lower
        if wanted in (fact.sender.name.lower(), path) or path.endswith(
            ("/" + wanted, "\\" + wanted)
        ):
            return True
        return bool(self.hex) and fact.sender.sha256.startswith(self.hex)

    def _is_file(self, file: tuple[str, str]) -> bool:
        path, sha256 = file
        wanted = self.name.strip()
        if path == wanted or path.endswith(("/" + wanted, "\\" + wanted)):
            return True
        return bool(self.hex) and sha256.startswith(self.hex)


def known(connection: Connection, sought: Sought) -> list[Row]:
    """Return who it was, where it went and how often, the last first. Raises NotReadyError."""
    values = {**_values(sought), "most": MOST}
    if sought.over is Over.FILES:
        told = [_told(row) for row in rows(connection, _FILES, values)]
        told += _in_messages(connection, sought)
        return sorted(told, key=lambda row: row["last_at"], reverse=True)[:MOST]
    refuse_unmade(connection)
    query = _COLUMNS + _IN[sought.over] + _GROUPED
    return [{**_told(row), "what": ""} for row in rows(connection, query, values)]


def _told(row: Row) -> Row:
    return {**row, "kinds": sorted(row["kinds"] or []), "people": row["people"] or []}


def note_known(connection: Connection, sought: Sought, hunt: int) -> None:
    """Note what is known already for a hunt that was saved; of files, what is in the index."""
    values = {**_values(sought), "hunt": hunt}
    if sought.over is Over.FILES:
        connection.execute(_NOTE_FILES, values)
        return
    refuse_unmade(connection)
    query = _NOTE + _IN[sought.over] + " GROUP BY p.endpoint, s.place"
    connection.execute(query, values)


def _values(sought: Sought) -> dict[str, str]:
    typed = sought.name.strip()
    named = {"typed": typed, "base": base_of(typed)}
    return {"name": sought.lower, "hex": sought.hex, "service": sought.service, **named}


@dataclass(slots=True)
class _Added:
    row: Row
    kinds: set[str] = field(default_factory=set)


def _in_messages(connection: Connection, sought: Sought) -> list[Row]:
    """Return what stands in messages whose files are in no index yet."""
    found: dict[tuple[Any, ...], _Added] = {}
    for endpoint, received, kept in unread_uploads(connection, sought.needles):
        for _, entry in kept.entries():
            if entry.text and any(needle in entry.text for needle in sought.needles):
                seen = sought.seen_in(fact_of(entry.text), entry.text)
                if seen is not None:
                    _add(found, endpoint, seen, received)
    return [{**one.row, "kinds": sorted(one.kinds)} for one in found.values()]


def _add(
    found: dict[tuple[Any, ...], _Added], endpoint: str, seen: Sighting, received: datetime
) -> None:
    fact = seen.fact
    at = fact.at or received
    key = (endpoint, fact.sender, fact.destination, seen.what)
    added = found.get(key)
    if added is None:
        row: Row = {
            "script": fact.sender.name,
            "sha256": fact.sender.sha256 or None,
            "endpoint": endpoint,
            "place": fact.destination,
            "observed": False,
            "requests": 0,
            "went": 0,
            "bytes": 0,
            "people": [fact.sender.person] if fact.sender.person else [],
            "first_at": at,
            "last_at": at,
            "what": seen.what,
        }
        added = found[key] = _Added(row)
    row = added.row
    row["requests"] += 1
    row["went"] += fact.went
    row["bytes"] += fact.bytes if fact.went else 0
    row["first_at"], row["last_at"] = min(row["first_at"], at), max(row["last_at"], at)
    added.kinds.update(fact.kinds)
