"""The writer: durable before it says so, whole batches or nothing, loud when it cannot write, and
well again after.
"""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from patience import eventually
from reading import read

import evidence
from core.errors import EvidenceError
from core.fate import STOPPED_NOTE
from core.record import Record, ResponseSummary
from evidence.database import connect
from evidence.gate_words import words
from evidence.store import Store
from evidence.writer import Writer
from tests.evidence.conftest import Told

Make = Callable[..., Record]


def rows(place: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(place) as connection:
        return list(connection.execute(query))


def test_a_record_is_in_the_file_when_the_writer_says_so(
    writer: Writer, place: Path, make_record: Make, told: Callable[[], Told]
) -> None:
    """What was acknowledged can be read by another program at that moment."""
    answer = told()
    record = make_record()
    writer.close_record(record, answer)
    assert answer.wait() == [None]
    assert rows(place, "SELECT seq, id FROM entries") == [(1, record.id)]
    assert writer.backlog == 0
    assert writer.failure is None


def test_an_exchange_under_way_is_journaled_and_not_chained(
    writer: Writer, place: Path, make_record: Make, told: Callable[[], Told]
) -> None:
    """An exchange that went out is on disk before its answer came, outside the chain until it
    ends.
    """
    record = make_record()
    opened, closed = told(), told()
    writer.open(record, opened)
    opened.wait()
    assert rows(place, "SELECT id FROM open_exchanges") == [(record.id,)]
    assert rows(place, "SELECT id FROM entries") == []
    writer.close_record(record, closed)
    closed.wait()
    assert rows(place, "SELECT id FROM open_exchanges") == []
    assert rows(place, "SELECT id FROM entries") == [(record.id,)]


def test_many_are_committed_as_one_group_in_the_order_handed_over(
    writer: Writer, place: Path, make_record: Make, told: Callable[[], Told]
) -> None:
    """A burst is chained completely and in order."""
    records = [make_record(n) for n in range(600)]
    answer = told()
    for record in records:
        writer.open(record, answer)
        writer.close_record(record, answer)
    assert set(answer.wait(1200)) == {None}
    assert [row[0] for row in rows(place, "SELECT id FROM entries ORDER BY seq")] == [
        r.id for r in records
    ]
    assert evidence.verify(place).ok


def test_two_gates_on_one_file_share_one_chain(
    writer: Writer, place: Path, make_record: Make, told: Callable[[], Told]
) -> None:
    """Two gates may write to the same evidence at once: the chain has one order and no gap."""
    other = Writer(place)
    answer = told()
    for n in range(60):
        (writer, other)[n % 2].close_record(make_record(n), answer)
        answer.wait(n + 1)
    other.stop()
    assert set(answer.answers) == {None}
    report = evidence.verify(place)
    assert (report.ok, report.entries) == (True, 60)


def test_what_another_live_gate_has_under_way_is_left_alone(
    writer: Writer, place: Path, make_record: Make, told: Callable[[], Told]
) -> None:
    """A second gate that starts does not take the first one's exchanges for abandoned."""
    answer = told()
    writer.open(make_record(), answer)
    answer.wait()
    second = Writer(place)
    second.stop()
    assert second.recovered == 0
    assert len(rows(place, "SELECT id FROM open_exchanges")) == 1


def test_strict_commits_reach_the_disk(place: Path) -> None:
    """Strict evidence asks the disk itself for confirmation; the default relies on the operating
    system.
    """
    place.parent.mkdir()
    for strict, level in ((False, 1), (True, 2)):
        with closing(connect(place, strict=strict)) as connection:
            assert connection.value("PRAGMA synchronous") == level


def test_a_record_handed_over_twice_is_refused_and_spoils_no_other(
    writer: Writer,
    place: Path,
    make_record: Make,
    told: Callable[[], Told],
    one_group: Callable[..., Any],
) -> None:
    """One bad entry in a group is told apart: the others are written."""
    twice = make_record(1)
    first = told()
    writer.close_record(twice, first)
    first.wait()
    answers = [told() for _ in range(4)]
    with one_group(writer):  # the four become one group
        for record, answer in zip(
            [make_record(2), twice, make_record(3), make_record(4)], answers, strict=True
        ):
            writer.close_record(record, answer)
    results = [answer.wait()[0] for answer in answers]
    assert [result is None for result in results] == [True, False, True, True]
    assert evidence.verify(place).entries == 4
    assert writer.failure is None


def test_text_that_cannot_be_stored_is_refused_alone(
    writer: Writer,
    place: Path,
    make_record: Make,
    told: Callable[[], Told],
    one_group: Callable[..., Any],
) -> None:
    """A record with broken text is refused with words, and its neighbours are written."""
    bad, good = told(), told()
    with one_group(writer):
        writer.close_record(make_record(1, kind="\ud800"), bad)
        writer.close_record(make_record(2), good)
    problem = bad.wait()[0]
    assert problem is not None
    assert "cannot be stored" in problem.message
    assert good.wait() == [None]


def test_a_caller_that_raises_does_not_stop_the_writer(
    writer: Writer, make_record: Make, told: Callable[[], Told]
) -> None:
    """A bug in one caller's callback is not felt by the next."""

    def broken(_problem: EvidenceError | None) -> None:
        raise RuntimeError("bug")

    writer.close_record(make_record(1), broken)
    answer = told()
    writer.close_record(make_record(2), answer)
    assert answer.wait() == [None]


def test_a_stopped_writer_has_written_everything_and_refuses_more(
    place: Path, make_record: Make, told: Callable[[], Told]
) -> None:
    """Stopping loses nothing; afterwards whoever tries is told at once."""
    writer = Writer(place)
    answer = told()
    for n in range(50):
        writer.close_record(make_record(n), answer)
    writer.stop()
    writer.stop()
    assert answer.answers == [None] * 50
    late = told()
    writer.close_record(make_record(99), late)
    assert isinstance(late.wait()[0], EvidenceError)
    assert evidence.verify(place).entries == 50


def test_a_locked_file_is_told_and_the_writer_recovers_by_itself(
    writer: Writer, place: Path, make_record: Make, told: Callable[[], Told]
) -> None:
    """While another program holds the file nothing is acknowledged; when it lets go, what is owed
    is written.
    """
    blocker = sqlite3.connect(place, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    opened, closed = told(), told()
    record = make_record(1)
    writer.open(make_record(2), opened)
    writer.close_record(record, closed)
    for answer in (opened, closed):
        problem = answer.wait()[0]
        assert problem is not None
        assert "locked" in problem.for_officer()
    assert writer.failure is not None
    assert writer.owed == 1
    missing = "1 record could not be written."
    eventually(lambda: [word.trouble for word in words(place)] == [missing])
    blocker.execute("ROLLBACK")
    blocker.close()
    eventually(lambda: writer.failure is None)
    eventually(lambda: [word.trouble for word in words(place)] == [None])
    assert rows(place, "SELECT id FROM entries") == [(record.id,)]
    assert rows(place, "SELECT id FROM open_exchanges") == []
    assert writer.owed == 0
    assert evidence.verify(place).ok


def test_a_damaged_file_is_told_in_words(
    place: Path, make_record: Make, told: Callable[[], Told]
) -> None:
    """Damage that appears while the gate runs stops acknowledgements; nothing is reported as
    written.
    """
    writer = Writer(place)
    first = told()
    for n in range(200):
        writer.close_record(make_record(n), first)
    first.wait(200)
    writer.stop()
    with place.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (place.stat().st_size - 4096))
    with pytest.raises(EvidenceError, match="damaged"):
        damaged = Writer(place)
        answer = told()
        damaged.close_record(make_record(999), answer)
        problem = answer.wait()[0]
        damaged.stop()
        assert problem is not None
        raise problem


@pytest.mark.parametrize(
    "content", [b"not a database at all, but text" * 40, b"\0" * 5000], ids=["text", "zeros"]
)
def test_a_file_that_is_no_evidence_is_refused_and_left_as_it_is(
    place: Path, content: bytes
) -> None:
    """A wrong path in the settings costs nobody a file."""
    place.parent.mkdir()
    place.write_bytes(content)
    with pytest.raises(EvidenceError) as caught:
        Writer(place)
    assert "evidence file" in caught.value.for_officer()
    assert place.read_bytes() == content


def test_a_deleted_file_is_noticed(
    writer: Writer, place: Path, make_record: Make, told: Callable[[], Told]
) -> None:
    """Whoever deletes the evidence under a running gate stops the traffic, not the recording."""
    place.rename(place.with_name("elsewhere.db"))
    answer = told()
    writer.close_record(make_record(), answer)
    problem = answer.wait()[0]
    assert problem is not None
    assert "moved or deleted" in problem.message
    place.with_name("elsewhere.db").rename(place)
    eventually(lambda: writer.failure is None)
    assert evidence.verify(place).entries == 1


FULL_DISK = """
import resource, signal, sys, threading
from pathlib import Path
sys.path[:0] = [{here!r}]
from conftest import Told, make_record
from evidence.writer import Writer
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
place = Path({place!r})
writer = Writer(place)
first = Told()
writer.close_record(make_record(0), first)
assert first.wait() == [None]
limits = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, limits[1]))
told = Told()
for n in range(1, 401):
    writer.close_record(make_record(n), told)
answers = told.wait(400)
print(sum(a is not None for a in answers), writer.failure is not None, flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, limits)
tick = threading.Event()
for _ in range(600):
    if writer.failure is None and not writer.owed:
        break
    tick.wait(0.05)
writer.stop()
print(writer.owed, writer.failure)
"""


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_when_no_byte_more_can_be_written_all_are_told_and_nothing_is_lost(place: Path) -> None:
    """A full disk acknowledges nothing that is not written; when space returns, every finished
    record is there once.
    """
    first, second = run(
        FULL_DISK.format(here=str(Path(__file__).parent), place=str(place))
    ).splitlines()
    refused, failing = first.split()
    assert int(refused) > 0
    assert failing == "True"
    assert second == "0 None"
    report = evidence.verify(place)
    assert (report.ok, report.entries) == (True, 401)


@pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0,
    reason="needs the right to mount a small file system",
)
def test_a_really_full_disk(tmp_path: Path, make_record: Make, told: Callable[[], Told]) -> None:
    """On a file system that is full, whoever waits is told that the disk is full; with space it
    goes on.
    """
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("not allowed to mount here")
    try:
        ballast = small / "ballast"
        writer = Writer(small / "evidence.db")
        with ballast.open("wb", buffering=0) as file:
            try:
                while file.write(b"\0" * 4096):
                    pass
            except OSError:
                pass
        answer = told()
        writer.close_record(make_record(), answer)
        problem = answer.wait()[0]
        assert problem is not None
        assert "full" in problem.for_officer()
        ballast.unlink()
        eventually(lambda: writer.failure is None)
        writer.stop()
        assert evidence.verify(small / "evidence.db").entries == 1
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


UNDER_LOAD = """
import sys, threading
from pathlib import Path
sys.path[:0] = [{here!r}]
from conftest import make_record
from evidence.writer import Writer
writer = Writer(Path({place!r}))
slots = threading.Semaphore(40)
def acknowledged(number, opened):
    def done(problem):
        assert problem is None
        sys.stdout.write(f"{{'open' if opened else 'closed'}} {{number}}\\n")
        sys.stdout.flush()
        slots.release()
    return done
n = 0
while True:
    n += 1
    record = make_record(n, notes=(str(n),))
    slots.acquire()
    writer.open(record, acknowledged(n, True))
    if n % 3:
        slots.acquire()
        writer.close_record(record, acknowledged(n, False))
"""


def test_killed_under_load_every_acknowledged_record_is_there(
    place: Path, make_record: Make
) -> None:
    """Kill the gate in mid-flight: the chain verifies, and all that it promised to have written is
    written.
    """
    program = UNDER_LOAD.format(here=str(Path(__file__).parent), place=str(place))
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    promised = [process.stdout.readline().split() for _ in range(600)]
    process.kill()
    promised += [
        line.split()
        for line in process.stdout.read().splitlines(keepends=True)
        if line.endswith("\n")
    ]
    process.wait()
    opened = {number for kind, number in promised if kind == "open"}
    closed = {number for kind, number in promised if kind == "closed"}
    assert closed
    assert opened - closed

    restarted = Writer(place)
    restarted.stop()
    assert restarted.recovered > 0
    assert evidence.verify(place).ok
    store = Store(place)
    notes = [record.notes for record in read(store.iter_records())]
    store.close()
    assert opened | closed <= {note[0] for note in notes}
    assert closed <= {note[0] for note in notes if STOPPED_NOTE not in note}
    assert len(notes) == len({note[0] for note in notes})


def test_an_exchange_that_a_killed_gate_left_open_says_so(place: Path, make_record: Make) -> None:
    """A record recovered at the next start claims no answer and says why."""
    program = UNDER_LOAD.format(here=str(Path(__file__).parent), place=str(place)).replace(
        "n % 3", "False"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.communicate()
    Writer(place).stop()
    store = Store(place)
    record = read(store.iter_records())[0]
    store.close()
    assert record.notes[-1] == "the gate stopped before the exchange ended"
    assert record.response == ResponseSummary(status=None, bytes=500)
    assert list(place.parent.glob("*-gate-*")) == []


def test_what_is_owed_is_written_once_even_if_it_was_written_after_all(
    writer: Writer,
    place: Path,
    make_record: Make,
    told: Callable[[], Told],
    one_group: Callable[..., Any],
) -> None:
    """A record that is told twice while the file is locked stands in the chain once."""
    known = make_record(0)
    first = told()
    writer.close_record(known, first)
    first.wait()
    blocker = sqlite3.connect(place, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    answer = told()
    with one_group(writer):
        for record in (known, make_record(1), make_record(2)):
            writer.close_record(record, answer)
    assert None not in answer.wait(3)
    assert writer.owed == 3
    blocker.close()
    eventually(lambda: writer.failure is None)
    assert len(rows(place, "SELECT id FROM entries")) == 3
    assert (writer.owed, evidence.verify(place).ok) == (0, True)


def test_text_that_cannot_be_stored_is_told_once_and_never_owed(
    writer: Writer,
    place: Path,
    make_record: Make,
    told: Callable[[], Told],
    one_group: Callable[..., Any],
) -> None:
    """A record that can never be written does not keep the writer from getting well."""
    blocker = sqlite3.connect(place, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    bad, good = told(), told()
    with one_group(writer):
        writer.close_record(make_record(1, kind="\ud800"), bad)
        writer.close_record(make_record(2), good)
    good.wait()
    assert writer.owed == 2  # of the bad one, what can be stored
    blocker.close()
    eventually(lambda: writer.failure is None)
    assert len(bad.answers) == len(good.answers) == 1
    assert len(rows(place, "SELECT id FROM entries")) == 2
