"""Makes what is derived from the chains anew: cases, versions of scripts, traffic."""

from typing import Any

import orjson

from core.review import Action, CaseStatus
from evidence.database import Connection
from evidence.rollup import COMES_BACK, Rollup
from evidence.statements import write_rollup

_CHUNK = 2000


def rebuild(connection: Connection) -> None:
    """Recompute all derived tables from the entries and review events; call inside a transaction.

    Cases keep their ids, so that another process that remembers one stays right.
    """
    ids = {str(key): int(id_) for key, id_ in connection.execute("SELECT key, id FROM cases")}
    for table in ("cases", "scripts", "traffic"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables
    last = 0
    while rows := _chunk(connection, last):
        _add_chunk(connection, rows, ids)
        last = rows[-1][0]
    _apply_reviews(connection)


def _chunk(connection: Connection, after: int) -> list[Any]:
    query = "SELECT seq, at_us, case_id, body FROM entries WHERE seq > ? ORDER BY seq LIMIT ?"
    return list(connection.execute(query, (after, _CHUNK)))


def _add_chunk(connection: Connection, rows: list[Any], ids: dict[str, int]) -> None:
    rollup, moved = Rollup(), []
    next_id = max(ids.values(), default=0) + 1
    for seq, at_us, case_id, text in rows:
        key = rollup.add(orjson.loads(text), at_us)
        right = None if key is None else ids.setdefault(key, next_id)
        next_id += right == next_id
        if right != case_id:
            moved.append((right, seq))
    write_rollup(connection, rollup, ids)
    if moved:
        connection.executemany("UPDATE entries SET case_id = ? WHERE seq = ?", moved)


def _apply_reviews(connection: Connection) -> None:
    change = "UPDATE cases SET status = ?, disposition = ? WHERE key = ?"
    for key, (status, disposition) in reviewed(connection).items():
        connection.execute(change, (status, disposition, key))


def reviewed(connection: Connection) -> dict[str, tuple[str, str | None]]:
    """Return status and disposition of the cases that reviews made other than open, from the review events alone."""
    closed: dict[str, tuple[str | None, int]] = {}
    for (text,) in connection.execute("SELECT body FROM review_entries ORDER BY seq"):
        event = orjson.loads(text)
        if event["action"] == Action.CLOSE:
            closed[event["case_key"]] = (event["disposition"], event["up_to"])
        elif event["action"] == Action.REOPEN:
            closed.pop(event["case_key"], None)
    newest = "SELECT max(seq) FROM entries WHERE case_id = (SELECT id FROM cases WHERE key = ?)"
    result: dict[str, tuple[str, str | None]] = {}
    for key, (disposition, up_to) in closed.items():
        seen = connection.value(newest, (key,)) or 0
        again = disposition in COMES_BACK and seen > up_to
        result[key] = (CaseStatus.OPEN if again else CaseStatus.CLOSED).value, disposition
    return result
