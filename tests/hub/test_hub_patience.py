"""Nothing that is asked of the database holds a connection and a thread for ever."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from fleet_world import FleetWorld

from app.hub_access import at_hub
from core.review import CaseFilter
from core.rights import Actor, Deed
from core.vocabulary.fleet import Over
from hub import hunting
from hub.database import Database, DatabaseDownError, TooLongError, bring_forward, connect
from hub.patience import ENDPOINTS, HUNTS, MIGRATION, PEOPLE, THOROUGH, Patience
from hub.review_store import HubCases
from hub.service import Server
from hub.settings import init
from hub.sought import Sought

KINDS = (ENDPOINTS, PEOPLE, HUNTS, THOROUGH, MIGRATION)
LIMITS = "SELECT current_setting('statement_timeout'), current_setting('lock_timeout')"
IDLE = "SELECT current_setting('idle_in_transaction_session_timeout')"
ADVISORY = 0x4F474855
SLOW = "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b"


def hasty(kind: Patience) -> Patience:
    return replace(kind, statement_s=0.2)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.what)
def test_what_takes_too_long_is_ended_and_says_so(world: FleetWorld, kind: Patience) -> None:
    """By the database itself, whatever its own settings are; the next question is answered."""
    with closing(Database(world.hub.database.url, hasty(kind))) as database:
        for asked in (database.work, database.at_once):
            with pytest.raises(TooLongError) as told, asked() as connection:
                connection.execute(SLOW)
            assert told.value.message.startswith(f"{kind.what} was stopped")
            assert "0.2 seconds" in told.value.message
            assert isinstance(told.value, DatabaseDownError)  # endpoints come again
        with database.work() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_each_kind_has_its_limit() -> None:
    """Endpoints hear of it before they stop waiting; who reads much may take longer."""
    told = [kind.told for kind in KINDS]
    assert told == ["30 seconds", "2 minutes", "10 minutes", "1 hour", "12 hours"]
    assert ENDPOINTS.locked_s is not None and ENDPOINTS.locked_s < ENDPOINTS.statement_s < 60


Stuck = Callable[[Database, Path], object]


def _page(database: Database, folder: Path) -> object:
    who = Actor(name="ada", role="reviewer", channel="test")
    return HubCases(database=database, folder=folder, actor=who).page(CaseFilter(), 0, 10)


def _hunt(database: Database, _: Path) -> object:
    with database.work() as connection:
        return hunting.known(connection, Sought(over=Over.SCRIPTS, name="x"))


@pytest.mark.parametrize(("ask", "table"), [(_page, "desk_cases"), (_hunt, "totals")])
def test_who_reads_waits_for_nobody_without_end(
    world: FleetWorld, tmp_path: Path, ask: Stuck, table: str
) -> None:
    """A table that somebody has locked is one reason why a question does not end."""
    with closing(Database(world.hub.database.url, hasty(PEOPLE))) as database:
        ask(database, tmp_path)
        with world.hub.database.work() as connection:
            connection.execute(f"LOCK {table} IN ACCESS EXCLUSIVE MODE".encode())
            with pytest.raises(TooLongError, match="The question was stopped"):
                ask(database, tmp_path)
        ask(database, tmp_path)


def test_who_stops_in_the_middle_lets_go(world: FleetWorld) -> None:
    """A hub that was halted (its machine sleeps, a debugger) with a chain locked keeps the others
    from it for so long, and not for ever; what it had begun is not kept.
    """
    member = world.member("till-1")
    member.records(3)
    member.round()
    url = world.hub.database.url
    change = "UPDATE chains SET last = last + 1 RETURNING last"
    with (
        closing(connect(url, replace(ENDPOINTS, idle_s=0.2))) as halted,
        closing(connect(url, replace(ENDPOINTS, locked_s=None))) as other,
    ):
        halted.execute("BEGIN")
        assert halted.execute(change).fetchone() is not None
        with other.transaction(force_rollback=True):
            assert sorted(other.execute(change).fetchall()) == [(1,), (4,)]


def test_a_step_of_the_schema_does_not_wait_without_end(
    world: FleetWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.database.MIGRATION", hasty(MIGRATION))
    with world.hub.database.work() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (ADVISORY,))
        with pytest.raises(TooLongError, match="The step of the schema was stopped"):
            bring_forward(world.hub.database.url)
    assert bring_forward(world.hub.database.url)[0] > 0


def limits(database: Database) -> tuple[str, str]:
    with database.at_once() as connection:
        row = connection.execute(LIMITS).fetchone()
    assert row is not None
    return row[0], row[1]


def test_a_hub_that_serves_is_patient_by_what_it_does(world: FleetWorld) -> None:
    """With what endpoints send, and with what it does now and then."""
    hub = replace(world.hub, database=Database(world.hub.database.url))
    server = Server(hub)
    assert limits(hub.database) == ("30s", "10s")
    assert limits(server._watcher.database) == ("1h", "0")
    hub.database.close()
    server._watcher.database.close()


@pytest.mark.parametrize(
    ("deed", "given", "limit"),
    [
        (Deed.READ, None, "2min"),
        (Deed.READ, HUNTS, "10min"),
        (Deed.EXPORT, None, "1h"),
        (Deed.VERIFY, None, "1h"),
        (Deed.ERASE, None, "1h"),
    ],
)
def test_commands_are_patient_by_what_is_done(
    world: FleetWorld,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    deed: Deed,
    given: Patience | None,
    limit: str,
) -> None:
    monkeypatch.setenv("OUTGATE_HOME", str(tmp_path / "home"))
    folder = tmp_path / "of"
    init(folder, world.hub.database.url, ("127.0.0.1",), "127.0.0.1:0", world.clock())
    with at_hub(folder, deed, given) as connection:
        row = connection.execute(LIMITS).fetchone()
    assert row == (limit, "0")


def test_what_its_address_says_counts_more(world: FleetWorld) -> None:
    """Whoever runs a larger fleet may give it more time, all kinds alike."""
    url = world.hub.database.url.replace("-c search_path", "-c statement_timeout=5h -c search_path")
    with closing(connect(url, PEOPLE)) as connection:
        assert connection.execute(LIMITS).fetchone() == ("5h", "0")
        assert connection.execute(IDLE).fetchone() == ("10min",)
