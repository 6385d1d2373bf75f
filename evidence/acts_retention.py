"""Retention of acts: what people wrote in the review, and what befell the gate, goes when its time
is over; its place and hash stay, so the chain of acts and every signed checkpoint stay right.

What is in force stays: the closing of a case that is still listed, the word on a version that is,
legal holds, and what tells how the evidence itself was cut. The id goes with the text: without its
random bits nobody can tell by trying what the text said.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from core.case_keys import case_of_key
from core.happenings import Event, Happening, happening
from core.ids import utc_now
from core.review import Action, ReviewEvent
from core.vocabulary.sizes import counted
from evidence.acts import GONE, append_happening, gone_columns, read_act
from evidence.database import Connection, connect, transaction
from evidence.removed import LegalHold, Removed, runs
from evidence.sqlite_errors import DatabaseFault, evidence_error
from evidence.times import micros

log = logging.getLogger("outgate.evidence")

STEP = 200
"""So many acts are emptied in one transaction."""
REST_S = 0.02
_ROWS = """SELECT seq, case_key, action, script, script_sha256, record_id, CAST(body AS BLOB)
    FROM review_entries WHERE action <> ? ORDER BY seq"""
_SIGNED = "SELECT reviews FROM checkpoints ORDER BY seq DESC LIMIT 1"
_CUTS = frozenset({Event.ERASED, Event.EXPIRED, Event.EXPIRED_APART, Event.SUMS_EXPIRED})
_FOR_EVER = frozenset(
    {
        Event.EXPIRED,
        Event.SUMS_EXPIRED,
        Event.ACTS_EXPIRED,
        Event.KEY_CHANGED,
        Event.WITNESS_MISSED,
        Event.MARKS_KEY_DESTROYED,
        Event.STAMPED,
        Event.MIGRATED,
        Event.REBUILT,
    }
)
"""What verifies the rest. No text of a person stands in it."""
_ENDS = frozenset({Action.CLOSE, Action.REOPEN})
_WORDS = frozenset({Action.APPROVE_SCRIPT, Action.WITHDRAW_SCRIPT})
_TEXTS = ("case_key", "action", "script", "script_sha256", "record_id", "hold_key", "id", "body")


def expire_acts(
    path: Path,
    before_us: int,
    rule: str,
    *,
    rest: Callable[[float], None] = time.sleep,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Empty the acts from before this time that are not in force, but never the newest one, nor one
    that no checkpoint has signed; return how many. Raises sqlite3.Error.
    """
    total = 0
    with closing(connect(path)) as connection:
        holds = Removed.of(connection).holds
        old = list(over(connection, before_us, holds))
        for at in range(0, len(old), STEP):
            if stopping() or not _empty(connection, some := old[at : at + STEP], rule, holds):
                break
            total += len(some)
            rest(REST_S)
    return total


def expire_acts_older(
    path: Path, days: int, *, stopping: Callable[[], bool] = lambda: False
) -> int | None:
    """Empty the acts older than so many days; None where the file could not be changed now."""
    limit, rule = utc_now() - timedelta(days=days), f"acts older than {counted(days, 'day')}"
    try:
        return expire_acts(path, micros(limit), rule, stopping=stopping)
    except DatabaseFault as error:
        log.warning("acts whose time is over could not be removed: %s", evidence_error(error))
        return None


def over(connection: Connection, before_us: int, holds: Mapping[str, LegalHold]) -> Iterator[int]:
    """Yield the acts of before this time that nothing needs."""
    signed = connection.value(_SIGNED) or 0
    rows = connection.execute(_ROWS, (GONE,)).fetchall()
    acts = {row[0]: act for row in rows if (act := _read(row[-1])) is not None}
    kept = _in_force(connection, rows, acts)
    for seq, _, _, script, *_ in rows:
        act = acts.get(seq)  # of one that cannot be read nobody knows what it holds: it stays
        if act is None or seq > signed or micros(act.at) >= before_us or seq in kept:
            continue
        if seq == rows[-1][0]:
            continue  # by it the next act is chained
        if not _is_held(holds.values(), script):
            yield seq


def _read(text: bytes) -> ReviewEvent | Happening | None:
    try:
        return read_act(text).act
    except ValueError:
        return None


def _is_held(holds: Iterable[LegalHold], script: str | None) -> bool:
    """Return whether an act may tell of what is under a hold: one that names another script than
    the hold does cannot; whom else it tells of nobody knows.
    """
    return any(one.script is None or script is None or one.script == script for one in holds)


def _in_force(
    connection: Connection, rows: list[Any], acts: dict[int, ReviewEvent | Happening]
) -> set[int]:
    """Return the acts without which the evidence would say something else today."""
    cases = {str(key) for (key,) in connection.execute("SELECT key FROM cases")}
    versions = {(a, b) for a, b in connection.execute("SELECT script, sha256 FROM scripts")}
    oldest = connection.value("SELECT min(seq) FROM entries") or 0
    kept, newest = set[int](), dict[object, int]()

    def counts(act: ReviewEvent, case_key: str, version: tuple[str, str]) -> object:
        """Return the case or version of which this act may be the last word; None of neither."""
        if act.action in _ENDS and case_of_key(case_key) in cases:
            return "case", case_key
        if act.action in _WORDS and version in versions:
            return "version", *version
        return None

    for seq, case_key, _, script, sha256, record_id, _ in rows:
        act = acts.get(seq)
        if isinstance(act, Happening):
            if act.event in _FOR_EVER or _tells_of_kept(act, oldest):
                kept.add(seq)
            for name in _subjects(act):
                newest[name] = seq
        elif act is not None and (about := counts(act, case_key, (script, sha256))) is not None:
            newest[about] = seq
        elif record_id is not None and _is_there(connection, record_id):
            kept.add(seq)
    return kept | set(newest.values())


def _subjects(act: Happening) -> Iterator[object]:
    """Yield what only the newest act of its kind is right about."""
    if act.event is Event.SUCCESSOR_NAMED:
        yield "successor", act.facts.get("script")
    if act.event in _CUTS:
        past = act.facts.get("past")
        for row in past if isinstance(past, list) else ():
            yield "cut", str(row).partition(":")[0]


def _tells_of_kept(act: Happening, oldest: int) -> bool:
    """Return whether it tells of entries that were erased and whose places are still there."""
    told = Removed()
    told.take(act)
    return any(seq >= oldest for seq in (*told.whole, *told.parts))


def _is_there(connection: Connection, record_id: str) -> bool:
    for table in ("entries", "open_exchanges"):
        query = f"SELECT 1 FROM {table} WHERE id = ?"  # noqa: S608 - our tables
        if connection.value(query, (record_id,)) is not None:
            return True
    return False


def _empty(
    connection: Connection, numbers: list[int], rule: str, holds: Mapping[str, LegalHold]
) -> bool:
    """Empty these; False where somebody changed the legal holds meanwhile."""
    with transaction(connection):
        if Removed.of(connection).holds != holds:
            return False
        for seq in numbers:
            _overwrite(connection, seq)
        facts: dict[str, Any] = {"acts": runs(numbers), "rule": rule}
        append_happening(connection, happening(Event.ACTS_EXPIRED, facts))
    return True


def _overwrite(connection: Connection, seq: int) -> None:
    """Empty a row; first in its old length: a row that shrinks leaves what it held on its page."""
    listed = ", ".join(_TEXTS)
    query = f"SELECT {listed} FROM review_entries WHERE seq = ?"  # noqa: S608 - our columns
    (row,) = connection.execute(query, (seq,)).fetchall()
    same = {
        name: None if text is None else " " * len(text.encode())
        for name, text in zip(_TEXTS, row, strict=True)
    }
    same["id"] = str(seq).rjust(len(str(row[-2])))
    for values in (same, {**gone_columns(seq), "body": ""}):
        change = ", ".join(f"{name} = :{name}" for name in values)
        statement = f"UPDATE review_entries SET {change} WHERE seq = :seq"  # noqa: S608
        connection.execute(statement, {**values, "seq": seq}).close()
