"""The actions of the tabs: which there are, and what can be done on a sheet."""

from core.rights import Deed
from tui.screen_action import ScreenAction

TABS: tuple[ScreenAction, ...] = (
    ScreenAction(
        id="review",
        keys=("1",),
        shown="1",
        name="Queue",
        help="Show the queue of cases.",
    ),
    ScreenAction(
        id="overview",
        keys=("2",),
        shown="2",
        name="Overview",
        help=(
            "What is held, what is new, how many people are concerned, what models cost, "
            "and how it went for a month."
        ),
    ),
    ScreenAction(
        id="scripts",
        keys=("3",),
        shown="3",
        name="Scripts",
        help="Every script that sent something in thirty days, with what and how much.",
    ),
    ScreenAction(
        id="destinations",
        keys=("4",),
        shown="4",
        name="Destinations",
        help="Every place that something went to in thirty days.",
    ),
    ScreenAction(
        id="llm",
        keys=("5",),
        shown="5",
        name="LLM use",
        help="Language models: tokens and costs of the month, by script and by provider.",
    ),
    ScreenAction(
        id="users",
        keys=("6",),
        shown="6",
        name="People",
        help="Who runs the scripts, and how grave what they sent is.",
    ),
    ScreenAction(
        id="rules",
        keys=("7",),
        shown="7",
        name="Rules",
        help="Every rule of the policy, how often it held, and which never do.",
    ),
    ScreenAction(
        id="evidence",
        keys=("8",),
        shown="8",
        name="Evidence",
        help="How much is recorded, since when, and what proves it.",
    ),
    ScreenAction(
        id="health",
        keys=("9",),
        shown="9",
        name="Health",
        help="Whether the gate runs, and what was not fully checked.",
    ),
)

SHEET: tuple[ScreenAction, ...] = (
    ScreenAction(
        id="down", keys=("down", "j"), shown="↓", name="Next row", help="Move to the next row."
    ),
    ScreenAction(
        id="up", keys=("up", "k"), shown="↑", name="Previous row", help="Move to the row above."
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
        id="cases",
        keys=("enter",),
        shown="Enter",
        name="Its cases",
        help="Go to the queue, with the cases of this row.",
        short="its cases",
        rank=1,
    ),
    ScreenAction(
        id="passport",
        keys=("p",),
        shown="p",
        name="Page of this row",
        help=(
            "Show all that is known of the script of this row, or of the rule: what it "
            "decided, and what missed it by one condition."
        ),
        short="page",
        rank=3,
    ),
    ScreenAction(
        id="switch",
        deed=Deed.POLICY,
        keys=("t",),
        shown="t",
        name="Rule on or off",
        help="Switch the rule under the cursor on or off, in the policy file.",
        short="on/off",
        rank=3,
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
    ScreenAction(
        id="back",
        keys=("escape", "q"),
        shown="Esc",
        name="Back",
        help="Go back to the queue.",
        short="queue",
        rank=2,
    ),
    *TABS,
)
