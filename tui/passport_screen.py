"""Pages that take a moment to make: all that is known of one script, as `outgate scripts PATH`
prints it, or of one rule.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
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


type PageOf = Callable[[], Sequence[Section]]
"""Makes a page, all of whose text is inert. May take seconds; raises OutgateError."""


class PageScreen(ReadingScreen[None]):
    """Makes a page beside the UI loop, and shows it."""

    ACTIONS = SCREENS["passport"]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ACTIONS)

    def __init__(self, title: str, page_of: PageOf) -> None:
        super().__init__()
        self._title, self._page_of = title, page_of
        self._found: Sequence[Section] | Trouble | None = None

    def on_mount(self) -> None:
        """Read it; a large store takes a moment."""
        self.show()
        self.run_worker(self._read(), group="page", exclusive=True)

    async def _read(self) -> None:
        self._found = await asyncio.to_thread(attempt, self._page_of)
        self.show()

    def drawn(self, width: int) -> tuple[Content, Content]:
        """Return what it is about, and the page."""
        about = Content.styled(safe(self._title, 600), "bold")
        match self._found:
            case None:
                return about, Content("Reading…")
            case Trouble():
                wrong = ("This cannot be read\n\n", "bold $blocked")
                return about, Content.assemble(wrong, self._found.what)
        return about, laid_out(list(self._found), width)

    def do_back(self) -> None:
        """Back to where it was opened."""
        self.dismiss(None)


def passport_screen(passport_of: PassportOf, script: str, now: datetime) -> PageScreen:
    """Return the screen of a script's page."""
    return PageScreen(script, lambda: page_sections(passport_of(script, now)))


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
        self.desk.app.push_screen(passport_screen(acts.passport, here.case.script_path, now))
