"""A draft of a notification does not say that nothing left where something did: in part, before it
was stopped, or past the gate.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.decision import Verdict
from core.fate import CUT_OFF, Fate
from core.record import Record
from core.review import CaseFilter
from evidence.store import Store
from exports.report.breach import breach
from exports.report.forms import drawn
from tests.evidence.conftest import with_fate

Make = Callable[..., Record]
NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
SIZE = 8_000_000


def cut(record: Record) -> Record:
    blocked = replace(record.decision, verdict=Verdict.BLOCK)
    note = f"{CUT_OFF} 8,000,000 bytes had left"
    return replace(
        record, notes=(note,), decision=blocked, request=replace(record.request, bytes=SIZE)
    )


def past(record: Record) -> Record:
    return replace(with_fate(record, Fate.PAST), findings=())


def drafted(place: Path) -> str:
    store = Store(place, clock=lambda: NOW)
    (case,) = store.page(CaseFilter(), 0, 2)
    return " ".join(drawn(breach(store, case, by="dpo", now=NOW), "text").decode().split())


def test_of_what_was_cut_a_part_left(
    place: Path, write: Callable[..., None], make_record: Make
) -> None:
    write(cut(make_record()), make_record(1, verdict=Verdict.BLOCK))
    told = drafted(place)
    assert "Nothing left" not in told
    assert "0 of which left and 1 left in part before it was stopped, with data of" in told
    assert "8.0 MB left." in told
    assert "left in part before it was stopped 1" in told and "did not leave 1" in told


def test_of_what_went_past_nobody_knows_what_left(
    place: Path, write: Callable[..., None], make_record: Make
) -> None:
    write(past(make_record()))
    told = drafted(place)
    assert "Nothing left" not in told
    assert "1 went past the gate, which nobody read, with data of an unknown number" in told
    assert "Approximate number of people: an unknown number of people" in told
    assert "0 bytes left" not in told


@pytest.mark.parametrize("fate", [Fate.UNREACHED, Fate.UNTRUSTED, Fate.FOREIGN, Fate.UNFINISHED])
def test_what_never_left_did_not(
    place: Path, write: Callable[..., None], make_record: Make, fate: Fate
) -> None:
    write(with_fate(make_record(verdict=Verdict.WATCH), fate))
    assert "Nothing left the machine" in drafted(place)
