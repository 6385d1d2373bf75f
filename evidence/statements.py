"""The statements of the hot path, built from the tables and compiled once to SQL text with positional parameters."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, func, literal_column
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.sql.compiler import SQLCompiler

from evidence.rollup import COMES_BACK, Rollup
from evidence.tables import CaseRow, Entry, OpenExchange, ReviewEntry, ScriptRow, TrafficRow


class Statement:
    """One statement as text, with the names of its parameters in order."""

    def __init__(self, statement: Any, columns: Sequence[str] | None = None) -> None:
        compiled = statement.compile(dialect=sqlite.dialect(paramstyle="qmark"), column_keys=columns)
        assert isinstance(compiled, SQLCompiler)
        self.text = str(compiled)
        self.names: tuple[str, ...] = tuple(compiled.positiontup or ())

    def rows(self, values: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """Return the parameters of many executions in the order that the text wants."""
        return [tuple(value[name] for name in self.names) for value in values]

    def run(self, driver: sqlite3.Connection, values: Iterable[Mapping[str, Any]]) -> None:
        """Execute once for each of the values."""
        self.run_rows(driver, self.rows(values))

    def run_rows(self, driver: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Execute once for each row of parameters in the order of `names`."""
        if rows:
            driver.executemany(self.text, rows).close()


def table_of(model: Any) -> Table:
    """Return the Core table of a SQLModel class."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _columns(table: Table, *left_out: str) -> list[str]:
    return [column.name for column in table.columns if column.name not in left_out]


def _add(table: Table, statement: Insert, sums: Sequence[str], firsts: Sequence[str], lasts: Sequence[str]) -> Any:
    new = statement.excluded
    return (
        {name: table.c[name] + new[name] for name in sums}
        | {name: func.min(table.c[name], new[name]) for name in firsts}
        | {name: func.max(table.c[name], new[name]) for name in lasts}
    )


def _upsert_case(*columns: str) -> Statement:
    table = table_of(CaseRow)
    statement = insert(table)
    new = statement.excluded
    again = ", ".join(f"'{reason}'" for reason in COMES_BACK)
    changes = {
        name: new[name] for name in _columns(table, "id", "key", "status", "disposition", "first_us", "last_us")
    } | _add(table, statement, ("count", "bytes_sent", "degraded"), ("first_us",), ("last_us", "most_values"))
    changes["status"] = literal_column(
        f"CASE WHEN cases.status = 'closed' AND cases.disposition IN ({again}) THEN 'open' ELSE cases.status END"
    )
    # SQLite's max() of two is NULL when one is.
    changes["most_records"] = func.max(
        func.coalesce(table.c.most_records, new.most_records), func.coalesce(new.most_records, table.c.most_records)
    )
    return Statement(statement.on_conflict_do_update(index_elements=["key"], set_=changes), columns)


def _upsert_script() -> Statement:
    table = table_of(ScriptRow)
    statement = insert(table)
    changes = _add(table, statement, ("count",), ("first_us",), ("last_us",))
    return Statement(
        statement.on_conflict_do_update(index_elements=["script", "sha256"], set_=changes), _columns(table)
    )


def _upsert_traffic() -> Statement:
    table = table_of(TrafficRow)
    statement = insert(table)
    changes = _add(table, statement, ("exchanges", "bytes", "tokens", "cost_micro_usd"), (), ())
    keys = ["script", "destination", "bucket"]
    return Statement(statement.on_conflict_do_update(index_elements=keys, set_=changes), _columns(table))


_CASE_COLUMNS = _columns(table_of(CaseRow), "id", "disposition")

INSERT_ENTRY = Statement(insert(table_of(Entry)), _columns(table_of(Entry)))
INSERT_OPEN = Statement(insert(table_of(OpenExchange)).prefix_with("OR REPLACE"), _columns(table_of(OpenExchange)))
DELETE_OPEN = "DELETE FROM open_exchanges WHERE slot = ?"
INSERT_REVIEW = Statement(insert(table_of(ReviewEntry)), _columns(table_of(ReviewEntry)))
UPSERT_CASE = _upsert_case(*_CASE_COLUMNS)
UPSERT_CASE_WITH_ID = _upsert_case("id", *_CASE_COLUMNS)
UPSERT_SCRIPT = _upsert_script()
UPSERT_TRAFFIC = _upsert_traffic()


def write_rollup(driver: sqlite3.Connection, rollup: Rollup, ids: Mapping[str, int] | None = None) -> None:
    """Add a batch's sums to the derived tables. With `ids`, cases that are not there yet get these ids."""
    cases = ({"status": "open", **case} for case in rollup.cases.values())
    if ids is None:
        UPSERT_CASE.run(driver, cases)
    else:
        UPSERT_CASE_WITH_ID.run(driver, ({"id": ids[case["key"]], **case} for case in cases))
    UPSERT_SCRIPT.run_rows(driver, [(*key, *seen) for key, seen in rollup.scripts.items()])
    UPSERT_TRAFFIC.run_rows(driver, [(*key, *sums) for key, sums in rollup.traffic.items()])
