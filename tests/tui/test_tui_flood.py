"""Fifty new records a second for a minute: whoever reads, writes or chooses keeps the place."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from invented_day import finding, place, record, sender
from present import there
from textual.pilot import Pilot
from textual.widgets import Input

from core.classification import Category
from core.decision import Verdict
from core.record import Record
from evidence.batch import Appender, Batch, Items
from evidence.database import connect
from evidence.factory import open_store
from evidence.schema import prepare
from evidence.store import Store
from tests.tui.conftest import NOW, Finds, Opens, Presses, Settles, ShowsText
from tui.close_dialog import CloseDialog
from tui.detail_pane import DetailPane
from tui.filter_bar import FilterInput
from tui.queue_view import QueueView

SECONDS, EACH, AT_FIRST, LOOKS_EVERY = 60, 50, 400, 5
LOOKS = (20, 20, 20)
"""Thirds of the minute, each spent on something else; the screen looks twelve times."""


class Flood:
    """An evidence file into which a gate writes on and on, by a clock in the hand."""

    def __init__(self, path: Path) -> None:
        prepare(path)
        self._connection = connect(path)
        self._appender, self._items = Appender(self._connection, "flood"), Items()
        self.now, self.written = NOW, 0

    def clock(self) -> datetime:
        return self.now

    def write(self, count: int) -> None:
        """Write so many records in one group."""
        batch = [self._items.closed(self._one()) for _ in range(count)]
        self._appender.write(Batch(closes=batch))

    def pass_seconds(self, seconds: int) -> None:
        """Let the time go on, with all that is sent in it."""
        self.now += timedelta(seconds=seconds)
        self.write(seconds * EACH)

    def _one(self) -> Record:
        """Return a record of one of many scripts; one in twenty is of a script never seen."""
        self.written += 1
        number = self.written % 60 if self.written % 20 else self.written
        return record(
            self.now - timedelta(milliseconds=500) + timedelta(microseconds=self.written),
            sender(f"job_{number}.py"),
            place("files.example", None, Category.OTHER),
            finding("email" if number % 3 else "health_id", 1 + self.written % 9),
            verdict=Verdict.WATCH,
        )

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def flood(tmp_path: Path) -> Iterator[Flood]:
    with closing(Flood(tmp_path / "evidence.db")) as flood:
        flood.write(AT_FIRST)
        yield flood


@pytest.fixture
def flooded(flood: Flood, tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "evidence.db", clock=lambda: NOW)
    yield store
    store.close()


async def test_a_minute_of_fifty_records_a_second_moves_nobody(
    opened: Opens,
    flooded: Store,
    flood: Flood,
    press: Presses,
    settled: Settles,
    review: Finds,
    screen_text: ShowsText,
) -> None:
    """The cursor stays on its case and its line, marks stay, and so does where the case was read
    to; a filter and a note that are being written stay as they are, and the dialog that is open
    stays open, about what it was opened for. All that arrived is counted.
    """

    async def second_by_second(pilot: Pilot[int], seconds: int) -> None:
        for _ in range(seconds // LOOKS_EVERY):
            flood.pass_seconds(LOOKS_EVERY)
            await desk.poll()
            await settled(pilot)

    async with opened(flooded, (140, 45), clock=flood.clock) as pilot:
        desk = review(pilot)
        await press(pilot, *["down"] * 20, "x", *["down"] * 20, "x")
        queue, view, pane = desk.queue, desk.query_one(QueueView), desk.query_one(DetailPane)
        case, marks = there(queue.current).key, set(queue.marks)

        def line() -> int:
            assert (there(queue.current).key, set(queue.marks)) == (case, marks)
            return queue.cursor - view.scroll_offset.y

        pane.scroll_to(y=4, animate=False)
        before = line()
        await second_by_second(pilot, LOOKS[0])
        assert line() == before and pane.scroll_offset.y == 4
        await press(pilot, "slash", *"to:files")
        before = line()  # the filter takes two lines of the list
        await second_by_second(pilot, LOOKS[1])
        box = desk.query_one(FilterInput)
        assert line() == before and desk.focused is box
        assert (box.value, box.cursor_position) == ("to:files", len("to:files"))
        await press(pilot, "escape", "c", "2", *"not all")
        dialog, before = pilot.app.screen, line()
        about = screen_text(pilot)
        await second_by_second(pilot, LOOKS[2])
        assert pilot.app.screen is dialog and isinstance(dialog, CloseDialog)
        assert dialog.query_one("#note", Input).value == "not all"
        [asked] = [one[20:120] for one in about.splitlines() if "These 2 cases" in one]
        assert asked in screen_text(pilot)
        await press(pilot, "escape")
        assert line() == before
        assert flood.written == AT_FIRST + SECONDS * EACH
        assert flooded.totals()["records"] == flood.written
        assert queue.count == flooded.count(queue.wanted)
