"""What dialogs have in common that write a review event: title, what it is about, a note, a button,
Enter and Esc.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from tui.outside import LeftByClick
from tui.wording import safe

NOTE_LENGTH = 400
type Drafts = dict[str, dict[str, str]]
"""What was written in dialogs that were left, by what they are about, then by the line's id."""
_OPTIONAL = "Note, if wanted. It stays in the evidence: no personal data."
_REQUIRED = "Why? It stays in the evidence: no personal data."


class NoteDialog[Result](LeftByClick[Result | None]):
    """Asks before something is written. Gives None when it was given up."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "Back", show=False)]
    DEFAULT_CSS = """
    NoteDialog { align: center middle; background: $background 60%; }
    NoteDialog > Vertical {
        width: 76; max-width: 96%; height: auto; max-height: 96%; background: $surface;
        border: round $primary; padding: 0 2;
    }
    NoteDialog .title { text-style: bold; }
    NoteDialog .effect { color: $quiet; margin-top: 1; }
    NoteDialog Input { border: none; height: 1; padding: 0 1; margin-top: 1; background: $panel; }
    NoteDialog Input:focus { border: none; }
    NoteDialog Button {
        margin-top: 1; width: 100%; height: 1; border: none; min-width: 10; background: $panel;
    }
    NoteDialog Button:focus { background: $cursor-row; text-style: bold; }
    NoteDialog .keys { color: $quiet; margin-top: 1; }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-tall")]  # noqa: RUF012 - as its base
    KEYS: ClassVar[str] = "Enter does it   Tab to and from the note   Esc back"

    def __init__(
        self,
        title: str,
        about: Sequence[str],
        button: str,
        *,
        sure: bool = False,
        required: bool = False,
    ) -> None:
        """`sure`: Enter in the note goes to the button, which has to be pressed. `required`: there
        must be a note.
        """
        super().__init__()
        self._heading, self._about, self._button = title, tuple(about), button
        self._sure, self._required = sure, required
        self._drafts: Drafts = {}
        self._subject = ""

    def remembered(self, drafts: Drafts, subject: str) -> Self:
        """Write on where this was left; return itself."""
        self._drafts, self._subject = drafts, f"{type(self).__name__} {subject}"
        return self

    def on_mount(self) -> None:
        """Show what was written before."""
        for id_, text in self._drafts.get(self._subject, {}).items():
            self.query_one(f"#{id_}", Input).value = text

    def compose(self) -> ComposeResult:
        """Title, what it is about, what is asked, note, button."""
        with Vertical():
            yield Static(self._heading, classes="title", markup=False)
            yield Static(Content("\n".join(self._about)), classes="about", markup=False)
            yield from self.asked()
            yield Input(
                placeholder=_REQUIRED if self._required else _OPTIONAL,
                max_length=NOTE_LENGTH,
                compact=True,
                id="note",
            )
            yield from self.more()
            yield Button(Content(self._button), compact=True)
            yield Static(self.KEYS, classes="keys", markup=False)

    def asked(self) -> Iterator[Widget]:
        """Yield what stands above the note."""
        yield from ()

    def more(self) -> Iterator[Widget]:
        """Yield what stands below the note."""
        yield from ()

    @property
    def note(self) -> Input:
        """The line for the note."""
        return self.query_one("#note", Input)

    def result(self, note: str) -> Result | None:
        """Return what the dialog gives, or None when something is still to be chosen."""
        raise NotImplementedError

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the note: done, unless the button is to say once more what happens."""
        event.stop()
        if self._sure:
            self.query_one(Button).focus()
        else:
            self._finish()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The button does it."""
        event.stop()
        self._finish()

    def leave(self) -> None:
        """Change nothing."""
        self.action_give_up()

    def action_give_up(self) -> None:
        """Change nothing, and keep what was written for the next time."""
        self._keep()
        self.dismiss(None)

    def _keep(self) -> None:
        lines = {box.id: box.value for box in self.query(Input) if box.id}
        self._drafts[self._subject] = lines

    def _finish(self) -> None:
        note = safe(self.note.value.strip(), NOTE_LENGTH)
        if self._required and not note:
            self.note.focus()
            self.notify("Write down why first.", markup=False)
            return
        result = self.result(note)
        if result is not None:
            self._drafts.pop(self._subject, None)
            self.dismiss(result)
