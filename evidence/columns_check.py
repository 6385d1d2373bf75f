"""Looks whether the file is sound as a database, and holds in each column what Outgate writes
there: no other type, no text that cannot be read, nothing in a table that its index hides.
"""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

from core.text import printable
from evidence.compiled import CREATE
from evidence.database import Connection, connect

_TYPES = {"INTEGER": "integer", "BIGINT": "integer", "VARCHAR": "text", "BLOB": "blob"}
_WORDS_KEPT = 120
_NO_CASE = """SELECT seq FROM entries INDEXED BY entries_by_case
    WHERE case_id IS NOT NULL AND typeof(case_id) IS NOT 'integer' LIMIT 1"""


def columns_problem(connection: Connection, but: frozenset[str] = frozenset()) -> str | None:
    """Return the first value of a type that Outgate does not write there, or text that is no text,
    in all tables `but` these.

    Reads no column that is not of this version's tables; those that are missing are told elsewhere.
    """
    for table, columns in _columns().items():
        if table in but:
            continue
        try:
            row = connection.execute(_foreign(table, columns)).fetchone()
        except sqlite3.OperationalError:
            continue  # the table is missing or another: what looks at the schema says so
        if row is not None:
            return _foreign_row(row[0], table)
    return None


def entries_problem(connection: Connection, first: int, last: int) -> str | None:
    """Return as `columns_problem` of some entries."""
    tests = " OR ".join(_test(*column) for column in _columns()["entries"])
    query = f"SELECT seq FROM entries WHERE seq BETWEEN ? AND ? AND ({tests}) LIMIT 1"  # noqa: S608
    row = connection.execute(query, (first, last)).fetchone()
    return None if row is None else _foreign_row(row[0], "entries")


def lists_problem(connection: Connection, most: int) -> str | None:
    """Return as `columns_problem`, but of marks, within what a screen waits for: of entries, where
    there are more than so many, the case alone, which an index holds; what else their rows hold is
    seen by who opens them.
    """
    found = columns_problem(connection, frozenset({"entries", "marks"}))
    if found is not None:
        return found
    if connection.value("SELECT count(*) FROM (SELECT 1 FROM entries LIMIT ?)", (most + 1,)) > most:
        seq = connection.value(_NO_CASE)
        return None if seq is None else _foreign_row(seq, "entries")
    first, last = connection.execute("SELECT min(seq), max(seq) FROM entries").fetchone()
    return None if first is None else entries_problem(connection, first, last)


def damage(connection: Connection) -> str | None:
    """Return what SQLite finds wrong with the file, such as an index that hides a row. Raises
    sqlite3.Error.
    """
    found = str(connection.value("PRAGMA integrity_check(1)"))
    if found == "ok":
        return None
    return f"the database is not sound: {printable(found, _WORDS_KEPT)}"


@contextmanager
def beside(
    path: Path, but: frozenset[str], *others: Callable[[Connection], str | None]
) -> Iterator[Callable[[], list[str | None]]]:
    """Look at the file's soundness and columns, in tables `but` these, and at what `others` look
    at, while something else is done: SQLite needs no turn of the interpreter for it. Give what
    waits for what was found.
    """

    def look() -> list[str | None]:
        with closing(connect(path, read_only=True)) as connection:
            found = [damage(connection), columns_problem(connection, but)]
            return found + [other(connection) for other in others]

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(look).result


def illegible(connection: Connection) -> str | None:
    """Return where text stands that is none (not UTF-8), which ends the query that meets it."""
    before, connection.text_factory = connection.text_factory, bytes
    try:
        for table, columns in _columns().items():
            texts = [name for name, kind, _ in columns if kind == "text"]
            listed = ", ".join(f'"{name}"' for name in (columns[0][0], *texts))
            query = f'SELECT {listed} FROM "{table}"'  # noqa: S608 - our own names
            for first, *values in connection.execute(query):
                if not all(map(_is_text, values)):
                    return f"row {_number(first)} of the table {table} holds text that is none"
    except sqlite3.Error:
        return None
    finally:
        connection.text_factory = before
    return None


def _is_text(value: object) -> bool:
    if not isinstance(value, bytes):
        return True
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _foreign(table: str, columns: tuple[tuple[str, str, bool], ...]) -> str:
    tests = " OR ".join(_test(*column) for column in columns)
    first = columns[0][0]
    return f'SELECT "{first}" FROM "{table}" WHERE {tests} LIMIT 1'  # noqa: S608 - our own names


def _test(name: str, kind: str, needed: bool) -> str:
    kinds = f"'{kind}'" if needed else f"'{kind}', 'null'"
    return f'typeof("{name}") NOT IN ({kinds})'


def _foreign_row(number: object, table: str) -> str:
    return f"row {_number(number)} of the table {table} holds what Outgate does not write"


def _number(value: object) -> str:
    return str(value) if isinstance(value, int) else "?"


@cache
def _columns() -> dict[str, tuple[tuple[str, str, bool], ...]]:
    """Return of each table its columns: name, type, whether a value has to be there."""
    return dict(_made())


def _made() -> Iterator[tuple[str, tuple[tuple[str, str, bool], ...]]]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        for statement in CREATE:
            made.execute(statement)
        names = made.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            rows = made.execute("SELECT * FROM pragma_table_info(?)", (name,)).fetchall()
            yield name, tuple((row[1], _TYPES[row[2]], bool(row[3])) for row in rows)
