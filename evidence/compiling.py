"""Makes SQL text of the tables, ahead of time: `python -m evidence.compiling` writes `compiled.py`.

The tables own the schema: what makes a new file and what the hot path writes comes from them. They
are not loaded where Outgate runs, for SQLAlchemy costs more than a second of every start; a test
holds the two together.
"""

import subprocess
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Table, func
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlmodel import SQLModel

from evidence.tables import (
    CaseRow,
    CheckpointRow,
    DayRow,
    Entry,
    Erased,
    HourRow,
    LotRow,
    Mark,
    OpenExchange,
    ReviewEntry,
    ScriptRow,
    TrafficRow,
)

_WIDTH = 84

type Compiled = tuple[str, tuple[str, ...]]
"""A statement's text with positional parameters, and their names in order."""


def _compiled(statement: Any, columns: Sequence[str]) -> Compiled:
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="qmark"), column_keys=columns)
    assert isinstance(compiled, SQLCompiler)
    return str(compiled), tuple(compiled.positiontup or ())


def _table(model: Any) -> Table:
    """Return the Core table of a SQLModel class."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _columns(table: Table, *left_out: str) -> list[str]:
    return [column.name for column in table.columns if column.name not in left_out]


def _add(
    table: Table,
    statement: Insert,
    sums: Sequence[str],
    firsts: Sequence[str],
    lasts: Sequence[str],
) -> Any:
    new = statement.excluded
    return (
        {name: table.c[name] + new[name] for name in sums}
        | {name: func.min(table.c[name], new[name]) for name in firsts}
        | {name: func.max(table.c[name], new[name]) for name in lasts}
    )


def _upsert_case(*columns: str) -> Compiled:
    statement = insert(_table(CaseRow))
    changes = {name: statement.excluded[name] for name in _columns(_table(CaseRow), "id", "key")}
    return _compiled(statement.on_conflict_do_update(index_elements=["key"], set_=changes), columns)


def _upsert_script() -> Compiled:
    table = _table(ScriptRow)
    statement = insert(table)
    changes = _add(table, statement, ("count",), ("first_us",), ("last_us",))
    return _compiled(
        statement.on_conflict_do_update(index_elements=["script", "sha256"], set_=changes),
        _columns(table),
    )


def _upsert_sums(model: Any) -> Compiled:
    """Return what adds to a table of sums: all that is no key of it."""
    table = _table(model)
    statement = insert(table)
    keys = [column.name for column in table.primary_key.columns]
    changes = _add(table, statement, _columns(table, *keys), (), ())
    return _compiled(
        statement.on_conflict_do_update(index_elements=keys, set_=changes), _columns(table)
    )


def _upsert_day() -> Compiled:
    table = _table(DayRow)
    statement = insert(table)
    keys = [column.name for column in table.primary_key.columns]
    sums = _columns(table, *keys, "first_hour", "last_hour")
    changes = _add(table, statement, sums, ("first_hour",), ("last_hour",))
    return _compiled(
        statement.on_conflict_do_update(index_elements=keys, set_=changes), _columns(table)
    )


def all_statements() -> dict[str, Compiled]:
    """Return every statement by its name in `compiled.py`."""
    cases = _columns(_table(CaseRow), "id")
    again = insert(_table(OpenExchange)).prefix_with("OR REPLACE")
    return {
        "INSERT_ENTRY": _compiled(insert(_table(Entry)), _columns(_table(Entry))),
        "INSERT_ERASED": _compiled(
            insert(_table(Erased)).prefix_with("OR REPLACE"), _columns(_table(Erased))
        ),
        "INSERT_MARK": _compiled(
            insert(_table(Mark)).prefix_with("OR IGNORE"), _columns(_table(Mark))
        ),
        "INSERT_OPEN": _compiled(again, _columns(_table(OpenExchange))),
        "INSERT_LOT": _compiled(
            insert(_table(LotRow)).prefix_with("OR REPLACE"), _columns(_table(LotRow))
        ),
        "INSERT_REVIEW": _compiled(insert(_table(ReviewEntry)), _columns(_table(ReviewEntry))),
        "INSERT_CHECKPOINT": _compiled(
            insert(_table(CheckpointRow)), _columns(_table(CheckpointRow))
        ),
        "UPSERT_CASE": _upsert_case(*cases),
        "UPSERT_CASE_WITH_ID": _upsert_case("id", *cases),
        "UPSERT_SCRIPT": _upsert_script(),
        "UPSERT_TRAFFIC": _upsert_sums(TrafficRow),
        "UPSERT_HOUR": _upsert_sums(HourRow),
        "UPSERT_DAY": _upsert_day(),
    }


def create_statements() -> tuple[str, ...]:
    """Return what makes the tables and indexes of a new file."""
    made: list[str] = []
    for table in SQLModel.metadata.sorted_tables:
        made.append(_plain(CreateTable(table)))
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        made += [_plain(CreateIndex(index)) for index in indexes]
    return tuple(made)


def _plain(statement: CreateTable | CreateIndex) -> str:
    return " ".join(str(statement.compile(dialect=sqlite.dialect())).split())


def module_text() -> str:
    """Return what `compiled.py` has to be."""
    lines = [
        '"""SQL text made of the tables by `python -m evidence.compiling`: do not edit."""',
        "",
        "CREATE = (",
    ]
    for text in create_statements():
        lines += _literal(text)
    lines.append(")")
    for name, (text, parameters) in all_statements().items():
        names = ", ".join(map(repr, parameters))
        lines += [f"{name} = (", *_literal(text), f"    ({names}),", ")"]
    formatted = subprocess.run(
        ["ruff", "format", "--stdin-filename", "compiled.py", "-"],  # noqa: S607
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    return formatted.stdout


def _literal(text: str) -> list[str]:
    """Return a text as the lines of a tuple's element, none of them long."""
    parts = textwrap.wrap(text, _WIDTH, drop_whitespace=False, break_long_words=False)
    return [f"    ({parts[0]!r}", *(f"     {part!r}" for part in parts[1:]), "    ),"]


def main() -> None:
    """Write `compiled.py`."""
    Path(__file__).with_name("compiled.py").write_text(module_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
