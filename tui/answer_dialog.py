"""The dialog that answers a held request: what it is, what the answer does, a note if wanted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from core.ids import uuid7
from core.review import Action, ReviewEvent
from tui.close_dialog import NOTE_LENGTH
from tui.vocabulary import APPROVAL_HOURS
from tui.wording import safe


class Answering(StrEnum):
    """What a person is about to say."""

    RELEASE = "release"
    REFUSE = "refuse"
    APPROVE_NEXT = "approve_next"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerWords:
    """How one kind of answer is asked for."""

    title: str
    effect: str
    button: str
    sure: bool
    """True when it is hard to undo: the button has to be pressed."""


_NEXT = f"An identical request passes for {APPROVAL_HOURS} hours without asking."
WORDS = {
    Answering.RELEASE: AnswerWords(
        title="Release this request?",
        effect="It leaves at once and cannot be taken back.",
        button="Release it now",
        sure=True,
    ),
    Answering.REFUSE: AnswerWords(
        title="Refuse this request",
        effect="It does not leave; the script is told that a person refused. You can still approve it later.",
        button="Refuse it",
        sure=False,
    ),
    Answering.APPROVE_NEXT: AnswerWords(
        title="Approve, then run again",
        effect=f"Nothing leaves now. {_NEXT} b takes that back.",
        button="Approve it for the next run",
        sure=False,
    ),
    Answering.WITHDRAW: AnswerWords(
        title="Take the approval back",
        effect="An identical request is held again. What passed already stays passed.",
        button="Take it back",
        sure=False,
    ),
}
TOO_LATE = f"Its time is over: the script was refused. Enter approves it for the next run. {_NEXT}"


def answer_event(record_id: str, case_key: str, answering: Answering, who: str, at: datetime, note: str) -> ReviewEvent:
    """Return what is written about a held request."""
    yes = answering in {Answering.RELEASE, Answering.APPROVE_NEXT}
    action = Action.APPROVE if yes else Action.REFUSE
    return ReviewEvent(id=uuid7(at), at=at, case_key=case_key, action=action, who=who, note=note, record_id=record_id)


class AnswerDialog(ModalScreen[str | None]):
    """Asks for the answer. Gives the note, or None when it was given up."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "Back", show=False)]
    DEFAULT_CSS = """
    AnswerDialog { align: center middle; background: $background 60%; }
    AnswerDialog > Vertical {
        width: 76; max-width: 96%; height: auto; max-height: 96%; background: $surface;
        border: round $held; padding: 0 2;
    }
    AnswerDialog .title { text-style: bold; }
    AnswerDialog .about { margin-top: 1; max-height: 8; }
    AnswerDialog .effect { color: $quiet; margin-top: 1; }
    AnswerDialog .left { color: $held; text-style: bold; }
    AnswerDialog Input { border: none; height: 1; padding: 0 1; margin-top: 1; background: $panel; }
    AnswerDialog Input:focus { border: none; }
    AnswerDialog Button { margin-top: 1; width: 100%; height: 1; border: none; min-width: 10; background: $panel; }
    AnswerDialog Button:focus { background: $cursor-row; text-style: bold; }
    AnswerDialog .keys { color: $quiet; margin-top: 1; }
    """

    def __init__(self, answering: Answering, about: Sequence[str], left: Callable[[], int] | None = None) -> None:
        super().__init__()
        self._words, self._about, self._left = WORDS[answering], tuple(about), left
        self._late = answering is Answering.RELEASE

    def compose(self) -> ComposeResult:
        """Title, the request, what the answer does, note, button."""
        words = self._words
        with Vertical():
            yield Static(words.title, classes="title", markup=False)
            yield Static(Content("\n".join(self._about)), classes="about", markup=False)
            yield Static(words.effect, classes="effect", markup=False)
            if self._left is not None:
                yield Static(classes="left", markup=False)
            yield Input(
                placeholder="Note, if wanted. It stays in the evidence: no personal data.",
                max_length=NOTE_LENGTH,
                compact=True,
            )
            yield Button(Content(words.button), compact=True)
            yield Static("Enter does it   Tab to and from the note   Esc back", classes="keys", markup=False)

    def on_mount(self) -> None:
        """Begin at the button, so that Enter is one deliberate press."""
        self.query_one(Button).focus()
        if self._left is not None:
            self._count_down()
            self.set_interval(0.5, self._count_down)

    def _count_down(self) -> None:
        assert self._left is not None
        left = self._left()
        line = self.query_one(".left", Static)
        if left > 0:
            line.update(f"{left} s left to answer.")
            return
        line.update("" if self._late else "Its time is over: the script was refused meanwhile.")
        if self._late:
            self.query_one(".effect", Static).update(TOO_LATE)
            self.query_one(Button).label = Content(WORDS[Answering.APPROVE_NEXT].button)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the note: done, unless it is hard to undo; then the button says once more what happens."""
        event.stop()
        if self._words.sure:
            self.query_one(Button).focus()
        else:
            self._finish()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The button answers."""
        event.stop()
        self._finish()

    def action_give_up(self) -> None:
        """Say nothing."""
        self.dismiss(None)

    def _finish(self) -> None:
        self.dismiss(safe(self.query_one(Input).value.strip(), NOTE_LENGTH))
