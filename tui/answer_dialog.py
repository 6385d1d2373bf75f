"""The dialog that answers a held request: what it is, what the answer does, a note if wanted."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from core.review import APPROVAL_LASTS
from core.vocabulary.times import lasting, time_left
from tui.act_events import Answering
from tui.note_dialog import NoteDialog


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerWords:
    """How one kind of answer is asked for."""

    title: str
    effect: str
    button: str
    sure: bool
    """True when it is hard to undo: the button has to be pressed."""


_NEXT = f"An identical request passes for {lasting(APPROVAL_LASTS)} without asking."
WORDS = {
    Answering.RELEASE: AnswerWords(
        title="Release this request?",
        effect="It leaves at once and cannot be taken back.",
        button="Release it now",
        sure=True,
    ),
    Answering.REFUSE: AnswerWords(
        title="Refuse this request",
        effect="It does not leave; the script is told that a person refused. "
        "You can still approve it later.",
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


STANDING = "This once; or this version, place and kinds until: 30d, 2027-03-01."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered."""

    note: str
    until: datetime | None = None
    """Until when this version may send these kinds there without asking; None: this once."""


class AnswerDialog(NoteDialog[Answer]):
    """Asks for the answer. Gives None when it was given up."""

    DEFAULT_CSS = """
    AnswerDialog > Vertical { border: round $held; }
    AnswerDialog .about { margin-top: 1; max-height: 8; }
    AnswerDialog .left { color: $held; text-style: bold; }
    """

    def __init__(
        self,
        answering: Answering,
        about: Sequence[str],
        left: Callable[[], int] | None = None,
        day: Callable[[str], datetime | None] = lambda _: None,
    ) -> None:
        """`day`: reads a day to come, as a person writes it."""
        self._day = day
        self._lets_out = answering in {Answering.RELEASE, Answering.APPROVE_NEXT}
        self._words, self._left = WORDS[answering], left
        self._late = answering is Answering.RELEASE
        super().__init__(self._words.title, about, self._words.button, sure=self._words.sure)

    def asked(self) -> Iterator[Widget]:
        """Yield what the answer does, and how long it can be given."""
        yield Static(self._words.effect, classes="effect", markup=False)
        if self._left is not None:
            yield Static(classes="left", markup=False)
        if self._lets_out:
            yield Input(placeholder=STANDING, max_length=20, compact=True, id="until")

    def result(self, note: str) -> Answer | None:
        """Return the answer; None for a day that is none, or over."""
        text = self.query_one("#until", Input).value.strip() if self._lets_out else ""
        until = self._day(text) if text else None
        if text and until is None:
            self.query_one("#until", Input).focus()
            self.notify("Write a day to come: 30d, 12w or 2027-03-01.", markup=False)
            return None
        return Answer(note=note, until=until)

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
            line.update(f"{time_left(left)} left to answer.")
            return
        line.update("" if self._late else "Its time is over: the script was refused meanwhile.")
        if self._late:
            self.query_one(".effect", Static).update(TOO_LATE)
            self.query_one(Button).label = Content(WORDS[Answering.APPROVE_NEXT].button)
