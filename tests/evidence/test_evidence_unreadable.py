"""An entry that this version cannot read, damaged or of a later one: it is shown as such and hides
no other.
"""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from evidence_file import old_store, rechained, rechained_acts
from reading_files import readable

import evidence
from core.case_keys import case_key
from core.decision import Decision, HoldOutcome, Verdict
from core.errors import EvidenceError
from core.ids import uuid7
from core.record import Record
from core.review import Action, CaseFilter, Disposition, ReviewEvent
from core.stored import StoredEntry, StoredRecord, UnreadableEntry
from evidence.frames import packed
from evidence.holds import HeldRequests
from evidence.rollup import UNREADABLE
from evidence.store import Store
from evidence.writer import Writer
from exports.formats import formats
from exports.selection import Selection
from exports.verification import verify_export
from exports.writing import export
from tests.evidence.conftest import Told

Make = Callable[..., Record]
Change = Callable[[dict[str, Any]], object]


def later(path: str, value: object) -> Change:
    """Return what puts another value where the path leads."""

    def change(body: dict[str, Any]) -> object:
        *steps, last = path.split(".")
        inner: Any = body
        for step in steps:
            inner = inner[int(step) if step.isdigit() else step]
        inner[last] = value
        return body

    return change


def without(key: str) -> Change:
    return lambda body: {name: value for name, value in body.items() if name != key}


LATER: dict[str, Change] = {
    "a verdict of a later version": later("decision.verdict", "quarantine"),
    "an intended verdict": later("decision.intended", "quarantine"),
    "a category": later("destination.category", "satellite"),
    "an account kind": later("destination.account.kind", "escrow"),
    "a certainty": later("sender.certainty", "proven"),
    "a way to launch": later("sender.script.launched_as", "wasm"),
    "a confidence": later("findings.0.certainty", "proven"),
    "a basis": later("llm.tokens_basis", "metered"),
    "another format": later("schema", "outgate.record/2"),
    "a field without its object": later("request", None),
    "a number as words": later("request.bytes", "many"),
    "a missing part": without("destination"),
    "a missing time": without("at"),
    "an array": lambda body: [body],
    "a text": lambda body: "nothing",
}
"""Each is a rightly chained entry, as only a later version or a fault in this one could write
it.
"""


def rewritten(place: Path, seq: int, change: Change, table: str = "entries") -> None:
    """Put another body into an entry, and chain it and all that follow anew."""
    (rechained if table == "entries" else rechained_acts)(place, seq, change)


def frame_of(text: str | bytes) -> bytes:
    return packed(text.encode() if isinstance(text, str) else text)


def names(entries: list[StoredEntry]) -> list[tuple[int, bool]]:
    """Return place and readability of each."""
    return [(e.link.seq if e.link else 0, isinstance(e, StoredRecord)) for e in entries]


@pytest.fixture
def three(write: Callable[..., None], writer: Writer, place: Path, make_record: Make) -> Path:
    """Three alike records, of which the second is then made unreadable; no gate runs that knows
    better.
    """
    write(*(make_record(n) for n in range(3)))
    writer.stop()
    return place


@pytest.mark.parametrize("change", LATER.values(), ids=LATER)
def test_an_entry_of_a_later_version_is_shown_as_what_it_is(
    three: Path, make_record: Make, change: Change
) -> None:
    """The others are read as before; the one stands among them with its number, and is never
    guessed at.
    """
    ids = [entry.id for entry in Store(three).iter_entries()]
    rewritten(three, 2, change)
    store = Store(three)
    expected = [(1, True), (2, False), (3, True)]
    assert names(list(store.records(case_key(make_record())))) == expected[::-1]
    assert names(list(store.iter_records())) == expected
    assert names(list(store.iter_by_time())) == expected
    assert names(list(store.records_by_ids(ids))) == expected
    assert [
        entry.link.seq for entry in store.iter_of_cases(frozenset({case_key(make_record())}))
    ] == [1, 2, 3]
    odd = list(store.iter_records())[1]
    assert isinstance(odd, UnreadableEntry)
    assert (odd.id, odd.at) == (ids[1], make_record(1).at)
    assert "Entry 2 cannot be read by this version of Outgate" in odd.for_officer()
    assert store.count(CaseFilter()) == 1
    store.close()


@pytest.mark.parametrize("change", LATER.values(), ids=LATER)
def test_verification_checks_its_chain_and_says_that_it_was_not_understood(
    three: Path, change: Change
) -> None:
    """Not understood is neither broken nor fine: the report counts it."""
    rewritten(three, 2, change)
    report = evidence.verify(three)
    assert (report.ok, report.entries, report.unreadable) == (True, 3, 1), report
    assert "Entries that this version cannot read: 1." in report.text()


def test_a_later_entry_excuses_no_tampering_elsewhere(
    three: Path, make_record: Make, told: Callable[[], Told]
) -> None:
    """Only what belongs to the same case goes unchecked."""
    writer, answer = Writer(three), told()
    writer.close_record(make_record(9, script="/srv/other.py"), answer)
    assert answer.wait() == [None]
    writer.stop()
    rewritten(three, 2, LATER["a category"])
    assert evidence.verify(three).ok
    with sqlite3.connect(three) as connection:
        connection.execute("UPDATE cases SET count = 7 WHERE script_path = '/srv/other.py'")
    assert "does not add up" in (evidence.verify(three).first_problem or "")


DAMAGE = ["nonsense", "", "{", '{"id": "\\ud800"}', b"\xff\xfe{}"]


@pytest.mark.parametrize("text", DAMAGE, ids=repr)
def test_a_damaged_text_is_shown_as_what_it_is(
    three: Path, make_record: Make, text: str | bytes
) -> None:
    """Bytes that are no JSON, or no text at all, take nothing else along; verification names the
    place.
    """
    with sqlite3.connect(three) as connection:
        connection.execute("UPDATE entries SET body = ? WHERE seq = 2", (frame_of(text),))
    store = Store(three)
    assert names(list(store.records(case_key(make_record())))) == [(3, True), (2, False), (1, True)]
    assert names(list(store.iter_records())) == [(1, True), (2, False), (3, True)]
    store.rebuild_cases()
    cases = {case.key: case.count for case in store.page(CaseFilter(), 0, 9)}
    assert cases == {case_key(make_record()): 2, UNREADABLE: 1}
    store.close()
    changed, emptied = "changed after it was written", "emptied, and no erasure tells of it"
    assert evidence.verify(three).first_problem == f"entry 2 was {changed if text else emptied}"


@pytest.mark.parametrize("name", sorted(formats()))
@pytest.mark.parametrize("change", LATER.values(), ids=LATER)
def test_an_export_holds_what_it_cannot_read(
    three: Path, tmp_path: Path, name: str, change: Change
) -> None:
    """The records before and after are exported, and the one between is there under its id."""
    ids = [entry.id for entry in Store(three).iter_entries()]
    rewritten(three, 2, change)
    store, out = Store(three), tmp_path / "out"
    assert export(name, store, Selection(), out, by="auditor").records == 3
    store.close()
    text = readable(out)
    assert [id_ for id_ in ids if id_ not in text] == []


@pytest.mark.parametrize("text", DAMAGE, ids=repr)
def test_an_export_of_damage_does_not_verify(three: Path, text: str | bytes) -> None:
    """Damage is exported as such, so that the export says of it what the file says."""
    with sqlite3.connect(three) as connection:
        connection.execute("UPDATE entries SET body = ? WHERE seq = 2", (frame_of(text),))
    store, out = Store(three), three.with_name("out.jsonl")
    assert export("jsonl", store, Selection(), out, by="auditor").records == 3
    store.close()
    report = verify_export(out)
    what = "changed after it was written" if text else "emptied, and no erasure tells of it"
    assert (report.ok, report.first_problem) == (False, f"line 3: entry 2 was {what}")


@pytest.mark.parametrize("change", LATER.values(), ids=LATER)
def test_cases_made_anew_hold_a_case_of_what_cannot_be_read(
    three: Path, make_record: Make, change: Change
) -> None:
    """A rebuild by a version that does not understand an entry hides it from nobody."""
    rewritten(three, 2, change)
    store = Store(three)
    store.rebuild_cases()
    cases = {case.key: (case.count, case.verdict) for case in store.page(CaseFilter(), 0, 9)}
    assert cases == {case_key(make_record()): (2, "watch"), UNREADABLE: (1, "unknown")}
    [odd] = store.records(UNREADABLE)
    assert isinstance(odd, UnreadableEntry)
    store.close()
    assert evidence.verify(three).ok


@pytest.mark.parametrize("version", [1, 4])
@pytest.mark.parametrize("text", ["nonsense", "{}", "[]", '{"findings": 3}', '{"findings": [3]}'])
def test_an_old_file_with_such_an_entry_is_brought_forward(
    place: Path, version: int, text: str
) -> None:
    """One entry that nobody can read keeps no gate from starting after an update."""
    old_store(place, version)
    with sqlite3.connect(place) as connection:
        connection.execute("UPDATE entries SET body = ? WHERE seq = 2", (text,))
    store = Store(place)
    assert [seq for seq, readable in names(list(store.iter_records())) if not readable] == [2]
    store.close()


# Held requests


def held(make_record: Make, number: int, **changes: Any) -> Record:
    decision = Decision(verdict=Verdict.HOLD, hold_key=f"k{number}", hold_seconds=9.0, **changes)
    return make_record(number, decision=decision)


JOURNAL = {
    "no JSON": "'nonsense'",
    "no text": "CAST(x'ff' AS TEXT)",
    "a later verdict that it intends": "json_set(body, '$.decision.intended', 'quarantine')",
    "a later category": "json_set(body, '$.destination.category', 'satellite')",
    "no decision": "json_remove(body, '$.decision')",
    "no verdict": "json_remove(body, '$.decision.verdict')",
    "no sender": "json_remove(body, '$.sender')",
}


@pytest.mark.parametrize("body", JOURNAL.values(), ids=JOURNAL)
def test_a_held_request_that_cannot_be_read_leaves_the_others_answerable(
    writer: Writer, place: Path, make_record: Make, told: Callable[[], Told], body: str
) -> None:
    """Two wait; one of them is not understood: the other is shown, and so is that there is one
    more.
    """
    answer = told()
    first, second = held(make_record, 1), held(make_record, 2)
    for record in (first, second):
        writer.open(record, answer)
    answer.wait(2)
    with sqlite3.connect(place) as connection:
        connection.execute(f"UPDATE open_exchanges SET body = {body} WHERE id = ?", (first.id,))
    store = Store(place)
    odd, waiting = HeldRequests(store).waiting()
    assert isinstance(odd, UnreadableEntry)
    assert (odd.id, odd.link) == (first.id, None)
    assert "A request that is under way cannot be read" in odd.for_officer()
    assert waiting == second
    event = ReviewEvent(
        id=uuid7(), at=first.at, case_key="x", action=Action.APPROVE, who="o", record_id=first.id
    )
    with pytest.raises(EvidenceError, match="cannot read that request"):
        store.append([event])
    store.close()


def test_how_a_hold_ended_is_left_out_where_it_cannot_be_read(
    write: Callable[..., None], place: Path, make_record: Make
) -> None:
    """A word for an ending that this version does not know is not taken for another."""
    records = [held(make_record, n, hold_outcome=HoldOutcome.REFUSED) for n in range(3)]
    write(*records)
    rewritten(place, 2, later("decision.hold.outcome", "escalated"))
    store = Store(place)
    states = HeldRequests(store).states([record.id for record in records])
    store.close()
    assert set(states) == {records[0].id, records[2].id}


def test_an_answer_that_cannot_be_read_is_no_answer(
    write: Callable[..., None], place: Path, make_record: Make
) -> None:
    """The newest answer counts; where it is not understood, an approval before it lets nothing
    out.
    """
    record = held(make_record, 1)
    write(record)
    store = Store(place)
    for action in (Action.APPROVE, Action.REFUSE):
        event = ReviewEvent(
            id=uuid7(),
            at=record.at,
            case_key=case_key(record),
            action=action,
            who="o",
            record_id=record.id,
        )
        store.append([event])
    rewritten(place, 2, later("at", "soon"), "review_entries")
    holds = HeldRequests(store)
    assert holds.answers([record.id]) == {}
    assert holds.answered_before("k1", record.at) is None
    store.close()


# Reviews


def test_a_review_event_of_a_later_version_hides_no_other(
    write: Callable[..., None], place: Path, make_record: Make
) -> None:
    """What a reviewer did with a later version is shown as not understood, and what was done before
    it is still there.
    """
    write(make_record())
    key = case_key(make_record())
    store = Store(place)
    for action in (Action.NOTE, Action.CLOSE, Action.NOTE):
        why = Disposition.TEST_DATA if action is Action.CLOSE else None
        store.append(
            [
                ReviewEvent(
                    id=uuid7(),
                    at=make_record().at,
                    case_key=key,
                    action=action,
                    who="o",
                    disposition=why,
                )
            ]
        )
    rewritten(place, 2, later("disposition", "forwarded"), "review_entries")
    with sqlite3.connect(place) as connection:
        connection.execute("UPDATE cases SET disposition = 'forwarded'")
    first, odd, third = store.history(key)
    assert isinstance(first, ReviewEvent) and isinstance(third, ReviewEvent)
    assert isinstance(odd, UnreadableEntry) and odd.link is not None and odd.link.seq == 2
    case = store.case(key)
    assert case is not None and case.disposition == "forwarded"
    report = evidence.verify(place)
    assert (report.ok, report.reviews, report.unreadable) == (True, 3, 1)
    store.rebuild_cases()
    store.close()


# What a gate left open


def test_what_a_later_gate_left_open_is_chained_and_seen(
    place: Path, make_record: Make, told: Callable[[], Told]
) -> None:
    """A gate of a later version was killed: this one keeps what it wrote, whole, and shows that it
    cannot read it.
    """
    writer, answer = Writer(place), told()
    for n in range(3):
        writer.open(make_record(n), answer)
    answer.wait(3)
    with sqlite3.connect(place) as connection:
        connection.execute(
            "UPDATE open_exchanges SET gate = 'gone', body = json_set(body,"
            " '$.destination.category', 'satellite') WHERE id = ?",
            (connection.execute("SELECT max(id) FROM open_exchanges").fetchone()[0],),
        )
        connection.execute("UPDATE open_exchanges SET gate = 'gone'")
    again = Writer(place)
    assert again.recovered == 3
    again.stop()
    store = Store(place)
    assert sorted(readable for _, readable in names(list(store.iter_records()))) == [
        False,
        True,
        True,
    ]
    assert {case.key: case.count for case in store.page(CaseFilter(), 0, 9)}[UNREADABLE] == 1
    text = next(e.text for e in store.iter_entries() if isinstance(e.opened(), UnreadableEntry))
    assert json.loads(text)["destination"]["category"] == "satellite"
    assert "the gate stopped before the exchange ended" in json.loads(text)["notes"]
    store.close()
    assert evidence.verify(place).ok
    writer.stop()


def test_what_was_added_later_is_no_reason_to_refuse(three: Path, make_record: Make) -> None:
    """A record with a field more is a record, and keeps that field in an export that verifies."""
    rewritten(three, 2, lambda body: {**body, "weather": {"rain": True}})
    store = Store(three)
    records = [entry for entry in store.iter_records() if isinstance(entry, StoredRecord)]
    assert [replace(r.record, id="") for r in records] == [
        replace(make_record(n), id="") for n in range(3)
    ]
    out = three.with_name("out.jsonl")
    assert export("jsonl", store, Selection(), out, by="auditor").records == 3
    store.close()
    assert '"weather":{"rain":true}' in out.read_text("utf-8")
    assert verify_export(out).ok
    assert evidence.verify(three).ok


@pytest.mark.parametrize("time", ["9223372036854775807", "'noon'"])
def test_a_time_that_none_can_be_is_told_in_words(three: Path, time: str) -> None:
    """Whoever wrote such a time by hand meets no fault of Outgate, but who finds out what it is."""
    with sqlite3.connect(three) as connection:
        connection.execute(f"UPDATE scripts SET first_us = {time}")
    connection.close()
    store = Store(three)
    with pytest.raises(EvidenceError, match="a time that Outgate did not write"):
        store.script_versions()
    store.close()
    assert not evidence.verify(three).ok
