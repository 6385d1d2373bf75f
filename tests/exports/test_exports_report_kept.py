"""Reports of a time whose records are gone, or whose sums were edited: never clean by silence."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.decision import Verdict
from core.happenings import Event, happening
from core.record import Record
from core.review import CaseFilter
from core.stored import UnreadableEntry
from evidence.acts_retention import expire_acts
from evidence.erasure import Wanted, erase_now
from evidence.notary import Notary
from evidence.retention import expire
from evidence.store import Store
from evidence.sums_retention import expire_sums
from evidence.times import micros
from exports.report.breach import breach
from exports.report.forms import FORMS, drawn
from exports.report.monthly import report
from exports.report.page import Page
from exports.report.period import Period, month

Make = Callable[..., Record]
NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)
JANUARY, FEBRUARY, MARCH = (month(f"2026-0{n}", NOW) for n in (1, 2, 3))


@pytest.fixture
def place(write: Callable[..., None], place: Path, make_record: Make) -> Path:
    """Ten requests in each of the first three months of a year."""
    write(
        *(
            make_record(n, at=datetime(2026, 1 + n // 10, 5 + n % 10, 12, tzinfo=UTC))
            for n in range(30)
        )
    )
    return place


def of(place: Path, period: Period) -> Page:
    store = Store(place, clock=lambda: NOW)
    try:
        return report(store, period, by="auditor", now=NOW)
    finally:
        store.close()


def said(page: Page) -> str:
    (found,) = (one for one in page.sections if one.title == "Whether this is all")
    rows = () if found.table is None else found.table.rows
    return "\n".join([*found.sentences, *(" | ".join(row) for row in rows)])


def edit(place: Path, *statements: str) -> None:
    with closing(sqlite3.connect(place)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def gone(place: Path) -> None:
    """January's records expire."""
    Notary(place).take_now("hour")
    assert expire(place, micros(FEBRUARY.since), "records older than 60 days").records == 10


def test_what_is_whole_is_told_without_alarm(place: Path) -> None:
    page = of(place, FEBRUARY)
    assert page.answer.startswith("1 Python script processes")
    assert "the sums of 10 hours of this time against its records" in said(page)
    assert "NOT TRUE" not in said(page) and "expired" not in said(page)


def test_a_month_whose_records_expired_does_not_read_as_a_clean_one(place: Path) -> None:
    gone(place)
    page = of(place, JANUARY)
    assert page.answer.startswith("Of 10 requests only sums are kept; of what is left: 0 Python")
    assert "records older than 60 days" in said(page)
    assert "/home/analyst/upload.py | openai" in said(page) and "| 10 | 10" in said(page)
    assert "NOT TRUE" not in said(page)
    for form in FORMS:
        assert drawn(page, form)


def test_the_trend_is_not_told_against_a_month_that_is_gone(place: Path) -> None:
    gone(place)
    table = of(place, FEBRUARY).sections[0].table
    assert table is not None and {row[3] for row in table.rows} == {"?"}
    assert "NOT TRUE" not in said(of(place, FEBRUARY))


def test_sums_that_went_too_leave_a_time_of_which_nothing_is_known(place: Path) -> None:
    gone(place)
    expire_sums(place, micros(datetime(2026, 1, 12, tzinfo=UTC)), "sums older than 90 days")
    page = of(place, JANUARY)
    assert "Of 3 requests only sums are kept" in page.answer
    assert "Nothing is known of before 2026-01-12 00:00 UTC" in said(page)
    early = of(place, JANUARY.before)
    assert (
        early.answer == "Nothing is known of before 2026-01-12 00:00 UTC, so nothing of this time."
    )


def test_a_time_before_the_first_gate_is_not_told_as_one_without_personal_data(
    place: Path,
) -> None:
    page = of(place, JANUARY.before)
    assert (
        page.answer == "Nothing is known of before 2026-01-05 12:00 UTC, so nothing of this time."
    )
    assert of(place, JANUARY).answer.startswith(
        "Nothing is known of before 2026-01-05 12:00 UTC; since then: 1 Python script processes"
    )


def test_sums_that_were_taken_out_do_not_make_a_time_with_records_one_without(place: Path) -> None:
    edit(place, "DELETE FROM hours WHERE hour < (SELECT max(hour) FROM hours)")
    assert "so nothing of this time" not in of(place, FEBRUARY).answer
    assert "1 Python script processes" in of(place, FEBRUARY).answer


def test_the_trend_is_not_told_against_a_time_of_which_nothing_is_known(place: Path) -> None:
    for period in (JANUARY, JANUARY.before):
        first = of(place, period).sections[0]
        assert first.table is not None and {row[3] for row in first.table.rows} == {"?"}
        assert any(one.startswith("? stands where of one of") for one in first.sentences)
    later = of(place, MARCH).sections[0]
    assert later.table is not None and "?" not in {row[3] for row in later.table.rows}


SUMS = {
    "more": "UPDATE hours SET exchanges = exchanges + 1 WHERE hour % 24 = 12",
    "less bytes": "UPDATE hours SET bytes = bytes - 1",
    "no values": "UPDATE hours SET found = 0",
    "dear": "UPDATE hours SET cost_micro_usd = cost_micro_usd + 1",
    "none": "DELETE FROM hours",
    "one more": """INSERT INTO hours SELECT hour + 1, script, destination, account, kinds, outcome,
        exchanges, sent, bytes, found, tokens, cost_micro_usd, least FROM hours""",
}


@pytest.mark.parametrize("change", SUMS)
def test_edited_sums_are_named(place: Path, change: str) -> None:
    edit(place, SUMS[change])
    page = of(place, FEBRUARY)
    assert "NOT TRUE AS IT STANDS IN THE FILE: the sums of" in said(page)
    assert page.answer.startswith("The evidence was changed")


@pytest.mark.parametrize(
    "change",
    ["DELETE FROM entries WHERE seq = 11", "UPDATE entries SET at_us = at_us + 9000000000000"],
)
def test_records_taken_out_of_the_month_are_named(place: Path, change: str) -> None:
    edit(place, change)
    assert "NOT TRUE" in said(of(place, FEBRUARY)) + said(of(place, MARCH))


def test_edited_sums_of_what_expired_tell_nothing(place: Path) -> None:
    gone(place)
    edit(place, "UPDATE past SET body = x'00'")
    page = of(place, JANUARY)
    assert page.answer.startswith("The evidence was changed")
    assert "sums of records that expired are not those" in said(page)


def test_what_is_written_while_a_report_is_made_is_no_alarm(
    place: Path, make_record: Make, write: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gate goes on beside it: an hour that grew is not compared."""
    store = Store(place, clock=lambda: NOW)
    read = store.iter_records

    def and_write(*times: datetime) -> object:
        yield from read(*times)
        write(make_record(40 + times[0].month, at=datetime(2026, 2, 6, 12, tzinfo=UTC)))

    monkeypatch.setattr(store, "iter_records", and_write)
    page = report(store, FEBRUARY, by="auditor", now=NOW)
    assert "NOT TRUE" not in said(page) and "9 hours" in said(page)


def erased(place: Path, wanted: Wanted) -> None:
    assert not erase_now(place, wanted, who="dpo", why="asked", patience_s=0).nothing


def test_an_erasure_is_no_alarm(place: Path) -> None:
    erased(place, Wanted(users=frozenset({"analyst"})))
    assert "NOT TRUE" not in said(of(place, FEBRUARY))
    erased(place, Wanted(before_us=micros(FEBRUARY.since)))
    for period in (JANUARY, FEBRUARY):
        assert "NOT TRUE" not in said(of(place, period))


def test_half_hours_of_a_zone_are_compared_as_far_as_they_are_whole(place: Path) -> None:
    half = timedelta(minutes=30)
    page = of(place, replace(FEBRUARY, since=FEBRUARY.since + half, until=FEBRUARY.until + half))
    assert "NOT TRUE" not in said(page)


def drafted(place: Path) -> str:
    store = Store(place, clock=lambda: NOW)
    (case,) = store.page(CaseFilter(), 0, 2)
    return breach(store, case, by="dpo", now=NOW).answer


def test_a_draft_from_what_is_left_of_a_case_says_so(
    place: Path, make_record: Make, write: Callable[..., None]
) -> None:
    """Also where all that is left was stopped: what is gone may have left."""
    assert "30 requests, 30 of which left, with data of" in drafted(place)
    gone(place)
    told = drafted(place)
    assert told.startswith("The records of 10 requests of this case expired (")
    assert "all numbers are the least" in told and "20 requests" in told
    write(make_record(at=NOW, verdict=Verdict.BLOCK))
    Notary(place).take_now("hour")
    expire(place, micros(NOW), "all")
    told = drafted(place)
    assert "may be no breach" not in told and "cannot be told from what is kept" in told


def test_a_draft_from_a_case_with_records_taken_out_says_so(place: Path) -> None:
    edit(place, "DELETE FROM entries WHERE seq = 11")
    assert drafted(place).startswith("NOT TRUE AS IT STANDS IN THE FILE: 1 entry of this case")


def in_figures(page: Page) -> tuple[str, str]:
    """Return how many requests the figures tell, and what stands above them."""
    (found,) = (one for one in page.sections if one.title == "In figures, and the trend")
    assert found.table is not None
    (row,) = (row for row in found.table.rows if row[0] == "Requests")
    return row[1], "\n".join(found.sentences)


def test_what_was_erased_is_no_request_that_could_not_be_read(place: Path) -> None:
    """Its place is left; nobody counts it, and no version is blamed for it."""
    erase_now(place, Wanted(before_us=micros(datetime(2026, 2, 8, tzinfo=UTC))), who="o", why="x")
    page = of(place, FEBRUARY)
    count, told = in_figures(page)
    assert count == "7"
    assert "Of 3 entries only the place is left" in told
    assert "cannot be read" not in told
    assert "the sums of 7 hours of this time against its records" in said(page)


def test_what_expired_behind_a_legal_hold_is_counted_once(place: Path) -> None:
    """By its sums alone, as what expired at the beginning of the chain."""
    Notary(place).take_now("hour")
    held = {"hold": "m", "script": None, "user": None}
    span = micros(datetime(2026, 1, 1, tzinfo=UTC)), micros(datetime(2026, 1, 7, tzinfo=UTC))
    with closing(Store(place, clock=lambda: NOW)) as store:
        facts = {**held, "since_us": span[0], "until_us": span[1]}
        store.tell(happening(Event.LEGAL_HOLD, facts, who="counsel"))
    found = expire(place, micros(FEBRUARY.since), "records older than 60 days")
    assert (found.records, found.apart) == (0, 8)
    page = of(place, JANUARY)
    count, told = in_figures(page)
    assert count == "2" and "Of 8 entries only the place is left" in told
    assert page.answer.startswith("Of 8 requests only sums are kept; of what is left: ")
    assert "Of 8 requests in the hours of this time the records expired" in said(page)
    assert "NOT TRUE" not in said(page)
    assert "the sums of 10 hours of this time against its records" in said(page)


def test_an_act_whose_time_is_over_is_none_that_this_version_cannot_read(place: Path) -> None:
    """Its place is left, and that is what is said of it, in the report and in exports."""
    with closing(Store(place, clock=lambda: MARCH.since)) as store:
        for _ in range(3):
            store.tell(happening(Event.CLOCK_JUMPED, {"by_s": 9}))
    Notary(place).take_now("hour")
    gone = expire_acts(place, 1 << 60, "acts older than a day", rest=lambda _: None)
    assert gone > 0
    page = of(place, MARCH)
    (found,) = (one for one in page.sections if one.title.startswith("Approvals"))
    told = "\n".join(found.sentences)
    assert "cannot be read" not in told
    words = "1 act" if gone == 1 else f"{gone} acts"
    assert f"Of {words} only the place is left: their time was over." in told
    with closing(Store(place, clock=lambda: NOW)) as store:
        read = [act for act in store.iter_acts() if isinstance(act, UnreadableEntry)]
    assert [act.is_erased for act in read] == [True] * gone
    assert read[0].for_officer().endswith("its place is all that is left.")
