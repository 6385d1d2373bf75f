"""Totals of what stood in the sums before there were any are made beside what goes on."""

import threading

import pytest
from fleet_world import FleetWorld

from hub import case_list, desk, questions
from hub.database import SCHEMA
from hub.totals import NotReadyError, left, make_totals
from hub.verification import verify

OF_SUMS = """SELECT place, destination, kinds, outcome, account, review, sum(records)::bigint,
        sum(went)::bigint, sum(bytes_went)::bigint, max(found), min(first_at), max(last_at),
        max(most_rows), max(most_people), max(most_values)
    FROM sums GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6"""
KEPT = "SELECT * FROM totals ORDER BY place, destination, kinds, outcome, account, review"


def as_updated(world: FleetWorld) -> None:
    """Make the database what it is right after the update that brings totals."""
    with world.hub.database.work() as connection:
        connection.execute("DROP TABLE totals, totals_to_make CASCADE")
        for step in (13, 14, 15, 16):
            connection.execute((SCHEMA / f"{step:04}.sql").read_bytes())


def test_an_update_adds_nothing_up_while_everybody_waits(world: FleetWorld) -> None:
    """Endpoints ship on meanwhile, what is asked by totals says that it cannot be told yet, and
    afterwards totals are those of the sums, of all that came before and meanwhile.
    """
    members = [world.member(f"till-{n}") for n in range(3)]
    for number, member in enumerate(members):
        member.records(30, seed=number)
        member.round()
    as_updated(world)
    late = world.member("till-9")
    late.records(10, seed=9)
    late.round()
    members[1].records(20, seed=1)
    members[1].round()
    assert world.rows(KEPT) != world.rows(OF_SUMS)
    with world.hub.database.work() as connection:
        assert (
            left(connection) == questions.status(connection, world.clock())["totals_to_make"] == 3
        )
        for question in (
            questions.scripts,
            questions.cases,
            case_list.look,
            desk.cases,
            lambda c: questions.hunt(c, []),
        ):
            with pytest.raises(NotReadyError, match="3 endpoints"):
                question(connection)
        assert not case_list.keep_up(connection)
        assert verify(connection).problems == []
    assert make_totals(world.hub.database, 0.0) == 3
    world.hub.watch()
    assert world.value("SELECT count(*) FROM totals_to_make") == 0
    assert world.rows(KEPT) == world.rows(OF_SUMS) != []
    members[1].records(5, seed=5)
    members[1].round()
    assert world.rows(KEPT) == world.rows(OF_SUMS)
    with world.hub.database.work() as connection:
        assert questions.scripts(connection)


def test_an_endpoint_that_ships_while_its_totals_are_made_is_counted_once(
    world: FleetWorld,
) -> None:
    """Whoever comes second waits for the row of the chain."""
    member = world.member("till-1")
    member.records(400)
    member.round()
    as_updated(world)
    for number in range(8):
        member.records(25, seed=number)
    shipping = threading.Thread(target=member.round)
    shipping.start()
    while make_totals(world.hub.database, 1.0):
        pass
    shipping.join()
    assert world.rows(KEPT) == world.rows(OF_SUMS) != []
