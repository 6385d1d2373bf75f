"""Attacks on the evidence: each is named by `verify`, and none passes in silence."""

import os
import shutil
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from evidence_file import rechained, replaced, run
from one_process_pool import OneProcessPool

import evidence
from core.case_keys import case_key
from core.errors import EvidenceError, InputError
from core.happenings import Installation
from core.ids import uuid7
from core.record import Record
from core.review import Action, Disposition, ReviewEvent, script_event
from evidence import passage, stretch
from evidence.database import connect, transaction
from evidence.gate_words import words
from evidence.notary import Notary, key_file
from evidence.rebuild import rebuild
from evidence.verification import _Reading, sightings
from evidence.verify_report import VerifyReport
from evidence.witness import FileWitness, beside, sighting
from tests.evidence.conftest import Told, make_observation

Make = Callable[..., Record]
HERE = Installation(machine="3d0c", host=None, version="0.1.0")
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Home:
    """An installation with evidence of some days."""

    path: Path
    elsewhere: Path
    """A witness out of the attacker's reach."""
    make_record: Make
    told: Callable[[], Told]

    def day(self, first: int, count: int = 5) -> None:
        """Let a gate run for a while, and somebody review."""
        opened = evidence.open_evidence(
            self.path, installation=HERE, witnesses=[FileWitness(self.elsewhere)]
        )
        told = self.told()
        records = [self.make_record(n) for n in range(first, first + count)]
        for record in records:
            opened.writer.close_record(record, told)
        assert set(told.wait(count)) == {None}
        store = evidence.open_store(self.path, witnesses=[FileWitness(self.elsewhere)])
        key = case_key(records[0])
        acts = ((Action.NOTE, None), (Action.CLOSE, Disposition.TEST_DATA))
        for action, disposition in acts:
            review = ReviewEvent(
                id=uuid7(), at=START, case_key=key, action=action, who="officer",
                disposition=disposition,
            )  # fmt: skip
            store.append([review])
        version = store.script_versions()[0]
        store.append([script_event(version, approve=True, who="officer", at=START, note="read")])
        store.close()
        opened.close()

    def copy(self, to: Path) -> None:
        """Copy the evidence alone, as a backup does."""
        for ending in ("", "-wal", "-shm"):
            source = self.path.with_name(self.path.name + ending)
            if source.exists():
                shutil.copy2(source, to.with_name(to.name + ending))


@pytest.fixture(scope="module")
def some_days(tmp_path_factory: pytest.TempPathFactory, make_record: Make) -> Path:
    """A folder with an installation of two days and its witness elsewhere."""
    folder = tmp_path_factory.mktemp("days")
    made = Home(folder / "home" / "evidence.db", folder / "elsewhere", make_record, Told)
    made.day(0)
    made.day(10)
    return folder


@pytest.fixture
def home(tmp_path: Path, some_days: Path, make_record: Make, told: Callable[[], Told]) -> Home:
    shutil.copytree(some_days, tmp_path, dirs_exist_ok=True)
    return Home(tmp_path / "home" / "evidence.db", tmp_path / "elsewhere", make_record, told)


def sql(*statements: str) -> Callable[[Home], None]:
    return lambda home: run(home.path, *statements)


def change_and_rechain(home: Home) -> None:
    """A record is changed and the rest of the chain computed anew, as whoever has the file can."""

    def changed(body: Any) -> Any:
        body["request"]["content_type"] = "text/plain"
        return body

    rechained(home.path, 3, changed)


def older_copy(home: Home) -> None:
    """Yesterday's file is put back where today's stood."""
    backup = home.path.with_name("yesterday")
    home.copy(backup)
    home.day(20)
    for ending in ("-wal", "-shm"):
        home.path.with_name(home.path.name + ending).unlink(missing_ok=True)
    shutil.copy2(backup, home.path)


def other_store(home: Home) -> None:
    """The file of another installation is put in the place of this one."""
    other = Home(home.path.parent.parent / "b" / "evidence.db", home.elsewhere.with_name("else2"),
                 home.make_record, home.told)  # fmt: skip
    other.day(0)
    other.day(10)
    other.day(20)
    shutil.copy2(other.path, home.path)


def fork(home: Home) -> None:
    """Two gates go on from one copy, and the other's file is put in place."""
    copy = home.path.parent.parent / "fork" / "evidence.db"
    copy.parent.mkdir()
    home.copy(copy)
    shutil.copytree(key_file(home.path).parent, key_file(copy).parent)
    home.day(20)
    other = Home(copy, home.elsewhere.with_name("else3"), home.make_record, home.told)
    other.day(30, 9)
    shutil.copy2(copy, home.path)


def key_replaced(home: Home) -> None:
    """All is signed anew with a key of the attacker's."""
    key_file(home.path).write_bytes(os.urandom(32))
    own = Notary(home.path)
    sql("DELETE FROM checkpoints")(home)
    with closing(sqlite3.connect(home.path, isolation_level=None)) as connection:
        seen = connection.execute("SELECT count(*) FROM checkpoints").fetchone()
        assert seen == (0,)
    own.take_now("start")


def new_key_only(home: Home) -> None:
    """The key is exchanged for another, and nothing said."""
    key_file(home.path).write_bytes(os.urandom(32))


def begun_anew(home: Home) -> None:
    """The file is deleted; a gate begins another one."""
    for ending in ("", "-wal", "-shm"):
        home.path.with_name(home.path.name + ending).unlink(missing_ok=True)


def cut_tail(home: Home) -> None:
    """The newest records, their sums and the acts that saw them go, and it all adds up."""
    with closing(sqlite3.connect(home.path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM entries WHERE seq > 7")
        connection.execute("DELETE FROM review_entries WHERE json_extract(body, '$.up_to') > 7")
        connection.execute("DELETE FROM checkpoints WHERE records > 7")
    made_to_fit(home)


def made_to_fit(home: Home) -> None:
    """Make the derived tables anew, without the act that the product chains of that."""
    with closing(connect(home.path)) as connection, transaction(connection):
        rebuild(connection)


def cut_acts(home: Home) -> None:
    """The newest acts go, with the checkpoints that saw them."""
    with closing(sqlite3.connect(home.path, isolation_level=None)) as connection:
        (last,) = connection.execute("SELECT max(seq) FROM review_entries").fetchone()
        connection.execute("DELETE FROM review_entries WHERE seq > ?", (last - 3,))
        connection.execute("DELETE FROM checkpoints WHERE reviews > ?", (last - 3,))
    made_to_fit(home)


def schema(*statements: str) -> Callable[[Home], None]:
    """Edit the file's own description of itself, as SQLite lets whoever has it."""
    return sql("PRAGMA writable_schema=ON", *statements)


def hidden(index: str, condition: str) -> Callable[[Home], None]:
    """Make an index anew without some rows, and let it look as before."""

    def act(home: Home) -> None:
        said = "UPDATE sqlite_master SET sql = sql || ? WHERE name = ?"
        for change, reindex in ((condition, True), ("", False)):
            with closing(sqlite3.connect(home.path, isolation_level=None)) as connection:
                connection.execute("PRAGMA writable_schema=ON")
                if change:
                    connection.execute(said, (change, index))
                else:
                    undo = "UPDATE sqlite_master SET sql = replace(sql, ?, '') WHERE name = ?"
                    connection.execute(undo, (condition, index))
            if reindex:
                with closing(sqlite3.connect(home.path, isolation_level=None)) as connection:
                    connection.execute(f"REINDEX {index}")

    return act


def cursor(text: str) -> Callable[[Home], None]:
    """Put down how far a collector came; `CHAIN` stands for the chain of records."""

    def act(home: Home) -> None:
        with closing(sqlite3.connect(home.path)) as connection:
            query = "SELECT value FROM meta WHERE key = 'chain.records'"
            (chain,) = connection.execute(query).fetchone()
        folder = home.path.with_name("outbox")
        folder.mkdir()
        (folder / "siem.json").write_text(text.replace("CHAIN", chain))

    return act


SWAPPED = (
    "UPDATE checkpoints SET seq = -2 WHERE seq = 2", "UPDATE checkpoints SET seq = 2 WHERE seq = 3",
    "UPDATE checkpoints SET seq = 3 WHERE seq = -2",
)  # fmt: skip


def at_rest(*statements: str) -> Callable[[Home], None]:
    """Edit the file by SQLite's own means, and bring all of its log into it."""

    def act(home: Home) -> None:
        with closing(sqlite3.connect(home.path, isolation_level=None)) as connection:
            for statement in (*statements, "PRAGMA wal_checkpoint(TRUNCATE)"):
                connection.execute(statement).fetchall()

    return act


def header(at: int, value: bytes) -> Callable[[Home], None]:
    """Write into the first bytes of the file."""

    def act(home: Home) -> None:
        at_rest()(home)
        with home.path.open("r+b") as file:
            file.seek(at)
            file.write(value)

    return act


def longer_file(home: Home) -> None:
    """Something is hidden behind the last page."""
    at_rest()(home)
    with home.path.open("ab") as file:
        file.write(b"hidden" * 10)


def other_log(home: Home) -> None:
    """The log of another installation is put beside the file."""
    other = Home(home.path.parent.parent / "b" / "evidence.db", home.elsewhere.with_name("else2"),
                 home.make_record, home.told)  # fmt: skip
    other.day(0)
    with closing(sqlite3.connect(other.path)) as reading:  # so that the log stays
        reading.execute("SELECT count(*) FROM entries").fetchall()
        other.day(10)
        at_rest()(home)
        for ending in ("-wal", "-shm"):
            home.path.with_name(home.path.name + ending).unlink(missing_ok=True)
        log = other.path.with_name(other.path.name + "-wal")
        shutil.copy2(log, home.path.with_name(home.path.name + "-wal"))


def forged_exchange(seal: bytes | None) -> Callable[[Home], None]:
    """A request that nobody sent is put among those under way; the next gate would chain it."""

    def act(home: Home) -> None:
        with closing(connect(home.path)) as connection:
            query = "SELECT id, CAST(unpacked(body) AS TEXT) FROM entries WHERE seq = 3"
            ((id_, text),) = connection.execute(query).fetchall()
            row = (1, (new := str(uuid7())), "gate", text.replace(id_, new), seal)
            connection.execute("INSERT INTO open_exchanges VALUES (?, ?, ?, ?, ?)", row)

    return act


def long_cuts(home: Home) -> None:
    """Where the parts of a record are is written in another way that says the same."""
    with closing(connect(home.path)) as connection:
        cuts = connection.value("SELECT cuts FROM entries WHERE seq = 3")
        numbers = struct.unpack(f">{len(cuts) // 2}H", cuts[1:])
        told = b"\x04" + struct.pack(f">{len(numbers)}L", *numbers)
        connection.execute("UPDATE entries SET cuts = ? WHERE seq = 3", (told,))


def half_a_key(home: Home) -> None:
    """The key that signs is cut off."""
    key_file(home.path).write_bytes(key_file(home.path).read_bytes()[:16])


def witness_without(*lines: int) -> Callable[[Home], None]:
    """Take these lines out of the witness beside the file."""

    def act(home: Home) -> None:
        place = beside(home.path).path
        kept = place.read_text().splitlines(keepends=True)
        for number in sorted(lines, reverse=True):
            del kept[number]
        place.write_text("".join(kept))

    return act


def witness_damaged(home: Home) -> None:
    """A line that says nothing stands for one that did."""
    place = beside(home.path).path
    kept = place.read_text().splitlines(keepends=True)
    place.write_text("".join([*kept[:2], "garbage\n", *kept[3:]]))


def key_gone(home: Home) -> None:
    """The key is taken away, and its folder left."""
    key_file(home.path).unlink()


def keys_gone(home: Home) -> None:
    """The keys are taken away with their folder."""
    shutil.rmtree(key_file(home.path).parent)


def witness_folder(home: Home) -> None:
    """Nothing can be read, or written, where the witness stood."""
    place = beside(home.path).path
    place.unlink()
    place.mkdir()


UNTOLD = "of the checkpoints in the file: their lines were taken out"
BEHIND = "something stands behind the text of entry 4"
LOOKED_UP = "the list by which values are looked up"
ENTRY = (
    "INSERT INTO entries SELECT max(seq) + 1, 'x', at_us, case_id, hash, hash, salt, cuts, body"
    " FROM entries"
)


def salted(salt: str) -> Callable[[Home], None]:
    """Put another salt to an observation: an entry of one part, whose hash holds no salt."""

    def act(home: Home) -> None:
        opened = evidence.open_evidence(home.path, installation=HERE)
        told = home.told()
        opened.writer.observed(make_observation(99), told)
        assert set(told.wait(1)) == {None}
        opened.close()
        sql(f"UPDATE entries SET salt = {salt} WHERE length(cuts) = 1")(home)

    return act


ATTACKS: dict[str, tuple[Callable[[Home], None], str]] = {
    "a byte of a record": (
        sql(replaced('"POST"', '"GET"', "seq = 2")),
        "entry 2 was changed",
    ),
    "a byte of a hash": (
        sql("UPDATE entries SET hash = zeroblob(32) WHERE seq = 2"), "entry 2 was changed",
    ),
    "a record dropped": (sql("DELETE FROM entries WHERE seq = 3"), "1 missing in between"),
    "a record inserted": (sql(ENTRY), "entry 11 was changed"),
    "records reordered": (
        sql(
            "UPDATE entries SET seq = -2 WHERE seq = 2", "UPDATE entries SET seq = 2 WHERE seq = 3",
            "UPDATE entries SET seq = 3 WHERE seq = -2",
        ),
        "entry 2 does not follow",
    ),
    "a record twice": (
        sql(
            "INSERT INTO entries SELECT 11, 'y', at_us, case_id, prev, hash, salt, cuts, body FROM entries"
            " WHERE seq = 10"
        ),
        "entry 11 does not follow",
    ),
    "the newest records cut off": (sql("DELETE FROM entries WHERE seq > 8"), "which is not there"),
    "the newest records cut off, all else made to fit": (cut_tail, "here are 7"),
    "the newest acts cut off, all else made to fit": (cut_acts, "here are"),
    "a record changed and the chain computed anew": (
        change_and_rechain, "which is another one here",
    ),
    "yesterday's copy put back": (older_copy, "an older copy was put back"),
    "another store put in its place": (other_store, "another evidence file here"),
    "a fork": (fork, "rewritten or forked"),
    "the file deleted and begun anew": (begun_anew, ""),
    "the signing key replaced": (key_replaced, "was taken out of the file"),
    "the signing key exchanged": (new_key_only, "not signed with the key of this installation"),
    "a checkpoint forged": (
        sql("UPDATE checkpoints SET note = replace(note, 'time 2', 'time 1') WHERE seq = 1"),
        "checkpoint 1: the signature",
    ),
    "a checkpoint filed elsewhere": (
        sql("UPDATE checkpoints SET records = 1 WHERE seq = 4"), "under another size",
    ),
    "all checkpoints removed": (sql("DELETE FROM checkpoints"), "there are none in the file"),
    "one checkpoint removed": (
        sql("DELETE FROM checkpoints WHERE seq = 2"), "was taken out of the file",
    ),
    "a case edited": (sql("UPDATE cases SET count = 4"), "does not add up"),
    "a case closed by hand": (
        sql("UPDATE cases SET status = 'closed', disposition = 'false_alarm'"), "otherwise than",
    ),
    "a review edited": (
        sql("UPDATE review_entries SET body = replace(body, 'officer', 'someone') WHERE action = 'note'"),
        "in the reviews: entry",
    ),
    "a review removed": (
        sql("DELETE FROM review_entries WHERE action = 'note'"), "in the reviews: after entry",
    ),
    "an approval of another version": (
        sql("UPDATE review_entries SET script_sha256 = 'ff' WHERE action = 'approve_script'"),
        "is filed under another",
    ),
    "the start of a gate removed": (
        sql("DELETE FROM review_entries WHERE action = 'gate_started'"), "in the reviews: after",
    ),
    "a version of a script edited": (
        sql("UPDATE scripts SET first_us = 1"), "the list of versions of scripts",
    ),
    "a version of a script added": (
        sql("INSERT INTO scripts VALUES ('/x.py', 'ee', 1, 1, 1)"), "the list of versions",
    ),
    "a sum of traffic edited": (sql("UPDATE traffic SET bytes = 1"), "the sums of traffic"),
    "a sum of traffic removed": (sql("DELETE FROM traffic"), "the sums of traffic"),
    "a sum of an hour edited": (sql("UPDATE hours SET found = 1"), "added up by the hour"),
    "a sum of an hour removed": (sql("DELETE FROM hours"), "added up by the hour"),
    "a sum of a day edited": (sql("UPDATE days SET last_hour = 1"), "added up by the day"),
    "a sum of a day removed": (sql("DELETE FROM days"), "added up by the day"),
    "an older version of the schema": (sql("PRAGMA user_version=3"), "schema 3"),
    "a trigger": (
        sql("CREATE TRIGGER t AFTER INSERT ON entries BEGIN DELETE FROM cases; END"),
        "a trigger that Outgate does not make: t",
    ),
    "a view": (sql("CREATE VIEW v AS SELECT 1"), "a view that Outgate does not make"),
    "a table": (sql("CREATE TABLE mine (x)"), "a table that Outgate does not make"),
    "an index on something else": (
        sql("DROP INDEX entries_by_time", "CREATE INDEX entries_by_time ON entries (id)"),
        "entries_by_time is another",
    ),
    "a table with a condition": (
        sql("DROP TABLE open_exchanges",
            "CREATE TABLE open_exchanges (slot INTEGER NOT NULL PRIMARY KEY, id VARCHAR NOT NULL,"
            " gate VARCHAR NOT NULL, body VARCHAR NOT NULL, CHECK (slot < 0))"),
        "open_exchanges is another",
    ),
    "a word about itself": (sql("INSERT INTO meta VALUES ('x', 'y')"), "says something of itself"),
    "another chain's name": (
        sql("UPDATE meta SET value = 'records:x' WHERE key = 'chain.records'"), "does not follow",
    ),
    "all marks removed": (sql("DELETE FROM marks"), LOOKED_UP),
    "the marks of a record removed": (sql("DELETE FROM marks WHERE seq = 3"), LOOKED_UP),
    "a mark put in": (sql("INSERT INTO marks VALUES (77, 3)"), LOOKED_UP),
    "a mark of no record": (sql("INSERT INTO marks VALUES (77, 3000)"), LOOKED_UP),
    "marks moved away": (sql("UPDATE marks SET seq = seq + 100"), LOOKED_UP),
    "the time of an act": (
        sql("UPDATE review_entries SET at_us = at_us + 1 WHERE seq = 3"), "another id, time",
    ),
    "the age of the file": (
        sql("UPDATE meta SET value = '2020-01-01T00:00:00Z' WHERE key = 'created_at'"),
        "another age",
    ),
    "something behind the age of the file": (
        sql("UPDATE meta SET value = value || char(0) || 'x' WHERE key = 'created_at'"),
        "says something of itself",
    ),
    "the age of the file, written otherwise": (
        sql("UPDATE meta SET value = replace(value, 'Z', '+00:00') WHERE key = 'created_at'"),
        "says something of itself",
    ),
    "a mark of half a number": (
        sql("UPDATE marks SET seq = 3.5 WHERE (mark, seq) = (SELECT min(mark), 3 FROM marks"
            " WHERE seq = 3)"),
        "table marks holds what Outgate does not write",
    ),
    "a word for a sum": (
        sql("UPDATE hours SET exchanges = 'many'"), "table hours holds what Outgate does not write",
    ),
    "a longer salt of a record of one part": (
        salted("zeroblob(24)"), "was changed",
    ),
    "other bytes in the salt of a record of one part": (
        salted("randomblob(16)"), "other bytes than the gate wrote",
    ),
    "what a gate told, taken out": (
        sql("DELETE FROM lots WHERE first = (SELECT min(first) FROM lots)"),
        "what the gate told of the entries from 1 on was taken out",
    ),
    "no salt of a record of one part": (
        salted("x''"), "was changed",
    ),
    "the age of the file, removed": (
        sql("DELETE FROM meta WHERE key = 'created_at'"), "says something of itself",
    ),
    "a word left behind by a repair": (
        sql("INSERT OR REPLACE INTO meta VALUES ('probe', 'payload')"), "says something of itself",
    ),
    "the time of a checkpoint": (
        sql("UPDATE checkpoints SET at_us = 1 WHERE seq = 2"), "under another time",
    ),
    "the reason of a checkpoint": (
        sql("UPDATE checkpoints SET why = 'traffic' WHERE why = 'start'"), "is filed as of traffic",
    ),
    "the tree of a checkpoint": (
        sql("UPDATE checkpoints SET records_frontier = zeroblob(length(records_frontier))"),
        "another tree",
    ),
    "the tree of acts of a checkpoint": (
        sql("UPDATE checkpoints SET reviews_frontier = x'00' WHERE seq = 2"), "another tree",
    ),
    "checkpoints reordered": (sql(*SWAPPED), "reordered or repeated"),
    "a checkpoint twice": (
        sql("INSERT INTO checkpoints SELECT 99, at_us, why, records, reviews, public,"
            " records_frontier, reviews_frontier, note FROM checkpoints"
            " ORDER BY seq DESC LIMIT 1"),
        "reordered or repeated",
    ),
    "a checkpoint with more than was signed": (
        sql("UPDATE checkpoints SET note = note || 'x' WHERE seq = 2"), "more than what was signed",
    ),
    "a checkpoint of another type": (
        sql("UPDATE checkpoints SET note = CAST(note AS BLOB) WHERE seq = 2"),
        "row 2 of the table checkpoints",
    ),
    "a hash of another type": (
        sql("UPDATE entries SET hash = hex(hash) WHERE seq = 10"), "row 10 of the table entries",
    ),
    "a text that is none": (
        sql("UPDATE entries SET id = CAST(x'ff' AS TEXT) WHERE seq = 4"), "text that is none",
    ),
    "a body with something behind it": (
        sql("UPDATE entries SET body = body || x'41' WHERE seq = 4"), "row 4 of the table entries",
    ),
    "an act of another type": (
        sql("UPDATE review_entries SET body = CAST(body AS BLOB) WHERE seq = 3"),
        "row 3 of the table review_entries",
    ),
    "an exchange under way put in": (
        sql("INSERT INTO open_exchanges VALUES (1, 'x', 'g', '{}', NULL)"), "under way was put in",
    ),
    "a rest of no record": (
        sql("INSERT INTO erased VALUES (3000, x'02', x'')"), "entry 3000, which is not there",
    ),
    "a trigger under a name of SQLite's": (
        schema("INSERT INTO sqlite_master VALUES ('trigger', 'sqlite_t', 'entries', 0,"
               " 'CREATE TRIGGER sqlite_t AFTER INSERT ON entries BEGIN DELETE FROM cases; END')"),
        "a trigger that Outgate does not make: sqlite_t",
    ),
    "a table of statistics": (sql("ANALYZE"), "does not make: sqlite_stat1"),
    "a virtual table": (sql("CREATE VIRTUAL TABLE v USING fts5(x)"), "does not make: v"),
    "a key that replaces": (
        schema("UPDATE sqlite_master SET sql = replace(sql, 'PRIMARY KEY (seq)',"
               " 'PRIMARY KEY (seq) ON CONFLICT REPLACE') WHERE name = 'entries'"),
        "entries is another",
    ),
    "an index that hides a record": (
        hidden("entries_by_time", " WHERE seq <> 4"), "row 4 missing from index entries_by_time",
    ),
    "an index that hides an approval": (
        hidden("review_entries_by_script", " WHERE action <> 'approve_script'"),
        "missing from index review_entries_by_script",
    ),
    "a condition behind a comment": (
        schema("UPDATE sqlite_master SET sql = replace(sql, 'PRIMARY KEY (seq)',"
               " '/**/CHECK/**/(seq < 12), PRIMARY KEY (seq)') WHERE name = 'entries'"),
        "entries is another",
    ),
    "a key that replaces, behind a comment": (
        schema("UPDATE sqlite_master SET sql = replace(sql, 'PRIMARY KEY (seq)',"
               " 'PRIMARY KEY (seq) ON/**/CONFLICT/**/REPLACE') WHERE name = 'entries'"),
        "entries is another",
    ),
    "another order of letters": (
        schema("UPDATE sqlite_master SET sql = replace(sql, 'id VARCHAR',"
               " 'id VARCHAR/**/COLLATE/**/NOCASE') WHERE name = 'entries'"),
        "entries is another",
    ),
    "an index on some, behind a comment": (
        sql("DROP INDEX entries_by_time",
            "CREATE INDEX entries_by_time ON entries (at_us)/**/WHERE/**/seq <> 4"),
        "entries_by_time is another",
    ),
    "an index on some, on lines of its own": (
        sql("DROP INDEX entries_by_time",
            "CREATE INDEX entries_by_time ON entries (at_us)\nWHERE\nseq <> 4"),
        "entries_by_time is another",
    ),
    "an index on fewer": (
        sql("DROP INDEX entries_by_case", "CREATE INDEX entries_by_case ON entries (case_id, seq)"
            " WHERE case_id IS NOT NULL AND seq <> 4"),
        "entries_by_case is another",
    ),
    "an index dropped": (sql("DROP INDEX review_entries_by_script"), "is missing in the file"),
    "a column that is computed": (
        sql("ALTER TABLE cases ADD COLUMN g INTEGER GENERATED ALWAYS AS (count + 1) VIRTUAL"),
        "cases is another",
    ),
    "a column more": (sql("ALTER TABLE cases ADD COLUMN g INTEGER"), "cases is another"),
    "a view in the place of a table": (
        sql("ALTER TABLE traffic RENAME TO t", "CREATE VIEW traffic AS SELECT * FROM t"),
        "the table traffic is missing",
    ),
    "a sequence": (
        sql("CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT)", "DROP TABLE t"),
        "does not make: sqlite_sequence",
    ),
    "a newer version of the schema": (sql("PRAGMA user_version=9999"), "schema 9999"),
    "another program's file": (at_rest("PRAGMA application_id=7"), "some other program"),
    "a word in the header": (header(72, b"hidden"), "the header of the file holds"),
    "a size of caches": (at_rest("PRAGMA default_cache_size=7"), "the header of the file holds"),
    "something behind the file": (longer_file, "behind the last page"),
    "another store's log": (other_log, "entry 1 does not follow"),
    "checkpoints renumbered": (
        sql("UPDATE checkpoints SET seq = seq + 100"), "was number 1 when it was signed",
    ),
    "the newest checkpoint renumbered": (
        sql("UPDATE checkpoints SET seq = seq + 1 WHERE seq = (SELECT max(seq) FROM checkpoints)"),
        "when it was signed",
    ),
    "a request that nobody sent": (forged_exchange(None), "under way was put in or changed"),
    "a request that nobody sent, sealed": (
        forged_exchange(bytes(16)), "under way was put in or changed",
    ),
    "parts told otherwise": (long_cuts, "entry 3 was changed"),
    "something behind a text": (
        sql("UPDATE entries SET body = CAST(body || x'41' AS BLOB) WHERE seq = 4"), BEHIND,
    ),
    "zeros behind a text": (
        sql("UPDATE entries SET body = CAST(body || x'0000' AS BLOB) WHERE seq = 4"), BEHIND,
    ),
    "a frame behind a text": (
        sql("UPDATE entries SET body = CAST(body || x'502A4D180100000041' AS BLOB) WHERE seq = 4"),
        BEHIND,
    ),
    "another size of pages": (header(16, b"\x10\x00"), "damaged"),
    "room in pages that SQLite leaves alone": (header(20, b"\x08"), "damaged"),
    "an expiry that never was": (
        sql("INSERT INTO past VALUES (3, packed('{}'))"), "the sums of records that expired",
    ),
    "a collector that came further": (
        cursor('{"chain": "CHAIN", "records": 9000, "acts": 2}'), "further than the evidence goes",
    ),
    "a collector whose place was changed": (
        cursor('{"chain": "CHAIN", "records": 9, "acts": 2, "signature": "' + "00" * 64 + '"}'),
        "how far the collector siem came was changed",
    ),
    "words behind a table": (
        schema("UPDATE sqlite_master SET sql = sql || ' -- words' WHERE name = 'entries'"),
        "entries is another",
    ),
    "words in an index": (
        schema("UPDATE sqlite_master SET sql = replace(sql, '(at_us)', '(at_us /*words*/)')"
               " WHERE name = 'entries_by_time'"),
        "entries_by_time is another",
    ),
    "a line taken out of the witness": (witness_without(3), UNTOLD),
    "the first lines taken out of the witness": (witness_without(0, 1), UNTOLD),
    "a line of the witness damaged": (witness_damaged, UNTOLD),
    "the key taken away": (key_gone, "the key of this installation is gone"),
    "the folder of keys taken away": (keys_gone, "the key of this installation is gone"),
    "half a key": (half_a_key, "the key of this installation is damaged"),
    "a folder in the place of the witness": (witness_folder, "witness beside the evidence cannot"),
    "a collector's place that is none": (cursor("garbage"), "cannot be read"),
}  # fmt: skip


def named(home: Home, witnesses: tuple[Path, ...] = ()) -> str:
    """Return all that `verify` says against the evidence."""
    report = evidence.verify(home.path, witnesses)
    assert not report.ok
    assert "NOT whole" in report.text()
    return report.text()


@pytest.fixture
def several(monkeypatch: pytest.MonkeyPatch) -> Callable[[Home], VerifyReport]:
    """Read in stretches that know nothing of each other, as several processes read a large file,
    and by nobody else.
    """
    monkeypatch.setattr(passage, "MANY", 1)
    monkeypatch.setattr(passage, "ProcessPoolExecutor", OneProcessPool)
    monkeypatch.setattr(stretch, "STRETCH", 3)

    def read(home: Home) -> VerifyReport:
        report = _read(home, 2, by_lots=False)
        assert report is not None
        return report

    return read


def _read(home: Home, workers: int, *, by_lots: bool) -> VerifyReport | None:
    """Read in one way only."""
    how: Any = {"since_checkpoint": False, "stamps": (), "stamp_roots": None}
    reading = _Reading(home.path, workers, None, by_lots=by_lots, **how)
    return reading.report(words(home.path), sightings(home.path, ()))


def test_lots_are_found_whole_and_told(home: Home) -> None:
    """What two gates closed when they stopped needs no text to be read."""
    report = _read(home, 1, by_lots=True)
    assert report is not None and report.problems == ()
    assert any(note.startswith("Of 10 records of 10 the stored bytes") for note in report.notes)


def test_several_find_whole_what_is_whole(
    home: Home, several: Callable[[Home], VerifyReport]
) -> None:
    """Ten records in four stretches, whose ends fit."""
    before = OneProcessPool.tasks
    assert several(home).problems == ()
    assert OneProcessPool.tasks - before == 4


def test_what_nobody_touched_is_whole(home: Home) -> None:
    """Days of work, starts and stops, reviews: whole, by both witnesses."""
    report = evidence.verify(home.path, [home.elsewhere])
    assert (report.ok, report.problems) == (True, ())
    assert (report.entries, report.reviews, report.acts) == (10, 6, 10)
    assert any("Checkpoints:" in note for note in report.notes)
    assert report.witnessed > 10 and "after the last of them" in report.text()


@pytest.mark.parametrize("attack", [name for name in ATTACKS if ATTACKS[name][1]])
def test_every_attack_is_named(
    home: Home, several: Callable[[Home], VerifyReport], attack: str
) -> None:
    """Whoever edits, cuts, swaps, restores, forks or signs anew is found out, and how; and where
    several processes read, by these alone, before one looks what it is; so it is by closed lots.
    """
    act, told = ATTACKS[attack]
    act(home)
    try:
        said = named(home)
        assert not several(home).ok
        quick = _read(home, 1, by_lots=True)
        assert quick is None or not quick.ok
    except EvidenceError as error:
        said = str(error)
    assert told in said


def test_enough_attacks_are_tried() -> None:
    """The suite does not shrink unnoticed."""
    assert len(ATTACKS) >= 100


def test_a_file_begun_anew_is_told(home: Home) -> None:
    """Deleting the evidence leaves the witness, which says what was there."""
    begun_anew(home)
    with pytest.raises(EvidenceError, match="file is gone: a witness saw 10"):
        evidence.verify(home.path)
    home.day(0)
    report = evidence.verify(home.path)
    assert any("an earlier evidence file" in note for note in report.notes)


def test_a_witness_elsewhere_sees_what_the_one_beside_it_cannot(home: Home) -> None:
    """Who puts back yesterday's whole folder, witness and all, is seen by the witness elsewhere."""
    kept = home.path.parent.with_name("yesterday")
    shutil.copytree(home.path.parent, kept)
    home.day(20)
    shutil.rmtree(home.path.parent)
    shutil.copytree(kept, home.path.parent)
    assert evidence.verify(home.path).ok
    assert "an older copy was put back" in named(home, (home.elsewhere,))


def test_a_gate_killed_before_it_told_the_witness_is_no_alarm(home: Home) -> None:
    """The newest checkpoint may not be told yet; who takes the next one tells it first."""
    witness_without(-1)(home)
    report = evidence.verify(home.path)
    assert report.ok and any("newest checkpoints (1)" in note for note in report.notes)
    Notary(home.path).take_now("printed")
    report = evidence.verify(home.path)
    assert report.ok and not any("newest checkpoints" in note for note in report.notes)


def test_a_witness_that_began_late_is_no_alarm(home: Home) -> None:
    """A witness elsewhere tells of what came since it was named, and of nothing before."""
    beside(home.path).path.unlink()
    lines = home.elsewhere.read_text().splitlines(keepends=True)
    home.elsewhere.write_text("".join(lines[3:]))
    assert evidence.verify(home.path, [home.elsewhere]).ok
    home.elsewhere.write_text("".join([*lines[3:5], *lines[6:]]))
    assert UNTOLD in named(home, (home.elsewhere,))


def test_without_a_witness_it_says_that_nothing_was_compared(home: Home) -> None:
    """A file alone is held against itself, and the report does not claim more."""
    beside(home.path).path.unlink()
    report = evidence.verify(home.path)
    assert report.ok
    assert any("Nothing outside this file" in note for note in report.notes)


def test_what_is_no_witness_is_refused(home: Home, tmp_path: Path) -> None:
    """A wrong file name is not taken for a witness that saw nothing."""
    stranger = tmp_path / "notes"
    stranger.write_text("nothing of the kind\n")
    with pytest.raises(InputError, match="no witness"):
        evidence.verify(home.path, [stranger])
    with pytest.raises(InputError, match="no witness"):
        evidence.verify(home.path, [tmp_path / "absent"])


@pytest.mark.parametrize(
    "line",
    [
        "",
        "outgate.witness/1",
        "outgate.witness/1 t c x AAAA c 1 AAAA w:k",
        "outgate.witness/1 t c 1 AAAA c 1 AAAA w:k",
        "outgate.witness/2 t c 1 AAAA c 1 AAAA w:k",
        "outgate.witness/1 t c 1 \xff c 1 \xff w:k",
    ],
)
def test_what_is_no_line_of_a_witness_is_none(line: str) -> None:
    """Damaged lines are left out; they are nobody's word."""
    assert sighting(line) is None
