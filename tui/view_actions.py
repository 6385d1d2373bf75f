"""The actions of saved views."""

from tui.screen_action import ScreenAction, action

VIEWS: tuple[ScreenAction, ...] = (
    action(
        "view_next",
        "Next view",
        "Show the cases of the next saved view; the first is all open cases.",
    ),
    action("view_before", "View before", "Show the cases of the saved view before this one."),
    action(
        "view_save",
        "Save as a view",
        "Keep the filter that is on under a name: it becomes a tab below the others.",
    ),
    action(
        "view_forget",
        "Forget this view",
        "Take the saved view that is on from the tabs. Its cases stay.",
    ),
)
