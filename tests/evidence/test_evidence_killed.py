"""Gates that are killed at any instant: nothing that they promised is lost."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import evidence
from evidence.database import connect
from evidence.writer import Writer
from examples import most

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests" / "fakes" / "killed_gates.py"
KILLS, FEW = 200, 20
"""In the profile `thorough`, and else."""


@pytest.mark.timeout(900)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="gates are forks of one process")
def test_killed_at_random_instants_every_promise_is_kept(place: Path) -> None:
    """One gate after the other writes into one file and is killed within a sixth of a second: every
    answer that a client saw has its record, every checkpoint that was told is there, and the chain
    is whole, with what was under way chained by the next gate.
    """
    kills = KILLS if most(KILLS) == KILLS else FEW
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(place), str(kills), "7"],
        capture_output=True,
        text=True,
        timeout=800,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr[-2000:]
    assert [line for line in lines if line.startswith("lost")] == []
    rounds = [line for line in lines if line.startswith("killed")]
    assert len(rounds) == kills
    sums = [sum(map(int, re.findall(rf"{word}=(\d+)", done.stdout))) for word in WORDS]
    assert min(sums) > kills // 4, sums  # a busy machine gets less done between two kills
    writer = Writer(place)
    writer.stop()
    report = evidence.verify(place)
    assert (report.ok, report.problems, report.still_open) == (True, (), 0)
    connection = connect(place, read_only=True)
    ids = connection.execute("SELECT count(*), count(DISTINCT id) FROM entries").fetchone()
    connection.close()
    assert ids[0] == ids[1] >= sums[1]


WORDS = ("open", "closed", "signed")
