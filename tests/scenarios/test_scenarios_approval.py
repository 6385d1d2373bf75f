"""Approving a version of a script, with real processes: blocked, approved, runs; changed, blocked
again; withdrawn.
"""

import hashlib
import subprocess
import sys
from typing import Any

import pytest

from tests.scenarios.conftest import Outgate

POLICY = """
version: 1
mode: enforce
rules:
  - id: approved-scripts-only
    description: Scripts that nobody approved may not send anything
    owner: privacy@nordwind-logistik.de
    when:
      script: {approved: false}
    then: block
"""
SEND = """
import urllib.request, urllib.error
try:
    print(urllib.request.urlopen("https://files.example/in", data=b"figures", timeout=30).status)
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""


@pytest.fixture
def gated(outgate: Outgate) -> Outgate:
    (outgate.folder / "p.yaml").write_text(POLICY)
    outgate.start("--policy", str(outgate.folder / "p.yaml"))
    return outgate


def run(outgate: Outgate, script: Any) -> str:
    command = [sys.executable, str(script)]
    done = subprocess.run(
        command, env=outgate.behind(), capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def decide(outgate: Outgate, script: Any, *options: str) -> "subprocess.CompletedProcess[str]":
    return outgate("scripts", str(script), *options)


def whole(told: str) -> str | None:
    """Return what is told of a script once it says what the newest version is made of, which the
    gate notes after the request.
    """
    return told if "Installed" in told else None


def test_an_approved_version_runs_and_a_changed_one_does_not(gated: Outgate) -> None:
    """What was looked at may run, in this very version, until somebody takes that back; nothing
    else reaches the far side.
    """
    script = gated.script("report.py", SEND)
    assert run(gated, script).startswith("403")
    assert gated.internet.arrivals == []

    assert decide(gated, script, "--approve").returncode != 0
    gated.wait_for(lambda: decide(gated, script, "--source").returncode == 0)
    named = hashlib.sha256(script.read_bytes()).hexdigest()[:12]
    looked = ("--reason", "Looked at it with finance")
    done = decide(gated, script, "--approve", *looked, "--version", named)
    assert done.returncode == 0, done.stderr
    gated.wait_for(lambda: run(gated, script).startswith("200"))
    assert len(gated.internet.arrivals) == 1

    script.write_text("# one line more\n" + SEND)
    assert run(gated, script).startswith("403")
    assert len(gated.internet.arrivals) == 1
    told = gated.wait_for(lambda: whole(decide(gated, script).stdout))
    versions, about = (part.splitlines() for part in told.split("\n\n"))
    assert [("approved by" in line, line.endswith("report.py")) for line in versions] == [
        (True, True),
        (False, True),
    ]
    first, newest = (line.split()[0] for line in versions)
    assert about[0] == f"Version {newest}"
    titles = [line.strip().split("  ")[0] for line in about[1:]]
    assert titles[:3] == ["Git", "Imports", "Installed"]
    assert {"Owner", "Approvals", "At risk", "Flaws", "Credentials", "Habits"} <= set(titles)

    script.write_text(SEND)
    assert run(gated, script).startswith("200")
    done = decide(gated, script, "--withdraw", "--reason", "No longer needed", "--version", first)
    assert done.returncode == 0, done.stderr
    gated.wait_for(lambda: run(gated, script).startswith("403"))
    assert "withdrawn by" in decide(gated, script).stdout
    assert gated("verify").returncode == 0


@pytest.mark.parametrize(
    "options",
    [
        ("--approve", "--withdraw", "--reason", "x"),
        ("--approve", "--reason", "  "),
        ("--approve", "--reason", "x", "--version", "ffff"),
    ],
)
def test_a_slip_approves_nothing(gated: Outgate, options: tuple[str, ...]) -> None:
    """Without a reason, or with a version that was never seen, nothing is approved."""
    script = gated.script("report.py", SEND)
    run(gated, script)
    done = decide(gated, script, *options)

    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "approved" not in decide(gated, script).stdout
