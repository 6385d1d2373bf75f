"""The review app: themes, modes, and an end without a traceback."""

import gc
import os
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from rich.text import Text
from textual.app import SystemCommand
from textual.screen import Screen

from core.case_inside import GROWS
from core.ids import utc_now
from core.review_ports import CaseStore, HoldQueue
from core.rights import Deed
from tui.background_reader import Reader
from tui.commands import ReviewCommands
from tui.evidence_acts import EvidenceActs
from tui.live_queue import Reviewer
from tui.one_notice import OneNotice
from tui.review_screen import ReviewScreen
from tui.theme import DARK, DEFAULTS, LIGHT
from tui.typed_ahead import KeysInTurn


class ReviewApp(OneNotice, KeysInTurn):
    """What `outgate review` opens."""

    TITLE = "Outgate review"
    COMMANDS: ClassVar[set[Any]] = {ReviewCommands}
    ENABLE_COMMAND_PALETTE = True
    NOTIFICATION_TIMEOUT = 6
    DESK: ClassVar[type[ReviewScreen]] = ReviewScreen

    def __init__(
        self,
        store: CaseStore,
        reviewer: Reviewer,
        holds: HoldQueue | None = None,
        filter_line: str = "",
        acts: EvidenceActs | None = None,
    ) -> None:
        super().__init__()
        self._reader = Reader()
        self.add_mode(
            "review", partial(self.DESK, store, self._reader, reviewer, holds, filter_line, acts)
        )

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every meaning a colour in themes that are not ours."""
        return dict(DEFAULTS)

    def on_mount(self) -> None:
        """Open the review."""
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name
        self.make_room_for_dialogs()
        self.switch_mode("review")

    def on_unmount(self) -> None:
        """Stop reading."""
        self._reader.close()

    async def action_quit(self) -> None:
        """Leave as with q: what was decided is written first."""
        screen = next((s for s in self.screen_stack if isinstance(s, ReviewScreen)), None)
        if screen is None:
            self.exit(0)
        else:
            screen.do_quit()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Offer none of Textual's own: a screenshot would be a copy of evidence that nobody
        logged.
        """
        return ()

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        """Refuse: see `get_system_commands`."""

    def _fatal_error(self) -> None:
        """Textual prints a traceback with local variables here; those hold what records say.

        Name the place only.
        """
        self.bell()
        self._exit_renderables.append(Text(f"{crash_words(self._exception)}\n"))
        self._close_messages_no_wait()


def crash_words(error: BaseException | None) -> str:
    """Return what to say of a fault of ours: its type and place, nothing of its text."""
    place = ""
    trace = None if error is None else error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if "tui" in code.co_filename.replace("\\", "/").split("/"):
            place = f" at {code.co_qualname}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return (
        f"The review stopped because of a fault in it ({type(error).__name__}{place}). "
        "The gate and its evidence are not concerned. Start “outgate review” again, or use "
        "“outgate review --plain”."
    )


def run(
    store: CaseStore,
    who: str,
    clock: Callable[[], datetime] = utc_now,
    read_only: bool = False,
    watching: Callable[[], bool] | None = None,
    holds: HoldQueue | None = None,
    filter_line: str = "",
    acts: EvidenceActs | None = None,
    grows: int = GROWS,
    case: str | None = None,
    app_class: type[ReviewApp] = ReviewApp,
    role: str = "",
    refusal: Callable[[Deed], str | None] = lambda _: None,
) -> int:
    """Open the review app on this terminal; returns the exit code. Without a terminal, prints the
    plain list.

    `watching` says whether a gate runs now; without it the health line does not claim so.
    `holds` are the requests that wait for a person; without it none can be answered.
    `filter_line` is the filter to begin with; `grows` the growth from which closed cases come back.
    `case` is the one to open at once, by its id.
    `acts` are what verifies and exports the evidence. `role` is that of the person, and `refusal`
    says what it does not allow.
    """
    if "TEXTUAL_DRIVER" not in os.environ and not (sys.stdin.isatty() and sys.stdout.isatty()):
        from tui.plain import print_queue

        return print_queue(store, sys.stdout, filter_line, clock=clock, holds=holds)
    reviewer = Reviewer(
        who=who,
        clock=clock,
        read_only=read_only,
        role=role,
        refusal=refusal,
        case=case,
        watching=watching,
        grows=grows,
    )
    app = app_class(store, reviewer, holds, filter_line, acts)
    gc.freeze()  # what is loaded stays: looking through it took a tenth of a second, mid-key
    app.run()
    return app.return_code or 0
