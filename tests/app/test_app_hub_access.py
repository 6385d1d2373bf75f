"""Roles at the hub: whom each of its commands asks before it does anything, and what it keeps of
who did it.
"""

from pathlib import Path

import pytest
from typer.main import get_command

from app import current_user, settings_layers
from app.cli import application
from tests.app.conftest import Runs

REASON = ("--reason", "x")
SHA256 = "ab" * 32
LINES: dict[str, tuple[tuple[str, ...], ...]] = {
    "status": (("status",),),
    "endpoints": (("endpoints", "--json"),),
    "alarms": (("alarms",),),
    "policies": (("policies",),),
    "streams": (("streams",),),
    "scripts": (("scripts",),),
    "cases": (("cases",),),
    "holds": (("holds",),),
    "hunts": (("hunts",), ("hunts", "--end", "1")),
    "hunt": (("hunt", "x"), ("hunt", "x", "--save", *REASON)),
    "advisories": (("advisories",), ("advisories", "x.zip")),
    "review": (("review",),),
    "case": (("case", "1"), ("case", "1", "--take"), ("case", "1", "--comment", "x")),
    "council": (("council",), ("council", "--names", *REASON)),
    "reveal": (("reveal", "person-x", *REASON),),
    "confirm": (("confirm", "1", *REASON),),
    "ask": (("ask", "find", *REASON), ("ask", "erase", *REASON)),
    "asked": (("asked",), ("asked", "1")),
    "answer": (("answer", "1", "approve", *REASON),),
    "approve": (("approve", SHA256, *REASON), ("approve", SHA256, "--withdraw", *REASON)),
    "settings": (("settings",), ("settings", "policy.yaml", *REASON)),
    "retention": (("retention",), ("retention", "--days", "9", *REASON)),
    "months": (
        ("months",),
        ("months", "--keep", "9", *REASON),
        ("months", "--note-dropped", *REASON),
    ),
    "preview": (("preview", "policy.yaml"),),
    "publish": (("publish", "policy.yaml"),),
    "widen": (("widen", "1", "--percent", "5"),),
    "stream": (("stream", "x", "--to", "-"),),
    "archive": (("archive", "folder", "--month", "2026-10"),),
    "resolve": (("resolve", "1", *REASON),),
    "revoke": (("revoke", "till-17"),),
    "restored": (("restored", *REASON),),
    "verify": (("verify",),),
    "sweep": (("sweep",),),
    "token": (("token",),),
    "init": (("init", "new", "--database", "host=/x", "--name", "a"),),
}
FLEET = {
    "enrol": (("enrol", "--hub", "https://127.0.0.1:1", "--token", "t", "--ca", "x"),),
    "status": (("status",),),
    "authority": (("authority",),),
}
SERVICES = {"hub": {"serve", "metrics", "demo"}, "fleet": {"ship"}}
"""Run by no person: by a service or a timer, or with made-up data."""
MAY = {
    "auditor": {
        "status",
        "endpoints",
        "alarms",
        "policies",
        "streams",
        "scripts",
        "cases",
        "retention",
        "settings",
        "months",
    }
    | {"holds", "hunts", "hunt", "advisories", "review", "case", "council", "confirm", "verify"}
    | {"preview"},
    "operator": {"status", "endpoints", "alarms", "policies", "streams", "retention"}
    | {"settings", "months", "revoke", "restored", "sweep", "token", "init", "verify"},
}
ALL = [
    *(("hub", *line) for lines in LINES.values() for line in lines),
    *(("fleet", *line) for lines in FLEET.values() for line in lines),
]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of this machine, where carl sits."""
    folder = tmp_path / "etc"
    folder.mkdir()
    (tmp_path / "policy.yaml").write_text("version: 1\nrules: []\n")
    monkeypatch.setattr(settings_layers, "MACHINE", folder)
    monkeypatch.setattr(current_user, "_user", lambda: "carl")
    monkeypatch.delenv("OUTGATE_HUB", raising=False)
    return folder / "settings.yaml"


def with_rights(file: Path, rights: str) -> None:
    file.write_text(f"rights: {rights}\n")
    file.chmod(0o644)


@pytest.mark.parametrize(("name", "lines"), [("hub", LINES), ("fleet", FLEET)])
def test_every_command_of_hub_and_fleet_is_known_here(
    name: str, lines: dict[str, tuple[tuple[str, ...], ...]]
) -> None:
    """A command that is added says whom it asks."""
    group = get_command(application).commands[name]  # type: ignore[attr-defined]
    assert set(group.commands) == set(lines) | SERVICES[name]


@pytest.mark.parametrize("line", ALL, ids=" ".join)
def test_nobody_without_a_role_does_anything_at_the_hub(
    outgate: Runs, machine: Path, tmp_path: Path, line: tuple[str, ...]
) -> None:
    """One line says which role it takes, who has it, and who one is; nothing is made."""
    with_rights(machine, "{investigator: [ada], policy-editor: '@it', operator: [otto]}")
    before = sorted(path.name for path in tmp_path.iterdir())
    told = outgate(*line)
    assert (told.code, told.out) == (2, ""), told
    assert "takes the role" in told.line
    assert "You, carl, are in no role here." in told.line
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize("role", MAY)
@pytest.mark.parametrize("name", LINES)
def test_a_role_may_what_is_its_own_at_the_hub(
    outgate: Runs, machine: Path, role: str, name: str
) -> None:
    """An auditor reads and changes nothing; who keeps the hub running reads no evidence."""
    with_rights(machine, f"{{{role}: carl, investigator: [ada]}}")
    told = outgate("hub", *LINES[name][0])
    refused = f"You, carl, are {role} here." in told.err
    assert refused is (name not in MAY[role]), told


@pytest.mark.parametrize(
    "line", [line for lines in LINES.values() for line in lines[1:]], ids=" ".join
)
def test_an_auditor_changes_nothing_at_the_hub(
    outgate: Runs, machine: Path, line: tuple[str, ...]
) -> None:
    """The commands that show something to auditors refuse them where they change it."""
    with_rights(machine, "{auditor: carl}")
    assert "You, carl, are auditor here." in outgate("hub", *line).line
