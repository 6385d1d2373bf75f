"""What endpoints ship is checked before it is kept, and kept once."""

import random
from pathlib import Path
from threading import Thread

import pytest
from fleet_world import FleetWorld, a_server, a_world, who

from core.errors import SettingsError
from evidence.shipping import shipped_file
from fleet.line import HubAwayError, HubRefusesError
from fleet.wire import packed
from hub.database import Database, DatabaseDownError, bring_forward
from hub.intake import Intake
from hub.verification import verify
from hub.words import Words


def test_all_that_an_endpoint_recorded_arrives_once(world: FleetWorld) -> None:
    """Every record and every act is at the hub after one round, and a second round ships none."""
    member = world.member("till-1")
    member.records(250)
    first, second = member.round(), member.round()

    assert first.shipped == {"records": 250, "acts": 0}
    assert second.shipped == {"records": 0, "acts": 0}
    assert world.value("SELECT count(*) FROM records") == 250
    assert world.value("SELECT sum(records) FROM sums") == 250
    assert world.alarms() == []


def test_what_was_delivered_and_not_acknowledged_is_not_kept_twice(world: FleetWorld) -> None:
    """When the answer is lost, the same records are sent again, and there are no more of them."""
    member = world.member("till-1")
    member.records(40)
    member.line.broken = lambda path, number: path == "/v1/upload"
    with pytest.raises(HubAwayError):
        member.round()
    member.line.broken = lambda path, number: False
    uploads = [body for path, body in member.line.sent if path == "/v1/upload"]
    for body in uploads * 2:
        member.line.send("/v1/upload", body)
    member.records(5, seed=1)

    assert member.round().shipped["records"] == 5
    assert world.value("SELECT count(*) FROM records") == 45
    assert world.value("SELECT sum(records) FROM sums") == 45
    assert world.alarms() == []


def test_hubs_beside_each_other_keep_each_entry_once(world: FleetWorld, tmp_path: Path) -> None:
    """Several hubs that take the same messages at the same time, in any order, keep what one of
    them would.
    """
    members = [world.member(f"till-{n}") for n in range(3)]
    frames: list[tuple[int, bytes]] = []
    for member in members:
        number = who(world.hub, member.membership.endpoint).number
        member.records(120, seed=number)
        with shipped_file(member.evidence) as file:
            chain, after = file.standing("records").chain, 0
            while run := file.run("records", after, 17, 1 << 20):
                frames.append((number, packed(chain, "records", run)))
                after = run.last
    hubs = [Intake(Database(world.hub.database._url), Words(), world.clock) for _ in range(3)]
    errors: list[BaseException] = []

    def deliver(seed: int, intake: Intake) -> None:
        mixed = frames * 3
        random.Random(seed).shuffle(mixed)
        try:
            for number, frame in [*mixed, *frames]:
                intake.take(number, frame)
        except BaseException as error:  # noqa: BLE001 - told below, from its thread
            errors.append(error)
        finally:
            intake.database.close()

    threads = [Thread(target=deliver, args=(n, one)) for n, one in enumerate(hubs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert world.value("SELECT count(*) FROM records") == 360
    assert world.value("SELECT sum(records) FROM sums") == 360
    assert world.alarms() == []
    with world.hub.database.work() as connection:
        assert verify(connection).problems == []


def test_a_database_that_was_away_is_found_again(tmp_path: Path) -> None:
    """The hub says that the database is down while it is, and goes on by itself when it is back;
    what was shipped is there.
    """
    with a_server() as server, a_world(server, tmp_path) as world:
        member = world.member("till-1")
        member.records(20)
        member.round()
        server.stop(at_once=True)
        member.records(20, seed=1)
        for _ in range(2):
            with pytest.raises(HubRefusesError, match="database"):
                member.round()
        server.start(durable=False)
        assert member.round().shipped["records"] == 20
        assert world.value("SELECT count(*) FROM records") == 40


def test_a_month_has_its_own_part(world: FleetWorld) -> None:
    """What comes in another month stands in another part, so that old months are dropped whole;
    December is followed by January.
    """
    member = world.member("till-1")
    for _ in range(3):
        member.records(5)
        member.round()
        world.clock.on(days=31)
    query = """SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = %s AND c.relkind = 'r' AND c.relname LIKE 'records\\_%%'"""
    assert world.value(query, (world.schema,)) == 3
    assert world.value("SELECT count(*) FROM records_2027_01") == 5


def test_an_older_hub_serves_beside_a_newer_schema(world: FleetWorld) -> None:
    """A schema that a later hub has brought forward is left as it is, and used."""
    world.rows("INSERT INTO hub_schema VALUES (99, now()) RETURNING 1")
    assert bring_forward(world.hub.database._url) == (99, 99)
    member = world.member("till-1")
    member.records(3)
    assert member.round().shipped["records"] == 3


@pytest.mark.parametrize("url", ["host=/nowhere dbname=x", "host=127.0.0.1 port=1 dbname=x"])
def test_a_database_that_is_not_there_is_told_without_its_address(url: str) -> None:
    """Addresses hold passwords: no message quotes them."""
    with pytest.raises(DatabaseDownError) as down:
        bring_forward(url + " password=hunter2")
    assert "hunter2" not in f"{down.value!r} {down.value.message}"
    with pytest.raises(SettingsError) as wrong:
        bring_forward("hunter2://")
    assert "hunter2" not in str(wrong.value)
