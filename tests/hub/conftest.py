"""What the tests of the hub share: one PostgreSQL for all, and a fresh hub for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fleet_world import FleetWorld, a_server, a_world

from hub.own_postgres import OwnPostgres


@pytest.fixture(scope="session", name="postgres")
def postgres_fixture() -> Iterator[OwnPostgres]:
    """A server for all tests of this folder; skipped where no PostgreSQL is installed."""
    with a_server() as server:
        yield server


@pytest.fixture(name="world")
def world_fixture(postgres: OwnPostgres, tmp_path: Path) -> Iterator[FleetWorld]:
    """A hub with nobody in it yet."""
    with a_world(postgres, tmp_path) as world:
        yield world
