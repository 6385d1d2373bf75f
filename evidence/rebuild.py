"""Makes what is derived from the chains anew: cases, versions of scripts, traffic, hours."""

from collections.abc import Container
from typing import Any

from core.review import Action, CaseStatus
from evidence.database import Connection
from evidence.entries import Recalled, read_entry
from evidence.past import all_past
from evidence.removed import Removed
from evidence.review_entries import StoredReview, review_of
from evidence.rollup import COMES_BACK, Rollup
from evidence.statements import write_rollup

_CHUNK = 2000


def rebuild(connection: Connection) -> None:
    """Recompute all derived tables from the entries and review events; call inside a transaction.

    Cases keep their ids, so that another process that remembers one stays right.
    """
    ids = {str(key): int(id_) for key, id_ in connection.execute("SELECT key, id FROM cases")}
    for table in ("cases", "scripts", "traffic", "hours"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables
    past = all_past(connection)
    last = _add_past(connection, past.rollup, ids)
    erased = Removed.of(connection).whole
    while rows := _chunk(connection, last):
        _add_chunk(connection, rows, ids, erased)
        last = rows[-1][0]
    _apply_reviews(connection)


def _add_past(connection: Connection, rollup: Rollup, ids: dict[str, int]) -> int:
    """Begin with what records that expired added up to."""
    next_id = max(ids.values(), default=0) + 1
    for key in rollup.cases:
        next_id += ids.setdefault(key, next_id) == next_id
    write_rollup(connection, rollup, ids)
    return 0


def _chunk(connection: Connection, after: int) -> list[Any]:
    query = """SELECT seq, id, at_us, case_id, unpacked(body) FROM entries
        WHERE seq > ? ORDER BY seq LIMIT ?"""
    return list(connection.execute(query, (after, _CHUNK)))


def _add_chunk(
    connection: Connection, rows: list[Any], ids: dict[str, int], erased: Container[int]
) -> None:
    rollup, known, moved = Rollup(), Recalled(), []
    next_id = max(ids.values(), default=0) + 1
    for seq, id_, at_us, case_id, text in rows:
        # What was erased counts nowhere.
        key = None if seq in erased else _added(rollup, id_, at_us, text, known)
        right = None if key is None else ids.setdefault(key, next_id)
        next_id += right == next_id
        if right != case_id:
            moved.append((right, seq))
    write_rollup(connection, rollup, ids)
    if moved:
        connection.executemany("UPDATE entries SET case_id = ? WHERE seq = ?", moved)


def _added(rollup: Rollup, id_: str, at_us: int, text: bytes, known: Recalled) -> str | None:
    try:
        record = read_entry(text, known)
    except ValueError:
        return rollup.add_unreadable(id_, at_us)
    return rollup.add(record, at_us)


def _apply_reviews(connection: Connection) -> None:
    change = "UPDATE cases SET status = ?, disposition = ? WHERE key = ?"
    for key, (status, disposition) in reviewed(connection).items():
        connection.execute(change, (status, disposition, key))


def _has_other_version(connection: Connection, key: str, review: StoredReview) -> bool:
    """Return whether the case has a later record of another version than the one looked at."""
    query = """SELECT 1 FROM (SELECT unpacked(body) AS text FROM entries
            WHERE case_id = (SELECT id FROM cases WHERE key = ?) AND seq > ?)
        WHERE json_valid(CAST(text AS TEXT))
        AND json_extract(CAST(text AS TEXT), '$.sender.script.sha256') <> coalesce(?, '')
        LIMIT 1"""
    return connection.value(query, (key, review.up_to, review.sha256)) is not None


def reviewed(connection: Connection) -> dict[str, tuple[str, str | None]]:
    """Return status and disposition of the cases that reviews made other than open, from the review
    events alone.
    """
    closed: dict[str, StoredReview] = {}
    for (text,) in connection.execute("SELECT CAST(body AS BLOB) FROM review_entries ORDER BY seq"):
        try:
            review = review_of(text)
        except ValueError:
            continue  # what it did is not known: the case stays as the events before it left it
        if review.event.action is Action.CLOSE:
            closed[review.event.case_key] = review
        elif review.event.action is Action.REOPEN:
            closed.pop(review.event.case_key, None)
    newest = "SELECT max(seq) FROM entries WHERE case_id = (SELECT id FROM cases WHERE key = ?)"
    result: dict[str, tuple[str, str | None]] = {}
    gone = all_past(connection).newest if closed else {}
    for key, review in closed.items():
        reason = review.event.disposition
        disposition = None if reason is None else reason.value
        before = {one: seq for one, seq in gone.get(key, {}).items() if seq > review.up_to}
        seen = connection.value(newest, (key,)) or 0
        other = before.keys() - {review.sha256 or "", ""}
        again = (seen > review.up_to or bool(before)) and (
            disposition in COMES_BACK or bool(other) or _has_other_version(connection, key, review)
        )
        result[key] = (CaseStatus.OPEN if again else CaseStatus.CLOSED).value, disposition
    return result
