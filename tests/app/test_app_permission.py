"""Roles by the command line: what somebody without a role is told, and what a role may."""

from pathlib import Path

import pytest
from typer.main import get_command

from app import current_user, settings_layers
from app.cli import application
from app.permission import person_named, roles_told
from app.settings import Settings
from core.errors import SettingsError
from evidence import open_store
from tests.app.conftest import Runs

SCRIPT = "/srv/jobs/report.py"
LINES = {
    "review": ["review", "--plain"],
    "observations": ["observations"],
    "hunt": ["hunt", "requests"],
    "scripts": ["scripts"],
    "export": ["export", "--out", "x.jsonl"],
    "verify": ["verify"],
    "checkpoint": ["checkpoint"],
    "report": ["report"],
    "find": ["find"],
    "erase": ["erase", "--script", SCRIPT],
    "hold": ["hold", "matter-7", "--reason", "letter"],
    "retention": ["retention"],
    "policy replay": ["policy", "replay"],
    "policy learn": ["policy", "learn", SCRIPT],
    "notify": ["notify"],
    "views save": ["views", "save", "Mine", "all"],
    "views forget": ["views", "forget", "Mine"],
    "keys list": ["keys", "list"],
    "keys rotate": ["keys", "rotate"],
    "keys destroy": ["keys", "destroy", "20261126T040000Z", "--reason", "old"],
}
MORE = (
    ["scripts", SCRIPT, "--approve", "--reason", "x", "--version", "ab"],
    ["scripts", "owner", SCRIPT, "--successor", "bo"],
    ["scripts", "export", "folder"],
    ["verify", "--rebuild"],
    ["policy", "learn", SCRIPT, "--write"],
    ["policy", "learn", SCRIPT, "--enforce", "--reason", "x"],
)
NO_PERSONS = (
    "advisories ca fleet hub settings trust demo run start status stop attributor install"
    " uninstall inspect scan forward metrics doctor capture"
).split()
"""They read no evidence for a person; `hub` and `fleet` have a table of their own
(test_app_hub_access.py)."""
RULES_ALONE = {f"policy {word}" for word in ("check", "schema", "words", "preset", "test")}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of this machine."""
    folder = tmp_path / "etc"
    folder.mkdir()
    monkeypatch.setattr(settings_layers, "MACHINE", folder)
    monkeypatch.setattr(current_user, "_user", lambda: "carl")
    return folder / "settings.yaml"


def with_rights(file: Path, rights: str) -> None:
    file.write_text(f"rights: {rights}\n")
    file.chmod(0o644)


def test_every_command_is_known_here() -> None:
    """A command that is added says whom it asks."""
    known = set(NO_PERSONS) | RULES_ALONE | set(LINES)
    group = get_command(application)
    names = set()
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        inner: list[str] = list(getattr(command, "commands", ()))
        whole = not inner or name in NO_PERSONS
        names |= {name} if whole else {f"{name} {one}" for one in inner}
    assert names == known


@pytest.mark.parametrize("line", [*LINES.values(), *MORE], ids=" ".join)
def test_nobody_without_a_role_does_anything(
    outgate: Runs, home: Path, machine: Path, line: list[str]
) -> None:
    """One line says which role it takes, who has it, and who one is; nothing is changed."""
    open_store(home / "evidence.db").close()
    before = sorted(path.name for path in home.parent.iterdir())
    with_rights(machine, "{investigator: [ada], policy-editor: '@it'}")
    told = outgate(*line)
    assert told.code == 2, told
    assert "takes the role" in told.line
    assert "You, carl, are in no role here." in told.line
    assert told.out == ""
    assert sorted(path.name for path in home.parent.iterdir()) == before


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (LINES["review"], 0),
        (LINES["verify"], 0),
        (LINES["report"], 0),
        (LINES["export"], 2),
        (LINES["find"], 2),
        (LINES["erase"], 2),
        (["verify", "--rebuild"], 2),
        (LINES["keys rotate"], 2),
    ],
    ids=str,
)
def test_an_auditor_reads_and_verifies(
    outgate: Runs, home: Path, machine: Path, line: list[str], code: int
) -> None:
    """And is refused the rest, with who may."""
    open_store(home / "evidence.db").close()
    with_rights(machine, "{auditor: carl, investigator: [ada]}")
    told = outgate(*line)
    assert told.code == code, told
    assert ("You, carl, are auditor here." in told.err) is (code == 2)


def test_the_rights_of_the_machine_are_no_users_to_change(
    outgate: Runs, home: Path, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a file of one's own nor the environment makes anybody an investigator."""
    open_store(home / "evidence.db").close()
    with_rights(machine, "{viewer: [carl]}")
    (home / "settings.yaml").write_text("rights: {investigator: [carl]}\n")
    monkeypatch.setenv("OUTGATE_RIGHTS", "{investigator: [carl]}")
    assert outgate(*LINES["erase"]).code == 2
    monkeypatch.setenv("OUTGATE_RIGHTS", "{}")
    assert outgate(*LINES["erase"]).code == 2


@pytest.mark.parametrize(
    ("rights", "words"),
    [
        ("{revewer: [ada]}", "revewer is no role; there are viewer, reviewer, investigator"),
        ("{reviewer: [1]}", "reviewer: a list of users"),
        ("{reviewer: ['@']}", "reviewer: a list of users"),
        ("{reviewer: ['']}", "reviewer: a list of users"),
        ("{reviewer: {ada: true}}", "reviewer: a list of users"),
        ("[ada]", "rights"),
        ("ada", "rights"),
    ],
)
def test_rights_that_are_none_are_named(
    outgate: Runs, home: Path, machine: Path, rights: str, words: str
) -> None:
    """A slip in a role never gives anybody more: nothing runs until it is mended."""
    with_rights(machine, rights)
    told = outgate("review", "--plain")
    assert (told.code, words in told.line) == (2, True), told


def test_a_persons_groups_are_those_of_the_system() -> None:
    """By the name, not by what a process says of itself; a stranger has none."""
    assert "root" in person_named("root").groups
    assert person_named("nobody-of-this-name").groups == frozenset()


def test_an_act_tells_title_and_role() -> None:
    """What an auditor reads beside the name."""
    settings = Settings(
        roles={"ada": "privacy officer"},
        rights={"reviewer": ("ada", "bo"), "auditor": ("@root",)},
    )
    assert roles_told(settings, "ada") == "privacy officer, reviewer"
    assert roles_told(settings, "bo") == "reviewer"
    assert roles_told(settings, "root") == "auditor"
    assert roles_told(settings, "carl") is None
    assert roles_told(Settings(roles={"ada": "dpo"}), "ada") == "dpo"


def test_a_settings_file_that_others_write_gives_no_role(
    outgate: Runs, home: Path, machine: Path
) -> None:
    """Else the analyst would write the table."""
    with_rights(machine, "{investigator: [carl]}")
    machine.chmod(0o666)
    told = outgate("review", "--plain")
    assert told.code == 2 and "can be written by others" in told.line
    with pytest.raises(SettingsError):
        settings_layers.layered(home / "settings.yaml")
