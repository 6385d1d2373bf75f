"""A hub that the commands made, with a PostgreSQL of its own, for tests of the commands."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fleet_world import a_database, a_server, address_of

from core.ids import utc_now
from hub.answering import Hub
from hub.authority import load_authority, server_files
from hub.database import Database
from hub.own_postgres import OwnPostgres
from hub.service import Serving, server_context
from hub.settings import load, policy_public
from tests.app.conftest import Runs


@pytest.fixture(scope="module", name="postgres")
def postgres_fixture() -> Iterator[OwnPostgres]:
    """A server for the tests of this file; skipped where no PostgreSQL is installed."""
    with a_server() as server:
        yield server


@pytest.fixture(name="hub")
def hub_fixture(
    postgres: OwnPostgres, outgate: Runs, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A hub's folder, made by the command, with a database in which nothing is yet."""
    folder = Path(tempfile.mkdtemp(prefix="og-hub-"))
    with a_database(postgres) as name:
        place = address_of(postgres, name)
        told = outgate("hub", "init", str(folder), "--database", place, "--name", "127.0.0.1")
        assert told.code == 0, told
        monkeypatch.setenv("OUTGATE_HUB", str(folder))
        yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(name="port")
def port_fixture(hub: Path) -> Iterator[int]:
    """The hub of that folder, serving."""
    settings = load(hub)
    authority = load_authority(hub)
    file = server_files(authority, hub, list(settings.names), utc_now())
    database = Database(settings.database)
    serving = Hub(database=database, authority=authority, policy_key=policy_public(hub))
    with Serving(serving, server_context(file, settings.authority_file)) as running:
        yield running.port
    database.close()
