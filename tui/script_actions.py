"""The actions of the screens about one script."""

from core.rights import Deed
from tui.screen_action import HELP, ScreenAction, action, in_footer

SCRIPT: tuple[ScreenAction, ...] = (
    action(
        "down",
        "Version before",
        "Go to the version that was seen before this one.",
        short="version",
        rank=1,
        shown="↑↓",
    ),
    action("up", "Version after", "Go to the version that was seen after this one."),
    action(
        "approve",
        "Approve this version",
        "Read it first, then: rules that ask for approved scripts let this very version pass, "
        "from now on.",
        deed=Deed.APPROVE,
        short="approve",
        rank=2,
    ),
    action(
        "changes",
        "Read what changed",
        "Show what is different from the approved version, or the whole of it.",
        short="changes",
        rank=4,
    ),
    action(
        "withdraw",
        "Take the approval back",
        "Rules that ask for approved scripts stop this version from now on.",
        deed=Deed.APPROVE,
        short="take back",
        rank=3,
    ),
    action("page_down", "Read on", "Move one page down.", short="more", rank=5),
    action("page_up", "Read back", "Move one page up."),
    HELP,
    action("back", "Back", "Go back to the queue.", short="back", rank=4, also=("enter", "q")),
)

READ: tuple[ScreenAction, ...] = (
    action("down", "Line down", "Move one line down."),
    action("up", "Line up", "Move one line up."),
    action("page_down", "Read on", "Move one page down.", short="more", rank=3, also=("space",)),
    action("page_up", "Read back", "Move one page up."),
    action("top", "Beginning", "Go to the first line."),
    action("bottom", "End", "Go to the last line."),
    in_footer(HELP, "help", rank=4),
)
"""Of every screen that is one long text."""

CHANGES: tuple[ScreenAction, ...] = (
    action(
        "approve",
        "Approve this version",
        "Rules that ask for approved scripts let this very version pass, from now on.",
        deed=Deed.APPROVE,
        short="approve",
        rank=1,
    ),
    *READ,
    action("back", "Back", "Go back; nothing is written.", short="back", rank=2, also=("q", "d")),
)

PASSPORT: tuple[ScreenAction, ...] = (
    *READ,
    action("back", "Back", "Go back to where you were.", short="back", rank=2, also=("q", "p")),
)
