"""A check-in in one question says and does what one step by step does."""

from typing import Any

import orjson
import pytest
from fleet_world import FleetWorld, Member, who

from app.demo.simulated_endpoints import parts_of
from evidence.chain import genesis
from evidence.erasure import Wanted, erase_now
from evidence.shipping import shipped_file
from hub.enrolment import revoke
from hub.erasing import erase_pending

STANDS = """SELECT (SELECT json_agg(e ORDER BY e.number) FROM endpoints e)::text,
    (SELECT json_agg((c.number, c.state, c.seen_at) ORDER BY c.number) FROM chains c)::text,
    (SELECT json_agg((a.kind, a.ended_at, a.ended_by, a.note) ORDER BY a.number)
        FROM alarms a)::text"""


def told(member: Member, world: FleetWorld, **changes: Any) -> dict[str, Any]:
    """What an endpoint says of itself."""
    with shipped_file(member.evidence) as file:
        chains = {
            kind: {"chain": s.chain, "last": s.last, "head": s.head.hex()}
            for kind in ("records", "acts")
            for s in (file.standing(kind),)
        }
    for kind, change in changes.pop("chains", {}).items():
        chains[kind] |= change
    at = world.clock().isoformat()
    orders = {"policy": 3, "approvals": 1, "retention": 0, "settings": 2}
    value = {"at": at, "version": "1.1", "chains": chains, "orders": orders, "trouble": "no disk"}
    return value | changes


def at_once(member: Member, world: FleetWorld, value: object) -> Any:
    serial = f"{member.membership.certificate.serial_number:x}"
    answer = world.hub.check_in_at_once((member.membership.endpoint, serial), value)
    return None if answer is None else orjson.loads(orjson.dumps(answer))


def step_by_step(member: Member, world: FleetWorld, value: object) -> Any:
    answer = world.hub.check_in(who(world.hub, member.membership.endpoint), value)
    return orjson.loads(orjson.dumps(answer))


def shipped(world: FleetWorld, *, erases: bool = False) -> Member:
    """An endpoint with all that a check-in can tell of: scripts, orders, requests, erasures."""
    member = world.member("till-1", "tills")
    member.records(40)
    member.round()
    world.rows(
        """INSERT INTO orders (kind, version, grouped, percent, made_at, made_by, body, signature)
        VALUES ('policy', 4, '', 100, now(), 'x', '', ''), ('policy', 9, 'desks', 100, now(), 'x',
            '', ''), ('policy', 8, '', 0, now(), 'x', '', ''), ('settings', 2, 'tills', 100, now(),
            'x', '', '') RETURNING 1"""
    )
    world.rows(
        """INSERT INTO requests (id, kind, grouped, made_at, made_by, note, ends_at, sealed)
        SELECT n::text, 'find', g, %s, 'x', '', %s + interval '1 day' * n, '\\x00'
        FROM (VALUES (1, ''), (2, 'tills'), (3, 'desks'), (-1, '')) AS t (n, g) RETURNING 1""",
        (world.clock(), world.clock()),
    )
    if erases:
        path = world.value("SELECT path FROM places WHERE path > '' ORDER BY number LIMIT 1")
        erase_now(member.evidence, Wanted(script=path), who="officer", why="asked for")
        member.round(parts=parts_of)
        assert erase_pending(world.hub.database, world.clock()) == 1
    return member


@pytest.mark.parametrize("erases", [False, True])
def test_both_say_and_do_the_same(world: FleetWorld, erases: bool) -> None:
    """Answer, what is noted of the endpoint, and alarms that end by it."""
    member = shipped(world, erases=erases)
    world.rows(
        """INSERT INTO alarms (endpoint, kind, words, first_at, last_at)
        VALUES (1, 'silent', '', now(), now()), (1, 'clock', '', now(), now()),
            (1, 'gap', '', now(), now()) RETURNING 1"""
    )
    if not erases:
        world.rows("DELETE FROM made_of RETURNING 1")
    value = told(member, world)
    world.clock.on(seconds=20)
    rows, answers = [], []
    for take in (at_once, step_by_step):
        answers.append(take(member, world, value))
        rows.append(world.rows(STANDS))
        world.rows("UPDATE alarms SET ended_at = NULL, ended_by = NULL, note = NULL RETURNING 1")
    assert answers[0] == answers[1]
    assert rows[0] == rows[1]
    assert answers[0]["orders"] == {"policy": 4, "approvals": 0, "retention": 0, "settings": 2}
    assert answers[0]["requests"] == 2
    assert bool(answers[0]["wanted"]) is not erases
    assert bool(answers[0]["erased"]) is erases
    assert "no disk" in str(rows[0])


def test_what_is_not_well_is_left_to_the_steps_and_changes_nothing(world: FleetWorld) -> None:
    """Evidence that was cut, rewritten, exchanged or is another's, a clock that is off, who is
    revoked or not known, and what is no check-in.
    """
    member, other = shipped(world), world.member("till-2")
    other.records(3)
    other.round()
    with shipped_file(other.evidence) as file:
        foreign = file.standing("records")
    records = "records:" + "0" * 32
    named = {"chain": foreign.chain, "last": foreign.last, "head": foreign.head.hex()}
    worse = [
        told(member, world, chains={"records": {"last": 39}}),
        told(member, world, chains={"records": {"head": "00" * 32}}),
        told(member, world, chains={"records": {"chain": records}}),
        told(member, world, chains={"records": named}),
        told(member, world, at="2026-11-20T10:00:00Z"),
        told(member, world, at="2026-11-20T08:00:00Z"),
        told(member, world, orders=None),
        {},
        [],
        "x",
    ]
    before = world.rows(STANDS)
    world.clock.on(seconds=1)
    for value in worse:
        assert at_once(member, world, value) is None, value
    serial = f"{other.membership.certificate.serial_number:x}"
    good, id_ = told(member, world), member.membership.endpoint
    assert world.hub.check_in_at_once((id_, serial), good) is None
    assert world.hub.check_in_at_once((other.membership.endpoint, serial), good) is None
    with world.hub.database.work() as connection:
        revoke(connection, "till-2", world.clock())
    assert (
        world.hub.check_in_at_once((other.membership.endpoint, serial), told(other, world)) is None
    )
    revoked = "UPDATE endpoints SET revoked_at = NULL RETURNING 1"
    world.rows(revoked)
    assert world.rows(STANDS) == before
    longer = told(member, world, chains={"records": {"last": 99, "head": "00" * 32}})
    assert at_once(member, world, longer)["chains"]["records"] == {"next": 41, "state": "good"}


BEGUN = """SELECT endpoint, kind, branch, state, last, head = %s, made_at, seen_at FROM chains
    WHERE chain = %s"""


def test_the_very_first_check_in_is_one_question_too(world: FleetWorld) -> None:
    """It begins the chains as the steps do; one that somebody began is left to them."""
    world.member("till-0")
    first, second = world.member("till-1"), world.member("till-2")
    value = {}
    for member in (first, second):
        member.records(3)
        value[member.home] = told(member, world)
    answers = [
        at_once(first, world, value[first.home]),
        step_by_step(second, world, value[second.home]),
    ]
    assert answers[0] is not None and answers[0] == answers[1]
    rows: list[Any] = [[], []]
    for member, kept in zip((first, second), rows, strict=True):
        for kind in ("records", "acts"):
            chain = value[member.home]["chains"][kind]["chain"]
            kept += world.rows(BEGUN, (genesis(chain), chain))
    assert [row[1:] for row in rows[0]] == [row[1:] for row in rows[1]]
    assert [row[0] for row in rows[0] + rows[1]] == [2, 2, 3, 3]
    assert at_once(first, world, value[first.home])["chains"]["records"]["next"] == 1
    assert at_once(world.member("till-3"), world, value[second.home]) is None
    world.rows("UPDATE chains SET state = 'superseded' RETURNING 1")
    assert at_once(first, world, value[first.home]) is None
    assert first.round().shipped["records"] == second.round().shipped["records"] == 3
    assert world.alarms() == []
