"""All that is known of one script on one page, as `outgate scripts PATH` prints it."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from habits.passport import Passport
from tui.actions import SCREENS
from tui.background_reader import Trouble, attempt
from tui.detail_pane import laid_out
from tui.offers import bindings_of
from tui.reading_screen import ReadingScreen
from tui.review_part import ReviewPart
from tui.rows import Row, Section
from tui.wording import safe

type PassportOf = Callable[[str, datetime], Passport]
"""Path of a script, the time now → its page. May take seconds; raises OutgateError."""


def page_sections(page: Passport) -> list[Section]:
    """Return a page as sections; all text is inert. Pure."""
    return [
        Section(part.title, tuple(Row("", safe(line, 600)) for line in part.lines))
        for part in page.parts
    ]


class PassportScreen(ReadingScreen[None]):
    """Reads a script's page beside the UI loop, and shows it."""

    ACTIONS = SCREENS["passport"]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ACTIONS)

    def __init__(self, passport_of: PassportOf, script: str, now: datetime) -> None:
        super().__init__()
        self._read_page = partial(passport_of, script, now)
        self._script = script
        self._found: Passport | Trouble | None = None

    def on_mount(self) -> None:
        """Read it; a large store takes a moment."""
        self.show()
        self.run_worker(self._read(), group="passport", exclusive=True)

    async def _read(self) -> None:
        self._found = await asyncio.to_thread(attempt, self._read_page)
        self.show()

    def drawn(self, width: int) -> tuple[Content, Content]:
        """Return the script's path, and its page."""
        about = Content.styled(safe(self._script, 600), "bold")
        match self._found:
            case None:
                return about, Content("Reading…")
            case Trouble():
                wrong = ("This cannot be read\n\n", "bold $blocked")
                return about, Content.assemble(wrong, self._found.what)
        return about, laid_out(page_sections(self._found), width)[0]

    def do_back(self) -> None:
        """Back to where it was opened."""
        self.dismiss(None)


class PassportReview(ReviewPart):
    """From the queue to the page of the script under the cursor."""

    def obstacle(self, action_id: str) -> str | None:
        """Return why it cannot be opened, or None when it can."""
        here = self.desk.begun()
        if self.desk.acts is None or self.desk.acts.passport is None:
            return "Use the command “outgate scripts PATH”."
        return None if here is not None and here.case.script_path else "No script is known here."

    def do_passport(self) -> None:
        """Open it."""
        here, acts = self.desk.begun(), self.desk.acts
        assert here is not None and here.case.script_path and acts is not None
        assert acts.passport is not None
        now = self.desk.reviewer.clock()
        self.desk.app.push_screen(PassportScreen(acts.passport, here.case.script_path, now))
