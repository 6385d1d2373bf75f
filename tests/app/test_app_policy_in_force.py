"""Which policy is in force, and that nobody but the machine's keeper changes that."""

from pathlib import Path

import pytest

from app import client, settings_layers
from app.gate_registry import RunningGate, announce
from app.home import Home
from app.policy_in_force import deciding_path, policy_path, policy_remarks, serving_path
from app.settings import Settings
from core.errors import SettingsError
from tests.app.conftest import Runs

POLICY = "version: 1\nmode: enforce\nrules: []\n"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of this machine's files."""
    folder = tmp_path / "etc"
    folder.mkdir()
    monkeypatch.setattr(settings_layers, "MACHINE", folder)
    return folder


def laid(path: Path, text: str = POLICY) -> Path:
    path.write_text(text)
    path.chmod(0o644)
    return path


def test_the_machines_policy_binds_every_gate(home: Path, machine: Path, tmp_path: Path) -> None:
    """A user's own policy, in the home or on the command line, takes its place in no gate; trying
    rules without a gate stays free.
    """
    there = Home(home)
    own, chosen = laid(there.policy), laid(tmp_path / "mine.yaml")
    assert serving_path(there, None, Settings()) == own
    assert serving_path(there, chosen, Settings()) == chosen
    binding = laid(machine / "policy.yaml")
    assert serving_path(there, None, Settings()) == policy_path(there, None) == binding
    assert policy_path(there, chosen) == chosen
    with pytest.raises(SettingsError, match="binds its gates"):
        serving_path(there, chosen, Settings())
    [remark] = policy_remarks(there, None)
    assert "outgate.yaml is not in force" in remark


def test_that_only_the_preset_watches_is_said_where_a_machine_is_looked_after(
    home: Path, machine: Path
) -> None:
    """A missing policy of the organisation is never made up for in silence."""
    there = Home(home)
    assert not list(policy_remarks(there, None)), "nobody looks after this machine"
    laid(machine / "settings.yaml", "workers: 1\n")
    [remark] = policy_remarks(there, None)
    assert "only watches" in remark
    with pytest.raises(SettingsError, match="require_policy"):
        serving_path(there, None, Settings(require_policy=True))
    laid(there.policy)
    with pytest.raises(SettingsError, match="require_policy"):
        serving_path(there, None, Settings(require_policy=True))
    laid(machine / "policy.yaml")
    assert serving_path(there, None, Settings(require_policy=True)) is not None


def test_a_policy_that_users_can_write_is_refused(home: Path, machine: Path) -> None:
    """What its users can change binds nobody: no gate starts with it."""
    laid(machine / "policy.yaml").chmod(0o666)
    with pytest.raises(SettingsError, match="can be written by others"):
        serving_path(Home(home), None, Settings())


@pytest.mark.parametrize(
    ("text", "settings"), [("rules: [", "{}\n"), (None, "require_policy: true\n")]
)
def test_no_gate_starts_without_what_binds_it(
    outgate: Runs, machine: Path, text: str | None, settings: str
) -> None:
    """A broken or missing policy of the machine is one line and no gate."""
    laid(machine / "settings.yaml", settings)
    if text is not None:
        laid(machine / "policy.yaml", text)
    done = outgate("start", "--listen", "127.0.0.1:0")
    assert done.code == 2
    assert "policy.yaml" in done.line


def test_options_of_a_gate_are_not_dropped_in_silence(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where only the machine's gate may be used, options of another are refused."""
    running = RunningGate("127.0.0.1", 1, 1, "now")
    monkeypatch.setattr(client, "running_gate", lambda home: running)
    settings = Settings(require_gate=True)
    with client.gate_for(Home(home), settings) as gate:
        assert gate == running
    with (
        pytest.raises(SettingsError, match="require_gate"),
        client.gate_for(Home(home), settings, ["--policy", "x"]),
    ):
        pass


@pytest.mark.parametrize("answers", [True, False])
def test_what_a_running_gate_was_started_with_decides(
    home: Path, machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, answers: bool
) -> None:
    """Nobody reads or changes another file as the rules in force; a gate that was killed has none,
    and the machine's policy binds all the same.
    """
    there = Home(home)
    own, chosen = laid(there.policy), laid(tmp_path / "mine.yaml")
    told = {"outgate": "gate"} if answers else None
    monkeypatch.setattr("app.policy_in_force.health", lambda gate: told)
    assert deciding_path(there) == own
    announce(there.running, RunningGate("127.0.0.1", 1, 1, "now"))
    assert deciding_path(there) == own
    announce(there.running, RunningGate("127.0.0.1", 1, 1, "now", policy=str(chosen)))
    assert deciding_path(there) == (chosen if answers else own)
    assert serving_path(there, None, Settings()) == own, "the next gate is told its own"
    binding = laid(machine / "policy.yaml")
    assert deciding_path(there) == binding
