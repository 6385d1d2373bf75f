"""The line of saved views below the tabs: which there are, and which one is on."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tui.queue_view import fit
from tui.saved_views import LONGEST_NAME, SavedView
from tui.wording import safe

_OPEN = "All open"
_LEAST = 8


class ViewStrip(Static):
    """One line, hidden where no view is saved; a click chooses a view."""

    DEFAULT_CSS = """
    ViewStrip { display: none; height: 1; width: 100%; padding: 0 1; text-wrap: nowrap; }
    ViewStrip.-some { display: block; }
    """
    ALLOW_SELECT = False

    class Chosen(Message):
        """A view was clicked."""

        def __init__(self, line: str) -> None:
            super().__init__()
            self.line = line

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._views: Sequence[SavedView] = ()
        self._line = ""

    def on_resize(self) -> None:
        """Draw it at this width."""
        self.show(self._views, self._line)

    def show(self, views: Sequence[SavedView], line: str) -> None:
        """Show these views; `line` is the filter that is on."""
        self._views, self._line = views, line
        self.set_class(bool(views), "-some")
        before, labels = self._labels()
        parts = [Content.styled("Views‹" if before else "Views ", "$quiet")]
        for label, words in labels:
            on = words == line
            parts.append(Content.styled(f" {label} ", "bold reverse" if on else ""))
        self.update(Content("").join(parts))

    def _labels(self) -> tuple[bool, list[tuple[str, str]]]:
        """Return name and words of each, names cut where there is little room; the one that is on
        is always among those in view. True where others stand before them.
        """
        named = [(_OPEN, ""), *((safe(v.name, LONGEST_NAME), v.line) for v in self._views)]
        room = max(self.app.size.width - 8 - 2 * len(named), 1)
        if sum(len(name) for name, _ in named) > room:
            most = max(_LEAST, room // len(named))
            named = [(fit(name, most).rstrip(), words) for name, words in named]
        on = next((n for n, (_, words) in enumerate(named) if words == self._line), 0)
        first, left = on, self.app.size.width - 8
        while first >= 0 and (left := left - cell_len(named[first][0]) - 2) >= 0:
            first -= 1
        first = min(first + 1, on)
        return first > 0, named[first:]

    def on_click(self, event: events.Click) -> None:
        """Choose the view under the mouse."""
        at = 1 + len("Views ")
        for label, words in self._labels()[1]:
            at += cell_len(label) + 2
            if event.x < at:
                if event.x >= 1 + len("Views "):
                    self.post_message(self.Chosen(words))
                return
