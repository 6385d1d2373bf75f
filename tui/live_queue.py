"""The queue and the case under the cursor, kept up to date with the evidence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import partial

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import WorkType

from core.case_inside import GROWS
from core.case_words import completions
from core.review import CaseFilter
from core.review_ports import CaseStore, HoldQueue
from core.rights import Deed
from tui.background_reader import Reader, Trouble
from tui.case_queue import PAGE_SIZE, Overview, Queue, look, overview, read_page, sorted_by
from tui.case_reading import Reading, read_fully
from tui.detail_pane import DetailPane
from tui.evidence_acts import EvidenceActs
from tui.filter_bar import FilterBar
from tui.held_panel import HeldPanel
from tui.holds import Held, HeldList, Waiting, asked_and_waiting
from tui.kept_code import KeptOf
from tui.note_dialog import Drafts
from tui.offers import Offers
from tui.queue_view import QueueView
from tui.status_bar import HealthLine, KeyLine, QueueLine
from tui.tab_strip import TabStrip
from tui.view_strip import ViewStrip

_READINGS_KEPT = 64
_SOON_S = 0.05
"""What is read sooner than this is drawn once, and not twice."""
_ASK_GATE_EVERY = 5
"""Looks without news between two questions whether a gate runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Who reviews, with which rights and clock."""

    who: str
    clock: Callable[[], datetime]
    read_only: bool = False
    case: str | None = None
    """The id of the case, or of the held request, to open at once."""
    role: str = ""
    """In which role the person acts, where that is set."""
    refusal: Callable[[Deed], str | None] = lambda _: None
    """Why this person may not do something here, in words."""
    zone: tzinfo | None = None
    """None: the zone of this machine."""
    watching: Callable[[], bool] | None = None
    """Says whether a gate runs now; called beside the UI loop."""
    grows: int = GROWS
    """A closed case comes back when people or rows are so many times what they were."""
    poll_seconds: float | None = 1.0
    """None: only when asked, for tests and screenshots."""


class LiveQueue(Offers, Screen[None]):
    """One queue, one detail pane.

    All reading happens on the reader's thread; results are applied here.
    """

    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 - as its base
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-tall")]  # noqa: RUF012 - as its base
    DEFAULT_CSS = """
    LiveQueue { layout: vertical; background: $background; }
    LiveQueue #body { height: 1fr; }
    LiveQueue #heading { height: 1; color: $quiet; text-wrap: nowrap; }
    LiveQueue #empty { display: none; height: 1fr; padding: 1 3; color: $quiet; }
    LiveQueue #trouble {
        display: none; height: auto; margin: 2 4; padding: 1 2; border: round $blocked;
        color: $foreground;
    }
    LiveQueue KeyLine { dock: bottom; }
    LiveQueue.-tall HeldPanel.-some { margin-bottom: 1; }
    LiveQueue QueueView { height: 1fr; }
    LiveQueue #list { height: 42%; }
    LiveQueue DetailPane { height: 1fr; border-top: solid $panel; }
    LiveQueue.-wide #body { layout: horizontal; }
    LiveQueue.-wide #list { height: 100%; width: 62%; }
    LiveQueue.-wide DetailPane {
        height: 100%; width: 1fr; border-top: none; border-left: solid $panel;
    }
    LiveQueue.-zoom #list { display: none; }
    LiveQueue.-zoom DetailPane, LiveQueue.-zoom.-wide DetailPane { border: none; }
    LiveQueue.-empty QueueView, LiveQueue.-empty #heading, LiveQueue.-empty DetailPane {
        display: none;
    }
    LiveQueue.-empty #list { height: 1fr; width: 100%; }
    LiveQueue.-empty #empty { display: block; }
    LiveQueue.-trouble #body, LiveQueue.-trouble QueueLine, LiveQueue.-trouble HeldPanel {
        display: none;
    }
    LiveQueue.-trouble #trouble { display: block; }
    """

    def __init__(
        self,
        store: CaseStore,
        reader: Reader,
        reviewer: Reviewer,
        holds: HoldQueue | None = None,
        line: str = "",
        acts: EvidenceActs | None = None,
    ) -> None:
        super().__init__()
        self.store, self.reader, self.reviewer = store, reader, reviewer
        self.holds, self.acts = holds, acts
        self.queue = Queue()
        self.held = HeldList()
        self._overview = Overview()
        self.trouble: str | None = None
        """What the evidence cannot be read for, while that is so."""
        self.filter_line = line.strip()
        self.wanted = CaseFilter()
        """What the person asked for last.

        Answers come in the order asked, so the last wish is the last shown.
        """
        self.drafts: Drafts = {}
        self._placed: str | None = None
        self.place = 0
        """Which request of the case is shown: how many newer ones there are."""
        self.names: Mapping[str, Sequence[str]] = {}
        """What is offered when a filter is written."""
        self._readings: dict[tuple[str, int], Reading] = {}
        self._polling, self._quiet_polls, self.changed = False, 0, False

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield HealthLine()
        if not self.queue.of_a_fleet:
            yield TabStrip("review")
        yield ViewStrip()
        yield HeldPanel(self.held)
        yield QueueLine()
        yield FilterBar(self._complete)
        yield Static(id="trouble", markup=False)
        with Container(id="body"):
            with Vertical(id="list"):
                yield Static(id="heading", markup=False)
                yield Static(id="empty", markup=False)
                yield QueueView(self.queue, self.reviewer.zone)
            yield DetailPane(self.reviewer.zone)
        yield KeyLine()

    def on_mount(self) -> None:
        """Read, then look for changes."""
        self.begin()
        if self.reviewer.poll_seconds:
            self.set_interval(self.reviewer.poll_seconds, self._tick)

    def on_resize(self) -> None:
        """The lines are made for a width."""
        self.call_after_refresh(self.say)

    def begin(self) -> None:
        """Read for the first time."""
        self.start(self.look_again)

    # Reading

    def start(self, work: WorkType[None], group: str = "look") -> None:
        """Begin this in place of what is under way in its group."""
        self.run_worker(work, group=group, exclusive=True)

    def _tick(self) -> None:
        if not self._polling:
            self.run_worker(self.poll(), group="poll")

    async def poll(self) -> None:
        """See whether somebody wrote; if so, or after trouble, read again."""
        self._polling = True
        try:
            version = await self.reader.ask(self.store.data_version)
            if isinstance(version, Trouble):
                self.show_trouble(version)
            elif version != self.queue.version or self.trouble:
                await self.look_again()
            else:
                await self._ask_whether_watching()
                self._count_down()
        finally:
            self._polling = False

    async def _ask_whether_watching(self) -> None:
        """A gate that stops writes nothing, so it is asked for now and then."""
        self._quiet_polls += 1
        if self.reviewer.watching is None or self._quiet_polls % _ASK_GATE_EVERY:
            return
        watching = await self.reader.ask(self.reviewer.watching)
        if not isinstance(watching, Trouble):
            self._overview = replace(self._overview, watching=watching)

    async def look_again(self) -> None:
        """Read the queue, what waits and the numbers anew, and show them."""
        queue, store, aim = self.queue, self.store, self.wanted
        fresh = aim != queue.wanted
        cursor, key = (0, None) if fresh else (queue.cursor, queue.cursor_key)
        count = None if queue.version is None else queue.count
        waiting = await self.reader.ask(self._waiting)
        snapshot = await self.reader.ask(lambda: look(store, aim, cursor, key, count, self.holds))
        numbers = await self.reader.ask(
            partial(overview, store, self.today(), self.reviewer.watching)
        )
        if isinstance(waiting, Trouble):
            self.show_trouble(waiting)
        elif isinstance(snapshot, Trouble):
            self.show_trouble(snapshot)
        elif isinstance(numbers, Trouble):
            self.show_trouble(numbers)
        else:
            self.trouble, self._overview = None, numbers
            self._readings.clear()
            first = queue.version is None
            moved = queue.take(snapshot)
            self.held.unreadable = waiting.unreadable
            self.take_held(waiting.held, first=first)
            self._redraw(0 if fresh else moved, fresh)

    def _waiting(self) -> Waiting:
        if self.holds is None:
            return Waiting()
        return asked_and_waiting(self.holds, self.reviewer.clock())

    def take_held(self, items: tuple[Held, ...], *, first: bool = False) -> None:
        """Never takes the cursor from somebody who reads: a bell and the panel tell that something
        waits.
        """
        came, gone = self.held.take(items)
        if self.held.index is None and (first or not (self.queue.count or self.queue.is_filtered)):
            self.held.enter()
        if came and not first:
            self.app.bell()
        if gone:
            self.holds_ended(gone)

    def holds_ended(self, gone: Sequence[Held]) -> None:
        """Requests that waited do so no more."""

    def _count_down(self) -> None:
        now = self.reviewer.clock()
        if any(h.long_over(now) for h in self.held.items):
            self.take_held(tuple(h for h in self.held.items if not h.long_over(now)))
            self._redraw(0, False)
        elif self.held.current is not None:
            self.show_case()
        self.say()

    def today(self) -> datetime:
        """Return when this day began where the reviewer is."""
        here = self.reviewer.clock().astimezone(self.reviewer.zone)
        return here.replace(hour=0, minute=0, second=0, microsecond=0)

    async def _read_pages(self, pages: Sequence[int]) -> None:
        wanted, version = self.queue.wanted, self.queue.version
        for number in pages:
            page = await self.reader.ask(partial(read_page, self.store, wanted, number, self.holds))
            if isinstance(page, Trouble):
                self.show_trouble(page)
                return
            if self.queue.take_page(wanted, version, number, page):
                self.query_one(QueueView).refresh()
                if number == self.queue.cursor // PAGE_SIZE:
                    self.show_case()

    @property
    def _kept_of(self) -> KeptOf | None:
        return None if self.acts is None else self.acts.kept

    async def _read_case(self, begun: Reading) -> None:
        reading = await self.reader.ask(partial(read_fully, self.store, begun, self._kept_of))
        if isinstance(reading, Trouble):
            self.show_trouble(reading)
            return
        if len(self._readings) >= _READINGS_KEPT:
            self._readings.clear()
        self._readings[reading.key, reading.place] = reading
        shown = self.begun()
        if shown is not None and (shown.key, shown.place) == (reading.key, reading.place):
            self.query_one(DetailPane).show(reading, self.reviewer.clock())

    # Showing

    def _redraw(self, moved: int, fresh: bool) -> None:
        view = self.query_one(QueueView)
        view.now = self.reviewer.clock()
        self.set_class(False, "-trouble")
        self.set_class(not self.queue.count and self.held.current is None, "-empty")
        view.has_cursor = self.held.current is None
        self.query_one("#empty", Static).update(Content(self._empty_words()))
        view.redraw()
        if fresh:
            self.queue.new_above = 0
            view.scroll_to(y=0, animate=False, force=True)
        view.keep_place(moved)
        self.seen()
        self.show_case()
        self.say()

    def _empty_words(self) -> str:
        if not self.queue.is_filtered:
            closed = "To see what was closed, press / and write closed."
            return f"New cases appear here by themselves.\n\n{closed}"
        return "No case is like that.\n\nEsc shows all open cases again; / changes the filter."

    def begun(self) -> Reading | None:
        """Return what is known at once of what the cursor is on."""
        held = self.held.current
        if held is not None:
            return Reading(case=held.case, held=held)
        case = self.queue.current
        if case is None:
            return None
        if self._placed != case.key:
            self._placed, self.place = case.key, 0
        return Reading(case=case, place=min(self.place, case.count - 1))

    def show_case(self) -> None:
        """Show what the cursor is on, as far as it is known, and read the rest."""
        begun, pane = self.begun(), self.query_one(DetailPane)
        if begun is None:
            pane.show(None, self.reviewer.clock())
            return
        known = self._readings.get((begun.key, begun.place))
        if known is not None:
            pane.show(known, self.reviewer.clock())
            return
        if pane.shown_key is None:
            pane.show(begun, self.reviewer.clock())
        elif pane.shown_key != begun.key:
            self.set_timer(_SOON_S, partial(self._show_begun, begun))
        self.start(partial(self._read_case, begun), "case")

    def _show_begun(self, begun: Reading) -> None:
        """The evidence is slow: show at least what the queue knows, and never another case."""
        pane, aim = self.query_one(DetailPane), self.begun()
        if aim is not None and aim.key == begun.key != pane.shown_key:
            pane.show(begun, self.reviewer.clock())

    def show_trouble(self, trouble: Trouble) -> None:
        """Say in place of the queue why it cannot be read."""
        self.trouble = trouble.what
        words = Content.assemble(
            ("Outgate cannot read its evidence", "bold $blocked"),
            "\n\n",
            trouble.what,
            "\n\n",
            ("It tries again every second. What you closed before is kept.", "$quiet"),
        )
        self.query_one("#trouble", Static).update(words)
        self.set_class(True, "-trouble")
        self.say()

    def say(self) -> None:
        """Write the lines around the queue."""
        now = self.reviewer.clock()
        problem = "see below" if self.trouble else None
        told = self.reviewer.who, self.reviewer.role, "read only" * self.reviewer.read_only
        who = " · ".join(filter(None, told))
        line = self.query_one(HealthLine)
        line.say(self._overview, now, problem, who, changed=self.changed)
        self.query_one(HeldPanel).say(now, not self.reviewer.read_only and self.holds is not None)
        waiting = len(self.held.items) + len(self.held.unreadable)
        self.query_one(QueueLine).say(self.queue, self._overview, waiting)
        self.query_one(KeyLine).say(self.ACTIONS, self.unavailable)
        view = self.query_one(QueueView)
        view.now = now
        words = Content(view.heading(sorted_by(self.store, self.queue.wanted.order)))
        self.query_one("#heading", Static).update(words, layout=False)

    def seen(self) -> None:
        """Nothing is new any more once the top is in view."""
        if self.query_one(QueueView).sees_top:
            self.queue.new_above = 0

    def show_cases(self, line: str) -> None:
        """Show the cases of another filter."""
        raise NotImplementedError

    def refusal(self, deed: Deed) -> str | None:
        """Return why this person may not do this here."""
        return self.reviewer.refusal(deed)

    def tell(self, words: str, *, wrong: bool = False) -> None:
        """Say something in passing."""
        self.notify(words, severity="error" if wrong else "information", timeout=6, markup=False)

    def _complete(self, line: str) -> list[str]:
        return completions(line, self.names)
