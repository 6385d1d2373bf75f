"""Reports, drafts and packs of evidence of which the list of cases was edited say so first."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from packs import pack, parts_of

from core.errors import InputError
from core.review import CaseFilter
from evidence.store import Store
from exports.report.breach import breach
from exports.report.cases import case_named
from exports.report.forms import drawn
from exports.report.monthly import report
from exports.report.period import Period

NOW = datetime(2026, 12, 31, tzinfo=UTC)
PERIOD = Period(since=NOW - timedelta(days=400), until=NOW, called="all")


def edited(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement).rowcount > 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cases SET people = people + 1",
        "DELETE FROM cases WHERE id IN (SELECT id FROM cases)",
    ],
)
def test_a_report_of_edited_cases_says_so(full: Path, tmp_path: Path, statement: str) -> None:
    """Before its first line, which is read alone, and in the section that says what is whole; and
    so does the report in a pack.
    """
    before = drawn(report(Store(full, clock=lambda: NOW), PERIOD, by="x", now=NOW), "text").decode()
    assert "NOT TRUE" not in before and "was changed" not in before
    edited(full, statement)
    page = report(Store(full, clock=lambda: NOW), PERIOD, by="x", now=NOW)
    assert page.answer.startswith("The evidence was changed")
    assert "NOT TRUE AS IT STANDS IN THE FILE: the list of cases" in drawn(page, "text").decode()
    told = parts_of(pack(full, tmp_path / "edited.zip"))["report.html"]
    assert b"The evidence was changed" in told


@pytest.mark.parametrize("table", ["scripts", "traffic", "hours", "days"])
def test_a_report_of_deleted_sums_says_so(full: Path, table: str) -> None:
    """What is new in it, and what is gone, is read from them."""
    edited(full, f"DELETE FROM {table}")
    page = report(Store(full, clock=lambda: NOW), PERIOD, by="x", now=NOW)
    assert page.answer.startswith("The evidence was changed")
    assert "does not add up to the records" in drawn(page, "text").decode()


def test_a_draft_of_an_edited_case_says_so(full: Path) -> None:
    """And a case that was deleted is not only unknown."""
    store = Store(full, clock=lambda: NOW)
    case = store.page(CaseFilter(status=None), 0, 1)[0]
    assert "NOT TRUE" not in breach(store, case, by="x", now=NOW).answer
    edited(full, "UPDATE cases SET most_values = most_values + 1")
    assert "NOT TRUE" in breach(store, case, by="x", now=NOW).answer
    edited(full, "DELETE FROM cases WHERE id IN (SELECT id FROM cases)")
    with pytest.raises(InputError, match="list of cases"):
        case_named(store, case.key)
