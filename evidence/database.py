"""Engines on the evidence file: SQLite in WAL mode, transactions begun by hand, parameters never shown in errors."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

from evidence.faults import DatabaseFault

BUSY_TIMEOUT_S = 5.0

_ALWAYS = ("PRAGMA trusted_schema=OFF", "PRAGMA temp_store=MEMORY", "PRAGMA cell_size_check=ON")
_WRITING = (
    "PRAGMA page_size=8192",
    "PRAGMA journal_mode=WAL",
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA wal_autocheckpoint=1000",
)


def engine_for(
    path: Path, *, strict: bool = False, read_only: bool = False, busy_timeout_s: float = BUSY_TIMEOUT_S
) -> Engine:
    """Return an engine on the file at `path`; connections stay open in a pool.

    Strict commits reach the disk itself (`synchronous=FULL`) and so survive a power cut; else they survive the death of
    the process and, in WAL mode, a power cut may lose the newest of them but never damage the file.
    """
    database = f"{path.absolute().as_uri()}?mode=ro" if read_only else str(path)
    query = {"uri": "true"} if read_only else {}
    engine = create_engine(
        URL.create("sqlite", database=database, query=query),
        hide_parameters=True,
        poolclass=NullPool if read_only else QueuePool,
        connect_args={"timeout": busy_timeout_s, "check_same_thread": False},
    )
    settings = _ALWAYS if read_only else (*_ALWAYS, *_WRITING, f"PRAGMA synchronous={'FULL' if strict else 'NORMAL'}")

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: Any) -> None:
        # None: the driver opens no transactions of its own, so that BEGIN IMMEDIATE is ours to send.
        connection.isolation_level = None
        for statement in settings:
            connection.execute(statement).close()

    return engine


@contextlib.contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Do all of the block or none of it, with no other writer in between."""
    with driver_transaction(driver_of(connection)):
        yield


@contextlib.contextmanager
def driver_transaction(driver: sqlite3.Connection) -> Iterator[None]:
    """Do all of the block or none of it, with no other writer in between."""
    driver.execute("BEGIN IMMEDIATE")
    try:
        yield
        driver.execute("COMMIT")
    except BaseException:
        # After some faults (a full disk) SQLite has rolled back by itself, and there is nothing left to roll back.
        with contextlib.suppress(*DatabaseFault):
            driver.execute("ROLLBACK")
        raise


def driver_of(connection: Connection) -> sqlite3.Connection:
    """Return the driver's own connection: on the hot path SQLAlchemy's share of a statement would be the larger one."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver
