"""What waits for a person now, above the queue: one line each, with the time left and a bar that
runs out.
"""

from datetime import datetime

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from core.vocabulary.sizes import counted
from core.vocabulary.times import time_left
from tui.holds import Held, HeldList
from tui.queue_view import column_widths, fit, fit_sender
from tui.wording import case_found, case_place, safe

BAR = 9
HURRY_S = 5
_TALL = 30


def bar(held: Held, now: datetime) -> tuple[str, str]:
    """Return the part of the bar that is left and the part that is gone."""
    full = round(held.share_left(now) * BAR)
    return "━" * full, "─" * (BAR - full)


class HeldPanel(Static):
    """Shows a `HeldList`. Hidden while nothing waits."""

    DEFAULT_CSS = """
    HeldPanel { display: none; height: auto; width: 100%; background: $surface; text-wrap: nowrap; }
    HeldPanel.-some { display: block; }
    """
    ALLOW_SELECT = False

    class Chosen(Message):
        """A line was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, holds: HeldList) -> None:
        super().__init__(markup=False)
        self._holds = holds
        self._first = 0
        self._height = 0

    def say(self, now: datetime, may_answer: bool) -> None:
        """Show what waits now."""
        items, unread = self._holds.items, self._holds.unreadable
        self.set_class(bool(items or unread), "-some")
        room = 4 if self.app.size.height < _TALL else 8
        at = self._holds.index or 0
        self._first = max(0, min(self._first, len(items) - room), at - room + 1)
        self._first = min(self._first, at)
        shown = items[self._first : self._first + room]
        width = self.app.size.width
        lines = [self._title(len(items), len(shown), width, may_answer)] if items else []
        lines += [self._line(held, now, width) for held in shown]
        if unread:
            words = f" ? {counted(len(unread), 'request')} under way cannot be read"
            lines.append(Content.styled(words, "$unknown").truncate(width))
        self.update(Content("\n").join(lines), layout=len(lines) != self._height)
        self._height = len(lines)

    def _title(self, waiting: int, shown: int, width: int, may_answer: bool) -> Content:
        left = Content.styled(f" ◆ {waiting} held now", "bold $held")
        if waiting > shown:
            left += Content.styled(f", {waiting - shown} not shown", "$held")
        if self._holds.current is None:
            left += Content.assemble("   ", ("h", "bold $primary"), (" go there", "$quiet"))
        elif may_answer:
            keys = ((" release   ", "a"), (" refuse", "b"))
            left += Content.assemble(
                "   ", *(part for words, key in keys for part in ((key, "bold $primary"), words))
            )
        end = Content.styled("at 0 it is refused; nothing has left ", "$quiet")
        gap = width - left.cell_length - end.cell_length
        return left if gap < 2 else left + Content(" " * gap) + end

    def _line(self, held: Held, now: datetime, width: int) -> Content:
        here = self._holds.current is held
        left = held.left(now)
        tone = "$blocked" if left <= HURRY_S else "$held"
        full, gone = bar(held, now)
        sender, place, found = column_widths(width)
        case = held.case
        waits = f"{time_left(left):>6}"
        rest = f"{fit_sender(case, sender)} {fit(case_place(case), place)} "
        asked = f"asked for by {safe(held.asked_by, 30)}: " if held.asked_by else ""
        rest += fit(asked + case_found(case), found + 6)
        line = Content.assemble(
            ("❯" if here else " ", "bold $primary"),
            "  ",
            (f"{waits} ", f"bold {tone}"),
            (full, tone),
            (gone, "$quiet"),
            "   ",
            rest,
        )
        line = line.truncate(width, pad=True)
        return line.stylize("bold on $cursor-row") if here else line

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor on a line."""
        index = self._first + event.y - 1
        if 0 <= index < len(self._holds.items):
            self.post_message(self.Chosen(index))
