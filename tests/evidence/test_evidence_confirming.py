"""The second person: what is asked for, what confirms it, and what does not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.case_keys import case_key
from core.errors import EvidenceError, ForbiddenError
from core.findings import Confidence, Finding, not_inspected
from core.ids import uuid7
from core.record import Record
from core.review import Acting, Action, ReviewEvent, last_said, script_event
from evidence.confirming import ASKED_LASTS, people_of
from evidence.holds import HeldRequests
from evidence.store import Store

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TWO = Acting(channel="review", two_for_release_over=100, two_for_approvals=True)
type Make = Callable[..., Record]
type Says = Callable[..., Action]


def found(kind: str, distinct: int, *, test_data: bool = False) -> Finding:
    return Finding(
        kind=kind,
        detector=kind,
        confidence=Confidence.CERTAIN,
        count=distinct,
        distinct=distinct,
        test_data=test_data,
    )


def release(record: Record, who: str, action: Action, at: datetime = START) -> ReviewEvent:
    return ReviewEvent(
        id=uuid7(at), at=at, case_key=case_key(record), action=action, who=who, record_id=record.id
    )


@pytest.fixture
def many(make_record: Make, write: Callable[..., None]) -> Record:
    """A request that tells of 412 people."""
    made = replace(make_record(), findings=(found("email", 412),))
    write(made)
    return made


@pytest.fixture
def store(place: Path, many: Record) -> Store:
    return Store(place, acting=TWO, clock=lambda: START)


@pytest.fixture
def says(store: Store, many: Record) -> Says:
    """Say something of the request; return what was written."""

    def say(who: str, action: Action = Action.APPROVE, after: timedelta = timedelta()) -> Action:
        (written,) = store.append([release(many, who, action, START + after)])
        return written.action

    return say


def test_the_first_asks_and_another_confirms(store: Store, many: Record, says: Says) -> None:
    """Nothing passes by the word of one person; both words are in the evidence."""
    holds = HeldRequests(store)
    assert says("ada") is Action.ASK_APPROVE
    assert holds.answers([many.id]) == {}
    assert holds.asked_by([many.id]) == {many.id: "ada"}
    assert says("bo") is Action.APPROVE
    assert holds.answers([many.id])[many.id].approved
    assert holds.answers([many.id])[many.id].who == "bo"
    assert [event.who for event in store.history(case_key(many)) if hasattr(event, "who")] == [
        "ada",
        "bo",
    ]


def test_nobody_confirms_the_own_request(store: Store, many: Record, says: Says) -> None:
    """Asking twice is not two people."""
    says("ada")
    with pytest.raises(EvidenceError, match="a second person has to confirm"):
        says("ada")
    assert HeldRequests(store).answers([many.id]) == {}


@pytest.mark.parametrize(
    ("between", "after"),
    [
        ((("carl", Action.REFUSE),), timedelta()),
        ((("ada", Action.REFUSE),), timedelta()),
        ((("carl", Action.APPROVE),), timedelta()),
        ((), ASKED_LASTS),
    ],
    ids=["refused by a third", "taken back", "confirmed already", "too long ago"],
)
def test_what_was_asked_for_is_confirmed_once_and_in_time(
    says: Says, between: tuple[tuple[str, Action], ...], after: timedelta
) -> None:
    """A refusal ends the request, and so does a confirmation; the next approval asks anew."""
    says("ada")
    for who, action in between:
        says(who, action)
    assert says("bo", after=after) is Action.ASK_APPROVE


@pytest.mark.parametrize("action", [Action.REFUSE, Action.NOTE, Action.CLOSE])
def test_what_stops_or_tells_takes_one_person(says: Says, action: Action) -> None:
    """A second person is for what lets out."""
    assert says("ada", action) is action


@pytest.mark.parametrize(
    ("findings", "people"),
    [
        ((found("email", 412),), 412),
        ((found("email", 412, test_data=True),), 0),
        ((found("aws_access_key", 412),), 0),
        ((found("email", 3), replace(found("iban", 1), records=250)), 250),
        ((replace(found("email", 900), subjects=7),), 7),
        ((), 0),
        ((found("email", 1), not_inspected("body", "too large", unread="size")), None),
    ],
)
def test_how_many_people_it_is_about(
    make_record: Make, findings: tuple[Finding, ...], people: int | None
) -> None:
    """People, not values of any kind; what was not read is about nobody knows how many."""
    assert people_of(replace(make_record(), findings=findings)) == people


@pytest.mark.parametrize("people", [100, 101])
def test_the_limit_is_more_than_so_many(
    place: Path, make_record: Make, write: Callable[..., None], people: int
) -> None:
    """Of 100 people one decides, where the settings say over 100."""
    made = replace(make_record(), findings=(found("email", people),))
    write(made)
    store = Store(place, acting=TWO)
    (written,) = store.append([release(made, "ada", Action.APPROVE)])
    assert written.action is (Action.APPROVE if people == 100 else Action.ASK_APPROVE)
    store.close()


def test_a_script_is_approved_by_two(store: Store) -> None:
    """A version, too, is approved by the second word; another version is another request."""
    (version,) = store.script_versions()

    def say(who: str, approve: bool = True) -> ReviewEvent:
        (written,) = store.append(
            [script_event(version, approve=approve, who=who, at=START, note="x")]
        )
        return written

    first = say("ada")
    assert first.action is Action.ASK_APPROVE_SCRIPT
    with pytest.raises(EvidenceError, match="second person"):
        say("ada")
    second = say("bo")
    assert second.action is Action.APPROVE_SCRIPT
    again = say("ada")
    assert again.action is Action.ASK_APPROVE_SCRIPT
    said = last_said([first, second, again])[version.sha256]
    assert said.action is Action.APPROVE_SCRIPT, "approved stays approved"
    assert say("ada", approve=False).action is Action.WITHDRAW_SCRIPT
    assert say("bo").action is Action.ASK_APPROVE_SCRIPT


def test_one_is_enough_where_nothing_is_set(place: Path, many: Record) -> None:
    """As it was before, for one person on one machine."""
    store = Store(place, acting=Acting(channel="review"))
    (written,) = store.append([release(many, "ada", Action.APPROVE)])
    assert written.action is Action.APPROVE
    store.close()


def test_what_a_role_may_not_is_not_written(place: Path, many: Record) -> None:
    """Whatever screen or program asks for it."""
    acting = Acting(channel="review", refusal=lambda who, action: f"{who} may not {action}.")
    store = Store(place, acting=acting)
    with pytest.raises(ForbiddenError, match="ada may not approve"):
        store.append([release(many, "ada", Action.APPROVE)])
    assert list(store.iter_acts()) == []
    store.close()


@pytest.mark.parametrize("again", ["ADA", "CORP\\ada", "ada@corp.example"])
def test_who_asked_confirms_under_no_other_spelling(says: Says, again: str) -> None:
    """At the hub the directory names people, at a machine the system: they are the same ones."""
    assert says("ada") is Action.ASK_APPROVE
    with pytest.raises(EvidenceError, match="yourself"):
        says(again)
    assert says("bo@corp.example") is Action.APPROVE
