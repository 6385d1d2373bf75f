"""What somebody changed in the file is never shown as true: not in a case, a search, a report."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from evidence_file import replaced, run

from core.case_keys import case_key, observation_key
from core.record import Record
from core.review import Action, ReviewEvent, script_event
from core.stored import UnreadableEntry
from evidence.chain import link
from evidence.database import connect
from evidence.erasure import Wanted, erase_now
from evidence.finding_people import found
from evidence.frames import packed
from evidence.store import Store
from evidence.writer import Writer
from exports.report.breach import breach
from exports.report.monthly import report
from exports.report.page import Page
from exports.report.period import Period
from tests.evidence.conftest import Told, make_observation, make_record

MARK = "0123456789abcdef"
NOW = datetime(2026, 3, 2, tzinfo=UTC)
TEXT = "unpacked(body)"


def rehashed(place: Path) -> None:
    """Another text with a hash that fits it by itself, and not the entry behind it."""
    with closing(connect(place)) as connection:
        text, prev = connection.execute(
            "SELECT unpacked(body), prev FROM entries WHERE seq = 2"
        ).fetchone()
        other = text.replace(b"analyst", b"someone")
        values = packed(other), link(prev, 2, other)
        change = "UPDATE entries SET body = ?, hash = ?, salt = NULL, cuts = NULL WHERE seq = 2"
        connection.execute(change, values).close()


def said(*statements: str) -> Callable[[Path], None]:
    return lambda place: run(place, *statements)


CHANGES: dict[str, Callable[[Path], None]] = {
    "a name": said(replaced("analyst", "someone", "seq = 2")),
    "a verdict": said(replaced('"watch"', '"block"', "seq = 2")),
    "one number": said(replaced('"bytes":1000', '"bytes":1001', "seq = 2")),
    "a space": said(replaced('{"at":', '{ "at":', "seq = 2")),
    "another record's text": said(
        "UPDATE entries SET body = (SELECT body FROM entries WHERE seq = 3),"
        " cuts = (SELECT cuts FROM entries WHERE seq = 3) WHERE seq = 2"
    ),
    "its hash": said("UPDATE entries SET hash = zeroblob(32) WHERE seq = 2"),
    "its salt": said("UPDATE entries SET salt = zeroblob(16) WHERE seq = 2"),
    "its cuts": said("UPDATE entries SET cuts = x'0200010001' WHERE seq = 2"),
    "its cuts and salt": said("UPDATE entries SET cuts = NULL, salt = NULL WHERE seq = 2"),
    "its place": said("UPDATE entries SET prev = zeroblob(32) WHERE seq = 2"),
    "no text": said("UPDATE entries SET body = x'' WHERE seq = 2"),
    "text and hash": rehashed,
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four records of one case with a value, one observation, a note and an approval."""
    place = tmp_path_factory.mktemp("kept") / "evidence.db"
    writer, told = Writer(place), Told()
    for number in range(4):
        writer.close_record(make_record(number), told)
    writer.observed(make_observation(9), told)
    assert set(told.wait(5)) == {None}
    writer.stop()
    store, record = Store(place, clock=lambda: NOW), make_record()
    store.append(
        [
            ReviewEvent(
                id="e-note", at=record.at, case_key=case_key(record), action=Action.NOTE,
                who="officer", note="seen",
            )
        ]
    )  # fmt: skip
    version = store.script_versions()[0]
    store.append([script_event(version, approve=True, who="officer", at=NOW, note="read")])
    store.close()
    return place


@pytest.fixture
def place(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(kept, tmp_path / "evidence.db"))


def shown(store: Store) -> Iterator[tuple[str, list[Any]]]:
    """Everything that screens, commands and reports read records by."""
    key = case_key(make_record())
    yield "a case", [getattr(one, "record", one) for one in store.records(key)]
    yield "all", [getattr(one, "record", one) for one in store.iter_records()]
    yield "by time", [getattr(one, "record", one) for one in store.iter_by_time()]
    entries = store.iter_of_cases(frozenset({key}))
    yield "of cases", [getattr(one, "record", one) for one in (e.opened() for e in entries)]


def words(page: Page) -> str:
    return " ".join(line for section in page.sections for line in section.sentences)


def period() -> Period:
    return Period(since=NOW - timedelta(days=2), until=NOW, called="two days")


def test_what_nobody_changed_is_shown(place: Path) -> None:
    """Records, acts and observations of a file that is whole are told, and nothing is suspected."""
    store = Store(place, clock=lambda: NOW)
    for where, records in shown(store):
        assert [one for one in records if isinstance(one, UnreadableEntry)] == [], where
    assert len(list(store.observations())) == 1
    answer = found(store, [MARK])
    assert (answer.records, answer.unread, answer.changed) == (4, 0, 0)
    told = words(report(store, period(), by="officer", now=NOW))
    assert "NOT TRUE" not in told + words(_breach(store))
    store.close()


def test_what_was_erased_by_an_act_is_not_called_changed(place: Path) -> None:
    """An erasure with who and why leaves gaps, and nobody is accused of them."""
    erase_now(place, Wanted(fingerprints=frozenset({MARK})), who="officer", why="Art. 17")
    store = Store(place)
    for where, records in shown(store):
        changed = [one for one in records if isinstance(one, UnreadableEntry)]
        assert changed == [], where
    store.close()


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_record_is_never_shown_as_true(place: Path, change: str) -> None:
    """Whatever was changed of a record: who reads it anywhere is told that it was changed."""
    CHANGES[change](place)
    store = Store(place, clock=lambda: NOW)
    for where, records in shown(store):
        suspect = [one for one in records if isinstance(one, UnreadableEntry)]
        assert "Entry 2 was changed" in " ".join(one.for_officer() for one in suspect), where
        told = [one.sender.user for one in records if isinstance(one, Record)]
        assert set(told) == {"analyst"}, where
    answer = found(store, [MARK])
    assert answer.changed >= 1
    assert all(one.users == {"analyst"} for one in answer.sendings)
    assert "NOT TRUE" in words(report(store, period(), by="officer", now=NOW))
    assert "NOT TRUE" in words(_breach(store))
    store.close()


def _breach(store: Store) -> Page:
    case = store.case(case_key(make_record()))
    assert case is not None
    return breach(store, case, by="officer", now=NOW)


@pytest.mark.parametrize(
    "change",
    [
        """UPDATE review_entries SET body = replace(body, 'officer', 'nobody1')""",
        """UPDATE review_entries SET hash = zeroblob(32)""",
        """UPDATE review_entries SET prev = zeroblob(32) WHERE seq = 2""",
    ],
)
def test_a_changed_act_is_never_shown_as_true(place: Path, change: str) -> None:
    """Who approved what is not told from an act that somebody changed."""
    run(place, change)
    store = Store(place, clock=lambda: NOW)
    acts = [one for one in store.iter_acts() if isinstance(one, UnreadableEntry)]
    assert acts and all(one.is_changed for one in acts)
    (sending,) = found(store, [MARK]).sendings
    assert "nobody1" not in str(sending.said)
    assert "changed after it was written" in str(sending.said)
    assert "nobody1" not in str(store.history(case_key(make_record())))
    assert "NOT TRUE" in words(report(store, period(), by="officer", now=NOW))
    store.close()


def test_a_changed_observation_is_not_shown(place: Path) -> None:
    """What was seen of a connection past the gate is told as it was chained, or not at all."""
    run(place, replaced("db.example", "db.other11", "seq = 5"))
    store = Store(place)
    assert list(store.observations()) == []
    [(_, told)] = store.observed_entries()
    assert isinstance(told, UnreadableEntry) and told.is_changed
    [newest] = store.observations_of(observation_key(make_observation(9)))
    assert isinstance(newest, UnreadableEntry) and newest.is_changed
    store.close()
