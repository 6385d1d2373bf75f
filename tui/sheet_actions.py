"""The actions of the tabs: which there are, and what can be done on a sheet."""

from core.rights import Deed
from tui.screen_action import HELP, PAGE_UP, ScreenAction, action, in_footer

TABS: tuple[ScreenAction, ...] = (
    action("review", "Queue", "Show the queue of cases."),
    action(
        "overview",
        "Overview",
        "What is held, what is new, how many people are concerned, what models cost, "
        "and how it went for a month.",
    ),
    action(
        "scripts",
        "Scripts",
        "Every script that sent something in thirty days, with what and how much.",
    ),
    action("destinations", "Destinations", "Every place that something went to in thirty days."),
    action(
        "llm",
        "LLM use",
        "Language models: tokens and costs of the month, by script and by provider.",
    ),
    action("users", "People", "Who runs the scripts, and how grave what they sent is."),
    action("rules", "Rules", "Every rule of the policy, how often it held, and which never do."),
    action("evidence", "Evidence", "How much is recorded, since when, and what proves it."),
    action("health", "Health", "Whether the gate runs, and what was not fully checked."),
)

SHEET: tuple[ScreenAction, ...] = (
    action("down", "Next row", "Move to the next row."),
    action("up", "Previous row", "Move to the row above."),
    action("page_down", "Page down", "Move one page down."),
    PAGE_UP,
    action(
        "cases",
        "Its cases",
        "Go to the queue, with the cases of this row.",
        short="its cases",
        rank=1,
    ),
    action(
        "passport",
        "Page of this row",
        "Show all that is known of the script of this row, or of the rule: what it "
        "decided, and what missed it by one condition.",
        short="page",
        rank=3,
    ),
    action(
        "switch",
        "Rule on or off",
        "Switch the rule under the cursor on or off, in the policy file.",
        deed=Deed.POLICY,
        short="on/off",
        rank=3,
    ),
    in_footer(HELP, "help", rank=4),
    action("back", "Back", "Go back to the queue.", short="queue", rank=2, also=("q",)),
    *TABS,
)
