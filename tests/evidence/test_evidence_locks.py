"""Two processes on one evidence file: what one does with it never costs the other its locks, and so its records."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from evidence import open_evidence
from evidence.files import make_private

TAKE_OVER = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1], timeout=0.1).execute('PRAGMA journal_mode=DELETE').fetchone())"


def test_a_file_that_is_made_private_again_stays_locked(
    tmp_path: Path, make_record: Any, told: Any
) -> None:
    """While a gate has the evidence open, no other program can take itself for the last one and delete its log."""
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
