"""What was said since: the same list as the whole one, letter for letter, or none."""

import re
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fleet_world import FleetWorld, Member
from hypothesis import given
from hypothesis import strategies as st

from fleet.line import Answer
from fleet.orders import APPROVALS, KeptOrders
from fleet.orders_since import since, whole
from hub.orders import approve

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
NAMES = st.text(max_size=8) | st.sampled_from(['{"sha256":"', ',"approvals":[', "}]", "\\", '"'])


@given(
    said=st.lists(st.tuples(st.integers(0, 9), st.booleans(), NAMES), min_size=1, max_size=30),
    had=st.integers(0, 29),
    by=NAMES,
)
def test_what_was_said_since_makes_the_whole_list(
    said: list[tuple[int, bool, str]], had: int, by: str
) -> None:
    """Whatever was said again, and whatever people are called; also where more is given than was
    said, as after a restoration, whose versions go on further ahead.
    """
    bodies, entries = list[bytes](), list[dict[str, Any]]()
    for number, approved, who in said:
        sha256 = f"{number:064x}"
        entries = [one for one in entries if one["sha256"] != sha256]
        entries.append({"sha256": sha256, "approved": approved, "who": who})
        value = {"kind": APPROVALS, "version": len(bodies) + 1, "made_by": by}
        bodies.append(orjson.dumps({**value, "approvals": entries}))
    had = min(had, len(bodies) - 1)
    for count in range(len(bodies) - 1 - had, len(bodies) + 2):
        told = since(bodies[-1], count)
        if told is not None:
            assert whole(bodies[had].decode(), told) == bodies[-1].decode()
            assert len(told["end"]) < len(bodies[-1])


@pytest.mark.parametrize(
    "told",
    [
        *(None, [], {}, {"begin": "{", "end": 7}, {"begin": None, "end": "]}"}),
        *({"begin": "{", "end": "nothing"}, {"begin": "{", "end": "[1]}"}),
    ],
)
def test_what_does_not_fit_is_none(told: object) -> None:
    """Of whatever a hub answers."""
    assert whole('{"kind":"approvals","approvals":[]}', told) is None
    assert whole("{}", {"begin": "{", "end": '{"sha256":"00"}]}'}) is None
    assert since(b"{}", 1) is None
    assert since(b'{"kind":"approvals","approvals":[]}', 1) is None


def follows(member: Member) -> KeptOrders:
    return KeptOrders(
        member.home / "fleet", PUBLIC, member.home / "outgate.yaml", lambda content: None
    )


def say(world: FleetWorld, number: int, *, approved: bool = True) -> None:
    told: dict[str, Any] = {"note": "read it", "who": "ada", "now": world.clock()}
    with world.hub.database.work() as connection:
        approve(connection, KEY, f"{number:064x}", approved=approved, **told)


def answers_to(member: Member) -> list[int]:
    """How many bytes each answer about orders had from now on."""
    sizes, send = list[int](), member.line.send

    def noted(path: str, body: bytes) -> Answer:
        answer = send(path, body)
        if path == "/v1/orders":
            sizes.append(len(orjson.dumps(answer.value)))
        return answer

    member.line.send = noted
    return sizes


def test_an_approval_costs_as_much_as_was_said(world: FleetWorld) -> None:
    """Not the whole list for each machine each time; who was away is given all that was said, who
    lost its list all of it, and each has what the organisation signed.
    """
    near, away = world.member("till-1"), world.member("till-2")
    for member in (near, away):
        member.records(1)
    sizes, all_sizes = answers_to(near), answers_to(away)
    orders, others = follows(near), follows(away)
    for number in range(100):
        say(world, number)
        near.round(orders=orders)
        if number == 50:
            away.round(orders=others)
    say(world, 7, approved=False)
    for member, kept in ((near, orders), (away, others)):
        member.round(orders=kept)
        found = kept.kept(APPROVALS)
        assert found is not None
        assert (found.version, len(found.approvals)) == (101, 100)
        assert found.approvals[f"{7:064x}"] is False
    assert max(sizes) < 600
    assert len(sizes) == 101
    assert len(all_sizes) == 2
    (near.home / "fleet" / "approvals.orders").unlink()
    near.round(orders=orders)
    assert orders.kept(APPROVALS) == others.kept(APPROVALS)
    assert sizes[-1] > 10_000


def test_what_was_said_since_and_nobody_signed_is_asked_for_as_a_whole(world: FleetWorld) -> None:
    """A hub that makes an approval of a withdrawal is believed nothing; all is fetched, and what is
    not signed then is told.
    """
    member = world.member("till-1")
    member.records(1)
    orders, send = follows(member), member.line.send
    say(world, 0)
    say(world, 1)
    member.round(orders=orders)
    say(world, 1, approved=False)
    say(world, 2)

    def forged(path: str, body: bytes) -> Answer:
        answer = send(path, body)
        if path != "/v1/orders":
            return answer
        text = re.sub("false", "true", orjson.dumps(answer.value).decode())
        return Answer(200, orjson.loads(text))

    member.line.send = forged
    member.round(orders=orders)
    found = orders.kept(APPROVALS)
    assert found is not None
    assert found.version == 2
    assert "not signed" in (orders.following().trouble or "")
    asked = [orjson.loads(body) for path, body in member.line.sent if path == "/v1/orders"]
    assert asked == [{"kind": APPROVALS}, {"kind": APPROVALS, "have": 2}, {"kind": APPROVALS}]
    member.line.send = send
    member.round(orders=orders)
    found = orders.kept(APPROVALS)
    assert found is not None
    assert found.approvals == {f"{0:064x}": True, f"{1:064x}": False, f"{2:064x}": True}
    assert orders.following().trouble is None
