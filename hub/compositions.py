"""What versions of scripts are made of, as endpoints tell it: packages, and which of them a script
imports. An endpoint's word, not chained.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from packaging.utils import canonicalize_name

from core.text import printable
from core.vocabulary.fleet import Alarm
from hub.alarms import alarmed
from hub.database import Connection
from hub.saved_hunts import held_against

_MOST_PACKAGES = 3000
MOST_SCRIPTS = 100
_MOST_TOLD = 500_000
"""Packages of all scripts of one endpoint: a thousand scripts of five hundred packages each."""
_SCRIPT = """SELECT s.number FROM scripts s WHERE s.sha256 = %s
    AND EXISTS (SELECT 1 FROM places p WHERE p.endpoint = %s AND p.script = s.number)"""
_COUNTED = "SELECT packages_told FROM endpoints WHERE number = %s FOR NO KEY UPDATE"
_COUNT = "UPDATE endpoints SET packages_told = packages_told + %s WHERE number = %s"
_KNOWN = """SELECT p.name, p.version FROM unnest(%s::text[], %s::text[]) AS t (name, version)
    JOIN packages p ON p.name = t.name AND p.version = t.version
    JOIN had h ON h.package = p.number AND h.script = %s AND h.endpoint = %s"""
_TOLD = """INSERT INTO made_of (endpoint, script, told_at, known) VALUES (%s, %s, %s, %s)
    ON CONFLICT (endpoint, script) DO UPDATE SET told_at = EXCLUDED.told_at, known = EXCLUDED.known"""
_PACKAGES = """INSERT INTO packages (name, version)
    SELECT * FROM unnest(%s::text[], %s::text[]) ON CONFLICT DO NOTHING"""
_HAD = """INSERT INTO had (package, script, endpoint, imported, told_at)
    SELECT p.number, %s, %s, t.imported, %s
    FROM unnest(%s::text[], %s::text[], %s::bool[]) AS t (name, version, imported)
    JOIN packages p ON p.name = t.name AND p.version = t.version
    ON CONFLICT (package, script, endpoint) DO UPDATE SET imported = EXCLUDED.imported"""

type Package = tuple[str, str, bool]
"""Name as compared, version, whether the script imports it."""


def packages_of(parts: object) -> list[Package]:
    """Return the packages in the parts of a script; what is not as it should be is left out."""
    if not isinstance(parts, dict):
        return []
    used = {str(row[1]) for row in _rows(parts.get("used")) if row[1] is not None}
    found: dict[tuple[str, str], bool] = {}
    for row in _rows(parts.get("installed")):
        name, version = row[0], row[1]
        if isinstance(name, str) and isinstance(version, str) and name and version:
            key = printable(str(canonicalize_name(name)), 200), printable(version, 100)
            found[key] = found.get(key, False) or name in used
        if len(found) >= _MOST_PACKAGES:
            break
    return [(*key, imported) for key, imported in sorted(found.items())]


def _rows(value: Any) -> Iterator[list[Any]]:
    for row in value if isinstance(value, list) else ():
        if isinstance(row, list) and len(row) == 3:
            yield row


def keep_parts(
    connection: Connection, endpoint: int, sha256: str, parts: object, now: datetime
) -> bool:
    """Keep what a version is made of on an endpoint; False where no such script is known there."""
    try:
        row = connection.execute(_SCRIPT, (bytes.fromhex(sha256), endpoint)).fetchone()
    except ValueError:
        return False
    if row is None:
        return False
    packages = _with_room(connection, endpoint, row[0], packages_of(parts), now)
    connection.execute(_TOLD, (endpoint, row[0], now, parts is not None))
    if packages:
        names, versions, imported = map(list, zip(*packages, strict=True))
        connection.execute(_PACKAGES, (names, versions))
        connection.execute(_HAD, (row[0], endpoint, now, names, versions, imported))
        held_against(connection, endpoint, row[0], packages, now)
    return True


def _with_room(
    connection: Connection, endpoint: int, script: int, packages: list[Package], now: datetime
) -> list[Package]:
    """Return those that may be kept, and count what is new; of more an alarm tells."""
    row = connection.execute(_COUNTED, (endpoint,)).fetchone()
    names, versions = [one[0] for one in packages], [one[1] for one in packages]
    told = connection.execute(_KNOWN, (names, versions, script, endpoint)).fetchall()
    known, room = set(told), _MOST_TOLD - (0 if row is None else int(row[0]))
    new = [one for one in packages if one[:2] not in known]
    left_out = {one[:2] for one in new[max(room, 0) :]}
    connection.execute(_COUNT, (len(new) - len(left_out), endpoint))
    if left_out:
        alarmed(connection, endpoint, Alarm.PACKAGES, now)
    return [one for one in packages if one[:2] not in left_out]
