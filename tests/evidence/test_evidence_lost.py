"""Evidence that is taken away under a running gate: noticed within a second, refused, said, and
named by `verify`.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from patience import eventually

import evidence
from core.errors import EvidenceError
from core.record import Record
from evidence.database import connect
from evidence.writer import Writer
from tests.evidence.conftest import Told

Make = Callable[..., Record]
posix = pytest.mark.skipif(os.name == "nt", reason="Windows keeps the names of open files")


def until(condition: Callable[[], object], seconds: float) -> bool:
    """Wait for what another thread brings about; False when it does not come in time."""
    ticker = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():
            return True
        ticker.wait(0.02)
    return False


def beside(place: Path, ending: str) -> Path:
    return place.with_name(place.name + ending)


def unlinked(place: Path, ending: str) -> None:
    beside(place, ending).unlink()


def renamed(place: Path, ending: str) -> None:
    beside(place, ending).rename(place.parent / "elsewhere")


def replaced(place: Path, ending: str) -> None:
    copy = place.parent / "copy"
    shutil.copy(beside(place, ending), copy)
    copy.replace(beside(place, ending))


def cut(place: Path, ending: str) -> None:
    file = beside(place, ending)
    os.truncate(file, 4096 if ending else file.stat().st_size // 2)


def emptied(place: Path, ending: str) -> None:
    os.truncate(beside(place, ending), 0)


def folder_renamed(place: Path, ending: str) -> None:
    place.parent.rename(place.parent.with_name("moved"))


LOSSES = [
    (harm, ending)
    for harm, endings in (
        (unlinked, ("", "-wal", "-shm")),
        (renamed, ("", "-wal", "-shm")),
        (replaced, ("", "-wal", "-shm")),
        (cut, ("", "-wal")),
        (emptied, ("", "-wal")),
        (folder_renamed, ("",)),
    )
    for ending in endings
]


def _filled(writer: Writer, make_record: Make, told: Callable[[], Told], count: int = 300) -> None:
    answer = told()
    for n in range(count):
        writer.close_record(make_record(n), answer)
    assert set(answer.wait(count)) == {None}


@posix
@pytest.mark.parametrize(
    ("harm", "ending"), LOSSES, ids=[f"{harm.__name__}{ending or '-db'}" for harm, ending in LOSSES]
)
def test_a_loss_is_noticed_within_a_second_without_any_traffic(
    writer: Writer,
    place: Path,
    make_record: Make,
    told: Callable[[], Told],
    harm: Callable[..., Any],
    ending: str,
) -> None:
    """Whatever part of the evidence is taken away, an idle gate says so within a second and refuses
    from then on.
    """
    _filled(writer, make_record, told)
    with connect(place) as other:  # what was written stands in the file itself, too
        other.execute("PRAGMA wal_checkpoint(PASSIVE)")
    other.close()
    _filled(writer, make_record, told, 20)
    harm(place, ending)
    assert eventually(lambda: writer.failure is not None)
    assert writer.failure is not None
    assert "evidence" in writer.failure.for_officer()
    refused = told()
    writer.close_record(make_record(999), refused)
    assert refused.wait()[0] is not None
    assert writer.owed == 1


@posix
@pytest.mark.parametrize(
    ("harm", "ending"), LOSSES, ids=[f"{harm.__name__}{ending or '-db'}" for harm, ending in LOSSES]
)
def test_nothing_is_acknowledged_after_a_loss(
    writer: Writer,
    place: Path,
    make_record: Make,
    told: Callable[[], Told],
    harm: Callable[..., Any],
    ending: str,
) -> None:
    """The very next record after the loss is refused: none is acknowledged that will not be
    there.
    """
    _filled(writer, make_record, told)
    with connect(place) as other:
        other.execute("PRAGMA wal_checkpoint(PASSIVE)")
    other.close()
    _filled(writer, make_record, told, 20)
    harm(place, ending)
    refused = told()
    writer.close_record(make_record(999), refused)
    assert refused.wait()[0] is not None


@posix
@pytest.mark.parametrize("ending", ["", "-wal", "-shm"])
def test_what_is_put_back_is_written_on(
    writer: Writer, place: Path, make_record: Make, told: Callable[[], Told], ending: str
) -> None:
    """A file that was moved away and is put back loses nothing: what was owed is written, and the
    chain is whole.
    """
    _filled(writer, make_record, told, 5)
    away = place.parent / "away"
    beside(place, ending).rename(away)
    assert eventually(lambda: writer.failure is not None)
    refused = told()
    writer.close_record(make_record(6), refused)
    assert refused.wait()[0] is not None
    away.rename(beside(place, ending))
    assert eventually(lambda: writer.failure is None)
    assert writer.owed == 0
    report = evidence.verify(place)
    assert (report.ok, report.entries) == (True, 6)


def test_a_tail_taken_out_through_the_database_is_noticed(
    writer: Writer, place: Path, make_record: Make, told: Callable[[], Told]
) -> None:
    """Deleting or exchanging the newest records leaves a chain that is whole: the gate knows how
    far it had come.
    """
    _filled(writer, make_record, told, 5)
    with sqlite3.connect(place) as other:
        for trigger in other.execute(
            "SELECT name FROM sqlite_master WHERE type='trigger'"
        ).fetchall():
            other.execute(f"DROP TRIGGER {trigger[0]}")
        other.execute("DELETE FROM entries WHERE seq > 3")
    other.close()
    assert eventually(lambda: writer.failure is not None)
    assert "newest" in str(writer.failure)
    assert not evidence.verify(place).ok


@posix
def test_verify_says_what_a_running_gate_lost(
    writer: Writer, place: Path, make_record: Make, told: Callable[[], Told]
) -> None:
    """The file alone looks whole when its log was taken away: the running gate's own word is heard,
    too.
    """
    _filled(writer, make_record, told, 5)
    assert evidence.verify(place).ok
    beside(place, "-wal").unlink()
    said = ""

    def heard() -> bool:
        nonlocal said
        try:
            said = str(evidence.verify(place).first_problem)
        except EvidenceError as error:
            said = error.for_officer()
        return "a gate said" in said.lower()

    assert eventually(heard, str(said))
    assert "log of the evidence file was moved or deleted" in said


KILLED = """
import sys, threading
from pathlib import Path
sys.path[:0] = [{here!r}]
from conftest import Told, make_record
from evidence.writer import Writer
writer = Writer(Path({place!r}))
told = Told()
for n in range(10):
    writer.close_record(make_record(n), told)
told.wait(10)
while writer._presence._said[0] < 10:
    threading.Event().wait(0.01)
print("written", flush=True)
threading.Event().wait(60)
"""


@posix
def test_a_tail_lost_while_no_gate_ran_is_named(place: Path) -> None:
    """When a gate was killed and the log that held its newest records is gone, `verify` says how
    far it had come.
    """
    program = KILLED.format(here=str(Path(__file__).parent), place=str(place))
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "written\n"
    process.kill()
    process.communicate()
    assert evidence.verify(place).ok
    for ending in ("-wal", "-shm"):
        beside(place, ending).unlink()
    report = evidence.verify(place)
    assert not report.ok
    assert "up to entry 10" in str(report.first_problem)
    Writer(place).stop()  # the next gate writes on, and does not take the word back
    assert not evidence.verify(place).ok


@posix
def test_a_log_that_was_only_unlinked_costs_no_acknowledged_record(
    place: Path, make_record: Make, told: Callable[[], Told]
) -> None:
    """When somebody deletes the log of a running gate, what it held is brought into the file before
    it is gone.
    """
    writer = Writer(place)
    _filled(writer, make_record, told, 50)
    beside(place, "-wal").unlink()
    assert eventually(lambda: writer.failure is not None)
    writer.stop()
    with sqlite3.connect(place) as other:
        assert other.execute("SELECT count(*) FROM entries").fetchone() == (50,)
    other.close()


@posix
def test_what_others_do_with_the_evidence_is_no_loss(
    writer: Writer, place: Path, make_record: Make, told: Callable[[], Told]
) -> None:
    """Reading, reviewing, exporting, checkpointing and compacting the evidence beside a gate raise
    no alarm.
    """
    acts = (
        (
            "import evidence,pathlib,sys; s=evidence.open_store(pathlib.Path(sys.argv[1]));"
            " list(s.iter_records()); s.close()"
        ),
        (
            "import evidence,pathlib,sys; s=evidence.open_store(pathlib.Path(sys.argv[1]));"
            " s.rebuild_cases(); s.close()"
        ),
        (
            "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('PRAGMA"
            " wal_checkpoint(TRUNCATE)'); c.close()"
        ),
        (
            "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('PRAGMA"
            " wal_checkpoint(RESTART)'); c.close()"
        ),
        (
            "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('VACUUM');"
            " c.execute('PRAGMA wal_checkpoint(TRUNCATE)')"
        ),
    )
    alarms: list[EvidenceError | None] = []

    def looked() -> bool:
        alarms.append(writer.failure)
        return False

    for act in acts:
        _filled(writer, make_record, told, 60)
        subprocess.run([sys.executable, "-c", act, str(place)], check=True, timeout=60)
        until(looked, 1.2)
    assert set(alarms) == {None}
    report = evidence.verify(place)
    assert (report.ok, report.entries) == (True, 300)


def test_a_clean_stop_leaves_nothing_to_say(
    place: Path, make_record: Make, told: Callable[[], Told]
) -> None:
    """After a clean stop no gate's word stands beside the evidence."""
    writer = Writer(place)
    _filled(writer, make_record, told, 3)
    writer.stop()
    assert list(place.parent.glob("*-gate-*")) == []
    assert evidence.verify(place).ok


def test_what_was_owed_when_the_gate_stopped_is_named(
    place: Path, make_record: Make, told: Callable[[], Told]
) -> None:
    """A gate that stops before it could write all of its records leaves its word behind, and
    `verify` repeats it.
    """
    writer = Writer(place, busy_timeout_s=0.1)
    blocker = sqlite3.connect(place, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    refused = told()
    writer.close_record(make_record(1), refused)
    assert refused.wait()[0] is not None
    writer.stop()
    blocker.execute("ROLLBACK")
    blocker.close()
    report = evidence.verify(place)
    assert not report.ok
    assert "1 record" in str(report.first_problem)
