"""The review: what a person can do with the queue and the case under the cursor."""

from functools import partial
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Input

from core.review import Action, Case, CaseFilter, CaseStatus
from core.vocabulary.sizes import counted
from tui.actions import ACTIONS, BY_ID, ReviewAction
from tui.background_reader import Trouble
from tui.close_dialog import CloseDialog, Closing, events_for
from tui.detail_pane import DetailPane
from tui.evidence_review import EvidenceReview
from tui.filter_bar import FilterBar, FilterInput
from tui.filtering import parse
from tui.help_screen import HelpScreen
from tui.queue_view import QueueView
from tui.theme import DARK, LIGHT
from tui.wording import disposition_words


class ReviewScreen(EvidenceReview):
    """Every `do_` method is an action of the registry."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(
                key,
                f"do('{action.id}')",
                action.name,
                show=False,
                id=f"{action.id}.{n}",
                tooltip=action.help,
            )
            for action in ACTIONS
            for n, key in enumerate(action.keys)
        ),
        Binding("escape", "back", "Back", show=False),
    ]
    # Acting

    def unavailable(self, action: ReviewAction) -> str | None:
        """Return why an action cannot be done now, or None when it can."""
        match action.id:
            case "export" | "verify" if self.acts is None:
                return f"Use the command “outgate {action.id}”."
            case "export" if not self.queue.count:
                return "There is no case to export."
            case "export" | "verify":
                return None
            case (
                "filter"
                | "help"
                | "quit"
                | "theme"
                | "down"
                | "up"
                | "page_down"
                | "page_up"
                | "top"
                | "bottom"
            ):
                return None
            case "undo":
                return self._no_undo()
            case _ if self._trouble:
                return "The evidence cannot be read just now."
            case "held" | "release" | "refuse":
                return self.no_answer(action.id)
            case "close" | "mark" | "mark_down" if self.held.current:
                return "This request waits: a releases it, b refuses it."
            case "why" | "read" if self.held.current:
                return None
            case "script":
                return None if self.script_here() else "No script is known here."
            case _ if self.queue.current is None:
                return "There is no case here."
            case "close":
                return self._no_close()
            case "unmark_all":
                return None if self.queue.marks else "Nothing is marked."
            case _:
                return None

    def _no_close(self) -> str | None:
        if self._reviewer.read_only:
            return "This is a read-only view."
        return None if self._open_chosen() else "It is closed already; u reopens it."

    def _no_undo(self) -> str | None:
        if self._reviewer.read_only:
            return "This is a read-only view."
        if self.held.current:
            return "This request waits: a releases it, b refuses it."
        return None if self._to_reopen() else "You have closed nothing in this session."

    def action_do(self, action_id: str) -> None:
        """Do an action of the registry, or say why not."""
        reason = self.unavailable(BY_ID[action_id])
        if reason:
            self.tell(reason)
        else:
            getattr(self, f"do_{action_id}")()

    def action_back(self) -> None:
        """Esc: from the whole case to the queue, then from what is held, then from a filter to all open cases."""
        if self.has_class("-zoom"):
            self._zoom(False)
        elif self.held.current and self.queue.count:
            self.leave_held()
        elif self.queue.wanted != CaseFilter():
            self._use_filter("")

    @property
    def _pane(self) -> DetailPane | None:
        return self.query_one(DetailPane) if self.has_class("-zoom") else None

    def _go(self, index: int) -> None:
        old = self.queue.cursor
        if self.held.current:
            self.leave_held()
        if self.queue.move(index):
            self.query_one(QueueView).show_cursor(old)
            self._show_case()
        had = self.queue.new_above
        self._seen()
        if had != self.queue.new_above:
            self._say()

    def do_down(self) -> None:
        """Next case, or next line when reading in full."""
        if self._pane:
            self._pane.scroll_down(animate=False)
        elif not self.step_held(1):
            self._go(self.queue.cursor + 1)

    def do_up(self) -> None:
        """Case above, or line above when reading in full."""
        if self._pane:
            self._pane.scroll_up(animate=False)
        elif not self.step_held(-1):
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
        self._say()

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
        self._say()

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
        self._say()

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
        self._say()

    def do_help(self) -> None:
        """Show every key."""
        self.app.push_screen(HelpScreen(self.unavailable))

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
        parsed = parse(self._filter_line, self._reviewer.clock(), self._reviewer.zone)
        if parsed.problem:
            self.tell(parsed.problem, wrong=True)
            self._filter_line = ""
        else:
            self._wanted = parsed.wanted
        super().begin()

    def do_filter(self) -> None:
        """Ask for words."""
        self.query_one(FilterBar).open(self._filter_line)

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
        parsed = parse(line, self._reviewer.clock(), self._reviewer.zone)
        if parsed.problem:
            self.query_one(FilterBar).complain(parsed.problem)
            return
        self._filter_line = line.strip()
        self._leave_filter()
        self._wanted = parsed.wanted
        self._start(self._refresh)

    # Closing and reopening

    def _open_chosen(self) -> list[Case]:
        return [case for case in self.queue.chosen() if case.status is CaseStatus.OPEN]

    def _to_reopen(self) -> list[Case]:
        current = self.queue.current
        if current is not None and current.status is CaseStatus.CLOSED:
            return [current]
        return self._undoable

    def do_close(self) -> None:
        """Ask for the reason, then close."""
        cases = self._open_chosen()

        def chosen(closing: Closing | None) -> None:
            if closing is not None:
                self.run_worker(self._append(cases, Action.CLOSE, closing), group="append")

        self.app.push_screen(CloseDialog(cases), chosen)

    def do_undo(self) -> None:
        """Reopen, as a new entry."""
        self.run_worker(self._append(self._to_reopen(), Action.REOPEN, None), group="append")

    async def _append(self, cases: list[Case], action: Action, closing: Closing | None) -> None:
        events = events_for(cases, action, self._reviewer.who, self._reviewer.clock(), closing)
        done = await self._reader.ask(lambda: self._store.append(events))
        count = counted(len(cases), "case")
        if isinstance(done, Trouble):
            self.tell(f"Nothing was changed. {done.what}", wrong=True)
            return
        self._undoable = cases if action is Action.CLOSE else []
        self.queue.marks.clear()
        if closing is None:
            self.tell(f"Reopened {count}.")
        else:
            reason = disposition_words(closing.disposition.value)
            self.tell(f"Closed {count}: {reason}. Press u to undo.")
        await self._refresh()

    # Messages of the list

    @on(QueueView.Lacking)
    def _pages_lacking(self, event: QueueView.Lacking) -> None:
        event.stop()
        self._start(partial(self._read_pages, event.pages), "pages")
        self._seen()

    @on(QueueView.Chosen)
    def _row_clicked(self, event: QueueView.Chosen) -> None:
        event.stop()
        if event.index < self.queue.count:
            self._go(event.index)
