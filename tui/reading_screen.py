"""What every screen that is one long text has in common: its lines, and the keys to go through
them.
"""

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from tui.help_screen import HelpScreen
from tui.offers import Offers
from tui.status_bar import KeyLine
from tui.uncopied import Lines, Uncopied


class ReadingScreen[Result](Offers, Screen[Result]):
    """A head, the lines, the keys. `draw` fills them for a width."""

    DEFAULT_CSS = """
    ReadingScreen { layout: vertical; background: $background; }
    ReadingScreen #about { height: auto; max-height: 40%; padding: 0 1; background: $surface; }
    ReadingScreen Lines { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    ReadingScreen KeyLine { dock: bottom; }
    """

    def compose(self) -> ComposeResult:
        """What it is, the lines, the keys."""
        yield Static(id="about", markup=False)
        with Lines():
            yield Uncopied()
        yield KeyLine()

    def on_mount(self) -> None:
        """Show it."""
        self.show()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap again."""
        self.show()

    def show(self) -> None:
        """Draw it for the width that there is."""
        self.query_one(KeyLine).say(self.ACTIONS, self.unavailable)
        about, lines = self.drawn(max(40, self.app.size.width - 3))
        self.query_one("#about", Static).update(about)
        self.query_one("Lines Static", Static).update(lines)

    def drawn(self, width: int) -> tuple[Content, Content]:
        """Return the head and the lines at this width."""
        raise NotImplementedError

    def tell(self, words: str, *, wrong: bool = False) -> None:
        """Say something in passing."""
        self.notify(words, severity="error" if wrong else "information", markup=False)

    @property
    def _lines(self) -> Lines:
        return self.query_one(Lines)

    def do_down(self) -> None:
        """One line down."""
        self._lines.scroll_down(animate=False)

    def do_up(self) -> None:
        """One line up."""
        self._lines.scroll_up(animate=False)

    def do_page_down(self) -> None:
        """Read on."""
        self._lines.scroll_page_down(animate=False)

    def do_page_up(self) -> None:
        """Read back."""
        self._lines.scroll_page_up(animate=False)

    def do_top(self) -> None:
        """To the beginning."""
        self._lines.scroll_home(animate=False)

    def do_bottom(self) -> None:
        """To the end."""
        self._lines.scroll_end(animate=False)

    def do_help(self) -> None:
        """Show every key."""
        self.app.push_screen(HelpScreen(self.ACTIONS, self.unavailable))
