"""An endpoint that makes things up fills neither the database nor the list of alarms."""

import random
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace

import orjson
import pytest
from fleet_world import FleetWorld, Member, who

from app.demo.simulated_endpoints import made_up_records, write_evidence
from core.errors import InputError
from core.ids import uuid7
from core.record import Record
from evidence.chain import genesis
from evidence.shipping import Run, Shipped
from fleet.line import HubRefusesError
from fleet.membership import request
from fleet.wire import packed
from hub import alarms, chains, compositions, enrolment, intake, room
from hub.verification import verify


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
    monkeypatch.setattr(enrolment, "MOST_CERTIFIED", 3)


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


def tell(member: Member, script: str, packages: int, first: int = 0) -> int:
    """Tell that a script has so many packages; return of how many scripts it was kept."""
    installed = [[f"name-{first + n}", "1.0", "f"] for n in range(packages)]
    told = {script: {"installed": installed, "used": []}}
    return int(member.line.send("/v1/parts", orjson.dumps(told)).value["kept"])


def test_packages_are_not_told_without_end(
    world: FleetWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of one script nor of ever others; what is known is told again, and others are not
    kept from theirs.
    """
    monkeypatch.setattr(compositions, "_MOST_TOLD", 50)
    member, other = world.member("till-1"), world.member("till-2")
    for one in (member, other):
        one.records(20)
        one.round()
    scripts = [x for (x,) in world.rows("SELECT encode(sha256, 'hex') FROM scripts ORDER BY 1")]
    had = "SELECT count(*) FROM had WHERE endpoint = 1"
    assert tell(member, scripts[0], 40) == tell(member, scripts[0], 40) == 1
    assert world.value(had) == 40 and world.alarms() == []
    for first in (100, 200, 300):
        assert tell(member, scripts[0], 40, first) == tell(member, scripts[1], 40, first) == 1
    assert world.value(had) == 50 == world.value("SELECT count(*) FROM packages")
    assert world.alarms() == ["packages"]
    assert tell(other, scripts[0], 40, 500) == 1
    assert world.value("SELECT count(*) FROM had WHERE endpoint = 2") == 40


def test_nobody_tells_of_scripts_that_did_not_run_there(world: FleetWorld) -> None:
    member, other = world.member("till-1"), world.member("till-2")
    member.records(5)
    member.round()
    script = world.value("SELECT encode(sha256, 'hex') FROM scripts LIMIT 1")
    assert tell(other, script, 3) == 0 and tell(member, script, 3) == 1
    assert world.value("SELECT count(*) FROM made_of WHERE endpoint = 2") == 0


WORDS = """SELECT (SELECT count(*) FROM destinations) + (SELECT count(*) FROM hows)
    + (SELECT count(*) FROM places) + (SELECT count(*) FROM scripts) + (SELECT count(*) FROM people)"""


def made_up(world: FleetWorld, count: int, at: int) -> Iterator[Record]:
    """Records of which each goes to another host, by another person, under another rule."""
    for number, record in enumerate(made_up_records(1, count, world.clock()), at):
        to = replace(record.destination, host=f"h{number}.example", service=None)
        by = replace(record.sender, user=f"u{number}")
        decision = replace(record.decision, rule=f"r{number}", degraded=("late",))
        yield replace(record, destination=to, sender=by, decision=decision)


def test_what_is_made_up_is_not_told_apart_without_end(
    world: FleetWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it is kept; what was told apart before still is, and others are not kept from it."""
    monkeypatch.setattr(room, "MOST_TOLD_APART", 60)
    member, other = world.member("till-1"), world.member("till-2")
    made = list(made_up(world, 30, 0))
    write_evidence(member.evidence, iter(made))
    member.round()
    assert world.alarms() == []
    before = world.value("SELECT count(*) FROM totals")
    for at in (1000, 2000):
        write_evidence(member.evidence, made_up(world, 40, at))
        member.round()
    words = world.value(WORDS)
    write_evidence(member.evidence, made_up(world, 40, 3000))
    write_evidence(member.evidence, (replace(one, id=uuid7(one.at)) for one in made[:5]))
    member.round()
    assert world.value(WORDS) == words and world.alarms() == ["many"]
    assert world.value("SELECT count(*) FROM records") == 155
    assert before <= world.value("SELECT count(*) FROM totals") <= 60
    again = (
        "SELECT sum(t.records)::int FROM totals t JOIN destinations d ON d.number = t.destination"
    )
    named = " WHERE d.name = 'h0.example'"
    assert world.value(again + named) == 2
    assert world.value(again + " WHERE d.name = 'not told apart'") >= 40
    write_evidence(other.evidence, made_up(world, 10, 5000))
    other.round()
    assert world.value("SELECT count(*) FROM destinations WHERE name LIKE 'h500%%'") == 10
    with world.hub.database.work() as connection:
        assert verify(connection).problems == []


def test_of_messages_that_are_not_kept_no_name_stays(world: FleetWorld) -> None:
    """Those that leave a gap, and those of another's chain."""
    member, other = world.member("till-1"), world.member("till-2")
    member.records(3)
    member.round()
    words, name = world.value(WORDS), world.value("SELECT chain FROM chains WHERE kind = 'records'")
    entry = Shipped(text=orjson.dumps(next(made_up(world, 1, 7)).to_json()))
    prev = bytes(32)
    run = Run(first=9, prev=prev, entries=(entry,), head=entry.link(prev, 9))
    for one, chain in (
        (member, name),
        (other, name),
        (other, f"{name[:-1]}{'1' if name[-1] == '0' else '0'}"),
    ):
        with pytest.raises(HubRefusesError) if one is other and chain == name else nullcontext():
            one.line.send("/v1/upload", packed(chain, "records", run))
    assert world.value(WORDS) == words
