"""The lists of cases and of marks are held against records and reviews wherever they are answered
from.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.record import Record
from evidence import open_evidence, verify
from evidence.cases_check import (
    MARKS_EDITED,
    MARKS_NOT_COMPARED,
    NOT_COMPARED,
    all_lists_problem,
    case_list_problem,
    cases_problem,
    list_problems,
)
from evidence.notary import Notary, key_file
from evidence.sqlite_errors import REBUILD
from evidence.store import Store

EDITED = (
    "UPDATE cases SET count = count + 1 WHERE id = 1",
    "UPDATE cases SET people = 0, kinds = ',' WHERE id = 1",
    "UPDATE cases SET status = 'closed', disposition = 'false_positive' WHERE id = 1",
    "UPDATE cases SET key = key || 'x' WHERE id = 1",
    "DELETE FROM cases WHERE id = 1",
    "DELETE FROM cases",
    "UPDATE cases SET id = id + 1000",
    "UPDATE entries SET case_id = NULL",
)

MARKS = (
    "DELETE FROM marks",
    "DELETE FROM marks WHERE mark = (SELECT max(mark) FROM marks)",
    "UPDATE marks SET seq = seq + 1000",
    "INSERT INTO marks VALUES ('x', 1)",
    "INSERT INTO marks VALUES (x'00', 1)",
    "INSERT INTO marks VALUES (1, 'x')",
    "INSERT INTO marks VALUES (1.5, 2)",
)


def edited(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement).rowcount > 0


@pytest.fixture(params=["lots", "texts", "some"])
def store(request: pytest.FixtureRequest, full: Path, make_record: Callable[..., Record]) -> Store:
    """A store with closed lots, one of an installation without a key, and one with both."""
    if request.param == "texts":
        key_file(full).unlink(missing_ok=True)
        edited_or_not = "DELETE FROM lots"
        with closing(sqlite3.connect(full)) as connection, connection:
            connection.execute(edited_or_not)
    elif request.param == "some":
        evidence = open_evidence(full)
        evidence.writer.close_record(make_record(), lambda _: None)
        evidence.close()
        with closing(sqlite3.connect(full)) as connection, connection:
            connection.execute("DELETE FROM lots WHERE first = (SELECT max(first) FROM lots)")
    return Store(full)


def test_a_list_that_nobody_edited_is_right(store: Store) -> None:
    """By lots, by texts, by both."""
    assert case_list_problem(store) is None
    assert list_problems(store, 100_000) == (None, None)


@pytest.mark.parametrize("statement", MARKS)
def test_who_looks_for_a_person_is_told_that_the_list_of_marks_was_edited(
    store: Store, statement: str
) -> None:
    """Nothing found there is no proof that nothing was sent."""
    edited(store.path, statement)
    assert list_problems(store, 100_000) == (None, MARKS_EDITED)


@pytest.mark.parametrize("statement", EDITED)
def test_every_edit_of_cases_is_named(store: Store, statement: str) -> None:
    """Sums, closings, keys, ids, and rows that are gone."""
    edited(store.path, statement)
    problem = case_list_problem(store)
    assert problem is not None and "case" in problem and "verify --rebuild" in problem


TYPES = (
    "UPDATE entries SET case_id = x'00' WHERE seq = 2",
    "UPDATE entries SET case_id = 'x' WHERE seq = 2",
    "UPDATE entries SET case_id = 1.5 WHERE seq = 2",
    "UPDATE entries SET at_us = 'x' WHERE seq = 3",
    "UPDATE entries SET salt = 'x' WHERE seq = 3",
    "UPDATE cases SET people = x'00'",
    "UPDATE cases SET user = x'00'",
    "UPDATE hours SET sent = 'x'",
    "UPDATE days SET found = 'x'",
    "UPDATE traffic SET tokens = 'x'",
    "UPDATE scripts SET count = 'x'",
    "UPDATE review_entries SET script = x'00' WHERE seq = 1",
    "UPDATE lots SET closed = 'x'",
    "UPDATE checkpoints SET at_us = 'x'",
)


@pytest.mark.parametrize("most", [100_000, 4])
@pytest.mark.parametrize("statement", TYPES)
def test_a_value_of_a_type_that_is_never_written_is_named(
    full: Path, make_record: Callable[..., Record], statement: str, most: int
) -> None:
    """In every table, by who asks for a person too; of many entries in the case alone."""
    evidence = open_evidence(full)
    evidence.writer.close_record(make_record(7), lambda _: None)
    evidence.close()
    edited(full, statement)
    found = list_problems(Store(full), most)[0]
    is_seen = most > 4 or ("entries SET at_us" not in statement and "salt" not in statement)
    assert (found is not None and "holds what Outgate does not write" in found) == is_seen
    if is_seen:
        assert case_list_problem(Store(full), most) == found


def test_too_much_to_read_is_said(full: Path) -> None:
    """Never taken for right."""
    key_file(full).unlink(missing_ok=True)
    assert case_list_problem(Store(full), 0) == NOT_COMPARED


def test_what_a_gate_writes_meanwhile_is_no_edit(
    full: Path, make_record: Callable[..., Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All is read of one moment: what comes between the sums and the list is in neither."""

    def written(*given: Any) -> str | None:
        evidence = open_evidence(full)
        evidence.writer.close_record(make_record(77), lambda _: None)
        evidence.close()
        return cases_problem(*given)

    monkeypatch.setattr("evidence.cases_check.cases_problem", written)
    assert case_list_problem(Store(full)) is None
    monkeypatch.undo()
    assert case_list_problem(Store(full)) is None


def test_marks_that_are_too_many_to_compare_are_said(full: Path) -> None:
    """Neither edited nor right."""
    assert list_problems(Store(full), 100, 0) == (None, MARKS_NOT_COMPARED)


SUMS = {
    "DELETE FROM scripts": "the list of versions of scripts",
    "UPDATE scripts SET first_us = first_us + 1": "the list of versions of scripts",
    "DELETE FROM traffic": "the list of the sums of traffic",
    "UPDATE traffic SET bucket = bucket + 1": "the list of the sums of traffic",
    "INSERT INTO traffic VALUES ('a', 'b', 1, 0, 0, 0, 0, 0)": "the list of the sums of traffic",
    "DELETE FROM hours": "what was added up by the hour",
    "UPDATE hours SET bytes = bytes + 1": "what was added up by the hour",
    "DELETE FROM days": "what was added up by the day",
    "UPDATE days SET sent = sent + 1": "what was added up by the day",
}


def test_sums_that_nobody_edited_are_right(store: Store) -> None:
    """By lots, by texts, by both."""
    assert all_lists_problem(store) is None


@pytest.mark.parametrize("statement", SUMS)
def test_who_tells_of_sums_is_told_that_they_were_edited(store: Store, statement: str) -> None:
    """When something was seen first is read from them."""
    edited(store.path, statement)
    told = all_lists_problem(store)
    assert told == f"{SUMS[statement]} does not add up to the records; {REBUILD}"


@pytest.mark.parametrize("table", ["lots", "past", "cases", "review_entries"])
@pytest.mark.parametrize("whole", [False, True])
def test_a_missing_table_is_named_and_ends_no_answer(full: Path, table: str, whole: bool) -> None:
    """Whoever asks for records is told them, and beside them what could not be compared."""
    with closing(sqlite3.connect(full)) as connection, connection:
        connection.execute(f"DROP TABLE {table}")
    with closing(Store(full)) as store:
        cases, marks = list_problems(store, 10_000)
        found = (all_lists_problem if whole else case_list_problem)(store)
    assert cases is not None and found is not None
    assert f"lacks the table {table}" in cases and cases == found
    assert (marks is None) == (table == "lots")  # lots spare reading, and nothing stands in them


def test_without_the_table_of_lots_all_is_read_and_signed(full: Path) -> None:
    """A checkpoint is of no lots then, which the one before it sees."""
    with closing(sqlite3.connect(full)) as connection, connection:
        entries = connection.execute("SELECT count(*) FROM entries").fetchone()[0]
        connection.execute("DROP TABLE lots")
    for taken in range(2):
        report = verify(full)
        assert not report.ok and report.entries == entries
        assert any("lots" in problem for problem in report.problems)
        if not taken:
            Notary(full).take_now("export")
