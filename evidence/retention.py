"""Retention: removes records whose time is over, a few at a time, so that a gate is not disturbed.

What goes is the beginning of the chain. Before it goes, its sums are kept (`evidence.past`), and an
act tells up to where, by which rule, with the hash and the tree at that place: what is left
verifies from there on. Records under a legal hold stay; those behind them are emptied
(`evidence.retention_apart`).
"""

import logging
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from core.case_keys import sender_of
from core.happenings import Event, happening
from core.ids import utc_now
from core.observation import Observation
from core.record import Record
from core.vocabulary.sizes import counted
from evidence.acts import append_happening
from evidence.database import Connection, connect, transaction
from evidence.entries import Recalled, read_entry
from evidence.frames import mark, packed
from evidence.marks import MORE_VALUES
from evidence.merkle import HASH_BYTES
from evidence.past import Past, Sums, digest
from evidence.removed import LegalHold, Removed
from evidence.retention_apart import REST_S, STEP, Apart
from evidence.sqlite_errors import DatabaseFault, evidence_error
from evidence.times import micros

log = logging.getLogger("outgate.evidence")

_FREED_PAGES = 32
"""More than a step of records takes: no free pages pile up."""
_TRIES = 20
_OLDEST = """SELECT seq, hash, id, at_us, unpacked(body) FROM entries WHERE seq > ? AND seq <= ?
    ORDER BY seq LIMIT ?"""

_NEWEST_ACT = "SELECT max(seq) FROM review_entries"
_CHANGED_SINCE = f"""SELECT 1 FROM review_entries
    WHERE seq > ? AND action IN ('{Event.ERASED}', '{Event.LEGAL_HOLD}') LIMIT 1"""  # noqa: S608


def tidy(
    path: Path,
    *,
    rest: Callable[[float], None] = time.sleep,
    stopping: Callable[[], bool] = lambda: False,
) -> bool:
    """Give free pages back and empty the log, a little at a time; True where nothing of what went
    is left in either. A reader that holds an older state is not waited for long. Raises
    sqlite3.Error.
    """
    with closing(connect(path, busy_timeout_s=REST_S)) as connection:
        free = int(connection.value("PRAGMA freelist_count"))
        while free and not stopping():
            connection.execute(f"PRAGMA incremental_vacuum({_FREED_PAGES})").fetchall()
            before, free = free, int(connection.value("PRAGMA freelist_count"))
            if free == before:
                break
            rest(REST_S)
        for _ in range(_TRIES):
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy or stopping():
                return not busy
            rest(REST_S)
    return False


def tidy_up(path: Path, *, stopping: Callable[[], bool] = lambda: False) -> None:
    """Do it now, or in the next round where the file cannot be changed."""
    try:
        tidy(path, stopping=stopping)
    except DatabaseFault as error:
        log.warning("free pages of the evidence could not be given back: %s", evidence_error(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """What one pass removed."""

    records: int
    up_to: int
    """The last entry that is gone; 0 where none is."""
    apart: int = 0
    """How many more were emptied that stand behind what a legal hold keeps."""


def expire(
    path: Path,
    before_us: int,
    rule: str,
    *,
    rest: Callable[[float], None] = time.sleep,
    stopping: Callable[[], bool] = lambda: False,
) -> Expired:
    """Remove the records from before this time, but never the newest one, nor one that no
    checkpoint has signed. Raises sqlite3.Error.
    """
    total, cut = 0, 0
    with closing(connect(path)) as connection:
        past = Past.of(connection)
        while not stopping():
            removed = _step(connection, before_us, rule, past)
            if removed is None:
                break
            total, cut = total + removed.records, removed.up_to
            connection.execute(f"PRAGMA incremental_vacuum({_FREED_PAGES})").fetchall()
            rest(REST_S)
        apart = Apart(connection, before_us, rule).run(rest, stopping)
    return Expired(records=total, up_to=cut, apart=apart)


def expire_older(
    path: Path, days: int, *, stopping: Callable[[], bool] = lambda: False
) -> Expired | None:
    """Remove the records older than so many days; None where the file could not be changed now."""
    limit = utc_now() - timedelta(days=days)
    try:
        return expire(path, micros(limit), f"older than {counted(days, 'day')}", stopping=stopping)
    except DatabaseFault as error:
        log.warning("evidence whose time is over could not be removed: %s", evidence_error(error))
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Going:
    """The oldest few, as they were read."""

    rows: list[Any]
    marks: list[tuple[int, int]]
    sums: Sums
    act: int
    """The newest act that was there then."""


def _step(connection: Connection, before_us: int, rule: str, past: Past) -> Expired | None:
    """Remove the oldest few, and note it in `past`; None where none is to go."""
    going = _oldest(connection, before_us, past)
    return None if going is None else _remove(connection, going, past, rule)


def _oldest(connection: Connection, before_us: int, past: Past) -> _Going | None:
    """Read the oldest few beside a gate; None where none is to go."""
    act = int(connection.value(_NEWEST_ACT) or 0)
    holds = list(Removed.of(connection).holds.values())
    last = connection.value("SELECT records FROM checkpoints ORDER BY seq DESC LIMIT 1") or 0
    newest = connection.value("SELECT max(seq) FROM entries") or 0
    rows = connection.execute(_OLDEST, (past.cut, min(last, newest - 1), STEP)).fetchall()
    sums, marks, gone, known = Sums(), list[tuple[int, int]](), [], Recalled()
    for row in rows:
        taken = _taken(row, before_us, holds, sums, known)
        if taken is None:
            break
        marks += [(one, row[0]) for one in taken]
        gone.append(row)
    return _Going(rows=gone, marks=marks, sums=sums, act=act) if gone else None


def _taken(
    row: Any, before_us: int, holds: list[LegalHold], sums: Sums, known: Recalled
) -> set[int] | None:
    """Add up an entry that is to go and return its marks; None where it stays."""
    seq, _, id_, at_us, text = row
    if at_us >= before_us:
        return None
    if not text:
        return {MORE_VALUES}  # that it held more values than marks outlives its erasure
    try:
        record = read_entry(text, known)
    except ValueError:
        return None if holds else _unreadable(sums, seq, id_, at_us)
    user = record.sender.user
    if any(hold.covers(at_us, sender_of(record), user) for hold in holds):
        return None
    key = sums.rollup.add(record, at_us)
    if key is not None:
        script = record.sender.script
        sums.seen(key, None if script is None else script.sha256, seq)
    return _marks(record)


def _unreadable(sums: Sums, seq: int, id_: str, at_us: int) -> set[int]:
    sums.seen(sums.rollup.add_unreadable(id_, at_us), None, seq)
    return set()


def _marks(record: Record | Observation) -> set[int]:
    if isinstance(record, Observation):
        return set()
    every = (mark(one) for finding in record.findings for one in finding.fingerprints)
    return {MORE_VALUES, *(one for one in every if one is not None)}


def _remove(connection: Connection, going: _Going, past: Past, rule: str) -> Expired | None:
    """Remove them, and note it in `past`; None where another gate has removed some meanwhile. Of
    none where somebody erased something or placed a hold since they were read.
    """
    cut, hash_ = going.rows[-1][0], bytes(going.rows[-1][1])
    tree = past.frontier.copy()
    for row in going.rows:
        tree.append(row[1])
    text, kept = going.sums.to_bytes(), tree.to_bytes()
    frontier = [kept[at : at + HASH_BYTES].hex() for at in range(0, len(kept), HASH_BYTES)]
    facts: dict[str, Any] = {
        "up_to_entry": cut,
        "hash": hash_.hex(),
        "frontier": frontier,
        "sums": digest(text),
        "records": len(going.rows),
        "rule": rule,
    }
    with transaction(connection):
        if (connection.value("SELECT max(cut) FROM past WHERE cut > 0") or 0) != past.cut:
            return None
        if connection.value(_CHANGED_SINCE, (going.act,)) is not None:
            return Expired(records=0, up_to=past.cut)
        connection.execute("INSERT INTO past (cut, body) VALUES (?, ?)", (cut, packed(text)))
        connection.executemany("DELETE FROM marks WHERE mark = ? AND seq = ?", going.marks).close()
        connection.execute("DELETE FROM erased WHERE seq <= ?", (cut,)).close()
        connection.execute("DELETE FROM entries WHERE seq <= ?", (cut,)).close()
        connection.execute("DELETE FROM lots WHERE first <= ?", (cut,)).close()
        append_happening(connection, happening(Event.EXPIRED, facts))
    past.cut, past.frontier = cut, tree
    return Expired(records=len(going.rows), up_to=cut)
