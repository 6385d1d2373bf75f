"""`policy learn` at the command line: shown, written in shadow, counted, enforced, unlocked."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks.habits_world import Sent
from core.happenings import Happening
from evidence import open_evidence, open_store
from evidence.acts import StoredAct
from policy.loading import parse

from .conftest import Runs

JOB = "/srv/jobs/payroll.py"
REASON = ("--reason", "two quiet weeks")


def write(home: Path, sent: list[Sent]) -> None:
    evidence = open_evidence(home / "evidence.db")
    for one in sent:
        evidence.writer.close_record(one.record(), lambda _: None)
    evidence.close()


def sent(days: int, **more: Any) -> list[Sent]:
    now = datetime.now(UTC)
    plain: dict[str, Any] = {
        "script": JOB,
        "place": "api.partner.example",
        "size": 10_000,
        "kinds": ("iban",),
    }
    return [
        Sent(at=now - timedelta(days=n, minutes=1), **(plain | more)) for n in range(days, 0, -1)
    ]


def acts(home: Path) -> list[tuple[str, str | None]]:
    store = open_store(home / "evidence.db")
    stored = [one.act for one in store.iter_acts() if isinstance(one, StoredAct)]
    return [(act.event.value, act.who) for act in stored if isinstance(act, Happening)]


def contracts(home: Path) -> list[tuple[str, str]]:
    text = (home / "outgate.yaml").read_bytes()
    return [(one.script, one.state) for one in parse(text, "test").contracts]


def test_a_script_is_learnt_shown_locked_and_unlocked(outgate: Runs, home: Path) -> None:
    """A person reads sentences, waits in shadow, enforces, and unlocks; each step is an act."""
    write(home, sent(20))
    mine = "# mine\nmode: enforce  # all of it\nrules: []\n"
    (home / "outgate.yaml").write_text(mine)

    shown = outgate("policy", "learn", "payroll.py")
    assert shown.code == 0
    assert "to api.partner.example: bank account numbers; at most 15.0 kB at once" in shown.out
    assert "it would have stopped 0" in shown.out
    assert (home / "outgate.yaml").read_text() == mine

    assert outgate("policy", "learn", JOB, "--write").code == 0
    assert contracts(home) == [(JOB, "shadow")]
    assert (home / "outgate.yaml").read_text().startswith(mine)

    write(home, [Sent(at=datetime.now(UTC), script=JOB, place="evil.example", size=10)])
    locked = outgate("policy", "learn", JOB, "--enforce", *REASON)
    assert locked.code == 0
    assert "it would have stopped 1." in locked.out
    assert "it may not send to evil.example" in locked.out
    assert contracts(home) == [(JOB, "enforced")]

    again = outgate("policy", "learn", JOB, "--write")
    assert again.code == 2
    assert "locked already" in again.line
    assert outgate("policy", "learn", JOB, "--unlock", *REASON).code == 0
    assert contracts(home) == []
    events = [event for event, who in acts(home) if who]
    assert events == ["contract_written", "contract_enforced", "contract_lifted"]
    assert outgate("verify").code == 0


def test_what_is_still_learnt_is_not_locked(outgate: Runs, home: Path) -> None:
    """Four days are no habit, unless somebody says that they are enough."""
    write(home, sent(4))
    told = outgate("policy", "learn", JOB, "--write")
    assert told.code == 2
    assert "learning, day 5 of 14" in told.line
    assert not (home / "outgate.yaml").exists()
    out = home / "lines.yaml"
    taken = outgate("policy", "learn", JOB, "--days", "7", "--out", str(out))
    assert taken.code == 0
    assert parse(out.read_bytes(), "test").contracts[0].script == JOB


def test_without_a_file_the_rules_in_force_stay(outgate: Runs, home: Path) -> None:
    """The first contract brings no change of the rules: they are written down as they were."""
    from policy import DEFAULT_PRESET
    from policy.loading import preset_text

    write(home, sent(20))
    assert outgate("policy", "learn", JOB, "--write").code == 0
    written = parse((home / "outgate.yaml").read_bytes(), "test")
    preset = parse(preset_text(DEFAULT_PRESET).encode(), "test")
    assert written.rules == preset.rules
    assert outgate("policy", "check").code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing.py",), "was seen"),
        ((JOB, "--enforce"), "--reason"),
        ((JOB, "--enforce", *REASON), "has no contract"),
        ((JOB, "--unlock", *REASON), "has no contract"),
        ((JOB, "--enforce", "--unlock", *REASON), "one of"),
        ((JOB, "--write", "--policy", "/nowhere/at/all.yaml"), "Cannot write"),
        ((JOB, "--days", "0"), "--days"),
        ((JOB, "--out", "/nowhere/at/all.yaml"), "Cannot write"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    outgate: Runs, home: Path, arguments: tuple[str, ...], words: str
) -> None:
    """Nothing is changed, and the next step is named."""
    write(home, sent(20))
    told = outgate("policy", "learn", *arguments)
    assert told.code == 2
    assert words in told.err
    assert [event for event, who in acts(home) if who] == []


def test_a_broken_policy_file_is_left_as_it_is(outgate: Runs, home: Path) -> None:
    """What does not load is mended by its author, not overwritten."""
    write(home, sent(20))
    (home / "outgate.yaml").write_text("rules: [")
    assert outgate("policy", "learn", JOB, "--write").code == 2
    assert (home / "outgate.yaml").read_text() == "rules: ["


def test_without_evidence_nothing_is_made(outgate: Runs, home: Path) -> None:
    """A question about a gate that never ran leaves no file."""
    told = outgate("policy", "learn", JOB)
    assert told.code == 2
    assert "No gate" in told.line
    assert list(home.iterdir()) == []


def test_a_script_that_the_evidence_forgot_is_unlocked_all_the_same(
    outgate: Runs, home: Path
) -> None:
    """Records expire and are erased, contracts stay: a person can always take one back."""
    write(home, sent(20))
    assert outgate("policy", "learn", JOB, "--write").code == 0
    policy = home / "outgate.yaml"
    policy.write_text(policy.read_text().replace(JOB, "/srv/old/forgotten.py"))
    assert outgate("policy", "learn", "forgotten.py", "--enforce", *REASON).code == 0
    assert contracts(home) == [("/srv/old/forgotten.py", "enforced")]
    assert outgate("policy", "learn", "forgotten.py", "--unlock", *REASON).code == 0
    assert contracts(home) == []
    policy.write_text(policy.read_text().replace("contracts: []", ""))
    assert outgate("policy", "learn", JOB, "--write").code == 0
    policy.write_text(policy.read_text().replace(JOB, "/srv/other/payroll.py"))
    two = outgate("policy", "learn", "payroll.py", "--enforce", *REASON)
    assert two.code == 2 and "2 scripts are called" in two.line
    assert contracts(home) == [("/srv/other/payroll.py", "shadow")]
    nobody = outgate("policy", "learn", "nobody.py", "--unlock", *REASON)
    assert nobody.code == 2 and "was seen" in nobody.line
