"""A step forward that is killed at any of its statements, and who comes while it runs."""

import multiprocessing
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from evidence_file import old_store

import evidence
from core.errors import EvidenceError
from evidence import database
from evidence.database import connect
from evidence.schema import VERSION, prepare
from evidence.sqlite_errors import DERIVED
from evidence.store import Store


def opened_and_killed(place: Path, at: int) -> None:
    """Open the file, and kill this process at such a statement of what brings it forward. Pages that
    do not fit into a small memory are in the log by then.
    """
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

    database.Connection = Killing  # type: ignore[misc]
    prepare(place)


def ended(target: Callable[..., None], *given: Any) -> int | None:
    process = multiprocessing.get_context("fork").Process(target=target, args=given)
    process.start()
    process.join()
    return process.exitcode


def tables(place: Path) -> dict[str, list[Any]]:
    with closing(connect(place, read_only=True)) as connection:
        assert connection.value("PRAGMA user_version") == VERSION
        return {
            table: sorted(connection.execute(f"SELECT * FROM {table}"), key=repr)
            for table in DERIVED
        }


@pytest.mark.skipif(not hasattr(os, "fork"), reason="it is killed in a fork")
@pytest.mark.parametrize("version", [12, 13])
def test_a_step_that_is_killed_anywhere_is_done_at_the_next_start(
    tmp_path: Path, version: int
) -> None:
    """By SIGKILL, at each statement in turn: of the version right before, and of an earlier one."""
    whole, killed = tmp_path / "whole.db", tmp_path / "killed.db"
    old_store(whole, version)
    Store(whole).close()
    right = tables(whole)
    for at in range(10_000):
        old_store(killed, version)
        for log in ("-wal", "-shm"):
            killed.with_name(killed.name + log).unlink(missing_ok=True)
        if (code := ended(opened_and_killed, killed, at)) == 0:
            break
        assert code == -signal.SIGKILL
        with closing(sqlite3.connect(killed)) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (version,), at
        Store(killed).close()
        assert tables(killed) == right, at
        assert evidence.verify(killed, full=True).problems == (), at
    assert at > 10


def test_who_comes_while_it_is_brought_forward_is_told_to_wait(tmp_path: Path) -> None:
    """To close the program that does it would only begin it again."""
    place = tmp_path / "evidence.db"
    old_store(place, 13)
    with closing(connect(place)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(EvidenceError, match="older schema 13: it may be bringing it forward"):
            prepare(place, busy_timeout_s=0)
        other.execute("ROLLBACK")
    prepare(place, busy_timeout_s=0)
    assert evidence.verify(place).problems == ()
