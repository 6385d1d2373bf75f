"""The list of cases: draws only the lines that are seen, from the queue's pages.

Moving repaints two lines.
"""

from datetime import datetime, tzinfo

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from core.review import Case, CaseStatus, Order
from core.risk import risk_of
from core.vocabulary.sizes import short_number
from core.vocabulary.times import short_time
from tui.case_queue import Queue
from tui.case_remarks import case_remark, own_remark, sender_short, sender_told
from tui.wording import (
    RISKS,
    case_found,
    case_meaning,
    case_place,
    case_words,
)

FIXED = 31
COUNT = 6
_MACHINES, _ON, _WIDE = "Machines", "On", 90


def machines_width(width: int) -> int:
    """Return the width of the column with on how many machines a case is, of a fleet's list."""
    return COUNT if width < _WIDE else len(_MACHINES) + 2


def column_widths(width: int, *, fleet: bool = False) -> tuple[int, int, int]:
    """Return the widths of sender, destination and findings in a list this wide."""
    free = max(24, width - FIXED - COUNT - 3 - (machines_width(width) if fleet else 0))
    sender = min(34, free * 36 // 100)
    place = min(30, free * 26 // 100)
    return sender, place, free - sender - place


def fit(text: str, width: int) -> str:
    """Return `text` in exactly `width` cells, a cut marked by `…`."""
    plain = set_cell_size(text, width)
    return (
        plain if plain.rstrip() == text.rstrip() else set_cell_size(text, max(0, width - 1)) + "…"
    )


def fit_sender(case: Case, width: int) -> str:
    """Return who sent it in so many cells; that it is only likely takes no room from a name that
    would be cut.
    """
    told = sender_told(case)
    return fit(told if cell_len(told) <= width else sender_short(case), width)


def fit_end(text: str, width: int) -> str:
    """Return `text` in exactly `width` cells; where it is cut, its end is what stays."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    kept = text[-width:]
    while kept and cell_len(kept) > width - 1:
        kept = kept[1:]
    return set_cell_size(f"…{kept}", width)


def fit_ends(text: str, width: int) -> str:
    """Return `text` in exactly `width` cells; where it is cut, its beginning and its end stay."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    before = set_cell_size(text, width // 2)
    return before + fit_end(text, width - width // 2)


_SORTED = {
    Order.RISK: "Risk",
    Order.OUTCOME: "Outcome",
    Order.NEWEST: "When",
    Order.OLDEST: "When",
    Order.SCRIPT: "Sender",
    Order.DESTINATION: "To",
    Order.KIND: "Found",
    Order.PEOPLE: "Found",
    Order.ROWS: "Found",
    Order.TIMES: "Times",
}


def heading(width: int, order: Order | None = Order.RISK, *, fleet: bool = False) -> str:
    """Return the line above the list; `▾` stands at the column that it is sorted by, `▴` where the
    oldest stand first; without an order nowhere, or in a fleet's list at the machines.
    """
    sender, place, found = column_widths(width, fleet=fleet)

    def name(text: str) -> str:
        mark = "▴" if order is Order.OLDEST else "▾"
        return f"{text}{mark}" if order and _SORTED[order] == text else text

    names = f"{fit(name('Sender'), sender)} {fit(name('To'), place)} {fit(name('Found'), found)}"
    first = f"{name('Risk'):<9}{name('Outcome'):<12}{name('When'):<7}"
    machines = ""
    if fleet:
        on = f"{_ON if width < _WIDE else _MACHINES}{'' if order else '▾'}"
        machines = f"{on:>{machines_width(width)}}"
    return f"   {first}{names}{machines}{name('Times'):>{COUNT}}"


class QueueView(ScrollView, can_focus=False, inherit_bindings=False):
    """Shows a `Queue`. Asks for pages that it lacks, tells where the cursor went."""

    COMPONENT_CLASSES = {  # noqa: RUF012 - Textual's own form
        "row--cursor",
        "row--quiet",
        "row--plain",
        "row--mark",
        "row--allowed",
        "row--held",
        "row--blocked",
        "row--unknown",
    }
    DEFAULT_CSS = """
    QueueView {
        background: $background; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1;
        & .row--plain { color: $foreground; }
        & .row--quiet { color: $quiet; }
        & .row--mark { color: $primary; text-style: bold; }
        & .row--allowed { color: $allowed; }
        & .row--held { color: $held; }
        & .row--blocked { color: $blocked; }
        & .row--unknown { color: $unknown; }
        & .row--cursor { background: $cursor-row; text-style: bold; }
    }
    """
    ALLOW_SELECT = False

    class Lacking(Message):
        """Pages are needed to draw what is seen."""

        def __init__(self, pages: list[int]) -> None:
            super().__init__()
            self.pages = pages

        def can_replace(self, message: Message) -> bool:
            """Only the newest wish counts."""
            return isinstance(message, QueueView.Lacking)

    class Chosen(Message):
        """A row was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, queue: Queue, zone: tzinfo | None) -> None:
        super().__init__()
        self._cases = queue
        self._zone = zone
        self.now: datetime | None = None
        self.has_cursor = True
        """False while the person is elsewhere, in what is held now."""
        self._height = 0

    def heading(self, order: Order | None) -> str:
        """Return the line above it."""
        width = self.size.width or self.app.size.width
        return heading(width, order, fleet=self._cases.of_a_fleet)

    def redraw(self) -> None:
        """The queue changed altogether: take its length and draw all seen lines."""
        self.virtual_size = Size(self.size.width, self._cases.count)
        self.refresh()
        self._ask()

    def redraw_row(self, index: int) -> None:
        """Draw one row again."""
        self.refresh_lines(index)

    def show_cursor(self, old: int) -> None:
        """The cursor moved: draw its old and new line, scroll as little as needed."""
        cursor, top, height = self._cases.cursor, self.scroll_offset.y, max(1, self.size.height)
        if cursor < top:
            self.scroll_to(y=cursor, animate=False, force=True)
        elif cursor >= top + height:
            self.scroll_to(y=cursor - height + 1, animate=False, force=True)
        self.refresh_lines(old)
        self.refresh_lines(cursor)
        self._ask()

    def keep_place(self, moved: int) -> None:
        """Rows arrived above: keep the cursor's line where it is on the screen, unless the newest
        are in view.
        """
        top = self.scroll_offset.y
        if top > 0 and moved:
            self.scroll_to(y=max(0, top + moved), animate=False, force=True)
        self.show_cursor(self._cases.cursor)

    @property
    def sees_top(self) -> bool:
        """True when the newest case is in view."""
        return self.scroll_offset.y == 0

    def _ask(self) -> None:
        first = max(0, self.scroll_offset.y)
        pages = self._cases.missing(first, first + max(self.size.height, 1))
        if pages:
            self.post_message(self.Lacking(pages))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scrolled: see whether other pages are needed."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._ask()

    def on_resize(self, event: events.Resize) -> None:
        """Another width: other columns. Another height: a cursor that was in view stays so."""
        self.redraw()
        at = self._cases.cursor - self.scroll_offset.y
        if event.size.height <= at < self._height:
            self.show_cursor(self._cases.cursor)
        self._height = event.size.height

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor on a row."""
        self.post_message(self.Chosen(self.scroll_offset.y + event.y))

    def render_line(self, y: int) -> Strip:
        """Draw one line of the view."""
        index, width = self.scroll_offset.y + y, self.size.width
        base = self.rich_style
        if index >= self._cases.count:
            return Strip.blank(width, base)
        case = self._cases.case_at(index)
        at_cursor = self.has_cursor and index == self._cases.cursor
        over = (
            self.get_component_rich_style("row--cursor", partial=True)
            if at_cursor
            else Style.null()
        )
        if case is None:
            segments = [Segment("   …", base + self._part("quiet") + over)]
        else:
            cells = self._cells(case, width, at_cursor)
            segments = [Segment(text, base + self._part(name) + over) for text, name in cells]
        return Strip(segments).adjust_cell_length(width, base + over)

    def _part(self, name: str) -> Style:
        return self.get_component_rich_style(f"row--{name}", partial=True)

    def _cells(self, case: Case, width: int, at_cursor: bool) -> list[tuple[str, str]]:
        words = case_words(case)
        closed = case.status is CaseStatus.CLOSED
        sender, place, found = column_widths(width, fleet=self._cases.of_a_fleet)
        text = "quiet" if closed else "plain"
        remark = case_remark(case)
        what = f"{remark}: {case_found(case)}" if remark else case_found(case)
        when = "" if self.now is None else short_time(case.last_at, self.now, self._zone)
        times = f"×{short_number(case.count)}" if case.count > 1 else ""
        tight = len(times) == COUNT and not self._cases.of_a_fleet
        level = risk_of(case).level
        sign, tone = RISKS[level]
        several = "+" if len(case.inside.outcomes) > 1 else ""
        return [
            ("❯" if at_cursor else " ", "mark"),
            ("■ " if case.key in self._cases.marks else "  ", "mark"),
            (fit(f"{sign} {level}", 9), "quiet" if closed else tone),
            (fit(f"{words.sign} {words.word}{several}", 12), case_meaning(case)),
            (fit(when, 7), "quiet"),
            (fit_sender(case, sender) + " ", text),
            (fit(case_place(case), place) + " ", text),
            (fit(what, found - tight) + " " * tight, "held" if own_remark(case) else text),
            *(((self._machines(case, width), text),) if self._cases.of_a_fleet else ()),
            (f"{times:>{COUNT}}", "quiet"),
        ]

    def _machines(self, case: Case, width: int) -> str:
        return f"{short_number(case.inside.machines):>{machines_width(width)}}"
