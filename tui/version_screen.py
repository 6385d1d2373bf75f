"""What is to be read of a script's version, on a screen of its own; from here it is approved."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from tui.actions import SCREENS
from tui.approving import ApprovalDialog, Approving
from tui.background_reader import Trouble
from tui.detail_pane import laid_out
from tui.help_screen import HelpScreen
from tui.offers import Offers, bindings_of
from tui.rows import Row, Section
from tui.script_view import ScriptReading
from tui.status_bar import KeyLine
from tui.version_changes import Changes
from tui.wording import safe


class _Lines(VerticalScroll, can_focus=False, inherit_bindings=False):
    """Scrolls; the keys are the screen's."""

    ALLOW_SELECT = False


class VersionScreen(Offers, Screen[bool]):
    """Shows the changes of one version. Gives whether something was written."""

    ACTIONS = SCREENS["changes"]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ACTIONS)
    DEFAULT_CSS = """
    VersionScreen { layout: vertical; background: $background; }
    VersionScreen #about { height: auto; max-height: 40%; padding: 0 1; background: $surface; }
    VersionScreen _Lines { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    VersionScreen KeyLine { dock: bottom; }
    """

    def __init__(
        self, approving: Approving, reading: ScriptReading, chosen: int, found: Changes
    ) -> None:
        super().__init__()
        self._approving, self._reading, self._place = approving, reading, chosen
        self._found = found
        self._width = 0

    def compose(self) -> ComposeResult:
        """What it is, the lines, the keys."""
        yield Static(id="about", markup=False)
        with _Lines():
            text = Static(markup=False)
            # Copying evidence is egress; per instance on purpose.
            text.ALLOW_SELECT = False  # type: ignore[misc]
            yield text
        yield KeyLine()

    def on_mount(self) -> None:
        """Show it."""
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap again."""
        self._draw()

    def _draw(self) -> None:
        self.query_one(KeyLine).say(self.ACTIONS, self.unavailable)
        width = max(40, self.app.size.width - 3)
        if width == self._width:
            return
        self._width = width
        rows = [Row("", safe(self._reading.path, 600), "strong"), Row("", self._found.said)]
        if self._found.unread is not None:
            rows.append(Row("", self._found.unread, "unknown"))
        if self._found.lines:
            told = "Secrets and personal values are masked; + is new, - is gone."
            rows.append(Row("", told, "quiet"))
        self.query_one("#about", Static).update(laid_out([Section("", tuple(rows))], width)[0])
        lines = laid_out([Section("", self._found.lines)], width)[0]
        self.query_one("_Lines Static", Static).update(lines)

    def tell(self, words: str, *, wrong: bool = False) -> None:
        """Say something in passing."""
        self.notify(words, severity="error" if wrong else "information", markup=False)

    def obstacle(self, action_id: str) -> str | None:
        """Return why it cannot be approved; None when it can."""
        if action_id != "approve":
            return None
        found = self._approving.obstacle(self._reading, self._place, "approve")
        return found or self._approving.unread_obstacle(self._found)

    def do_down(self) -> None:
        """One line down."""
        self.query_one(_Lines).scroll_down(animate=False)

    def do_up(self) -> None:
        """One line up."""
        self.query_one(_Lines).scroll_up(animate=False)

    def do_page_down(self) -> None:
        """Read on."""
        self.query_one(_Lines).scroll_page_down(animate=False)

    def do_page_up(self) -> None:
        """Read back."""
        self.query_one(_Lines).scroll_page_up(animate=False)

    def do_top(self) -> None:
        """To the beginning."""
        self.query_one(_Lines).scroll_home(animate=False)

    def do_bottom(self) -> None:
        """To the end."""
        self.query_one(_Lines).scroll_end(animate=False)

    def do_help(self) -> None:
        """Show every key."""
        self.app.push_screen(HelpScreen(self.ACTIONS, self.unavailable))

    def do_back(self) -> None:
        """Back, with nothing written."""
        self.dismiss(False)

    def do_approve(self) -> None:
        """Ask why, then approve this version."""
        version, unread = self._reading.versions[self._place], self._found.unread is not None

        def answered(note: str | None) -> None:
            if note is not None:
                self.run_worker(self._write(note, unread=unread), group="append")

        self.app.push_screen(ApprovalDialog(version, approve=True, unread=unread), answered)

    async def _write(self, note: str, *, unread: bool) -> None:
        version = self._reading.versions[self._place]
        done = await self._approving.write(version, note, approve=True, unread=unread)
        if isinstance(done, Trouble):
            self.tell(f"Nothing was changed. {done.what}", wrong=True)
            return
        self.app.notify("Approved." if not unread else "Approved unread.", markup=False)
        self.dismiss(True)
