"""Retention of sums: they go when their own time is over, and what is left still proves itself."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from evidence_file import run

import evidence
from core.case_keys import case_key
from core.happenings import Event, happening
from core.ids import uuid7
from core.record import Record
from core.review import Action, CaseFilter, Disposition, ReviewEvent
from evidence.acts import read_act
from evidence.database import connect
from evidence.hours import total
from evidence.notary import Notary
from evidence.retention import expire
from evidence.store import Store
from evidence.sums_retention import _end, _ended, expire_sums, expire_sums_older
from evidence.times import HOUR_US, micros

Make = Callable[..., Record]
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = START + timedelta(days=300)
RULE = "sums older than 1095 days"


@pytest.fixture
def long_ago(write: Callable[..., None], place: Path, make_record: Make) -> Path:
    """Thirty days: a script of the first ten, one of the last twenty, one of all; the records of
    twenty-five days have expired.
    """

    def script(day: int) -> str:
        if day % 2:
            return "/srv/always.py"
        return "/srv/long-gone.py" if day < 10 else "/srv/later.py"

    write(*(make_record(at=START + timedelta(days=n), script=script(n)) for n in range(30)))
    Notary(place).take_now("test")
    for days in (8, 16, 25):
        expire(place, after(days), "older than 180 days", rest=lambda _: None)
    return place


def after(days: int) -> int:
    return micros(START + timedelta(days=days))


def hours(place: Path) -> list[int]:
    with closing(connect(place)) as connection:
        return [row[0] for row in connection.execute("SELECT DISTINCT hour FROM hours")]


@pytest.mark.parametrize("days", [1, 5, 8, 12, 20, 24])
def test_sums_go_and_the_rest_verifies(long_ago: Path, days: int) -> None:
    """No hour from before is left, all others are, and nothing is said to be wrong."""
    before = hours(long_ago)
    gone = expire_sums(long_ago, after(days), RULE)
    limit = after(days) // HOUR_US
    assert hours(long_ago) == [hour for hour in before if hour >= limit]
    assert gone == len([hour for hour in before if hour < limit])
    report = evidence.verify(long_ago)
    assert (report.ok, report.problems) == (True, ())
    assert expire_sums(long_ago, after(days), RULE) == 0
    with closing(Store(long_ago)) as store:
        assert total(store).exchanges == len(hours(long_ago)) == 30 - gone


def test_nothing_of_a_script_that_is_long_gone_is_left(long_ago: Path) -> None:
    """Its cases, versions and sums go; those of scripts that were seen since stay whole."""
    name = b"long-gone"
    expire_sums(long_ago, after(12), RULE)
    store = Store(long_ago)
    shown = {case.script_path for case in store.page(CaseFilter(), 0, 50)}
    assert shown == {"/srv/always.py", "/srv/later.py"}
    store.close()
    with closing(connect(long_ago)) as connection:
        texts = connection.execute("SELECT unpacked(body) FROM past").fetchall()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        count = connection.value("SELECT sum(count) FROM cases WHERE script_path LIKE '%always%'")
    assert count == 15
    assert not any(name in text for (text,) in texts)
    assert name not in long_ago.read_bytes()


def test_sums_of_a_time_whose_records_are_kept_stay(long_ago: Path) -> None:
    """Also where the setting says less than that of records: what is left must still add up."""
    before = hours(long_ago)
    expire_sums(long_ago, after(29), RULE)
    assert hours(long_ago) == [hour for hour in before if hour >= after(25) // HOUR_US]
    assert evidence.verify(long_ago).ok


def test_a_rebuild_gives_the_same(long_ago: Path) -> None:
    """What went does not come back when the lists are made anew."""
    expire_sums(long_ago, after(12), RULE)
    left = hours(long_ago)
    store = Store(long_ago)
    store.rebuild_cases()
    store.close()
    assert hours(long_ago) == left
    assert evidence.verify(long_ago).ok


def test_it_is_an_act(long_ago: Path) -> None:
    """The evidence tells up to when sums went, and by which rule."""
    expire_sums(long_ago, after(5), RULE)
    with closing(connect(long_ago)) as connection:
        query = "SELECT body FROM review_entries WHERE action = 'sums_expired'"
        ((text,),) = connection.execute(query).fetchall()
    facts = read_act(text).act.facts  # type: ignore[union-attr]  # a happening
    assert (facts["rule"], facts["before"]) == (RULE, "2026-03-06T12:00:00.000000Z")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM hours WHERE hour = (SELECT min(hour) FROM hours)",
        "UPDATE past SET body = packed('{}') WHERE cut = (SELECT min(cut) FROM past)",
        "DELETE FROM past WHERE cut = (SELECT min(cut) FROM past)",
    ],
)
def test_sums_that_somebody_else_removed_are_named(long_ago: Path, statement: str) -> None:
    """Only what the chain of acts tells has expired."""
    expire_sums(long_ago, after(5), RULE)
    run(long_ago, statement)
    assert not evidence.verify(long_ago).ok


def test_a_record_under_a_hold_keeps_its_sums(long_ago: Path) -> None:
    """What must not go keeps all that was added up since."""
    store = Store(long_ago)
    store.tell(happening(Event.LEGAL_HOLD, {"hold": "h1", "script": "/srv/later.py"}))
    store.close()
    kept = len(hours(long_ago))
    expire(long_ago, after(400), "older than 180 days", rest=lambda _: None)
    expire_sums(long_ago, after(400), RULE)
    assert 0 < len(hours(long_ago)) < kept
    assert evidence.verify(long_ago).ok


def test_a_case_that_comes_back_while_a_pass_reads_stays(
    long_ago: Path, write: Callable[..., None], make_record: Make
) -> None:
    """A script that was not seen for years sends again between reading what has ended and removing
    it: its case is kept, and the next pass goes by what is there then.
    """
    with closing(connect(long_ago)) as connection:
        ended = _ended(connection, after(20))
        assert ended is not None and any("long-gone" in key for key in ended.cases)
        write(make_record(at=START + timedelta(days=31), script="/srv/long-gone.py"))
        assert _end(connection, ended, after(20), RULE) == 0
    assert evidence.verify(long_ago).problems == ()
    assert expire_sums(long_ago, after(20), RULE) > 0
    assert evidence.verify(long_ago).problems == ()
    with closing(Store(long_ago, clock=lambda: LATER)) as store:
        shown = {case.script_path for case in store.page(CaseFilter(), 0, 50)}
    assert "/srv/long-gone.py" in shown


def test_a_file_that_is_not_there_waits_for_the_next_pass(tmp_path: Path) -> None:
    """A gate goes on when sums cannot be removed now."""
    assert expire_sums_older(tmp_path / "none" / "evidence.db", 1) is None


def test_a_case_that_begins_anew_is_open(
    long_ago: Path, write: Callable[..., None], make_record: Make
) -> None:
    """What was closed before its time was over says nothing of what the script sends years later,
    and nobody is told that something is wrong.
    """
    first = make_record(at=START, script="/srv/long-gone.py")
    store = Store(long_ago, clock=lambda: LATER)
    closing = ReviewEvent(
        id=uuid7(), at=START, case_key=case_key(first), action=Action.CLOSE, who="o",
        disposition=Disposition.TEST_DATA,
    )  # fmt: skip
    store.append([closing])
    expire_sums(long_ago, after(20), RULE)
    write(make_record(at=START + timedelta(days=31), script="/srv/long-gone.py"))
    (case,) = [c for c in store.page(CaseFilter(), 0, 50) if c.script_path == "/srv/long-gone.py"]
    store.close()
    assert (case.status.value, case.count) == ("open", 1)
    assert evidence.verify(long_ago).problems == ()
