"""Makes what is derived from the chains anew: cases, versions of scripts, traffic, hours, days,
marks.
"""

import logging
from collections.abc import Callable
from typing import Any

from core.case_keys import case_of_key
from core.vocabulary.sizes import counted, number
from evidence.case_sums import CaseSums
from evidence.closed import OPEN
from evidence.closings import Closings
from evidence.compiled import CREATE
from evidence.database import Connection
from evidence.lots import forget_lots
from evidence.marks import marks_in_text, unpaired
from evidence.past import all_past, newest_apart, oldest_of_past
from evidence.removed import Removed
from evidence.rollup import Rollup, joined
from evidence.sqlite_errors import DERIVED, REMADE
from evidence.statements import INSERT_MARK, Remembered, write_rollup
from evidence.tally import Tally

log = logging.getLogger("outgate.evidence")
CHUNK = 8192
"""So many entries are read at once."""
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"


class Forward:
    """Tells whoever starts a gate of an older file how far that is brought forward."""

    def __init__(self, total: int, entries: int) -> None:
        """So many of the entries are added up anew."""
        self._total, self._done = total, 0
        log.warning(
            "the evidence is brought forward: %s of %s are added up anew; the gate begins"
            " afterwards",
            counted(total, "record"),
            number(entries),
        )

    def take(self, rows: int) -> None:
        """So many more are done."""
        self._done += rows
        if self._done < self._total:
            done = number(self._done), number(self._total)
            log.warning("the evidence is brought forward: %s of %s", *done)


def rebuild(connection: Connection, *, marks: bool = True, forward: Forward | None = None) -> None:
    """Recompute all derived tables from the entries and review events, the list of marks too where
    it is asked for; call inside a transaction. `forward` hears how far it is.

    Cases keep their ids, so that another process that remembers one stays right.
    """
    _make_missing(connection)
    ids = {str(key): int(id_) for key, id_ in connection.execute("SELECT key, id FROM cases")}
    for table in DERIVED:
        if marks or table != "marks":
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables
    _add_past(connection, all_past(connection).rollup, ids)
    adding = _Adding(connection, ids, marks)
    last = 0
    while rows := _chunk(connection, last):
        adding.take(rows)
        last = rows[-1][0]
        if forward is not None:
            forward.take(len(rows))
    write_rollup(connection, newest_apart(connection), ids)
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


def _add_past(connection: Connection, rollup: Rollup, ids: dict[str, int]) -> None:
    """Begin with what records that expired added up to."""
    next_id = max(ids.values(), default=0) + 1
    for key in rollup.cases:
        next_id += ids.setdefault(key, next_id) == next_id
    write_rollup(connection, rollup, ids)


def _chunk(connection: Connection, after: int) -> list[Any]:
    query = """SELECT seq, id, at_us, case_id, unpacked(body) FROM entries
        WHERE seq > ? ORDER BY seq LIMIT ?"""
    return list(connection.execute(query, (after, CHUNK)))


class _Adding:
    """Adds entries up, and files each under its case."""

    def __init__(self, connection: Connection, ids: dict[str, int], marks: bool) -> None:
        self._connection, self._ids, self._marks = connection, ids, marks
        self._tally = Tally()
        self._remembered = Remembered()
        self._erased = Removed.of(connection).whole

    def take(self, rows: list[Any]) -> None:
        """Take the next entries."""
        self._tally.begin()
        connection, unread, moved = self._connection, Rollup(), []
        marks, ids = list[tuple[int, int]](), self._ids
        next_id = max(ids.values(), default=0) + 1
        for seq, id_, at_us, case_id, text in rows:
            # What was erased counts nowhere.
            key = None
            if seq not in self._erased:
                try:
                    key = self._tally.add(text, at_us, seq)[2]
                except ValueError:
                    key = unread.add_unreadable(id_, at_us)
                    marks += [(one, seq) for one in marks_in_text(text)]
            right = None if key is None else ids.setdefault(key, next_id)
            next_id += right == next_id
            if right != case_id:
                moved.append((right, seq))
        sums = self._tally.sums
        joined(sums, unread)
        write_rollup(connection, sums, ids, self._remembered)
        if self._marks:
            INSERT_MARK.run_rows(connection, sorted(marks + list(map(unpaired, self._tally.pairs))))
        if moved:
            connection.executemany("UPDATE entries SET case_id = ? WHERE seq = ?", moved)
            forget_lots(connection, [seq for _, seq in moved])  # they tell of the rows as they were


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
        both = gone.get(key), connection.value(query, (key,))
        return min((int(seq) for seq in both if seq), default=0)

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
