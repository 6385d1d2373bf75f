"""Tells the witness beside an evidence file what it was not told at the time: a gate was killed, or
the disk was full. What it could not be told stands in the chain of acts, so that lines which are
lacking without a word were taken out.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from core.happenings import Event, happening
from evidence.acts import append_happening
from evidence.checkpoint import BadCheckpoint, fingerprint, opened
from evidence.database import Connection
from evidence.witness import Sighting, beside

log = logging.getLogger("outgate.evidence")

TRAFFIC = "traffic"
"""Why the checkpoints are taken of which only the newest is kept in the file."""
_COLUMNS = "SELECT seq, note, public, why FROM checkpoints"
_NEWEST = f"{_COLUMNS} ORDER BY seq DESC LIMIT 1"
_OF_NUMBER = f"{_COLUMNS} WHERE seq = ?"
_ACTS = "SELECT CAST(body AS BLOB) FROM review_entries WHERE action = ? ORDER BY seq"


def tell_newest(connection: Connection, path: Path) -> tuple[int, str] | None:
    """Tell the witness of the newest checkpoint where that was not done; return its number and why
    it was taken where the witness cannot be told now either.
    """
    row = connection.execute(_NEWEST).fetchone()
    seen = None if row is None else _sighting(*row[1:])
    if seen is None:
        return None  # of one that cannot be read, who verifies says what is wrong with it
    try:
        if not beside(path).ends_with(seen):
            beside(path).tell(seen)
    except OSError as error:
        log.error("a witness of the evidence could not be told: %s", error.strerror)
        return row[0], row[3]
    return None


def say(
    connection: Connection, missed: tuple[int, str] | None, told: Sequence[int], why: str
) -> None:
    """Chain, within a transaction, of which checkpoints the witness could not be told, and of which
    it was told late; not of one that makes room for the next, which is taken for `why`.
    """
    if missed is not None and not missed[1] == why == TRAFFIC:
        append_happening(connection, happening(Event.WITNESS_MISSED, {"missed": [missed[0]]}))
    if told:
        append_happening(connection, happening(Event.WITNESS_MISSED, {"told": list(told)}))


def missing(connection: Connection) -> set[int]:
    """Return the numbers of the checkpoints that, by the chain of acts, no witness could be told of
    at the time, nor later.
    """
    found = set[int]()
    for (text,) in connection.execute(_ACTS, (Event.WITNESS_MISSED.value,)):
        facts = _facts(text)
        found |= _numbers(facts, "missed")
        found -= _numbers(facts, "told")
    return found


def tell_late(connection: Connection, path: Path) -> list[int]:
    """Tell the witness what it could not be told, marked as late; return of which checkpoints it
    knows now. Raises sqlite3.Error.
    """
    if not (owed := sorted(missing(connection))):
        return []
    rows = [connection.execute(_OF_NUMBER, (number,)).fetchone() for number in owed]
    kept = [seen for row in rows if row and (seen := _sighting(*row[1:])) is not None]
    try:
        _tell_all(path, kept)
    except OSError as error:
        log.error("a witness of the evidence could not be told: %s", error.strerror)
        return []
    return owed


def _tell_all(path: Path, kept: Iterable[Sighting]) -> None:
    witness = beside(path)
    known = {one.place for one in witness.lines() or ()}
    for seen in kept:
        if seen.place not in known:
            witness.tell(seen.told_late())


def _sighting(note: str, public: bytes, why: str) -> Sighting | None:
    try:
        return Sighting(checkpoint=opened(note, public), why=why, key=fingerprint(public))
    except BadCheckpoint:
        return None


def _facts(text: bytes) -> dict[str, Any]:
    try:
        facts = orjson.loads(text)["facts"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _numbers(facts: Mapping[str, Any], name: str) -> set[int]:
    told = facts.get(name)
    return {one for one in told if type(one) is int} if isinstance(told, list) else set()
