"""The tabs of the review, read from a real store."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from evidence_file import many_cases

from app.desk_sheets import DeskSheets
from app.home import Home
from core.case_words import parse
from evidence.store import Store
from tui.sheet import TABS

NOW = datetime(2026, 3, 9, tzinfo=UTC)


@pytest.fixture
def sheets(tmp_path: Path) -> Iterator[DeskSheets]:
    """Sheets of a store with six scripts."""
    many_cases(tmp_path / "evidence.db")
    store = Store(tmp_path / "evidence.db", clock=lambda: NOW)
    yield DeskSheets(store=store, home=Home(tmp_path), watching=lambda: False)
    store.close()


@pytest.mark.parametrize("name", [name for name in TABS if name != "review"])
def test_every_tab_can_be_read(sheets: DeskSheets, name: str) -> None:
    """Each has facts or a table; what its rows lead to is understood."""
    sheet = sheets.read(name, NOW)
    assert sheet.facts or sheet.tables
    for table in sheet.tables:
        for line in table.lines:
            assert len(line.cells) == len(table.columns)
            assert not line.filter or parse(line.filter, NOW, UTC).problem is None


@pytest.mark.parametrize("name", [name for name in TABS if name != "review"])
def test_every_tab_can_be_read_of_an_empty_store(tmp_path: Path, name: str) -> None:
    """On the first day there is nothing to show, and nothing fails."""
    store = Store(tmp_path / "evidence.db")
    sheets = DeskSheets(store=store, home=Home(tmp_path), watching=lambda: True)
    assert not [line for line in sheets.read(name, NOW).lines if line.filter]
    store.close()


def test_the_numbers_are_those_of_the_records(sheets: DeskSheets) -> None:
    """Scripts, their cases, the model and the person who runs them."""
    scripts = {line.cells[0]: line.cells[1] for line in sheets.read("scripts", NOW).lines}
    assert scripts["/srv/tickets.py"] == "150" and len(scripts) == 6
    (user,) = sheets.read("users", NOW).lines
    assert user.cells[0] == "analyst" and user.cells[2] == "6"
    models = sheets.read("llm", NOW).tables[-1]
    assert [line.cells[0] for line in models.lines] == ["gpt-4o"]
    facts = {row.label: row.text for row in sheets.read("overview", NOW).facts}
    assert facts["To look at"].startswith("5 cases")


def test_rules_that_never_hold_are_named(sheets: DeskSheets) -> None:
    """A rule of the policy that stands in no case, and a rule in cases that the policy lost."""
    rules, gone, accounts = sheets.read("rules", NOW).tables
    assert {line.cells[4] for line in rules.lines} == {"never"}
    assert [line.cells[0] for line in gone.lines] == ["personal-data-to-llm"]
    assert accounts.lines == ()
