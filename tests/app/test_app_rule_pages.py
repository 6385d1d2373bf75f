"""The page of one rule in the review."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from evidence_file import many_cases

from app.desk_acts import acts_of
from app.home import Home
from app.rule_pages import RulePages
from app.settings import Settings
from core.errors import OutgateError
from evidence.case_rankings import requests_of
from evidence.store import Store

NOW = datetime(2026, 3, 9, tzinfo=UTC)
POLICY = """version: 1
# ours
mode: watch
rules:
  - id: personal-data-to-llm
    description: "Nothing\\e[2J personal"
    when: {destination: {service: openai}, findings: {kinds: [iban]}}
    then: block
  - id: never
    description: Nobody sends there
    when: {destination: {host: nowhere.example}, findings: {kinds: [iban]}}
    then: block
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with six scripts, and a policy of two rules."""
    many_cases(tmp_path / "evidence.db")
    (tmp_path / "outgate.yaml").write_text(POLICY)
    store = Store(tmp_path / "evidence.db", clock=lambda: NOW)
    yield store
    store.close()


def told(store: Store, home: Path, rule: str) -> str:
    sections = RulePages(store=store, home=Home(home)).page(rule, NOW)
    return "\n".join(f"{s.title}|{r.label}|{r.text}" for s in sections for r in s.rows)


def test_a_rule_tells_what_it_asks_and_what_it_decided(store: Store, tmp_path: Path) -> None:
    """Its hits are requests, not cases; what it would decide now stands beside what it did."""
    hits = requests_of(store, "rules")["personal-data-to-llm"]
    text = told(store, tmp_path, "personal-data-to-llm")
    assert f"In cases|{hits:,} request" in text
    assert "destination service openai, and findings kinds iban" in text
    assert "Now|" in text and "\x1b" not in text


def test_a_rule_that_never_holds_says_so(store: Store, tmp_path: Path) -> None:
    """And a near miss names the one condition that was not met."""
    text = told(store, tmp_path, "never")
    assert "0 requests that it decided then" in text
    assert "destination host nowhere.example:" in text
    (tmp_path / "outgate.yaml").write_text(POLICY + "    enabled: false\n")
    assert "switched off" in told(store, tmp_path, "never")
    assert "in no policy that is in force" in told(store, tmp_path, "lost")


def test_a_damaged_policy_is_told_in_words(store: Store, tmp_path: Path) -> None:
    """Never a traceback on the screen."""
    (tmp_path / "outgate.yaml").write_text("rules: [")
    with pytest.raises(OutgateError):
        told(store, tmp_path, "never")


def test_a_rule_is_switched_where_it_is_in_force(store: Store, tmp_path: Path) -> None:
    """With every comment kept; a file that may not be written is told as that."""
    acts = acts_of(store, Home(tmp_path), Settings(), clock=lambda: NOW)
    assert acts.sheets is not None and acts.sheets.switch_rule is not None
    assert acts.sheets.switch_rule("never") == "Rule never is off."
    assert "# ours" in (tmp_path / "outgate.yaml").read_text()
    assert acts.sheets.switch_rule("never") == "Rule never is on."
    assert acts.sheets.rule_page is not None and acts.sheets.rule_page("never", NOW)
