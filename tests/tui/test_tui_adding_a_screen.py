"""A new screen is its own file, its rows in the registry and its part's name; keys, palette, help
and footer follow.
"""

from pathlib import Path

from scratch_copy import ScratchCopy, passed

SCREEN = '''"""Who sent something, on a screen of its own."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.actions import SCREENS
from tui.help_screen import HelpScreen
from tui.offers import Offers, bindings_of
from tui.review_part import ReviewPart
from tui.wording import safe


class PeopleScreen(Offers, ModalScreen[None]):
    """Lists the users of the cases that are known."""

    ACTIONS = SCREENS["people"]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ACTIONS)

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self._names = names

    def compose(self) -> ComposeResult:
        """One name a line."""
        yield Static("\\n".join(self._names), markup=False)

    def tell(self, words: str, *, wrong: bool = False) -> None:
        """Say something in passing."""
        self.notify(words, markup=False)

    def do_help(self) -> None:
        """Show every key."""
        self.app.push_screen(HelpScreen(self.ACTIONS, self.unavailable))

    def do_back(self) -> None:
        """Back to the queue."""
        self.app.pop_screen()


class PeopleReview(ReviewPart):
    """From the queue to its people."""

    def do_people(self) -> None:
        """Show who sent something."""
        names = {safe(case.user, 60) for case in self.desk.queue.known() if case.user}
        self.desk.app.push_screen(PeopleScreen(tuple(sorted(names))))
'''
ROW = """    action("people", "People", "Show who sent something.", short="people"),
"""
KEY = """    _key("people", "y", "y"),
"""
ROWS = """PEOPLE: tuple[ScreenAction, ...] = (
    action("help", "Help", "Show every key."),
    action("back", "Back", "Go back.", short="back"),
)
"""


def stranger(tmp_path: Path, screen: str = SCREEN) -> ScratchCopy:
    """Return the house with one screen more, made by CONTRIBUTING's row."""
    house = ScratchCopy.of(tmp_path, "tui")
    house.add("tui/people_screen.py", screen)
    house.put("tui/actions.py", '    action("theme", ', ROW)
    house.put("tui/keys.py", '    _key("theme",', KEY)
    house.put("tui/actions.py", "SCREENS: Mapping", ROWS)
    house.put("tui/actions.py", '    "script": SCRIPT,', '    "people": PEOPLE,\n')
    house.put(
        "tui/review_screen.py",
        "from tui.queue_view import QueueView\n",
        "from tui.people_screen import PeopleReview\n",
    )
    house.put("tui/review_screen.py", "PassportReview)\n", "PeopleReview, ")
    return house


def test_the_contract_tests_pick_a_new_screen_up(tmp_path: Path) -> None:
    """It opens by its key, names its actions in help and palette, and says why what cannot be
    done.
    """
    house = stranger(tmp_path)
    done = house.pytest("tests/tui/test_tui_actions.py", "-k", "people or review or no_screen_has")
    assert passed(done) >= 9


def test_an_action_that_nobody_does_is_found(tmp_path: Path) -> None:
    """A row without code is no key that does nothing: the tests fail."""
    house = stranger(tmp_path, SCREEN.replace("def do_back", "def do_leave"))
    done = house.pytest("tests/tui/test_tui_actions.py", "-k", "people")
    assert done.returncode == 1 and "failed" in done.stdout
