"""Every action of every screen: keys, name and help, once.

Keys, palette, footer and help are made from this.
"""

from collections.abc import Mapping, Sequence

from core.rights import Deed
from tui.screen_action import HELP, PAGE_UP, ScreenAction, action, in_footer
from tui.script_actions import CHANGES, PASSPORT, SCRIPT
from tui.sheet_actions import SHEET, TABS
from tui.view_actions import VIEWS

REVIEW: tuple[ScreenAction, ...] = (
    action("down", "Next case", "Move to the next case in the queue."),
    action("up", "Previous case", "Move to the case above."),
    action("page_down", "Page down", "Move one page down."),
    PAGE_UP,
    action("top", "First case", "Go to the first case of the list."),
    action("bottom", "Last case", "Go to the last case."),
    action(
        "held",
        "Go to what is held",
        "Go to the request that waits for you with the least time left; Esc goes back to the "
        "queue.",
    ),
    action(
        "release",
        "Release or approve",
        "Let the held request go now. Of one that expired or was refused: let it pass when "
        "the script runs again.",
        deed=Deed.ANSWER,
        short="release",
        rank=1,
    ),
    action(
        "refuse",
        "Refuse",
        "Refuse the held request. Of one that was approved for the next run: take the "
        "approval back.",
        deed=Deed.ANSWER,
        short="refuse",
        rank=2,
    ),
    action(
        "close",
        "Close with a reason",
        "Say why this case, or every marked case, is done. The reason becomes part of the "
        "evidence.",
        deed=Deed.CLOSE,
        short="close",
        rank=3,
    ),
    action(
        "mark",
        "Mark or unmark",
        "Mark this case, to close several together. Shift+↓ marks and moves on.",
        short="mark",
        rank=9,
    ),
    action("mark_down", "Mark and move down", "Mark this case and go to the next."),
    action("unmark_all", "Unmark all", "Take the mark from every case."),
    action(
        "mark_shown",
        "Mark all shown",
        "Mark every case that the filter shows, also those below the screen.",
    ),
    action(
        "order",
        "Sort by another column",
        "Sort by the next column that the list can be sorted by; ▾ stands beside its name.",
        short="sort",
        rank=9,
    ),
    action(
        "older",
        "Older request of the case",
        "Open the request before this one, of the same case; the comma goes back to newer ones.",
    ),
    action(
        "newer",
        "Newer request of the case",
        "Open the request after this one, of the same case.",
    ),
    action(
        "filter",
        "Filter",
        "Choose which cases to see, in words: held, risk:high, to:openai, group:health, "
        "not user:ops, since:monday. The same before a colon twice means either.",
        short="filter",
        rank=4,
    ),
    action(
        "why",
        "Why",
        "Read why: the rule, how sure the sender and the findings are, and what was not checked.",
        short="why",
        rank=5,
    ),
    action(
        "read",
        "Read in full",
        "Give the whole screen to this case; Esc goes back to the queue.",
        short="read",
        rank=10,
    ),
    action(
        "undo",
        "Undo or reopen",
        "Reopen a closed case, or what you closed last. It is written as a new entry; "
        "nothing is erased.",
        deed=Deed.CLOSE,
        short="undo",
        rank=6,
    ),
    action(
        "script",
        "This script",
        "Show the versions of this script, approve one, see everywhere it sends what and "
        "what it is made of.",
        short="script",
        rank=10,
    ),
    action(
        "changes",
        "What changed in the script",
        "Read what is different from the approved version, or the whole script where none is "
        "approved; approve it from there.",
    ),
    action(
        "passport",
        "All of this script",
        "Show all that is known of the script on one page: owner, versions, approvals, parts, "
        "schedules, files, databases, destinations, runs, habits.",
    ),
    action(
        "rule",
        "Make a rule",
        "Make a rule of this case: allow this, stop this, or ask me. Its effect on what was "
        "recorded is shown first.",
        deed=Deed.POLICY,
        short="rule",
        rank=8,
    ),
    action(
        "export",
        "Export",
        "Write the records of the cases shown to a file, for a spreadsheet or another program.",
        deed=Deed.EXPORT,
        short="export",
        rank=11,
    ),
    action(
        "verify",
        "Verify the evidence",
        "Recompute the chain of all records and review entries, and say whether any was "
        "changed or removed.",
        deed=Deed.VERIFY,
        short="verify",
        rank=12,
    ),
    action(
        "back",
        "Back",
        "Go back: from the whole case to the queue, from what is held to the queue, from a "
        "filter to all open cases.",
    ),
    action("theme", "Light or dark", "Change between a dark and a light screen."),
    in_footer(HELP, "help", rank=7),
    action("quit", "Quit", "Leave the review. The gate goes on watching.", short="quit", rank=8),
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
    for one in sorted((a for a in actions if a.short), key=lambda a: a.rank):
        room -= len(one.shown) + 1 + len(one.short)
        if room < 0:
            break
        room -= gap
        chosen.append(one)
    return tuple(one for one in actions if one in chosen)
