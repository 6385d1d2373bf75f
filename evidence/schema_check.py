"""Looks whether the file holds the tables and indexes that Outgate makes, and nothing else: a
trigger that somebody added would write with every record.
"""

import sqlite3
from contextlib import closing
from functools import cache
from typing import Any

from core.text import printable
from evidence.compiled import CREATE
from evidence.database import Connection
from evidence.sqlite_errors import REBUILD, REMADE

_OBJECTS = """SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master
    WHERE NOT (type = 'index' AND sql IS NULL AND name LIKE 'sqlite\\_autoindex\\_%' ESCAPE '\\')"""
"""All but the indexes that belong to the keys of tables."""
_FOREIGN_WORDS = frozenset(
    {"CHECK", "COLLATE", "CONFLICT", "DEFERRABLE", "FOREIGN", "GENERATED", "REFERENCES", "STRICT"}
)
"""What no table of ours has, and what its columns do not show."""

type _Shape = tuple[Any, ...]


def schema_problem(connection: Connection) -> str | None:
    """Return what is foreign, missing or changed in the schema, if anything."""
    found, made = _shapes(connection), _made()
    missing = sorted(made.keys() - found.keys(), key=lambda one: (one[0] != "table", one))
    for kind, name in missing:  # a table first: its indexes went with it
        anew = f"; {REBUILD}" if kind == "table" and name in REMADE else ""
        return f"the {kind} {name} is missing in the file{anew}"
    for kind, name in sorted(found.keys() - made.keys()):
        return f"the file holds a {kind} that Outgate does not make: {printable(name, 80)}"
    for (kind, name), shape in sorted(found.items()):
        if shape != made[kind, name]:
            return f"the {kind} {name} is another than Outgate makes"
    return None


def _shapes(connection: sqlite3.Connection) -> dict[tuple[str, str], _Shape]:
    rows = connection.execute(_OBJECTS).fetchall()
    return {(kind, name): _shape(connection, kind, name, of, sql) for kind, name, of, sql in rows}


def _shape(connection: sqlite3.Connection, kind: str, name: str, of: str, sql: str) -> _Shape:
    """Return what matters of one object, however its text was put."""
    words = _words(sql)
    remarks = tuple(sign for sign in ("--", "/*") if sign in sql)
    foreign = (*sorted(_FOREIGN_WORDS.intersection(words)), *remarks)
    if kind == "table":
        columns = connection.execute("SELECT * FROM pragma_table_xinfo(?)", (name,)).fetchall()
        rowless = "WITHOUT" in words
        return rowless, foreign, *((c[1], c[2], bool(c[3]), c[4], c[5], c[6]) for c in columns)
    if kind == "index":
        columns = connection.execute("SELECT * FROM pragma_index_xinfo(?)", (name,)).fetchall()
        condition = tuple(words[words.index("WHERE") :]) if "WHERE" in words else ()
        return of, foreign, condition, *((c[2], c[3], c[4], c[5]) for c in columns)
    return of, sql


def _words(sql: str) -> list[str]:
    """Return the words and numbers of a statement, whatever stands between them."""
    return "".join(one if one.isalnum() or one == "_" else " " for one in sql.upper()).split()


@cache
def _made() -> dict[tuple[str, str], _Shape]:
    """Return the shape of each object in a new file."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        for statement in CREATE:
            made.execute(statement)
        return _shapes(made)
