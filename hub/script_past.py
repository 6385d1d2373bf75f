"""The history of a script over the whole fleet, as the desk asks for it: by the path that a record
shows. Its versions on all machines, and what was said of them here.
"""

from collections.abc import Sequence
from datetime import datetime

from core.review import About, ReviewEvent, ScriptVersion, script_key
from hub.approvals import OWN, said_about
from hub.case_senders import senders
from hub.council import Council
from hub.database import Connection
from hub.deeds import deeds_about

_MOST = 100
_FAMILIES = """SELECT DISTINCT x.family FROM places p JOIN scripts x ON x.number = p.script
    WHERE p.number = ANY(%s)"""
_OF_CASE = """SELECT p.path, w.name FROM fleet_cases c
        JOIN scripts x ON x.family = c.family AND x.name = c.name
        JOIN places p ON p.script = x.number LEFT JOIN people w ON w.number = p.person
        CROSS JOIN LATERAL (SELECT max(last_at) AS at FROM totals WHERE place = p.number) AS t
    WHERE c.number = %s AND t.at IS NOT NULL ORDER BY t.at DESC, p.number LIMIT 1"""
_AT = "SELECT number FROM places WHERE path = %s AND script IS NOT NULL"
_VERSIONS = """SELECT encode(x.sha256, 'hex'), min(t.first_at), max(t.last_at)
    FROM scripts x JOIN places p ON p.script = x.number JOIN totals t ON t.place = p.number
    WHERE x.family = ANY(%s) GROUP BY x.sha256 ORDER BY 3 DESC, 1 LIMIT %s"""
_MADE_OF = """SELECT k.name, k.version, bool_or(h.imported) FROM scripts x
    JOIN had h ON h.script = x.number JOIN packages k ON k.number = h.package
    WHERE x.sha256 = %s GROUP BY k.name, k.version ORDER BY k.name, k.version"""
_TOLD = """SELECT 1 FROM scripts x JOIN places p ON p.script = x.number
        JOIN made_of m ON m.endpoint = p.endpoint AND m.script = x.number
    WHERE x.sha256 = %s AND m.known LIMIT 1"""


def script_of(connection: Connection, case: int, shown: Council) -> str | None:
    """Return the path at which the script of a case was used last, as far as people are shown; None
    where no script is known.
    """
    row = connection.execute(_OF_CASE, (case,)).fetchone()
    return None if row is None else shown.path(row[0], [row[1]] if row[1] else [])


def families(connection: Connection, path: str, shown: Council) -> list[int]:
    """Return the numbers under which the versions of a script at this path count as one; the path
    as far as people are shown.
    """
    if shown.agreed.pseudonyms:
        places = senders(connection, shown, About.SCRIPT, [path])
    else:
        places = [number for (number,) in connection.execute(_AT, (path,)).fetchall()]
    return [family for (family,) in connection.execute(_FAMILIES, (places,)).fetchall()]


def versions(connection: Connection, path: str, shown: Council) -> list[ScriptVersion]:
    """Return the newest versions that any machine had, and from when to when each sent."""
    found = connection.execute(_VERSIONS, (families(connection, path, shown), _MOST)).fetchall()
    return [
        ScriptVersion(script=path, sha256=sha256, first_at=first, last_at=last)
        for sha256, first, last in found
    ]


def said_of(connection: Connection, path: str, shown: Council) -> Sequence[ReviewEvent]:
    """Return what was said of its versions for the whole fleet, oldest first."""
    found = [
        ReviewEvent(
            id=f"deed-{deed.seq}",
            at=datetime.fromisoformat(deed.at),
            case_key=script_key(path),
            action=action,
            who=deed.who,
            note=deed.note,
            script=path,
            script_sha256=version.sha256,
            role=deed.facts.get("role"),
            channel=deed.facts.get("channel"),
            own=deed.facts.get(OWN),
        )
        for version in versions(connection, path, shown)
        for deed in deeds_about(connection, f"script {version.sha256}")
        if (action := said_about(deed)) is not None
    ]
    return sorted(found, key=lambda event: event.at)


def made_of(connection: Connection, sha256: str) -> list[tuple[str, str, bool]] | None:
    """Return name and version of each package that a version has on any machine, and whether it
    imports it; None where no machine has told.
    """
    wanted = (bytes.fromhex(sha256),)
    if connection.execute(_TOLD, wanted).fetchone() is None:
        return None
    return connection.execute(_MADE_OF, wanted).fetchall()
