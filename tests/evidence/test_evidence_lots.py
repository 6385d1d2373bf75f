"""Closed lots: what a gate told of its own entries spares reading them, and nobody else can tell
anything that way.
"""

import sqlite3
import struct
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from evidence_file import run
from one_process_pool import OneProcessPool

import evidence
from benchmarks.evidence_records import records
from core.happenings import Event, Installation, happening
from core.record import Record
from evidence import lot_crew, lots
from evidence.acts_retention import expire_acts
from evidence.batch import Appender, Batch, Items
from evidence.chain_ids import chain_id
from evidence.database import connect
from evidence.erasure import Wanted, erase_now
from evidence.gate_words import words
from evidence.lot_reading import Lots
from evidence.lots import BadLot, Lot, LotKey, Told, place_of, stored_bytes
from evidence.notary import Notary, key_file
from evidence.retention import expire
from evidence.store import Store
from evidence.verification import _Reading, sightings, verify
from evidence.verify_report import VerifyReport
from evidence.writer import Writer
from tests.evidence.conftest import Told as Answers

HERE = Installation(machine="3d0c", host=None, version="0.1.0")
COUNT = 40
"""Records of each of two gates."""
TABLE = "SELECT first, last FROM lots ORDER BY first"


def gate(place: Path, some: list[Record]) -> None:
    """Let a gate run that writes these records one after the other."""
    opened = evidence.open_evidence(place, installation=HERE)
    answers = Answers()
    for one in some:
        opened.writer.close_record(one, answers)
    assert set(answers.wait(len(some))) == {None}
    opened.close()


@pytest.fixture(scope="module")
def two_gates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that one gate wrote after the other."""
    place = tmp_path_factory.mktemp("lots") / "evidence.db"
    made = list(records(2 * COUNT, 12, days=3))
    gate(place, made[:COUNT])
    gate(place, made[COUNT:])
    return place


@pytest.fixture
def home(two_gates: Path, tmp_path: Path) -> Path:
    """A copy with all that stands beside the file."""
    place = tmp_path / "evidence.db"
    with closing(connect(two_gates)) as connection:
        connection.execute("VACUUM INTO ?", (str(place),))
    for name in ("keys/checkpoint.key", "evidence.db-witness"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((two_gates.parent / name).read_bytes())
    return place


def by_lots(place: Path, workers: int = 1) -> VerifyReport | None:
    """Read only what lots do not tell."""
    how: Any = {"since_checkpoint": False, "stamps": (), "stamp_roots": None}
    reading = _Reading(place, workers, None, by_lots=True, **how)
    return reading.report(words(place), sightings(place, ()))


def told(report: VerifyReport | None) -> int:
    """Return of how many records no text was read."""
    assert report is not None
    (note,) = (one for one in report.notes if one.startswith("Of "))
    return int(note.split()[1].replace(",", ""))


def values(place: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(place)) as connection:
        return connection.execute(query).fetchall()


def test_each_gate_closes_what_it_wrote(home: Path) -> None:
    """Two lots, and both roads come to the same report."""
    assert values(home, TABLE) == [(1, COUNT), (COUNT + 1, 2 * COUNT)]
    quick, full = by_lots(home), verify(home, full=True)
    assert quick is not None and quick.problems == full.problems == ()
    assert told(quick) == 2 * COUNT
    assert (quick.entries, quick.seq, quick.head) == (full.entries, full.seq, full.head)
    assert not any("not read again" in note for note in full.notes)
    assert verify(home).notes == quick.notes
    assert any("outgate verify --full" in note for note in quick.notes)


def test_a_note_names_a_whole_command(home: Path) -> None:
    """A person reads it in the review, too, where an option alone belongs to nothing."""
    for report in (verify(home), verify(home, full=True), verify(home, since_checkpoint=True)):
        text = "\n".join(report.notes)
        assert text.count(" --") == text.count("outgate verify --"), text


def sql(*statements: str) -> Callable[[Path], None]:
    return lambda place: run(place, *statements)


HOUR = "(SELECT hour FROM hours ORDER BY script, destination LIMIT 1)"
SAME = "script || destination || account || kinds || outcome || hour"
ATTACKS: dict[str, Callable[[Path], None]] = {
    "a request of no case filed under one that is not": sql(
        "UPDATE entries SET case_id = -1 WHERE case_id IS NULL"
    ),
    "a request of no case filed under nothing's number": sql(
        "UPDATE entries SET case_id = 0 WHERE case_id IS NULL"
    ),
    "two cases with each other's number": sql(
        "UPDATE cases SET id = -1 WHERE id = 1", "UPDATE cases SET id = 1 WHERE id = 2",
        "UPDATE cases SET id = 2 WHERE id = -1",
    ),
    "a case more, of nothing": sql(
        "CREATE TEMP TABLE t AS SELECT * FROM cases LIMIT 1",
        "UPDATE t SET id = 99, key = 'x', count = 0", "INSERT INTO cases SELECT * FROM t",
    ),
    "an hour more, of nothing": sql(
        "INSERT INTO hours VALUES (1, 'a', 'b', 'c', 'd', 'e', 0, 0, 0, 0, 0, 0, 0)"
    ),
    "traffic more, of nothing": sql("INSERT INTO traffic VALUES ('a', 'b', 1, 0, 0, 0, 0, 0)"),
    "a day more, of nothing": sql(
        "INSERT INTO days VALUES (1, 'a', 'b', 'c', 24, 24, 0, 0, 0, 0, 0, 0, 0)"
    ),
    "bytes moved from one hour to another": sql(
        f"UPDATE hours SET bytes = bytes + 5 WHERE {SAME} = (SELECT min({SAME}) FROM hours)",
        f"UPDATE hours SET bytes = bytes - 5 WHERE {SAME} = (SELECT max({SAME}) FROM hours)",
    ),
    "bytes told as tokens": sql("UPDATE hours SET bytes = tokens, tokens = bytes"),
    "an hour of another script": sql(
        f"UPDATE hours SET script = script || 'x' WHERE {SAME} = (SELECT min({SAME}) FROM hours)"
    ),
    "an hour as a number with a point": sql(
        "CREATE TEMP TABLE t AS SELECT * FROM hours",
        "UPDATE hours SET cost_micro_usd = cost_micro_usd + 0.5",
    ),
    "an hour of a fraction less": sql(
        f"UPDATE hours SET found = -1 WHERE {SAME} = (SELECT max({SAME}) FROM hours)"
    ),
    "traffic moved to the next five minutes": sql(
        "UPDATE traffic SET bucket = bucket + 1 WHERE script = (SELECT min(script) FROM traffic)"
    ),
    "traffic of a script removed": sql(
        "DELETE FROM traffic WHERE script = (SELECT min(script) FROM traffic)"
    ),
    "a day's first hour": sql("UPDATE days SET first_hour = first_hour - 1"),
    "a day removed": sql("DELETE FROM days WHERE day = (SELECT max(day) FROM days)"),
    "a version seen once more": sql(
        "UPDATE scripts SET count = count + 1 WHERE script = (SELECT min(script) FROM scripts)"
    ),
    "a version seen earlier": sql("UPDATE scripts SET first_us = first_us - 1"),
    "the marks of two records exchanged": sql(
        "CREATE TEMP TABLE t AS SELECT * FROM marks",
        "DELETE FROM marks",
        "INSERT OR IGNORE INTO marks SELECT mark, CASE seq WHEN (SELECT min(seq) FROM t) THEN"
        " (SELECT max(seq) FROM t) WHEN (SELECT max(seq) FROM t) THEN (SELECT min(seq) FROM t)"
        " ELSE seq END FROM t",
    ),
    "a mark as text": sql("UPDATE marks SET mark = 'x' WHERE mark = (SELECT min(mark) FROM marks)"),
    "the time of a record": sql("UPDATE entries SET at_us = at_us + 1 WHERE seq = 7"),
    "the id of a record": sql("UPDATE entries SET id = id || 'x' WHERE seq = 7"),
    "the id of a record as bytes": sql("UPDATE entries SET id = CAST(id AS BLOB) WHERE seq = 7"),
    "a salt": sql("UPDATE entries SET salt = zeroblob(16) WHERE seq = 7"),
    "a salt as text": sql("UPDATE entries SET salt = 'sixteen letters ' WHERE seq = 7"),
    "no salt": sql("UPDATE entries SET salt = NULL, cuts = NULL WHERE seq = 7"),
    "the end of one column put before the next": sql(
        "UPDATE entries SET cuts = CAST(cuts || substr(body, 1, 1) AS BLOB),"
        " body = CAST(substr(body, 2) AS BLOB) WHERE seq = 7"
    ),
    "where a lot begins": sql(f"UPDATE entries SET prev = zeroblob(32) WHERE seq = {COUNT + 1}"),
    "an entry before the first": sql(
        "INSERT INTO entries SELECT 0, 'x', at_us, case_id, prev, hash, salt, cuts, body"
        " FROM entries WHERE seq = 1"
    ),
    "an entry before the first, far below": sql(
        "INSERT INTO entries SELECT -9, 'x', at_us, case_id, prev, hash, salt, cuts, body"
        " FROM entries WHERE seq = 1"
    ),
    "a lot without its last record": sql(
        f"DELETE FROM entries WHERE seq = {COUNT}", "UPDATE lots SET last = last - 1 WHERE first = 1"
    ),
    "a rest of an erasure that never was": sql("INSERT INTO erased VALUES (7, x'02', x'')"),
    "a lot as text": sql("UPDATE lots SET closed = hex(closed)"),
    "a lot that begins nowhere": sql("UPDATE lots SET last = 'y' WHERE first = 1"),
    "a column more in a lot": sql("ALTER TABLE lots ADD COLUMN more INTEGER"),
    "a trigger on lots": sql(
        "CREATE TRIGGER t AFTER INSERT ON lots BEGIN DELETE FROM marks; END"
    ),
    "no table of lots": sql("DROP TABLE lots"),
    "an index on lots": sql("CREATE INDEX i ON lots (last)"),
}  # fmt: skip
"""Each leaves lots and keys as they are; most would pass whoever compares sums of sums."""


@pytest.fixture
def crew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows and marks are read by a crew, each part by what it sees alone."""
    monkeypatch.setattr(lot_crew, "MANY", 1)
    monkeypatch.setattr(lot_crew, "ProcessPoolExecutor", OneProcessPool)


@pytest.mark.usefixtures("crew")
def test_a_crew_finds_what_one_finds(home: Path) -> None:
    """Two lots and four parts of the list of marks, and the same report."""
    before = OneProcessPool.tasks
    assert by_lots(home, 2) == by_lots(home, 1)
    assert OneProcessPool.tasks - before == 2 + 4
    run(home, "INSERT INTO marks SELECT max(mark) - 7, max(seq) + 1 FROM marks")
    report = by_lots(home, 2)
    assert report is not None and "values are looked up" in str(report.first_problem)


def test_a_crew_of_processes_finds_what_one_finds(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As above, with another process."""
    monkeypatch.setattr(lot_crew, "MANY", 1)
    assert by_lots(home, 2) == by_lots(home, 1)
    assert told(by_lots(home, 2)) == 2 * COUNT


@pytest.mark.usefixtures("crew")
@pytest.mark.parametrize("task", ["_rows", "_marks"])
def test_a_crew_that_is_ended_tells_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    """A process that dies makes nothing whole, and nothing broken: all is read by one."""

    def ended(*_: object) -> None:
        raise BrokenProcessPool

    monkeypatch.setattr(lot_crew, task, ended)
    assert by_lots(home, 2) is None
    assert verify(home).ok


@pytest.mark.usefixtures("crew")
@pytest.mark.parametrize("attack", ATTACKS)
def test_what_was_told_vouches_for_nothing_else(home: Path, attack: str) -> None:
    """Whatever somebody changes, lots alone do not find the file whole, and `verify` names it as
    it does when it reads all.
    """
    ATTACKS[attack](home)
    for workers in (1, 2):
        quick = by_lots(home, workers)
        assert quick is None or not quick.ok
    report = verify(home)
    assert not report.ok
    assert report.problems == verify(home, full=True).problems


LOTS: dict[str, Callable[[Path], None]] = {
    "a byte of one": sql(
        "UPDATE lots SET closed = CAST(substr(closed, 1, 20) || x'00' || substr(closed, 22)"
        " AS BLOB)"
    ),
    "cut": sql("UPDATE lots SET closed = substr(closed, 1, 40)"),
    "empty": sql("UPDATE lots SET closed = x''"),
    "exchanged": sql(
        "CREATE TEMP TABLE t AS SELECT * FROM lots",
        f"UPDATE lots SET closed = (SELECT closed FROM t WHERE first = {COUNT + 1})"
        " WHERE first = 1",
        f"UPDATE lots SET closed = (SELECT closed FROM t WHERE first = 1) WHERE first = {COUNT + 1}",
    ),
    "of fewer": sql("UPDATE lots SET last = last - 1"),
    "of more": sql("UPDATE lots SET last = last + 7000000000"),
    "begun later": sql("UPDATE lots SET first = first + 1"),
    "begun before the first": sql("UPDATE lots SET first = first - 500"),
    "twice": sql("INSERT INTO lots SELECT first + 5, last, closed FROM lots"),
    "backwards": sql("UPDATE lots SET last = first - 1"),
}


@pytest.mark.parametrize("change", LOTS)
def test_lots_that_were_changed_are_named(home: Path, change: str) -> None:
    """Lots that are damaged, moved or put in vouch for nothing, and are named."""
    LOTS[change](home)
    quick, report = by_lots(home), verify(home)
    assert quick is not None and not quick.ok
    assert report.problems == (
        "what the gate told of the entries that it wrote was put in or changed",
    )


def test_without_lots_all_is_read(home: Path) -> None:
    """Lots that a rebuild took make nothing wrong that is right: the texts are read."""
    run(home, "DELETE FROM lots WHERE first = 1")
    assert told(by_lots(home)) == COUNT
    run(home, "DELETE FROM lots")
    assert by_lots(home) is None
    with closing(Store(home)) as store:
        store.tell(happening(Event.REBUILT, {}))
    report = verify(home)
    assert report.ok and not any("not read again" in note for note in report.notes)


OUT = {
    "the newest": f"DELETE FROM lots WHERE first = {COUNT + 1}",
    "the first": "DELETE FROM lots WHERE first = 1",
    "all": "DELETE FROM lots",
}


@pytest.mark.parametrize("later", ["nothing", "an act", "another gate"])
@pytest.mark.parametrize("key", [True, False])
@pytest.mark.parametrize("which", OUT)
def test_lots_that_were_taken_out_are_named(
    home: Path, which: str, *, key: bool, later: str
) -> None:
    """Each checkpoint signs which there are; a later one, of fewer, makes nothing good. An auditor
    without the key sees it as well.
    """
    run(home, OUT[which])
    if later == "an act":
        with closing(evidence.open_store(home)) as store:
            store.tell(happening(Event.EXPORTED, {}))
    elif later == "another gate":
        gate(home, list(records(3, 13, days=1)))
    if not key:
        key_file(home).unlink()
    found = [one for one in verify(home).problems if "was taken out" in one]
    assert len(found) == 1


@pytest.mark.parametrize("event", [Event.REBUILT, Event.ERASED])
def test_an_act_of_before_excuses_nothing(home: Path, event: Event) -> None:
    """That lots went once is no reason for others to go."""
    with closing(evidence.open_store(home)) as store:
        store.tell(happening(event, {}))
    assert not any("taken out" in one for one in verify(home).problems)
    run(home, OUT["the newest"])
    assert any("taken out" in one for one in verify(home).problems)


@pytest.mark.parametrize("event", [Event.REBUILT, Event.MIGRATED, Event.ERASED])
def test_acts_whose_time_is_over_make_nobody_a_forger(home: Path, event: Event) -> None:
    """The act with which lots went may go itself; nobody is told that they were taken out."""
    with closing(evidence.open_store(home)) as store:
        run(home, OUT["the newest"])
        store.tell(happening(event, {}))
        Notary(home).take_now("test")
        store.tell(happening(Event.EXPORTED, {}))
        Notary(home).take_now("test")
        store.tell(happening(Event.EXPORTED, {}))
    assert expire_acts(home, 1 << 60, "all", rest=lambda _: None)
    assert verify(home).problems == ()


def test_nobody_else_opens_or_closes_a_lot(home: Path) -> None:
    """A lot opens with the key of its installation and at its place alone."""
    ((closed,),) = values(home, "SELECT closed FROM lots WHERE first = 1")
    assert isinstance(closed, bytes)
    ((chain,),) = values(home, "SELECT value FROM meta WHERE key = 'chain.records'")
    place = place_of(str(chain), 1, COUNT)
    key = LotKey.beside(home)
    assert key is not None
    assert Told.of(key.opened(closed, place)).ids
    for other, where in (
        (LotKey.of_seed(bytes(32)), place),
        (key, place_of("records:x", 1, COUNT)),
    ):
        with pytest.raises(BadLot):
            other.opened(closed, where)
    assert b"/home/" not in closed and b"fingerprint" not in closed


def test_without_the_key_all_is_read(home: Path) -> None:
    """An auditor with a copy of the file reads the texts."""
    key_file(home).unlink()
    key_file(home).parent.rmdir()
    home.with_name("evidence.db-witness").unlink()
    report = verify(home)
    assert report.ok and not any("not read again" in note for note in report.notes)


def test_entries_of_another_writer_are_in_no_lot(tmp_path: Path) -> None:
    """Who writes between is no gate's word: the gate begins another lot behind."""
    place = tmp_path / "evidence.db"
    made = list(records(30, 5))
    writer = Writer(place, notary=Notary(place))
    answers = Answers()
    for n, one in enumerate(made[:20]):
        writer.close_record(one, answers)
        answers.wait(n + 1)
        if n == 9:
            with closing(connect(place)) as connection:
                items = Items()
                Appender(connection, "other").write(Batch(closes=[items.closed(made[25])]))
    writer.stop()
    assert values(place, TABLE) == [(12, 21)]
    quick = by_lots(place)
    assert quick is not None and quick.ok and (told(quick), quick.entries) == (10, 21)


def test_a_lot_grows_until_it_is_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With each checkpoint what is being written is told again, longer; a large one is left."""
    monkeypatch.setattr(lots, "ENOUGH", 25)
    place = tmp_path / "evidence.db"
    evidence.open_evidence(place).close()
    notary, found = Notary(place), []
    key = LotKey.of_seed(notary.key.private_bytes_raw())
    with closing(connect(place)) as connection:
        lot, items = Lot(key), Items()
        appender = Appender(connection, "test", None, lot)
        for first in range(0, 60, 10):
            some = list(records(60, 5))[first : first + 10]
            appender.write(Batch(closes=[items.closed(one) for one in some]))
            notary.take(connection, "hour", lot.close)
            found.append(connection.execute(TABLE).fetchall())
    assert found[:4] == [[(1, 10)], [(1, 20)], [(1, 30)], [(1, 30), (31, 40)]]
    quick = by_lots(place)
    assert quick is not None and quick.ok and told(quick) == 60


def test_what_is_not_committed_is_not_told(tmp_path: Path) -> None:
    """A group that fails leaves nothing in the lot."""
    place = tmp_path / "evidence.db"
    evidence.open_evidence(place).close()
    notary = Notary(place)
    made = list(records(6, 5))
    with closing(connect(place)) as connection:
        lot, items = Lot(LotKey.of_seed(notary.key.private_bytes_raw())), Items()
        appender = Appender(connection, "test", None, lot)
        appender.write(Batch(closes=[items.closed(one) for one in made[:3]]))
        with pytest.raises(sqlite3.IntegrityError):
            appender.write(Batch(closes=[items.closed(one) for one in (made[3], made[0])]))
        appender.write(Batch(opens={made[4].id: items.opened(made[4])}))
        appender.write(Batch(closes=[items.closed(one) for one in made[3:5]]))
        notary.take(connection, "hour", lot.close)
    quick = by_lots(place)
    assert quick is not None and quick.ok and told(quick) == 5


def test_what_was_erased_is_told_no_more(home: Path) -> None:
    """The lot that tells of an erased record goes with it, the other stays; put back, with its lot,
    the record is named.
    """
    kept = home.with_name("kept.db")
    with closing(connect(home)) as connection:
        connection.execute("VACUUM INTO ?", (str(kept),))
        at_us = int(connection.value("SELECT at_us FROM entries WHERE seq = 3"))
    erase_now(home, Wanted(before_us=at_us), who="officer", why="asked")
    assert values(home, TABLE) == [(COUNT + 1, 2 * COUNT)]
    quick = by_lots(home)
    assert quick is not None and quick.ok and told(quick) == COUNT
    run(
        home,
        f"ATTACH '{kept}' AS kept",
        "INSERT OR REPLACE INTO entries SELECT * FROM kept.entries WHERE seq < 3",
        "INSERT OR REPLACE INTO lots SELECT * FROM kept.lots",
        "INSERT OR IGNORE INTO marks SELECT * FROM kept.marks",
        *(
            statement
            for table in ("cases", "scripts", "hours", "traffic", "days")
            for statement in (f"DELETE FROM {table}", f"INSERT INTO {table} SELECT * FROM kept.{table}")
        ),
    )  # fmt: skip
    quick = by_lots(home)
    assert quick is not None and not quick.ok
    assert "entry 1 was erased, and is there again" in verify(home).problems


def test_what_was_erased_meanwhile_is_not_told_by_the_gate(tmp_path: Path) -> None:
    """A gate that runs on does not put down again what it remembers of an erased record."""
    place = tmp_path / "evidence.db"
    made = list(records(12, 5))
    writer = Writer(place, notary=Notary(place))
    answers = Answers()
    for one in made[:6]:
        writer.close_record(one, answers)
    answers.wait(6)
    with closing(connect(place)) as connection:
        at_us = int(connection.value("SELECT at_us FROM entries WHERE seq = 3"))
    erase_now(place, Wanted(before_us=at_us), who="officer", why="asked")
    for one in made[6:]:
        writer.close_record(one, answers)
    answers.wait(12)
    writer.stop()
    assert values(place, TABLE) == []
    assert verify(place).ok


def test_what_expired_is_told_no_more(home: Path) -> None:
    """A lot of which records expired goes; the next one still tells."""
    with closing(connect(home)) as connection:
        at_us = int(connection.value("SELECT at_us FROM entries WHERE seq = 9"))
    expire(home, at_us, "test", rest=lambda _: None)
    assert values(home, TABLE) == [(COUNT + 1, 2 * COUNT)]
    quick = by_lots(home)
    assert quick is not None and quick.ok
    assert (told(quick), quick.entries) == (COUNT, 2 * COUNT - 8)


def test_no_two_rows_are_hashed_alike() -> None:
    """Neither another type nor another border between columns gives the same bytes."""
    row = (1, "ab", 2, None, b"p", b"h", b"s", b"c", b"b")
    others = [
        (1, "ab", 2, 0, b"p", b"h", b"s", b"c", b"b"),
        (1, "ab", 2, None, b"ph", b"", b"s", b"c", b"b"),
        (1, "a", 2, None, b"bp", b"h", b"s", b"c", b"b"),
        (1, "ab", 2, None, b"p", b"h", b"sc", b"", b"b"),
        (1, "ab", 2, None, b"p", b"h", b"s", b"cb", b""),
    ]
    assert len({stored_bytes(one) for one in (row, *others)}) == len(others) + 1
    for wrong in (1.0, "1", b"1"):
        with pytest.raises((TypeError, struct.error)):
            stored_bytes((wrong, *row[1:]))


def test_lots_are_looked_for_only_where_there_are_some(home: Path) -> None:
    """Without lots, or the key, there is nothing to open."""
    with closing(connect(home)) as connection:
        assert Lots.of(connection, home) is not None
        assert Lots.of(connection, home.with_name("elsewhere") / "evidence.db") is None
        connection.execute("DELETE FROM lots")
        assert Lots.of(connection, home) is None


def test_lots_that_a_rebuild_took_are_not_missed(home: Path) -> None:
    """Nothing is wrong where a lot went because its rows were filed anew."""
    run(home, "UPDATE cases SET key = key || 'x', id = id + 1000")
    assert not verify(home).ok
    store = Store(home)
    store.rebuild_cases(happening(Event.REBUILT, {}, who="officer"))
    store.close()
    assert verify(home).ok and verify(home, full=True).ok


def test_a_lot_tells_the_same_however_it_was_written(tmp_path: Path) -> None:
    """One by one, in groups, or more at once than are added up together, closed between or not:
    what it tells is what stands in the rows.
    """
    told, key = list[object](), LotKey(b"k" * 32)
    made = list(records(3 * lots.AT_ONCE + 1, 12, days=3))
    for number, group in enumerate((1, 7, lots.AT_ONCE, len(made))):
        place, lot, items = tmp_path / f"{number}.db", Lot(key), Items()
        Store(place).close()
        with closing(connect(place)) as connection:
            appender = Appender(connection, "test", None, lot)
            for at in range(0, len(made), group):
                some = [items.closed(one) for one in made[at : at + group]]
                appender.write(Batch(closes=some))
                if number % 2:
                    lot.close(connection)
            lot.close(connection)
            [(first, last, closed)] = connection.execute("SELECT * FROM lots").fetchall()
            text = key.opened(closed, place_of(chain_id(connection, "records"), first, last))
            one = Told.of(text)
            assert (first, last) == (1, len(made))
            assert lot_crew.read_rows(connection, first, last, ()).digest == one.digest
        cases = {name: case.to_json() for name, case in one.sums.cases.items()}
        told.append((one.marks, one.weights, one.sums.scripts, cases, one.ids))
    assert told == told[:1] * 4
