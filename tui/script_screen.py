"""One script on the screen: its versions, of which one can be approved, or its approval taken
back.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Static

from core.review import ScriptVersion
from core.rights import Deed
from tui.actions import SCREENS
from tui.approving import Approving
from tui.background_reader import Trouble
from tui.detail_pane import laid_out
from tui.help_screen import HelpScreen
from tui.offers import Offers, bindings_of
from tui.outside import LeftByClick
from tui.script_view import ScriptReading, describe_script, digest_shown
from tui.status_bar import KeyLine
from tui.uncopied import Lines, Uncopied
from tui.version_screen import VersionScreen


class ScriptScreen(Offers, LeftByClick[None]):
    """Shows what is known of a script; approving is about the version under the cursor."""

    ACTIONS = SCREENS["script"]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ACTIONS)
    DEFAULT_CSS = """
    ScriptScreen { align: center middle; background: $background 60%; }
    ScriptScreen > Vertical {
        width: 104; max-width: 96%; height: auto; max-height: 96%; background: $surface;
        border: round $primary; padding: 0 2;
    }
    ScriptScreen Lines { height: auto; max-height: 100%; scrollbar-size-vertical: 1; }
    ScriptScreen KeyLine { margin-top: 1; dock: bottom; background: $surface; padding: 0; }
    """

    def __init__(self, reading: ScriptReading, approving: Approving) -> None:
        super().__init__()
        self._reading, self._chosen = reading, 0
        self._lines: Sequence[str] = ()
        self._approving = approving

    def compose(self) -> ComposeResult:
        """The lines, and the keys always in view."""
        with Vertical():
            with Lines():
                yield Uncopied()
            yield KeyLine()

    def on_mount(self) -> None:
        """Show it."""
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap again."""
        self._draw()

    def refusal(self, deed: Deed) -> str | None:
        """Return why this person may not do this here."""
        return self._approving.reviewer.refusal(deed)

    def tell(self, words: str, *, wrong: bool = False) -> None:
        """Say something in passing."""
        self.notify(words, severity="error" if wrong else "information", markup=False)

    def obstacle(self, action_id: str) -> str | None:
        """Return why a version cannot be approved, or its approval not be taken back; None when it
        can.
        """
        if action_id in {"approve", "withdraw"}:
            return self._approving.obstacle(self._reading, self._chosen, action_id)
        if action_id == "changes" and not self._reading.versions:
            return "No version of it is on record."
        return None

    def do_down(self) -> None:
        """Version before."""
        self._choose(self._chosen + 1)

    def do_up(self) -> None:
        """Version after."""
        self._choose(self._chosen - 1)

    def _choose(self, index: int) -> None:
        self._chosen = max(0, min(len(self._reading.versions) - 1, index))
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """A click on a version chooses it."""
        under, region = self.get_widget_at(event.screen_x, event.screen_y)
        if isinstance(under, Uncopied) and (place := self._version_at(event.screen_y - region.y)):
            self._choose(place - 1)

    def _version_at(self, line: int) -> int:
        """Return which version is told from this line on, the first is 1; 0 for none."""
        place = 0
        for text in self._lines[: line + 1]:
            if place and not text.strip():
                return 0  # below the last of them
            following = self._reading.versions[place : place + 1]
            place += any(digest_shown(version) in text for version in following)
        return place

    def do_page_down(self) -> None:
        """Read on."""
        self.query_one(Lines).scroll_page_down(animate=False)

    def do_page_up(self) -> None:
        """Read back."""
        self.query_one(Lines).scroll_page_up(animate=False)

    def do_help(self) -> None:
        """Show every key."""
        self.app.push_screen(HelpScreen(self.ACTIONS, self.unavailable))

    def leave(self) -> None:
        """Back to the queue."""
        self.do_back()

    def do_back(self) -> None:
        """Back to the queue."""
        self.app.pop_screen()

    def do_changes(self) -> None:
        """Show what is to be read of this version."""
        self.run_worker(self._show_changes(), group="changes", exclusive=True)

    def do_approve(self) -> None:
        """Show what is to be read first; from there it is approved."""
        self.do_changes()

    async def _show_changes(self) -> None:
        found = await self._approving.compare(self._reading, self._chosen)
        if isinstance(found, Trouble):
            self.tell(found.what, wrong=True)
            return

        def ended(written: bool | None) -> None:
            if written:
                self.run_worker(self._read_again(), group="changes")

        screen = VersionScreen(self._approving, self._reading, self._chosen, found)
        self.app.push_screen(screen, ended)

    def do_withdraw(self) -> None:
        """Ask why, then take its approval back."""
        version = self._reading.versions[self._chosen]

        def answered(note: str | None) -> None:
            if note is not None:
                self.run_worker(self._withdraw(version, note), group="append")

        self.app.push_screen(self._approving.asking(version, approve=False), answered)

    async def _withdraw(self, version: ScriptVersion, note: str) -> None:
        done = await self._approving.write(version, note, approve=False)
        if isinstance(done, Trouble):
            self.tell(f"Nothing was changed. {done.what}", wrong=True)
            return
        self.tell(done)
        await self._read_again()

    async def _read_again(self) -> None:
        again = await self._approving.read(self._reading.path)
        if isinstance(again, Trouble):
            self.tell(f"It is written, but cannot be shown. {again.what}", wrong=True)
            return
        self._reading = again
        self._draw()

    def _draw(self) -> None:
        sections = describe_script(
            self._reading,
            self._approving.reviewer.clock(),
            self._approving.reviewer.zone,
            self._chosen,
        )
        width = min(104, self.app.size.width * 96 // 100) - 8
        text = laid_out(sections, width)
        self._lines = text.plain.splitlines()
        self.query_one(Lines).query_one(Static).update(text)
        self.query_one(KeyLine).say(self.ACTIONS, self.unavailable)
