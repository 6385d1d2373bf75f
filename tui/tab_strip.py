"""The line of tabs: which there are, by their numbers, and which one is open."""

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tui.sheet import TABS

_SHORT = {"destinations": "Places", "llm": "LLM"}
"""For narrow screens; the others keep the words that the handbook knows them by."""


class TabStrip(Static):
    """One line; a click opens a tab."""

    DEFAULT_CSS = """
    TabStrip { height: 1; width: 100%; padding: 0 1; background: $surface; text-wrap: nowrap; }
    """
    ALLOW_SELECT = False

    class Opened(Message):
        """A tab was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, current: str) -> None:
        super().__init__(markup=False)
        self.current = current

    def on_mount(self) -> None:
        """Draw it."""
        self.show(self.current)

    def on_resize(self) -> None:
        """Draw it at this width."""
        self.show(self.current)

    def show(self, current: str) -> None:
        """Show which tab is open."""
        self.current = current
        parts: list[Content] = []
        for number, name, label in self._labels():
            style = "bold $primary reverse" if name == current else "$foreground"
            text = f" {label.lstrip()} " if name == current else label
            parts.append(Content.assemble((number, "$quiet"), (text, style)))
        self.update(Content(" ").join(parts))

    def _labels(self) -> list[tuple[str, str, str]]:
        """Return number, name and label of each, short and close where there is little room."""
        full = [(str(n), name, f" {label}") for n, (name, label) in enumerate(TABS.items(), 1)]
        if sum(len(label) + 3 for _, _, label in full) <= self.app.size.width:
            return full
        return [(n, name, _SHORT.get(name, label.lstrip())) for n, name, label in full]

    def on_click(self, event: events.Click) -> None:
        """Open the tab under the mouse."""
        at = 1
        for number, name, label in self._labels():
            shown = len(label.lstrip()) + 2 if name == self.current else len(label)
            at += len(number) + shown + 1
            if event.x < at:
                self.post_message(self.Opened(name))
                return
