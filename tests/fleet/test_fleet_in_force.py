"""How long evidence is kept is ordered for the fleet, followed where signed, and confirmed."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fleet_world import FleetWorld, Member

from core.errors import InputError, SettingsError
from core.ids import utc_now
from evidence.retention import expire
from evidence.times import micros
from fleet.in_force import days_of_fleet, settings_of_fleet
from fleet.orders import KeptOrders
from hub.orders import keep_for, publish_settings, retentions, settings_versions
from hub.questions import Row
from hub.telling import retentions as told
from hub.verification import verify


@pytest.fixture(name="key")
def key_fixture(world: FleetWorld) -> Ed25519PrivateKey:
    """The organisation's key; endpoints get its public half when they enrol."""
    key = Ed25519PrivateKey.generate()
    object.__setattr__(world.hub, "policy_key", key.public_key().public_bytes_raw())
    return key


def order(world: FleetWorld, key: Ed25519PrivateKey, days: int, group: str = "") -> int:
    with world.hub.database.work() as connection:
        values = {"grouped": group, "note": "agreed", "who": "ada", "now": world.clock()}
        return keep_for(connection, key, days, **values)  # type: ignore[arg-type]


def test_settings_travel_and_only_what_is_signed_and_read_is_in_force(
    world: FleetWorld, key: Ed25519PrivateKey
) -> None:
    """To the group and share that they are meant for; settings that an endpoint cannot read leave
    the last in force there, and the hub is told.
    """
    members = [world.member("till-1", "tills"), world.member("desk-1", "desks")]
    for member in members:
        member.records(1)

    def give(text: str, group: str = "", percent: int = 100) -> None:
        more: Any = {"note": "agreed", "who": "ada", "now": world.clock()}
        with world.hub.database.work() as connection:
            publish_settings(connection, key, text, grouped=group, percent=percent, **more)

    def read(text: str) -> None:
        if "hold_mb" not in text:
            raise SettingsError("no setting")

    def followed() -> list[Any]:
        found = []
        for member in members:
            folder = member.home / "fleet"
            public, policy = member.membership.policy_key, member.home / "outgate.yaml"
            orders = KeptOrders(folder, public, policy, lambda content: None, read)
            for _ in range(2):
                member.round(orders=orders)
            found.append(settings_of_fleet(folder))
        return found

    assert followed() == [None, None]
    give("hold_mb: 2")
    give("hold_mb: 3", "tills")
    give("hold_mb: 9", percent=0)
    assert followed() == [(2, "hold_mb: 3"), (1, "hold_mb: 2")]
    give("zonk: 1")
    assert followed() == [(2, "hold_mb: 3"), (1, "hold_mb: 2")]
    with world.hub.database.work() as connection:
        rows = settings_versions(connection)
        assert verify(connection).problems == []
    counts = [(row["version"], row["followed_by"], row["troubles"]) for row in rows]
    assert counts == [(4, 0, 2), (3, 0, 0), (2, 1, 0), (1, 1, 0)]
    kept = members[0].home / "fleet" / "settings.orders"
    kept.write_bytes(kept.read_bytes().replace(b"hold_mb: 3", b"hold_mb: 4"))
    assert settings_of_fleet(members[0].home / "fleet") is None


def listed(world: FleetWorld) -> list[Row]:
    with world.hub.database.work() as connection:
        return retentions(connection)


def follow(member: Member) -> int | None:
    folder, public = member.home / "fleet", member.membership.policy_key
    orders = KeptOrders(folder, public, member.home / "outgate.yaml", lambda content: None)
    member.round(orders=orders)
    member.round(orders=orders)
    return days_of_fleet(folder)


def test_an_order_travels_and_comes_back_confirmed(
    world: FleetWorld, key: Ed25519PrivateKey
) -> None:
    """Each endpoint follows the newest that is for its group; the hub's list says how many do, and
    on how many something was removed since: by the act in their evidence.
    """
    world.clock.now = utc_now() - timedelta(minutes=1)
    till, desk = world.member("till-1", "tills"), world.member("desk-1", "desks")
    for member in (till, desk):
        assert days_of_fleet(member.home / "fleet") is None
        member.records(5)
    order(world, key, 90)
    order(world, key, 30, "tills")
    assert (follow(till), follow(desk)) == (30, 90)
    counts = [(r["days"], r["meant_for"], r["followed_by"], r["removed_on"]) for r in listed(world)]
    assert counts == [(30, 1, 1, 0), (90, 1, 1, 0)]
    expire(till.evidence, micros(utc_now() + timedelta(seconds=1)), "older than 30 days")
    follow(till)
    assert [(r["days"], r["removed_on"]) for r in listed(world)] == [(30, 1), (90, 0)]
    assert "30 d" in "\n".join(told(listed(world)))
    assert world.alarms() == []
    with world.hub.database.work() as connection:
        assert verify(connection).problems == []


@pytest.mark.parametrize("days", [0, -1, 36_501, 10**12])
def test_a_span_that_is_none_is_not_ordered(
    world: FleetWorld, key: Ed25519PrivateKey, days: int
) -> None:
    """Nothing is signed that would have all evidence removed, or none ever."""
    with pytest.raises(InputError):
        order(world, key, days)
    assert listed(world) == []


def test_an_order_that_was_changed_or_is_another_keys_says_nothing(
    world: FleetWorld, key: Ed25519PrivateKey
) -> None:
    """Then the endpoint's own setting counts: nothing is removed on a forger's word."""
    member = world.member("till-1")
    member.records(1)
    order(world, key, 90)
    assert follow(member) == 90
    file = member.home / "fleet" / "retention.orders"
    kept = orjson.loads(file.read_bytes())
    changes: list[Any] = [
        {**kept, "body": kept["body"].replace("90", "1")},
        {**kept, "signature": "00" * 64},
        {"body": kept["body"]},
        [],
    ]
    for changed in changes:
        file.write_bytes(orjson.dumps(changed))
        assert days_of_fleet(file.parent) is None
    file.write_bytes(b"\xff")
    assert days_of_fleet(file.parent) is None
    world.clock.on(hours=1)
    order(world, Ed25519PrivateKey.generate(), 1)
    assert follow(member) is None


def test_an_endpoint_of_before_is_served_beside_the_new_ones(world: FleetWorld) -> None:
    """It tells no version of this order, and is asked to follow none that it does not know."""
    member = world.member("till-1")
    member.records(1)
    member.round()
    path, body = next(one for one in member.line.sent if one[0] == "/v1/check-in")
    told_ = orjson.loads(body)
    del told_["orders"]["retention"]
    assert member.line.send(path, orjson.dumps(told_)).status == 200
