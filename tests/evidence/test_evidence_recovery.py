"""What a killed gate left under way is chained at the next start, and claims no more than is known
of it.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from reading import read

import evidence
from core.decision import Verdict
from core.fate import AT_LEAST_NOTE, STOPPED_NOTE
from core.record import Record
from evidence.store import Store
from evidence.writer import Writer
from tests.evidence.conftest import Told

Make = Callable[..., Record]


def _recovered(place: Path, record: Record, told: Callable[[], Told]) -> Record:
    """Return the record of what was under way when its gate was killed."""
    writer, answer = Writer(place), told()
    writer.open(record, answer)
    answer.wait()
    with sqlite3.connect(place) as connection:
        connection.execute("UPDATE open_exchanges SET gate = 'gone'")
    Writer(place).stop()
    store = Store(place)
    (found,) = read(store.iter_records())
    store.close()
    writer.stop()
    assert evidence.verify(place).ok
    return found


def _under_way(record: Record, verdict: Verdict, *, scheme: str, complete: bool) -> Record:
    return replace(
        record,
        findings=(),
        destination=replace(record.destination, scheme=scheme),
        request=replace(record.request, bytes=0, complete=complete),
        decision=replace(record.decision, verdict=verdict, intended=None),
    )


@pytest.mark.parametrize(("scheme", "complete"), [("https", False), ("wss", True), ("ws", True)])
def test_what_was_still_leaving_says_no_number_as_if_it_were_all(
    place: Path,
    make_record: Make,
    told: Callable[[], Told],
    scheme: str,
    complete: bool,
) -> None:
    """A body that streams, and messages of a WebSocket: more may have left than was written down,
    and nobody knows what was in it.
    """
    begun = _under_way(make_record(), Verdict.WATCH, scheme=scheme, complete=complete)
    record = _recovered(place, begun, told)
    assert STOPPED_NOTE in record.notes
    assert AT_LEAST_NOTE in record.notes
    assert (record.bytes_exact, record.request.complete) == (False, False)
    assert (record.left, record.unread) == (True, True)


@pytest.mark.parametrize(
    ("verdict", "complete"), [(Verdict.WATCH, True), (Verdict.HOLD, True), (Verdict.HOLD, False)]
)
def test_what_had_left_whole_or_not_at_all_is_told_as_that(
    place: Path, make_record: Make, told: Callable[[], Told], verdict: Verdict, complete: bool
) -> None:
    begun = _under_way(make_record(), verdict, scheme="https", complete=complete)
    record = _recovered(place, begun, told)
    assert STOPPED_NOTE in record.notes
    assert (record.bytes_exact, record.request.complete) == (True, complete)
    assert not record.unread
