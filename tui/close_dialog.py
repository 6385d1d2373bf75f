"""The dialog that closes cases: one reason of five, and a note if wanted."""

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, RadioButton, RadioSet

from core.case_inside import GROWS
from core.day_words import day_ahead
from core.review import Case, Disposition
from core.vocabulary.reviews import DISPOSITIONS
from core.vocabulary.sizes import capital, counted, number
from tui.act_events import Closing
from tui.case_remarks import sender_told
from tui.closing_words import scope_words
from tui.note_dialog import NoteDialog
from tui.wording import case_found, case_place


def holds_for(cases: Sequence[Case], times: int, now: datetime, zone: tzinfo | None) -> str:
    """Return up to where the closing will hold."""
    if len(cases) == 1:
        words = scope_words(cases[0].reach.scope(None, times), now, zone).removesuffix(", no date")
        return f"Holds for: {words}."
    return (
        "Each holds for its versions, accounts and kinds of data, and for fewer than "
        f"{number(times)} times its people and rows."
    )


def about(cases: Sequence[Case]) -> str:
    """Return what is about to be closed."""
    if len(cases) == 1:
        case = cases[0]
        return f"{sender_told(case)} → {case_place(case)}: {case_found(case)}"
    requests = counted(sum(case.count for case in cases), "request")
    return f"These {counted(len(cases), 'case')} stand for {requests}. All get the same reason."


class Reason(RadioButton):
    """One reason. Chosen or not is seen by its sign, not by colour alone."""

    BUTTON_LEFT = BUTTON_RIGHT = ""

    @property
    # The base class reads this name at each drawing.
    def BUTTON_INNER(self) -> str:  # type: ignore[override] # noqa: N802
        """The sign before the words."""
        return "(●)" if self.value else "( )"


class Reasons(RadioSet):
    """The reasons. Enter takes the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.take_reason", "Take", show=False)
    ]


class CloseDialog(NoteDialog[Closing]):
    """Asks for the reason. Gives None when it was given up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(n), f"reason({n})", show=False) for n in range(1, len(DISPOSITIONS) + 1)),
    ]
    DEFAULT_CSS = """
    CloseDialog .about { color: $quiet; margin-bottom: 1; max-height: 5; }
    CloseDialog Reasons {
        border: none; padding: 0; background: $surface; width: 100%; height: auto;
    }
    CloseDialog Reasons:focus { border: none; background-tint: $foreground 0%; }
    CloseDialog Reason { width: 100%; background: $surface; padding: 0; }
    CloseDialog Reason > .toggle--button, CloseDialog Reason.-on > .toggle--button {
        color: $foreground; background: $surface;
    }
    CloseDialog Reasons > Reason.-selected > .toggle--label {
        background: $panel; color: $foreground;
    }
    CloseDialog Reasons:focus > Reason.-selected > .toggle--label {
        background: $cursor-row; color: $foreground; text-style: bold;
    }
    """
    KEYS = "1–5 or ↑↓ reason   Enter next   Tab note, date   Esc back"

    def __init__(
        self,
        cases: Sequence[Case],
        now: datetime,
        zone: tzinfo | None = None,
        times: int = GROWS,
    ) -> None:
        title = "Close this case" if len(cases) == 1 else f"Close {counted(len(cases), 'case')}"
        told = (about(cases), holds_for(cases, times, now, zone))
        super().__init__(title, told, title, sure=len(cases) > 1)
        self._reasons = tuple(Disposition)
        self._now, self._zone, self._times = now, zone, times

    def more(self) -> Iterator[Widget]:
        """Yield the line for a date."""
        yield Input(
            placeholder="Until, if not for ever: 30d, 12w or 2027-03-01.",
            max_length=20,
            compact=True,
            id="until",
        )

    def asked(self) -> Iterator[Widget]:
        """Yield the reasons."""
        yield Reasons(
            *(Reason(self._label(n, d), compact=True) for n, d in enumerate(self._reasons, 1))
        )

    @staticmethod
    def _label(position: int, disposition: Disposition) -> Content:
        words, meaning = DISPOSITIONS[disposition]
        return Content.assemble(f"{position} {capital(words):<17}", (meaning, "$quiet"))

    def on_mount(self) -> None:
        """Begin at the reasons."""
        self.query_one(Reasons).focus()

    def action_reason(self, position: int) -> None:
        """Choose a reason by its number, and go on to the note."""
        buttons = list(self.query(Reason))
        buttons[position - 1].value = True
        self.note.focus()

    def action_take_reason(self) -> None:
        """Choose the reason under the cursor, and go on to the note."""
        self.query_one(Reasons).action_toggle_button()
        self.note.focus()

    def result(self, note: str) -> Closing | None:
        """Return the reason and the note, once there is a reason."""
        chosen = self.query_one(Reasons).pressed_index
        if chosen < 0:
            self.query_one(Reasons).focus()
            self.notify("Choose a reason first.", markup=False)
            return None
        box = self.query_one("#until", Input)
        until = day_ahead(box.value, self._now, self._zone)
        if until is None and box.value.strip():
            box.focus()
            self.notify("Write a day to come: 30d, 12w or 2027-03-01.", markup=False)
            return None
        disposition = self._reasons[chosen]
        return Closing(disposition=disposition, note=note, until=until, times=self._times)
