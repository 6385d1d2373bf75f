"""A file that an earlier version wrote is brought forward with all it holds: tried on files that
those versions really wrote (`stores/`), not on files made to look like them.
"""

import lzma
import sqlite3
from pathlib import Path

import pytest

import evidence
from core.review import Action, CaseFilter, CaseStatus, ReviewEvent
from core.stored import StoredRecord
from evidence.acts import StoredAct
from evidence.holds import HeldRequests
from evidence.schema import VERSION
from evidence.store import Store
from evidence.writer import Writer

STORES = Path(__file__).parent / "stores"
HEADS = {
    "schema-4": (
        "9f68111a4ae2ad4826a925b21635326ceac0623a11352594ba3bda8620e21e4c",
        "b2b8677da56a79d014184330830f3f19c0001649bee696073c7ee9f44553da7d",
    )
}
"""What each version's own `verify` said of its file: heads of records and of reviews."""


@pytest.fixture(params=sorted(HEADS))
def old(place: Path, request: pytest.FixtureRequest) -> tuple[Path, str]:
    place.parent.mkdir()
    packed = (STORES / f"{request.param}.db.xz").read_bytes()
    place.write_bytes(lzma.decompress(packed))
    return place, str(request.param)


def test_every_version_that_was_in_use_is_kept(place: Path) -> None:
    """A schema that differs from the one before has a file that it wrote."""
    assert {int(name.removeprefix("schema-")) for name in HEADS} <= set(range(1, VERSION + 1))


def test_a_file_of_an_earlier_version_keeps_all_it_holds(old: tuple[Path, str]) -> None:
    """Records, reviews and approvals are read as before, and both chains have the heads that were
    noted.
    """
    place, name = old
    Store(place).close()
    report = evidence.verify(place)
    assert (report.ok, report.problems) == (True, ())
    assert (report.head, report.reviews_head) == HEADS[name]
    assert (report.entries, report.reviews, report.still_open) == (61, 6, 1)
    store = Store(place)
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


def test_a_gate_goes_on_in_a_file_of_an_earlier_version(old: tuple[Path, str]) -> None:
    """What was under way is chained at the first start, and the chain goes on from the old head."""
    place, name = old
    writer = Writer(place)
    writer.stop()
    assert writer.recovered == 1
    report = evidence.verify(place)
    assert (report.ok, report.entries, report.still_open) == (True, 62, 0)
    with sqlite3.connect(place) as connection:
        (before,) = connection.execute("SELECT prev FROM entries WHERE seq = 62").fetchone()
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert bytes(before).hex() == HEADS[name][0]
