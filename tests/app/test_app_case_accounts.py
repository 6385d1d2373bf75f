"""From a case to an account of the organisation's own."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from invented_day import finding, place, record, sender

from app.case_accounts import CaseAccounts
from app.desk_sheets import DeskSheets
from app.home import Home
from core.classification import AccountKind, Category
from core.errors import InputError
from core.review import CaseFilter
from evidence.factory import open_evidence
from evidence.store import Store

NOW = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)
PERSONAL, OWN = AccountKind.PERSONAL, AccountKind.CORPORATE
SENT = (
    ("a.py", "onedrive", PERSONAL, "tenant-1"),
    ("b.py", "onedrive", PERSONAL, "tenant-2"),
    ("c.py", "onedrive", OWN, "tenant-3"),
    ("d.py", "onedrive", PERSONAL, None),
    ("e.py", None, PERSONAL, "x"),
    ("f.py", "onedrive", PERSONAL, "•@gmail.com"),
    ("g.py", "onedrive", PERSONAL, "tenant-1"),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A case of each kind of account."""
    evidence = open_evidence(tmp_path / "evidence.db")
    for n, (script, service, kind, name) in enumerate(SENT):
        where = place("one.example", service, Category.CLOUD_STORAGE, kind, id=name)
        one = record(NOW - timedelta(minutes=n), sender(script), where, finding("iban", 3))
        evidence.writer.close_record(one, lambda _: None)
    evidence.close()
    store = Store(tmp_path / "evidence.db", clock=lambda: NOW)
    yield store
    store.close()


def test_the_account_of_a_case_becomes_the_organisations_own(store: Store, tmp_path: Path) -> None:
    """With its effect said before, comments kept, and shown in the list of rules afterwards."""
    policy = tmp_path / "outgate.yaml"
    policy.write_text("version: 1  # ours\nmode: watch\n")
    accounts = CaseAccounts(store=store, policy=policy)
    (case,) = store.page(CaseFilter(script="a.py"), 0, 9)
    made = accounts.propose(case)
    assert "“tenant-1” is the organisation's own" in made.sentence
    assert made.effect.startswith("2 requests of 6 to OneDrive went to it")
    assert "outgate.yaml" in accounts.write(case)
    assert policy.read_text().startswith("version: 1  # ours\n")
    sheets = DeskSheets(store=store, home=Home(tmp_path), watching=lambda: True)
    (line,) = sheets.read("rules", NOW).tables[-1].lines
    assert line.cells == ("tenant-1", "OneDrive")
    with pytest.raises(InputError, match="already"):
        accounts.write(case)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("c.py", "own already"),
        ("d.py", "is not known"),
        ("e.py", "knows no accounts"),
        ("f.py", "the domain alone"),
    ],
)
def test_what_is_no_account_is_said(store: Store, tmp_path: Path, script: str, said: str) -> None:
    """Nothing is written that nobody could mean."""
    policy = tmp_path / "outgate.yaml"
    (case,) = store.page(CaseFilter(script=script), 0, 9)
    with pytest.raises(InputError, match=said):
        CaseAccounts(store=store, policy=policy).write(case)
    assert not policy.exists()
