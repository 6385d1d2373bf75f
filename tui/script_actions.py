"""The actions of the screens about one script."""

from core.rights import Deed
from tui.screen_action import ScreenAction

SCRIPT: tuple[ScreenAction, ...] = (
    ScreenAction(
        id="down",
        keys=("down", "j"),
        shown="↑↓",
        name="Version before",
        help="Go to the version that was seen before this one.",
        short="version",
        rank=1,
    ),
    ScreenAction(
        id="up",
        keys=("up", "k"),
        shown="↑",
        name="Version after",
        help="Go to the version that was seen after this one.",
    ),
    ScreenAction(
        id="approve",
        deed=Deed.APPROVE,
        keys=("a",),
        shown="a",
        name="Approve this version",
        help=(
            "Read it first, then: rules that ask for approved scripts let this very version pass, "
            "from now on."
        ),
        short="approve",
        rank=2,
    ),
    ScreenAction(
        id="changes",
        keys=("d",),
        shown="d",
        name="Read what changed",
        help="Show what is different from the approved version, or the whole of it.",
        short="changes",
        rank=4,
    ),
    ScreenAction(
        id="withdraw",
        deed=Deed.APPROVE,
        keys=("b",),
        shown="b",
        name="Take the approval back",
        help="Rules that ask for approved scripts stop this version from now on.",
        short="take back",
        rank=3,
    ),
    ScreenAction(
        id="page_down",
        keys=("pagedown",),
        shown="PgDn",
        name="Read on",
        help="Move one page down.",
        short="more",
        rank=5,
    ),
    ScreenAction(
        id="page_up", keys=("pageup",), shown="PgUp", name="Read back", help="Move one page up."
    ),
    ScreenAction(
        id="help",
        keys=("question_mark", "f1"),
        shown="?",
        name="Help",
        help="Show every key and what it does.",
    ),
    ScreenAction(
        id="back",
        keys=("escape", "enter", "q"),
        shown="Esc",
        name="Back",
        help="Go back to the queue.",
        short="back",
        rank=4,
    ),
)

READ: tuple[ScreenAction, ...] = (
    ScreenAction(
        id="down", keys=("down", "j"), shown="↓", name="Line down", help="Move one line down."
    ),
    ScreenAction(id="up", keys=("up", "k"), shown="↑", name="Line up", help="Move one line up."),
    ScreenAction(
        id="page_down",
        keys=("pagedown", "space"),
        shown="PgDn",
        name="Read on",
        help="Move one page down.",
        short="more",
        rank=3,
    ),
    ScreenAction(
        id="page_up", keys=("pageup",), shown="PgUp", name="Read back", help="Move one page up."
    ),
    ScreenAction(
        id="top", keys=("home", "g"), shown="g", name="Beginning", help="Go to the first line."
    ),
    ScreenAction(
        id="bottom", keys=("end", "G"), shown="G", name="End", help="Go to the last line."
    ),
    ScreenAction(
        id="help",
        keys=("question_mark", "f1"),
        shown="?",
        name="Help",
        help="Show every key and what it does.",
        short="help",
        rank=4,
    ),
)
"""Of every screen that is one long text."""

CHANGES: tuple[ScreenAction, ...] = (
    ScreenAction(
        id="approve",
        deed=Deed.APPROVE,
        keys=("a",),
        shown="a",
        name="Approve this version",
        help="Rules that ask for approved scripts let this very version pass, from now on.",
        short="approve",
        rank=1,
    ),
    *READ,
    ScreenAction(
        id="back",
        keys=("escape", "q", "d"),
        shown="Esc",
        name="Back",
        help="Go back; nothing is written.",
        short="back",
        rank=2,
    ),
)

PASSPORT: tuple[ScreenAction, ...] = (
    *READ,
    ScreenAction(
        id="back",
        keys=("escape", "q", "p"),
        shown="Esc",
        name="Back",
        help="Go back to where you were.",
        short="back",
        rank=2,
    ),
)
