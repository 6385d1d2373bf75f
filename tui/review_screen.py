"""The review: the queue with its parts, and what a person can do with the queue itself: move, mark,
read, filter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.widgets import Input

from core.review import Order
from core.review_ports import CaseStore, HoldQueue
from core.vocabulary.sizes import capital
from tui.actions import SCREENS
from tui.background_reader import Reader, Trouble
from tui.case_queue import WIDEST_FIRST, all_cases, sorted_by
from tui.case_review import CaseReview
from tui.detail_pane import DetailPane
from tui.evidence_acts import EvidenceActs
from tui.evidence_review import EvidenceReview
from tui.filter_bar import FilterInput
from tui.filter_review import FilterReview
from tui.held_panel import HeldPanel
from tui.help_screen import HelpScreen
from tui.hold_review import HoldReview
from tui.holds import Held
from tui.live_queue import LiveQueue, Reviewer
from tui.offers import Actor, bindings_of
from tui.passport_screen import PassportReview
from tui.queue_view import QueueView
from tui.review_part import UNREADABLE, WAITS, is_marking
from tui.rule_dialog import RuleReview
from tui.script_review import ScriptReview
from tui.sheet_screen import TabReview
from tui.tab_strip import TabStrip
from tui.theme import DARK, LIGHT
from tui.view_review import ViewReview
from tui.view_strip import ViewStrip

PARTS = (CaseReview, RuleReview, TabReview, ScriptReview, PassportReview)
"""Who does the rest of the review's actions."""
ORDERS: Mapping[Order, str] = {
    Order.RISK: "risk",
    Order.NEWEST: "the newest request",
    Order.OLDEST: "the first request",
    Order.SCRIPT: "sender",
    Order.DESTINATION: "destination",
    Order.OUTCOME: "outcome",
    Order.KIND: "kinds of data",
    Order.PEOPLE: "people",
    Order.ROWS: "rows",
    Order.TIMES: "how often it happened",
}
_ALWAYS = frozenset(
    {
        "help",
        "quit",
        "theme",
        "back",
        "down",
        "up",
        "page_down",
        "page_up",
        "top",
        "bottom",
        "order",
    }
)


class ReviewScreen(LiveQueue):
    """Every action of the registry is a `do_` method here or of a part."""

    ACTIONS = SCREENS["review"]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ACTIONS)

    def __init__(
        self,
        store: CaseStore,
        reader: Reader,
        reviewer: Reviewer,
        holds: HoldQueue | None = None,
        line: str = "",
        acts: EvidenceActs | None = None,
    ) -> None:
        super().__init__(store, reader, reviewer, holds, line, acts)
        self._holding = HoldReview(self)
        self._views = ViewReview(self)
        self._filtering = FilterReview(self, self._views.show, self._views.refused)
        self._evidence = EvidenceReview(self)
        self._parts = tuple(make(self) for make in PARTS)

    @property
    def actors(self) -> Sequence[Actor]:
        """The screen itself, then its parts."""
        first = self._holding, self._filtering, self._views, self._evidence
        return (self, *first, *self._parts)

    def obstacle(self, action_id: str) -> str | None:
        """Return why an action of the screen itself cannot be done now, or None when it can."""
        held = self.held.current
        if action_id in _ALWAYS:
            return None
        if self.trouble:
            return UNREADABLE
        if held and action_id in {"mark", "mark_down"}:
            return WAITS
        if held and action_id in {"why", "read"}:
            return None
        if action_id == "unmark_all":
            return None if self.queue.marks or is_marking(self) else "Nothing is marked."
        if self.queue.current is None:
            return self.queue.lacks
        if action_id in {"older", "newer"}:
            return self._no_other(action_id)
        return None

    def _no_other(self, action_id: str) -> str | None:
        case = self.queue.current
        if case is None or case.count == 1:
            return "There is one request in this case."
        if action_id == "newer" and self.place == 0:
            return "This is the newest request of the case."
        if action_id == "older" and self.place >= case.count - 1:
            return "This is the oldest request of the case."
        return None

    def holds_ended(self, gone: Sequence[Held]) -> None:
        """Say which expired unseen."""
        self._holding.ended(gone)

    @on(HeldPanel.Chosen)
    def _held_clicked(self, event: HeldPanel.Chosen) -> None:
        event.stop()
        self._holding.go_to(event.index)

    def do_back(self) -> None:
        """Esc: from the whole case to the queue, then from what is held, then from a filter to all
        open cases.
        """
        if self.has_class("-zoom"):
            self._zoom(False)
        elif self.held.current and self.queue.count:
            self._holding.leave()
        elif self.queue.is_filtered:
            self._filtering.use("")

    @property
    def _pane(self) -> DetailPane | None:
        return self.query_one(DetailPane) if self.has_class("-zoom") else None

    def _go(self, index: int) -> None:
        old = self.queue.cursor
        if self.held.current:
            self._holding.leave()
        if self.queue.move(index):
            self.query_one(QueueView).show_cursor(old)
            self.show_case()
        had = self.queue.new_above
        self.seen()
        if had != self.queue.new_above:
            self.say()

    def do_down(self) -> None:
        """Next case, or next line when reading in full."""
        if self._pane:
            self._pane.scroll_down(animate=False)
        elif not self._holding.step(1):
            self._go(self.queue.cursor + 1)

    def do_up(self) -> None:
        """Case above, or line above when reading in full."""
        if self._pane:
            self._pane.scroll_up(animate=False)
        elif not self._holding.step(-1):
            self._go(self.queue.cursor - 1)

    def do_page_down(self) -> None:
        """One page down."""
        if self._pane:
            self._pane.scroll_page_down(animate=False)
        else:
            self._go(self.queue.cursor + max(1, self.query_one(QueueView).size.height - 1))

    def do_page_up(self) -> None:
        """One page up."""
        if self._pane:
            self._pane.scroll_page_up(animate=False)
        else:
            self._go(self.queue.cursor - max(1, self.query_one(QueueView).size.height - 1))

    def do_top(self) -> None:
        """Newest case."""
        if self._pane:
            self._pane.scroll_home(animate=False)
            return
        self._go(0)
        self.query_one(QueueView).scroll_to(y=0, animate=False, force=True)
        self.queue.new_above = 0
        self.say()

    def do_bottom(self) -> None:
        """Oldest case."""
        if self._pane:
            self._pane.scroll_end(animate=False)
        else:
            self._go(self.queue.count - 1)

    def do_mark(self) -> None:
        """Mark or unmark the case under the cursor."""
        self.queue.toggle_mark()
        self.query_one(QueueView).redraw_row(self.queue.cursor)
        self.say()

    def do_mark_down(self) -> None:
        """Mark this case and go on."""
        case = self.queue.current
        if case is not None and case.key not in self.queue.marks:
            self.do_mark()
        self._go(self.queue.cursor + 1)

    def do_unmark_all(self) -> None:
        """Take all marks away, and those that are being made."""
        self.workers.cancel_group(self, "mark")
        self.queue.marks.clear()
        self.query_one(QueueView).refresh()
        self.say()

    def do_why(self) -> None:
        """Read the case from its “Why”."""
        self._zoom(True)
        self.call_after_refresh(self.query_one(DetailPane).scroll_to_heading, "Why")

    def do_read(self) -> None:
        """Give the whole screen to the case, or the queue its place back."""
        self._zoom(not self.has_class("-zoom"))

    def _zoom(self, on: bool) -> None:
        self.set_class(on, "-zoom")
        if not on:
            self.call_after_refresh(self.query_one(QueueView).redraw)

    def do_theme(self) -> None:
        """Light or dark."""
        self.app.theme = LIGHT.name if self.app.theme == DARK.name else DARK.name
        self.query_one(QueueView).refresh()
        self.say()

    def do_help(self) -> None:
        """Show every key."""
        self.app.push_screen(HelpScreen(self.ACTIONS, self.unavailable))

    def do_quit(self) -> None:
        """Leave, when all that was decided is written."""
        self.run_worker(self._leave(), group="leave", exclusive=True)

    async def _leave(self) -> None:
        writing = [worker for worker in self.app.workers if worker.group == "append"]
        if writing:
            await self.app.workers.wait_for_complete(writing)
        self.app.exit(0)

    # Filtering

    def begin(self) -> None:
        """Read for the first time."""
        self._filtering.begin(self._open_named)
        self._views.begin()
        self._evidence.begin()

    def _open_named(self) -> None:
        """Put the cursor on what is held under the name that was asked for, or give the screen to
        the case.
        """
        name = self.reviewer.case
        if name is None:
            return
        named = (n for n, held in enumerate(self.held.items) if held.is_called(name))
        if (index := next(named, None)) is not None:
            self._holding.go_to(index)
        elif self.queue.count == 1:
            self._holding.leave()
            self._zoom(True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the filter line."""
        event.stop()
        self._filtering.use(event.value, typed=True)

    @on(FilterInput.GivenUp)
    def _filter_given_up(self, event: FilterInput.GivenUp) -> None:
        event.stop()
        self._filtering.leave()

    @on(ViewStrip.Chosen)
    def _view_clicked(self, event: ViewStrip.Chosen) -> None:
        event.stop()
        self._views.go_to(event.line)

    def do_order(self) -> None:
        """Sort by the next column."""
        own = Order.RISK  # where the list is not sorted by it, its own order
        orders = [one for one in Order if one is own or sorted_by(self.store, one)]
        following = orders[(orders.index(self.wanted.order) + 1) % len(orders)]
        self.wanted = replace(self.wanted, order=following)
        known = sorted_by(self.store, following)
        self.tell(f"Sorted by {ORDERS[known]}." if known else f"{capital(WIDEST_FIRST)}.")
        self.start(self.look_again)

    def do_mark_shown(self) -> None:
        """Mark every case that the filter shows."""
        self.start(self._mark_shown, "mark")

    async def _mark_shown(self) -> None:
        wanted = self.queue.wanted
        found = await self.reader.ask(lambda: list(all_cases(self.store, wanted)))
        if isinstance(found, Trouble):
            self.tell(f"Nothing was marked. {found.what}", wrong=True)
            return
        self.queue.marks.update({case.key: case for case in found})
        self.query_one(QueueView).refresh()
        self.say()

    def do_older(self) -> None:
        """The request before, of the same case."""
        self._show_request(1)

    def do_newer(self) -> None:
        """The request after, of the same case."""
        self._show_request(-1)

    def _show_request(self, by: int) -> None:
        case = self.queue.current
        if case is not None:
            self.place = min(max(0, self.place + by), case.count - 1)
            self.show_case()

    def show_cases(self, line: str) -> None:
        """Show the cases of another filter."""
        self._zoom(False)
        self._filtering.use(line)

    # Messages of the list

    @on(TabStrip.Opened)
    def _tab_clicked(self, event: TabStrip.Opened) -> None:
        event.stop()
        self.action_do(event.name)

    @on(QueueView.Lacking)
    def _pages_lacking(self, event: QueueView.Lacking) -> None:
        event.stop()
        self.start(partial(self._read_pages, event.pages), "pages")
        self.seen()

    @on(QueueView.Chosen)
    def _row_clicked(self, event: QueueView.Chosen) -> None:
        event.stop()
        if event.index < self.queue.count:
            self._go(event.index)
