"""`outgate policy words`: all that a rule may name, from the tables that decide and word it."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.cli import code_of
from app.policy_words import all_words, services
from core.classification import AccountKind, Category
from core.decision import Verdict
from core.vocabulary.destinations import CATEGORIES
from core.vocabulary.kinds import ANYTHING, FINDABLE, GROUPS, KINDS
from core.vocabulary.verdicts import ANSWERS
from destinations import SERVICES, account_names, destination_names
from policy.describing import advice
from policy.loading import load_bytes, parse, preset_names, preset_text

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
EXAMPLES = [e for e in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "cases:" not in e]


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, list[dict[str, Any]]]:
    """What the command prints for machines."""
    assert code_of(["policy", "words", "--json"]) == 0
    words: dict[str, list[dict[str, Any]]] = json.loads(capsys.readouterr().out)
    return words


def test_every_word_is_told_to_machines(capsys: pytest.CaptureFixture[str]) -> None:
    """Kinds with words and groups, groups with kinds, services with names and categories."""
    words = told(capsys)
    ids = {key: [row["id"] for row in rows] for key, rows in words.items()}

    assert set(ids["kinds"]) == FINDABLE
    assert set(ids["groups"]) == {*GROUPS, ANYTHING}
    assert ids["categories"] == list(Category)
    assert set(ids["accounts"]) == set(AccountKind)
    assert ids["answers"] == list(Verdict)
    assert ids["services"] == sorted({one.id for one in SERVICES})
    bsn = next(row for row in words["kinds"] if row["id"] == "nl_bsn")
    assert bsn == {
        "id": "nl_bsn",
        "one": "Dutch citizen number (BSN)",
        "many": "Dutch citizen numbers (BSN)",
        "weight": 3,
        "groups": ["national_id", "personal_data"],
    }
    deepseek = next(row for row in words["services"] if row["id"] == "deepseek")
    assert deepseek == {
        "id": "deepseek",
        "name": "DeepSeek",
        "categories": ["llm"],
        "aliases": [],
        "families": [],
    }


def test_every_word_is_told_to_people(capsys: pytest.CaptureFixture[str]) -> None:
    """Readable tables, none wider than a screen: each word on a line, with what it means."""
    assert code_of(["policy", "words"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 100
    for words in all_words():
        assert f"{words.key.upper()}, for {words.where}" in out
        for row in words.rows:
            assert re.search(rf"^  {re.escape(row['id'])}( |$)", out, re.MULTILINE)
    assert re.search(
        r"^  nl_bsn +Dutch citizen number \(BSN\) +national_id, personal_data$", out, re.MULTILINE
    )
    assert re.search(r"^  onedrive +OneDrive +cloud_storage +microsoft$", out, re.MULTILINE)


def test_every_word_that_is_told_can_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed loads, and brings no advice that it means nothing."""
    words = told(capsys)

    def listed(key: str) -> str:
        return json.dumps([row["id"] for row in words[key]])

    text = f"""
organisation: {{words: [Basalt]}}
rules:
  - id: all
    description: Everything that can be named
    when:
      script: {{launched_as: {listed("launches")}}}
      attribution: {listed("senders")}
      destination:
        category: {listed("categories")}
        account: {listed("accounts")}
        service: {listed("services")}
      any:
        - findings: {listed("kinds")}
        - findings: {listed("groups")}
    then: block
"""
    given = parse(text.encode(), "f")
    assert advice(given, today=date(2026, 11, 21)) == ()
    for key in ("answers", "confidence"):
        for row in words[key]:
            part = (
                "then: " + row["id"]
                if key == "answers"
                else f"when: {{findings: {{certainty: {row['id']}}}}}, then: watch"
            )
            assert load_bytes(f"rules: [{{id: a, {part}}}]".encode(), "f").rules


def test_the_services_that_advice_knows_are_those_that_are_told() -> None:
    """No service is called unknown that a destination can be; families are for accounts."""
    told = {name for one in services() for name in (one.id, *one.aliases)}
    families = {family for one in services() for family in one.families}
    assert destination_names() == told
    assert account_names() == told | families
    assert {"microsoft", "google", "aws"} <= families
    assert {"s3", "new-relic"} <= told


@pytest.mark.parametrize("text", [*EXAMPLES, *map(preset_text, preset_names())])
def test_what_we_show_names_no_service_that_does_not_exist(text: str) -> None:
    """Examples are copied: an account listed under a wrong name would be a stranger's."""
    found = advice(parse(text.encode(), "f"), today=date(2026, 11, 21))
    assert [words for _, words in found if "does not know" in words] == []


def test_the_page_on_policies_tells_the_same_words() -> None:
    """Kinds, groups, categories, accounts and answers stand on the page as the program has them."""
    table = PAGE.split("## Kinds of data", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `([a-z_]+)` \| ([^|]+) \| ([^|]+) \|$", table, re.MULTILINE)
    assert rows == [
        (kind.id, kind.one, ", ".join(f"`{g}`" for g in GROUPS if g in kind.groups) or "–")
        for kind in KINDS.values()
        if not kind.reserved
    ]
    assert "Groups: " + ", ".join(f"`{group}`" for group in GROUPS) in PAGE.replace("\n", " ")
    assert "| `category` | " + ", ".join(f"`{c}`" for c in CATEGORIES) + " |" in PAGE
    accounts = re.search(r"^\| `account` \| whose account: (.*) \|$", PAGE, re.MULTILINE)
    assert accounts and set(re.findall("`([a-z_]+)`", accounts[1])) == set(AccountKind)
    for verdict, meaning in ANSWERS.items():
        assert f"| `{verdict}` | {meaning} |" in PAGE
