"""The filter line: a person writes words, and is shown the words there are."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Static

from core.case_words import MAX_LENGTH, last_word
from tui.wording import safe


class _Words(Suggester):
    """Completes the word being written."""

    def __init__(self, complete: Callable[[str], Sequence[str]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        """Return the line with its last word completed."""
        options = self._complete(value) if value else ()
        return next((o for o in options if o.startswith(value)), None)


class FilterInput(Input):
    """An input whose Tab takes the completion, and whose Esc gives up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "take", "Take the word", show=False),
        Binding("escape", "give_up", "Back", show=False),
    ]

    class GivenUp(Message):
        """Esc was pressed."""

    def action_take(self) -> None:
        """Take the completion that is shown."""
        self.action_end()
        self.action_cursor_right()

    def action_give_up(self) -> None:
        """Leave the filter as it was."""
        self.post_message(self.GivenUp())


class FilterBar(Vertical):
    """The input with the words to choose from under it. Hidden until asked for."""

    DEFAULT_CSS = """
    FilterBar { display: none; height: 2; background: $surface; padding: 0 1; }
    FilterBar.-open { display: block; }
    FilterBar FilterInput { height: 1; border: none; padding: 0; background: $surface; }
    FilterBar FilterInput:focus { border: none; }
    FilterBar Static { height: 1; color: $quiet; text-wrap: nowrap; text-overflow: ellipsis; }
    FilterBar Static.-problem { color: $blocked; text-style: bold; }
    """

    def __init__(self, complete: Callable[[str], Sequence[str]]) -> None:
        super().__init__()
        self._complete = complete

    def compose(self) -> ComposeResult:
        """The line and its words."""
        yield FilterInput(
            placeholder="held   risk:high   to:openai   group:health   not user:ops   since:monday",
            suggester=_Words(self._complete),
            max_length=MAX_LENGTH,
            compact=True,
        )
        yield Static(markup=False)

    def open(self, line: str) -> None:
        """Show the bar with this line in it."""
        self.add_class("-open")
        box = self.query_one(FilterInput)
        box.value = line
        box.cursor_position = len(line)
        self.screen.set_focus(box)  # at once: what is typed next is meant for it
        self._offer(line)

    def close(self) -> None:
        """Hide the bar."""
        self.remove_class("-open")

    def complain(self, problem: str) -> None:
        """Say what was not understood."""
        hint = self.query_one(Static)
        hint.add_class("-problem")
        hint.update(Content(problem), layout=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Offer other words."""
        event.stop()
        self._offer(event.value)

    def offer_again(self) -> None:
        """Offer what is known by now."""
        if self.has_class("-open"):
            self._offer(self.query_one(FilterInput).value)

    def _offer(self, line: str) -> None:
        hint = self.query_one(Static)
        hint.remove_class("-problem")
        words = [safe(last_word(option), 40) for option in self._complete(line)]
        told = "   ".join(words) or "Enter shows these cases, Esc goes back."
        hint.update(Content(told), layout=False)
