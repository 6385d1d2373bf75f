"""Times that people type behind an option: every clear form, and nothing else, in every command."""

import os
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.time_arguments import parse_span, parse_time
from core.errors import InputError
from core.happenings import Event, Happening
from evidence import open_evidence, open_store
from evidence.acts import StoredAct
from tests.app.conftest import Runs

NOW = datetime(2026, 11, 27, 18, 30, 15, tzinfo=UTC)
"""A Friday; 19:30 in Berlin."""
MEANT = {
    "2026-11-01": "2026-10-31T23:00:00",
    "2026-11-01T08:00": "2026-11-01T07:00:00",
    "2026-11-01T08:00-02:00": "2026-11-01T10:00:00",
    "2026-10": "2026-09-30T22:00:00",
    "today": "2026-11-26T23:00:00",
    " Yesterday ": "2026-11-25T23:00:00",
    "monday": "2026-11-22T23:00:00",
    "fri": "2026-11-26T23:00:00",
    "5 nov": "2026-11-04T23:00:00",
    "14:02": "2026-11-27T13:02:00",
    "yesterday 14:02": "2026-11-26T13:02:00",
    "this week": "2026-11-22T23:00:00",
    "last  week": "2026-11-15T23:00:00",
    "last-week": "2026-11-15T23:00:00",
    "this month": "2026-10-31T23:00:00",
    "last month": "2026-09-30T22:00:00",
    "this year": "2025-12-31T23:00:00",
    "last year": "2024-12-31T23:00:00",
    "7d": "2026-11-20T18:30:15",
    "2w": "2026-11-13T18:30:15",
    "12h": "2026-11-27T06:30:15",
    "30m": "2026-11-27T18:00:15",
    "3 days ago": "2026-11-24T18:30:15",
    "1 hour ago": "2026-11-27T17:30:15",
}
NONE = [
    *("tomorrow", "next week", "last", "week", "last day", "-3 days ago", "days ago", "2026-13"),
    *("2026-02-30", "999999d", "0001-01-01", "7 d", "7x", "", "3 months ago", "32 nov", "25:00"),
]


@pytest.fixture(autouse=True)
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A zone whose winter begins in October."""
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    if before is None:
        monkeypatch.delenv("TZ")
    else:
        monkeypatch.setenv("TZ", before)
    time.tzset()


@pytest.mark.parametrize("text", MEANT)
def test_a_clear_form_means_one_instant(text: str) -> None:
    found = parse_time(text, NOW)
    assert found == datetime.fromisoformat(MEANT[text]).replace(tzinfo=UTC)
    assert found is not None and found.tzinfo is UTC


@pytest.mark.parametrize("text", NONE)
def test_what_is_not_clear_is_refused_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(InputError) as told:
        parse_time(text, NOW)
    assert "last week" in str(told.value.remedy)


def test_no_time_is_none() -> None:
    assert parse_time(None, NOW) is None
    assert parse_span(None, None) == (None, None)


def test_a_span_ends_behind_its_beginning() -> None:
    start, end = parse_span("last month", "this month")
    assert start is not None and end is not None and start < end
    with pytest.raises(InputError, match="ends before it begins"):
        parse_span("this month", "last month")


@pytest.mark.parametrize(
    "line",
    [
        "export --out - --since {}",
        "export --out - --until {}",
        "report --since {}",
        "observations --since {}",
        "observations --until {}",
        "policy replay --since {}",
        "erase --before {}",
        "hold x --reason y --since {}",
        "hold x --reason y --until {}",
    ],
)
def test_every_command_takes_the_same_words(outgate: Runs, home: Path, line: str) -> None:
    """And tells who types another which those are."""
    open_evidence(home / "evidence.db").close()
    words = line.split()
    at = words.index("{}")
    for text, taken in (("last week", True), ("3 days ago", True), ("next week", False)):
        told = outgate(*words[:at], text, *words[at + 1 :])
        assert ("is not a time that can be meant" not in told.err) == taken, told


def test_an_export_tells_the_time_that_was_meant(outgate: Runs, home: Path) -> None:
    """Its act holds the instant: “yesterday” says nothing a year later."""
    open_evidence(home / "evidence.db").close()
    assert outgate("export", "--out", "-", "--since", "2026-11-01").code == 0
    with closing(open_store(home / "evidence.db")) as store:
        acts = [stored.act for stored in store.iter_acts() if isinstance(stored, StoredAct)]
    (act,) = [act for act in acts if isinstance(act, Happening) and act.event is Event.EXPORTED]
    assert (act.facts["since"], act.facts["until"]) == ("2026-10-31T23:00:00.000000Z", None)


def test_an_erasure_tells_the_time_that_was_meant(outgate: Runs, home: Path) -> None:
    """Before anybody says yes to it."""
    open_evidence(home / "evidence.db").close()
    told = outgate("erase", "--before", "2026-10")
    assert "before 2026-10-01 00:00" in told.out
