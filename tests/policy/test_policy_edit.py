"""Editing: the officer's screen may add and switch rules, and the author's file stays the author's."""

from pathlib import Path

import pytest
from policy_samples import found, situation

import policy as public
from core.errors import SettingsError
from policy.edit import append_rule, set_enabled, with_enabled, with_rule
from policy.loading import PolicyError, load_bytes, preset_names, preset_text

FILE = """# Our policy. Ask Ann before changing it.
mode: enforce   # since March

rules:
  # Banking first.
  - id: bank   # agreed with treasury
    when:
      findings: bank

    then: block

  # Then mail.
  -   id: mail
      when: {findings: email}   # addresses
      then: watch
# The end.
"""
EXCEPTION = {
    "id": "payroll",
    "description": "Payroll: runs on Fridays, sends IBANs",
    "when": {"script": {"path": "/srv/payroll.py"}, "findings": {"kinds": ["bank"]}},
    "then": "allow",
}


def added(before: str, after: str) -> list[str]:
    """Return the lines that were added; fail when any line was lost or moved."""
    rest = iter(after.splitlines())
    new = []
    for line in before.splitlines():
        for other in rest:
            if other == line:
                break
            new.append(other)
        else:
            pytest.fail(f"lost: {line}")
    return [line for line in [*new, *rest] if line.strip()]


@pytest.mark.parametrize("position", ["first", "last"])
def test_a_rule_is_added_and_every_other_line_stays(position: str) -> None:
    """Comments and layout survive an edit made on a screen."""
    after = with_rule(FILE, EXCEPTION, position=position)  # type: ignore[arg-type]
    assert len(added(FILE, after)) == 9
    rules = [r.id for r in load_bytes(after.encode(), "f").rules]
    assert rules == (
        ["payroll", "bank", "mail"] if position == "first" else ["bank", "mail", "payroll"]
    )
    assert after.index("# Banking first.") < after.index("id: bank")
    if position == "first":
        assert after.index("id: payroll") < after.index("# Banking first.")
    assert after.rstrip().endswith("# The end.")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mode: watch",
        "mode: watch\nrules: []\n",
        "rules: [{id: a, then: block}]  # flow\n",
        "# only a comment\n",
    ],
)
def test_a_rule_can_be_added_to_any_file(text: str) -> None:
    """However the file looks, the new rule is in force after the edit."""
    after = with_rule(text, EXCEPTION)
    assert load_bytes(after.encode(), "f").rules[0].id == "payroll"
    assert ("# flow" in after) is ("# flow" in text)


@pytest.mark.parametrize("name", preset_names())
def test_presets_can_be_edited(name: str) -> None:
    """A preset is a good beginning for an own file."""
    text = preset_text(name)
    count = len(public.preset(name).rules)
    for position in ("first", "last"):
        after = with_rule(text, EXCEPTION, position=position)  # type: ignore[arg-type]
        added(text, after)
        assert len(load_bytes(after.encode(), "f").rules) == count + 1
    for rule in public.preset(name).rules:
        off = with_enabled(text, rule.id, False)
        assert added(text, off) == ["    enabled: false"]
        assert len(load_bytes(off.encode(), "f").rules) == count - 1
        on = with_enabled(off, rule.id, True)
        assert len(load_bytes(on.encode(), "f").rules) == count


def test_a_rule_is_switched_off_and_on() -> None:
    """A rule in doubt can rest without losing its words."""
    off = with_enabled(FILE, "mail", False)
    assert added(FILE, off) == ["      enabled: false"]
    assert [r.id for r in load_bytes(off.encode(), "f").rules] == ["bank"]
    assert with_enabled(off, "mail", True) == off.replace("enabled: false", "enabled: true")
    assert with_enabled(FILE, "mail", True) == FILE
    flow = "rules: [{id: a, then: block}]  # flow\n"
    assert load_bytes(with_enabled(flow, "a", False).encode(), "f").rules == ()
    with pytest.raises(SettingsError, match="no rule"):
        with_enabled(FILE, "nothing", False)


def test_the_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    """An edit that would break the policy leaves it as it was."""
    path = tmp_path / "outgate.yaml"
    path.write_text(FILE)
    path.chmod(0o640)
    version = public.load(path).version
    with pytest.raises(PolicyError, match="two rules"):
        append_rule(path, {**EXCEPTION, "id": "bank"})
    assert path.read_text() == FILE
    after = append_rule(path, EXCEPTION, expected_version=version)
    assert after == public.load(path).version
    assert path.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in tmp_path.iterdir()] == ["outgate.yaml"]
    assert public.load(path).decide(situation(found())).rule == "bank"
    with pytest.raises(SettingsError, match="Somebody else"):
        append_rule(path, {**EXCEPTION, "id": "other"}, expected_version=version)
    set_enabled(path, "bank", False)
    assert public.load(path).decide(situation(found())).rule is None


def test_hostile_words_in_a_rule_stay_words() -> None:
    """A script's path can never smuggle a rule into the policy."""
    hostile = "x\n  - id: evil\n    then: allow # ' \" : {"
    rule = {
        "id": "case",
        "description": hostile,
        "when": {"script": {"path": hostile}},
        "then": "block",
    }
    for position in ("first", "last"):
        after = with_rule(FILE, rule, position=position)  # type: ignore[arg-type]
        assert {r.id for r in load_bytes(after.encode(), "f").rules} == {"case", "bank", "mail"}
