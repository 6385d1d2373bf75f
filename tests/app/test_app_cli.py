"""How a command's process ends: whoever waits for a program behind the gate waits for nothing that
nobody needs.
"""

import subprocess
import sys
from pathlib import Path

import pytest

_ENDS = """
import atexit, os, sys
import app.cli
class Torn:
    def __del__(self, say=os.write):
        say(1, b"taken apart\\n")
kept = Torn()
atexit.register(print, "put away")
app.cli.code_of = lambda _: print("told") or 3
app.cli.program()
"""


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("run", ["told", "put away"]),
        ("start", ["told", "put away"]),
        ("status", ["told", "put away", "taken apart"]),
    ],
)
def test_a_run_and_its_gate_end_once_all_is_told_and_put_away(
    command: str, said: list[str]
) -> None:
    """Their output is whole and their code is kept, and no module is taken apart: that took a
    run as long as all else after its program's end.
    """
    done = subprocess.run(
        [sys.executable, "-c", _ENDS, command],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout.splitlines(), done.stderr) == (3, said, "")
