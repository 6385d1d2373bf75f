"""Retention behind a legal hold: what is held stays whole, and everybody else's records go."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from evidence_file import run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import evidence
from core.case_keys import case_key
from core.decision import Verdict
from core.happenings import Event, happening
from core.record import Record
from core.stored import StoredRecord
from evidence.cases_check import list_problems
from evidence.database import connect
from evidence.erasure import Wanted, erase_now
from evidence.past import Past
from evidence.retention import Expired, expire, tidy
from evidence.retention_apart import Apart
from evidence.store import Store
from evidence.times import micros
from evidence.writer import Writer

Make = Callable[..., Record]
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RULE = "older than 180 days"
DAYS = 40
LATER = START + timedelta(days=300)
HELD = {"hold": "m", "script": None, "user": None, "since_us": None, "until_us": None}


def after(days: int) -> int:
    return micros(START + timedelta(days=days))


@pytest.fixture
def days(write: Callable[..., None], place: Path, make_record: Make, writer: Writer) -> Path:
    """Forty days of four scripts, one record a day, signed; the last is of today."""
    records = [
        make_record(
            at=START + timedelta(days=n),
            script=f"/srv/job_{n % 4}.py",
            sha256=f"{n // 20:02x}" * 32,
            verdict=(Verdict.WATCH, Verdict.BLOCK)[n % 2],
        )
        for n in range(DAYS)
    ]
    write(*records)
    writer.stop()
    with closing(evidence.open_store(place)) as store:
        store.checkpoint("printed")
    return place


def hold(place: Path, **facts: Any) -> None:
    with closing(Store(place, clock=lambda: LATER)) as store:
        store.tell(happening(Event.LEGAL_HOLD, {**HELD, **facts}, who="counsel"))


def lift(place: Path, name: str = "m") -> None:
    with closing(Store(place, clock=lambda: LATER)) as store:
        store.tell(happening(Event.HOLD_LIFTED, {"hold": name}, who="counsel"))


def passed(place: Path, before: int) -> Expired:
    return expire(place, after(before), RULE, rest=lambda _: None)


def derived(place: Path) -> list[Any]:
    with closing(sqlite3.connect(place)) as connection:
        tables = ("cases", "scripts", "traffic", "hours", "days")
        return [connection.execute(f"SELECT * FROM {t}").fetchall() for t in tables]


def left(place: Path) -> list[int]:
    """Return the days of which the record is still there."""
    with closing(Store(place, clock=lambda: LATER)) as store:
        found = [one.record for one in store.iter_records() if isinstance(one, StoredRecord)]
    return [(one.at - START).days for one in found]


def whole(place: Path) -> None:
    """Assert that the file verifies, also with its lists made anew, which are then the same."""
    before = derived(place)
    assert evidence.verify(place).problems == ()
    with closing(Store(place, clock=lambda: LATER)) as store:
        store.rebuild_cases()
    assert derived(place) == before
    assert evidence.verify(place).problems == ()


def test_one_record_under_a_hold_keeps_no_other(days: Path) -> None:
    """A hold on three days of last spring is no reason to keep what everybody else sent."""
    before = derived(days)
    hold(days, since_us=after(5), until_us=after(8))
    found = passed(days, 30)
    assert (found.records, found.up_to, found.apart) == (5, 5, 22)
    assert left(days) == [5, 6, 7, *range(30, DAYS)]
    assert derived(days) == before
    report = evidence.verify(days)
    assert report.ok
    assert any("Behind a legal hold 22 records expired" in note for note in report.notes)
    whole(days)
    assert passed(days, 30) == Expired(records=0, up_to=0, apart=0)


def test_a_hold_on_a_script_keeps_its_records_alone(days: Path) -> None:
    """The investigation of one script does not keep the others' records."""
    before = derived(days)
    hold(days, script="/srv/job_1.py")
    passed(days, 30)
    assert left(days) == [n for n in range(DAYS) if n % 4 == 1 or n >= 30]
    assert derived(days) == before
    whole(days)


def test_once_it_is_lifted_all_of_it_goes(days: Path) -> None:
    """What was held goes with the beginning of the chain, and the places of the others with it."""
    before = derived(days)
    hold(days, since_us=after(5), until_us=after(8))
    passed(days, 30)
    lift(days)
    found = passed(days, 30)
    assert (found.up_to, found.apart) == (30, 0)
    assert left(days) == list(range(30, DAYS))
    with closing(sqlite3.connect(days)) as connection:
        assert connection.execute("SELECT count(*) FROM entries").fetchone() == (DAYS - 30,)
    assert derived(days) == before
    whole(days)


def test_nothing_of_what_went_is_left_in_the_file(days: Path) -> None:
    """The salt goes with the text, and no free page keeps either."""
    with closing(connect(days)) as connection:
        query = "SELECT unpacked(body), salt, body FROM entries WHERE seq = 20"
        text, salt, frame = connection.execute(query).fetchone()
    hold(days, since_us=after(5), until_us=after(8))
    passed(days, 30)
    assert tidy(days, rest=lambda _: None)
    for file in days.parent.glob(f"{days.name}*"):
        held = file.read_bytes()
        for one in (text[-200:], salt, frame[-40:]):
            assert one not in held, file.name


def test_the_newest_of_a_case_may_go_before_older_ones(days: Path) -> None:
    """A case whose newest record went, while an older one is held, tells of the newest as before:
    a gate, a rebuild and a verification say the same.
    """
    before = derived(days)
    hold(days, until_us=after(10))
    found = passed(days, 999)
    assert (found.records, found.apart) == (0, DAYS - 11)
    assert left(days) == [*range(10), DAYS - 1]
    assert derived(days) == before
    whole(days)
    with closing(Store(days, clock=lambda: LATER)) as store:
        assert list_problems(store, 1000) == (None, None)


def test_a_case_of_more_names_than_are_kept_stays_with_the_hold(
    place: Path, write: Callable[..., None], make_record: Make, writer: Writer
) -> None:
    """Which names of very many are kept depends on their order: such a case is not thinned out."""
    many = [
        make_record(at=START + timedelta(minutes=n), script="/srv/a.py", sha256=f"{n:064x}")
        for n in range(230)
    ]
    write(*many, make_record(at=START + timedelta(days=9), script="/srv/b.py"))
    writer.stop()
    with closing(evidence.open_store(place)) as store:
        store.checkpoint("printed")
    hold(place, until_us=micros(START + timedelta(minutes=3)))
    assert passed(place, 5).apart == 0
    whole(place)


def test_the_newest_and_what_no_checkpoint_signed_stay(days: Path) -> None:
    """As at the beginning of the chain."""
    hold(days, until_us=after(1))
    run(days, "DELETE FROM checkpoints")
    assert passed(days, 999).apart == 0


def test_a_gate_goes_on_after_it(days: Path, make_record: Make) -> None:
    """Records are chained behind, and cases go on counting."""
    hold(days, until_us=after(1))
    passed(days, 999)
    opened = evidence.open_evidence(days)
    record = make_record(at=START + timedelta(days=60), script="/srv/job_1.py", sha256="02" * 32)
    opened.writer.close_record(record, lambda _: None)
    opened.close()
    with closing(Store(days, clock=lambda: LATER)) as store:
        case = store.case(case_key(record))
    assert case is not None
    whole(days)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM past", "sums of records that expired"),
        ("UPDATE past SET cut = cut - 1", "sums of records that expired"),
        ("DELETE FROM review_entries WHERE action = 'expired_apart'", "entry 9 was emptied"),
        ("UPDATE entries SET body = x'' WHERE seq = 6", "entry 6 was emptied"),
        ("UPDATE entries SET salt = x'01' WHERE seq = 20", "entry 20"),
        ("UPDATE entries SET body = packed('{}') WHERE seq = 20", "entry 20"),
        ("DELETE FROM entries WHERE seq = 20", "missing in between"),
        ("UPDATE entries SET case_id = 1 WHERE seq = 20", "entry 20 was erased, and is filed"),
        ("UPDATE entries SET at_us = 5 WHERE seq = 20", "entry 20 was erased, and is filed"),
        ("INSERT INTO erased VALUES (20, x'02', x'')", "of entry 20, which was erased whole"),
        ("INSERT INTO marks VALUES (12345, 20)", "by which values are looked up"),
        ("INSERT INTO past SELECT 0, body FROM past LIMIT 1", "sums of records that expired"),
        ("UPDATE cases SET verdict = 'allow', user = 'x'", "does not add up"),
    ],
)
def test_nothing_expires_in_silence(days: Path, statement: str, words: str) -> None:
    """Whoever empties what no act tells of, or edits what is left, is found out."""
    hold(days, since_us=after(5), until_us=after(8))
    passed(days, 30)
    run(days, statement)
    report = evidence.verify(days)
    assert not report.ok
    assert words in report.text()


@pytest.mark.parametrize("what", ["hold", "lift", "erasure", "other"])
def test_what_changes_while_it_is_read_is_heeded(days: Path, what: str) -> None:
    """A hold that is placed or lifted, an erasure, another gate's pass: nothing goes by what was
    read before, and the next pass goes by what is then.
    """
    hold(days, until_us=after(8))
    with closing(connect(days)) as connection:
        one = Apart(connection, after(30), RULE)
        going = one._next(0)
        assert len(going.numbers) == 22
        count = connection.value("SELECT count(*) FROM review_entries WHERE action = 'erased'")
        if what == "hold":
            hold(days, hold="n", since_us=after(12), until_us=after(14))
        elif what == "lift":
            lift(days)
        elif what == "erasure":
            erase_now(days, Wanted(script="/srv/job_3.py"), who="o", why="asked")
        else:
            passed(days, 20)
        assert not one._emptied(going, count)
    passed(days, 30)
    assert ({12, 13} <= set(left(days))) == (what == "hold")
    assert evidence.verify(days).problems == ()


def test_an_erasure_afterwards_takes_names_out_of_what_is_left(days: Path) -> None:
    """Sums that name an erased script lose it also where they are of what went behind a hold."""
    hold(days, until_us=after(2), script="/srv/job_1.py")
    passed(days, 30)
    made = erase_now(days, Wanted(script="/srv/job_2.py"), who="o", why="asked")
    assert made.past > 0
    assert evidence.verify(days).problems == ()
    with closing(Store(days, clock=lambda: LATER)) as store:
        assert not [one for one in store.script_versions() if one.script == "/srv/job_2.py"]


def test_what_was_held_before_it_and_goes_after_it_is_the_older(days: Path) -> None:
    """Who was newest in a case is told by the place in the chain, not by when it expired."""
    before = derived(days)
    hold(days, until_us=after(1))
    assert passed(days, 2).apart == 1
    lift(days)
    assert passed(days, 38).up_to == 38
    assert derived(days) == before
    whole(days)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    spans=st.lists(
        st.tuples(st.integers(0, DAYS), st.integers(1, 12), st.sampled_from([None, 0, 1, 2, 3])),
        min_size=1,
        max_size=3,
    ),
    passes=st.lists(st.tuples(st.integers(0, DAYS), st.booleans()), min_size=1, max_size=4),
)
def test_whatever_is_held_and_lifted_the_rest_adds_up(
    days_copy: Callable[[], Path], spans: list[tuple[int, int, int | None]], passes: list[Any]
) -> None:
    """Holds in any order, passes between, some lifted: what is held is there, nothing else that is
    too old, and the file verifies with the very sums it had.
    """
    place = days_copy()
    before = derived(place)
    standing = dict(enumerate(spans))
    for name, (start, length, job) in standing.items():
        hold(
            place,
            hold=str(name),
            since_us=after(start),
            until_us=after(start + length),
            script=None if job is None else f"/srv/job_{job}.py",
        )
    reached = 0
    for limit, lifts in passes:
        if lifts and standing:
            lift(place, str(standing.popitem()[0]))
        passed(place, limit)
        reached = max(reached, limit)
        kept = {
            n
            for start, length, job in standing.values()
            for n in range(start, start + length)
            if job is None or n % 4 == job
        }
        found = left(place)
        assert {n for n in range(limit, DAYS) if n >= reached} <= set(found)
        assert {n for n in kept if n < DAYS} & set(range(reached, DAYS)) <= set(found)
        assert [n for n in found if n < min(limit, DAYS - 1) and n not in kept] == []
        assert derived(place) == before
    whole(place)


@pytest.fixture
def days_copy(days: Path, tmp_path: Path) -> Callable[[], Path]:
    """Copies of the file, each in a folder of its own."""
    made = iter(range(10**6))

    def copy() -> Path:
        folder = shutil.copytree(days.parent, tmp_path / f"copy-{next(made)}")
        return folder / days.name

    return copy


def test_what_is_told_of_it(days: Path) -> None:
    """The chain of acts tells how many went, and by which rule."""
    hold(days, until_us=after(8))
    passed(days, 30)
    with closing(connect(days)) as connection:
        past = Past.of(connection)
    assert (past.cut, past.apart) == (0, 22)
    assert past.apart_told is not None and past.apart_told.endswith(RULE)
    assert replace(past, apart=0).digests
