"""Acts: who did what, in which role and where, and whether it was the sender."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import evidence
from core.case_keys import case_key
from core.decision import Verdict
from core.errors import EvidenceError
from core.ids import uuid7
from core.record import Record
from core.review import Acting, Action, Disposition, ReviewEvent, script_event, signed
from evidence.acts import StoredAct, read_act
from evidence.holds import HeldRequests
from evidence.store import Store

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = START + timedelta(days=300)
Make = Callable[..., Record]


def event(record: Record, who: str, action: Action = Action.NOTE) -> ReviewEvent:
    return ReviewEvent(
        id=uuid7(), at=START, case_key=case_key(record), action=action, who=who, note="seen"
    )


@pytest.fixture
def record(make_record: Make, write: Callable[..., None]) -> Record:
    one = make_record()
    write(one)
    return one


def only(place: Path) -> ReviewEvent:
    store = Store(place, clock=lambda: LATER)
    (act,) = store.iter_acts()
    store.close()
    assert isinstance(act, StoredAct) and isinstance(act.act, ReviewEvent)
    return act.act


def test_an_act_says_in_which_role_and_where(place: Path, record: Record) -> None:
    """An auditor reads who acted, as what, and through which door."""
    store = Store(place, acting=Acting(channel="review", role_of={"ada": "privacy officer"}.get))
    store.append([event(record, "ada")])
    store.close()
    act = only(place)
    assert (act.role, act.channel, act.own) == ("privacy officer", "review", False)
    assert signed(act) == "ada (privacy officer)"


@pytest.mark.parametrize(
    ("user", "owner", "own"),
    [
        ("analyst", None, True),
        ("other", "analyst", True),
        ("other", None, False),
        (None, None, None),
        (None, "other", False),
        ("user-0123456789", None, None),
        ("user-01234567", None, False),
    ],
)
def test_an_act_on_ones_own_is_marked(
    place: Path,
    make_record: Make,
    write: Callable[..., None],
    user: str | None,
    owner: str | None,
    own: bool | None,
) -> None:
    """Whoever runs or owns what was sent is marked; where nobody can tell, that is said."""
    made = make_record()
    assert made.sender.script is not None
    script = replace(made.sender.script, version={"owner": owner} if owner else None)
    write(replace(made, sender=replace(made.sender, user=user, script=script)))
    store = Store(place)
    store.append([event(made, "analyst")])
    store.close()
    assert only(place).own is own
    assert ("the sender" in signed(only(place))) is bool(own)


@pytest.mark.parametrize("user", ["analyst", "somebody else"])
@pytest.mark.parametrize("action", [Action.APPROVE, Action.REFUSE])
def test_who_answers_his_or_her_own_request_is_marked_where_the_answer_is_told(
    place: Path, make_record: Make, write: Callable[..., None], user: str, action: Action
) -> None:
    """The gate writes this into the record, and the review shows it."""
    made = make_record(verdict=Verdict.HOLD)
    record = replace(made, sender=replace(made.sender, user=user))
    write(record)
    store = Store(place)
    store.append([replace(event(record, "analyst"), action=action, record_id=record.id)])
    said = HeldRequests(store).answers([record.id])[record.id]
    assert said.signed == ("analyst (the sender)" if user == "analyst" else "analyst")
    store.close()


def test_an_approval_of_ones_own_script_is_marked(place: Path, record: Record) -> None:
    """An approval by the sender counts, and is marked as such, unless a second person is asked."""
    store = Store(place, clock=lambda: LATER)
    (version,) = store.script_versions()
    approval = script_event(version, approve=True, who="analyst", at=START, note="mine")
    store.append([approval])
    store.close()
    assert only(place).own is True


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize("by_owner", [True, False])
def test_whose_script_it_is_is_told_by_all_who_ran_it(
    place: Path, make_record: Make, write: Callable[..., None], *, apart: bool, by_owner: bool
) -> None:
    """Not by the last one alone: in another case, or in the same one before somebody else."""
    first, later = make_record(), make_record()
    if apart:
        elsewhere = replace(first.destination, host="first.example", service=None)
        first = replace(first, destination=elsewhere)
    assert first.sender.script is not None
    script = replace(first.sender.script, version={"owner": "analyst"} if by_owner else None)
    runner = "somebody" if by_owner else "analyst"
    write(replace(first, sender=replace(first.sender, user=runner, script=script)))
    write(replace(later, sender=replace(later.sender, user="bo")))
    store = Store(place, acting=Acting(channel="review", second_person=True), clock=lambda: LATER)
    found = store.script_versions()[0]
    mine = script_event(found, approve=True, who="analyst", at=START, note="mine")
    if by_owner and not apart:  # of one case the newest record alone tells who owns the file
        store.append([mine])
        assert only(place).own is False
    else:
        with pytest.raises(EvidenceError, match="second person"):
            store.append([mine])
        others = replace(event(first, "analyst", Action.NOTE), case_key=case_key(first))
        store.append([others])
        assert only(place).own is True
    store.close()


@pytest.mark.parametrize("by_script", [True, False])
def test_a_second_person_is_asked_for(place: Path, record: Record, by_script: bool) -> None:
    """Where the settings ask for it, nobody approves what is his or her own; others may."""
    store = Store(place, acting=Acting(channel="review", second_person=True), clock=lambda: LATER)
    (version,) = store.script_versions()

    def approval(who: str) -> ReviewEvent:
        if by_script:
            return script_event(version, approve=True, who=who, at=START, note="x")
        return replace(event(record, who, Action.APPROVE), record_id=record.id)

    with pytest.raises(EvidenceError, match="second person"):
        store.append([approval("analyst")])
    assert list(store.iter_acts()) == []
    store.append([approval("ada")])
    closing = event(record, "analyst", Action.CLOSE)
    store.append([replace(closing, disposition=Disposition.TEST_DATA)])
    assert len(list(store.iter_acts())) == 2
    store.close()


@pytest.mark.parametrize("who", ["ANALYST", "CORP\\analyst", "analyst@corp.example"])
@pytest.mark.parametrize("user", ["analyst", "user-0123456789", "Analyst@corp.example"])
def test_no_spelling_of_a_name_is_a_second_person(
    place: Path, make_record: Make, write: Callable[..., None], user: str, who: str
) -> None:
    """A directory, by whose names people answer at the hub, calls who sent it otherwise than the
    machine does.
    """
    made = make_record()
    write(replace(made, sender=replace(made.sender, user=user)))
    acting = Acting(
        channel="hub",
        second_person=True,
        alias_of=lambda name: "user-0123456789" if name == "analyst" else "user-9876543210",
    )
    store = Store(place, acting=acting)
    with pytest.raises(EvidenceError, match="second person"):
        store.append([replace(event(made, who, Action.APPROVE), record_id=made.id)])
    store.append([event(made, who)])
    store.close()
    assert only(place).own is True


def test_a_pseudonym_hides_nobody_from_the_second_person(
    place: Path, make_record: Make, write: Callable[..., None]
) -> None:
    """Where evidence names users by pseudonyms, whoever approves is known by the own one."""
    made = make_record()
    write(replace(made, sender=replace(made.sender, user="user-0123456789")))
    acting = Acting(
        channel="review", second_person=True, alias_of=lambda who: _ALIASES.get(who, who)
    )
    store = Store(place, acting=acting)
    with pytest.raises(EvidenceError, match="second person"):
        store.append([replace(event(made, "bo", Action.APPROVE), record_id=made.id)])
    store.append([replace(event(made, "ada", Action.APPROVE), record_id=made.id)])
    store.close()
    assert only(place).own is None


_ALIASES = {"bo": "user-0123456789"}


def test_an_act_names_the_newest_record(place: Path, record: Record) -> None:
    """So that records cannot be cut off behind what somebody saw."""
    store = Store(place)
    store.append([event(record, "ada")])
    head = evidence.verify(place).head
    with store.reading() as connection:
        text = connection.value("SELECT body FROM review_entries")
        assert (read_act(text).up_to, read_act(text).head.hex()) == (1, head)
        connection.execute("DELETE FROM entries")
        connection.execute("DELETE FROM cases")
        connection.execute("DELETE FROM scripts")
        connection.execute("DELETE FROM traffic")
        connection.execute("DELETE FROM hours")
        connection.execute("DELETE FROM days")
    store.close()
    report = evidence.verify(place)
    assert report.first_problem == (
        "act 1 in the reviews saw records up to entry 1, which is not there"
    )
