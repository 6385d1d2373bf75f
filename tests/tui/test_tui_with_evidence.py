"""The review over the real evidence file, as `outgate review` opens it."""

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from invented_day import sample_records
from present import readable, there

from core.record import Record
from core.review import CaseFilter, CaseStatus, Disposition
from evidence.factory import open_store
from tests.tui.conftest import Finds, Opens, Presses, Settles, ShowsText
from tui.plain import print_queue


async def test_a_case_is_read_and_closed_in_the_evidence_file(
    written: Callable[[Path, Sequence[Record]], None],
    opened: Opens,
    press: Presses,
    screen_text: ShowsText,
    tmp_path: Path,
    now: datetime,
) -> None:
    """What the gate wrote is seen, and what the officer decides is in the file afterwards."""
    path = tmp_path / "evidence.db"
    written(path, sample_records(now)[-4:])
    store = open_store(path, clock=lambda: now)
    async with opened(store, (140, 45)) as pilot:
        shown = screen_text(pilot)
        assert "“ledger_upload.py”, run by fin-ops, sent 15,000" in shown
        assert "DE89 •••• •••• 3000" in shown
        await press(pilot, "c", "1", "enter")
        assert "ward_notes.py" in screen_text(pilot)
    store.close()

    again = open_store(path, clock=lambda: now)
    (closed,) = again.page(CaseFilter(status=CaseStatus.CLOSED), 0, 10)
    assert (closed.script, closed.disposition) == ("ledger_upload.py", Disposition.CONFIRMED_LEAK)
    assert readable(again.history(closed.key))[0].who == "dpo"
    again.close()


async def test_what_another_process_writes_arrives_by_itself(
    written: Callable[[Path, Sequence[Record]], None],
    opened: Opens,
    settled: Settles,
    review: Finds,
    screen_text: ShowsText,
    tmp_path: Path,
    now: datetime,
) -> None:
    """The gate writes while the review is open; the next look shows it, the cursor stays."""
    path = tmp_path / "evidence.db"
    *earlier, last = [r for r in sample_records(now) if r.decision.verdict.value != "allow"]
    written(path, earlier)
    store = open_store(path, clock=lambda: now)
    async with opened(store, (140, 45)) as pilot:
        key = there(review(pilot).queue.current).key
        assert "ledger_upload.py" not in screen_text(pilot)
        written(path, [last])
        await review(pilot).poll()
        await settled(pilot)

        assert "ledger_upload.py" in screen_text(pilot)
        assert there(review(pilot).queue.current).key == key
    store.close()


@pytest.mark.parametrize(
    "line", ["script:ledger", "to:onedrive", "to:graph.microsoft", "found:iban to:OneDrive"]
)
def test_part_of_a_name_is_enough_to_filter_by(
    written: Callable[[Path, Sequence[Record]], None], line: str, tmp_path: Path, now: datetime
) -> None:
    """“No case is like that” must not be said because a name was not written whole."""
    path = tmp_path / "evidence.db"
    written(path, sample_records(now)[-4:])
    store, out = open_store(path, clock=lambda: now), io.StringIO()

    assert print_queue(store, out, line, clock=lambda: now, zone=UTC) == 0
    assert out.getvalue().startswith("1 case, the most urgent first.\n\n1. “ledger_upload.py”")
    store.close()


async def test_a_damaged_file_is_told_in_words(
    written: Callable[[Path, Sequence[Record]], None],
    opened: Opens,
    settled: Settles,
    review: Finds,
    screen_text: ShowsText,
    tmp_path: Path,
    now: datetime,
) -> None:
    """The review stays up and says what to do."""
    path = tmp_path / "evidence.db"
    written(path, sample_records(now)[-2:])
    store = open_store(path, clock=lambda: now)
    async with opened(store) as pilot:
        for name in list(tmp_path.glob("evidence.db*")):  # noqa: ASYNC240 - nothing else runs meanwhile
            name.write_bytes(b"not a database" * 1000)
        review(pilot).queue.version = -1
        await review(pilot).poll()
        await settled(pilot)
        shown = " ".join(screen_text(pilot).split())

        assert "Outgate cannot read its evidence" in shown
        assert "Traceback" not in shown
    store.close()
