"""A file that an earlier version wrote is brought forward with all it holds: tried on files that
those versions really wrote (`stores/`), not on files made to look like them.
"""

import json
import lzma
import sqlite3
from collections.abc import Callable
from contextlib import closing as closing_
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from evidence_file import STORES, many_cases, old_store
from fates import ENDINGS
from present import readable

import evidence
from core.case_inside import Scope
from core.case_keys import case_key
from core.decision import Verdict
from core.record import Record
from core.review import Action, Case, CaseFilter, CaseStatus, Disposition, ReviewEvent
from core.stored import StoredRecord
from evidence.acts import StoredAct
from evidence.chain import canonical
from evidence.holds import HeldRequests
from evidence.past import Sums
from evidence.schema import VERSION
from evidence.scopes import scope_json
from evidence.store import Store
from evidence.times import micros
from evidence.writer import Writer

HEADS = (
    "9f68111a4ae2ad4826a925b21635326ceac0623a11352594ba3bda8620e21e4c",
    "b2b8677da56a79d014184330830f3f19c0001649bee696073c7ee9f44553da7d",
)
"""What that version's own `verify` said of its file: heads of records and of reviews."""


HEADS_6 = (
    "a6df01c055cb2e604f5dbaff02521547114bcf8f17a15ee4e5656219e1ab26a1",
    "8838fa35a4b75b6a1165cbf14aa63bfa24bfbb5a6c6f4841b6ff576f2da8379b",
)
NOW = datetime(2026, 3, 9, tzinfo=UTC)
ANY = CaseFilter(status=None)


@pytest.fixture(params=[1, 2, 3, 4, 6, 8, 9, 10, 11, 12, 13])
def old(place: Path, request: pytest.FixtureRequest) -> Path:
    old_store(place, request.param)
    return place


def test_every_older_version_is_tried() -> None:
    """Whoever adds a step keeps a file that the version before it wrote."""
    assert VERSION == 14


def test_a_file_of_an_earlier_version_keeps_all_it_holds(old: Path) -> None:
    """Records, reviews and approvals are read as before, and both chains have the heads that were
    noted.
    """
    Store(old).close()
    report = evidence.verify(old)
    assert (report.ok, report.problems) == (True, ())
    assert (report.head, migrated(old)[0]) == HEADS
    assert (report.entries, report.reviews, report.still_open) == (61, 6, 1)
    store = Store(old)
    records = list(store.iter_records())
    assert len(records) == 61 and all(isinstance(one, StoredRecord) for one in records)
    assert store.count(CaseFilter(status=None)) == 5
    assert store.count(CaseFilter(status=CaseStatus.CLOSED)) == 0
    acts = [one.act for one in store.iter_acts() if isinstance(one, StoredAct)]
    assert [one.action for one in acts if isinstance(one, ReviewEvent)] == [
        Action.NOTE,
        Action.CLOSE,
        Action.CLOSE,
        Action.REOPEN,
        Action.APPROVE,
        Action.APPROVE_SCRIPT,
    ]
    (held,) = (
        one.record
        for one in records
        if isinstance(one, StoredRecord) and one.record.decision.hold_key
    )
    assert HeldRequests(store).answers([held.id])[held.id].who == "analyst"
    store.close()


def migrated(place: Path) -> tuple[str, dict[str, Any]]:
    """Return the head before the first act that tells of a migration, and what the last tells."""
    query = "SELECT prev, body FROM review_entries WHERE action = 'migrated' ORDER BY seq"
    with sqlite3.connect(place) as connection:
        found = connection.execute(query).fetchall()
    return bytes(found[0][0]).hex(), json.loads(found[-1][1])["facts"]


def test_the_chain_tells_of_a_migration(old: Path) -> None:
    """Once, by which versions."""
    with sqlite3.connect(old) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    for _ in range(2):
        Store(old).close()
        assert migrated(old)[1] == {"from": version, "to": VERSION}


def test_a_closing_of_the_eleventh_holds_for_no_check_that_fails(
    place: Path,
    write: Callable[..., None],
    make_record: Callable[..., Record],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It said nothing of them, and what failed since was hidden; a case without any stays closed.
    What the gate told of its entries goes, for they add up otherwise now.
    """
    one, other = make_record(1), make_record(2, script="/home/analyst/other.py")
    write(one, other)
    store = Store(place)
    with monkeypatch.context() as before:
        before.setattr("evidence.closed.scope_json", without_checks)
        before.setattr("evidence.review_entries.scope_json", without_checks)
        before.setattr("evidence.statements.comes_back", lambda *_: False)
        store.append([closing(record) for record in (one, other)])
        write(make_record(3, degraded=("personal data: timed out",)))
    store.close()
    with closing_(sqlite3.connect(place)) as connection, connection:
        assert connection.execute("SELECT status FROM cases").fetchall() == [("closed",)] * 2
        connection.execute("INSERT INTO lots VALUES (-5, -5, x'00')")
        for table in ("hours", "days", "traffic"):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN least")
        connection.execute("PRAGMA user_version=11")
    store = Store(place)
    assert store.count(CaseFilter(status=CaseStatus.OPEN)) == 1
    found = store.case(case_key(one))
    assert found is not None and found.status is CaseStatus.OPEN and found.unchecked == 1
    store.close()
    with closing_(sqlite3.connect(place)) as connection, connection:
        assert connection.execute("SELECT count(*) FROM lots").fetchone() == (0,)
    assert evidence.verify(place).problems == ()


def without_checks(scope: Scope) -> dict[str, Any]:
    """As the eleventh version wrote it before it counted failed checks."""
    return {name: value for name, value in scope_json(scope).items() if name != "unchecked"}


def closing(record: Record) -> ReviewEvent:
    return ReviewEvent(
        id=f"e-{record.id}",
        at=record.at,
        case_key=case_key(record),
        action=Action.CLOSE,
        who="officer",
        disposition=Disposition.TEST_DATA,
    )


def test_a_gate_goes_on_in_a_file_of_an_earlier_version(old: Path) -> None:
    """What was under way is chained at the first start, and the chain goes on from the old head."""
    writer = Writer(old)
    writer.stop()
    assert writer.recovered == 1
    report = evidence.verify(old)
    assert (report.ok, report.entries, report.still_open) == (True, 62, 0)
    with sqlite3.connect(old) as connection:
        (before,) = connection.execute("SELECT prev FROM entries WHERE seq = 62").fetchone()
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert bytes(before).hex() == HEADS[0]


def test_a_record_of_an_earlier_version_is_found_by_what_it_holds(old: Path) -> None:
    """The index of values is made for what was there before, and nothing of the old form is left in
    the file.
    """
    with sqlite3.connect(old) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    plain = b"/home/analyst/job_1.py"
    assert version == 6 or plain in old.read_bytes()
    Store(old).close()
    with sqlite3.connect(old) as connection:
        (marks,) = connection.execute("SELECT count(DISTINCT seq) FROM marks").fetchone()
        assert marks == 41
        (freed,) = connection.execute("PRAGMA freelist_count").fetchone()
        assert freed == 0
    assert old.read_bytes().count(b'"method":"sock_diag"') == 1  # of what is still under way


def test_sums_are_made_of_what_was_there_before(old: Path) -> None:
    """The overview knows of records from before there were sums by the hour, and by the day."""
    Store(old).close()
    with sqlite3.connect(old) as connection:
        (exchanges,) = connection.execute("SELECT sum(exchanges) FROM hours").fetchone()
        (of_days,) = connection.execute("SELECT sum(exchanges) FROM days").fetchone()
    assert exchanges == of_days == 61


def test_many_small_cases_become_one_question_each(place: Path) -> None:
    """What one script sent to one place is one case, however many kinds and outcomes it had; both
    chains stay what they were.
    """
    many_cases(place)
    store = Store(place, clock=lambda: NOW)
    assert store.count(ANY) == 6
    cases = {PurePosixPath(case.script_path or "").name: case for case in store.page(ANY, 0, 10)}
    tickets = cases["tickets.py"]
    assert (tickets.count, tickets.status, len(tickets.kinds)) == (150, CaseStatus.OPEN, 5)
    assert (tickets.inside.people, tickets.inside.people_exact) == (75, False)
    assert set(cases["calm.py"].inside.outcomes) == {"watch", "block"}
    assert len(store.records(tickets.key, 200)) == 150
    assert [event.action for event in readable(store.history(tickets.key))] == [
        Action.CLOSE,
        Action.REOPEN,
    ]
    store.close()
    report = evidence.verify(place)
    assert (report.ok, report.head, migrated(place)[0]) == (True, *HEADS_6)


@pytest.mark.parametrize(
    ("script", "status", "why"),
    [
        ("calm.py", CaseStatus.CLOSED, "every part of it was closed, and it goes on alike"),
        ("half.py", CaseStatus.OPEN, "a part of it was never closed"),
        ("back.py", CaseStatus.OPEN, "another version came"),
        ("leak.py", CaseStatus.OPEN, "the leak was repeated"),
        ("tickets.py", CaseStatus.OPEN, "what was closed was opened again"),
        ("held.py", CaseStatus.OPEN, "nobody closed it"),
    ],
)
def test_what_was_closed_before_is_closed_where_all_of_it_was(
    place: Path, script: str, status: CaseStatus, why: str
) -> None:
    """Regrouping hides nothing that nobody looked at."""
    many_cases(place)
    store = Store(place, clock=lambda: NOW)
    (case,) = store.page(CaseFilter(status=None, script=script), 0, 10)
    assert case.status is status, why
    store.rebuild_cases()
    (again,) = store.page(CaseFilter(status=None, script=script), 0, 10)
    assert again == case
    store.close()


def test_the_thirteenth_version_left_out_what_was_cut_and_what_went_past(place: Path) -> None:
    """Its sums of what left are made anew of the records. Of what had expired, only how many went
    past can still be told, and of mixed cases not how many bytes left.
    """
    place.parent.mkdir(parents=True)
    place.write_bytes(lzma.decompress((STORES / "fates-13.db.xz").read_bytes()))
    before = sent_by_hour(place)
    Store(place).close()
    assert migrated(place)[1] == {"from": 13, "to": 14}
    assert evidence.verify(place, full=True).problems == ()
    after = sent_by_hour(place)
    assert before.keys() == after.keys()
    endings = {name.replace(" ", "-"): ending for name, ending in ENDINGS.items()}
    for script, (exchanges, sent, size, least) in after.items():
        assert exchanges == 1
        name = PurePosixPath(script).stem
        if (ending := endings.get(name)) is None:
            past = list(ENDINGS)[int(name.removeprefix("old-"))] == "past the gate"
            assert (sent, least) == ((1, 1) if past else (before[script][1], before[script][3]))
            continue
        went = ending.went and not ending.exact
        assert (sent, size, least) == (ending.went, ending.bytes_went, went), name
    assert sum(row[1] for row in after.values()) > sum(row[1] for row in before.values())
    unread = [case for case in cases_of(place) if case.verdict == "observed"]
    assert [case.bytes_exact for case in unread] == [True, False]


def sent_by_hour(place: Path) -> dict[str, tuple[int, ...]]:
    with closing_(sqlite3.connect(place)) as connection:
        query = "SELECT script, exchanges, sent, bytes, least FROM hours"
        return {row[0]: row[1:] for row in connection.execute(query)}


def cases_of(place: Path) -> list[Case]:
    with closing_(Store(place, clock=lambda: NOW)) as store:
        return sorted(store.page(ANY, 0, 99), key=lambda case: case.first_at)


def test_what_an_earlier_version_kept_of_expired_cases_is_no_lie(
    make_record: Callable[..., Record],
) -> None:
    """Its bytes were those of all requests: they are told where all left, else as unknown."""
    kept = Sums()
    for number, verdicts in enumerate(("watch", "block", "watch block")):
        for verdict in verdicts.split():
            record = make_record(number, script=f"/{number}.py", verdict=Verdict(verdict))
            kept.rollup.add(record, micros(record.at))
    told = json.loads(kept.to_bytes())
    del told["form"]
    for case in told["cases"]:
        case["bytes_sent"] = 1000 * case["count"]
    read = Sums.from_bytes(canonical(told))
    again = Sums.from_bytes(read.to_bytes())
    for sums in (read, again):
        found = sorted(sums.rollup.cases.values(), key=lambda case: case.script_path or "")
        assert [(one.bytes_sent, one.least) for one in found] == [(1000, 0), (0, 0), (0, 1)]
