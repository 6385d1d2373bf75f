"""A program behind the gate begins soon: nothing is loaded, read or asked first that is of no use
until it has ended.
"""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from app.authority_ending import ending_at
from app.command_given import sender_by_command
from app.gate_registry import RunningGate, announce, announced
from app.home import open_home
from app.settings import load_settings
from app.wiring import own_attributor_of
from attribution.reader import HelperReader
from core.ids import rfc3339, utc_now

_BEFORE = (
    "app.authority_ending, app.client, app.gate_registry, app.home, app.leftovers, app.runs,"
    " app.sealing, app.settings, app.short_connections, attribution.beacon.folder"
)
"""What `outgate run` imports before its program begins."""
_LATER = {"attribution.attributor", "core.record", "cryptography", "evidence.factory", "psutil"}


def test_what_the_end_takes_is_not_loaded_before_the_program_begins() -> None:
    """The modules of a run's start bring none of those that tell, at its end, of what it did."""
    code = f"import sys, {_BEFORE}; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "app.runs" in done.stdout.split()
    assert not _LATER & set(done.stdout.split())


def test_a_seal_takes_no_more_than_it_needs() -> None:
    """What a sealed run loads besides is its own: it asks where roots lie, and reads none."""
    code = f"import sys, {_BEFORE}, certs.client_files, capture.seal"
    code += "; app.sealing.host_listeners()"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; print(*sorted(sys.modules))"],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "capture.seal" in done.stdout.split()
    assert "attribution.backends.tcp_table" in done.stdout.split()
    asks_more = {"attribution.backends.peers", "attribution.backends.unix_peers"}
    needless = {"ssl", "certs.trust", *asks_more}
    assert not (_LATER | needless) & set(done.stdout.split())


def test_the_gate_says_when_its_authority_ends(tmp_path: Path) -> None:
    """So that no run reads certificates; what an older gate, or anybody, wrote there is no end."""
    near = rfc3339(utc_now() + timedelta(days=12, minutes=1))
    far = rfc3339(utc_now() + timedelta(days=300))
    gates = {end: RunningGate("127.0.0.1", 1, 1, "now", authority_ends=end) for end in (near, far)}
    path = tmp_path / "gate.json"
    announce(path, gates[near])
    assert announced(path) == gates[near]
    assert "ends in 12 days" in (ending_at(gates[near]) or "")
    assert ending_at(gates[far]) is None
    for other in ("", "soon", "2026-11-26"):
        assert ending_at(RunningGate("127.0.0.1", 1, 1, "now", authority_ends=other)) is None


@pytest.mark.parametrize(("program", "reads"), [("true", False), ("python3", True)])
def test_no_helper_is_started_for_what_runs_no_script(
    home: Path, monkeypatch: pytest.MonkeyPatch, program: str, *, reads: bool
) -> None:
    """To start one takes longer than most such programs."""
    assert home.parent.is_dir()
    asked: list[str] = []
    monkeypatch.setattr(HelperReader, "ask", lambda *args, **_: asked.append(str(args)))
    attributor = own_attributor_of(open_home(), load_settings(open_home().settings))
    try:
        if reads:  # no answer of the stand-in can be made use of
            with pytest.raises(AttributeError):
                sender_by_command(attributor, [program, "job.py"], 0)
        else:
            assert sender_by_command(attributor, [program], 0) is None
    finally:
        attributor.close()
    assert bool(asked) is reads
