"""A command that is forked ends as one that an interpreter was started for: what it said is there
to the last word, and so is how it ended.
"""

import os
import subprocess
import sys
from typing import Any

import pytest
from patience import PATIENT_S
from warm_commands import WarmPopen

from tests.scenarios.conftest import Outgate

STARTED: Any = WarmPopen.__mro__[1]
"""`subprocess.Popen` as it is without the warm process."""


def ended(kind: Any, outgate: Outgate, *arguments: str, **more: Any) -> tuple[int, str, str]:
    """Run a command in one of the two ways: how it ended, and what it said."""
    command = [sys.executable, "-m", "app.cli", *arguments]
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    with kind(command, env=outgate.environment, cwd=outgate.folder, text=True, **piped) as process:
        out, told = process.communicate(timeout=PATIENT_S)
    return process.returncode, out, told


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--version",), 0),
        (("policy", "words"), 0),
        (("status",), 1),
        (("policy", "check", "missing.yaml"), 2),
        (("no-such-command",), 2),
    ],
)
def test_a_forked_command_ends_as_a_started_one(
    outgate: Outgate, arguments: tuple[str, ...], code: int
) -> None:
    """Success, a problem and wrong use: the same words on the same streams, the same status."""
    started = ended(STARTED, outgate, *arguments)
    assert ended(WarmPopen, outgate, *arguments) == started
    assert started[0] == code


def test_who_reads_no_more_is_told_of_alike(outgate: Outgate) -> None:
    """Where what a command says is read by nobody any more, both end alike."""
    ends = []
    for kind in (STARTED, WarmPopen):
        reading, writing = os.pipe()
        os.close(reading)
        ends.append(ended(kind, outgate, "policy", "words", stdout=writing))
        os.close(writing)
    assert ends[0] == ends[1]
