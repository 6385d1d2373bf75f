"""The list of approvals: it grows by what was said, and stays what endpoints can take."""

from itertools import pairwise
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fleet_world import FleetWorld, Member
from pytest import MonkeyPatch

from core.errors import InputError
from core.rights import Actor
from fleet.line import MOST_ANSWER
from fleet.orders import APPROVALS, SCHEMA, Order, opened, signed_text
from hub import orders
from hub.deeds import deeds_about

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
ADA = Actor(name="ada", role="reviewer", channel="review", subject="https://idp.example/#7")
SIZE = "SELECT sum(length(body) + length(signature))::int FROM orders WHERE kind = 'approvals'"


def say(world: FleetWorld, number: int, *, approved: bool = True, note: str = "read it") -> int:
    with world.hub.database.work() as connection:
        told: dict[str, Any] = {"note": note, "who": ADA, "now": world.clock()}
        return orders.approve(connection, KEY, f"{number:064x}", approved=approved, **told)


def given(world: FleetWorld, member: Member) -> Order:
    answer = member.line.send("/v1/orders", orjson.dumps({"kind": APPROVALS})).value
    return opened(answer, PUBLIC, APPROVALS)


def test_the_database_grows_by_what_was_said(world: FleetWorld) -> None:
    """Not by the whole list each time, nor by words that no endpoint reads; versions go on."""
    member = world.member("till-1")
    sizes = []
    for number in range(1, 41):
        assert say(world, number, note="n" * 400) == number
        sizes.append(world.value(SIZE))
    grown = [after - before for before, after in pairwise(sizes)]
    assert max(grown) < 200
    assert say(world, 7, approved=False) == 41
    told = given(world, member)
    assert (told.version, len(told.approvals)) == (41, 40)
    assert [name for name, yes in told.approvals.items() if not yes] == [f"{7:064x}"]
    with world.hub.database.work() as connection:
        first, last = deeds_about(connection, f"script {7:064x}")
    assert (first.note, last.facts["subject"]) == ("n" * 400, ADA.subject)


def test_a_list_that_an_older_hub_made_is_gone_on_with(world: FleetWorld) -> None:
    """Whatever else stands in its entries, who said what is kept."""
    member = world.member("till-1")
    entry = {"sha256": "ab" * 32, "approved": False, "who": "bo", "at": "2026-01-01", "note": "no"}
    value = {"schema": SCHEMA, "kind": APPROVALS, "version": 5, "made_by": "bo"}
    body = orjson.dumps({**value, "approvals": [entry]})
    row = (APPROVALS, 5, "", 100, world.clock(), "bo", body, KEY.sign(signed_text(body)))
    with world.hub.database.work() as connection:
        connection.execute(orders._KEEP, row)
    assert say(world, 1) == 6
    told = given(world, member)
    assert told.approvals == {"ab" * 32: False, f"{1:064x}": True}
    assert told.said_by["ab" * 32] == "bo"


def test_what_endpoints_could_not_take_is_refused(
    world: FleetWorld, monkeypatch: MonkeyPatch
) -> None:
    """It says so, chains nothing, and goes on being followed; what was approved can still be
    withdrawn.
    """
    assert orders._MOST_LIST + orders._FOR_WITHDRAWALS < MOST_ANSWER
    member = world.member("till-1")
    monkeypatch.setattr(orders, "_MOST_LIST", 1000)
    with pytest.raises(InputError, match="list of approvals is full"):
        for number in range(1000):
            say(world, number)
    there = given(world, member)
    assert world.value(SIZE) < 1400
    with world.hub.database.work() as connection:
        assert deeds_about(connection, f"script {there.version:064x}") == []
    assert say(world, 0, approved=False) == there.version + 1
    assert say(world, 5000, approved=False) == there.version + 2
    assert given(world, member).approvals[f"{5000:064x}"] is False
