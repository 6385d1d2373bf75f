"""Brings an older evidence file forward and is killed at each statement of that in turn: a program
of its own, so that each is a fork of one process with one thread.

Run: python killed_steps.py PLACE VERSION. Prints what each left that is not right, and how many.
"""

import os
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from evidence_file import old_store

import evidence
from evidence import database
from evidence.database import connect
from evidence.schema import VERSION, prepare
from evidence.sqlite_errors import DERIVED
from evidence.store import Store


def killed(place: Path, at: int) -> bool:
    """Bring the file forward in a fork, killed at such a statement; return whether it was. Pages
    that do not fit into a small memory are in the log by then.
    """
    child = os.fork()
    if child == 0:
        database.Connection = _killing(at)  # type: ignore[misc]
        prepare(place)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in {0, -signal.SIGKILL}:
        raise SystemExit(f"it ended with {status} at statement {at}")
    return status != 0


def _killing(at: int) -> type[database.Connection]:
    count = 0

    class Killing(database.Connection):
        def execute(self, *given: Any) -> sqlite3.Cursor:
            nonlocal count
            if self.in_transaction:
                if count == at:
                    os.kill(os.getpid(), signal.SIGKILL)
                count += 1
            elif given[0] == "BEGIN IMMEDIATE":
                super().execute("PRAGMA cache_size=2")
            return super().execute(*given)

    return Killing


def derived(place: Path) -> dict[str, list[Any]]:
    """Return the tables that are added up, in the schema of today."""
    with closing(connect(place, read_only=True)) as connection:
        if connection.value("PRAGMA user_version") != VERSION:
            return {}
        return {
            table: sorted(connection.execute(f"SELECT * FROM {table}"), key=repr)
            for table in DERIVED
        }


def fresh(place: Path, version: int) -> None:
    """Put the older file at the place, without what a killed one left beside it."""
    for log in ("-wal", "-shm"):
        place.with_name(place.name + log).unlink(missing_ok=True)
    old_store(place, version)


def main() -> None:
    """Kill at one statement after the other until nothing is left to be killed at."""
    place, version = Path(sys.argv[1]), int(sys.argv[2])
    fresh(place, version)
    Store(place).close()
    right, at = derived(place), 0
    while True:
        fresh(place, version)
        if not killed(place, at):
            break
        with closing(sqlite3.connect(place)) as connection:
            if connection.execute("PRAGMA user_version").fetchone() != (version,):
                sys.stdout.write(f"half done at {at}\n")
        Store(place).close()
        if derived(place) != right or evidence.verify(place, full=True).problems:
            sys.stdout.write(f"wrong at {at}\n")
        at += 1
    sys.stdout.write(f"kills={at}\n")


if __name__ == "__main__":
    main()
