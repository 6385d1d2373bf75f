"""Contracts in the text of a policy file, which stays its author's in all else."""

from typing import Any

import pytest

from core.errors import InputError
from policy.contract_lines import enforced, entry_lines, named_in, with_contract, without_contract
from policy.loading import parse

FILE = """# Rules of the finance department
mode: watch    # until the pilot is over

rules:
    # the first one
    - id: rest
      when: {}
      then: watch   # a case for each
"""


def entry(script: str = "/srv/jobs/pay: roll #1.py", **more: Any) -> dict[str, Any]:
    name = "contract-" + "".join(c for c in script.rsplit("/", 1)[-1] if c.isalnum()).lower()
    return {
        "id": name,
        "script": script,
        "version": "a" * 64,
        "learnt": "2026-11-26T03:45:52Z",
        "state": "shadow",
        "places": [
            {"to": "dropbox", "accounts": ["no", "1", "a: b"], "kinds": ["iban"]},
            {"to": "api.x.example", "kinds": [], "day_requests_at_most": 7},
        ],
        "hours": {"zone": "Europe/Berlin", "days": ["monday"], "at": ["06:00-09:00"]},
    } | more


def ids(text: str) -> list[tuple[str, str]]:
    return [(one.id, one.state) for one in parse(text.encode(), "test").contracts]


@pytest.mark.parametrize(
    "text",
    [
        FILE,
        "",
        "mode: watch",
        FILE + "contracts: []  # none yet\n",
        "contracts: []\n# before\nmode: watch\n",
        FILE + "\norganisation:\n  name: X\n",
        "\ufeffmode: watch\n",
    ],
)
def test_a_contract_goes_in_and_out_and_all_else_stays(text: str) -> None:
    """Comments, spaces and order are the author's; only lines of contracts come and go."""
    lines = {line for line in text.splitlines() if not line.startswith("contracts")}
    one, two = entry(), entry("/srv/b.py")
    new = enforced(with_contract(with_contract(text, one), two), one["id"])
    assert sorted(ids(new)) == sorted([(one["id"], "enforced"), (two["id"], "shadow")])
    assert lines <= set(new.splitlines())
    left = without_contract(new, one["id"])
    assert ids(left) == [(two["id"], "shadow")]
    assert ids(without_contract(left, two["id"])) == []
    assert lines <= set(without_contract(left, two["id"]).splitlines())


def test_what_is_written_is_what_is_read() -> None:
    """No name of a script or account changes its sense on the way through YAML."""
    (read,) = parse(with_contract(FILE, entry()).encode(), "test").contracts
    assert read.script == "/srv/jobs/pay: roll #1.py"
    assert read.places[0].accounts == ["no", "1", "a: b"]
    (alone,) = parse(entry_lines(entry()).encode(), "test").contracts
    assert alone == read


@pytest.mark.parametrize("name", ["/a\n  evil: x.py", "/a'\"b.py", "/ü\u2028x.py", "/{a}[b]&*.py"])
def test_a_hostile_name_cannot_break_out(name: str) -> None:
    """What a file is called is one value, whatever stands in it."""
    (read,) = parse(with_contract(FILE, entry(name, id="contract-x")).encode(), "test").contracts
    assert read.script == name


def test_a_contract_in_shadow_is_learnt_anew_and_a_locked_one_is_not() -> None:
    """Only a person unlocks: to learn again is no way around it."""
    first = with_contract(FILE, entry())
    again = with_contract(first, entry(places=[]))
    assert [one.places for one in parse(again.encode(), "test").contracts] == [[]]
    with pytest.raises(InputError, match="locked already"):
        with_contract(enforced(first, entry()["id"]), entry(places=[]))
    with pytest.raises(InputError, match="same name"):
        with_contract(first, entry("/other.py", id=entry()["id"]))


@pytest.mark.parametrize(
    "text",
    [
        "{mode: watch, rules: []}\n",
        "mode: watch\n...\n",
        "contracts: [{id: a, script: /a, learnt: 2026-11-26T03:45:52Z, places: []}, {id: b, script: /b,"
        " learnt: 2026-11-26T03:45:52Z, places: []}]\n",
    ],
)
def test_a_file_that_cannot_be_changed_by_lines_is_left(text: str) -> None:
    """It is said how to do it by hand; nothing is half changed."""
    with pytest.raises(InputError, match=r"cannot be changed|no such") as told:
        with_contract(text, entry()) if "id: a" not in text else without_contract(text, "a")
    assert "by hand" in str(told.value.remedy)


def test_line_ends_of_windows_are_kept() -> None:
    """A file that was written on Windows stays one."""
    new = with_contract(FILE.replace("\n", "\r\n"), entry())
    assert new.count("\n") == new.count("\r\n")
    assert ids(new) == [(entry()["id"], "shadow")]


def test_a_contract_with_comments_is_found_whole() -> None:
    """What its author noted at a contract goes with it; what stands behind it does not."""
    text = """
contracts:
- id: one
  # why
  script: /a
  learnt: 2026-11-26T03:45:52Z

  state: shadow   # for now
  places: []
# of two
- id: two
  script: /b
  learnt: 2026-11-26T03:45:52Z
  places: []
mode: watch
"""
    assert "state: enforced   # for now" in enforced(text, "one")
    left = without_contract(text, "one")
    assert "# why" not in left
    assert "# of two" in left
    assert ids(left) == [("two", "shadow")]
    with pytest.raises(InputError, match="no line for its state"):
        enforced(text, "two")


def test_scripts_of_one_name_have_contracts_of_their_own() -> None:
    """Every second job is called main.py: each is locked by itself, whatever rules are called; and
    a contract that its author renamed is learnt anew in its place, not beside it.
    """
    text = FILE.replace("id: rest", "id: contract-main-py")
    for folder in ("a", "b"):
        text = with_contract(
            text, named_in(text, entry(f"/{folder}/main.py", id="contract-main-py"))
        )
    first, second = ids(text)
    assert first[0] != second[0] and "contract-main-py" not in {first[0], second[0]}
    renamed = text.replace(first[0], "payroll")
    (script,) = [c.script for c in parse(renamed.encode(), "t").contracts if c.id == "payroll"]
    again = named_in(renamed, entry(script, id="contract-main-py"))
    assert again["id"] == "payroll"
    assert len(ids(with_contract(renamed, again))) == 2
    with pytest.raises(InputError, match="locked already"):
        with_contract(enforced(renamed, "payroll"), again)
