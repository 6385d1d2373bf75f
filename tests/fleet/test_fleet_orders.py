"""What travels back is followed only where the organisation signed it, and never backwards."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fleet_world import NOW, FleetWorld, Member, who

from core.errors import SettingsError
from fleet.approvals import FleetApprovals
from fleet.line import Answer
from fleet.orders import KeptOrders, signed_text
from hub.orders import (
    approve,
    policies,
    publish_policy,
    publish_settings,
    settings_versions,
    share_of,
    widen,
)
from policy.loading import load_bytes

FIRST = "mode: watch\nrules: []\n"
SECOND = "mode: enforce\nrules: []\n"
SHA = "ab" * 32


@pytest.fixture(name="key")
def key_fixture(world: FleetWorld) -> Ed25519PrivateKey:
    """The organisation's key; endpoints get its public half when they enrol."""
    key = Ed25519PrivateKey.generate()
    object.__setattr__(world.hub, "policy_key", key.public_key().public_bytes_raw())
    return key


def check(content: bytes) -> None:
    load_bytes(content, "the fleet's policy")


def orders_of(member: Member) -> KeptOrders:
    return KeptOrders(
        member.home / "fleet",
        member.membership.policy_key,
        member.home / "outgate.yaml",
        check,
    )


def publish(world: FleetWorld, key: Ed25519PrivateKey, text: str, **more: Any) -> int:
    fields = {"grouped": "", "percent": 100, "who": "ada", "now": world.clock(), **more}
    with world.hub.database.work() as connection:
        return publish_policy(connection, key, text, **fields)


def policy_at(member: Member) -> str:
    path = member.home / "outgate.yaml"
    return path.read_text() if path.exists() else ""


def test_a_policy_reaches_the_gate_of_every_endpoint(
    world: FleetWorld, key: Ed25519PrivateKey
) -> None:
    """A published policy stands where the gate reads it after the next round, the one before is
    kept, and the hub's list says who follows it.
    """
    members = [world.member(f"till-{n}") for n in range(3)]
    for member in members:
        member.records(1)
    (members[0].home / "outgate.yaml").write_text("mode: watch\n")
    publish(world, key, FIRST)
    for member in members:
        member.round(orders=orders_of(member))
        member.round(orders=orders_of(member))
        assert policy_at(member) == FIRST
    assert (members[0].home / "outgate.yaml.before-fleet").read_text() == "mode: watch\n"
    assert world.rows("SELECT DISTINCT policy, trouble FROM endpoints") == [(1, None)]


def test_a_policy_goes_to_a_share_of_the_fleet_and_then_to_more(
    world: FleetWorld, key: Ed25519PrivateKey
) -> None:
    """One percent, then half, then all: whoever had it keeps it, and groups are left alone."""
    members = [world.member(f"m-{n}", "finance" if n % 2 else "clinical") for n in range(30)]
    for member in members:
        member.records(1)
    publish(world, key, FIRST)
    version = publish(world, key, SECOND, percent=0)
    had: set[str] = set()
    for percent in (0, 20, 60, 100):
        with world.hub.database.work() as connection:
            widen(connection, version, percent, who="ada", now=NOW)
        for member in members:
            member.round(orders=orders_of(member))
        now = {m.membership.endpoint for m in members if policy_at(m) == SECOND}
        share = {
            m.membership.endpoint
            for m in members
            if int(m.membership.endpoint.replace("-", "")[:8], 16) % 100 < percent
        }
        assert had <= now == share
        had = now
    assert len(had) == 30
    publish(world, key, FIRST, grouped="finance")
    for member in members:
        member.round(orders=orders_of(member))
    assert [policy_at(m) == FIRST for m in members] == [n % 2 == 1 for n in range(30)]


def test_a_policy_that_is_stopped_stays_where_it_is_until_the_one_before_is_published_again(
    world: FleetWorld, key: Ed25519PrivateKey
) -> None:
    """Nobody new gets it; how many keep it is told, and nothing that endpoints have goes back by
    itself, for whoever could do that could put any old policy back.
    """
    members = [world.member(f"m-{n}") for n in range(5)]
    for member in members:
        member.records(1)
    publish(world, key, FIRST)
    version = publish(world, key, SECOND, percent=50)

    def rounds() -> list[str]:
        for _ in range(2):  # what is followed is told at the next check-in
            for member in members:
                member.round(orders=orders_of(member))
        return [policy_at(member) for member in members]

    def offered_to(percent: int) -> int:
        with world.hub.database.work() as connection:
            return widen(connection, version, percent, who="ada", now=NOW)

    half = rounds()
    share = [share_of(who(world.hub, member.membership.endpoint)) < 50 for member in members]
    assert half == [SECOND if one else FIRST for one in share]
    assert offered_to(0) == half.count(SECOND)
    assert rounds() == half
    assert offered_to(100) == 0
    assert offered_to(0) == half.count(SECOND)
    publish(world, key, FIRST)
    assert rounds() == [FIRST] * 5
    assert offered_to(0) == 0


Forge = Callable[[dict[str, Any]], dict[str, Any]]


def _body(value: dict[str, Any], **changes: Any) -> dict[str, Any]:
    body = orjson.dumps({**orjson.loads(value["body"]), **changes}).decode()
    return {**value, "body": body}


def _other_key(value: dict[str, Any]) -> dict[str, Any]:
    signature = Ed25519PrivateKey.generate().sign(signed_text(value["body"].encode()))
    return {**value, "signature": signature.hex()}


@pytest.mark.parametrize(
    "forged",
    [
        lambda value: _body(value, policy=SECOND),
        lambda value: _body(value, version=99),
        _other_key,
        lambda value: {**value, "signature": "00" * 64},
        lambda value: {**value, "signature": ""},
        lambda value: {},
        lambda value: {"body": 7, "signature": []},
    ],
)
def test_orders_that_nobody_signed_are_not_followed(
    world: FleetWorld, key: Ed25519PrivateKey, forged: Forge
) -> None:
    """A hub, or whoever plays it, cannot give orders without the organisation's key; the endpoint
    says why it does not follow.
    """
    member = world.member("till-1")
    member.records(1)
    publish(world, key, FIRST)
    send = member.line.send

    def changed(path: str, body: bytes) -> Answer:
        answer = send(path, body)
        return Answer(200, forged(dict(answer.value))) if path == "/v1/orders" else answer

    member.line.send = changed
    orders = orders_of(member)
    member.round(orders=orders)
    member.round(orders=orders)
    assert policy_at(member) == ""
    assert world.value("SELECT trouble FROM endpoints") is not None
    member.line.send = send
    member.round(orders=orders)
    member.round(orders=orders)
    assert policy_at(member) == FIRST
    assert world.value("SELECT trouble FROM endpoints") is None


def test_older_orders_are_refused_though_they_are_signed(
    world: FleetWorld, key: Ed25519PrivateKey
) -> None:
    """Whoever holds an old signed policy cannot bring it back."""
    member = world.member("till-1")
    member.records(1)
    publish(world, key, FIRST)
    old = member.line.send("/v1/orders", b'{"kind": "policy"}').value
    publish(world, key, SECOND)
    orders = orders_of(member)
    member.round(orders=orders)
    send = member.line.send
    member.line.send = lambda path, body: (
        Answer(200, old) if path == "/v1/orders" else send(path, body)
    )
    orders.take(member.line, {"policy": 3, "approvals": 0})
    assert policy_at(member) == SECOND
    assert "older" in (orders.following().trouble or "")


def test_a_policy_that_this_version_cannot_read_leaves_the_last_in_force(
    world: FleetWorld, key: Ed25519PrivateKey
) -> None:
    """Words of a later version, or nonsense, change nothing here, and the hub is told."""
    member = world.member("till-1")
    member.records(1)
    publish(world, key, FIRST)
    orders = orders_of(member)
    member.round(orders=orders)
    publish(world, key, "rules: [{id: x, when: {moon: full}, then: block}]\n")
    member.round(orders=orders)
    member.round(orders=orders)
    assert policy_at(member) == FIRST
    assert world.rows("SELECT policy FROM endpoints") == [(1,)]
    assert "policy 2" in world.value("SELECT trouble FROM endpoints")


def test_who_cannot_follow_is_counted_for_what_it_cannot_follow(
    world: FleetWorld, key: Ed25519PrivateKey
) -> None:
    """Not for a version that it was never offered, nor for orders of another kind; however much is
    wrong, and however many words it takes.
    """
    member = world.member("till-1")
    member.records(1)
    publish(world, key, FIRST, percent=0)
    publish(world, key, FIRST, grouped="finance")
    orders = orders_of(member)
    orders.check = orders.check_settings = _cannot

    def counts() -> list[list[tuple[int, int]]]:
        for _ in range(2):
            member.round(orders=orders)
        with world.hub.database.work() as connection:
            lists = (policies(connection), settings_versions(connection))
        return [[(row["version"], row["troubles"]) for row in one] for one in lists]

    more: dict[str, Any] = {"grouped": "", "percent": 100, "note": "", "who": "ada", "now": NOW}
    with world.hub.database.work() as connection:
        publish_settings(connection, key, "zonk: 1", **more)
    assert counts() == [[(2, 0), (1, 0)], [(1, 1)]]
    publish(world, key, FIRST)
    assert counts() == [[(3, 1), (2, 0), (1, 0)], [(1, 1)]]


def test_what_is_not_offered_any_more_is_no_trouble(
    world: FleetWorld, key: Ed25519PrivateKey
) -> None:
    """A version that it could not follow was stopped: it follows all that is meant for it."""
    member = world.member("till-1")
    member.records(1)
    publish(world, key, FIRST)
    orders = orders_of(member)
    member.round(orders=orders)
    stopped = publish(world, key, "rules: [{id: x, when: {moon: full}, then: block}]\n")
    member.round(orders=orders)
    assert "policy 2" in (orders.following().trouble or "")
    with world.hub.database.work() as connection:
        widen(connection, stopped, 0, who="ada", now=NOW)
    member.round(orders=orders)
    assert orders.following().trouble is None


def _cannot(what: object) -> None:
    raise SettingsError("w" * 1000)


def test_a_policy_that_somebody_changes_is_put_back(
    world: FleetWorld, key: Ed25519PrivateKey
) -> None:
    """The fleet's policy is not the user's to change; without the hub it stays as it is."""
    member = world.member("till-1")
    member.records(1)
    publish(world, key, FIRST)
    member.round(orders=orders_of(member))
    path = member.home / "outgate.yaml"
    for change in (partial(path.write_text, "rules: []\n"), path.unlink):
        change()
        member.round(orders=orders_of(member))
        assert policy_at(member) == FIRST


def test_approvals_count_on_every_machine(world: FleetWorld, key: Ed25519PrivateKey) -> None:
    """A version that was approved for the fleet is approved where it was never seen; withdrawing
    it takes that back, and whoever withdraws wins over whoever approves.
    """
    member = world.member("till-1")
    member.records(1)
    now = [0.0]
    known = FleetApprovals(member.home / "fleet", clock=lambda: now[0])
    assert known.of(SHA) is None
    for approved in (True, False, True):
        with world.hub.database.work() as connection:
            fields: dict[str, Any] = {"note": "seen", "who": "ada", "now": world.clock()}
            approve(connection, key, SHA, approved=approved, **fields)
            approve(connection, key, "cd" * 32, approved=True, **fields)
        member.round(orders=orders_of(member))
        now[0] += 2
        assert known.of(SHA) is approved
        assert known.joined_with(None, SHA) is approved
        done = "approved" if approved else "withdrawn"
        assert known.said(SHA) == f"{done} for all machines by ada"
        assert known.said("ef" * 32) == known.said(None) == ""
        assert known.joined_with(True, SHA) is approved
        assert known.joined_with(False, SHA) is False
        assert known.of("ef" * 32) is None
        assert known.joined_with(True, None) is True


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"\xff", b'{"body": "{}", "signature": "00"}']
)
def test_a_list_of_approvals_that_is_damaged_approves_nothing(
    world: FleetWorld, key: Ed25519PrivateKey, content: bytes
) -> None:
    """Nobody approves by writing into the folder."""
    member = world.member("till-1")
    path: Path = member.home / "fleet" / "approvals.orders"
    path.write_bytes(content)
    assert FleetApprovals(member.home / "fleet").of(SHA) is None


def test_the_share_of_an_endpoint_does_not_change(world: FleetWorld) -> None:
    """Where an endpoint stands comes from its id alone, from 0 to 99."""
    from fleet_world import who

    shares = {share_of(who(world.hub, world.member(f"x{n}").membership.endpoint)) for n in range(9)}
    assert shares <= set(range(100))
