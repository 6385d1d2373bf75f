"""Hunts that were saved: run over what is known, and over whatever endpoints tell of later, the
moment it comes. A hit is an alarm of its endpoint.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from packaging.utils import canonicalize_name

from core.errors import InputError
from core.rights import Who, actor
from core.scanned import PackageAtRisk
from core.text import printable
from core.vocabulary.fleet import Alarm, Over
from hub.alarms import alarmed
from hub.database import Connection
from hub.deeds import Word, chained
from hub.hunting import note_known
from hub.hunting_messages import MOST_READ
from hub.questions import ROOM, rows
from hub.sought import Sought
from inventory.advisories.kept import Advisories
from inventory.hunting import Wanted

_SAVE = """INSERT INTO hunts (about, name, version, made_at, made_by, note)
    VALUES (%s, %s, %s, %s, %s, %s) RETURNING number"""
_OPEN = """SELECT number, name, version FROM hunts
    WHERE ended_at IS NULL AND about = 'packages' AND name = ANY(%s)"""
_END = """UPDATE hunts SET ended_at = %s, ended_by = %s
    WHERE number = %s AND ended_at IS NULL RETURNING name"""
_VERSIONS = "SELECT number, version FROM packages WHERE name = %s"
_NUMBERS = """SELECT name, version, number FROM packages
    WHERE (name, version) IN (SELECT * FROM unnest(%s::text[], %s::text[]))"""
_HIT = """INSERT INTO hunt_hits (hunt, package, script, endpoint, at)
    VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"""
_HITS = """INSERT INTO hunt_hits (hunt, package, script, endpoint, at)
    SELECT %s, package, script, endpoint, %s FROM had WHERE package = ANY(%s)"""
_LIST = """SELECT h.number, h.about AS over, h.name, h.version, h.made_at, h.made_by, h.note,
        h.ended_at, count(DISTINCT t.endpoint) AS endpoints, count(DISTINCT t.script) AS scripts,
        max(t.at) AS last_at
    FROM hunts h LEFT JOIN (
        SELECT hunt, endpoint, script, at FROM hunt_hits
        UNION ALL SELECT s.hunt, s.endpoint, coalesce(p.script, -s.place), s.last_at
            FROM hunt_sightings s LEFT JOIN places p ON p.number = s.place) AS t
        ON t.hunt = h.number
    GROUP BY h.number ORDER BY h.ended_at IS NOT NULL, h.number"""
_PACKAGES = "SELECT number, name, version FROM packages"
_HAD_BY = """SELECT package AS number, count(DISTINCT endpoint) AS endpoints,
        count(DISTINCT script) AS scripts,
        count(DISTINCT script) FILTER (WHERE imported) AS imported_by
    FROM had WHERE package = ANY(%(packages)s) GROUP BY package"""
"""Of those that are named alone: there are many more."""


def save(connection: Connection, wanted: Wanted, *, who: Who, note: str, now: datetime) -> int:
    """Save a hunt and run it over what is known; return its number."""
    name = printable(str(canonicalize_name(wanted.name)), 200)
    version = None if wanted.version is None else printable(wanted.version, 100)
    number = _saved(connection, Over.PACKAGES, name, version, who=who, note=note, now=now)
    versions = connection.execute(_VERSIONS, (name,)).fetchall()
    matching = {number: v for number, v in versions if wanted.matches(name, v)}
    connection.execute(_HITS, (number, now, list(matching)))
    return number


def save_sought(
    connection: Connection,
    sought: Sought,
    *,
    who: Who,
    note: str,
    now: datetime,
    most: int | None = MOST_READ,
) -> int:
    """Save a hunt for anything but a package, noted where it is known (`most` as for
    `hub.hunting.known`); return its number.
    """
    number = _saved(connection, sought.over, sought.name, None, who=who, note=note, now=now)
    note_known(connection, sought, number, most)
    return number


def _saved(
    connection: Connection,
    over: Over,
    name: str,
    version: str | None,
    *,
    who: Who,
    note: str,
    now: datetime,
) -> int:
    told = (over.value, name, version, now, printable(actor(who).name, 200), printable(note, 400))
    row = connection.execute(_SAVE, told).fetchone()
    assert row is not None
    about = f"hunt {row[0]}"
    facts = {"over": over.value, "name": name, "version": version or ""}
    chained(connection, Word.HUNT_SAVED, about, who=who, note=note, now=now, facts=facts)
    return int(row[0])


def held_against(
    connection: Connection,
    endpoint: int,
    script: int,
    packages: Sequence[tuple[str, str, bool]],
    now: datetime,
) -> None:
    """Hold what a script turns out to be made of against the saved hunts, and raise alarms."""
    names = sorted({name for name, _, _ in packages})
    hunts = connection.execute(_OPEN, (names,)).fetchall()
    if not hunts:
        return
    hits = [
        (number, name, version)
        for number, wanted, range_ in hunts
        for name, version, _ in packages
        if name == wanted and Wanted(name=wanted, version=range_).matches(name, version)
    ]
    pairs = ([name for _, name, _ in hits], [version for _, _, version in hits])
    known = {(n, v): number for n, v, number in connection.execute(_NUMBERS, pairs).fetchall()}
    for hunt, name, version in hits:
        row = (hunt, known[name, version], script, endpoint, now)
        if connection.execute(_HIT, row).rowcount:
            told = f"{printable(name, 100)} {printable(version, 60)}"
            alarmed(connection, endpoint, Alarm.HUNTED, now, told, f"hunt:{hunt}")


def end(connection: Connection, number: int, *, who: Who, now: datetime) -> str:
    """End a saved hunt; return what it was for. Raises InputError."""
    values = (now, printable(actor(who).name, 200), number)
    row = connection.execute(_END, values).fetchone() if 0 < number < 1 << 31 else None
    if row is None:
        raise InputError("No such hunt is saved.", remedy="See: outgate hub hunts")
    chained(connection, Word.HUNT_ENDED, f"hunt {number}", who=who, note="", now=now)
    return str(row[0])


def hunts(connection: Connection) -> list[dict[str, Any]]:
    """Return the saved hunts, those that go on first."""
    return rows(connection, _LIST, {})


def named_by(connection: Connection, advisories: Advisories) -> list[dict[str, Any]]:
    """Return the packages that anybody had and that advisories name, the malicious first, then by
    on how many machines.
    """
    named: dict[int, dict[str, Any]] = {}
    for row in rows(connection, _PACKAGES, {}):
        risks = advisories.at_risk(row["name"], row["version"])
        if risks:
            named[row["number"]] = {**row, **_told(risks)}
    connection.execute(ROOM)
    had = rows(connection, _HAD_BY, {"packages": list(named)})
    found = [{**named[row["number"]], **row} for row in had]
    return sorted(found, key=lambda r: (not r["malicious"], -r["endpoints"], r["name"]))


def _told(told: Sequence[PackageAtRisk]) -> dict[str, Any]:
    return {
        "advisories": sorted({risk.advisory for risk in told}),
        "malicious": any(risk.malicious for risk in told),
        "summary": printable(next((r.summary for r in told if r.summary), ""), 200),
        "fixed": sorted({version for risk in told for version in risk.fixed}),
    }
