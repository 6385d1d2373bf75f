"""Help: every key with what it does, and why one cannot be used now."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from core.vocabulary.verdicts import VERDICTS
from tui.outside import LeftByClick
from tui.screen_action import ScreenAction

_SIGNS = (("allowed", "left the machine"), ("held", "held back or changed"), ("blocked", "refused"))
_NOTES = (
    "Every action is also in the palette: Ctrl+P, then write what you want.",
    "To select text with the mouse, hold Shift (Option in iTerm). Values are masked; copying them "
    "is not offered.",
    "What left is drawn by its risk: red where it is high, amber where it is medium. The case says "
    "of what its risk is made.",
)


class HelpScreen(LeftByClick[None]):
    """Lists the actions of the screen below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "app.pop_screen", "Back", show=False)
    ]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen > VerticalScroll {
        width: 84; max-width: 96%; height: auto; max-height: 96%; background: $surface;
        border: round $primary; padding: 0 2;
        scrollbar-size-vertical: 1;
    }
    """

    def __init__(
        self,
        actions: Sequence[ScreenAction],
        unavailable: Callable[[ScreenAction], str | None],
    ) -> None:
        super().__init__()
        self._actions, self._unavailable = tuple(actions), unavailable

    def leave(self) -> None:
        """Back to where it was opened."""
        self.app.pop_screen()

    def compose(self) -> ComposeResult:
        """One block of text."""
        with VerticalScroll():
            yield Static(markup=False)

    def on_mount(self) -> None:
        """Write the text at this width."""
        self._write()

    def on_resize(self) -> None:
        """Wrap again."""
        self._write()

    def _write(self) -> None:
        width = max(40, min(84, self.app.size.width * 96 // 100) - 8)
        lines: list[Content] = [Content.styled("Keys", "bold $primary")]
        for action in self._actions:
            lines += self._action(action, width)
        lines += [Content(""), Content.styled("Signs", "bold $primary")]
        lines += [self._sign(meaning, words) for meaning, words in _SIGNS]
        lines.append(Content.assemble((f"{'?':<9}", "$unknown"), "not known"))
        for note in _NOTES:
            lines += [Content(""), *Content.styled(note, "$quiet").wrap(width)]
        self.query_one(Static).update(Content("\n").join(lines))

    def _action(self, action: ScreenAction, width: int) -> list[Content]:
        reason = self._unavailable(action)
        text = Content.assemble((f"{action.name}. ", "bold"), action.help)
        if reason:
            text += Content.styled(f" Not now: {reason}", "$held")
        wrapped = text.wrap(width - 9)
        key = Content.styled(f"{action.shown:<9}", "bold $primary" if not reason else "$quiet")
        return [(Content(" " * 9) if i else key) + line for i, line in enumerate(wrapped)]

    @staticmethod
    def _sign(meaning: str, words: str) -> Content:
        mine = [v for v in VERDICTS.values() if v.meaning == meaning]
        signs = " ".join(dict.fromkeys(v.sign for v in mine))
        names = ", ".join(v.word for v in mine)
        return Content.assemble((f"{signs:<9}", f"${meaning}"), f"{names}: {words}")
