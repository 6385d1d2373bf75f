"""Looks at what the file holds beside its chains: what it says of itself, what is left of erased
records, and exchanges under way.
"""

import string
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import orjson

from core.errors import EvidenceError
from core.ids import rfc3339
from evidence.database import Connection
from evidence.journal_seal import JournalSeal
from evidence.removed import Removed
from evidence.times import from_micros, micros

_KNOWN_META = frozenset({"created_at", "chain.records", "chain.reviews", "probe"})
_HEX = frozenset(string.hexdigits)
_PROBE = 16
_V7 = 7
_ALIKE_US = 600_000_000
"""An id is made when its exchange begins, which may be a while before its record says so."""
_AT_ONCE = timedelta(minutes=1)
"""A file says when it was made and names its chains in one step; the names hold the time, too."""
_LEFT_OVER = """SELECT x.seq FROM erased x LEFT JOIN entries e ON e.seq = x.seq
    WHERE e.seq IS NULL LIMIT 1"""
_PARTS = "SELECT 1 FROM erased WHERE seq = ?"
_EMPTIED = "SELECT id, at_us, case_id FROM entries WHERE seq = ?"
_OPEN = "SELECT slot, id, gate, CAST(body AS BLOB), seal FROM open_exchanges"
_FORGED = "an exchange under way was put in or changed: no gate of this installation did"
_UNSEALED = (
    "an exchange under way was put in or changed, or an earlier version left it, which set no seal:"
    " the next start of the gate ends it"
)


def beside_problem(connection: Connection, path: Path) -> str | None:
    """Return what is foreign or changed there, if anything."""
    seal = JournalSeal.beside(path)
    return _said_of_itself(connection) or _erased(connection) or _under_way(connection, seal)


def _said_of_itself(connection: Connection) -> str | None:
    """Return what is wrong with the few words in which a file names itself."""
    told = {str(key): str(value) for key, value in connection.execute("SELECT * FROM meta")}
    wrong = "the file says something of itself that Outgate does not write"
    if not told.keys() <= _KNOWN_META:
        return wrong
    probe = told.get("probe")
    if probe is not None and not (len(probe) == _PROBE and _HEX.issuperset(probe)):
        return wrong
    named = _time_in(told["chain.records"].rpartition(":")[2])
    if named is None:
        return None  # named otherwise than by a time: who reads the chain says whether it is right
    said = told.get("created_at", "")
    try:
        made = datetime.fromisoformat(said)
        apart = abs(made - named)
    except (ValueError, TypeError):
        return wrong
    if apart > _AT_ONCE:
        return "the file says of itself another age than its chains have"
    # Written otherwise, or followed by what a reader of times passes over:
    return None if said == rfc3339(made) else wrong


def _erased(connection: Connection) -> str | None:
    left = connection.value(_LEFT_OVER)
    if left is not None:
        return f"something is said of the parts of entry {left}, which is not there"
    for seq in sorted(Removed.of(connection).whole):
        if connection.value(_PARTS, (seq,)) is not None:
            return f"something is said of the parts of entry {seq}, which was erased whole"
        row = connection.execute(_EMPTIED, (seq,)).fetchone()
        if row is not None and not _fits(*row):
            return (
                f"entry {seq} was erased, and is filed under another id, time or case than before"
            )
    return None


def _fits(id_: str, at_us: int, case_id: int | None) -> bool:
    """Return whether an erased entry is still filed as it was: no hash covers its columns, but its
    id holds its time, and it is of no case any more.
    """
    named = _time_in(id_)
    return case_id is None and (named is None or abs(micros(named) - at_us) <= _ALIKE_US)


def _under_way(connection: Connection, seal: JournalSeal | None) -> str | None:
    for row in connection.execute(_OPEN):
        _, id_, _, text, own = row
        if seal is not None and not seal.fits(*row):
            return _UNSEALED if own is None else _FORGED
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            value = None
        if not isinstance(value, dict) or value.get("id") != id_:
            return "an exchange under way was changed: it does not say what it is filed under"
    return None


def _time_in(id_: str) -> datetime | None:
    """Return the time that an id of version 7 holds."""
    try:
        found = UUID(id_)
        return from_micros((found.int >> 80) * 1000) if found.version == _V7 else None
    except (ValueError, EvidenceError):
        return None
