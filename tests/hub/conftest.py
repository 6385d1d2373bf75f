"""What the tests of the hub share: one PostgreSQL for all, and a fresh hub for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fleet_over_tls import over_tls
from fleet_world import FleetWorld, a_server, a_world

from hub.own_postgres import OwnPostgres
from hub.service import Serving


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


@pytest.fixture(name="serving")
def serving_fixture(world: FleetWorld) -> Iterator[Serving]:
    """That hub behind HTTPS on loopback."""
    with over_tls(world) as serving:
        yield serving
