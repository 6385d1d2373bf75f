"""The review's list is held against the records before anybody relies on it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from evidence_file import many_cases

from app.case_list import list_problem
from app.desk_acts import acts_of
from app.desk_exports import DeskExports
from app.home import Home
from app.settings import Settings
from core.errors import EvidenceError
from core.review import CaseFilter
from evidence import open_store
from evidence.notary import key_file
from evidence.store import Store
from tests.app.conftest import Runs


@pytest.mark.parametrize(
    "edit", ["UPDATE cases SET status = 'closed'", "DELETE FROM cases WHERE risk > 0"]
)
def test_the_plain_list_says_that_it_was_edited(outgate: Runs, home: Path, edit: str) -> None:
    """In its first line and by its exit code, where an officer would see too few cases."""
    many_cases(home / "evidence.db")
    told = outgate("review", "--plain")
    assert told.code == 0 and "was changed" not in told.out
    with closing(sqlite3.connect(home / "evidence.db")) as connection, connection:
        connection.execute(edit)
    told = outgate("review", "--plain")
    assert told.code == 1 and told.out.startswith("The evidence was changed: ")
    assert "outgate verify --rebuild" in told.out
    store = Store(home / "evidence.db")
    on_screen = acts_of(store, Home(home), Settings()).list_problem
    assert on_screen is not None and on_screen() is not None
    store.close()


def test_too_many_records_are_not_read_for_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for minutes; verify is there for that."""
    many_cases(home / "evidence.db")
    key_file(home / "evidence.db").unlink(missing_ok=True)
    monkeypatch.setattr("app.case_list._MOST", 3)
    assert list_problem(home / "evidence.db") is None


@pytest.mark.parametrize("name", ["csv", "report", "pack"])
def test_what_the_review_writes_of_edited_cases_is_said(
    home: Path, tmp_path: Path, name: str
) -> None:
    """The file is there, and nobody takes it for all that there was."""
    many_cases(home / "evidence.db")
    store = open_store(home / "evidence.db")
    keys = frozenset(case.key for case in store.page(CaseFilter(status=None), 0, 3))
    exports = DeskExports(store=store, home=Home(home))
    assert exports.write(name, keys, tmp_path / "right") > 0
    with closing(sqlite3.connect(home / "evidence.db")) as connection, connection:
        connection.execute("UPDATE cases SET status = 'closed', people = 0")
    with pytest.raises(EvidenceError, match="It is written, and the evidence was changed"):
        exports.write(name, keys, tmp_path / "edited")
    assert (tmp_path / "edited").stat().st_size > 0
    store.close()
