"""A policy is tried on what the fleet recorded before it is switched on."""

from datetime import timedelta

from fleet_world import FleetWorld

from core.record import Record
from evidence.erasure import Wanted, erase_now
from hub.council import Agreed, Council
from hub.effects import Effect, effect
from hub.erasing import erase_pending
from hub.groups import SmallGroupError, refuse_small_group
from hub.telling_effects import effect as told
from policy.loading import load_bytes

BLOCK = b"""
version: 1
mode: enforce
rules:
  - id: no-bank-data
    description: Bank data stays
    owner: privacy@example.com
    when: {findings: {kinds: [iban]}}
    then: {do: block}
"""
OF_THE_PAST = BLOCK.replace(b"when: {", b"when: {script: {approved: false}, ")


def tried(world: FleetWorld, policy: bytes = BLOCK, **more: object) -> Effect:
    since = world.clock() - timedelta(days=30)
    with world.hub.database.work() as connection:
        return effect(connection, load_bytes(policy, "p"), since, **more)  # type: ignore[arg-type]


def stopped(records: list[Record]) -> int:
    return sum(
        record.decision.verdict.passes and any(f.kind == "iban" for f in record.findings)
        for record in records
    )


def test_what_a_policy_would_have_stopped_is_counted_over_all_machines(world: FleetWorld) -> None:
    """Requests, machines and scripts that it would have touched; of one group where one is named;
    of the newest where there are too many, which is said.
    """
    finance, till = world.member("f-1", "finance"), world.member("till-1", "tills")
    mine, other = finance.records(60), till.records(40, seed=3)
    for member in (finance, till):
        member.round()

    found = tried(world)
    assert (found.records, found.endpoints, found.unreadable) == (100, 2, 0)
    assert found.newly_stopped == stopped(mine) + stopped(other) > 0
    assert sum(one.count for one in found.alike.values()) >= found.newly_stopped
    assert {key[1].value for key in found.alike} >= {"block"}
    assert tried(world, grouped="finance").newly_stopped == stopped(mine)
    assert tried(world, grouped="nobody").records == 0
    few = tried(world, most=20)
    assert (few.records, few.left_out, found.left_out) == (20, True, False)
    assert few.newly_stopped == stopped(sorted(mine, key=lambda r: r.at)[-10:]) + stopped(
        sorted(other, key=lambda r: r.at)[-10:]
    )
    words = "\n".join(told(found.to_json()))
    assert f"{found.newly_stopped} request" in words
    assert "on 2 endpoints" in words


def test_what_cannot_be_told_is_not_counted_as_allowed(world: FleetWorld) -> None:
    """Rules that ask for what records do not hold say so, in place of a number that is too low;
    what was erased is no record any more.
    """
    member = world.member("till-1")
    made = member.records(30)
    member.round()
    found = tried(world, OF_THE_PAST)
    assert found.untold > 0
    assert "nobody can tell" in "\n".join(told(found.to_json()))
    path = next(r.sender.script.path for r in made if r.sender.script is not None)
    erase_now(member.evidence, Wanted(before_us=1 << 60), who="officer", why="asked for")
    member.round()
    erase_pending(world.hub.database, world.clock())
    after = tried(world)
    assert after.records == after.newly_stopped == 0
    assert str(path) not in "\n".join(told(after.to_json()))


def test_a_small_group_is_not_tried_by_itself(world: FleetWorld) -> None:
    """With pseudonyms: neither it, nor the one without which it would be what is left of all."""
    for name, group in (
        ("b-1", "board"),
        ("f-1", "f"),
        ("f-2", "f"),
        *((f"t-{n}", "t") for n in "abc"),
    ):
        world.member(name, group)
    agreed = Agreed(pseudonyms=True, smallest_group=2, may_reveal=("ada", "bert"))
    refused = []
    with world.hub.database.work() as connection:
        for shown in (Council(agreed=agreed, key=b"k"), Council(agreed=Agreed(), key=b"")):
            for group in ("", "board", "f", "t"):
                try:
                    refuse_small_group(connection, shown, group)
                except SmallGroupError:
                    refused.append(group)
    assert refused == ["board", "f"]
