"""Lines that stay until they were read."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.outside import LeftByClick


class Notice(LeftByClick[None]):
    """Shows a title and lines; any of Enter, Esc and q goes back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "app.pop_screen", "Back", show=False)
    ]
    DEFAULT_CSS = """
    Notice { align: center middle; background: $background 60%; }
    Notice > VerticalScroll {
        width: 84; max-width: 96%; height: auto; max-height: 96%; background: $surface;
        border: round $primary; padding: 0 2; scrollbar-size-vertical: 1;
    }
    Notice.-wrong > VerticalScroll { border: round $blocked; }
    Notice .keys { color: $quiet; margin-top: 1; }
    """

    def __init__(self, title: Content, lines: Sequence[Content], *, wrong: bool = False) -> None:
        super().__init__()
        self._heading, self._lines, self._wrong = title, tuple(lines), wrong

    def leave(self) -> None:
        """Go back."""
        self.app.pop_screen()

    def compose(self) -> ComposeResult:
        """Title, the lines, how to go on."""
        self.set_class(self._wrong, "-wrong")
        with VerticalScroll():
            yield Static(
                Content("\n").join([self._heading, Content(""), *self._lines]), markup=False
            )
            yield Static("Esc back", classes="keys", markup=False)
