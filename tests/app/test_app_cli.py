"""How a command's process ends: whoever waits for a program behind the gate waits for nothing that
nobody needs.
"""

import os
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


_ROOT = Path(__file__).resolve().parents[2]
_OUTGATE = (sys.executable, "-m", "app.cli")


def _ends(redirected: str, home: Path, *words: str) -> tuple[int, str]:
    """Return the code of a command whose streams a shell has put elsewhere, and what it said on
    the one that was left to it.
    """
    done = subprocess.run(
        ["sh", "-c", f'"$@" {redirected}', "sh", *_OUTGATE, *words],
        cwd=_ROOT,
        env={**os.environ, "OUTGATE_HOME": str(home), "HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("redirected", ["2>&-", ">&-", ">&- 2>&-", "2>/dev/full"])
def test_words_that_nobody_can_read_cost_a_program_nothing(redirected: str, tmp_path: Path) -> None:
    """It runs, and its exit code is its own: those words are the gate's, not the program's."""
    ran = tmp_path / "ran"
    says = f"open({str(ran)!r}, 'w'); raise SystemExit(3)"
    code, told = _ends(redirected, tmp_path, "run", "--", sys.executable, "-c", says)
    assert (code, ran.exists()) == (3, True) and "Traceback" not in told


@pytest.mark.parametrize("redirected", ["2>&-", "2>/dev/full", ""])
def test_a_fault_that_cannot_be_told_keeps_its_code(redirected: str, tmp_path: Path) -> None:
    """Wrong use is 2, whether or not anybody reads why."""
    code, told = _ends(redirected, tmp_path, "policy", "check", "none.yaml")
    assert code == 2 and "Traceback" not in told


@pytest.mark.parametrize("command", ["policy words", "policy preset watch-everything"])
def test_output_that_cannot_be_written_is_a_fault_and_no_crash(
    command: str, tmp_path: Path
) -> None:
    """A full disk is told in one line."""
    code, told = _ends(">/dev/full", tmp_path, *command.split())
    assert code == 1 and told == (
        "outgate: No space left on device. Check free space and permissions.\n"
    )
    code, told = _ends(">&-", tmp_path, *command.split())
    assert (code, told) == (0, "")


@pytest.mark.parametrize("command", ["policy words", "policy schema", "--help"])
def test_a_reader_that_leaves_is_told_from_a_problem_found(command: str, tmp_path: Path) -> None:
    """As shells know it of every program: neither all was told, nor was anything found."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*_OUTGATE, *command.split()],
        cwd=_ROOT,
        env={**os.environ, "OUTGATE_HOME": str(tmp_path), "HOME": str(tmp_path)},
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")
