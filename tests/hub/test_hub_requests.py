"""The fleet is asked about a person or a value: each endpoint looks under its own keys."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fleet_world import FleetWorld, Member

from app.asked_by_hub import AskedByHub
from app.demo.simulated_endpoints import write_evidence
from app.home import Home
from app.value_marks import marks_of
from core.errors import InputError
from fleet.line import HubRefusesError
from fleet.orders import BadOrdersError
from fleet.requests import Kind, request_opened
from hub import telling_requests
from hub.enrolment import revoke
from hub.erasing import erase_pending
from hub.requests import ask, found_for, requests
from hub.verification import verify

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
IBAN = "DE90871318609139099603"


def asks(world: FleetWorld, kind: Kind, value: str, grouped: str = "") -> int:
    with world.hub.database.work() as connection:
        words = {"grouped": grouped, "who": "ada", "note": "request 12"}
        now = world.clock()
        return ask(connection, KEY, world.hub.sealing, kind, value, now=now, **words)


def member_of(world: FleetWorld, name: str, group: str = "all") -> Member:
    made = world.member(name, group)
    return replace(made, membership=replace(made.membership, policy_key=PUBLIC))


def answers(member: Member) -> int:
    """One round of the endpoint, as its shipper does it."""
    done = member.round()
    if not done.requests:
        return 0
    asked = AskedByHub(
        home=Home(member.home), member=member.membership, line=member.line, clock=member.clock
    )
    assert asked.answer_all() == []
    member.round()
    return done.requests


def listed(world: FleetWorld) -> dict[str, Any]:
    with world.hub.database.work() as connection:
        return requests(connection)[0]


def found(world: FleetWorld, number: int) -> str:
    with world.hub.database.work() as connection:
        return "\n".join(telling_requests.found(found_for(connection, number)))


def person_of(member: Member) -> tuple[str, int]:
    made = member.records(40)
    users = [record.sender.user for record in made]
    return str(users[0]), users.count(users[0])


def test_a_person_is_found_on_every_machine_that_saw_them(world: FleetWorld) -> None:
    """With the scripts and the places; who has nobody of that name says so; asked once."""
    one, two = member_of(world, "till-1"), member_of(world, "till-2")
    person, count = person_of(one)
    two.records(30, seed=5)
    number = asks(world, Kind.FIND, person)
    assert [answers(one), answers(two), answers(one)] == [1, 1, 0]
    row = listed(world)
    assert (row["answered"], row["endpoints"]) == (2, 2)
    assert row["found"] >= count
    text = found(world, number)
    assert "till-1" in text
    assert person not in str(world.rows("SELECT body FROM hub_deeds"))
    assert world.value("SELECT count(*) FROM records") == 70


def test_a_value_is_found_under_the_keys_of_each_machine(world: FleetWorld) -> None:
    """The same value has another mark on each machine, and is found on each by what was typed."""
    members = [member_of(world, f"till-{n}") for n in range(2)]
    marks = []
    for number, member in enumerate(members):
        (mark, *_) = sorted(marks_of(Home(member.home), IBAN))
        marks.append(mark)
        records = [r for r in member.records(60, seed=number + 2) if r.findings]
        finding = replace(records[0].findings[0], fingerprints=(mark,), distinct=1)
        write_evidence(member.evidence, iter([replace(records[0], id="x", findings=(finding,))]))
    assert marks[0] != marks[1]
    number = asks(world, Kind.FIND, f" {IBAN} ")
    assert [answers(member) for member in members] == [1, 1]
    assert listed(world)["found_on"] == 2
    assert "till-0" in found(world, number)
    nothing = asks(world, Kind.FIND, "DE02120300000000202051")
    assert [answers(member) for member in members] == [1, 1]
    assert found(world, nothing).count("till-") == found(world, nothing).count("may be among")


def test_an_erasure_travels_and_comes_back_confirmed(world: FleetWorld) -> None:
    """What is erased at the hub's request is gone at each endpoint and at the hub, is an act in the
    endpoint's chain with who asked, and every chain still fits.
    """
    member = member_of(world, "till-1")
    person, _ = person_of(member)
    member.round()
    asks(world, Kind.ERASE, person)
    assert answers(member) == 1
    erase_pending(world.hub.database, world.clock())
    assert listed(world)["found"] > 0
    assert person.encode() not in member.evidence.read_bytes()
    assert world.value("SELECT count(*) FROM people WHERE name = %s", (person,)) == 0
    assert world.value("SELECT count(*) FROM acts WHERE word = 'erased' AND who LIKE 'ada%%'") == 1
    assert world.value("SELECT count(*) FROM erasures WHERE done_at IS NULL") == 0
    with world.hub.database.work() as connection:
        assert verify(connection).problems == []


def test_what_was_typed_is_in_no_table_and_is_forgotten(world: FleetWorld) -> None:
    """Whoever reads the database, or has an old backup of it, does not read who was asked about;
    other groups are not asked, and after its time nobody is.
    """
    member_of(world, "till-1", "tills")
    asks(world, Kind.FIND, "fatima-the-second", "finance")
    rows = world.rows("SELECT * FROM requests")
    assert "fatima" not in str([bytes(rows[0][-1]), rows])
    other = member_of(world, "till-2", "tills")
    other.records(3)
    assert answers(other) == 0
    world.clock.on(days=31)
    world.hub.watch()
    assert world.value("SELECT count(*) FROM requests WHERE sealed IS NULL") == 1


def test_a_machine_that_was_revoked_answers_for_no_other(world: FleetWorld) -> None:
    """Of three machines one answered and is gone since: another has answered, and one has not, who
    is named; what the first one found stays found. Who came when it was over is not waited for.
    """
    members = [member_of(world, f"till-{n}") for n in range(3)]
    (person, _), *_ = [person_of(member) for member in members]
    number = asks(world, Kind.FIND, person)
    assert found(world, number).endswith("Not answered: 3 machines: till-0, till-1, till-2")
    assert [answers(member) for member in members[:2]] == [1, 1]
    with world.hub.database.work() as connection:
        revoke(connection, "till-0", world.clock())
    row = listed(world)
    assert (row["answered"], row["endpoints"], row["found_on"]) == (1, 2, 2)
    text = found(world, number)
    assert "till-0: " in text
    assert text.endswith("Not answered: 1 machine: till-2")
    assert answers(members[2]) == 1
    assert "Not answered" not in found(world, number)
    world.clock.on(days=31)
    member_of(world, "till-9")
    assert (listed(world)["answered"], listed(world)["endpoints"]) == (2, 2)
    assert "till-9" not in found(world, number)


def test_requests_that_no_hub_can_open_any_more_keep_nobody_from_later_ones(
    world: FleetWorld,
) -> None:
    """Six were sealed with a key that is lost; what is asked with the new key is answered."""
    member = member_of(world, "till-1")
    person, _ = person_of(member)
    for _ in range(6):
        asks(world, Kind.FIND, "fatima")
    object.__setattr__(world.hub, "sealing", b"t" * 32)
    asks(world, Kind.FIND, person)
    answers(member)
    assert listed(world)["answered"] == 1


def test_nothing_is_not_looked_for(world: FleetWorld) -> None:
    """Nor a whole text."""
    for value in ("", "   ", "x" * 401):
        with pytest.raises(InputError):
            asks(world, Kind.FIND, value)
    for number in (0, -1, 1, 1 << 40):
        with pytest.raises(InputError):
            found(world, number)


def test_only_the_organisation_asks(world: FleetWorld) -> None:
    """A request that is signed by another key, changed, or over, is none: the hub alone can have
    nothing erased.
    """
    member, other = world.member("till-1"), Ed25519PrivateKey.generate().public_key()
    knows = replace(member.membership, policy_key=other.public_bytes_raw())
    member = replace(member, membership=knows)
    member.records(5)
    asks(world, Kind.ERASE, "fatima")
    asked = AskedByHub(
        home=Home(member.home), member=member.membership, line=member.line, clock=member.clock
    )
    assert asked.answer_all() == ["A request is not signed by the organisation's key."]
    assert world.value("SELECT count(*) FROM replies") == 0
    told = member.line.send("/v1/requests", b'{"replies": []}').value["requests"][0]
    opened = request_opened(told, PUBLIC, world.clock())
    assert "fatima" not in repr(opened)
    broken: tuple[Any, ...] = (
        {**told, "body": told["body"].replace("erase", "find")},
        {**told, "signature": "00" * 64},
        {"body": told["body"]},
        [],
        None,
    )
    for wrong in broken:
        with pytest.raises(BadOrdersError):
            request_opened(wrong, PUBLIC, world.clock())
    world.clock.on(days=31)
    with pytest.raises(BadOrdersError, match="over"):
        request_opened(told, PUBLIC, world.clock())


def test_an_answer_that_is_none_is_refused(world: FleetWorld) -> None:
    """And nobody answers twice, or what was not asked."""
    member = member_of(world, "till-1")
    asks(world, Kind.FIND, "fatima")
    id_ = world.value("SELECT id FROM requests")
    reply: dict[str, object] = {"id": id_, "done": True, "found": 1, "entries": [1], "problem": ""}

    def send(**changes: object) -> None:
        body = orjson.dumps({"replies": [{**reply, **changes}]})
        member.line.send("/v1/requests", body)

    wrong = [("entries", [0]), ("entries", ["1"]), ("entries", [1 << 63]), ("found", "1")]
    for name, value in [*wrong, ("done", 1)]:
        with pytest.raises((HubRefusesError, ValueError)):
            send(**{name: value})
    send(id="another\0")
    send(problem="\x1b[2J")
    send(found=99)
    assert world.rows("SELECT found, done FROM replies") == [(1, True)]
    assert "\x1b" not in found(world, 1)
