"""Retention of acts: what people wrote goes when its time is over, what is in force stays, and
what is left still proves itself.
"""

import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import evidence
from core.case_keys import case_key
from core.happenings import Event, happening
from core.ids import uuid7
from core.record import Record
from core.review import Action, CaseFilter, Disposition, ReviewEvent, script_event
from evidence.acts_retention import expire_acts, expire_acts_older
from evidence.database import connect
from evidence.notary import Notary
from evidence.retention import expire, tidy
from evidence.store import Store
from evidence.times import micros
from exports.verification import verify_export
from tests.evidence.conftest import Told

Make = Callable[..., Record]
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = START + timedelta(days=300)
RULE = "acts older than 1095 days"
CANARY = "Canary-Petersson"
FIRST, SECOND = "/srv/first.py", "/srv/second.py"


def reviewed(store: Store, record: Record, day: int, action: Action, **more: Any) -> None:
    """Let somebody act on a case on a day."""
    event = ReviewEvent(
        id=uuid7(), at=START + timedelta(days=day), case_key=case_key(record), action=action,
        who=f"{CANARY}-{day}", **more,
    )  # fmt: skip
    store.append([event])


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory, make_record: Make) -> Path:
    """Ten days of two scripts and what a person said of them, by a name that is looked for."""
    folder = tmp_path_factory.mktemp("years")
    place = folder / "home" / "evidence.db"
    opened, told = evidence.open_evidence(place), Told()
    records = [
        make_record(n, at=START + timedelta(days=n), script=FIRST if n % 2 else SECOND)
        for n in range(10)
    ]
    for record in records:
        opened.writer.close_record(record, told)
    assert set(told.wait(10)) == {None}
    opened.close()
    store = Store(place, clock=lambda: LATER)
    for day in range(8):
        reviewed(store, records[day % 2], day, Action.NOTE, note=f"spoke with {CANARY} {day}")
    wrong = Disposition.FALSE_ALARM
    reviewed(store, records[0], 1, Action.CLOSE, disposition=wrong, note="closed and in force")
    reviewed(store, records[1], 1, Action.CLOSE, disposition=wrong, note=f"{CANARY} undone")
    reviewed(store, records[1], 2, Action.REOPEN, note="open, and so in force")
    for version in store.script_versions():
        for approve, note in ((True, f"{CANARY} first"), (False, "in force")):
            at = START + timedelta(days=1)
            said = script_event(version, approve=approve, who="officer", at=at, note=note)
            store.append([said])
    store.close()
    Notary(place).take_now("test")
    return folder


@pytest.fixture
def place(years: Path, tmp_path: Path) -> Path:
    shutil.copytree(years, tmp_path / "copy")
    return tmp_path / "copy" / "home" / "evidence.db"


def after(days: int) -> int:
    return micros(START + timedelta(days=days))


def expired(place: Path, days: int) -> int:
    return expire_acts(place, after(days), RULE, rest=lambda _: None)


def count(place: Path, where: str) -> int:
    with closing(connect(place)) as connection:
        query = f"SELECT count(*) FROM review_entries WHERE {where}"
        return int(connection.value(query))


def standing(place: Path) -> list[tuple[str, str]]:
    """Return how each case stands, and what is said of each version."""
    store = Store(place, clock=lambda: LATER)
    cases = store.page(CaseFilter(status=None), 0, 9)
    found = [(case.script_path or "", case.status.value) for case in cases]
    store.close()
    return sorted(found)


@pytest.mark.parametrize("days", [1, 3, 6, 40])
def test_acts_go_and_the_rest_verifies(place: Path, days: int) -> None:
    """Both chains stay whole, cases stand as they stood, and again nothing more goes."""
    before, notes = standing(place), count(place, "action = 'note'")
    gone = expired(place, days)
    assert gone >= min(days, 8)
    assert count(place, "action = 'note'") == notes - min(days, 8)
    report = evidence.verify(place)
    assert (report.ok, report.problems, report.unreadable) == (True, (), 0)
    assert standing(place) == before
    assert expired(place, days) == 0
    store = Store(place)
    store.rebuild_cases()
    store.close()
    assert standing(place) == before
    assert evidence.verify(place).ok


def test_what_is_in_force_stays(place: Path) -> None:
    """The closing of a listed case, the last word on a listed version; not what they replaced."""
    expired(place, 40)
    with closing(connect(place)) as connection:
        query = "SELECT json_extract(body, '$.note') FROM review_entries WHERE body LIKE '%note%'"
        notes = {note for (note,) in connection.execute(query)}
    assert notes == {"closed and in force", "open, and so in force", "in force"}


def test_no_byte_of_a_person_is_left(place: Path) -> None:
    """Not in the file, its log, its free pages or anything beside it."""
    expired(place, 40)
    with closing(connect(place)) as connection:  # what is in force names a person still
        query = "SELECT count(*) FROM review_entries WHERE instr(body, ?)"
        assert connection.value(query, (CANARY,)) == 2
    expire(place, after(40), "older than 180 days", rest=lambda _: None)
    assert tidy(place, rest=lambda _: None)
    files = [path for path in place.parent.rglob("*") if path.is_file()]
    found = b"".join(path.read_bytes() for path in files)
    assert found.count(f"{CANARY}-1".encode()) == 1 and found.count(f"{CANARY}-2".encode()) == 1
    assert found.count(CANARY.encode()) == 2


@pytest.mark.parametrize(
    ("hold", "left"),
    [({"script": None, "user": None}, 8), ({"script": FIRST, "user": None}, 4),
     ({"script": None, "user": "alice"}, 8), ({"script": "/srv/other.py", "user": None}, 0)],
)  # fmt: skip
def test_a_legal_hold_keeps_what_may_be_under_it(
    place: Path, hold: dict[str, str | None], left: int
) -> None:
    """Until it is lifted; what is surely of another script goes."""
    store = Store(place)
    store.tell(happening(Event.LEGAL_HOLD, {"hold": "matter-7", **hold}))
    expired(place, 40)
    assert count(place, "action = 'note'") == left
    store.tell(happening(Event.HOLD_LIFTED, {"hold": "matter-7"}))
    expired(place, 40)
    store.close()
    assert count(place, "action = 'note'") == 0
    assert evidence.verify(place).ok


def test_what_no_checkpoint_has_signed_stays(place: Path, make_record: Make) -> None:
    """An act goes only once its hash was signed, and the newest never does."""
    store = Store(place)
    reviewed(store, make_record(0, script=SECOND), 3, Action.NOTE, note="not signed yet")
    store.close()
    with closing(connect(place)) as connection:
        connection.execute("DELETE FROM checkpoints WHERE seq > 4").close()
    expired(place, 40)
    assert count(place, "instr(body, 'not signed yet')") == 1


def test_exports_tell_the_place_that_is_left(place: Path, tmp_path: Path) -> None:
    """An export is complete and proves itself; of an act that went its place and hash are there."""
    from exports.formats import format_named
    from exports.selection import Selection, sealer_of

    expired(place, 40)
    for name in ("jsonl", "csv", "ocsf", "xlsx", "parquet", "cef"):
        store, out = Store(place), tmp_path / f"out.{name}"
        selection = Selection()
        sealer = sealer_of(store, selection, name, "auditor")
        with out.open("w+b") as file:
            format_named(name).write(selection.contents(store), sealer, file)
        store.close()
        report = verify_export(out)
        assert report.ok, (name, report)
        assert f"{CANARY} ".encode() not in out.read_bytes()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("body = '{}'", "is there again"),
        ("id = id || '0'", "is there again"),
        ("at_us = 1", "is there again"),
        ("case_key = 'x'", "is there again"),
        ("action = 'note'", "is there again"),
        ("script = 'x'", "is there again"),
        ("hash = zeroblob(32)", "does not follow"),
    ],
)
def test_what_is_put_in_its_place_is_named(place: Path, change: str, words: str) -> None:
    """An act whose time is over says nothing any more, whoever writes it there."""
    expired(place, 40)
    with closing(connect(place)) as connection:
        where = "seq = (SELECT min(seq) + 1 FROM review_entries WHERE action = 'gone')"
        connection.execute(f"UPDATE review_entries SET {change} WHERE {where}").close()
    report = evidence.verify(place)
    assert not report.ok and words in str(report.first_problem)


def test_an_act_emptied_by_hand_is_named(place: Path) -> None:
    """Only what an act tells of may be empty."""
    with closing(connect(place)) as connection:
        connection.execute("UPDATE review_entries SET body = '' WHERE seq = 3").close()
    assert "entry 3 was emptied" in str(evidence.verify(place).first_problem)


def test_it_is_counted_in_days(place: Path) -> None:
    """The setting says days; a file that cannot be changed now is left to the next round."""
    assert expire_acts_older(place, 36500) == 0
    assert expire_acts_older(place.parent, 1) is None


def test_free_pages_and_the_log_do_not_pile_up(place: Path) -> None:
    """After a pass the file is as large as what it holds."""
    with closing(connect(place)) as connection:
        connection.execute("CREATE TABLE large (x)").close()
        connection.execute("INSERT INTO large VALUES (zeroblob(4000000))").close()
        connection.execute("DROP TABLE large").close()
        assert connection.value("PRAGMA freelist_count") > 400
    assert tidy(place, rest=lambda _: None)
    with closing(connect(place)) as connection:
        assert connection.value("PRAGMA freelist_count") == 0
    assert place.stat().st_size < 1_000_000
    log = place.with_name(place.name + "-wal")
    assert not log.exists() or log.stat().st_size == 0
