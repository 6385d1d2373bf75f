"""Makes what is derived from the chains anew: cases, versions of scripts, traffic, hours, days,
marks.
"""

from collections.abc import Callable, Container
from typing import Any

from core.case_keys import case_of_key
from evidence.case_sums import CaseSums
from evidence.closed import OPEN
from evidence.closings import Closings
from evidence.compiled import CREATE
from evidence.database import Connection
from evidence.entries import Recalled, read_entry
from evidence.lots import forget_lots
from evidence.marks import marks_in_text
from evidence.past import all_past, oldest_of_past
from evidence.removed import Removed
from evidence.rollup import Rollup
from evidence.sqlite_errors import DERIVED, REMADE
from evidence.statements import INSERT_MARK, write_rollup

_CHUNK = 2000
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"


def rebuild(connection: Connection) -> None:
    """Recompute all derived tables from the entries and review events; call inside a transaction.

    Cases keep their ids, so that another process that remembers one stays right.
    """
    _make_missing(connection)
    ids = {str(key): int(id_) for key, id_ in connection.execute("SELECT key, id FROM cases")}
    for table in DERIVED:
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables
    past = all_past(connection)
    last = _add_past(connection, past.rollup, ids)
    erased = Removed.of(connection).whole
    while rows := _chunk(connection, last):
        _add_chunk(connection, rows, ids, erased)
        last = rows[-1][0]
    close_anew(connection)


def _make_missing(connection: Connection) -> None:
    """Make the derived tables that somebody dropped or renamed, with their indexes."""
    there = {str(name) for (name,) in connection.execute(_TABLES)}
    for table in REMADE - there:
        for statement in CREATE:
            words = statement.split()
            if words[1] == "TABLE" and words[2] == table:
                connection.execute(statement)
            elif words[1] == "INDEX" and words[4] == table:
                # One of that name went along with a table that was renamed.
                connection.execute(f"DROP INDEX IF EXISTS {words[2]}")
                connection.execute(statement)


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
    connection: Connection,
    rows: list[Any],
    ids: dict[str, int],
    erased: Container[int],
) -> None:
    rollup, known, moved, marks = Rollup(), Recalled(), [], list[tuple[int, int]]()
    next_id = max(ids.values(), default=0) + 1
    for seq, id_, at_us, case_id, text in rows:
        # What was erased counts nowhere.
        key = None
        if seq not in erased:
            key = _added(rollup, id_, at_us, text, known)
            marks += [(one, seq) for one in marks_in_text(text)]
        right = None if key is None else ids.setdefault(key, next_id)
        next_id += right == next_id
        if right != case_id:
            moved.append((right, seq))
    write_rollup(connection, rollup, ids)
    INSERT_MARK.run_rows(connection, sorted(marks))
    if moved:
        connection.executemany("UPDATE entries SET case_id = ? WHERE seq = ?", moved)
        forget_lots(connection, [seq for _, seq in moved])  # they tell of the rows as they were


def _added(rollup: Rollup, id_: str, at_us: int, text: bytes, known: Recalled) -> str | None:
    try:
        record = read_entry(text, known)
    except ValueError:
        return rollup.add_unreadable(id_, at_us)
    return rollup.add(record, at_us)


def close_anew(connection: Connection) -> None:
    """Say of each case that was closed whether that holds; call inside a transaction."""
    closings = Closings(connection)
    closings.learn(connection)
    change = """UPDATE cases SET status = ?, disposition = ?, until_us = ?, closed = ?
        WHERE key = ?"""
    newest, oldest = newest_entries(connection), oldest_entries(connection)
    for key in closings.keys:
        row = connection.named("SELECT * FROM cases WHERE key = ?", (key,)).fetchone()
        if row is not None:
            right = closings.standing(key, CaseSums.of(row).reach, newest, oldest)
            connection.execute(change, (*(right[name] for name in OPEN), key))


def oldest_entries(connection: Connection) -> Callable[[str], int]:
    """Return what gives an entry that is not behind the first of a case that still counts."""
    gone = oldest_of_past(connection)

    def oldest(key: str) -> int:
        query = "SELECT min(seq) FROM entries WHERE case_id = (SELECT id FROM cases WHERE key = ?)"
        return gone.get(key) or connection.value(query, (key,)) or 0

    return oldest


def newest_entries(connection: Connection) -> Callable[[str], int]:
    """Return what gives the newest entry of a case, be it gone."""
    gone = all_past(connection).newest

    def newest(key: str) -> int:
        query = "SELECT max(seq) FROM entries WHERE case_id = (SELECT id FROM cases WHERE key = ?)"
        here = connection.value(query, (key,)) or 0
        before = (
            seq for at, seen in gone.items() if case_of_key(at) == key for seq in seen.values()
        )
        return max(here, *before, 0)

    return newest
