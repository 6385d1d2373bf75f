"""Erasure: what is erased is gone from every byte of every file, and the chains stay whole."""

import json
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import zstandard
from evidence_file import old_store, run

import evidence
from core.errors import EvidenceError
from core.findings import Confidence, Finding
from core.happenings import Event, Happening, happening
from core.record import Record
from core.review import CaseFilter
from core.stored import StoredRecord, UnreadableEntry
from evidence import sweeping
from evidence.acts import StoredAct
from evidence.cases_check import list_problems
from evidence.database import Connection, connect, transaction
from evidence.erasure import Wanted, _erase, erase_now, lines_of, plan
from evidence.frames import dictionary
from evidence.store import Store
from evidence.sweeping import owed_note, scrub, sweep_what_is_owed, unswept
from evidence.times import micros
from evidence.writer import Writer
from exports.selection import Selection
from exports.verification import verify_export
from exports.writing import export
from tests.core.test_core_sent_file import FILE
from tests.evidence.conftest import make_observation

Make = Callable[..., Record]
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = START + timedelta(days=300)
MIA, BEN = "canary-user-mia", "canary-user-ben"
VALUE, OTHER = "c0ffee00c0ffee00", "beadfeedbeadfeed"


def finding(mark: str, word: str) -> Finding:
    return Finding(
        kind="email",
        detector="email",
        confidence=Confidence.LIKELY,
        count=1,
        distinct=1,
        where=(f"body.{word}.place",),
        excerpt=f"{word}-excerpt",
        fingerprints=(mark,),
    )


@pytest.fixture
def people(write: Callable[..., None], place: Path, make_record: Make, writer: Writer) -> Path:
    """Twenty records of two people, who sent the values of two others."""
    records = []
    for number in range(20):
        user, mark = (MIA, BEN)[number % 2], (VALUE, OTHER)[number // 10]
        word = {VALUE: "canary-value", OTHER: "canary-other"}[mark]
        made = make_record(number, script=f"/home/{user}/job.py")
        found = (finding(mark, word), finding("00000000000000aa", "harmless"))
        records.append(replace(made, sender=replace(made.sender, user=user), findings=found))
    write(*records)
    store = evidence.open_store(place)  # takes checkpoints
    store.checkpoint("printed")
    store.close()
    writer.stop()
    return place


def test_the_files_of_a_person_go_with_who_sent_them(
    write: Callable[..., None], place: Path, make_record: Make, writer: Writer
) -> None:
    """A path may name a person: it is gone with the sender, and what is left still verifies."""
    record = make_record(1)
    path = f"/home/{MIA}/canary-file.csv"
    sent = replace(
        record, sender=replace(record.sender, user=MIA), files=(replace(FILE, path=path),)
    )
    write(sent, make_record(2))
    writer.stop()
    erase_now(place, Wanted(users=frozenset({MIA})), who="ada", why="asked")
    assert evidence.verify(place).ok
    one, _ = evidence.open_store(place).iter_records()
    assert isinstance(one, StoredRecord) and one.record.files == ()
    assert one.record.findings == sent.findings and one.record.sender.user is None
    for file in place.parent.iterdir():
        held = file.read_bytes() if file.is_file() else b""
        assert not any(b"canary-file" in text for text in (held, *frames_in(held)))


def frames_in(data: bytes) -> Iterable[bytes]:
    """Yield the text of whatever reads as a frame anywhere in these bytes."""
    known = zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(dictionary(1)))
    at = data.find(b"\x28\xb5\x2f\xfd")
    while at >= 0:
        try:
            yield known.decompressobj().decompress(data[at : at + 20_000])
        except zstandard.ZstdError:
            yield b""
        at = data.find(b"\x28\xb5\x2f\xfd", at + 1)


def left_of(place: Path, *words: str) -> list[tuple[str, str]]:
    """Return each file and word that stands in any byte of it, in clear or in a frame."""
    found = []
    for path in sorted(place.parent.rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        texts = [data, *frames_in(data)]
        found += [
            (path.name, word) for word in words if any(word.encode() in text for text in texts)
        ]
    return found


def test_the_search_finds_what_is_there(people: Path) -> None:
    """The proof is worth something: before the erasure it finds every name, packed or not."""
    found = {word for _, word in left_of(people, MIA, BEN, "canary-value", "canary-other")}
    assert found == {MIA, BEN, "canary-value", "canary-other"}


def test_a_person_who_sent_is_erased_everywhere(people: Path) -> None:
    """No byte of any file names her; everybody else is still there, and the evidence is whole."""
    made = erase_now(people, Wanted(users=frozenset({MIA})), who="officer", why="Art. 17")
    assert (len(made.parts), made.whole, made.held) == (10, set(), 0)
    assert left_of(people, MIA) == []
    assert {word for _, word in left_of(people, BEN, "canary-value")} == {BEN, "canary-value"}
    report = evidence.verify(people)
    assert (report.ok, report.problems, report.entries) == (True, (), 20)
    store = Store(people)
    records = [one.record for one in store.iter_records() if isinstance(one, StoredRecord)]
    assert [one.sender.user for one in records] == [None, BEN] * 10
    assert {one.sender.reason for one in records[::2]} == {"erased"}
    assert all(one.findings[0].excerpt for one in records)
    assert {case.user for case in store.page(CaseFilter(status=None), 0, 99)} == {None, BEN}
    store.close()


def test_a_person_of_whom_something_was_sent_is_erased_everywhere(people: Path) -> None:
    """Excerpt, marks and places of her values go; who sent them, when, where and how many stays."""
    wanted = Wanted(fingerprints=frozenset({VALUE}))
    made = erase_now(people, wanted, who="officer", why="Art. 17")
    assert len(made.parts) == 10
    assert left_of(people, "canary-value", VALUE) == []
    assert left_of(people, "canary-other") != []
    assert evidence.verify(people).ok
    store = Store(people)
    first = next(iter(store.iter_records()))
    assert isinstance(first, StoredRecord)
    one, two = first.record.findings
    assert (one.excerpt, one.fingerprints, one.where, one.kind) == ("", (), (), "email")
    assert (two.excerpt, first.record.sender.user) == ("harmless-excerpt", MIA)
    store.close()
    with closing(sqlite3.connect(people)) as connection:
        mark = int(VALUE, 16) >> 1
        found = connection.execute("SELECT count(*) FROM marks WHERE mark = ?", (mark,)).fetchone()
        assert found == (0,)


def test_one_erasure_after_the_other(people: Path) -> None:
    """Sender first, value later, the whole script at last: whole after each."""
    for wanted in (
        Wanted(users=frozenset({MIA})),
        Wanted(fingerprints=frozenset({VALUE, OTHER})),
        Wanted(users=frozenset({BEN})),
        Wanted(before_us=micros(START + timedelta(seconds=5))),
    ):
        erase_now(people, wanted, who="officer", why="asked")
        assert evidence.verify(people).problems == ()
    assert left_of(people, MIA, BEN, "canary-value", "canary-other") == []


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Wanted(script=f"/home/{MIA}/job.py"), 10),
        (Wanted(before_us=micros(START + timedelta(seconds=7))), 7),
        (Wanted(before_us=micros(START + timedelta(days=1))), 20),
    ],
)
def test_records_are_erased_whole(people: Path, wanted: Wanted, count: int) -> None:
    """By script or by age: nothing of them is left but their place in the chain."""
    made = erase_now(people, wanted, who="officer", why="retention")
    assert len(made.whole) == count
    report = evidence.verify(people)
    assert (report.ok, report.entries, report.unreadable) == (True, 20, 0)
    store = Store(people)
    gone = [one for one in store.iter_records() if isinstance(one, UnreadableEntry)]
    assert len(gone) == count and {one.why for one in gone} == {"it was erased"}
    if wanted.script:
        assert left_of(people, MIA) == []
    out = people.parent / "out.jsonl"
    export("jsonl", store, Selection(), out, by="x")
    store.close()
    assert verify_export(out).ok


def test_an_export_after_an_erasure_verifies(people: Path) -> None:
    """What was erased in part proves the rest, without the evidence."""
    erase_now(people, Wanted(users=frozenset({MIA})), who="officer", why="asked")
    store, out = Store(people), people.parent / "out.jsonl"
    assert export("jsonl", store, Selection(), out, by="x").records == 20
    assert list_problems(store, 100) == (None, None)
    store.close()
    assert verify_export(out).ok
    head, *lines = out.read_text("utf-8").splitlines()
    assert "gone" in lines[0] and "salt" not in json.loads(lines[0])["chain"]
    out.write_text("\n".join([head, lines[0].replace('"POST"', '"PUT"'), *lines[1:]]), "utf-8")
    assert "entry 1 was changed" in (verify_export(out).first_problem or "")


def test_an_erasure_says_who_and_why_and_not_what(people: Path) -> None:
    """It is an act of its own, by numbers; the person is not named in it."""
    erase_now(people, Wanted(users=frozenset({MIA})), who="officer", why="Art. 17 request 4")
    store = Store(people)
    acts = [one.act for one in store.iter_acts() if isinstance(one, StoredAct)]
    store.close()
    erased, swept = (one for one in acts if isinstance(one, Happening))
    assert (erased.event, erased.who) == (Event.ERASED, "officer")
    assert erased.facts["why"] == "Art. 17 request 4"
    assert (swept.event, swept.facts["swept"]) == (Event.ERASURE_SWEPT, True)


def test_a_plan_changes_nothing(people: Path) -> None:
    """The dry run tells what would go, and what cannot be told."""
    before = people.read_bytes()
    made = plan(people, Wanted(users=frozenset({MIA}), fingerprints=frozenset({VALUE})))
    assert len(made.parts) == 15 and not made.nothing
    assert any("exports" in line.lower() for line in lines_of(made))
    assert plan(people, Wanted(users=frozenset({"nobody"}))).nothing
    assert people.read_bytes() == before
    assert erase_now(people, Wanted(users=frozenset({"nobody"})), who="o", why="x").nothing
    assert evidence.verify(people).acts == 0


def test_values_without_marks_are_told(
    write: Callable[..., None], place: Path, make_record: Make
) -> None:
    """Where a record holds more values than marks, the answer says so instead of being short."""
    write(make_record(1))  # two values, one mark
    made = plan(place, Wanted(fingerprints=frozenset({VALUE})))
    assert (made.nothing, made.more_values) == (True, 1)
    assert any("nobody can tell" in line for line in lines_of(made))


def test_what_is_under_a_legal_hold_stays(people: Path) -> None:
    """A hold keeps what it covers, until it is lifted."""
    store = Store(people, clock=lambda: LATER)
    hold = {"hold": "case-7", "script": f"/home/{MIA}/job.py", "user": None, "why": "lawsuit"}
    store.tell(happening(Event.LEGAL_HOLD, hold, who="counsel"))
    wanted = Wanted(before_us=micros(START + timedelta(days=1)))
    made = erase_now(people, wanted, who="officer", why="age")
    assert (len(made.whole), made.held) == (10, 10)
    store.tell(happening(Event.HOLD_LIFTED, {"hold": "case-7"}, who="counsel"))
    made = erase_now(people, wanted, who="officer", why="age")
    assert (len(made.whole), made.held) == (10, 0)
    store.close()
    assert evidence.verify(people).ok


def test_records_of_earlier_versions_go_whole(place: Path) -> None:
    """They are hashed as one text: nothing of one can go without the rest."""
    old_store(place, 4)
    Store(place).close()
    made = erase_now(place, Wanted(users=frozenset({"analyst"})), who="officer", why="asked")
    assert (len(made.whole), made.parts) == (61, {})
    assert evidence.verify(place).ok


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE entries SET body = x'' WHERE seq = 3", "emptied, and no erasure tells"),
        ("UPDATE entries SET body = x'' WHERE seq = 2", "emptied, and no erasure tells"),
        ("DELETE FROM erased WHERE seq = 1", "entry 1 were erased, and are there again"),
        (
            "UPDATE erased SET sealed = zeroblob(length(sealed)) WHERE seq = 1",
            "entry 1 were erased, and are there again",
        ),
        ("UPDATE erased SET sealed = x'01' || zeroblob(32) WHERE seq = 1", "entry 1"),
        ("UPDATE erased SET sealed = randomblob(length(sealed)) WHERE seq = 1", "entry 1"),
        ("DELETE FROM review_entries WHERE action = 'erased'", "in the reviews"),
    ],
)
def test_nobody_erases_in_silence(people: Path, statement: str, words: str) -> None:
    """An entry that is emptied without an act is tampering, and so is the reverse."""
    erase_now(people, Wanted(users=frozenset({MIA})), who="officer", why="asked")
    run(people, statement)
    report = evidence.verify(people)
    assert not report.ok
    assert words in report.text()


def test_a_copy_from_before_an_erasure_is_told(people: Path) -> None:
    """Who puts back the bodies that were erased is found out."""
    kept = people.with_name("kept")
    kept.write_bytes(people.read_bytes())
    erase_now(people, Wanted(before_us=micros(START + timedelta(days=1))), who="o", why="age")
    with closing(sqlite3.connect(people, isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS kept", (str(kept),))
        for column in ("body", "salt"):
            connection.execute(
                f"UPDATE entries SET {column} = (SELECT {column} FROM kept.entries k"
                " WHERE k.seq = entries.seq) WHERE seq = 4"
            )
    report = evidence.verify(people)
    assert "entry 4 was erased, and is there again" in report.text()


def test_a_reader_in_the_way_is_told(people: Path) -> None:
    """As long as somebody reads an older state, it is not called clean."""
    waits: list[float] = []
    with closing(sqlite3.connect(people, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchone()
        run(people, "UPDATE cases SET count = count + 1", "UPDATE cases SET count = count - 1")
        assert not scrub(people, 1.0, waits.append)
        reader.execute("COMMIT")
    assert len(waits) == 4
    assert scrub(people, 1.0, waits.append)


def test_patience_with_a_reader_is_between_the_tries(
    people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten seconds of patience are ten: no try waits inside of SQLite for seconds of its own, which
    would also keep a gate from writing. What writes the file anew waits as everything does.
    """
    used: list[Connection] = []

    def connecting(path: Path) -> Connection:
        used.append(connect(path))
        return used[-1]

    def allowed() -> int:
        return int(used[0].execute("PRAGMA busy_timeout").fetchone()[0])

    monkeypatch.setattr("evidence.sweeping.connect", connecting)
    inside: list[int] = []
    with closing(sqlite3.connect(people, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchone()
        run(people, "UPDATE cases SET count = count + 1", "UPDATE cases SET count = count - 1")

        def wait(_: float) -> None:
            inside.append(allowed())
            reader.execute("COMMIT")

        assert scrub(people, 1.0, wait)
    assert inside and max(inside) <= 100


def test_an_erasure_that_was_not_finished_is_told_and_finished(people: Path) -> None:
    """Somebody reads an older state meanwhile: it is not called done, `verify` says what is left,
    and erasing again finishes it, though there is nothing more to erase.
    """
    wanted = Wanted(users=frozenset({MIA}))
    with closing(sqlite3.connect(people, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchone()
        made = erase_now(people, wanted, who="officer", why="Art. 17", patience_s=0)
        assert not made.swept and "NOT finished" in "\n".join(lines_of(made))
        assert left_of(people, MIA)
        report = evidence.verify(people)
        assert report.ok and "may be left in the file's free room" in report.text()
        reader.execute("COMMIT")
    again = erase_now(people, wanted, who="officer", why="Art. 17")
    assert again.nothing and again.swept
    assert left_of(people, MIA) == []
    assert "free room" not in evidence.verify(people).text()


def test_what_finishes_an_erasure_depends_on_how_many_records_there_are(
    people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A running gate finishes a small file; of a large one it is said that the gate must stop."""
    with closing(connect(people)) as connection, transaction(connection):
        _erase(connection, Wanted(users=frozenset({MIA})), who="officer", why="x", asked=None)
    with closing(connect(people)) as connection:
        assert "or let a gate run" in owed_note(connection)[0]
        monkeypatch.setattr(sweeping, "MOST_BESIDE_A_GATE", 1)
        assert "stop the gate and erase again" in owed_note(connection)[0]


def test_erasing_nothing_chains_nothing(people: Path) -> None:
    """Who names nobody that the evidence knows erases nothing, and no act claims it."""
    store = Store(people)
    before = len(list(store.iter_acts()))
    made = erase_now(people, Wanted(users=frozenset({"nobody"})), who="officer", why="x")
    assert made.nothing and made.swept
    assert lines_of(made) == ["Exports, backups and copies that were made before are not reached."]
    assert len(list(store.iter_acts())) == before
    store.close()


def test_observations_are_counted_apart_from_records(
    place: Path, write: Callable[..., None], make_record: Make
) -> None:
    """An officer who agrees to an erasure knows how many of each go."""
    record = make_record(0)
    write(record, make_observation(1), make_observation(2))
    script = record.sender.script
    assert script is not None
    made = plan(place, Wanted(script=script.path))
    assert lines_of(made)[0] == "Records erased whole: 1; observations: 2."


def test_an_erasure_that_was_killed_is_finished_by_a_gate(
    people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between erasing and writing the file anew: the next round of a gate does the rest,
    once; a large file is left to the next erasure.
    """
    wanted, gate = Wanted(users=frozenset({MIA})), connect(people)
    with closing(connect(people)) as connection, transaction(connection):
        _erase(connection, wanted, who="officer", why="Art. 17", asked=None)
    assert left_of(people, MIA)  # the log is there as long as the gate is
    with monkeypatch.context() as patch:
        patch.setattr("evidence.sweeping.MOST_BESIDE_A_GATE", 0)
        sweep_what_is_owed(people)
    with closing(connect(people)) as connection:
        assert unswept(connection) is not None
        sweep_what_is_owed(people)
        assert unswept(connection) is None
        acts = connection.value("SELECT count(*) FROM review_entries")
        sweep_what_is_owed(people)
        assert connection.value("SELECT count(*) FROM review_entries") == acts
    assert left_of(people, MIA) == []
    gate.close()
    assert evidence.verify(people).problems == ()


def test_a_file_that_cannot_be_swept_waits(tmp_path: Path) -> None:
    """A gate goes on when an erasure cannot be finished now."""
    sweep_what_is_owed(tmp_path / "none" / "evidence.db")


def test_beside_a_running_gate_only_so_much_is_erased(
    place: Path, write: Callable[..., None], make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gate is not kept waiting by an erasure in a large file; in a small one it goes on."""
    write(make_record(1))
    with monkeypatch.context() as patch:
        patch.setattr("evidence.erasure.MOST_BESIDE_A_GATE", 0)
        with pytest.raises(EvidenceError, match="A gate is running"):
            erase_now(place, Wanted(users=frozenset({"analyst"})), who="o", why="x")
    assert len(erase_now(place, Wanted(users=frozenset({"analyst"})), who="o", why="x").parts) == 1
    write(make_record(2))
    assert evidence.verify(place).ok
