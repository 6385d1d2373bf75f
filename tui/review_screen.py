"""The review: the queue, the case under the cursor, and what a person can do with it."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from core.ports import CaseStore
from core.review import Action, Case, CaseFilter, CaseStatus
from tui.actions import ACTIONS, BY_ID, ReviewAction
from tui.case_detail import Reading
from tui.case_queue import PAGE_SIZE, Overview, Queue, look, overview, read_page
from tui.close_dialog import CloseDialog, Closing, events_for
from tui.detail_pane import DetailPane
from tui.filter_bar import FilterBar, FilterInput
from tui.filtering import completions, parse
from tui.help_screen import HelpScreen
from tui.lines import HealthLine, KeyLine, QueueLine
from tui.measures import counted
from tui.queue_view import QueueView, heading
from tui.reading import Reader, Trouble
from tui.wording import disposition_words, safe

_READINGS_KEPT = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Who reviews, with which rights and clock."""

    who: str
    clock: Callable[[], datetime]
    read_only: bool = False
    zone: tzinfo | None = None
    """None: the zone of this machine."""
    watching: Callable[[], bool] | None = None
    """Says whether a gate runs now; called beside the UI loop."""
    poll_seconds: float | None = 1.0
    """None: only when asked, for tests and screenshots."""


class ReviewScreen(Screen[None]):
    """One queue, one detail pane. All reading happens on the reader's thread; results are applied here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key, f"do('{action.id}')", action.name, show=False, id=f"{action.id}.{n}", tooltip=action.help)
            for action in ACTIONS
            for n, key in enumerate(action.keys)
        ),
        Binding("escape", "back", "Back", show=False),
    ]
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 - as the base class declares it
    DEFAULT_CSS = """
    ReviewScreen { layout: vertical; background: $background; }
    ReviewScreen #body { height: 1fr; }
    ReviewScreen #heading { height: 1; color: $quiet; text-wrap: nowrap; }
    ReviewScreen #empty { display: none; height: 1fr; padding: 1 3; color: $quiet; }
    ReviewScreen #trouble {
        display: none; height: auto; margin: 2 4; padding: 1 2; border: round $blocked; color: $foreground;
    }
    ReviewScreen KeyLine { dock: bottom; }
    ReviewScreen QueueView { height: 1fr; }
    ReviewScreen #list { height: 42%; }
    ReviewScreen DetailPane { height: 1fr; border-top: solid $panel; }
    ReviewScreen.-wide #body { layout: horizontal; }
    ReviewScreen.-wide #list { height: 100%; width: 62%; }
    ReviewScreen.-wide DetailPane { height: 100%; width: 1fr; border-top: none; border-left: solid $panel; }
    ReviewScreen.-zoom #list { display: none; }
    ReviewScreen.-zoom DetailPane, ReviewScreen.-zoom.-wide DetailPane { border: none; }
    ReviewScreen.-empty QueueView, ReviewScreen.-empty #heading, ReviewScreen.-empty DetailPane { display: none; }
    ReviewScreen.-empty #list { height: 1fr; width: 100%; }
    ReviewScreen.-empty #empty { display: block; }
    ReviewScreen.-trouble #body, ReviewScreen.-trouble QueueLine { display: none; }
    ReviewScreen.-trouble #trouble { display: block; }
    """

    def __init__(self, store: CaseStore, reader: Reader, reviewer: Reviewer) -> None:
        super().__init__()
        self._store, self._reader, self._reviewer = store, reader, reviewer
        self.queue = Queue()
        self._overview = Overview()
        self._trouble: str | None = None
        self._filter_line = ""
        self._wanted = CaseFilter()
        """What the person asked for last; an answer to an older wish is not shown."""
        self._undoable: list[Case] = []
        self._readings: dict[str, Reading] = {}
        self._polling = False

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield HealthLine()
        yield QueueLine()
        yield FilterBar(self._complete)
        yield Static(id="trouble", markup=False)
        with Container(id="body"):
            with Vertical(id="list"):
                yield Static(id="heading", markup=False)
                yield Static(id="empty", markup=False)
                yield QueueView(self.queue, self._reviewer.zone)
            yield DetailPane(self._reviewer.zone)
        yield KeyLine()

    def on_mount(self) -> None:
        """Read for the first time, then look for changes."""
        self._start(self._refresh())
        if self._reviewer.poll_seconds:
            self.set_interval(self._reviewer.poll_seconds, self._tick)

    def on_resize(self) -> None:
        """The lines are made for a width."""
        self.call_after_refresh(self._say)

    # Reading

    def _start(self, work: Coroutine[Any, Any, None], group: str = "look") -> None:
        self.run_worker(work, group=group, exclusive=True)

    def _tick(self) -> None:
        self._start_poll()

    def _start_poll(self) -> None:
        if not self._polling:
            self.run_worker(self.poll(), group="poll")

    async def poll(self) -> None:
        """See whether somebody wrote; if so, or after trouble, read again."""
        self._polling = True
        try:
            version = await self._reader.ask(self._store.data_version)
            if isinstance(version, Trouble):
                self._show_trouble(version)
            elif version != self.queue.version or self._trouble:
                await self._refresh()
            else:
                self._say()
        finally:
            self._polling = False

    async def _refresh(self) -> None:
        queue, store, aim = self.queue, self._store, self._wanted
        fresh = aim != queue.wanted
        cursor, key = (0, None) if fresh else (queue.cursor, queue.cursor_key)
        count = None if queue.version is None else queue.count
        snapshot = await self._reader.ask(lambda: look(store, aim, cursor, key, count))
        numbers = await self._reader.ask(partial(overview, store, self._today(), self._reviewer.watching))
        if isinstance(snapshot, Trouble):
            self._show_trouble(snapshot)
        elif isinstance(numbers, Trouble):
            self._show_trouble(numbers)
        elif aim == self._wanted:
            self._trouble, self._overview = None, numbers
            self._readings.clear()
            moved = queue.take(snapshot)
            self._redraw(0 if fresh else moved, fresh)

    def _today(self) -> datetime:
        here = self._reviewer.clock().astimezone(self._reviewer.zone)
        return here.replace(hour=0, minute=0, second=0, microsecond=0)

    async def _read_pages(self, pages: Sequence[int]) -> None:
        wanted, version = self.queue.wanted, self.queue.version
        for number in pages:
            page = await self._reader.ask(partial(read_page, self._store, wanted, number))
            if isinstance(page, Trouble):
                self._show_trouble(page)
                return
            if self.queue.take_page(wanted, version, number, page):
                self.query_one(QueueView).refresh()
                if number == self.queue.cursor // PAGE_SIZE:
                    self._show_case()

    async def _read_case(self, case: Case) -> None:
        key, store = case.key, self._store
        reading = await self._reader.ask(
            lambda: Reading(
                case=case, records=tuple(store.records(key, 1)), history=tuple(store.history(key)), complete=True
            )
        )
        if isinstance(reading, Trouble):
            self._show_trouble(reading)
            return
        if len(self._readings) >= _READINGS_KEPT:
            self._readings.clear()
        self._readings[key] = reading
        current = self.queue.current
        if current is not None and current.key == key:
            self.query_one(DetailPane).show(reading, self._reviewer.clock())

    # Showing

    def _redraw(self, moved: int, fresh: bool) -> None:
        view = self.query_one(QueueView)
        view.now = self._reviewer.clock()
        self.set_class(False, "-trouble")
        self.set_class(not self.queue.count, "-empty")
        self.query_one("#empty", Static).update(Content(self._empty_words()))
        view.redraw()
        if fresh:
            self.queue.new_above = 0
            view.scroll_to(y=0, animate=False, force=True)
        view.keep_place(moved)
        self._seen()
        self._show_case()
        self._say()

    def _empty_words(self) -> str:
        if self.queue.wanted == CaseFilter():
            return "New cases appear here by themselves.\n\nTo see what was closed, press / and write closed."
        return "No case is like that.\n\nEsc shows all open cases again; / changes the filter."

    def _show_case(self) -> None:
        case, pane = self.queue.current, self.query_one(DetailPane)
        if case is None:
            pane.show(None, self._reviewer.clock())
            return
        known = self._readings.get(case.key)
        if known is not None:
            pane.show(known, self._reviewer.clock())
            return
        if pane.shown_key != case.key:
            pane.show(Reading(case=case), self._reviewer.clock())
        self._start(self._read_case(case), "case")

    def _show_trouble(self, trouble: Trouble) -> None:
        self._trouble = trouble.what
        words = Content.assemble(
            ("Outgate cannot read its evidence", "bold $blocked"),
            "\n\n",
            trouble.what,
            "\n\n",
            ("It tries again every second. What you closed before is kept.", "$quiet"),
        )
        self.query_one("#trouble", Static).update(words)
        self.set_class(True, "-trouble")
        self._say()

    def _say(self) -> None:
        now = self._reviewer.clock()
        problem = "see below" if self._trouble else None
        who = f"{self._reviewer.who}{' · read only' if self._reviewer.read_only else ''}"
        self.query_one(HealthLine).say(self._overview, now, problem, who)
        self.query_one(QueueLine).say(self.queue, self._overview)
        self.query_one(KeyLine).say(self.unavailable)
        view = self.query_one(QueueView)
        view.now = now
        self.query_one("#heading", Static).update(Content(heading(view.size.width or self.size.width)))

    def _seen(self) -> None:
        if self.query_one(QueueView).sees_top:
            self.queue.new_above = 0

    def tell(self, words: str, *, wrong: bool = False) -> None:
        """Say something in passing."""
        self.notify(words, severity="error" if wrong else "information", timeout=6, markup=False)

    # Acting

    def unavailable(self, action: ReviewAction) -> str | None:
        """Return why an action cannot be done now, or None when it can."""
        match action.id:
            case "export":
                return "Use the command “outgate export --format csv --out FILE”."
            case "filter" | "help" | "quit" | "down" | "up" | "page_down" | "page_up" | "top" | "bottom":
                return None
            case "undo":
                return self._no_undo()
            case _ if self._trouble:
                return "The evidence cannot be read just now."
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
        return None if self._to_reopen() else "You have closed nothing in this session."

    def action_do(self, action_id: str) -> None:
        """Do an action of the registry, or say why not."""
        reason = self.unavailable(BY_ID[action_id])
        if reason:
            self.tell(reason)
        else:
            getattr(self, f"do_{action_id}")()

    def action_back(self) -> None:
        """Esc: from the whole case to the queue, then from a filter to all open cases."""
        if self.has_class("-zoom"):
            self._zoom(False)
        elif self.queue.wanted != CaseFilter():
            self._use_filter("")

    @property
    def _pane(self) -> DetailPane | None:
        return self.query_one(DetailPane) if self.has_class("-zoom") else None

    def _go(self, index: int) -> None:
        old = self.queue.cursor
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
        else:
            self._go(self.queue.cursor + 1)

    def do_up(self) -> None:
        """Case above, or line above when reading in full."""
        if self._pane:
            self._pane.scroll_up(animate=False)
        else:
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

    def do_export(self) -> None:
        """Never reached while `unavailable` gives a reason."""
        raise AssertionError("export is on the command line")

    # Filtering

    def do_filter(self) -> None:
        """Ask for words."""
        self.query_one(FilterBar).open(self._filter_line)

    def _complete(self, line: str) -> list[str]:
        known = list(self.queue.known())
        scripts = dict.fromkeys(safe(case.script, 60) for case in known if case.script)
        places = dict.fromkeys(safe(case.service or case.host, 60) for case in known)
        return completions(line, scripts, places)

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
        self._start(self._refresh())

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
        self._start(self._read_pages(event.pages), "pages")
        self._seen()

    @on(QueueView.Chosen)
    def _row_clicked(self, event: QueueView.Chosen) -> None:
        event.stop()
        if event.index < self.queue.count:
            self._go(event.index)
