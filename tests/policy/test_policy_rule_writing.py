"""A rule is put into the policy without touching what somebody wrote there."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError, SettingsError
from policy.loading import load_bytes, parse
from policy.rule_list import listed_rules
from policy.rule_writing import add_rule, rule_lines, switch_rule, switched, with_rule

RULE = {
    "id": "stop-claims",
    "description": 'Said "stop": it\'s #1, {really}',
    "mode": "watch",
    "until": "2027-03-01",
    "when": {
        "script": {"path": ["/srv/my jobs/claims.py"]},
        "destination": {"service": "openai", "account": "personal"},
        "findings": ["iban", "email"],
    },
    "then": "block",
}
FILE = """\
# Our policy. Ask Ada before changing it.
version: 1
mode: enforce   # since May

organisation:
  domains: [example.com]   # all of them

rules:
  # First the exception of finance.
  - id: finance
    description: Finance may   # for now
    when: {destination: {service: openai}}
    then: allow

  - id: everything   # the rest
    enabled: true  # keep
    when: {findings: anything}
    then: watch
# The end.
"""


def test_every_other_line_and_comment_stays() -> None:
    """What somebody explained in the file stays explained; the new rule is asked first."""
    new = with_rule(FILE, rule_lines(RULE))
    kept = [line for line in new.splitlines() if line]
    added = [f"  {line}" for line in rule_lines(RULE)]
    assert [line for line in kept if line not in added] == [one for one in FILE.splitlines() if one]
    assert [rule.id for rule in parse(new.encode(), "x").rules] == [
        "stop-claims",
        "finance",
        "everything",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "version: 1\n",
        "version: 1\nrules:\n",
        "version: 1\nrules: []\n",
        "rules: []   # none yet\nversion: 1\n",
        "version: 1\nrules:\n- id: a\n  then: watch\n",
        "version: 1\nrules:\n    - id: a\n      then: watch\n",
        "version: 1\nrules:\n\n  # why\n\n  - id: a\n    then: watch\nmode: watch\n",
        "version: 1\nrules:\n  - {id: a, then: watch}\n",
    ],
)
def test_any_form_of_a_file_takes_a_rule(text: str) -> None:
    """However somebody indents, the result is a valid policy with the rule in front."""
    new = with_rule(text, rule_lines(RULE))
    model = parse(new.encode(), "x")
    assert model.rules[0].id == "stop-claims"
    assert model.rules[0].description == RULE["description"]
    assert [rule.id for rule in model.rules[1:]] in ([], ["a"])


@pytest.mark.parametrize("text", ["rules: [{id: a, then: watch}]\n", "[1]\n"])
def test_what_cannot_be_changed_safely_is_left_alone(text: str) -> None:
    """An unusual form is the author's to change."""
    with pytest.raises(InputError):
        with_rule(text, rule_lines(RULE))


def test_a_rule_is_switched_off_and_on() -> None:
    """Only the one word changes."""
    off, on = switched(FILE, "finance")
    assert not on
    assert [rule.enabled for rule in parse(off.encode(), "x").rules] == [False, True]
    assert [line for line in off.splitlines() if line not in FILE.splitlines()] == [
        "    enabled: false"
    ]
    again, on = switched(off, "finance")
    assert on and parse(again.encode(), "x").rules[0].enabled
    other, on = switched(FILE, "everything")
    assert not on and "    enabled: false  # keep" in other.splitlines()
    with pytest.raises(InputError):
        switched(FILE, "nobody")


def test_the_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """A faulty file is not made worse, and keeps its rights."""
    path = tmp_path / "outgate.yaml"
    path.write_text(FILE)
    path.chmod(0o640)
    add_rule(path, RULE)
    assert path.stat().st_mode & 0o777 == 0o640
    assert next(iter(listed_rules(path).rules)).id == "stop-claims"
    with pytest.raises(SettingsError):
        add_rule(path, RULE)  # the same id twice
    before = path.read_bytes()
    with pytest.raises(SettingsError):
        add_rule(path, {"id": "x", "then": "explode"})
    assert path.read_bytes() == before
    assert not switch_rule(path, "stop-claims")
    assert [p.name for p in tmp_path.iterdir()] == ["outgate.yaml"]


def test_without_a_file_the_preset_is_copied_first(tmp_path: Path) -> None:
    """What was watched is watched still."""
    path = tmp_path / "home" / "outgate.yaml"
    before = listed_rules(path)
    add_rule(path, RULE)
    after = listed_rules(path)
    assert after.rules[1:] == before.rules and "preset" in before.source
    assert path.stat().st_mode & 0o777 == 0o600


@given(st.text(max_size=80), st.text(min_size=1, max_size=80))
def test_any_text_is_read_back_as_it_was(description: str, path: str) -> None:
    """Whatever a script is called, the rule is about it."""
    shown = "".join(c for c in path if c.isprintable() and c not in "*?[]\\") or "x"
    said = "".join(c for c in description if c.isprintable())
    rule = {"id": "a", "description": said, "when": {"script": {"path": shown}}, "then": "watch"}
    text = with_rule("version: 1\n", rule_lines(rule))
    model = parse(text.encode(), "x")
    assert model.rules[0].description == said
    load_bytes(text.encode(), "x")
