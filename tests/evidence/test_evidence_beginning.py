"""Verifying from a checkpoint on: only behind one that this installation signed, and never in
silence of what was not read.
"""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from evidence_file import run

import evidence
from benchmarks.evidence_records import records
from core.record import Record
from evidence.batch import Appender, Batch, Items
from evidence.database import connect
from evidence.notary import Notary, key_file
from evidence.schema import prepare
from evidence.verify_report import VerifyReport

Make = Callable[..., Record]


@pytest.fixture(params=[1, 4, 6, 7])
def file(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A file with records before a checkpoint, and three behind it."""
    place = tmp_path / "evidence.db"
    prepare(place)
    made = list(records(request.param + 3, 3))
    with closing(connect(place)) as connection:
        appender, items = Appender(connection, "test"), Items()
        appender.write(Batch(closes=[items.closed(one) for one in made[:-3]]))
        Notary(place).take(connection, "hour")
        appender.write(Batch(closes=[items.closed(one) for one in made[-3:]]))
    return place


def again(place: Path) -> VerifyReport:
    return evidence.verify(place, since_checkpoint=True)


def test_only_what_came_after_the_checkpoint_is_read(file: Path) -> None:
    """It says how many were not read, of which checkpoint, and what was not compared."""
    report, full = again(file), evidence.verify(file)
    assert (report.ok, report.entries, report.head) == (True, 3, full.head)
    assert report.skipped == full.entries - 3
    assert "Not read again" in report.text() and "no lists or sums" in report.text()
    assert full.skipped == 0 and "Not read again" not in full.text()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE entries SET hash = zeroblob(32) WHERE seq = (SELECT max(seq) - 1 FROM entries)",
         "was changed"),
        ("UPDATE entries SET prev = zeroblob(32) WHERE seq = (SELECT max(seq) - 2 FROM entries)",
         "does not follow"),
        ("DELETE FROM entries WHERE seq = (SELECT max(seq) - 1 FROM entries)", "missing"),
        ("DELETE FROM entries WHERE seq > (SELECT records FROM checkpoints) - 1", "here are"),
        ("CREATE TRIGGER t AFTER INSERT ON entries BEGIN DELETE FROM cases; END", "a trigger"),
    ],
)  # fmt: skip
def test_what_came_after_is_verified_as_ever(file: Path, statement: str, words: str) -> None:
    """An attack on the newer records is named."""
    run(file, statement)
    report = again(file)
    assert not report.ok
    assert any(words in problem for problem in report.problems), report.problems


def test_a_record_taken_out_of_what_is_not_read_is_named(file: Path) -> None:
    """They are counted, though not read."""
    run(file, "DELETE FROM entries WHERE seq = 1")
    assert not again(file).ok


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE checkpoints SET note = replace(note, 'time 2', 'time 3')",
        "UPDATE checkpoints SET records_frontier = zeroblob(length(records_frontier))",
        "UPDATE checkpoints SET records_frontier = x''",
        "UPDATE entries SET hash = zeroblob(32) WHERE seq = (SELECT records FROM checkpoints)",
        "DELETE FROM checkpoints",
    ],
)
def test_a_checkpoint_that_does_not_hold_is_none_to_begin_at(file: Path, statement: str) -> None:
    """A note that was changed, or whose tree is not the file's, spares nobody the reading."""
    run(file, statement)
    report = again(file)
    assert report.skipped == 0
    assert "all records were read" in report.text()
    assert report.ok == evidence.verify(file).ok


def test_a_checkpoint_of_another_key_is_none_to_begin_at(file: Path) -> None:
    """Only this installation's own signature counts."""
    key_file(file).write_bytes(os.urandom(32))
    assert again(file).skipped == 0
