"""What somebody at the hub said of a held request, at the endpoint that holds it: it is taken,
asked of a second person, or refused; and the hub hears which.
"""

from contextlib import closing
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fleet_world import FleetWorld, Member

from app.asking_hub import TRIES, AskingHub
from app.home import Home
from core.decision import Decision, Verdict
from core.errors import OutgateError
from core.record import Record
from core.review import Action, ReviewEvent
from core.rights import Actor
from evidence import open_evidence
from evidence.acts import StoredAct
from evidence.store import Store
from fleet.line import Answer, HubAwayError
from hub import held

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


@pytest.fixture(name="member")
def member_fixture(world: FleetWorld) -> Member:
    """An endpoint that knows the organisation's key."""
    world.hub = replace(world.hub, policy_key=KEY.public_key().public_bytes_raw())
    return world.member("till-1")


def holding(member: Member) -> Record:
    """Hold a request there; return it."""
    made = member.records(1)[0]
    decision = Decision(verdict=Verdict.HOLD, hold_key="k", hold_seconds=300.0, degraded=("x: y",))
    record = replace(made, id=made.id[:-1] + "f", at=member.clock(), decision=decision)
    evidence, done = open_evidence(member.evidence), Event()
    evidence.writer.open(record, lambda _: done.set())
    done.wait()
    evidence.close()
    return record


class _Away:
    """A line whose hub is not there."""

    def send(self, path: str, body: bytes) -> Answer:
        raise HubAwayError("away")

    def renewed(self) -> None: ...

    def close(self) -> None: ...


def asking(member: Member, settings: str) -> AskingHub:
    home = Home(member.home)
    home.settings.write_text(settings)
    return AskingHub(home, member.membership, member.line)


def say(world: FleetWorld, who: str, *, approved: bool = True) -> None:
    with world.hub.database.work() as connection:
        told: dict[str, Any] = {"note": "asked", "now": world.clock(), "who": Actor(name=who)}
        held.answer(connection, KEY, 1, approved=approved, **told)


def became(world: FleetWorld) -> tuple[str | None, str]:
    row: tuple[str | None, str] = world.rows("SELECT became, became_why FROM holds")[0]
    return row


def said_there(member: Member) -> list[tuple[Action, str]]:
    """What people said, as the evidence there holds it."""
    with closing(Store(member.evidence)) as store:
        acts = [one.act for one in store.iter_acts() if isinstance(one, StoredAct)]
    return [(act.action, act.who) for act in acts if isinstance(act, ReviewEvent)]


def test_an_answer_is_taken_and_told_back(world: FleetWorld, member: Member) -> None:
    """Once, though the hub gives it for as long as the request is held there."""
    holding(member)
    with closing(asking(member, "")) as there:
        assert there.look() == 0
        say(world, "ada")
        assert there.look() == 1
        assert became(world) == (None, "")
        assert there.look() == 0
        assert became(world) == ("done", "")
        assert there.look() == 0
    assert said_there(member) == [(Action.APPROVE, "ada")]


def test_what_became_of_an_answer_is_told_once_the_hub_is_back(
    world: FleetWorld, member: Member
) -> None:
    """Also where nothing waits any more and the hub was away just then."""
    holding(member)
    with closing(asking(member, "")) as there:
        there.look()
        say(world, "ada")
        assert there.look() == 1
        line, there.line = there.line, _Away()
        for _ in range(TRIES - 1):
            with pytest.raises(HubAwayError):
                there.look()
        there.line = line
        assert there.look() == 0
        assert became(world) == ("done", "")


def test_a_hub_that_stays_away_is_not_asked_for_ever(world: FleetWorld, member: Member) -> None:
    """Nothing waits, and by then the hold is over at the hub, too."""
    holding(member)
    with closing(asking(member, "")) as there:
        there.look()
        say(world, "ada")
        there.look()
        there.line = _Away()
        for _ in range(TRIES):
            with pytest.raises(HubAwayError):
                there.look()
        assert there.look() == 0


def test_two_people_at_the_hub_let_go_what_takes_two(world: FleetWorld, member: Member) -> None:
    """The first is a request there, made once; the second, somebody else, lets it go."""
    holding(member)
    with closing(asking(member, "second_person_release_over: 0\n")) as there:
        there.look()
        say(world, "ada")
        assert there.look() == 1
        assert [there.look(), there.look()] == [0, 0]
        assert became(world) == ("asked", "")
        say(world, "bo")
        assert there.look() == 1
        there.look()
        assert became(world) == ("done", "")
    assert said_there(member) == [(Action.ASK_APPROVE, "ada"), (Action.APPROVE, "bo")]


def test_what_was_asked_for_is_so_after_the_shipper_began_anew(
    world: FleetWorld, member: Member
) -> None:
    """It knows nothing of what it took; the hub still waits for a second person."""
    holding(member)
    with closing(asking(member, "second_person_release_over: 0\n")) as there:
        there.look()
        say(world, "ada")
        there.look()
        there.look()
    with closing(asking(member, "second_person_release_over: 0\n")) as there:
        for _ in range(2):
            with pytest.raises(OutgateError, match="asked for this yourself"):
                there.look()
        assert became(world) == ("asked", "")
        say(world, "bo")
        assert there.look() == 1


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ("second_person: true\n", "A second person has to approve this"),
        ("rights:\n  reviewer: [alice]\n", "To answer held requests takes the role"),
    ],
)
def test_what_the_endpoint_refuses_is_told_at_the_hub(
    world: FleetWorld, member: Member, settings: str, why: str
) -> None:
    """With its words; a person who may is heard all the same."""
    owner = holding(member).sender.user or ""
    with closing(asking(member, settings)) as there:
        there.look()
        say(world, owner)
        for _ in range(2):
            with pytest.raises(OutgateError, match=why):
                there.look()
        said, told = became(world)
        assert (said, told.startswith(why)) == ("refused", True)
        say(world, "alice")
        assert there.look() == 1
        there.look()
        assert became(world) == ("done", "")
    assert said_there(member) == [(Action.APPROVE, "alice")]
