"""The live policy: follows its file, and a slip of the pen never switches protection off."""

import os
from pathlib import Path

import pytest
from policy_samples import found, on_headers, situation

from core.decision import Verdict
from core.errors import SettingsError
from core.ports import Policy
from policy.live import PolicyFile

BLOCK = "mode: enforce\nrules:\n  - {id: bank, when: {findings: bank}, then: block}\n"


def write(path: Path, text: str, tick: list[int]) -> None:
    """Write the file with a date of its own."""
    path.write_text(text)
    tick[0] += 1
    os.utime(path, ns=(tick[0] * 10**9, tick[0] * 10**9))


def test_a_changed_file_is_in_force_at_once(tmp_path: Path) -> None:
    """What the officer decides today holds today, without a restart."""
    path, tick = tmp_path / "outgate.yaml", [1]
    write(path, "mode: watch\n", tick)
    live: Policy = PolicyFile(path)
    assert isinstance(live, PolicyFile)
    before = live.version
    assert not live.reload_if_changed()
    assert live.decide(situation(found())).verdict is Verdict.ALLOW
    write(path, BLOCK + "organisation: {contact: privacy}\n", tick)
    assert live.reload_if_changed()
    assert live.version != before
    assert live.organisation.contact == "privacy"
    assert live.decide(situation(found())).verdict is Verdict.BLOCK
    assert live.decide_on_headers(on_headers(situation())) is None
    assert live.on_gate_failure("hook", "1").verdict is Verdict.BLOCK


@pytest.mark.parametrize("broken", ["mode: wach\n", "rules: [\n", None])
def test_a_broken_file_leaves_the_last_good_policy_in_force(
    tmp_path: Path, broken: str | None
) -> None:
    """A slip is shown loudly, and protection goes on as before."""
    path, tick = tmp_path / "outgate.yaml", [1]
    write(path, BLOCK, tick)
    live = PolicyFile(path)
    version = live.version
    if broken is None:
        path.unlink()
    else:
        write(path, broken, tick)
    assert not live.reload_if_changed()
    assert live.error is not None
    assert str(path) in str(live.error)
    assert live.version == version
    assert live.decide(situation(found())).verdict is Verdict.BLOCK
    assert not live.reload_if_changed()
    assert live.error is not None
    write(path, BLOCK, tick)
    assert not live.reload_if_changed()
    assert live.error is None


def test_the_gate_does_not_start_on_a_broken_file(tmp_path: Path) -> None:
    """Nobody believes to be protected by rules that never loaded."""
    (tmp_path / "outgate.yaml").write_text("mode: wach\n")
    with pytest.raises(SettingsError):
        PolicyFile(tmp_path / "outgate.yaml")


def test_a_preset_holds_until_the_organisation_writes_its_own_file(tmp_path: Path) -> None:
    """A new installation is watched from the start, and follows the first rule made on a screen."""
    path = tmp_path / "outgate.yaml"
    live = PolicyFile(path, preset="watch-everything")
    assert live.decide(situation(found())).rule == "watch-sensitive-data"
    assert not live.reload_if_changed()
    assert live.error is None
    path.write_text("rules: [{id: mine, when: {findings: bank}, then: watch}]\n")
    assert live.reload_if_changed()
    assert live.decide(situation(found())).rule == "mine"
    path.unlink()
    assert not live.reload_if_changed()
    assert live.error is not None
