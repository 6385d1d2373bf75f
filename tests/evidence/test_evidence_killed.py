"""Gates that are killed at any instant: nothing that they promised is lost."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from evidence_file import old_store

import evidence
from core.errors import EvidenceError
from evidence.database import connect
from evidence.retention import tidy
from evidence.store import Store
from evidence.writer import Writer
from examples import most

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "tests" / "fakes"
KILLS, FEW = 200, 20
"""In the profile `thorough`, and else."""
MOST_LOG, MOST_FREE = 16 << 20, 2000
"""Bytes of the log beside the file, and free pages in it: a few steps of a pass."""


def ran(program: str, place: Path, kills: int) -> list[str]:
    """Run a program that kills; return the lines that it printed."""
    done = subprocess.run(
        [sys.executable, str(PROGRAMS / program), str(place), str(kills), "7"],
        capture_output=True,
        text=True,
        timeout=800,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def numbers(lines: list[str], word: str) -> list[int]:
    return [int(one) for line in lines for one in re.findall(rf"\b{word}=(\d+)", line)]


@pytest.mark.timeout(900)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="gates are forks of one process")
def test_killed_at_random_instants_every_promise_is_kept(place: Path) -> None:
    """One gate after the other writes into one file and is killed at any instant: every answer that
    a client saw has its record, every checkpoint that was told is there, and the chain is whole,
    with what was under way chained by the next gate. `verify` finds nothing wrong with what any of
    them left, and need not read what they closed in lots.
    """
    kills = KILLS if most(KILLS) == KILLS else FEW
    lines = ran("killed_gates.py", place, kills)
    assert [line for line in lines if line.startswith("lost")] == []
    assert [line for line in lines if line.startswith("alarm")] == []
    assert max(numbers(lines, "told")) > kills
    rounds = [line for line in lines if line.startswith("killed")]
    assert len(rounds) == kills
    sums = [sum(numbers(lines, word)) for word in WORDS]
    assert min(sums) >= kills // 4, sums  # each fourth round waits for one of them
    writer = Writer(place)
    writer.stop()
    report = evidence.verify(place)
    assert (report.ok, report.problems, report.still_open) == (True, (), 0)
    connection = connect(place, read_only=True)
    ids = connection.execute("SELECT count(*), count(DISTINCT id) FROM entries").fetchone()
    connection.close()
    assert ids[0] == ids[1] >= sums[1]


WORDS = ("open", "closed", "signed")


@pytest.mark.timeout(900)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="rounds are forks of one process")
def test_retention_that_is_killed_leaves_whole_evidence(place: Path) -> None:
    """The pass that removes what is over its time is killed at any instant, beside a gate that
    writes: the chain is whole, what went is added up still, the log beside the file stays small,
    and the next pass goes on where this one ended.
    """
    kills = KILLS // 2 if most(KILLS) == KILLS else FEW // 4
    lines = ran("killed_retention.py", place, kills)
    assert [line for line in lines if line.startswith("wrong")] == []
    cuts, newest, kept = (numbers(lines, word) for word in ("cut", "newest", "kept"))
    assert len(cuts) == kills and cuts == sorted(cuts) and cuts[-1] > 0
    assert [a - b for a, b in zip(newest, cuts, strict=True)] == kept
    assert all(a >= b for a, b in zip(numbers(lines, "hours"), kept, strict=True))
    assert max(numbers(lines, "wal")) < MOST_LOG and max(numbers(lines, "free")) < MOST_FREE
    assert tidy(place)
    connection = connect(place, read_only=True)
    assert connection.value("PRAGMA freelist_count") == 0
    connection.close()
    assert place.with_name(f"{place.name}-wal").stat().st_size == 0
    assert evidence.verify(place).problems == ()


def left_by_a_killed(place: Path, made: Path) -> None:
    """Put a file at the place in which somebody was killed who wrote without WAL: a copy of one in
    the middle of that, with its journal.
    """
    with closing(sqlite3.connect(made, isolation_level=None)) as writer:
        assert writer.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)
        writer.execute("PRAGMA cache_size=1")  # what is written goes to the file before its end
        writer.execute("BEGIN")
        writer.execute("CREATE TABLE more (value)")
        writer.executemany("INSERT INTO more VALUES (?)", [("x" * 4000,)] * 50)
        for ending in ("", "-journal"):
            shutil.copyfile(f"{made}{ending}", f"{place}{ending}")
        writer.execute("ROLLBACK")


def test_whoever_opens_a_file_undoes_what_was_begun_without_wal(tmp_path: Path) -> None:
    """As a file is before it is first opened: restored from a copy, or brand new."""
    made, place = tmp_path / "made.db", tmp_path / "evidence.db"
    old_store(made, 6)
    left_by_a_killed(place, made)
    Store(place).close()
    report = evidence.verify(place)
    assert (report.ok, report.problems, report.entries) == (True, (), 61)


def test_the_file_of_another_program_is_refused_all_the_same(tmp_path: Path) -> None:
    made, place = tmp_path / "made.db", tmp_path / "evidence.db"
    with closing(sqlite3.connect(made)) as other:
        other.execute("CREATE TABLE theirs (value)")
    left_by_a_killed(place, made)
    with pytest.raises(EvidenceError, match="some other program"):
        Store(place)
    with closing(sqlite3.connect(place)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]
        assert other.execute("PRAGMA journal_mode").fetchone() == ("delete",)
