"""Since when whatever an installation keeps of scripts carries a seal, by the chain of acts: what
was first seen later and carries none has lost it, or was put there.
"""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import orjson

from core.happenings import Event
from evidence.database import Connection, connect
from evidence.times import micros

_SEALS = 12
"""Every version of Outgate that makes a file of this schema, or brings one to it, seals."""
_MIGRATED = "SELECT at_us, body FROM review_entries WHERE action = ? ORDER BY seq"
_CREATED = "SELECT value FROM meta WHERE key = 'created_at'"
_FIRST = "SELECT min(first_us) FROM scripts WHERE sha256 = ?"


def first_seen_since(path: Path, sha256: str) -> bool:
    """Return whether the version with this hash was seen first when everything kept was sealed, by
    the evidence at `path`; False where it cannot be read.
    """
    if not path.is_file():
        return False
    try:
        with closing(connect(path, read_only=True)) as connection:
            first, since = connection.value(_FIRST, (sha256,)), _since(connection)
            return first is not None and since is not None and int(first) > since
    except (sqlite3.Error, ValueError, TypeError, KeyError):
        return False


def _since(connection: Connection) -> int | None:
    """Return the time in microseconds since 1970. Raises ValueError, TypeError, KeyError."""
    steps = connection.execute(_MIGRATED, (Event.MIGRATED.value,)).fetchall()
    for at_us, body in steps:
        if orjson.loads(body)["facts"]["to"] >= _SEALS:
            return int(at_us)
    if steps:
        return None
    created = connection.value(_CREATED)
    return None if created is None else micros(datetime.fromisoformat(created))
