"""What the hub holds proves itself; what somebody changes in its database is named."""

from datetime import timedelta

import psycopg
from fleet_world import FleetWorld

from evidence.erasure import Wanted, erase_now
from evidence.retention import expire
from evidence.times import micros
from hub.case_list import look
from hub.erasing import erase_pending
from hub.verification import verify


def filled(world: FleetWorld) -> None:
    """Two endpoints with several uploads, an erasure and a gap."""
    one, two = world.member("till-1"), world.member("till-2")
    for day in range(3):
        one.records(30, seed=day)
        two.records(20, seed=day + 9)
        one.round()
        two.round()
        world.clock.on(hours=10)
    two.records(500)
    before = micros(world.clock() - timedelta(hours=1))
    expire(two.evidence, before, "older than an hour", rest=lambda _: None)
    two.round()
    erase_now(one.evidence, Wanted(before_us=1 << 60), who="officer", why="asked for")
    one.round()
    erase_pending(world.hub.database, world.clock())
    one.records(5)
    one.round()
    with world.hub.database.work() as connection:
        look(connection)


def problems(world: FleetWorld) -> list[str]:
    with world.hub.database.work() as connection:
        return verify(connection).problems


def test_what_endpoints_shipped_is_whole(world: FleetWorld) -> None:
    """With erasures and gaps that are told, everything fits; an empty hub is whole, too."""
    assert problems(world) == []
    filled(world)
    with world.hub.database.work() as connection:
        found = verify(connection)
    assert found.problems == []
    assert found.chains == 4
    assert found.entries > 200


CHANGES = (
    "DELETE FROM records WHERE seq = 2",
    "DELETE FROM uploads WHERE number = (SELECT min(number) FROM uploads)",
    "DELETE FROM uploads WHERE number = (SELECT max(number) FROM uploads)",
    "DELETE FROM acts WHERE seq = 1",
    "DELETE FROM gaps",
    "UPDATE sums SET records = records + 1 WHERE place = (SELECT min(place) FROM sums)",
    "UPDATE chains SET last = last - 1 WHERE kind = 'records'",
    "UPDATE chains SET head = decode(repeat('00', 32), 'hex') WHERE kind = 'acts'",
    "UPDATE chains SET frontier = '' WHERE number = 2",
    "UPDATE records SET bytes = bytes + 1 WHERE seq = 3",
    "UPDATE records SET went = NOT went WHERE seq = 3",
    "UPDATE records SET destination = destination + 1 WHERE destination = 1",
    "UPDATE records SET at = at - interval '1 day' WHERE seq = 3",
    "UPDATE sums SET bytes_went = bytes_went + 1 WHERE place = (SELECT min(place) FROM sums)",
    "UPDATE totals SET went = went + 1 WHERE place = (SELECT min(place) FROM totals)",
    "UPDATE totals SET last_at = first_at WHERE last_at > first_at",
    "UPDATE desk_cases SET closed_here = true, disposition = 'false_positive'",
    "UPDATE desk_cases SET is_open = false",
    "UPDATE desk_cases SET risk = 0, folded[7] = 'low' WHERE risk > 0",
    "DELETE FROM desk_cases WHERE number = (SELECT min(number) FROM desk_cases)",
    "UPDATE uploads u SET blob = o.blob FROM uploads o WHERE o.number = u.number + 4",
)


def test_what_is_changed_at_the_hub_is_named(world: FleetWorld) -> None:
    """Rows that are taken out, messages that are exchanged, heads that are moved."""
    filled(world)
    for change in CHANGES:
        with world.hub.database.work() as connection:
            assert connection.execute(change.encode()).rowcount > 0, change
            assert verify(connection).problems != [], change
            raise psycopg.Rollback
    assert problems(world) == []
