"""Two processes on one evidence file: what one does with it never costs the other its locks, and so
its records.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evidence import open_evidence, verify
from evidence.files import make_private
from evidence.writer import Writer

TAKE_OVER = (
    "import sqlite3, sys; print(sqlite3.connect(sys.argv[1], timeout=0.1).execute('PRAGMA"
    " journal_mode=DELETE').fetchone())"
)


LAST_USER = """
import pathlib, sys, evidence
store = evidence.open_store(pathlib.Path(sys.argv[1]))
print(store.totals()["records"])
store.close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="locks of open file descriptions are Linux's")
@pytest.mark.parametrize("ending", ["", "-wal", "-shm"])
@pytest.mark.parametrize("with_store", [True, False], ids=["gate", "writer alone"])
def test_whatever_the_gate_opens_and_closes_nobody_deletes_its_log(
    tmp_path: Path, make_record: Any, told: Any, ending: str, with_store: bool
) -> None:
    """Any library may open any file: to close the evidence by accident drops SQLite's locks, and
    costs no record.
    """
    path = tmp_path / "evidence.db"
    evidence = open_evidence(path) if with_store else None
    writer = evidence.writer if evidence is not None else Writer(path)
    answers = told()
    for n in range(20):
        writer.close_record(make_record(n), answers)
    assert set(answers.wait(20)) == {None}
    log = path.with_name("evidence.db-wal")
    before = log.stat().st_ino
    for _ in range(2):
        with path.with_name(path.name + ending).open("rb") as accident:
            accident.read(10)
        command = [sys.executable, "-c", LAST_USER, str(path)]
        other = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert other.stdout.strip() == "20", other.stderr
    assert log.stat().st_ino == before
    writer.close_record(make_record(21), answers)
    assert answers.wait(21)[-1] is None
    assert writer.failure is None
    writer.stop()
    if evidence is not None:
        evidence.store.close()
    assert not log.exists()  # a clean end tidies up as ever
    report = verify(path)
    assert (report.ok, report.entries) == (True, 21)


def test_a_file_that_is_made_private_again_stays_locked(
    tmp_path: Path, make_record: Any, told: Any
) -> None:
    """While a gate has the evidence open, no other program can take itself for the last one and
    delete its log.
    """
    path = tmp_path / "evidence.db"
    evidence = open_evidence(path)
    answers = told()
    evidence.writer.close_record(make_record(), answers)
    answers.wait(1)
    make_private(path)
    other = subprocess.run(
        [sys.executable, "-c", TAKE_OVER, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "locked" in other.stderr
    assert Path(f"{path}-wal").exists()
    evidence.close()
