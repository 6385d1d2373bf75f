"""Every action of every screen: keys, name and help, once.

Keys, palette, footer and help are made from this.
"""

from collections.abc import Mapping, Sequence

from core.rights import Deed
from tui.screen_action import ScreenAction
from tui.script_actions import CHANGES, PASSPORT, SCRIPT
from tui.sheet_actions import SHEET, TABS
from tui.view_actions import VIEWS

REVIEW: tuple[ScreenAction, ...] = (
    ScreenAction(
        id="down",
        keys=("down", "j"),
        shown="↓",
        name="Next case",
        help="Move to the next case in the queue.",
    ),
    ScreenAction(
        id="up", keys=("up", "k"), shown="↑", name="Previous case", help="Move to the case above."
    ),
    ScreenAction(
        id="page_down",
        keys=("pagedown",),
        shown="PgDn",
        name="Page down",
        help="Move one page down.",
    ),
    ScreenAction(
        id="page_up", keys=("pageup",), shown="PgUp", name="Page up", help="Move one page up."
    ),
    ScreenAction(
        id="top",
        keys=("home", "g"),
        shown="g",
        name="First case",
        help="Go to the first case of the list.",
    ),
    ScreenAction(
        id="bottom", keys=("end", "G"), shown="G", name="Last case", help="Go to the last case."
    ),
    ScreenAction(
        id="held",
        keys=("h",),
        shown="h",
        name="Go to what is held",
        help=(
            "Go to the request that waits for you with the least time left; Esc goes back to the "
            "queue."
        ),
    ),
    ScreenAction(
        id="release",
        deed=Deed.ANSWER,
        keys=("a",),
        shown="a",
        name="Release or approve",
        help=(
            "Let the held request go now. Of one that expired or was refused: let it pass when "
            "the script runs again."
        ),
        short="release",
        rank=1,
    ),
    ScreenAction(
        id="refuse",
        deed=Deed.ANSWER,
        keys=("b",),
        shown="b",
        name="Refuse",
        help=(
            "Refuse the held request. Of one that was approved for the next run: take the "
            "approval back."
        ),
        short="refuse",
        rank=2,
    ),
    ScreenAction(
        id="close",
        deed=Deed.CLOSE,
        keys=("c",),
        shown="c",
        name="Close with a reason",
        help=(
            "Say why this case, or every marked case, is done. The reason becomes part of the "
            "evidence."
        ),
        short="close",
        rank=3,
    ),
    ScreenAction(
        id="mark",
        keys=("x",),
        shown="x",
        name="Mark or unmark",
        help="Mark this case, to close several together. Shift+↓ marks and moves on.",
        short="mark",
        rank=9,
    ),
    ScreenAction(
        id="mark_down",
        keys=("shift+down",),
        shown="Shift+↓",
        name="Mark and move down",
        help="Mark this case and go to the next.",
    ),
    ScreenAction(
        id="unmark_all",
        keys=("X",),
        shown="X",
        name="Unmark all",
        help="Take the mark from every case.",
    ),
    ScreenAction(
        id="mark_shown",
        keys=("asterisk",),
        shown="*",
        name="Mark all shown",
        help="Mark every case that the filter shows, also those below the screen.",
    ),
    ScreenAction(
        id="order",
        keys=("o",),
        shown="o",
        name="Sort by another column",
        help=(
            "Sort by risk, newest, first, sender, destination, outcome, kind, people, or how often."
        ),
        short="sort",
        rank=9,
    ),
    ScreenAction(
        id="older",
        keys=("full_stop",),
        shown=".",
        name="Next request of the case",
        help=(
            "Open the request before this one, of the same case; the comma goes back to newer ones."
        ),
    ),
    ScreenAction(
        id="newer",
        keys=("comma",),
        shown=",",
        name="Previous request of the case",
        help="Open the request after this one, of the same case.",
    ),
    ScreenAction(
        id="filter",
        keys=("slash",),
        shown="/",
        name="Filter",
        help=(
            "Choose which cases to see, in words: held, risk:high, to:openai, group:health, "
            "not user:ops, since:monday. The same before a colon twice means either."
        ),
        short="filter",
        rank=4,
    ),
    ScreenAction(
        id="why",
        keys=("w",),
        shown="w",
        name="Why",
        help=(
            "Read why: the rule, how sure the sender and the findings are, and what was not "
            "checked."
        ),
        short="why",
        rank=5,
    ),
    ScreenAction(
        id="read",
        keys=("enter",),
        shown="Enter",
        name="Read in full",
        help="Give the whole screen to this case; Esc goes back to the queue.",
        short="read",
        rank=10,
    ),
    ScreenAction(
        id="undo",
        deed=Deed.CLOSE,
        keys=("u",),
        shown="u",
        name="Undo or reopen",
        help=(
            "Reopen a closed case, or what you closed last. It is written as a new entry; "
            "nothing is erased."
        ),
        short="undo",
        rank=6,
    ),
    ScreenAction(
        id="script",
        keys=("s",),
        shown="s",
        name="This script",
        help=(
            "Show the versions of this script, approve one, see everywhere it sends what and "
            "what it is made of."
        ),
        short="script",
        rank=10,
    ),
    ScreenAction(
        id="changes",
        keys=("d",),
        shown="d",
        name="What changed in the script",
        help=(
            "Read what is different from the approved version, or the whole script where none is "
            "approved; approve it from there."
        ),
    ),
    ScreenAction(
        id="passport",
        keys=("p",),
        shown="p",
        name="All of this script",
        help=(
            "Show all that is known of the script on one page: owner, versions, approvals, parts, "
            "schedules, files, databases, destinations, runs, habits."
        ),
    ),
    ScreenAction(
        id="rule",
        deed=Deed.POLICY,
        keys=("m",),
        shown="m",
        name="Make a rule",
        help=(
            "Make a rule of this case: allow this, stop this, or ask me. Its effect on what was "
            "recorded is shown first."
        ),
        short="rule",
        rank=8,
    ),
    ScreenAction(
        id="export",
        deed=Deed.EXPORT,
        keys=("e",),
        shown="e",
        name="Export",
        help=(
            "Write the records of the cases shown to a file, for a spreadsheet or another program."
        ),
        short="export",
        rank=11,
    ),
    ScreenAction(
        id="verify",
        deed=Deed.VERIFY,
        keys=("v",),
        shown="v",
        name="Verify the evidence",
        help=(
            "Recompute the chain of all records and review entries, and say whether any was "
            "changed or removed."
        ),
        short="verify",
        rank=12,
    ),
    ScreenAction(
        id="back",
        keys=("escape",),
        shown="Esc",
        name="Back",
        help=(
            "Go back: from the whole case to the queue, from what is held to the queue, from a "
            "filter to all open cases."
        ),
    ),
    ScreenAction(
        id="theme",
        keys=("t",),
        shown="t",
        name="Light or dark",
        help="Change between a dark and a light screen.",
    ),
    ScreenAction(
        id="help",
        keys=("question_mark", "f1"),
        shown="?",
        name="Help",
        help="Show every key and what it does.",
        short="help",
        rank=7,
    ),
    ScreenAction(
        id="quit",
        keys=("q",),
        shown="q",
        name="Quit",
        help="Leave the review. The gate goes on watching.",
        short="quit",
        rank=8,
    ),
    *VIEWS,
    *TABS,
)

type _Actions = tuple[ScreenAction, ...]
SCREENS: Mapping[str, _Actions] = {
    "review": REVIEW,
    "overview": SHEET,
    "script": SCRIPT,
    "changes": CHANGES,
    "passport": PASSPORT,
}


def for_footer(
    actions: Sequence[ScreenAction], room: int, gap: int = 3
) -> tuple[ScreenAction, ...]:
    """Return what fits into a footer of so many cells, in the order of the registry; the least
    useful is left out.
    """
    chosen: list[ScreenAction] = []
    for action in sorted((a for a in actions if a.short), key=lambda a: a.rank):
        room -= len(action.shown) + 1 + len(action.short)
        if room < 0:
            break
        room -= gap
        chosen.append(action)
    return tuple(action for action in actions if action in chosen)
