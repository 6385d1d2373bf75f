"""Saved views in the review: the next one, the filter that is on kept under a name, and one
forgotten.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tui.background_reader import Trouble
from tui.live_queue import LiveQueue
from tui.outside import LeftByClick
from tui.review_part import UNREADABLE, ReviewPart
from tui.saved_views import LONGEST_NAME, SavedView, Views, line_problem, name_problem, view_named
from tui.view_strip import ViewStrip
from tui.wording import safe

_NOT_HERE = "Views cannot be kept here; use “outgate views”."


class NameDialog(LeftByClick[str | None]):
    """Asks for the name of a view. Gives None when it was given up."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "Back", show=False)]
    DEFAULT_CSS = """
    NameDialog { align: center middle; background: $background 60%; }
    NameDialog > Vertical {
        width: 70; max-width: 96%; height: auto; background: $surface; border: round $primary;
        padding: 0 2;
    }
    NameDialog .title { text-style: bold; }
    NameDialog Input { border: none; height: 1; padding: 0 1; margin-top: 1; background: $panel; }
    NameDialog Input:focus { border: none; }
    NameDialog .keys { color: $quiet; margin-top: 1; }
    """

    def __init__(self, line: str, views: Sequence[SavedView]) -> None:
        super().__init__()
        self._line, self._views = line, views

    def compose(self) -> ComposeResult:
        """What is kept, its name, the keys."""
        with Vertical():
            yield Static("Save this filter as a view", classes="title", markup=False)
            yield Static(Content(safe(self._line, 300)), classes="about", markup=False)
            yield Input(placeholder="Its name", max_length=LONGEST_NAME, compact=True)
            yield Static("Enter saves it   Esc back", classes="keys", markup=False)

    def leave(self) -> None:
        """Save nothing."""
        self.action_give_up()

    def action_give_up(self) -> None:
        """Save nothing."""
        self.dismiss(None)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say where a view of this name is replaced."""
        event.stop()
        known = view_named(self._views, event.value) is not None
        words = "Enter replaces the view of this name   Esc back"
        self.query_one(".keys", Static).update(words if known else "Enter saves it   Esc back")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Save it, or say what is wrong with the name."""
        event.stop()
        name = event.value.strip()
        problem = name_problem(name)
        if problem is not None:
            self.notify(problem, markup=False)
        else:
            self.dismiss(name)


class ViewReview(ReviewPart):
    """What a person can do with saved views."""

    def __init__(self, desk: LiveQueue) -> None:
        super().__init__(desk)
        self._views: Sequence[SavedView] = ()
        self._at = 0
        """Which line of `_lines` was gone to last."""
        self._refused = False
        """Its words were not understood, so that the filter before is still on."""
        self._going = False
        """The filter that was asked for last is that of a view."""

    @property
    def _kept(self) -> Views | None:
        return None if self.desk.acts is None else self.desk.acts.views

    def obstacle(self, action_id: str) -> str | None:
        """Return why it cannot be done now, or None when it can."""
        if self.desk.trouble:
            return UNREADABLE
        if self._kept is None:
            return _NOT_HERE
        if action_id in {"view_next", "view_before"}:
            return None if self._views else "No view is saved yet: filter with /, then n."
        if action_id == "view_save":
            return line_problem(self.desk.filter_line)
        return None if self._current() is not None else "No saved view is on."

    def _current(self) -> SavedView | None:
        """Return the view that is on, or was gone to and is not understood."""
        at = self._here()
        return self._views[at - 1] if at > 0 else None

    def _here(self) -> int:
        """Return where one is among the lines; -1 where another filter is on."""
        lines, on = list(self._lines()), self.desk.filter_line
        if self._at < len(lines) and (self._refused or lines[self._at] == on):
            return self._at
        return lines.index(on) if on in lines else -1

    def begin(self) -> None:
        """Read the views for the first time."""
        if self._kept is not None:
            self.desk.run_worker(self._read(), group="views")

    async def _read(self) -> None:
        kept = self._kept
        found = () if kept is None else await self.desk.reader.ask(kept.read)
        if isinstance(found, Trouble):
            self.desk.tell(found.what, wrong=True)
            return
        self._views, self._refused = found, False
        self._show()

    def show(self) -> None:
        """Another filter is on: show which view that is."""
        self._refused = self._going = False
        self._show()

    def refused(self, problem: str) -> str:
        """A filter is not understood: return what to say, and where that is a view, what can be
        done with it.
        """
        lines = list(self._lines())
        if not self._going or not 0 < self._at < len(lines):
            return problem
        self._refused = True
        name = safe(self._views[self._at - 1].name, 40)
        return f"“{name}” cannot be shown. {problem} ] goes on, N forgets this view."

    def _show(self) -> None:
        self.desk.query_one(ViewStrip).show(self._views, self.desk.filter_line)

    def _lines(self) -> Iterator[str]:
        yield ""
        yield from (view.line for view in self._views)

    def do_view_next(self) -> None:
        """The view to the right of the one that is on."""
        self._step(1)

    def do_view_before(self) -> None:
        """The view to the left of it."""
        self._step(-1)

    def _step(self, by: int) -> None:
        lines = list(self._lines())
        self._go((max(self._here(), 0) + by) % len(lines))

    def go_to(self, line: str) -> None:
        """Show the view with these words."""
        lines = list(self._lines())
        if line in lines:
            self._go(lines.index(line))

    def _go(self, at: int) -> None:
        self._at, self._going, self._refused = at, True, False
        self.desk.show_cases(list(self._lines())[at])

    def do_view_save(self) -> None:
        """Ask for a name, then keep the filter that is on."""
        line = self.desk.filter_line

        def named(name: str | None) -> None:
            if name is not None:
                view = SavedView(name=name, line=line)
                self.desk.run_worker(self._save(view), group="append")

        self.desk.app.push_screen(NameDialog(line, self._views), named)

    async def _save(self, view: SavedView) -> None:
        kept = self._kept
        assert kept is not None
        done = await self.desk.reader.ask(partial(kept.save, view))
        if isinstance(done, Trouble):
            self.desk.tell(f"Nothing was saved. {done.what}", wrong=True)
            return
        self.desk.tell(f"Saved as “{safe(view.name, 40)}”. ] goes to the next view.")
        await self._read()

    def do_view_forget(self) -> None:
        """Forget the view that is on; its cases stay."""
        view = self._current()
        if view is not None:
            self.desk.run_worker(self._forget(view), group="append")

    async def _forget(self, view: SavedView) -> None:
        kept = self._kept
        assert kept is not None
        done = await self.desk.reader.ask(partial(kept.forget, view.name))
        if isinstance(done, Trouble):
            self.desk.tell(f"Nothing was changed. {done.what}", wrong=True)
            return
        self.desk.tell(f"Forgotten: “{safe(view.name, 40)}”. The filter is still on.")
        await self._read()
