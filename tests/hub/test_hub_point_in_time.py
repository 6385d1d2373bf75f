"""The database is put back to a moment, from a base backup and the log that was archived since."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from fleet_world import FleetWorld, Member, a_world, address_of

from hub.database import Database, connect
from hub.enrolment import restored
from hub.own_postgres import OwnPostgres, binaries
from hub.verification import verify
from hub.words import Words


@pytest.fixture(name="place")
def place_fixture() -> Iterator[Path]:
    """A folder that a server's own user may reach; paths of its sockets are short."""
    if binaries() is None:
        pytest.skip("no PostgreSQL on this machine")
    folder = Path(tempfile.mkdtemp(prefix="og-pitr-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def archiving(place: Path) -> OwnPostgres:
    """A server that archives its log, as docs/fleet.md says."""
    (place / "wal").mkdir()
    (place / "wal").chmod(0o777)
    server = OwnPostgres(place / "a")
    server.make()
    copied = f"archive_command=test ! -f {place}/wal/%f && cp %p {place}/wal/%f"
    server.start(durable=False, settings=("archive_mode=on", copied))
    return server


def base_backup(of: OwnPostgres, place: Path) -> OwnPostgres:
    """Another server, which is not running yet, with a base backup as its files."""
    other = OwnPostgres(place / "b")
    other.folder.mkdir(mode=0o700)
    if of._user is not None:
        os.chown(other.folder, *of._user)
    bin_ = binaries()
    command = [f"{bin_}/pg_basebackup", "-h", str(of.folder), "-U", "outgate", "-c", "fast"]
    done = of._run([*command, "-D", str(other.data)])
    assert done.returncode == 0, done.stderr
    return other


def asked(server: OwnPostgres, query: str) -> object:
    with closing(connect(server.url)) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def recover(server: OwnPostgres, place: Path, target: str) -> None:
    """Start it from its base backup, and play the archived log up to a named moment."""
    signal = server.data / "recovery.signal"
    signal.touch()
    if server._user is not None:
        os.chown(signal, *server._user)
    fetched = f"restore_command=cp {place}/wal/%f %p"
    until = (f"recovery_target_name={target}", "recovery_target_action=promote")
    server.start(durable=False, settings=(fetched, *until))
    while asked(server, "SELECT pg_is_in_recovery()"):
        pass


def archived(server: OwnPostgres) -> None:
    """Return once all that was written until now is in the archive."""
    name = asked(server, "SELECT pg_walfile_name(pg_switch_wal())")
    while str(asked(server, "SELECT coalesce(last_archived_wal, '') FROM pg_stat_archiver")) < str(
        name
    ):
        pass


def test_a_mistake_is_undone_from_the_log(place: Path, tmp_path: Path) -> None:
    """What stood in the database at a moment after the base backup is there again; what endpoints
    shipped since they ship again, once, and nobody is accused.
    """
    server = archiving(place)
    other: OwnPostgres | None = None
    try:
        with a_world(server, tmp_path) as world:
            member = world.member("till-1")
            member.records(20)
            member.round()
            other = base_backup(server, place)
            member.records(10, seed=1)
            member.round()
            asked(server, "SELECT pg_create_restore_point('noon')::text")
            late = world.member("till-2")
            late.records(5, seed=2)
            for one in (member, late):
                one.round()
            world.rows("DELETE FROM records RETURNING 1")  # somebody's mistake
            archived(server)
            recover(other, place, "noon")
            _goes_on(world, other, (member, late))
    finally:
        for started in (server, other):
            if started is not None:
                started.stop()


def _goes_on(world: FleetWorld, other: OwnPostgres, members: tuple[Member, ...]) -> None:
    """The hub on the database that was put back has all again."""
    url = address_of(other, world.database)
    with closing(Database(url)) as database:
        hub = replace(world.hub, database=database, words=Words())
        counted = "SELECT count(*)::int, (SELECT count(*)::int FROM endpoints) FROM records"
        with database.work() as connection:
            assert connection.execute(counted).fetchone() == (30, 1)
            restored(connection, "ada", "a mistake", world.clock())
        for member in members:
            member.line.hub = hub
            certificate = member.membership.certificate
            hub.enrolment.who(certificate.public_bytes(Encoding.DER))
            member.round()
        with database.work() as connection:
            assert connection.execute(counted).fetchone() == (35, 2)
            assert verify(connection).problems == []
            assert connection.execute("SELECT kind FROM alarms").fetchall() == []
