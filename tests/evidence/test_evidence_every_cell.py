"""No value in any table can be another in silence: each cell of a row of each table is changed, in
a file of which some records expired and parts of others were erased.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import evidence
from core.case_keys import case_key
from core.errors import EvidenceError
from core.ids import uuid7
from core.record import Record
from core.review import Action, Disposition, ReviewEvent, script_event
from evidence.compiled import CREATE
from evidence.database import connect
from evidence.erasure import Wanted, erase_now
from evidence.parts import blank_cuts, says_nothing
from evidence.retention import expire
from evidence.times import micros
from tests.evidence.conftest import Told, make_record

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TABLES = [words[2] for statement in CREATE if (words := statement.split())[1] == "TABLE"]
EMPTY = {"open_exchanges"}
"""Tables that hold nothing once a gate has stopped."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that a gate has left."""
    place = tmp_path_factory.mktemp("kept") / "home" / "evidence.db"
    records = written(place, range(12))
    store = evidence.open_store(place)
    event = ReviewEvent(
        id=uuid7(), at=START, case_key=case_key(records[0]), action=Action.CLOSE, who="officer",
        disposition=Disposition.TEST_DATA,
    )  # fmt: skip
    store.append([event])
    version = store.script_versions()[0]
    store.append([script_event(version, approve=True, who="officer", at=START, note="read")])
    store.checkpoint("printed")
    store.close()
    expire(place, micros(START + timedelta(seconds=4)), "older than 180 days", rest=lambda _: None)
    erase_now(place, Wanted(users=frozenset({"user0"})), who="officer", why="Art. 17")
    written(place, range(12, 18))
    with closing(connect(place)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return place


def written(place: Path, numbers: range) -> list[Record]:
    """Let a gate write records of two people."""
    opened, told = evidence.open_evidence(place), Told()
    made = [make_record(number) for number in numbers]
    records = [
        replace(record, sender=replace(record.sender, user=f"user{number % 2}"))
        for number, record in zip(numbers, made, strict=True)
    ]
    for record in records:
        opened.writer.close_record(record, told)
    assert set(told.wait(len(records))) == {None}
    opened.close()
    return records


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of one row."""

    column: str
    value: Any
    where: str
    key: tuple[Any, ...]


def cells(place: Path, table: str) -> Iterator[Cell]:
    """Yield all cells of the last row, and of the first entry, of which a part was erased."""
    with closing(sqlite3.connect(place)) as connection:
        told = connection.execute(f"PRAGMA table_info({table})").fetchall()
        names, keys = [row[1] for row in told], [row[1] for row in told if row[5]]
        rows = connection.execute(f"SELECT * FROM {table}").fetchall()
    where = " AND ".join(f"{name} IS ?" for name in keys)
    for row in [*rows[: table == "entries"], rows[-1]]:
        key = tuple(row[names.index(name)] for name in keys)
        for name, value in zip(names, row, strict=True):
            yield Cell(name, value, where, key)


def others(value: object) -> list[object]:
    """Return what may stand there in its place."""
    match value:
        case int():
            return [value + 1, -1, None]
        case str():
            return [value + "x", value[1:] or "y", None]
        case bytes():
            return [value + b"\1", bytes([*value[:-1], value[-1] ^ 1]) if value else b"x", None]
        case _:
            return [0, "x", b"x"]


def changed(place: Path, table: str, cell: Cell, new: object) -> bool:
    """Change a cell, where SQLite takes it."""
    set_ = f"UPDATE {table} SET {cell.column} = ? WHERE {cell.where}"
    try:
        with closing(sqlite3.connect(place)) as connection, connection:
            return connection.execute(set_, (new, *cell.key)).rowcount == 1
    except sqlite3.IntegrityError:
        return False


def is_whole(place: Path) -> bool:
    try:
        return evidence.verify(place).ok
    except EvidenceError:
        return False


@pytest.mark.parametrize("table", sorted(set(TABLES) - EMPTY))
def test_no_cell_is_another_in_silence(kept: Path, tmp_path: Path, table: str) -> None:
    home = tmp_path / "home"
    shutil.copytree(kept.parent, home)
    place, silent, tried = home / kept.name, [], 0
    assert is_whole(place)
    for cell in cells(kept, table):
        for new in others(cell.value):
            if new == cell.value:
                continue
            for ending in ("-wal", "-shm"):
                place.with_name(place.name + ending).unlink(missing_ok=True)
            shutil.copy2(kept, place)
            if changed(place, table, cell, new):
                tried += 1
                silent += [(cell, new)] if is_whole(place) else []
    assert tried > 2
    # How long parts were, earlier versions left where something was erased.
    assert [one for one in silent if (table, one[0].column) != ("entries", "cuts")] == []


def test_what_is_no_table_of_these_is_empty(kept: Path) -> None:
    with closing(sqlite3.connect(kept)) as connection:
        for table in TABLES:
            (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            assert (count == 0) == (table in EMPTY), table


@pytest.mark.parametrize(
    ("salt", "kept_cuts", "parts", "nothing"),
    [
        (None, None, None, True),
        (None, b"\2", None, False),
        (bytes(16), blank_cuts(b"\2" + bytes(range(8))), 2, True),
        (bytes(16), b"\2" + bytes(range(8)), 2, True),  # of an earlier version
        (bytes(16), b"\2" + bytes(range(8)), 3, False),
        (bytes(16), b"hidden", None, False),
        (bytes(15) + b"x", b"\2", None, False),
        (b"", b"\2", None, False),
        (None, b"", None, False),
    ],
)
def test_what_an_erasure_leaves_of_a_seal_says_nothing(
    salt: bytes | None, kept_cuts: bytes | None, parts: int | None, nothing: bool
) -> None:
    assert says_nothing(salt, kept_cuts, parts) is nothing


def test_what_was_erased_tells_not_how_long_it_was(kept: Path) -> None:
    """Beside the text that is left, the row has neither the salt nor the lengths of its parts."""
    with closing(sqlite3.connect(kept)) as connection:
        query = "SELECT salt, cuts FROM entries WHERE seq IN (SELECT seq FROM erased)"
        rows = connection.execute(query).fetchall()
    assert rows
    assert {(salt, cuts[1:].strip(b"\0")) for salt, cuts in rows} == {(bytes(16), b"")}


def test_records_are_of_several_people(kept: Path) -> None:
    """Some of what is there was erased in part, and some was not."""
    with closing(evidence.open_store(kept)) as store:
        whole = [one for one in store.iter_entries() if not one.has_gaps]
    assert 6 < len(whole) < 14
