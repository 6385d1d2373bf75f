"""The actions of saved views."""

from tui.screen_action import ScreenAction

VIEWS: tuple[ScreenAction, ...] = (
    ScreenAction(
        id="view_next",
        keys=("right_square_bracket",),
        shown="]",
        name="Next view",
        help="Show the cases of the next saved view; the first is all open cases.",
    ),
    ScreenAction(
        id="view_before",
        keys=("left_square_bracket",),
        shown="[",
        name="View before",
        help="Show the cases of the saved view before this one.",
    ),
    ScreenAction(
        id="view_save",
        keys=("n",),
        shown="n",
        name="Save as a view",
        help="Keep the filter that is on under a name: it becomes a tab below the others.",
    ),
    ScreenAction(
        id="view_forget",
        keys=("N",),
        shown="N",
        name="Forget this view",
        help="Take the saved view that is on from the tabs. Its cases stay.",
    ),
)
