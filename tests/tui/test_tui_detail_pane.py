"""The pane beside the queue: drawn without a new layout, and never of another case."""

import threading
from collections.abc import Sequence

from textual.geometry import Size

from core.stored import StoredEntry
from tests.tui.conftest import EndlessStore, Finds, FragileStore, Opens, Presses, ShowsText
from tui.detail_pane import DetailPane


async def test_a_key_does_not_lay_out_the_screen(
    opened: Opens, endless: EndlessStore, press: Presses, review: Finds
) -> None:
    """Two rows of the queue and the pane are drawn again, nothing else: so a key answers at once
    however much there is.
    """
    async with opened(endless, (140, 45)) as pilot:
        await press(pilot, "down")
        laid_out: list[object] = []
        review(pilot).screen_layout_refresh_signal.subscribe(review(pilot), laid_out.append)
        await press(pilot, "down", "down", "up", "x")
        assert laid_out == []
        await press(pilot, "slash")
        assert laid_out, "the filter line needs room"


async def test_the_pane_scrolls_over_all_of_a_case(
    opened: Opens, store: FragileStore, press: Presses, review: Finds, screen_text: ShowsText
) -> None:
    """From its first line to its last, and from the first again of the next case."""
    async with opened(store, (80, 24)) as pilot:
        await press(pilot, "enter", "G")
        pane = review(pilot).query_one(DetailPane)
        assert pane.scroll_offset.y == pane.virtual_size.height - pane.size.height > 0
        assert "Policy" in screen_text(pilot)
        await press(pilot, "escape", "down")
        assert pane.scroll_offset.y == 0
        assert pane.virtual_size != Size(0, 0)


class Slow(FragileStore):
    """Evidence that answers when it is let."""

    let = threading.Event()

    def records(self, key: str, limit: int = 50, offset: int = 0) -> Sequence[StoredEntry]:
        assert self.let.wait(20)
        return super().records(key, limit, offset)


async def test_slow_evidence_leaves_no_other_case_in_the_pane(
    opened: Opens, store: FragileStore, press: Presses, review: Finds, screen_text: ShowsText
) -> None:
    """What the queue knows is shown at least, and that the rest is being read."""
    slow = Slow(store._records)
    slow.let.set()
    async with opened(slow, (140, 45)) as pilot:
        slow.let.clear()
        await pilot.press("down")
        screen = review(pilot)
        begun = screen.begun()
        assert begun is not None
        screen._show_begun(begun)
        await pilot.pause()
        pane = screen.query_one(DetailPane)
        assert pane.shown_key == begun.key and "Reading…" in screen_text(pilot)
        slow.let.set()
        await press(pilot, "up")
        assert "Reading…" not in screen_text(pilot)
        screen._show_begun(begun)
        assert pane.shown_key != begun.key
