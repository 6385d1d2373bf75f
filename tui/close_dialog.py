"""The dialog that closes cases: one reason of five, and a note if wanted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, RadioButton, RadioSet, Static

from core.ids import uuid7
from core.review import Action, Case, Disposition, ReviewEvent
from tui.measures import capital, counted
from tui.vocabulary import DISPOSITIONS
from tui.wording import case_found, case_place, safe

NOTE_LENGTH = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What the person chose."""

    disposition: Disposition
    note: str


def events_for(
    cases: Sequence[Case], action: Action, who: str, at: datetime, closing: Closing | None = None
) -> list[ReviewEvent]:
    """Return one event for each case."""
    return [
        ReviewEvent(
            id=uuid7(at),
            at=at,
            case_key=case.key,
            action=action,
            who=who,
            disposition=closing.disposition if closing else None,
            note=closing.note if closing else "",
        )
        for case in cases
    ]


def about(cases: Sequence[Case]) -> str:
    """Return what is about to be closed."""
    if len(cases) == 1:
        case = cases[0]
        return f"{safe(case.script, 60) or 'unknown sender'} → {case_place(case)}: {case_found(case)}"
    requests = sum(case.count for case in cases)
    return f"These {counted(len(cases), 'case')} stand for {counted(requests, 'request')}. All get the same reason."


class Reason(RadioButton):
    """One reason. Chosen or not is seen by its sign, not by colour alone."""

    BUTTON_LEFT = BUTTON_RIGHT = ""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override] # noqa: N802 - the base class reads this name at each drawing
        """The sign before the words."""
        return "(●)" if self.value else "( )"


class Reasons(RadioSet):
    """The reasons. Enter takes the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "screen.take_reason", "Take", show=False)]


class CloseDialog(ModalScreen[Closing | None]):
    """Asks for the reason. Gives None when it was given up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Back", show=False),
        *(Binding(str(n), f"reason({n})", show=False) for n in range(1, len(DISPOSITIONS) + 1)),
    ]
    DEFAULT_CSS = """
    CloseDialog { align: center middle; background: $background 60%; }
    CloseDialog > Vertical {
        width: 76; max-width: 96%; height: auto; max-height: 96%; background: $surface;
        border: round $primary; padding: 0 2;
    }
    CloseDialog .title { text-style: bold; }
    CloseDialog .about { color: $quiet; margin-bottom: 1; max-height: 3; }
    CloseDialog Reasons { border: none; padding: 0; background: $surface; width: 100%; height: auto; }
    CloseDialog Reasons:focus { border: none; background-tint: $foreground 0%; }
    CloseDialog Reason { width: 100%; background: $surface; padding: 0; }
    CloseDialog Reason > .toggle--button, CloseDialog Reason.-on > .toggle--button {
        color: $foreground; background: $surface;
    }
    CloseDialog Reasons > Reason.-selected > .toggle--label { background: $panel; color: $foreground; }
    CloseDialog Reasons:focus > Reason.-selected > .toggle--label {
        background: $cursor-row; color: $foreground; text-style: bold;
    }
    CloseDialog Input { border: none; height: 1; padding: 0 1; margin-top: 1; background: $panel; }
    CloseDialog Input:focus { border: none; }
    CloseDialog Button { margin-top: 1; width: 100%; height: 1; border: none; min-width: 10; background: $panel; }
    CloseDialog Button:focus { background: $cursor-row; text-style: bold; }
    CloseDialog .keys { color: $quiet; margin-top: 1; }
    """

    def __init__(self, cases: Sequence[Case]) -> None:
        super().__init__()
        self._cases = tuple(cases)
        self._reasons = tuple(Disposition)

    def compose(self) -> ComposeResult:
        """Title, reasons, note, button."""
        title = "Close this case" if len(self._cases) == 1 else f"Close {counted(len(self._cases), 'case')}"
        with Vertical():
            yield Static(title, classes="title", markup=False)
            yield Static(Content(about(self._cases)), classes="about", markup=False)
            yield Reasons(*(Reason(self._label(n, d), compact=True) for n, d in enumerate(self._reasons, 1)))
            yield Input(
                placeholder="Note, if wanted. It stays in the evidence: no personal data.",
                max_length=NOTE_LENGTH,
                compact=True,
            )
            yield Button(Content(title), compact=True)
            yield Static("1–5 or ↑↓ reason   Enter next   Tab note   Esc back", classes="keys", markup=False)

    @staticmethod
    def _label(position: int, disposition: Disposition) -> Content:
        words, meaning = DISPOSITIONS[disposition.value]
        return Content.assemble(f"{position} {capital(words):<17}", (meaning, "$quiet"))

    def on_mount(self) -> None:
        """Begin at the reasons."""
        self.query_one(Reasons).focus()

    def action_reason(self, position: int) -> None:
        """Choose a reason by its number, and go on to the note."""
        buttons = list(self.query(Reason))
        buttons[position - 1].value = True
        self.query_one(Input).focus()

    def action_take_reason(self) -> None:
        """Choose the reason under the cursor, and go on to the note."""
        self.query_one(Reasons).action_toggle_button()
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the note: close one case; several take one more press, on a button that says how many."""
        event.stop()
        if len(self._cases) > 1:
            self.query_one(Button).focus()
        else:
            self._finish()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The button closes."""
        event.stop()
        self._finish()

    def action_give_up(self) -> None:
        """Change nothing."""
        self.dismiss(None)

    def _finish(self) -> None:
        chosen = self.query_one(Reasons).pressed_index
        if chosen < 0:
            self.query_one(Reasons).focus()
            self.notify("Choose a reason first.", markup=False)
            return
        note = safe(self.query_one(Input).value.strip(), NOTE_LENGTH)
        self.dismiss(Closing(disposition=self._reasons[chosen], note=note))
