"""An endpoint that makes things up fills neither the database nor the list of alarms."""

import random

import orjson
import pytest
from fleet_world import FleetWorld, Member, who

from core.errors import InputError
from evidence.chain import genesis
from evidence.shipping import Run, Shipped
from fleet.line import HubRefusesError
from fleet.membership import request
from fleet.wire import packed
from hub import alarms, chains, enrolment, intake


def lone(chain: str, text: bytes = b"{}", *, broken: bool = False) -> bytes:
    """An upload of one entry, of a chain of this name; `broken`: whose head is another."""
    start, entry = genesis(chain), Shipped(text=text)
    head = start if broken else entry.link(start, 1)
    return packed(chain, "records", Run(first=1, prev=start, entries=(entry,), head=head))


def check_in(member: Member, chain: str) -> str:
    """Say that a new chain of this name was begun; return what the hub makes of it."""
    start = {"chain": chain, "last": 0, "head": genesis(chain).hex()}
    told: dict[str, object] = {"at": member.clock().isoformat(), "version": "1", "trouble": None}
    told |= {"chains": {"records": start}, "orders": {"policy": 0, "approvals": 0}}
    answer = member.line.send("/v1/check-in", orjson.dumps(told))
    return str(answer.value["chains"]["records"]["state"])


@pytest.fixture(name="few", autouse=True)
def few_fixture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that are reached soon."""
    monkeypatch.setattr(intake, "_MOST_QUARANTINED", 4)
    monkeypatch.setattr(alarms, "_MOST_OPEN", 3)
    monkeypatch.setattr(chains, "_MOST_BEGUN", 5)
    monkeypatch.setattr(enrolment, "_MOST_CERTIFIED", 3)


def test_broken_messages_of_ever_other_chains_fill_nothing(world: FleetWorld) -> None:
    """What is set aside and the alarms are counted for the endpoint, whatever it names."""
    member, other = world.member("till-1"), world.member("till-2")
    for number in range(12):
        with pytest.raises(HubRefusesError):
            member.line.send("/v1/upload", lone(f"records:{number:x}", broken=True))
    assert world.value("SELECT count(*) FROM quarantine") == 4
    assert world.value("SELECT count(*) FROM alarms") == 4
    told = "SELECT times FROM alarms WHERE chain = '' AND ended_at IS NULL"
    assert world.value(told) == 9
    with pytest.raises(HubRefusesError):
        other.line.send("/v1/upload", lone("records:ff", broken=True))
    assert world.value("SELECT count(*) FROM quarantine WHERE endpoint = 2") == 1
    assert world.value("SELECT chain FROM alarms WHERE endpoint = 2") == "records:ff"


def test_what_is_set_aside_has_a_size(world: FleetWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few messages that are large fill a disk as well as many."""
    monkeypatch.setattr(intake, "_MOST_ASIDE_BYTES", 100_000)
    member, chance = world.member("till-1"), random.Random(1)
    for number in range(4):
        frame = lone(f"records:{number:x}", chance.randbytes(40_000), broken=True)
        with pytest.raises(HubRefusesError):
            member.line.send("/v1/upload", frame)
    assert world.value("SELECT count(*) FROM quarantine") == 2


@pytest.mark.parametrize("by", ["upload", "check-in"])
def test_an_endpoint_begins_no_chains_without_end(world: FleetWorld, by: str) -> None:
    """As many a day as nobody has who puts machines up anew; then it is told so. The day after it
    may again, and what is there goes on.
    """
    member = world.member("till-1")

    def begin(number: int) -> None:
        chain = f"records:{number:x}"
        if by == "check-in":
            assert check_in(member, chain) == "good"
        else:
            member.line.send("/v1/upload", lone(chain))

    for number in range(5):
        begin(number)
    for number in (5, 6):
        with pytest.raises(HubRefusesError, match="too many chains"):
            begin(number)
    begin(1)
    assert world.value("SELECT count(*) FROM chains") == 5
    world.clock.on(days=1, minutes=1)
    begin(7)
    assert world.value("SELECT count(*) FROM chains") == 6


def test_certificates_are_not_given_without_end(world: FleetWorld) -> None:
    """Renewing is for once in weeks: who asks again and again holds ever more keys."""
    member, other = world.member("till-1"), world.member("till-2")
    endpoint = who(world.hub, member.membership.endpoint)
    enrolled = world.hub.enrolment
    for _ in range(2):
        enrolled.renew(endpoint, request(member.home / "fleet"))
    with pytest.raises(InputError, match="too many certificates"):
        enrolled.renew(endpoint, request(member.home / "fleet"))
    assert world.value("SELECT count(*) FROM certificates WHERE endpoint = 1") == 3
    enrolled.renew(who(world.hub, other.membership.endpoint), request(other.home / "fleet"))
    world.clock.on(days=1, minutes=1)
    enrolled.renew(endpoint, request(member.home / "fleet"))
