"""The fleet's desk: one case for all machines, who works on it, what was said."""

from dataclasses import replace

import pytest
from fleet_world import FleetWorld

from core.errors import InputError
from hub import desk, telling_desk
from hub.council import Agreed, Council
from hub.telling import Row

NAMES = Council(agreed=Agreed(), key=b"")
COVERED = Council(
    agreed=Agreed(pseudonyms=True, smallest_group=5, may_reveal=("a", "b")), key=b"k" * 32
)


def queue(world: FleetWorld) -> list[Row]:
    with world.hub.database.work() as connection:
        return desk.cases(connection, closed_too=True)


def one(world: FleetWorld, number: int, shown: Council = NAMES) -> Row:
    with world.hub.database.work() as connection:
        return desk.case(connection, number, shown)


@pytest.fixture(name="busy")
def busy_fixture(world: FleetWorld) -> FleetWorld:
    """Three machines of two groups that run the same scripts."""
    for number, group in enumerate(("finance", "finance", "tills")):
        member = world.member(f"machine-{number}", group)
        member.records(80, seed=number)
        member.round()
    return world


def test_the_same_script_on_all_machines_is_one_case(busy: FleetWorld) -> None:
    """With its versions, machines, people, groups and days; numbers stay the same."""
    found = queue(busy)
    keys = [(row["name"], row["destination"], row["account"]) for row in found]
    assert len(keys) == len(set(keys)) > 1
    row = next(r for r in found if r["endpoints"] == 3)
    inside = one(busy, row["number"])
    assert inside["endpoints"] == 3
    assert inside["machines"] == ["machine-0", "machine-1", "machine-2"]
    assert inside["records"] == row["records"]
    assert sum(version["on"] for version in inside["versions"]) >= 3
    assert {group.partition(" ")[0] for group in inside["groups"]} == {"finance", "tills"}
    assert [r["number"] for r in queue(busy)] == [r["number"] for r in found]


def test_people_are_shown_as_far_as_was_agreed_on(busy: FleetWorld) -> None:
    """With pseudonyms no name of a person, of a home or of a machine is in a case."""
    names = {name for (name,) in busy.rows("SELECT name FROM people")}
    for row in queue(busy):
        text = "\n".join(telling_desk.case(one(busy, row["number"], COVERED)))
        assert not {name for name in names if name in text}
        assert "machine-" not in text
        assert "person-" not in text
        assert "fewer than 5" in text
        some = replace(COVERED, agreed=replace(COVERED.agreed, smallest_group=1))
        assert "person-" in "\n".join(telling_desk.case(one(busy, row["number"], some)))
    open_text = "\n".join(telling_desk.case(one(busy, queue(busy)[0]["number"])))
    assert {name for name in names if name in open_text}


def test_a_case_is_given_taken_over_and_talked_about(busy: FleetWorld) -> None:
    """Who works on it stands in the queue; what was said stays, in order, with who said it."""
    number = queue(busy)[0]["number"]
    now = busy.clock()
    with busy.hub.database.work() as connection:
        desk.assign(connection, number, "bert", who="ada", note="", now=now)
        desk.comment(connection, number, who="bert", note="asked \x1b[2Jfinance", now=now)
        desk.assign(connection, number, "ada", who="ada", note="", now=now)
    row = next(r for r in queue(busy) if r["number"] == number)
    assert (row["assigned_to"], row["comments"]) == ("ada", 1)
    said = one(busy, number)["said"]
    assert [(s["who"], s["word"]) for s in said] == [
        ("ada", "assigned"),
        ("bert", "commented"),
        ("ada", "taken"),
    ]
    text = "\n".join([*telling_desk.review(queue(busy)), *telling_desk.case(one(busy, number))])
    assert "\x1b" not in text


def test_there_is_no_case_that_is_none(busy: FleetWorld) -> None:
    """It is said in one line, and nothing is chained."""
    for number in (0, -3, 4711, 1 << 40):
        with pytest.raises(InputError), busy.hub.database.work() as connection:
            desk.comment(connection, number, who="ada", note="x", now=busy.clock())
        with pytest.raises(InputError):
            one(busy, number)
    with pytest.raises(InputError), busy.hub.database.work() as connection:
        desk.assign(connection, queue(busy)[0]["number"], " ", who="a", note="", now=busy.clock())
    assert busy.value("SELECT count(*) FROM hub_deeds") == 0


def test_an_empty_hub_has_an_empty_queue(world: FleetWorld) -> None:
    """And says so."""
    assert queue(world) == []
    assert list(telling_desk.review([])) == ["No case is open."]
