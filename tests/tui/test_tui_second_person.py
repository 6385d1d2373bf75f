"""Two people at two terminals, by keys: what one asks for, the other gives, and nobody both."""

from datetime import UTC
from pathlib import Path

import pytest
from present import readable

from app.demo.fictional_year import PRESENT, make_year
from app.desk_acts import acts_of
from app.home import Home
from app.settings import Settings
from core.case_keys import case_key
from core.review import Acting, Action
from evidence.holds import HeldRequests
from evidence.store import Store
from tests.tui.conftest import Presses, Settles, ShowsText
from tui.app import ReviewApp
from tui.holds import waiting_now
from tui.live_queue import Reviewer


class Terminal:
    """One machine's store, and a review of it for each who sits down."""

    def __init__(self, folder: Path) -> None:
        make_year(folder / "evidence.db")
        two = Acting(channel="review", two_for_release_over=20)
        self.store = Store(folder / "evidence.db", clock=lambda: PRESENT, acting=two)
        self.holds = HeldRequests(self.store)
        self._home = Home(folder)
        [waits] = waiting_now(self.holds.waiting(), PRESENT).held
        self._waits = waits.record

    def review_of(self, who: str) -> ReviewApp:
        """Return the review as this person opens it."""
        reviewer = Reviewer(who=who, clock=lambda: PRESENT, zone=UTC, poll_seconds=None)
        acts = acts_of(self.store, self._home, Settings(), clock=lambda: PRESENT)
        return ReviewApp(self.store, reviewer, self.holds, "", acts)

    def said(self) -> list[tuple[Action, str]]:
        """Return who answered what, of the request that waits or waited."""
        acts = readable(self.store.history(case_key(self._waits)))
        return [(act.action, act.who) for act in acts if act.record_id == self._waits.id]


@pytest.mark.parametrize("size", [(80, 24), (140, 45)], ids=["80x24", "140x45"])
async def test_a_release_over_many_people_takes_two_at_terminals(
    press: Presses,
    settled: Settles,
    screen_text: ShowsText,
    tmp_path: Path,
    size: tuple[int, int],
) -> None:
    """The first asks and is told so, asks again and is refused; for the second the line says who
    asked, and the same key lets it go.
    """
    desk = Terminal(tmp_path)
    async with desk.review_of("lena").run_test(size=size) as pilot:
        await settled(pilot)
        await press(pilot, "h", "a", "shift+tab", "type:they need it", "tab", "enter")
        assert any("Asked for." in n.message for n in pilot.app._notifications)
        assert desk.said() == [(Action.ASK_APPROVE, "lena")]
        await press(pilot, "h", "a", "enter")
        assert any("You asked for this" in n.message for n in pilot.app._notifications)
        assert desk.said() == [(Action.ASK_APPROVE, "lena")] and desk.holds.waiting()
    async with desk.review_of("bo").run_test(size=size) as pilot:
        await settled(pilot)
        assert "lena" in screen_text(pilot)
        await press(pilot, "h", "a")
        assert "lena asked for its release" in " ".join(screen_text(pilot).split())
        await press(pilot, "enter")
        assert any("Released" in n.message for n in pilot.app._notifications)
    assert desk.said() == [(Action.ASK_APPROVE, "lena"), (Action.APPROVE, "bo")]
    assert not desk.holds.waiting()
    desk.store.close()
