"""Since when everything that is kept of scripts carries a seal."""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from evidence_file import old_store

from core.happenings import Event, happening
from core.ids import utc_now
from evidence.acts_retention import expire_acts
from evidence.notary import Notary
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


def test_the_end_of_old_acts_makes_nobody_a_forger(place: Path) -> None:
    """When everything was sealed stays known when acts go: what an earlier version kept carries
    no seal, and nobody took it off.
    """
    old_store(place, 11)
    store = Store(place)
    seen_at(place, utc_now() - timedelta(days=1))
    store.tell(happening(Event.EXPORTED, {}))
    store.close()
    Notary(place).take_now("test")
    expire_acts(place, 1 << 60, "all", rest=lambda _: None)
    assert not first_seen_since(place, VERSION)
    seen_at(place, utc_now() + timedelta(seconds=1))
    assert first_seen_since(place, VERSION)


@pytest.mark.parametrize("body", ["{}", "[]", '{"facts":{}}', '{"facts":{"to":"x"}}', "x", "7"])
def test_an_act_that_cannot_be_read_tells_nothing(place: Path, body: str) -> None:
    old_store(place, 11)
    Store(place).close()
    seen_at(place, utc_now() + timedelta(seconds=1))
    with closing(sqlite3.connect(place)) as connection, connection:
        connection.execute("UPDATE review_entries SET body = ? WHERE action = 'migrated'", (body,))
    assert not first_seen_since(place, VERSION)


def test_where_nothing_tells_it_nothing_is_claimed(tmp_path: Path, place: Path) -> None:
    """Without a file, without the table, or where the file does not say when it was made."""
    assert not first_seen_since(tmp_path / "none.db", VERSION)
    Store(place).close()
    seen_at(place, utc_now() + timedelta(seconds=1))
    for statement in ("UPDATE meta SET value = 'x' WHERE key = 'created_at'", "DROP TABLE meta"):
        with closing(sqlite3.connect(place)) as connection, connection:
            connection.execute(statement)
        assert not first_seen_since(place, VERSION)
