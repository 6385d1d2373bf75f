"""A service that logs into a file of its own, which is put aside while it serves."""

import json
import signal
import stat
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.scenarios.conftest import Outgate

GOOD, WRONG = "rules: []\n", '"\\e[2J\\n{{}} number {}": 1\n'


@pytest.mark.skipif(sys.platform == "win32", reason="there no signal has a policy read")
def test_a_gate_loses_no_line_of_its_log(outgate: Outgate) -> None:
    """Each fault of the policy is told once, in files that only the gate's user reads; what it
    quotes adds no line.
    """
    folder, policy = outgate.home / "log", outgate.folder / "outgate.yaml"
    folder.mkdir()
    policy.write_text(GOOD)
    outgate.more = {
        "OUTGATE_LOG_FORMAT": "json",
        "OUTGATE_LOG_FILE": str(folder / "gate.log"),
        "OUTGATE_LOG_MB": "0.0004",
        "OUTGATE_LOG_FILES": "90",
    }
    gate = outgate.start("--policy", str(policy))
    for number in range(6):
        policy.write_text(WRONG.format(number))
        gate.send_signal(signal.SIGHUP)
        outgate.wait_for(partial(_has, folder, number))
    gate.terminate()
    assert gate.wait(40) == 0

    told = _told(folder)
    assert [one["level"] for one in told] == ["error"] * 6
    assert {f"number {number}" in str(told) for number in range(6)} == {True}
    assert {one["message"].isprintable() for one in told} == {True}
    assert len(list(folder.iterdir())) > 1
    assert {stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()} == {0o600}


def test_a_private_gate_writes_no_log_of_the_service(outgate: Outgate) -> None:
    """Its few words are for whoever runs the program, who may not write there."""
    path = outgate.home / "gate.log"
    outgate.more = {"OUTGATE_LOG_FILE": str(path)}
    done = outgate.run(sys.executable, "-c", "pass")
    assert done.returncode == 0, done.stderr
    assert not path.exists()


def _has(folder: Path, number: int) -> bool:
    """Whether there are more records than that."""
    return len(_told(folder)) > number


def _told(folder: Path) -> list[dict[str, str]]:
    """Return every record of the files."""
    lines = [line for one in folder.iterdir() for line in one.read_bytes().splitlines()]
    return [json.loads(line) for line in lines]
