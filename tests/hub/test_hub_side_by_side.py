"""Two versions of the hub on one database: the older one loses nothing, and says what it cannot."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fleet_world import FleetWorld, Member

from core.errors import SettingsError
from evidence.erasure import Wanted, erase_now
from hub.database import SCHEMA, Database, DatabaseDownError, bring_forward
from hub.erasing import erase_pending
from hub.months import keep_months, remove_old
from hub.verification import verify

KNOWN = len(list(SCHEMA.glob("*.sql")))
SUMS = "SELECT sum(records), sum(went), sum(bytes_went), sum(found) FROM sums"
OLD_DELETE = "DELETE FROM sums WHERE place IN (SELECT number FROM places)"
OLD_MONTH = (
    "INSERT INTO removed_months (month, at, records, uploads) VALUES ('2026-08-01', now(), 1, 1)"
)


def filled(world: FleetWorld) -> Member:
    """An endpoint that shipped in August and in November, of which August was removed."""
    world.clock.now = datetime(2026, 8, 10, 9, tzinfo=UTC)
    member = world.member("till-1")
    member.records(30)
    member.round()
    world.clock.now = datetime(2026, 11, 10, 9, tzinfo=UTC)
    member.records(20, seed=1)
    member.round()
    with world.hub.database.work() as connection:
        keep_months(connection, 1, note="agreed", who="ada", now=world.clock())
    assert len(remove_old(world.hub.database, world.clock())) == 1
    return member


@contextmanager
def older(world: FleetWorld, told: str) -> Iterator[Database]:
    """A hub of an earlier version: what it says of itself in its sessions is that, or nothing."""
    database = Database(world.hub.database.url)
    with database.at_once() as connection:
        connection.execute("SELECT set_config('outgate.hub', %s, false)", (told,))
    yield database
    database.close()


@pytest.mark.parametrize("told", ["", "9", "10"])
@pytest.mark.parametrize("change", [OLD_DELETE, OLD_MONTH])
def test_an_older_hub_does_not_shrink_what_is_kept(
    world: FleetWorld, told: str, change: str
) -> None:
    """It does not know what is kept of removed months, so it may neither make sums anew nor remove
    months; it says that it is to be updated, and takes what endpoints ship as before.
    """
    member = filled(world)
    before = world.rows(SUMS)
    with older(world, told) as database:
        with pytest.raises(DatabaseDownError, match="update this one"), database.work() as one:
            one.execute(change.encode())
        assert world.rows(SUMS) == before
        member.line.hub = replace(world.hub, database=database)
        member.records(7, seed=3)
        assert member.round().shipped["records"] == 7
    assert world.value("SELECT sum(records)::int FROM sums") == before[0][0] + 7


def test_what_an_older_hub_cannot_erase_waits_for_a_newer_one(world: FleetWorld) -> None:
    """Nothing of the erasure is half done meanwhile, and nothing is lost by it afterwards."""
    member = filled(world)
    count = world.value("SELECT sum(records)::int FROM sums")
    script = world.value(
        "SELECT p.path FROM records r JOIN places p ON p.number = r.place WHERE p.path > '' LIMIT 1"
    )
    erase_now(member.evidence, Wanted(script=script), who="officer", why="asked for")
    member.round()
    with older(world, "10") as database, pytest.raises(DatabaseDownError, match="update this one"):
        erase_pending(database, world.clock())
    assert world.value("SELECT count(*) FROM erasures WHERE done_at IS NULL") == 1
    assert world.value("SELECT count(*) FROM records WHERE gone") == 0
    assert erase_pending(world.hub.database, world.clock()) == 1
    assert world.value("SELECT sum(records)::int FROM sums") == count
    with world.hub.database.work() as connection:
        assert verify(connection).problems == []


def test_a_hub_that_is_too_old_for_the_database_says_so(world: FleetWorld) -> None:
    """A later step may need hubs to know of it: then an older one neither starts nor writes."""
    world.rows(f"INSERT INTO hub_schema VALUES ({KNOWN + 1}, now(), {KNOWN + 1}) RETURNING 1")
    database = Database(world.hub.database.url)
    for begin in (lambda: bring_forward(database.url), lambda: database.at_once().__enter__()):
        with pytest.raises(SettingsError, match=f"schema {KNOWN + 1}; this one knows {KNOWN}"):
            begin()
    world.rows("UPDATE hub_schema SET least = 0 RETURNING 1")
    assert bring_forward(database.url) == (KNOWN + 1, KNOWN + 1)
