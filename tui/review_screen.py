"""The review: the queue with its parts, and what a person can do with the queue itself: move, mark, read, filter."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.widgets import Input

from core.ports import CaseStore, HoldQueue
from core.review import CaseFilter
from tui.actions import REVIEW
from tui.background_reader import Reader
from tui.case_review import CaseReview
from tui.detail_pane import DetailPane
from tui.evidence_acts import EvidenceActs
from tui.evidence_review import EvidenceReview
from tui.filter_bar import FilterBar, FilterInput
from tui.filtering import parse
from tui.held_panel import HeldPanel
from tui.help_screen import HelpScreen
from tui.hold_review import HoldReview
from tui.holds import Held
from tui.live_queue import LiveQueue, Reviewer
from tui.offers import Actor, bindings_of
from tui.queue_view import QueueView
from tui.review_part import UNREADABLE, WAITS, ReviewPart
from tui.script_review import ScriptReview
from tui.theme import DARK, LIGHT

PARTS: tuple[type[ReviewPart], ...] = (CaseReview, EvidenceReview, ScriptReview)
"""Who does the rest of the review's actions."""
_ALWAYS = frozenset(
    {
        "filter",
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
    }
)


class ReviewScreen(LiveQueue):
    """Every action of the registry is a `do_` method here or of a part."""

    ACTIONS = REVIEW
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(REVIEW)

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
        self._parts = tuple(make(self) for make in PARTS)

    @property
    def actors(self) -> Sequence[Actor]:
        """The screen itself, then its parts."""
        return (self, self._holding, *self._parts)

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
        if self.queue.current is None:
            return "There is no case here."
        if action_id == "unmark_all" and not self.queue.marks:
            return "Nothing is marked."
        return None

    def holds_ended(self, gone: Sequence[Held]) -> None:
        """Say which expired unseen."""
        self._holding.ended(gone)

    @on(HeldPanel.Chosen)
    def _held_clicked(self, event: HeldPanel.Chosen) -> None:
        event.stop()
        self._holding.go_to(event.index)

    def do_back(self) -> None:
        """Esc: from the whole case to the queue, then from what is held, then from a filter to all open cases."""
        if self.has_class("-zoom"):
            self._zoom(False)
        elif self.held.current and self.queue.count:
            self._holding.leave()
        elif self.queue.wanted != CaseFilter():
            self._use_filter("")

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
        """Take all marks away."""
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
        """Read for the first time: with the filter that was asked for, if that is understood."""
        parsed = parse(self.filter_line, self.reviewer.clock(), self.reviewer.zone)
        if parsed.problem:
            self.tell(parsed.problem, wrong=True)
            self.filter_line = ""
        else:
            self.wanted = parsed.wanted
        super().begin()

    def do_filter(self) -> None:
        """Ask for words."""
        self.query_one(FilterBar).open(self.filter_line)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the filter line."""
        event.stop()
        self._use_filter(event.value)

    @on(FilterInput.GivenUp)
    def _filter_given_up(self, event: FilterInput.GivenUp) -> None:
        event.stop()
        self._leave_filter()

    def _leave_filter(self) -> None:
        self.set_focus(None)
        self.query_one(FilterBar).close()

    def _use_filter(self, line: str) -> None:
        parsed = parse(line, self.reviewer.clock(), self.reviewer.zone)
        if parsed.problem:
            self.query_one(FilterBar).complain(parsed.problem)
            return
        self.filter_line = line.strip()
        self._leave_filter()
        self.wanted = parsed.wanted
        self.start(self.look_again)

    # Messages of the list

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
