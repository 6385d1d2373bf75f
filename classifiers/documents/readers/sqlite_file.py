"""SQLite files, opened in memory from their bytes: tables only, no view, trigger or function of the
file is run.
"""

import sqlite3
from typing import Any

from classifiers.decoding.binary import read_runs
from classifiers.decoding.decode_state import Reading
from classifiers.decoding.delimited import unique_names
from classifiers.documents.behind import cell_of
from classifiers.documents.reader import Work
from classifiers.documents.sqlite_places import read_beside
from classifiers.payload import Document, Path

MEDIA_TYPES = frozenset({"application/vnd.sqlite3"})
_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0 AND name NOT LIKE"
    " 'sqlite~_%' ESCAPE '~'"
)
_SCHEMA = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"
_MAX_TABLES = 500
_MAX_STEPS = 2_000
"""Of 100,000 instructions each: what a hostile file may make the engine do."""
_LONGEST = 16 << 20
"""Of one value: a generated column may ask for any length."""
_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ})


def read(document: Document, work: Work) -> None:
    """Read each table up to the limits; a broken file shows its readable runs."""
    database = sqlite3.connect(":memory:")
    try:
        database.deserialize(_without_wal(document.data))
        _harden(database)
        schema = database.execute(_SCHEMA).fetchall()
        work.text("\n".join(str(sql) for (sql,) in schema), "schema", document.path)
        names = database.execute(_TABLES).fetchall()
        for (name,) in names[:_MAX_TABLES]:
            _table(database, name, document, work)
        if len(names) > _MAX_TABLES:
            work.unread("more tables than are read", document.path)
        read_beside(document, work)
    except (sqlite3.Error, OverflowError):
        work.unread(
            "the database is broken or encrypted: only its readable parts were read", document.path
        )
        read_runs(
            Reading(work.payload, work.limits, document.label), document.data, document.path, 0
        )
    finally:
        database.close()


def _without_wal(data: bytes) -> bytes:
    """A database in memory has no journal: its header must not ask for one."""
    return data[:18] + b"\x01\x01" + data[20:] if data[18:20] == b"\x02\x02" else data


def _harden(database: sqlite3.Connection) -> None:
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return steps > _MAX_STEPS

    def authorize(action: int, *details: Any) -> int:
        counting = action == sqlite3.SQLITE_FUNCTION and details[1] in {"count", "like"}
        return sqlite3.SQLITE_OK if action in _ALLOWED or counting else sqlite3.SQLITE_DENY

    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
    database.text_factory = lambda data: data.decode("utf-8", "replace")
    database.execute("PRAGMA trusted_schema = 0")
    database.execute("PRAGMA cell_size_check = 1")
    database.set_progress_handler(count, 100_000)
    database.set_authorizer(authorize)


def _table(database: sqlite3.Connection, name: str, document: Document, work: Work) -> None:
    path = (*document.path, f"table {name}")
    quoted = '"' + name.replace('"', '""') + '"'
    try:
        rows = database.execute(f"SELECT count(*) FROM {quoted}").fetchone()[0]  # noqa: S608 - quoted as an identifier
        cursor = database.execute(f"SELECT * FROM {quoted}")  # noqa: S608 - quoted as an identifier
        header = [column[0] for column in cursor.description]
        complete = rows * len(header) <= work.limits.table_cells
        body = cursor.fetchmany(rows if complete else work.limits.sampled_rows)
    except sqlite3.Error:
        work.unread("a table is broken or cannot be read", path)
        return
    if not body:
        return
    names = unique_names(header, len(header))
    columns = {
        column: [_text(cell, column, path, work) for cell in cells]
        for column, cells in zip(names, zip(*body, strict=True), strict=True)
    }
    work.table(columns, rows, path, part=f"table {name}", complete=complete)


def _text(cell: Any, key: str, path: Path, work: Work) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bytes):
        return cell_of(cell, key, path, work) if cell else ""
    return "" if cell is None else str(cell)
