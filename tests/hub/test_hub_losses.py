"""Nothing is lost and nothing is claimed when hub, database or an endpoint have a bad day."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from evidence_file import run
from fleet_world import FleetWorld, HandClock, Member, a_world, address_of, who

from core.errors import SettingsError
from evidence.chain import genesis
from evidence.erasure import Wanted, erase_now
from evidence.shipping import Run, Shipped, shipped_file
from fleet.line import HubRefusesError
from fleet.wire import packed
from hub import questions
from hub.database import bring_forward, connect
from hub.erasing import erase_pending
from hub.facts import fact_of
from hub.own_postgres import OwnPostgres, binaries
from hub.resolving import resolve
from hub.verification import verify
from hub.watching import note_silent, note_watched


def shipped_entry(member: Member, kind: str, text: bytes) -> None:
    """Ship one entry of this text as the next of a chain of the endpoint's."""
    chain = {"records": "records:", "acts": "reviews:"}[kind] + "00ff"
    before = genesis(chain)
    entry = Shipped(text=text)
    lone = Run(first=1, prev=before, entries=(entry,), head=entry.link(before, 1))
    member.line.send("/v1/upload", packed(chain, "records" if kind == "records" else "acts", lone))


@pytest.mark.parametrize(("away_days", "silent"), [(1.5, 0), (0.0, 1)])
def test_an_hour_that_the_hub_was_away_itself_makes_nobody_silent(
    world: FleetWorld, away_days: float, silent: int
) -> None:
    """A hub that was down for a day and more accuses no endpoint; one that was there does, after a
    day.
    """
    world.member("till-1")
    world.hub.watch()
    if away_days:
        world.clock.on(days=away_days)
    else:
        for _ in range(29):
            world.clock.on(minutes=55)
            world.hub.watch()
    world.hub.watch()
    assert world.alarms() == ["silent"] * silent
    with world.hub.database.at_once() as connection:
        assert questions.status(connection, world.clock())["silent"] == silent


def test_who_stays_away_after_the_hub_is_back_is_silent(world: FleetWorld) -> None:
    """Endpoints have two hours to come back to a hub that was away; then their silence counts."""
    world.member("till-1")
    world.hub.watch()
    world.clock.on(days=2)
    for _ in range(3):
        world.hub.watch()
        assert world.alarms() == []
        world.clock.on(minutes=50)
    world.hub.watch()
    assert world.alarms() == ["silent"]


def test_a_database_that_was_put_back_under_a_running_hub_is_complete_again(
    world: FleetWorld,
) -> None:
    """When a backup is restored while the hub runs, what endpoints ship again has its words, its
    months and its sums; nothing refers to what the backup did not hold.
    """
    member, other = world.member("till-1"), world.member("till-2")
    saved = {t: world.rows(f"SELECT * FROM {t}") for t in ("endpoints", "certificates")}
    member.records(30)
    member.round()
    emptied = connect(world.hub.database.url)
    with emptied:
        emptied.execute(f"DROP SCHEMA {world.schema} CASCADE".encode())
        emptied.execute(f"CREATE SCHEMA {world.schema}".encode())
        bring_forward(world.hub.database.url)
        for table, rows in saved.items():
            for row in rows:
                marks = ", ".join(["%s"] * len(row))
                query = f"INSERT INTO {table} OVERRIDING SYSTEM VALUE VALUES ({marks})"
                emptied.execute(query.encode(), row)
    world.rows("INSERT INTO destinations (name) VALUES ('elsewhere.example') RETURNING number")
    for each in (member, other):
        each.records(30, seed=5)
        with contextlib.suppress(HubRefusesError):  # a real hub says: come again
            each.round()
        each.round()
    with world.hub.database.work() as connection:
        assert verify(connection).problems == []
        found = questions.scripts(connection)
    assert sum(row["records"] for row in found) == 90
    assert "elsewhere.example" not in {name for row in found for name in row["destinations"]}


def test_a_database_that_cannot_hold_every_text_is_refused(world: FleetWorld) -> None:
    """A database of another encoding than UTF-8 would refuse names that endpoints have: the hub
    says so at once.
    """
    name = f"latin_{world.database}"
    made = (
        f"CREATE DATABASE {name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    )
    with connect(world.server.url) as connection:
        connection.execute(made.encode())
    with pytest.raises(SettingsError, match="UTF-8"):
        bring_forward(address_of(world.server, name))


def test_a_database_without_a_hub_is_told_with_what_to_do(world: FleetWorld) -> None:
    """Whoever asks a database that no hub was made in is told how to make one."""
    with connect(world.hub.database.url) as connection:
        connection.execute(f"DROP SCHEMA {world.schema} CASCADE".encode())
        connection.execute(f"CREATE SCHEMA {world.schema}".encode())
    for block in (world.hub.database.work, world.hub.database.at_once):
        with pytest.raises(SettingsError, match="holds no hub"), block() as connection:
            questions.alarms(connection)


def test_what_was_set_aside_and_looked_at_is_taken_again_when_it_fits(world: FleetWorld) -> None:
    """Evidence whose tail came back is taken again once somebody has looked; evidence that still
    does not fit raises its alarm again, and is never set aside without one.
    """
    member = world.member("till-1")
    member.records(30)
    member.round()
    run(member.evidence, f"VACUUM INTO '{member.home / 'older.db'}'")
    run(member.evidence, "DELETE FROM entries WHERE seq > 20")
    member.round()
    assert world.alarms() == ["cut"]
    looked_at(world)
    member.round()
    assert world.alarms() == ["cut"]
    for path in member.home.glob("evidence.db*"):
        path.unlink()
    shutil.copy(member.home / "older.db", member.evidence)
    looked_at(world)
    member.records(5, seed=9)
    assert member.round().shipped["records"] == 5
    assert world.alarms() == []


def looked_at(world: FleetWorld) -> None:
    number = world.value("SELECT number FROM alarms WHERE ended_at IS NULL LIMIT 1")
    with world.hub.database.work() as connection:
        resolve(connection, number, "ada", "looked", world.clock(), adopt=False)


@pytest.mark.parametrize("off", [1.0, -1.0])
def test_a_hub_whose_own_clock_is_a_day_off_loses_nothing(world: FleetWorld, off: float) -> None:
    """It takes what comes and accuses nobody of more than a clock that differs; once it is right
    again nothing of that is left.
    """
    world.clock.on(days=10)
    member, other = world.member("till-1"), world.member("till-2")
    right = HandClock(world.clock())
    member.clock = other.clock = right
    for number, one in enumerate((member, other)):
        one.records(10, seed=number)
        one.round()
    world.hub.watch()
    world.clock.on(days=off)
    world.hub.watch()
    member.records(10, seed=2)
    member.round()
    assert world.alarms() == ["clock"]
    world.hub.watch()
    world.clock.now = right.now
    for minutes in (1, 5, 60):
        right.on(minutes=minutes)
        world.clock.now = right.now
        world.hub.watch()
        for one in (member, other):
            one.records(1, seed=minutes + 10)
            one.round()
    assert world.alarms() == []
    assert world.value("SELECT count(*) FROM records") == 36
    assert world.value("SELECT sum(records)::int FROM sums") == 36
    with world.hub.database.work() as connection:
        assert verify(connection).problems == []


@pytest.mark.parametrize("hours", [2, -2, 12])
def test_hubs_whose_clocks_differ_hear_who_is_silent(world: FleetWorld, hours: int) -> None:
    """None of them takes the other's time for one at which no hub was there."""
    member = world.member("till-1")
    member.records(1)
    member.round()
    alarms = set[str]()
    for _ in range(3 * 24 * 2):
        world.clock.on(minutes=30)
        for off in (0, hours):
            now = world.clock() + timedelta(hours=off)
            with world.hub.database.work() as connection:
                note_watched(connection, now)
                note_silent(connection, now)
        alarms.update(world.alarms())
    assert alarms == {"silent"}


ODD_TIMES = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-20T09:00:00+23:59")


@pytest.mark.parametrize("at", ODD_TIMES)
def test_no_time_that_an_endpoint_writes_stops_its_chain(world: FleetWorld, at: str) -> None:
    """Whatever time an entry claims, it is kept: a hub that stumbled would lose what follows."""
    member = world.member("till-1")
    text: dict[str, object] = {"schema": "outgate.event/1", "event": "gate-started", "at": at}
    text |= {"id": "x", "who": "a", "facts": {}, "up_to": 0, "head": "00" * 32}
    shipped_entry(member, "acts", orjson.dumps(text))
    assert world.value("SELECT count(*) FROM acts") == 1
    made = member.records(1)
    with shipped_file(member.evidence) as file:
        first = file.run("records", 0, 1, 1 << 20)
    assert first is not None and made
    value = orjson.loads(first.entries[0].text)
    shipped_entry(member, "records", orjson.dumps(value | {"at": at}))
    assert world.value("SELECT count(*) FROM records") == 1
    assert world.value("SELECT sum(records) FROM sums") == 1


def test_no_size_that_an_endpoint_writes_stops_its_chain(world: FleetWorld) -> None:
    """Sums of absurd sizes never grow past what the database can add up, now or made anew."""
    member = world.member("till-1")
    member.records(1)
    with shipped_file(member.evidence) as file:
        first = file.run("records", 0, 1, 1 << 20)
    assert first is not None
    value = orjson.loads(first.entries[0].text)
    value["request"]["bytes"] = (1 << 63) - 1
    value["decision"]["verdict"] = "allow"
    absurd = fact_of(orjson.dumps(value)).bytes
    assert absurd >= 1 << 40 and absurd * 4000 * 1000 < 1 << 63


def test_what_is_erased_is_erased_of_what_was_set_aside_too(world: FleetWorld) -> None:
    """An erasure reaches the messages that are kept apart for somebody to look at."""
    member = world.member("till-1")
    member.records(10)
    member.round()
    with shipped_file(member.evidence) as file:
        chain, start = file.standing("records").chain, genesis(file.standing("records").chain)
    entry = Shipped(text=b'{"user":"fatima"}')
    forged = Run(first=1, prev=start, entries=(entry,), head=entry.link(start, 1))
    number = who(world.hub, member.membership.endpoint).number
    world.hub.intake.take(number, packed(chain, "records", forged))
    assert world.value("SELECT count(*) FROM quarantine WHERE length(blob) > 0") == 1
    looked_at(world)
    erase_now(member.evidence, Wanted(before_us=1 << 60), who="ada", why="asked for")
    member.round()
    erase_pending(world.hub.database, world.clock())
    assert world.rows("SELECT why, length(blob) FROM quarantine")[0][1] == 0


@pytest.fixture(name="small_disk")
def small_disk_fixture() -> Iterator[Path]:
    """A file system of 76 MB; skipped where none can be mounted."""
    folder = Path(tempfile.mkdtemp(prefix="og-full-"))
    folder.chmod(0o755)
    mount = ["mount", "-t", "tmpfs", "-o", "size=76m", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        folder.rmdir()
        pytest.skip("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


def test_a_full_disk_loses_nothing(small_disk: Path, tmp_path: Path) -> None:
    """While the database's disk is full the hub says so and keeps what it has; once there is room,
    all the rest arrives, once.
    """
    if binaries() is None:
        pytest.skip("no PostgreSQL on this machine")
    server = OwnPostgres(small_disk / "pg")
    server.make()
    server.start(durable=False, settings=("max_wal_size=32MB", "shared_buffers=8MB"))
    try:
        with a_world(server, tmp_path) as world:
            member = world.member("till-1")
            member.records(100)
            member.round()
            free = os.statvfs(small_disk)
            room = free.f_bavail * free.f_frsize
            (small_disk / "ballast").write_bytes(bytes(room - (256 << 10)))
            member.records(6000, seed=1)
            with pytest.raises(HubRefusesError, match="disk of the database is full"):
                member.round()
            (small_disk / "ballast").unlink()
            member.round()
            assert world.value("SELECT count(*) FROM records") == 6100
            assert world.value("SELECT sum(records) FROM sums") == 6100
            assert world.alarms() == []
    finally:
        server.stop()


def test_a_database_that_went_away_without_a_word_is_noticed(postgres: OwnPostgres) -> None:
    """Within half a minute, where the system waits for hours; what its address says counts more."""
    names = ("tcp_user_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count")
    found = []
    for more in ("", " tcp_user_timeout=7000 keepalives_idle=3"):
        with contextlib.closing(connect(postgres.url + more)) as connection:
            told = connection.info.get_parameters()
        found.append([int(told[name]) for name in names])
        assert told["application_name"] == "outgate hub"
    assert found == [[30_000, 15, 5, 3], [7000, 3, 5, 3]]
