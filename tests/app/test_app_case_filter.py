"""The words of the review choose what is exported and reported, too."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from evidence_file import many_cases

from app.case_filter import filtered
from core.errors import InputError
from evidence.store import Store

NOW = datetime(2026, 3, 9, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with tickets, leaks and closed cases."""
    many_cases(tmp_path / "evidence.db")
    store = Store(tmp_path / "evidence.db", clock=lambda: NOW)
    yield store
    store.close()


@pytest.mark.parametrize(
    ("line", "scripts"),
    [
        ("all", {"tickets", "calm", "half", "back", "leak", "held"}),
        ("closed", {"calm"}),
        ("false-alarm", {"calm"}),
        ("all blocked", {"calm"}),
        ("all script:calm script:held", {"calm", "held"}),
        ("all not script:calm not script:held", {"tickets", "half", "back", "leak"}),
        ("held", {"held"}),
        ("risk:medium script:tickets script:held", {"tickets"}),
        ("group:bank not tickets", {"half", "leak", "held"}),
        ("all user:analyst until:2026-02-01", set()),
        ("text:leak", {"leak"}),
        ("all model:gpt rule:personal", {"tickets", "calm", "half", "back", "leak", "held"}),
        ("expired", set()),
    ],
)
def test_a_filter_names_cases(store: Store, line: str, scripts: set[str]) -> None:
    """The very cases that the review shows for these words."""
    keys, words = filtered(store, line, lambda: NOW)
    assert {Path(key.partition("\x1f")[0]).stem for key in keys} == scripts
    assert filtered(store, words, lambda: NOW)[0] == keys


@pytest.mark.parametrize(
    ("line", "nearest"), [("blokced", "blocked"), ("tikets", "tickets.py"), ("usr:x", "user:")]
)
def test_a_word_that_nobody_knows_is_wrong_use(store: Store, line: str, nearest: str) -> None:
    """An export of nothing would look like an answer."""
    with pytest.raises(InputError, match=nearest):
        filtered(store, line, lambda: NOW)
