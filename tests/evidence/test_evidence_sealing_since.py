"""Since when everything that is kept of scripts carries a seal."""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from evidence_file import old_store

from core.ids import utc_now
from evidence.sealing_since import first_seen_since
from evidence.store import Store
from evidence.times import micros

VERSION = "cd" * 32


def seen_at(place: Path, at: datetime) -> None:
    with closing(sqlite3.connect(place)) as connection, connection:
        row = ("/job.py", VERSION, micros(at), micros(at), 1)
        connection.execute("INSERT OR REPLACE INTO scripts VALUES (?, ?, ?, ?, ?)", row)


@pytest.mark.parametrize("version", [None, 11, 4])
def test_what_was_seen_first_since_this_schema_was_kept_under_a_seal(
    place: Path, version: int | None
) -> None:
    """Since the file was made, or brought to it."""
    if version is not None:
        old_store(place, version)
    Store(place).close()
    seen_at(place, utc_now() + timedelta(seconds=1))
    assert first_seen_since(place, VERSION)
    seen_at(place, utc_now() - timedelta(days=1))
    assert not first_seen_since(place, VERSION)
    assert not first_seen_since(place, "ef" * 32)


def test_where_nothing_tells_it_nothing_is_claimed(tmp_path: Path, place: Path) -> None:
    """Without a file, without the table, or where the file does not say when it was made."""
    assert not first_seen_since(tmp_path / "none.db", VERSION)
    Store(place).close()
    seen_at(place, utc_now() + timedelta(seconds=1))
    for statement in ("UPDATE meta SET value = 'x' WHERE key = 'created_at'", "DROP TABLE meta"):
        with closing(sqlite3.connect(place)) as connection, connection:
            connection.execute(statement)
        assert not first_seen_since(place, VERSION)
