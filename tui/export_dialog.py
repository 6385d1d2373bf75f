"""The dialog that asks where to write the records of the cases that are shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from core.vocabulary.sizes import joined
from tui.evidence_acts import ExportChoice, chosen_by
from tui.outside import LeftByClick


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """Where to, and how."""

    path: Path
    format_name: str


def export_named(text: str, formats: Sequence[ExportChoice]) -> Export | str:
    """Return the export that a file name asks for, or what is wrong with the name."""
    path = Path(text.strip()).expanduser()
    choice = chosen_by(path.name, formats)
    if choice is None or path.name.lower() == choice.suffix.lower():
        suffixes = joined([choice.suffix for choice in formats], "or")
        return f"The name has to end in {suffixes}: that chooses the format."
    if path.exists():
        return "There is a file of that name already. Choose another."
    if not path.parent.is_dir():
        return "There is no such folder."
    return Export(path=path, format_name=choice.name)


class ExportDialog(LeftByClick[Export | None]):
    """Asks for a file name. Gives None when it was given up."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "Back", show=False)]
    DEFAULT_CSS = """
    ExportDialog { align: center middle; background: $background 60%; }
    ExportDialog > Vertical {
        width: 76; max-width: 96%; height: auto; background: $surface; border: round $primary;
        padding: 0 2;
    }
    ExportDialog .title { text-style: bold; }
    ExportDialog .about { color: $quiet; margin-bottom: 1; }
    ExportDialog Input { border: none; height: 1; padding: 0 1; background: $panel; }
    ExportDialog Input:focus { border: none; }
    ExportDialog .problem { color: $blocked; text-style: bold; height: auto; }
    ExportDialog .format { color: $quiet; }
    ExportDialog .keys { color: $quiet; margin-top: 1; }
    """

    def __init__(self, about: str, proposed: str, formats: Sequence[ExportChoice]) -> None:
        super().__init__()
        self._about, self._proposed, self._formats = about, proposed, tuple(formats)

    def compose(self) -> ComposeResult:
        """Title, what is exported, the file name."""
        with Vertical():
            yield Static("Export these cases", classes="title", markup=False)
            yield Static(Content(self._about), classes="about", markup=False)
            yield Input(self._proposed, compact=True, select_on_focus=False)
            yield Static(classes="problem", markup=False)
            for choice in self._formats:
                words = f"{choice.suffix}  {choice.purpose}"
                yield Static(words, classes="format", markup=False)
            yield Static("Enter writes the file   Esc back", classes="keys", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: say what is wrong with the name, or go."""
        event.stop()
        asked = export_named(event.value, self._formats)
        if isinstance(asked, str):
            self.query_one(".problem", Static).update(Content(asked))
        else:
            self.dismiss(asked)

    def leave(self) -> None:
        """Write nothing."""
        self.action_give_up()

    def action_give_up(self) -> None:
        """Write nothing."""
        self.dismiss(None)
