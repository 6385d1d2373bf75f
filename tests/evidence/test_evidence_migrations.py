"""A file that an earlier version wrote is brought forward with all it holds: tried on files that
those versions really wrote (`stores/`), not on files made to look like them.
"""

import sqlite3
from pathlib import Path

import pytest
from evidence_file import old_store

import evidence
from core.review import Action, CaseFilter, CaseStatus, ReviewEvent
from core.stored import StoredRecord
from evidence.acts import StoredAct
from evidence.holds import HeldRequests
from evidence.schema import VERSION
from evidence.store import Store
from evidence.writer import Writer

HEADS = (
    "9f68111a4ae2ad4826a925b21635326ceac0623a11352594ba3bda8620e21e4c",
    "b2b8677da56a79d014184330830f3f19c0001649bee696073c7ee9f44553da7d",
)
"""What that version's own `verify` said of its file: heads of records and of reviews."""


@pytest.fixture(params=[1, 2, 3, 4, 6])
def old(place: Path, request: pytest.FixtureRequest) -> Path:
    old_store(place, request.param)
    return place


def test_every_older_version_is_tried() -> None:
    """Whoever adds a step keeps a file that the version before it wrote."""
    assert VERSION == 7


def test_a_file_of_an_earlier_version_keeps_all_it_holds(old: Path) -> None:
    """Records, reviews and approvals are read as before, and both chains have the heads that were
    noted.
    """
    Store(old).close()
    report = evidence.verify(old)
    assert (report.ok, report.problems) == (True, ())
    assert (report.head, report.reviews_head) == HEADS
    assert (report.entries, report.reviews, report.still_open) == (61, 6, 1)
    store = Store(old)
    records = list(store.iter_records())
    assert len(records) == 61 and all(isinstance(one, StoredRecord) for one in records)
    assert store.count(CaseFilter(status=None)) == 11
    assert store.count(CaseFilter(status=CaseStatus.CLOSED)) == 1
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


def test_sums_by_the_hour_are_made_of_what_was_there_before(old: Path) -> None:
    """The overview knows of records from before there were such sums."""
    Store(old).close()
    with sqlite3.connect(old) as connection:
        (exchanges,) = connection.execute("SELECT sum(exchanges) FROM hours").fetchone()
    assert exchanges == 61
