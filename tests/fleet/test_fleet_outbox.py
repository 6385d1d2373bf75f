"""More waits for the hub than the settings allow: the oldest go unshipped, and all are told."""

from fleet_world import FleetWorld, Member

from evidence.shipping import shipped_file
from evidence.verification import verify as verify_file
from fleet.outbox import Cap, Dropped, dropped_runs
from hub.verification import verify

LENGTHS = "SELECT sum(length(body)) FROM entries WHERE seq > {}"


def bytes_after(member: Member, seq: int) -> int:
    with shipped_file(member.evidence) as file:
        return int(file._connection.value(LENGTHS.format(seq)))


def kept(world: FleetWorld) -> tuple[int, list[str], list[str]]:
    with world.hub.database.work() as connection:
        problems = verify(connection).problems
    return world.value("SELECT count(*) FROM records"), world.alarms(), problems


def test_what_is_over_the_cap_is_left_out_and_told_as_dropped(world: FleetWorld) -> None:
    """The newest that fit are shipped, the drop is chained at the endpoint, the hub tells dropped
    and not missing, all chains are whole, and nothing is left out twice.
    """
    member = world.member("till-1")
    member.records(20)
    member.round()
    member.records(100, seed=1)
    cap = Cap(bytes=bytes_after(member, 90))
    assert member.round(cap=cap).troubles == []
    assert dropped_runs(member.evidence) == [Dropped(first=21, last=90)]
    assert kept(world) == (50, ["dropped"], [])
    words = world.value("SELECT words FROM alarms")
    assert "21 to 90" in words
    member.records(3, seed=2)
    assert member.round(cap=cap).shipped["records"] == 3
    assert len(dropped_runs(member.evidence)) == 1
    assert kept(world) == (53, ["dropped"], [])
    assert verify_file(member.evidence).ok


def test_what_waited_too_long_is_left_out(world: FleetWorld) -> None:
    """By age, too; what is young enough is shipped, and without a cap everything is."""
    member = world.member("till-1")
    member.records(30)
    world.clock.on(days=9)
    member.records(10, seed=1)
    member.round(cap=Cap(days=40, bytes=1 << 30))
    assert kept(world) == (40, [], [])
    other = world.member("till-2")
    other.records(30)
    world.clock.on(days=9)
    other.records(10, seed=1)
    other.round(cap=Cap(days=5))
    assert kept(world) == (50, ["dropped"], [])
    world.clock.on(days=9)
    other.records(5, seed=3)
    world.clock.on(days=9)
    other.round(cap=Cap(days=5))
    assert kept(world)[0] == 50
    other.records(1, seed=4)
    other.round(cap=Cap(days=5))
    assert kept(world) == (51, ["dropped"], [])


def test_a_hub_that_lost_what_it_had_gets_it_again(world: FleetWorld) -> None:
    """What was shipped before the drop is shipped again to a hub that was restored."""
    member = world.member("till-1")
    member.records(20)
    member.round()
    member.records(100, seed=1)
    member.round(cap=Cap(bytes=bytes_after(member, 90)))
    with world.hub.database.work() as connection:
        for table in ("uploads", "records", "acts", "sums", "gaps", "alarms", "chains"):
            connection.execute(f"TRUNCATE {table} CASCADE".encode())
    world.hub.words.forget()
    member.round()
    assert kept(world) == (50, ["dropped"], [])
