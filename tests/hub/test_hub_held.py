"""Requests that wait for a person are told to the hub and answered there."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fleet_world import FleetWorld, Member, who

from core.decision import Decision, Verdict
from core.errors import ForbiddenError, InputError
from core.record import Record
from core.rights import Actor
from fleet.held import Became, answer_opened, told, told_back
from fleet.line import HubRefusesError
from fleet.orders import BadOrdersError
from hub import held, telling_holds
from hub.approvals import ASKS_NOTHING, Asks
from hub.deeds import deeds_about
from hub.enrolment import revoke

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()


def a_hold(world: FleetWorld, member: Member, seconds: float = 60.0) -> Record:
    made = member.records(1)[0]
    decision = Decision(verdict=Verdict.HOLD, hold_key="k", hold_seconds=seconds, rule="ask")
    return replace(made, at=world.clock(), decision=decision)


ADA = Actor(name="ada", role="reviewer", channel="command line")


def tell(member: Member, *records: Record) -> list[Mapping[str, Any]]:
    body = orjson.dumps({"held": told(list(records))})
    answers: list[Mapping[str, Any]] = member.line.send("/v1/holds", body).value["answers"]
    return answers


def say(
    world: FleetWorld,
    number: int,
    *,
    approved: bool = True,
    by: Actor = ADA,
    asks: Asks = ASKS_NOTHING,
) -> None:
    with world.hub.database.work() as connection:
        told: dict[str, Any] = {"note": "asked", "now": world.clock(), "asks": asks}
        held.answer(connection, KEY, number, approved=approved, who=by, **told)


def listed(world: FleetWorld) -> list[dict[str, Any]]:
    with world.hub.database.work() as connection:
        return held.holds(connection, world.clock())


def test_what_is_held_is_listed_until_it_is_over(world: FleetWorld) -> None:
    """What has the least time left comes first; what an endpoint holds no more, and whose time is
    over, nobody can answer.
    """
    member = world.member("till-1")
    long, short = a_hold(world, member, 300), a_hold(world, member, 30)
    assert tell(member, long, short) == []
    assert [row["record"] for row in listed(world)] == [short.id, long.id]
    tell(member, long)
    assert [row["record"] for row in listed(world)] == [long.id]
    with pytest.raises(InputError, match="not held any more"):
        say(world, 2)
    world.clock.on(seconds=301)
    assert listed(world) == []
    with pytest.raises(InputError, match="not held any more"):
        say(world, 1)


@pytest.mark.parametrize("approved", [True, False])
def test_an_answer_is_for_one_request_of_one_endpoint(world: FleetWorld, approved: bool) -> None:
    """It is signed, says who, is given once, and is told to no other endpoint."""
    member, other = world.member("till-1"), world.member("till-2")
    record = a_hold(world, member)
    tell(member, record)
    say(world, 1, approved=approved)
    (said,) = tell(member, record)
    opened = answer_opened(said, PUBLIC)
    assert (opened.endpoint, opened.record) == (member.membership.endpoint, record.id)
    assert (opened.approved, opened.who, opened.role) == (approved, "ada", "reviewer")
    with world.hub.database.work() as connection:
        (deed,) = deeds_about(connection, "hold 1")
    assert (deed.who, deed.facts["approved"], deed.note) == ("ada", approved, "asked")
    assert (deed.facts["role"], deed.facts["channel"]) == ("reviewer", "command line")
    assert tell(other, record) == []
    with pytest.raises(InputError, match="by ada already"):
        say(world, 1)


CHANGES: list[Any] = [
    lambda said: {**said, "body": said["body"].replace("true", "false")},
    lambda said: {**said, "body": said["body"].replace("till", "tall") + " "},
    lambda said: {**said, "signature": "00" * 64},
    lambda said: {**said, "signature": "no hex"},
    lambda said: {"body": said["body"]},
    lambda said: [],
]


def test_an_answer_that_was_changed_is_none(world: FleetWorld) -> None:
    """Whoever has the hub, and not the organisation's key, cannot let anything go."""
    member = world.member("till-1")
    record = a_hold(world, member)
    tell(member, record)
    say(world, 1)
    (said,) = tell(member, record)
    for change in CHANGES:
        with pytest.raises(BadOrdersError):
            answer_opened(change(said), PUBLIC)


def test_an_order_is_no_answer(world: FleetWorld) -> None:
    """A signed policy or list of approvals can never be read as an answer."""
    order = b'{"schema":"outgate.answer/1","endpoint":"e","record":"r","approved":true}'
    signature = KEY.sign(b"outgate.orders/1\n" + order).hex()
    with pytest.raises(BadOrdersError):
        answer_opened({"body": order.decode(), "signature": signature}, PUBLIC)


NO_HOLDS: list[dict[str, object]] = [
    {"record": ""},
    {"record": "x" * 65},
    {"record": "../../etc"},
    {"record": 7},
    {"seconds": -1},
    {"seconds": 1e12},
    {"seconds": "9"},
    {"seconds": None},
    {"at": "yesterday"},
    {"kinds": "iban"},
    {"found": 1.5},
    {"person": None},
]


def test_what_is_no_hold_is_refused(world: FleetWorld) -> None:
    """Nothing of a message that is not right is listed."""
    member = world.member("till-1")
    right = told([a_hold(world, member)])[0]
    for change in NO_HOLDS:
        with pytest.raises((HubRefusesError, ValueError)):
            member.line.send("/v1/holds", orjson.dumps({"held": [{**right, **change}]}))
    assert listed(world) == []


def test_hostile_words_of_an_endpoint_are_inert_and_bounded(
    world: FleetWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Escapes, line feeds and zero bytes of an endpoint reach no screen; nobody fills the list."""
    member = world.member("till-1")
    hostile = "\x1b[2J\n\0" + "x" * 5000
    value = {**told([a_hold(world, member)])[0], "script": hostile, "kinds": [hostile] * 100}
    member.line.send("/v1/holds", orjson.dumps({"held": [value]}))
    (row,) = listed(world)
    assert row["script"].isprintable()
    assert len(row["script"]) <= 201
    assert len(row["kinds"]) <= 40
    monkeypatch.setattr(held, "_KEPT_EACH", 30)
    for number in range(0, 60, 20):
        many = [{**value, "record": f"{at:x}"} for at in range(number, number + 20)]
        member.line.send("/v1/holds", orjson.dumps({"held": many}))
    assert world.value("SELECT count(*) FROM holds") == 30


def test_a_clock_that_is_off_makes_no_hold_longer(world: FleetWorld) -> None:
    """The end of a hold is told by the hub's clock, whatever the endpoint's says."""
    member = world.member("till-1")
    record = a_hold(world, member, 60)
    for off in (timedelta(days=-400), timedelta(days=400)):
        tell(member, replace(record, at=world.clock() + off, id=f"{off.days & 0xFFFF:x}"))
        (row,) = listed(world)
        left = (row["ends_at"] - world.clock()).total_seconds()
        assert left == 60


def test_what_a_revoked_endpoint_holds_is_not_listed(world: FleetWorld) -> None:
    """Who does not belong to the fleet any more gets no answers; old ones are forgotten."""
    member = world.member("till-1")
    tell(member, a_hold(world, member))
    with world.hub.database.work() as connection:
        revoke(connection, who(world.hub, member.membership.endpoint).id, world.clock())
    assert listed(world) == []
    world.clock.on(days=31)
    world.hub.watch()
    assert world.value("SELECT count(*) FROM holds") == 0


def test_nobody_lets_the_own_request_go_where_a_second_person_is_asked_for(
    world: FleetWorld,
) -> None:
    """By another spelling of the name neither; the hub says so, and nothing is signed."""
    member = world.member("till-1")
    record = a_hold(world, member)
    owner = record.sender.user or ""
    tell(member, record)
    asks = Asks(second_person=True)
    for name in (owner, owner.upper(), f"CORP\\{owner}", f"{owner}@corp.example"):
        with pytest.raises(ForbiddenError, match="second person"):
            say(world, 1, by=Actor(name=name), asks=asks)
    assert tell(member, record) == []
    say(world, 1, by=Actor(name="ada"), asks=asks)
    assert len(tell(member, record)) == 1


def test_whose_request_it_is_stands_in_the_deed(world: FleetWorld) -> None:
    """Where nothing forbids it, who answers the own request is marked."""
    member = world.member("till-1")
    record = a_hold(world, member)
    tell(member, record)
    say(world, 1, by=Actor(name=record.sender.user or ""))
    with world.hub.database.work() as connection:
        assert [deed.facts["own"] for deed in deeds_about(connection, "hold 1")] == [True]


def back(member: Member, held_: Record, said: Mapping[str, Any], **more: Any) -> None:
    """Tell what became of an answer."""
    became = {**told_back(held_.id, said["signature"], Became.DONE), **more}
    body = orjson.dumps({"held": told([held_]), "became": [became]})
    member.line.send("/v1/holds", body)


def test_a_second_person_says_the_same_at_the_hub(world: FleetWorld) -> None:
    """Where the endpoint waits for one, and not the first person under another spelling, nor by
    another name of the same subject of the directory.
    """
    member = world.member("till-1")
    record = a_hold(world, member)
    tell(member, record)
    say(world, 1, by=Actor(name="ada", subject="https://idp/#7"))
    (first,) = tell(member, record)
    back(member, record, first, became="asked")
    (row,) = listed(world)
    assert (row["approved"], row["became"], held.is_answered(row)) == (True, "asked", False)
    for by in (Actor(name="Ada"), Actor(name="a.d", subject="https://idp/#7")):
        with pytest.raises(ForbiddenError, match="asked for this yourself"):
            say(world, 1, by=by)
    say(world, 1, by=Actor(name="bo", subject="https://idp/#8"))
    (second,) = tell(member, record)
    assert answer_opened(second, PUBLIC).who == "bo"
    back(member, record, first, became="done")  # late, and of another answer
    assert listed(world)[0]["became"] is None
    back(member, record, second)
    assert held.is_answered(listed(world)[0])
    with pytest.raises(InputError, match="by bo already"):
        say(world, 1, by=Actor(name="cy"))


def test_what_the_endpoint_did_not_take_is_said_and_answered_again(world: FleetWorld) -> None:
    """Its words are inert; what it took is not taken back."""
    member = world.member("till-1")
    record = a_hold(world, member)
    tell(member, record)
    say(world, 1)
    (said,) = tell(member, record)
    back(member, record, said, became="refused", why="\x1b[2J" + "x" * 900)
    (row,) = listed(world)
    text = "\n".join(telling_holds.holds([row], world.clock()))
    assert "approved, not taken: " in text and "\x1b" not in text
    assert len(row["became_why"]) <= 201
    say(world, 1, approved=False)
    (said,) = tell(member, record)
    assert not answer_opened(said, PUBLIC).approved
    back(member, record, said, became="done")
    back(member, record, said, became="refused", why="again")
    assert listed(world)[0]["became"] == "done"


WORDS_BACK: list[dict[str, object]] = [
    {"became": "anything"},
    {"became": 1},
    {"signature": "no hex"},
    {"record": None},
    {"why": 5},
]


def test_what_is_no_word_back_is_refused(world: FleetWorld) -> None:
    """So is one about a request of another endpoint: it changes nothing."""
    member, other = world.member("till-1"), world.member("till-2")
    record = a_hold(world, member)
    tell(member, record)
    say(world, 1)
    (said,) = tell(member, record)
    for change in WORDS_BACK:
        with pytest.raises((HubRefusesError, ValueError)):
            back(member, record, said, **change)
    other.line.send(
        "/v1/holds",
        orjson.dumps(
            {"held": [], "became": [told_back(record.id, said["signature"], Became.ASKED)]}
        ),
    )
    assert [row["became"] for row in listed(world)] == [None]
