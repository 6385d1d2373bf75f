"""A file of the thirteenth version is added up anew only where that version left something out:
what comes of it is what adding up everything gives.
"""

import logging
import lzma
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from evidence_file import STORES
from fates import ENDINGS, ended
from hypothesis import given, settings
from hypothesis import strategies as st

import evidence
from core.fate import Fate
from core.observation import Observation, Seen
from core.record import Record
from core.review import Action, CaseFilter, CaseStatus, Disposition, ReviewEvent
from core.stored import StoredObservation, StoredRecord
from evidence.alike import Alike, Figures, alike, alike_observed, figures
from evidence.database import connect, transaction
from evidence.rebuild import rebuild
from evidence.resumming import resum
from evidence.rollup import Rollup
from evidence.schema import VERSION
from evidence.sqlite_errors import DERIVED
from evidence.statements import write_rollup
from evidence.store import Store
from evidence.writer import Writer
from examples import most
from tests.evidence.conftest import make_observation, make_record

TABLES = sorted(set(DERIVED) - {"marks"})


def as_before(one: Record) -> tuple[Alike, Figures]:
    """What a record added to the sums of the thirteenth version."""
    kind = alike(one)
    told = figures(one, went=kind.went)
    case, past = kind.case, one.fate is Fate.PAST
    case = None if case is None else replace(case, went=one.left or past)
    kind = replace(kind, went=one.left, case=case, least=one.bytes_least)
    return kind, told._replace(bytes=one.request.bytes)


def to_thirteen(place: Path) -> None:
    """Make of a file what the thirteenth version would have made of the same entries."""
    rollup = Rollup()
    with closing(Store(place)) as store:
        for stored in store.iter_entries():
            read = stored.opened()
            if isinstance(read, StoredRecord):
                rollup.add_one(*as_before(read.record), stored.at_us)
            else:
                assert isinstance(read, StoredObservation)
                kind, told = alike_observed(read.observation)
                rollup._add_alike(replace(kind, least=False), told, stored.at_us)
    with closing(connect(place)) as connection, transaction(connection):
        ids = {str(key): id_ for key, id_ in connection.execute("SELECT key, id FROM cases")}
        for table in TABLES:
            connection.execute(f"DELETE FROM {table}")
        write_rollup(connection, rollup, ids)
        connection.execute("UPDATE traffic SET least = 0")
        connection.execute("DELETE FROM lots")


def tables(place: Path, how: Callable[[Any], None]) -> dict[str, list[Any]]:
    with closing(connect(place)) as connection:
        connection.execute("BEGIN")
        how(connection)
        found = {
            table: sorted(connection.execute(f"SELECT * FROM {table}"), key=repr)
            for table in TABLES
        }
        connection.execute("ROLLBACK")
    return found


def written(place: Path, records: Iterable[Any]) -> None:
    writer = Writer(place)
    for record in records:
        hand = writer.observed if isinstance(record, Observation) else writer.close_record
        hand(record, lambda _: None)
    writer.stop()


RECORDS = st.lists(
    st.tuples(
        st.sampled_from(["seen", *ENDINGS]), st.integers(0, 2), st.integers(0, 1), st.integers(0, 9)
    ),
    max_size=12,
)


@given(RECORDS)
@settings(max_examples=most(40), deadline=None)
def test_what_is_added_up_anew_is_what_a_whole_rebuild_gives(
    told: list[tuple[str, int, int, int]],
) -> None:
    """Of records of each ending, of few scripts and places, in any order and at any time."""
    with TemporaryDirectory() as folder:
        place = Path(folder) / "evidence.db"
        written(place, (made(number, *one) for number, one in enumerate(told)))
        right = tables(place, lambda _: None)
        to_thirteen(place)
        assert tables(place, resum) == right == tables(place, rebuild)


def made(number: int, name: str, script: int, host: int, quarters: int) -> Any:
    if name == "seen":
        seen = make_observation(number)
        unknown = {**seen.facts, "bytes_sent": Seen(value=None, how="the kernel's counters")}
        return replace(seen, facts=unknown) if script else seen
    record = ended(make_record, name, number, script=f"/srv/{script}.py", host=f"{host}.example")
    return replace(record, at=record.at + timedelta(minutes=15 * quarters))


@pytest.mark.parametrize("name", ["fates-13", "schema-13"])
def test_a_file_that_the_version_before_wrote(place: Path, name: str) -> None:
    """With what had expired in it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(lzma.decompress((STORES / f"{name}.db.xz").read_bytes()))
    add = "ALTER TABLE traffic ADD COLUMN least INTEGER DEFAULT 0 NOT NULL"

    def after(how: Callable[[Any], None]) -> Callable[[Any], None]:
        def done(connection: Any) -> None:
            connection.execute(add)
            how(connection)

        return done

    assert tables(place, after(resum)) == tables(place, after(rebuild))


def test_only_cases_that_are_concerned_are_read(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And who starts the gate is told of how many, how far it is, and that it waits for it."""
    plain = [ended(make_record, "delivered", n, script="/srv/plain.py") for n in range(30)]
    cut = [ended(make_record, "upload cut", n) for n in range(30, 33)]
    written(place, [*plain, *cut])
    to_thirteen(place)
    with caplog.at_level(logging.WARNING, "outgate.evidence"):
        tables(place, resum)
    (said,) = [one.getMessage() for one in caplog.records]
    assert said.startswith("the evidence is brought forward: 3 records of 33")


def test_who_starts_a_gate_of_a_much_older_file_is_told_how_far_it_is(
    place: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it is added up anew then, which takes minutes."""
    monkeypatch.setattr("evidence.rebuild.CHUNK", 10)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(lzma.decompress((STORES / "schema-12.db.xz").read_bytes()))
    with closing(sqlite3.connect(place)) as connection:
        (total,) = connection.execute("SELECT count(*) FROM entries").fetchone()
    with caplog.at_level(logging.WARNING, "outgate.evidence"):
        Store(place).close()
    said = [one.getMessage() for one in caplog.records]
    assert said[0].startswith(f"the evidence is brought forward: {total} records of {total} are")
    assert said[1:] == [
        f"the evidence is brought forward: {done} of {total}" for done in range(10, total, 10)
    ]
    assert total > 10
    caplog.clear()
    with closing(Store(place)) as store:
        store.rebuild_cases()
    assert not caplog.records


def test_a_step_that_is_killed_on_its_way_is_done_at_the_next_start(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is one transaction: nothing of it is there until all of it is. A closing stays."""
    one, other = (ended(make_record, name, n) for n, name in enumerate(["upload cut", "delivered"]))
    written(place, [one, other])
    with closing(Store(place)) as store:
        (key,) = [case.key for case in store.page(CaseFilter(status=None), 0, 9) if case.cut]
        event = ReviewEvent(
            id="e1", at=one.at, case_key=key, action=Action.CLOSE, who="officer",
            disposition=Disposition.TEST_DATA,
        )  # fmt: skip
        store.append([event])
    right = tables(place, lambda _: None)
    to_thirteen(place)
    with closing(sqlite3.connect(place)) as connection, connection:
        connection.execute("ALTER TABLE traffic DROP COLUMN least")
        connection.execute("PRAGMA user_version=13")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as before, pytest.raises(KeyboardInterrupt):
        before.setattr("evidence.resumming.close_anew", killed)
        Store(place)
    with closing(sqlite3.connect(place)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (13,)
    with closing(Store(place)) as store:
        assert store.count(CaseFilter(status=CaseStatus.CLOSED)) == 1
    assert tables(place, lambda _: None) == right
    assert evidence.verify(place, full=True).problems == ()
    with closing(sqlite3.connect(place)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
