"""What was still leaving when its gate was killed is so many bytes at least, and so is every sum
that holds it: of its case, its hour and its day, however they came about.
"""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import evidence
from core.case_keys import case_key
from core.classification import AccountKind, Destination
from core.decision import Verdict
from core.fate import AT_LEAST_NOTE
from core.findings import not_inspected
from core.record import Record
from evidence.chain import canonical
from evidence.database import connect, transaction
from evidence.hours import Wanted, course, per_destination, total
from evidence.past import Sums
from evidence.rebuild import rebuild
from evidence.rollup import Rollup
from evidence.store import Store
from evidence.tally import Tally
from evidence.times import micros

Make = Callable[..., Record]


@pytest.fixture
def killed(make_record: Make) -> Record:
    """Of which more may have left than it tells."""
    return cut_short(make_record(1))


def cut_short(record: Record, verdict: Verdict = Verdict.WATCH) -> Record:
    told = (*record.findings, not_inspected(AT_LEAST_NOTE, "gate"))
    left = replace(record.decision, verdict=verdict, intended=None)
    return replace(record, notes=(AT_LEAST_NOTE,), findings=told, decision=left)


def sums(place: Path, record: Record) -> tuple[bool, int, list[int], list[int]]:
    """Return whether the bytes of its case are all, and how many records of all, of each day and
    of each destination may have sent more.
    """
    with closing(Store(place)) as store:
        case = store.case(case_key(record))
        assert case is not None
        days = [one.total.least for one in course(store, Wanted(), days=True)]
        places = [row[3].least for row in per_destination(store)]
        return case.bytes_exact, total(store).least, days, places


def test_each_sum_tells_that_it_is_the_least(
    place: Path, write: Callable[..., None], make_record: Make, killed: Record
) -> None:
    write(replace(make_record(2), at=killed.at - timedelta(days=1)))
    write(killed, make_record(3))
    assert sums(place, killed) == (False, 1, [0, 1], [1])
    assert evidence.verify(place).problems == ()
    with closing(connect(place)) as connection, transaction(connection):
        rebuild(connection)
    assert sums(place, killed) == (False, 1, [0, 1], [1])
    assert evidence.verify(place).problems == ()


def test_what_is_all_that_left_is_told_as_all(
    place: Path, write: Callable[..., None], make_record: Make
) -> None:
    one = make_record(1)
    write(one)
    assert sums(place, one) == (True, 0, [0], [0])


@pytest.mark.parametrize("table", ["hours", "days"])
def test_a_sum_that_was_made_exact_is_named(
    place: Path, write: Callable[..., None], killed: Record, table: str
) -> None:
    write(killed)
    with closing(sqlite3.connect(place)) as connection, connection:
        connection.execute(f"UPDATE {table} SET least = 0")
    assert not evidence.verify(place).ok


def test_texts_add_up_to_the_same(killed: Record, make_record: Make) -> None:
    """Also what the sums of expired records keep, which earlier versions kept without it."""
    whole, tally = Rollup(), Tally()
    for record in (make_record(2), killed, killed, make_record(3)):
        whole.add(record, micros(record.at))
        tally.add(canonical(record.to_json()), micros(record.at))
    assert tally.sums == whole
    assert sum(row[-1] for row in whole.hours.values()) == 2
    assert whole.cases[case_key(killed)].least == 2
    kept = Sums(rollup=whole)
    assert Sums.from_bytes(kept.to_bytes()).rollup == whole
    before = json.loads(kept.to_bytes())
    before["hours"] = [row[:-1] for row in before["hours"]]
    read = Sums.from_bytes(canonical(before)).rollup
    assert {key: row[:-1] for key, row in read.hours.items()} == {
        key: row[:-1] for key, row in whole.hours.items()
    }
    assert {row[-1] for row in read.hours.values()} == {0}


@pytest.mark.parametrize("cut", [False, True])
def test_the_twelfth_version_did_not_tell(
    place: Path, write: Callable[..., None], make_record: Make, cut: bool
) -> None:
    """Its sums are made anew, and what the gate told of its entries goes with them."""
    one, other = make_record(1), make_record(2)
    other = replace(other, destination=_elsewhere(other))
    write(cut_short(one) if cut else one, other)
    _as_the_twelfth(place)
    assert sums(place, one)[:2] == (not cut, int(cut))
    assert sums(place, other)[0]
    with closing(sqlite3.connect(place)) as connection, connection:
        assert connection.execute("SELECT count(*) FROM lots").fetchone() == (0,)
    assert evidence.verify(place).problems == ()


def test_the_twelfth_version_did_not_tell_of_what_needs_no_review_either(
    place: Path, write: Callable[..., None], make_record: Make
) -> None:
    """What was plainly allowed is in no case; its hour is held against the chain all the same."""
    write(cut_short(make_record(1), Verdict.ALLOW), make_record(2))
    _as_the_twelfth(place)
    with closing(Store(place)) as store:
        assert total(store).least == 1
    assert evidence.verify(place).problems == ()


def _as_the_twelfth(place: Path) -> None:
    """Make of a file one that the twelfth version wrote, with a lot."""
    with closing(sqlite3.connect(place)) as connection, connection:
        for table in ("hours", "days", "traffic"):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN least")
        for id_, inside in connection.execute("SELECT id, inside FROM cases").fetchall():
            told = {name: value for name, value in json.loads(inside).items() if name != "least"}
            text = json.dumps(told, separators=(",", ":"), sort_keys=True).encode()
            connection.execute("UPDATE cases SET inside = ? WHERE id = ?", (text, id_))
        connection.execute("INSERT INTO lots VALUES (-5, -5, x'00')")
        connection.execute("PRAGMA user_version=12")


def _elsewhere(record: Record) -> Destination:
    account = replace(record.destination.account, kind=AccountKind.PERSONAL)
    return replace(record.destination, host="elsewhere.example", service=None, account=account)
