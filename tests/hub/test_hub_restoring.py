"""A backup that is put back loses nothing that endpoints still have."""

import subprocess
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from fleet_world import FleetWorld, Member

from hub.database import connect
from hub.enrolment import Endpoint, NotAllowedError, restored
from hub.metrics import metrics
from hub.orders import approve
from hub.own_postgres import binaries
from hub.verification import verify


def tool(world: FleetWorld, name: str, *words: str, given: bytes = b"") -> bytes:
    bin_ = binaries()
    assert bin_ is not None
    place = ["-h", str(world.server.folder), "-U", "outgate", "-d", world.database]
    command = [str(bin_ / name), *place, *words]
    return subprocess.run(command, input=given, capture_output=True, check=True).stdout


def speaks(world: FleetWorld, member: Member) -> Endpoint:
    certificate = x509.load_pem_x509_certificate(member.membership.identity.read_bytes())
    return world.hub.enrolment.who(certificate.public_bytes(Encoding.DER))


def test_a_backup_is_put_back_and_all_is_shipped_again(world: FleetWorld) -> None:
    """Under a running hub: records since the backup come again, once; who enrolled since, and who
    renewed since, is taken once somebody says that it was restored; who never was one of ours, or
    was revoked before, is not; nobody raises a false alarm.
    """
    member, gone = world.member("till-1"), world.member("sold")
    member.records(30)
    member.round()
    world.rows("UPDATE endpoints SET revoked_at = now() WHERE name = 'sold' RETURNING 1")
    backup = tool(world, "pg_dump", "-n", world.schema)
    member.records(20, seed=1)
    member.round()
    newer = world.member("till-2")
    newer.records(10, seed=2)
    newer.round()
    with connect(world.hub.database.url) as connection:
        connection.execute(f"DROP SCHEMA {world.schema} CASCADE".encode())
    tool(world, "psql", "-q", "-v", "ON_ERROR_STOP=1", given=backup)

    with pytest.raises(NotAllowedError):
        speaks(world, newer)
    with world.hub.database.work() as connection:
        restored(connection, "ada", "disk", world.clock())
    assert speaks(world, newer).name.startswith("restored-")
    assert speaks(world, member).name == "till-1"
    with pytest.raises(NotAllowedError):
        speaks(world, gone)
    assert member.round().shipped["records"] == 20
    assert newer.round().shipped["records"] == 10
    assert world.value("SELECT sum(records) FROM sums") == 60
    assert world.alarms() == []
    with world.hub.database.work() as connection:
        assert verify(connection).problems == []


def test_a_certificate_of_after_the_restoration_is_known_or_refused(world: FleetWorld) -> None:
    """What is taken without being known ends with the restoration: a certificate that is made
    later must be known, whoever has the authority's key.
    """
    member = world.member("till-1")
    with world.hub.database.work() as connection:
        restored(connection, "ada", "disk", world.clock() - timedelta(hours=1))
    world.rows("DELETE FROM certificates RETURNING 1")
    with pytest.raises(NotAllowedError):
        speaks(world, member)


def test_orders_go_on_behind_what_endpoints_follow_already(world: FleetWorld) -> None:
    """An endpoint refuses an order with a number that it has: after a restore none has one."""
    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)

    def approved() -> int:
        with world.hub.database.work() as connection:
            now, sha256 = world.clock(), "a" * 64
            return approve(connection, key, sha256, approved=True, note="x", who="ada", now=now)

    world.member("till-1")
    assert [approved(), approved()] == [1, 2]
    world.rows("UPDATE endpoints SET approvals = 9 RETURNING 1")
    assert approved() == 3
    with world.hub.database.work() as connection:
        restored(connection, "ada", "disk", world.clock())
    assert approved() == 10
    world.rows("UPDATE endpoints SET approvals = 2000000000 RETURNING 1")
    assert approved() < 200_000


def test_metrics_are_numbers_without_names(world: FleetWorld) -> None:
    """What is watched says how many, and never who."""
    member = world.member("secret-machine")
    member.records(5)
    member.round()
    world.hub.watch()
    with world.hub.database.work() as connection:
        text = metrics(connection, world.clock())
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert values["outgate_hub_records"] == "5"
    assert values["outgate_hub_up"] == "1"
    assert values['outgate_hub_alarms{kind="fork"}'] == "0"
    assert "secret-machine" not in text
    assert all(float(value) >= 0 for value in values.values())
    world.clock.on(hours=3)
    with world.hub.database.work() as connection:
        assert "outgate_hub_up 0" in metrics(connection, world.clock())
