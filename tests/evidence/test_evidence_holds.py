"""Holds: a person's answer reaches the gate through the evidence, for this request and for
identical ones.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from present import readable
from reading import read

import evidence
from core.case_keys import case_key
from core.decision import Decision, HoldOutcome, Verdict
from core.errors import EvidenceError
from core.ids import uuid7
from core.record import Record
from core.review import Action, HoldAnswer, HoldState, ReviewEvent
from evidence.history import History
from evidence.holds import ANSWERED_BEFORE, SAID, WAITING, HeldRequests
from evidence.queries import BY_ID
from evidence.store import Store
from evidence.writer import Writer
from tests.evidence.conftest import Told

Make = Callable[..., Record]


def test_an_answer_is_for_the_request_and_for_identical_ones(
    writer: Writer, place: Path, make_record: Make, told: Callable[[], Told]
) -> None:
    """A held request waits in the journal, has no case yet, and can be answered; the answer is
    evidence.
    """
    record = make_record(
        decision=Decision(verdict=Verdict.HOLD, hold_key="feed", hold_seconds=60.0)
    )
    answer = told()
    writer.open(record, answer)
    answer.wait()
    store = Store(place)
    holds = HeldRequests(store)
    assert holds.waiting() == [record]
    assert holds.answers([record.id]) == {}

    def say(action: Action, minutes: int) -> None:
        at = record.at + timedelta(minutes=minutes)
        event = ReviewEvent(
            id=uuid7(),
            at=at,
            case_key=case_key(record),
            action=action,
            who="officer",
            record_id=record.id,
        )
        store.append([event])

    say(Action.REFUSE, 1)
    said = holds.answers([record.id, "other"])[record.id]
    assert (said.approved, said.who, said.at) == (
        False,
        "officer",
        record.at + timedelta(minutes=1),
    )
    assert list(holds.waiting()) == []
    say(Action.APPROVE, 2)
    again = holds.answered_before("feed", record.at)
    assert again is not None
    assert again.approved
    assert holds.answered_before("feed", record.at + timedelta(minutes=3)) is None
    assert holds.answered_before("f00d", record.at) is None
    assert holds.answers([]) == {}
    acts = store.history(case_key(record))
    assert [event.record_id for event in readable(acts)] == [record.id] * 2
    assert History(store).script("/home/analyst/upload.py", "ab" * 32).approved is None
    store.close()
    assert evidence.verify(place).ok


@pytest.mark.parametrize(
    ("query", "values", "index"),
    [
        (ANSWERED_BEFORE, ("feed", 0), "review_entries_by_hold_key"),
        (SAID, ('["a"]',), "review_entries_by_record"),
        (WAITING, (), "review_entries_by_record"),
        (BY_ID, ("a",), "sqlite_autoindex_entries_1"),
    ],
)
def test_answers_are_looked_up_and_not_looked_for(
    place: Path, query: str, values: tuple[Any, ...], index: str
) -> None:
    """A gate that holds requests asks several times a second: each question goes by an index,
    however long the history.
    """
    store = Store(place)
    with store.reading() as connection:
        plan = "\n".join(
            row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", values)
        )
    store.close()

    assert f"INDEX {index} (" in plan
    assert "SCAN review_entries" not in plan
    assert "SCAN entries" not in plan


def test_an_answer_about_nothing_is_refused(place: Path, make_record: Make) -> None:
    """Nobody can approve a request that the evidence does not know."""
    store = Store(place)
    record = make_record()
    event = ReviewEvent(
        id=uuid7(),
        at=record.at,
        case_key=case_key(record),
        action=Action.APPROVE,
        who="officer",
        record_id=record.id,
    )
    with pytest.raises(EvidenceError, match="no such case"):
        store.append([event])
    store.close()


def test_how_holds_ended_is_told_with_the_last_word_on_them(
    writer: Writer, place: Path, make_record: Make, told: Callable[[], Told]
) -> None:
    """Expired and refused are told apart, later answers included; what is under way or unknown is
    left out.
    """

    def held(outcome: HoldOutcome | None, key: str) -> Record:
        decision = Decision(
            verdict=Verdict.HOLD, hold_key=key, hold_seconds=9.0, hold_outcome=outcome
        )
        return make_record(decision=decision)

    expired, refused, waiting = (
        held(HoldOutcome.TIMED_OUT, "a1"),
        held(HoldOutcome.REFUSED, "b2"),
        held(None, "c3"),
    )
    for record in (expired, refused):
        finished = told()
        writer.close_record(record, finished)
        finished.wait()
    under_way = told()
    writer.open(waiting, under_way)
    under_way.wait()
    store = Store(place)
    holds = HeldRequests(store)
    ids = [expired.id, refused.id, waiting.id, "unknown"]
    assert holds.states(ids) == {
        expired.id: HoldState(outcome=HoldOutcome.TIMED_OUT),
        refused.id: HoldState(outcome=HoldOutcome.REFUSED),
    }

    for action, minutes in ((Action.APPROVE, 1), (Action.REFUSE, 2), (Action.APPROVE, 3)):
        at = expired.at + timedelta(minutes=minutes)
        event = ReviewEvent(
            id=uuid7(),
            at=at,
            case_key=case_key(expired),
            action=action,
            who="officer",
            record_id=expired.id,
        )
        store.append([event])
    said = holds.states(ids)[expired.id].answer
    assert said == HoldAnswer(approved=True, who="officer", at=expired.at + timedelta(minutes=3))
    assert holds.states([]) == {}
    store.close()


def test_what_is_journaled_twice_is_one_exchange(
    tmp_path: Path, make_record: Any, told: Any
) -> None:
    """A held request that was released is journaled again: the newer state counts, and only
    once.
    """
    from dataclasses import replace

    from core.decision import HoldOutcome
    from evidence import open_evidence, open_store

    evidence = open_evidence(tmp_path / "evidence.db")
    answers = told()
    held = make_record()
    released = replace(
        held, decision=replace(held.decision, hold_key="k", hold_outcome=HoldOutcome.APPROVED)
    )
    evidence.writer.open(held, answers)
    answers.wait(1)
    evidence.writer.open(released, answers)
    answers.wait(2)
    evidence.writer.close_record(released, answers)
    answers.wait(3)
    evidence.close()

    evidence = open_evidence(tmp_path / "evidence.db")
    assert evidence.writer.recovered == 0
    evidence.close()
    [record] = read(open_store(tmp_path / "evidence.db").iter_records())
    assert record.decision.hold_outcome is HoldOutcome.APPROVED
