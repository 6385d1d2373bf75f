"""The one-line widgets: health, state of the queue, keys, trouble."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.widgets import Static

from core.case_telling import in_words
from core.review import CaseFilter, Order
from core.vocabulary.sizes import counted, number
from tui.actions import for_footer
from tui.case_queue import Overview, Queue
from tui.offers import Offers
from tui.screen_action import ScreenAction
from tui.wording import READING, health, safe, tally

_HEALTH = {"allowed": ("●", ""), "quiet": ("○", ""), "blocked": ("▲", "bold $blocked")}
"""Sign and style of the health line."""


_GAP = "   "


class Line(Static):
    """One line of plain text that is never wrapped; markup is not read."""

    DEFAULT_CSS = (
        "Line { height: 1; width: 100%; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }"
    )

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._shown = Content()

    def put(self, left: Content, right: Content | None = None) -> None:
        """Show `left`, and `right` at the right edge where there is room for both."""
        room = max(self.content_size.width, self.app.size.width - 2)
        gap = room - left.cell_length - (0 if right is None else right.cell_length)
        line = left if right is None or gap < 2 else left + Content(" " * gap) + right
        if line != self._shown or line.spans != self._shown.spans:
            self._shown = line
            self.update(line, layout=False)


class HealthLine(Line):
    """Says whether the gate is seen to work, always."""

    DEFAULT_CSS = "HealthLine { background: $panel; }"

    def say(
        self, overview: Overview, now: datetime, problem: str | None, who: str, *, changed: bool
    ) -> None:
        """Show how today goes, or what is wrong."""
        totals, watching = overview.totals, overview.watching
        meaning, words = health(totals, now, problem, watching, changed=changed)
        sign, style = _HEALTH[meaning]
        left = Content.styled("Outgate  ", "bold") + Content.styled(f"{sign} ", f"${meaning}")
        left += Content.styled(words, style)
        self.put(left, Content.styled(safe(who, 40), "$quiet"))


class QueueLine(Line):
    """Says how much there is to do, what is shown, what is marked and what is new."""

    DEFAULT_CSS = "QueueLine { background: $background; }"

    def say(self, queue: Queue, overview: Overview, held: int) -> None:
        """Show the state of the queue; `held` requests wait now."""
        known = queue.version is not None
        left = Content.styled(tally(overview.open_cases, held) if known else READING, "bold")
        if replace(queue.wanted, order=Order.RISK) != CaseFilter():
            words = f"   / {safe(in_words(queue.wanted), 80)} · {counted(queue.count, 'case')}"
            left += Content.styled(words, "$primary")
        right: list[Content] = []
        if queue.new_above:
            right.append(Content.styled(f"↑ {number(queue.new_above)} new (g)", "bold $held"))
        if queue.marks:
            right.append(
                Content.styled(f"■ {counted(len(queue.marks), 'case')} marked", "bold $primary")
            )
        self.put(left, Content("   ").join(right))


class KeyLine(Line):
    """The most useful keys; those of no use now stay in place, dimmed."""

    DEFAULT_CSS = "KeyLine { background: $panel; }"

    def say(
        self,
        actions: Sequence[ScreenAction],
        unavailable: Callable[[ScreenAction], str | None],
    ) -> None:
        """Show as many keys as fit, in order of use."""
        shown: list[Content] = []
        for action in for_footer(actions, self._room):
            dim = unavailable(action) is not None
            key = Content.styled(action.shown, "$quiet" if dim else "bold $primary")
            shown.append(key + Content.styled(f" {action.short}", "$quiet dim" if dim else ""))
        self.put(Content(_GAP).join(shown), None)

    def on_click(self, event: events.Click) -> None:
        """Do the action under the mouse."""
        screen, at = self.screen, self.styles.padding.left
        if not isinstance(screen, Offers):
            return
        for action in for_footer(screen.ACTIONS, self._room):
            end = at + cell_len(f"{action.shown} {action.short}")
            if at <= event.x < end:
                screen.action_do(action.id)
                return
            at = end + len(_GAP)

    @property
    def _room(self) -> int:
        return self.size.width or self.app.size.width - 2
