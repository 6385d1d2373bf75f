"""The guided tour: a mark on every screen that all of it is fictional, and F1, which tells what to
try next.
"""

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from tui.app import ReviewApp
from tui.keys import KEYS

MARK = "FICTIONAL  nothing here happened, and nobody is meant · F1 guides you"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to try."""

    title: str
    text: str


STEPS = (
    Step(
        title="What waits for you",
        text=(
            "A rule holds a request of payroll_letters.py. Press h to go there and read beside "
            "the list, or below it, what it is. a would release it, b refuse it: try b, Enter. It "
            "then stands in the queue as refused; a there approves it for the next run."
        ),
    ),
    Step(
        title="Read a case",
        text=(
            "Press g for the top of the queue, then ↓ and ↑. The case under the cursor is "
            "told beside it: who sent what, to whose account, and what happened. Enter "
            "gives it the whole screen."
        ),
    ),
    Step(
        title="Why it stands here",
        text=(
            "Press w. The risk is added up in words: kinds, people, account, outcome. What "
            "was not checked stands there, too."
        ),
    ),
    Step(
        title="Many requests, one case",
        text=(
            "A case is what one script sent to one kind of account of one place. The full "
            "stop opens the request before, the comma the one after."
        ),
    ),
    Step(
        title="Close it, up to here",
        text=(
            "Press c and choose a reason. The dialog says what the closing holds for: a new "
            "version, another kind or ten times the people bring the case back. u undoes it."
        ),
    ),
    Step(
        title="Ask for what you want to see",
        text=(
            "Press / and write risk:high, or group:health not account:own. Words are "
            "offered below the line; Tab takes one. Esc shows all open cases again."
        ),
    ),
    Step(
        title="From a case to a rule",
        text=(
            "On ledger_upload.py press m, then 2. The rule is a sentence; its effect on the "
            "past year is told before anything is written. Here it is written into a file "
            "of the tour only."
        ),
    ),
    Step(
        title="Approve a version",
        text=(
            "On summarise_claims.py press s. Its first version is approved, the one since autumn "
            "is not. d shows what changed, a there approves it: an approval is for one content, "
            "letter by letter."
        ),
    ),
    Step(
        title="The year as a whole",
        text=(
            "Press 2 for the overview, 3 to 9 for scripts, places, models, people, rules, "
            "evidence and health. Enter on a row shows its cases; Esc goes back."
        ),
    ),
    Step(
        title="Prove it",
        text=(
            "Press v: the chain of all records is computed anew. e writes the records of "
            "the cases shown to a file. q ends the tour; its evidence is thrown away."
        ),
    ),
)


_OWN = frozenset({"enter", "left", "right", "escape", "f1", "q"})
_OF_THE_REVIEW = frozenset(name for key in KEYS.values() for name in key.names) - _OWN


class Mark(Static):
    """The first line of every screen."""

    DEFAULT_CSS = """
    Mark {
        dock: top; height: 1; width: 100%; background: $held; color: $background;
        text-style: bold; text-wrap: nowrap; content-align: center middle;
    }
    """

    def __init__(self) -> None:
        super().__init__(MARK, markup=False)


@dataclass(frozen=True, slots=True)
class Left:
    """How the guide was left."""

    step: int
    """The one to go on with."""
    key: str | None = None
    """What was pressed for the screen behind it."""


class GuideScreen(ModalScreen[Left]):
    """One step. A key of the review that it names leaves it, and does what it does there."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,right", "turn(1)", "Next", show=False),
        Binding("left", "turn(-1)", "Back", show=False),
        Binding("escape,f1,q", "try_it", "Try it", show=False),
    ]
    DEFAULT_CSS = """
    GuideScreen { align: center bottom; background: $background 0%; }
    GuideScreen > Vertical {
        width: 84; max-width: 96%; height: auto; background: $surface; border: round $held;
        padding: 0 2; margin-bottom: 2;
    }
    GuideScreen .keys { color: $quiet; margin-top: 1; }
    """

    def __init__(self, step: int) -> None:
        super().__init__()
        self._step = step

    def compose(self) -> ComposeResult:
        """Title, what to try, keys."""
        with Vertical():
            yield Static(id="told", markup=False)
            keys = "Esc, or a key named here: try it, then F1 again   Enter: next step   ←: back"
            yield Static(keys, classes="keys", markup=False)

    def on_mount(self) -> None:
        """Tell the step."""
        self._tell()

    def _tell(self) -> None:
        step = STEPS[self._step]
        title = f"Step {self._step + 1} of {len(STEPS)}: {step.title}"
        told = Content.assemble((title, "bold"), "\n\n", step.text)
        self.query_one("#told", Static).update(told)

    def action_turn(self, by: int) -> None:
        """Another step."""
        self._step = min(max(0, self._step + by), len(STEPS) - 1)
        self._tell()

    def action_try_it(self) -> None:
        """Back to the screen, where it is tried."""
        self.dismiss(Left(self._step))

    def on_key(self, event: events.Key) -> None:
        """Leave by a key that the screen behind this one knows."""
        if event.key in _OF_THE_REVIEW:
            event.stop()
            self.dismiss(Left(self._step, event.key))


class TourApp(ReviewApp):
    """The review over a fictional year."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "guide", "Guide", show=False, priority=True)
    ]
    _step = 0

    def on_mount(self) -> None:
        """Open the review, and begin with the first step."""
        self.screen_change_signal.subscribe(self, self._marked)
        super().on_mount()
        self.call_after_refresh(self.action_guide)

    def _marked(self, screen: Screen[object]) -> None:
        self.call_after_refresh(self._mark, screen)

    def action_guide(self) -> None:
        """Tell what to try now; on the guide itself, go back to trying."""
        if isinstance(self.screen, GuideScreen):
            self.screen.action_try_it()
            return

        def left(how: Left | None) -> None:
            if how is None:
                return
            self._step = how.step
            if how.key is not None:
                self.simulate_key(how.key)

        self.push_screen(GuideScreen(self._step), left)

    def _mark(self, screen: Screen[object]) -> None:
        if screen.is_attached and not screen.query(Mark):
            screen.mount(Mark())
