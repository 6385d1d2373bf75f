"""A step forward that is killed at any of its statements, and who comes while it runs."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from evidence_file import old_store

import evidence
from core.errors import EvidenceError
from evidence.database import connect
from evidence.schema import prepare

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(900)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="it is killed in forks")
@pytest.mark.parametrize("version", [12, 13])
def test_a_step_that_is_killed_anywhere_is_done_at_the_next_start(
    tmp_path: Path, version: int
) -> None:
    """By SIGKILL, at each statement in turn: of the version right before, and of an earlier one."""
    done = subprocess.run(
        [sys.executable, ROOT / "tests/fakes/killed_steps.py", tmp_path / "e.db", str(version)],
        capture_output=True,
        text=True,
        timeout=800,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    *wrong, last = done.stdout.splitlines()
    assert wrong == []
    assert int(last.removeprefix("kills=")) > 10


def test_who_comes_while_it_is_brought_forward_is_told_to_wait(tmp_path: Path) -> None:
    """To close the program that does it would only begin it again."""
    place = tmp_path / "evidence.db"
    old_store(place, 13)
    with closing(connect(place)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(EvidenceError, match="older schema 13: it may be bringing it forward"):
            prepare(place, busy_timeout_s=0)
        other.execute("ROLLBACK")
    prepare(place, busy_timeout_s=0)
    assert evidence.verify(place).problems == ()
