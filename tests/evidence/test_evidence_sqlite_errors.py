"""A table that somebody dropped or renamed is named, with what to do, wherever it is missed."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import evidence
from core.errors import EvidenceError
from core.happenings import Installation
from core.review import CaseFilter
from evidence.cases_check import list_problems
from evidence.compiled import CREATE
from evidence.finding_people import found
from evidence.shipping import shipped_file
from evidence.sqlite_errors import REMADE, evidence_error
from evidence.store import Store
from evidence.verification import verify

HERE = Installation(machine="3d0c", host=None, version="0.1.0")
TABLES = [words[2] for one in CREATE if (words := one.split())[1] == "TABLE"]


def edited(place: Path, *statements: str) -> None:
    with closing(sqlite3.connect(place)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def shipped(place: Path) -> None:
    with shipped_file(place) as file:
        file.standing("records")
        file.run("records", 0, 10, 10_000)
        file.run("acts", 0, 10, 10_000)


def written(place: Path) -> None:
    """As a gate writes."""
    opened = evidence.open_evidence(place)
    opened.close()


WAYS: dict[str, Callable[[Path], Any]] = {
    "a page": lambda place: Store(place).page(CaseFilter(status=None), 0, 5),
    "all records": lambda place: list(Store(place).iter_records()),
    "all acts": lambda place: list(Store(place).iter_acts()),
    "find": lambda place: found(Store(place), ["0123456789abcdef"]),
    "the lists": lambda place: list_problems(Store(place), 100),
    "totals": lambda place: Store(place).totals(),
    "versions": lambda place: Store(place).script_versions(),
    "first seen": lambda place: Store(place).destinations_first_seen(),
    "checkpoints": lambda place: Store(place).checkpoints(),
    "shipping": shipped,
    "a gate": written,
}


@pytest.mark.parametrize("table", TABLES)
def test_whoever_misses_a_table_is_told_which(full: Path, table: str) -> None:
    """By name and with what to do, never by SQLite's number alone; somebody misses each of them."""
    edited(full, f"ALTER TABLE {table} RENAME TO something_else")
    missed = 0
    for way, do in WAYS.items():
        try:
            missed += f"the table {table}" in str(do(full))  # told beside what could be answered
        except EvidenceError as error:
            missed += 1
            assert f"the table {table}" in error.message, way
            assert "outgate verify" in error.remedy, way
    report = verify(full)
    assert not report.ok and f"the table {table} is missing" in (report.first_problem or "")
    assert ("--rebuild" in (report.first_problem or "")) == (table in REMADE)
    assert missed or table in {"erased", "days"}  # read where something was erased, or of months


@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_gate_does_not_start_where_a_table_is_missing(full: Path, table: str) -> None:
    """It says which, and what to do; nothing of the file is changed. Made anew, it starts."""
    edited(full, f"ALTER TABLE {table} RENAME TO something_else")
    before = verify(full)
    for _ in range(2):
        with pytest.raises(EvidenceError, match=f"the table {table}:") as told:
            evidence.open_evidence(full, installation=HERE)
        assert ("--rebuild" in told.value.remedy) == (table in REMADE)
    assert verify(full) == before
    if table in REMADE:
        store = Store(full)
        store.rebuild_cases()
        store.close()
    else:
        edited(full, f"ALTER TABLE something_else RENAME TO {table}")
    evidence.open_evidence(full, installation=HERE).close()


@pytest.mark.parametrize("table", sorted(REMADE))
@pytest.mark.parametrize("edit", ["DROP TABLE {}", "ALTER TABLE {} RENAME TO something_else"])
def test_what_is_derived_is_made_anew_where_it_is_missing(
    full: Path, table: str, edit: str
) -> None:
    """With its indexes, and no more is wrong than what somebody else put there."""
    edited(full, edit.format(table))
    store = Store(full)
    store.rebuild_cases()
    store.close()
    if "RENAME" in edit:
        edited(full, "DROP TABLE something_else")
    assert verify(full).problems == ()


def test_a_missing_column_is_named(full: Path) -> None:
    """With the tables that have one of that name."""
    edited(full, "ALTER TABLE scripts RENAME COLUMN first_us TO began")
    with pytest.raises(EvidenceError, match=r"lacks the column first_us \(cases or scripts\)"):
        Store(full).script_versions()


@pytest.mark.parametrize("said", ["no such table: x", "no such column: 'Anna Muster'", "near x"])
def test_nothing_else_that_sqlite_says_is_repeated(said: str) -> None:
    """Only names of ours: a statement may hold other words."""
    told = evidence_error(sqlite3.OperationalError(said))
    assert "x" not in told.message.split() and "Anna" not in told.message
