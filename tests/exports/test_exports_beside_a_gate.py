"""Exports, packs and reports that are made while a gate writes on are of one moment."""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.happenings import Event, happening
from core.record import Record
from evidence.store import Store
from exports.formats import formats
from exports.pack import verify as program
from exports.pack.building import Sources, build
from exports.report.monthly import report
from exports.report.period import since
from exports.selection import Selection
from exports.verification import verify_export
from exports.writing import export
from tests.evidence.conftest import LATER

Make = Callable[..., Record]


@pytest.fixture
def busy(
    full: Path, write: Callable[..., None], make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> Store:
    """A store in which something is recorded, and happens, whenever it is read."""
    store, count = Store(full, clock=lambda: LATER), iter(range(1000, 10_000))

    def later(read: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        def and_write(*arguments: object) -> Iterator[Any]:
            write(make_record(next(count)))
            store.tell(happening(Event.EVIDENCE_GAP, {"lost": 1}))
            yield from read(*arguments)

        return and_write

    for name in ("iter_entries", "iter_act_entries", "iter_records"):
        monkeypatch.setattr(store, name, later(getattr(store, name)))
    return store


def test_a_pack_made_beside_a_busy_gate_is_whole(busy: Store, tmp_path: Path) -> None:
    """It ended in an error, or did not verify."""
    out = tmp_path / "pack.zip"
    with out.open("wb") as file:
        packed = build(busy, Selection(), file, by="auditor", sources=Sources(), also=["ocsf"])
    said: list[str] = []
    assert program.main([str(out)], said.append) == 0, said
    assert f"records: complete, {packed.records} of {packed.records}" in said


@pytest.mark.parametrize("name", sorted(formats()))
def test_an_export_made_beside_a_busy_gate_is_complete(
    busy: Store, tmp_path: Path, name: str
) -> None:
    out = tmp_path / "export"
    export(name, busy, Selection(), out, by="auditor")
    found = verify_export(out)
    assert not found.problems, found
    assert found.result == "complete", found


def test_a_report_tells_of_one_moment(busy: Store, make_record: Make) -> None:
    """What is recorded after that is in no figure of it, nor in what it names as its evidence."""
    held = Selection(records_up_to=4, acts_up_to=1)
    period = since(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    page = report(busy, period, by="auditor", now=period.until, held=held)
    table = page.sections[0].table
    assert table is not None and table.rows[0][:2] == ("Requests", "4")
    assert ", entry 4, " in page.evidence
    assert not any("NOT TRUE" in one for part in page.sections for one in part.sentences)


def test_an_export_to_a_stream_is_held_too(busy: Store) -> None:
    out = io.BytesIO()
    written = export("jsonl", busy, Selection(), out, by="auditor")
    assert out.getvalue().count(b"\n") == 1 + written.records + written.acts
