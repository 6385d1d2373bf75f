"""A tab beside the queue: a sheet of facts and tables, whose rows lead back to their cases."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen

from core.rights import Deed
from tui.actions import SCREENS
from tui.background_reader import Trouble
from tui.help_screen import HelpScreen
from tui.line_pane import LinePane
from tui.live_queue import LiveQueue
from tui.offers import Offers, bindings_of
from tui.passport_screen import PageScreen, passport_screen
from tui.review_part import READ_ONLY, ReviewPart
from tui.sheet import TABS, Line, Sheet, Sheets
from tui.sheet_view import LaidOut, sheet_lines
from tui.status_bar import KeyLine
from tui.tab_strip import TabStrip


class _Text(LinePane):
    """The lines of a sheet; tells which one was clicked."""

    DEFAULT_CSS = "_Text { overflow-y: auto; }"
    laid = LaidOut(lines=(Content("Reading…"),), places=())
    chosen = 0

    class Clicked(Message):
        """A line was clicked."""

        def __init__(self, line: int) -> None:
            super().__init__()
            self.line = line

    def on_click(self, event: events.Click) -> None:
        """Tell it."""
        self.post_message(self.Clicked(event.y + self.scroll_offset.y))

    def line(self, place: int) -> Content | None:
        """One line of the sheet."""
        return self.laid.line(place, self.chosen)

    def show(self, laid: LaidOut, chosen: int) -> None:
        """Show these lines, with this row chosen and in view."""
        self.laid, self.chosen = laid, chosen
        self.has_lines(len(laid.lines))
        at = laid.places[chosen] if laid.places else 0
        height, top = max(1, self.size.height), self.scroll_offset.y
        if chosen == 0:
            self.scroll_to(y=0, animate=False, force=True)
        elif not top <= at < top + height - 1:
            self.scroll_to(y=max(0, at - height // 2), animate=False, force=True)


class SheetScreen(Offers, Screen[str | None]):
    """Shows one sheet after the other. Gives the filter that was chosen, or None."""

    ACTIONS = SCREENS["overview"]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ACTIONS)
    DEFAULT_CSS = """
    SheetScreen { layout: vertical; background: $background; }
    SheetScreen _Text { height: 1fr; }
    SheetScreen KeyLine { dock: bottom; }
    """

    def __init__(
        self, desk: LiveQueue, sheets: Sheets, name: str, left: dict[str, str] | None = None
    ) -> None:
        """`left`: by tab, the filter of the row from which it was left last; kept up here."""
        super().__init__()
        self._desk, self._sheets, self._tab = desk, sheets, name
        self._left = {} if left is None else left
        self._sheet: Sheet | None = None
        self._chosen = 0
        self._laid: tuple[Sheet, int, LaidOut] | None = None
        """The lines of which sheet, at which width."""

    def compose(self) -> ComposeResult:
        """Tabs, the sheet, keys."""
        yield TabStrip(self._tab)
        yield _Text()
        yield KeyLine()

    def on_mount(self) -> None:
        """Read it."""
        self.open_tab(self._tab)

    def on_resize(self, event: events.Resize) -> None:
        """Lay out again."""
        self._draw()

    def open_tab(self, name: str) -> None:
        """Show another sheet, or go back to the queue."""
        if name == "review":
            self.dismiss(None)
            return
        if name != self._tab:
            self._chosen, self._sheet = 0, None
        self._tab = name
        self.query_one(TabStrip).show(name)
        self.run_worker(self._read(name), group="sheet", exclusive=True)

    async def _read(self, name: str) -> None:
        desk = self._desk
        read: Callable[[], Sheet] | None
        read = partial(self._sheets.read, name, desk.reviewer.clock())
        while read is not None:
            found = await desk.reader.ask(read)
            if isinstance(found, Trouble):
                words = Content.assemble(("This cannot be read\n\n", "bold $blocked"), found.what)
                self._sheet = None
                lines = words.wrap(self._width)
                self.query_one(_Text).show(LaidOut(lines=lines, places=()), 0)
                return
            self._sheet, read = found, found.more
            self._draw()

    def _draw(self) -> None:
        self.query_one(KeyLine).say(self.ACTIONS, self.unavailable)
        if self._sheet is None:
            return
        if (wanted := self._left.get(self._tab)) is not None:
            filters = [line.filter for line in self._sheet.lines]
            self._chosen = filters.index(wanted) if wanted in filters else self._chosen
        self._chosen = min(self._chosen, max(0, len(self._sheet.lines) - 1))
        if self._laid is None or self._laid[:2] != (self._sheet, self._width):
            laid = sheet_lines(self._sheet, self._width)
            self._laid = self._sheet, self._width, laid
        self.query_one(_Text).show(self._laid[2], self._chosen)

    @property
    def _width(self) -> int:
        return max(40, self.app.size.width - 3)

    @property
    def _line(self) -> Line | None:
        lines: Sequence[Line] = () if self._sheet is None else self._sheet.lines
        return lines[self._chosen] if self._chosen < len(lines) else None

    @on(_Text.Clicked)
    def _line_clicked(self, event: _Text.Clicked) -> None:
        """A click chooses a row; one more leads to its cases."""
        event.stop()
        places = self.query_one(_Text).laid.places
        if event.line not in places:
            return
        row = places.index(event.line)
        if row == self._chosen:
            self.action_do("cases")
        else:
            self._go(row - self._chosen)

    @on(TabStrip.Opened)
    def _tab_clicked(self, event: TabStrip.Opened) -> None:
        event.stop()
        self.open_tab(event.name)

    def refusal(self, deed: Deed) -> str | None:
        """Return why this person may not do this here."""
        return self._desk.reviewer.refusal(deed)

    def tell(self, words: str, *, wrong: bool = False) -> None:
        """Say something in passing."""
        self.notify(words, severity="error" if wrong else "information", markup=False)

    def obstacle(self, action_id: str) -> str | None:
        """Return why an action cannot be done now, or None when it can."""
        line = self._line
        if action_id == "cases" and (line is None or not line.filter):
            return "This row stands for no cases."
        if action_id == "passport":
            return None if self._page() is not None else "There is no page of this row."
        if action_id == "switch":
            if self._sheets.switch_rule is None or line is None or not line.name:
                return "Only rules can be switched on and off."
            return READ_ONLY if self._desk.reviewer.read_only else None
        return None

    def do_down(self) -> None:
        """Next row."""
        self._go(1)

    def do_up(self) -> None:
        """Row above."""
        self._go(-1)

    def do_page_down(self) -> None:
        """A page on."""
        self._go(max(1, self.query_one(_Text).size.height - 2))

    def do_page_up(self) -> None:
        """A page back."""
        self._go(-max(1, self.query_one(_Text).size.height - 2))

    def _go(self, by: int) -> None:
        count = 0 if self._sheet is None else len(self._sheet.lines)
        self._left.pop(self._tab, None)
        self._chosen = min(max(0, self._chosen + by), max(0, count - 1))
        self._draw()

    def do_cases(self) -> None:
        """Go to the queue, with the cases of this row."""
        line = self._line
        if line is not None:
            self._left[self._tab] = line.filter
        self.dismiss(None if line is None else line.filter)

    def _page(self) -> PageScreen | None:
        """Return the page of the script or the rule of this row; None where it has none."""
        line, acts, now = self._line, self._desk.acts, self._desk.reviewer.clock()
        if line is None:
            return None
        if line.script and acts is not None and acts.passport is not None:
            return passport_screen(acts.passport, line.script, now)
        if line.name and self._sheets.rule_page is not None:
            return PageScreen(line.name, partial(self._sheets.rule_page, line.name, now))
        return None

    def do_passport(self) -> None:
        """Show all that is known of the script or the rule of this row."""
        page = self._page()
        if page is not None:
            self.app.push_screen(page)

    def do_switch(self) -> None:
        """Switch the rule on or off."""
        line = self._line
        if line is not None and self._sheets.switch_rule is not None:
            self.run_worker(self._switch(line.name), group="append")

    async def _switch(self, name: str) -> None:
        switch = self._sheets.switch_rule
        assert switch is not None
        done = await self._desk.reader.ask(partial(switch, name))
        if isinstance(done, Trouble):
            self.tell(f"Nothing was changed. {done.what}", wrong=True)
            return
        self.tell(done)
        await self._read(self._tab)

    def do_help(self) -> None:
        """Show every key."""
        self.app.push_screen(HelpScreen(self.ACTIONS, self.unavailable))

    def do_back(self) -> None:
        """Back to the queue."""
        self.dismiss(None)

    def do_review(self) -> None:
        """The queue."""
        self.dismiss(None)

    def do_overview(self) -> None:
        """The overview."""
        self.open_tab("overview")

    def do_scripts(self) -> None:
        """All scripts."""
        self.open_tab("scripts")

    def do_destinations(self) -> None:
        """All destinations."""
        self.open_tab("destinations")

    def do_llm(self) -> None:
        """Use of language models."""
        self.open_tab("llm")

    def do_users(self) -> None:
        """The people who send."""
        self.open_tab("users")

    def do_rules(self) -> None:
        """The rules."""
        self.open_tab("rules")

    def do_evidence(self) -> None:
        """The evidence."""
        self.open_tab("evidence")

    def do_health(self) -> None:
        """Whether all works."""
        self.open_tab("health")


class TabReview(ReviewPart):
    """From the queue to the other tabs, and back with a filter."""

    def __init__(self, desk: LiveQueue) -> None:
        super().__init__(desk)
        self._left: dict[str, str] = {}
        """By tab, the filter of the row that led to its cases last."""

    def obstacle(self, action_id: str) -> str | None:
        """Return why a tab cannot be opened, or None when it can."""
        if action_id == "review":
            return None
        acts = self.desk.acts
        if acts is None or acts.sheets is None:
            return f"{TABS[action_id]} is not at hand here."
        return None

    def _open(self, name: str) -> None:
        assert self.desk.acts is not None and self.desk.acts.sheets is not None

        def chosen(line: str | None) -> None:
            if line:
                self.desk.show_cases(line)

        screen = SheetScreen(self.desk, self.desk.acts.sheets, name, self._left)
        self.desk.app.push_screen(screen, chosen)

    def do_review(self) -> None:
        """The queue is open already."""

    def do_overview(self) -> None:
        """Open the overview."""
        self._open("overview")

    def do_scripts(self) -> None:
        """Open the list of scripts."""
        self._open("scripts")

    def do_destinations(self) -> None:
        """Open the list of destinations."""
        self._open("destinations")

    def do_llm(self) -> None:
        """Open the use of language models."""
        self._open("llm")

    def do_users(self) -> None:
        """Open the list of people who send."""
        self._open("users")

    def do_rules(self) -> None:
        """Open the list of rules."""
        self._open("rules")

    def do_evidence(self) -> None:
        """Open the evidence."""
        self._open("evidence")

    def do_health(self) -> None:
        """Open the state of the gate."""
        self._open("health")
