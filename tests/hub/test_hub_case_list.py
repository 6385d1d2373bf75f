"""The desk's list in the database: what it is made of, when it is made anew, what it forgets."""

from dataclasses import replace

import pytest
from fleet_world import FleetWorld, Member

from app.demo.simulated_endpoints import made_up_records, write_evidence
from core.case_keys import destination_of
from core.case_words import parse
from core.review import CaseFilter
from core.rights import Actor
from evidence.erasure import Wanted, erase_now
from hub import desk
from hub.case_list import keep_up, look
from hub.erasing import erase_pending
from hub.questions import Row
from hub.review_store import HubCases

ALL = CaseFilter(status=None)


def queue(world: FleetWorld) -> list[Row]:
    with world.hub.database.work() as connection:
        return desk.cases(connection, closed_too=True, most=10_000)


def looked(world: FleetWorld) -> int:
    with world.hub.database.work() as connection:
        return look(connection)


@pytest.fixture(name="till")
def till_fixture(world: FleetWorld) -> Member:
    """One machine that shipped."""
    member = world.member("till-1")
    member.records(60)
    member.round()
    return member


def test_the_list_says_what_a_list_made_anew_says(world: FleetWorld, till: Member) -> None:
    """After more was shipped, by this machine and by another, each row is as if it were made now;
    what did not change was not written again, and numbers stay.
    """
    queue(world)
    other = world.member("till-2")
    for number in range(3):
        till.records(20, seed=number)
        other.records(20, seed=number)
        till.round()
        other.round()
        before = world.rows("SELECT number, name, destination FROM desk_cases")
        grown = queue(world)
        assert set(before) <= {(r["number"], r["name"], r["destination"]) for r in grown}
        world.rows("DELETE FROM desk_state RETURNING 1")
        world.rows("DELETE FROM desk_cases RETURNING 1")
        assert queue(world) == grown
    at = "SELECT xmin::text FROM desk_cases ORDER BY number"
    rows = world.rows(at)
    assert looked(world) == looked(world)
    assert world.rows(at) == rows


def test_a_list_that_takes_long_is_made_anew_now_and_then(world: FleetWorld, till: Member) -> None:
    """Then nobody at a desk waits for it: a hub that serves does it while a desk is open, else the
    desk after two minutes; what is decided there is seen at once all the same.
    """
    before = looked(world)
    count = len(queue(world))
    world.rows("UPDATE desk_state SET took_ms = 60000 RETURNING 1")
    till.records(60, seed=5)
    till.round()
    assert (looked(world), len(queue(world))) == (before, count)
    store = HubCases(
        database=world.hub.database, folder=world.folder / "hub", actor=Actor(name="ada")
    )
    key = store.page(ALL, 0, 1)[0].key
    store.take(key)
    assert store.data_version() != before
    assert "ada" in (store.page(ALL, 0, 1)[0].user or "")
    store.comment(key, "asked")
    assert next(row for row in queue(world) if row["assigned_to"])["comments"] == 1
    assert (len(queue(world)), store.count(ALL)) == (count, count)
    world.hub.watch()
    grown = len(queue(world))
    assert grown > count and store.count(ALL) == grown
    till.records(60, seed=6)
    till.round()
    world.rows("UPDATE desk_state SET took_ms = 60000, at = at - interval '3 minutes' RETURNING 1")
    assert sum(row["records"] for row in queue(world)) == world.value(
        "SELECT sum(records)::int FROM sums WHERE review"
    )


def test_a_list_that_nobody_looks_at_costs_nothing(world: FleetWorld, till: Member) -> None:
    """No desk was open, or none for ten minutes: hubs that serve leave it."""
    world.hub.watch()
    assert world.value("SELECT count(*) FROM desk_state") == 0
    queue(world)
    world.rows("UPDATE desk_state SET asked_at = asked_at - interval '11 minutes' RETURNING 1")
    till.records(10, seed=5)
    till.round()
    with world.hub.database.work() as connection:
        assert not keep_up(connection)
    looked(world)
    till.records(10, seed=6)
    till.round()
    with world.hub.database.work() as connection:
        assert keep_up(connection)
        assert not keep_up(connection)


def test_what_is_erased_is_not_listed(world: FleetWorld, till: Member) -> None:
    """At once, whether a desk is open or not; and a program that is known by its path alone leaves
    no path behind.
    """
    queue(world)
    path, name = world.rows(
        """SELECT p.path, c.name FROM places p JOIN sums s ON s.place = p.number
            LEFT JOIN scripts x ON x.number = p.script
            JOIN desk_cases c ON c.name = coalesce(x.name, p.path)
        WHERE s.review AND p.path > '' ORDER BY x.number NULLS FIRST LIMIT 1"""
    )[0]
    world.rows(
        "INSERT INTO fleet_cases (family, name, destination, account)"
        " VALUES (0, '/home/bo/secret.sh', 'x', 'y') RETURNING 1"
    )
    assert name in {row["name"] for row in queue(world)}
    erase_now(till.evidence, Wanted(script=path), who="officer", why="asked for")
    till.round()
    assert erase_pending(world.hub.database, world.clock()) == 1
    assert world.value("SELECT count(*) FROM desk_cases") == 0
    assert world.rows("SELECT 1 FROM fleet_cases WHERE name = '/home/bo/secret.sh'") == []
    left = queue(world)
    assert left and sum(row["records"] for row in left) == world.value(
        "SELECT sum(records)::int FROM sums WHERE review"
    )


TOTALS = """SELECT place, destination, kinds, outcome, account, review, sum(records)::bigint,
        sum(went)::bigint, sum(bytes_went)::bigint, max(found), min(first_at), max(last_at),
        max(most_rows), max(most_people), max(most_values)
    FROM sums GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6"""
KEPT = "SELECT * FROM totals ORDER BY place, destination, kinds, outcome, account, review"


def test_totals_are_those_of_the_sums(world: FleetWorld, till: Member) -> None:
    """After more of the same days and of other days, in any order, after an erasure, and for a sum
    that is taken away alone, and for all of them; a hub that does not know of them keeps them, too.
    """
    other = world.member("till-2")
    for number, days in enumerate((0, 3, -2, 0, -40)):
        world.clock.on(days=days)
        for member in (till, other):
            member.records(25, seed=number % 2)
            member.round()
        assert world.rows(KEPT) == world.rows(TOTALS) != []
    path = world.value("SELECT path FROM places WHERE path > '' ORDER BY number LIMIT 1")
    erase_now(till.evidence, Wanted(script=path), who="officer", why="asked for")
    till.round()
    assert erase_pending(world.hub.database, world.clock()) == 1
    assert world.rows(KEPT) == world.rows(TOTALS)
    with world.hub.database.work() as connection:
        connection.execute("DELETE FROM sums WHERE day = (SELECT max(day) FROM sums)")
    assert world.rows(KEPT) == world.rows(TOTALS) != []
    with world.hub.database.work() as connection:
        connection.execute("TRUNCATE sums")
    assert world.rows(KEPT) == queue(world) == []


def words(world: FleetWorld, text: str) -> set[str]:
    """The scripts and destinations that a filter shows, open or not."""
    store = HubCases(
        database=world.hub.database, folder=world.folder / "hub", actor=Actor(name="ada")
    )
    parsed = parse(text, world.clock())
    assert parsed.problem is None
    wanted = replace(parsed.wanted, status=None)
    return {f"{one.script} {one.host}" for one in store.page(wanted, 0, 1000)}


def test_a_failed_check_is_told_as_at_the_machine(world: FleetWorld) -> None:
    """Of which a check failed, nothing stands in the list as if all of it had been read."""
    member = world.member("till-1")
    made = [replace(one, findings=()) for one in made_up_records(0, 60, world.clock())]
    scripts = sorted({r.sender.script.name for r in made if r.sender.script is not None})
    notes = ("personal data: the worker was late",)
    for number, record in enumerate(made):
        if record.sender.script is not None and record.sender.script.name in scripts[::2]:
            made[number] = replace(record, decision=replace(record.decision, degraded=notes))
    write_evidence(member.evidence, iter(made))
    member.round()
    failed = {
        f"{r.sender.script.name} {destination_of(r)}" for r in made if r.unread if r.sender.script
    }
    assert words(world, "not checked") == failed != set()
    assert words(world, "unread") == failed
    assert not words(world, "nothing known") & failed
    store = HubCases(
        database=world.hub.database, folder=world.folder / "hub", actor=Actor(name="ada")
    )
    told = {f"{one.script} {one.host}" for one in store.page(ALL, 0, 1000) if one.unread}
    assert told == failed


def test_the_list_knows_versions_of_scripts(world: FleetWorld, till: Member) -> None:
    """By their first digits, and of a script only where that version sent."""
    rows = world.rows(
        """SELECT DISTINCT encode(x.sha256, 'hex'), x.name, d.name FROM totals t
        JOIN places p ON p.number = t.place JOIN scripts x ON x.number = p.script
        JOIN destinations d ON d.number = t.destination WHERE t.review"""
    )
    for sha256 in {row[0] for row in rows}:
        sent = {f"{name} {to}" for one, name, to in rows if one == sha256}
        assert words(world, f"hash:{sha256[:12]}") == sent
    assert words(world, "hash:00000000") == set()
