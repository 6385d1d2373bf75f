"""What the queue marks of a case: a sender that is only likely, and what the sender did himself."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.attribution import Attribution, Certainty, LaunchedAs, Script
from core.case_keys import case_key
from core.ids import uuid7
from core.record import Record
from core.review import (
    Acting,
    Action,
    Case,
    CaseFilter,
    Disposition,
    ReviewEvent,
    ScriptVersion,
    own_acts,
    script_event,
)
from evidence.holds import HeldRequests
from evidence.store import Store

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = START + timedelta(days=300)
SCRIPT = Script(
    path="/srv/jobs/report.py", name="report.py", sha256="ab" * 32, launched_as=LaunchedAs.FILE
)
type Make = Callable[..., Record]
type Says = Callable[..., None]


@pytest.fixture
def sent(make_record: Make, write: Callable[..., None]) -> Record:
    """A request of ada's script that is to be reviewed."""
    made = make_record()
    made = replace(made, sender=replace(made.sender, user="ada", script=SCRIPT))
    write(made)
    return made


@pytest.fixture
def says(place: Path, sent: Record) -> Says:
    """Say something of the case, of its request, or of the version that sent it."""

    def say(who: str, action: Action, minutes: int = 0) -> None:
        at = START + timedelta(minutes=minutes)
        version = ScriptVersion(
            script=SCRIPT.path or "", sha256=SCRIPT.sha256, first_at=START, last_at=START
        )
        if action in {Action.APPROVE_SCRIPT, Action.WITHDRAW_SCRIPT}:
            yes = action is Action.APPROVE_SCRIPT
            event = script_event(version, approve=yes, who=who, at=at, note="read")
        else:
            answers = action in {Action.APPROVE, Action.REFUSE}
            event = ReviewEvent(
                id=uuid7(at),
                at=at,
                case_key=case_key(sent),
                action=action,
                who=who,
                disposition=Disposition.FALSE_ALARM if action is Action.CLOSE else None,
                record_id=sent.id if answers else None,
            )
        store = Store(place, clock=lambda: LATER)
        store.append([event])
        store.close()

    return say


def the_case(place: Path) -> Case:
    store = Store(place, clock=lambda: LATER)
    [listed] = store.page(CaseFilter(status=None), 0, 10)
    assert store.case(listed.key) == listed
    store.close()
    return listed


@pytest.mark.parametrize(
    "action",
    [Action.CLOSE, Action.APPROVE, Action.REFUSE, Action.APPROVE_SCRIPT, Action.WITHDRAW_SCRIPT],
)
def test_what_the_sender_did_is_marked_and_what_others_did_is_not(
    place: Path, says: Says, action: Action
) -> None:
    """Whoever runs the script is not a second pair of eyes, whatever was decided."""
    says("bo", action)
    assert the_case(place).own == frozenset()
    says("ada", action, 1)
    assert the_case(place).own == {action}
    says("bo", action, 2)
    assert the_case(place).own == frozenset()


def test_an_owner_is_the_sender_too(
    place: Path, says: Says, make_record: Make, write: Callable[..., None]
) -> None:
    """Another user may have started what one owns."""
    owned = replace(SCRIPT, version={"owner": "carl"})
    made = make_record(2)
    made = replace(made, sender=replace(made.sender, user="ada", script=owned))
    write(made)
    says("carl", Action.CLOSE)
    assert the_case(place).own == {Action.CLOSE}


def test_a_note_of_somebody_else_does_not_take_the_mark_away(place: Path, says: Says) -> None:
    """The closing stands, and it is the sender's."""
    says("ada", Action.CLOSE)
    says("bo", Action.NOTE, 1)
    says("bo", Action.REFUSE, 2)
    assert the_case(place).own == {Action.CLOSE}


@pytest.mark.parametrize("certainty", Certainty)
def test_only_a_likely_sender_is_called_probable(
    place: Path, make_record: Make, write: Callable[..., None], certainty: Certainty
) -> None:
    """What the operating system named is named so; what nobody found has no name to doubt."""
    made = make_record()
    write(replace(made, sender=replace(made.sender, certainty=certainty, script=SCRIPT)))
    assert the_case(place).likely is (certainty is Certainty.LIKELY)


def test_the_newest_request_says_how_sure_the_name_is(
    place: Path, make_record: Make, write: Callable[..., None]
) -> None:
    """And words of a payload are not taken for it."""
    made = make_record()
    lie = Attribution(
        certainty=Certainty.EXACT,
        method=made.sender.method,
        script=SCRIPT,
        reason='","sender":{"certainty":"likely"}',
    )
    write(replace(made, sender=replace(lie, certainty=Certainty.LIKELY)))
    write(replace(made, id="0" * 36, sender=lie))
    assert not the_case(place).likely


def test_what_waits_for_a_second_person_is_known_after_its_end(
    place: Path, make_record: Make, write: Callable[..., None]
) -> None:
    """The colleague sees in the queue who asked, until it is confirmed or a week has passed; where
    the sender asked, that too.
    """
    made = make_record()
    made = replace(made, sender=replace(made.sender, user="ada", script=SCRIPT))
    write(made)
    now = [START]
    acting = Acting(channel="review", two_for_release_over=-1)
    store = Store(place, acting=acting, clock=lambda: now[0])
    holds = HeldRequests(store)

    def says(who: str) -> None:
        event = ReviewEvent(
            id=uuid7(now[0]),
            at=now[0],
            case_key=case_key(made),
            action=Action.APPROVE,
            who=who,
            record_id=made.id,
        )
        store.append([event])

    says("ada")
    assert holds.states([made.id])[made.id].asked_by == "ada (the sender)"
    now[0] += timedelta(days=8)
    assert holds.states([made.id])[made.id].asked_by == ""
    says("bo")
    assert holds.states([made.id])[made.id].asked_by == "bo"
    says("carl")
    assert holds.states([made.id])[made.id].asked_by == ""
    store.close()


def test_of_each_thing_the_last_act_stands() -> None:
    """A closing, an answer and an approval of the script do not undo each other."""
    acts = [
        (Action.CLOSE, True),
        (Action.ASK_APPROVE, True),
        (Action.APPROVE, False),
        (Action.APPROVE_SCRIPT, True),
        (Action.NOTE, False),
    ]
    assert own_acts(acts) == {Action.CLOSE, Action.APPROVE_SCRIPT}
    assert own_acts([*acts, (Action.REOPEN, False)]) == {Action.APPROVE_SCRIPT}
    assert own_acts([]) == frozenset()


def test_the_cases_of_a_script_are_those_of_its_path_alone(
    place: Path, make_record: Make, write: Callable[..., None]
) -> None:
    """Neither those of a script whose path begins alike, nor those that hold it as a word."""
    for path in ("/srv/a.py", "/srv/a.py2", "/srv/a", "/x/srv/a.py", "/srv/a.py x", "/srv/%.py"):
        for host in ("api.openai.com", "files.example"):
            write(make_record(script=path, host=host))
    store = Store(place)
    for path in ("/srv/a.py", "/srv/a", "/srv/%.py"):
        found = store.cases_of(path, 10)
        assert [case.script_path for case in found] == [path] * len(found) and found
    assert len(store.cases_of("/srv/a.py", 1)) == 1
    assert store.cases_of("", 10) == store.cases_of("/srv/none.py", 10) == []
    store.close()
