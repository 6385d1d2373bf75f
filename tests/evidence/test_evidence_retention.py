"""Retention: records go when their time is over; what they added up to, and the proof, stay."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from evidence_file import run

import evidence
from core.case_keys import case_key
from core.decision import Verdict
from core.happenings import Event, happening
from core.ids import uuid7
from core.record import Record
from core.review import Action, CaseFilter, Disposition, ReviewEvent
from core.stored import StoredRecord
from evidence.database import connect
from evidence.erasure import Wanted, erase_now
from evidence.past import Past, Sums
from evidence.retention import _oldest, _remove, _step, expire, expire_older
from evidence.retention_apart import STEP
from evidence.store import Store
from evidence.times import micros
from evidence.writer import Writer

Make = Callable[..., Record]
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = START + timedelta(days=300)
RULE = "older than 180 days"


@pytest.fixture
def year(write: Callable[..., None], place: Path, make_record: Make, writer: Writer) -> Path:
    """Fifty records of three scripts, closed and approved in between, signed."""
    records = [
        make_record(
            at=START + timedelta(days=n),
            script=f"/srv/job_{n % 3}.py",
            sha256=f"{n // 20:02x}" * 32,
            verdict=(Verdict.ALLOW, Verdict.WATCH, Verdict.BLOCK)[n % 3],
        )
        for n in range(50)
    ]
    write(*records[:25])
    store = evidence.open_store(place)
    closings = ((records[1], Disposition.CONFIRMED_LEAK), (records[2], Disposition.TEST_DATA))
    for record, reason in closings:
        event = ReviewEvent(
            id=uuid7(), at=record.at, case_key=case_key(record), action=Action.CLOSE, who="o",
            disposition=reason,
        )  # fmt: skip
        store.append([event])
    write(*records[25:])
    store.checkpoint("printed")
    store.close()
    writer.stop()
    return place


def after(days: int) -> int:
    return micros(START + timedelta(days=days))


def cases(place: Path) -> list[Any]:
    with closing(sqlite3.connect(place)) as connection:
        tables = ("cases", "scripts", "traffic", "hours", "days")
        return [connection.execute(f"SELECT * FROM {t}").fetchall() for t in tables]


def expired(place: Path, before_us: int) -> tuple[int, int]:
    found = expire(place, before_us, RULE, rest=lambda _: None)
    return found.records, found.up_to


@pytest.mark.parametrize("days", [1, 7, 24, 30, 49])
def test_what_is_older_goes_and_all_else_stays(year: Path, days: int) -> None:
    """The records are gone; cases, versions, sums and reviews are what they were."""
    before = cases(year)
    assert expired(year, after(days)) == (days, days)
    report = evidence.verify(year)
    assert (report.ok, report.problems, report.entries) == (True, (), 50 - days)
    assert any(f"up to {days} expired" in note and RULE in note for note in report.notes)
    assert cases(year) == before
    store = Store(year)
    assert len(list(store.iter_records())) == 50 - days == store.totals()["records"]
    store.rebuild_cases()
    store.close()
    assert cases(year) == before
    assert evidence.verify(year).ok


def test_passes_add_up(year: Path) -> None:
    """Day after day: each pass goes on where the one before ended."""
    before = cases(year)
    for days in (3, 3, 17, 40):
        expired(year, after(days))
        assert evidence.verify(year).problems == ()
    assert cases(year) == before
    with closing(sqlite3.connect(year)) as connection:
        found = connection.execute("SELECT count(*) FROM marks WHERE seq <= 40").fetchone()
        assert found == (0,)


def test_the_newest_and_what_no_checkpoint_signed_stay(year: Path) -> None:
    """The chain keeps an end to go on from, and nothing goes that was never signed."""
    assert expired(year, after(999)) == (49, 49)
    assert evidence.verify(year).ok
    run(year, "DELETE FROM checkpoints")
    assert expired(year, after(999)) == (0, 0)


def test_a_gate_goes_on_after_a_pass(year: Path, make_record: Make) -> None:
    """Records are chained behind what is left, and cases go on counting."""
    expired(year, after(999))
    opened = evidence.open_evidence(year)
    record = make_record(at=START + timedelta(days=60), script="/srv/job_1.py", sha256="02" * 32)
    opened.writer.close_record(record, lambda _: None)
    opened.close()
    report = evidence.verify(year)
    assert (report.ok, report.entries) == (True, 2)
    store = Store(year, clock=lambda: LATER)
    case = store.case(case_key(record))
    assert case is not None and case.count > 10
    newest = list(store.iter_records())[-1]
    assert isinstance(newest, StoredRecord) and newest.record.id == record.id
    store.close()


def test_a_legal_hold_stops_it(year: Path) -> None:
    """What is under a hold stays, and what stands behind it with it."""
    store = Store(year)
    hold = {"hold": "m", "script": None, "user": None, "since_us": after(10), "until_us": after(12)}
    store.tell(happening(Event.LEGAL_HOLD, hold, who="counsel"))
    assert expired(year, after(40)) == (10, 10)
    assert expired(year, after(40)) == (0, 0)
    store.tell(happening(Event.HOLD_LIFTED, {"hold": "m"}, who="counsel"))
    assert expired(year, after(40)) == (30, 40)
    store.close()
    assert evidence.verify(year).ok


def test_a_person_is_erased_from_what_expired_too(year: Path) -> None:
    """Sums that name a script by its path lose it when the script is erased."""
    expired(year, after(30))
    made = erase_now(year, Wanted(script="/srv/job_1.py"), who="o", why="asked")
    assert made.past == 1
    assert evidence.verify(year).problems == ()
    store = Store(year)
    assert not [one for one in store.script_versions() if one.script == "/srv/job_1.py"]
    assert not store.count(CaseFilter(status=None, script="job_1"))
    store.close()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM entries WHERE seq < 25", "missing in between"),
        ("DELETE FROM past", "sums of records that expired"),
        ("UPDATE past SET body = packed('{}')", "sums of records that expired"),
        ("UPDATE cases SET count = count + 1", "does not add up"),
        ("UPDATE traffic SET bytes = bytes + 1", "the sums of traffic"),
        ("DELETE FROM review_entries WHERE action = 'expired'", "missing in between"),
        ("UPDATE entries SET seq = 5 WHERE seq = 25", "entry 5 expired, and is there again"),
    ],
)
def test_nothing_expires_in_silence(year: Path, statement: str, words: str) -> None:
    """Whoever cuts off the beginning without a rule is found out, and who edits the sums."""
    expired(year, after(20))
    run(year, statement)
    report = evidence.verify(year)
    assert not report.ok
    assert words in report.text()


def test_two_gates_do_not_remove_the_same(year: Path) -> None:
    """The one that comes second sees it, and leaves the rest to the first."""
    with closing(connect(year)) as connection:
        stale = Past.of(connection)
        expired(year, after(40))
        assert _step(connection, after(45), RULE, stale) is None
    assert expired(year, after(45)) == (5, 45)
    assert evidence.verify(year).ok


@pytest.mark.parametrize("what", ["hold", "erasure"])
def test_what_changes_while_a_step_is_read_is_heeded(year: Path, what: str) -> None:
    """A legal hold that is placed, or a script that is erased, between reading the oldest records
    and removing them: nothing goes by what was read before, and the pass goes on by what is now.
    """
    with closing(connect(year)) as connection:
        past = Past.of(connection)
        going = _oldest(connection, after(20), past)
        assert going is not None and len(going.rows) == 20
        if what == "hold":
            hold = {
                "hold": "m",
                "script": None,
                "user": None,
                "since_us": after(5),
                "until_us": None,
            }
            with closing(Store(year)) as store:
                store.tell(happening(Event.LEGAL_HOLD, hold, who="counsel"))
        else:
            erase_now(year, Wanted(script="/srv/job_1.py"), who="o", why="asked")
        found = _remove(connection, going, past, RULE)
        assert found is not None and (found.records, found.up_to) == (0, 0)
        assert connection.value("SELECT count(*) FROM entries") == 50
    gone = 5 if what == "hold" else 20
    assert expired(year, after(20)) == (gone, gone)
    assert evidence.verify(year).problems == ()
    with closing(Store(year)) as store:
        scripts = {one.script for one in store.script_versions()}
        assert ("/srv/job_1.py" in scripts) == (what == "hold")


def test_it_stops_when_it_is_told(year: Path) -> None:
    """A gate that stops does not wait for a pass to end."""
    found = expire(year, after(40), RULE, rest=lambda _: None, stopping=lambda: True)
    assert (found.records, found.up_to) == (0, 0)
    assert STEP <= 500


def test_a_locked_file_is_tried_again_later(year: Path) -> None:
    """A pass that cannot write now gives up and says so; nothing else happens."""
    assert expire_older(year.with_name("none") / "evidence.db", 1) is None
    assert expire_older(year, 36500) is not None


def test_damaged_sums_are_refused() -> None:
    """What cannot be read adds up to nothing."""
    for text in (b"", b"{}", b"[]", b'{"cases": 3}'):
        with pytest.raises(ValueError, match="damaged"):
            Sums.from_bytes(text)
    assert Past().cut == 0


def test_sums_read_back(make_record: Make) -> None:
    """What is kept of the records is what was added up."""
    sums = Sums()
    for number in range(9):
        record = replace(make_record(number), findings=())
        key = sums.rollup.add(record, micros(record.at))
        sums.seen(key or "", "ab", number)
    assert Sums.from_bytes(sums.to_bytes()).to_bytes() == sums.to_bytes()
