"""The registry of actions: what holds for every screen in it, present and future."""

import ast
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

import tui
from core.rights import Deed, Person, Rights, Role
from habits.passport import Passport
from tests.tui.conftest import FragileStore, Opens, Presses, ShowsText
from tui.actions import SCREENS, for_footer
from tui.evidence_acts import EvidenceActs, Verified
from tui.fleet_review import FLEET
from tui.keys import KEYS
from tui.offers import Offers
from tui.rule_making import Proposal, RuleMaking
from tui.screen_action import ScreenAction
from tui.sheet import TABS, Sheet, Sheets

PROPOSAL = Proposal(name="a", sentence="It stops.", effect="0 of 1.", lines=())
ACTS = EvidenceActs(
    verify=lambda: Verified(whole=True, words=()),
    export=lambda *_: 0,
    formats=(),
    rules=RuleMaking(propose=lambda *_: PROPOSAL, write=lambda *_: "Written."),
    sheets=Sheets(read=lambda *_: Sheet()),
    passport=lambda script, _: Passport(script=script, made_at="now", parts=()),
)

DOCS = Path(tui.__file__).resolve().parents[1] / "docs"

type OpensScreen = Callable[[Pilot[int], str], Awaitable[Screen[object]]]


@pytest.fixture
def at(opened: Opens, store: FragileStore, press: Presses) -> OpensScreen:
    """Open a screen of the registry: the review by itself, each other by the review's action of the
    same name.
    """

    async def open_screen(pilot: Pilot[int], name: str) -> Screen[object]:
        if name != "review":
            [opens] = [action for action in SCREENS["review"] if action.id == name]
            await press(pilot, opens.keys[0])
        screen = pilot.app.screen
        assert isinstance(screen, Offers)
        assert SCREENS[name] == screen.ACTIONS
        return screen

    return open_screen


@pytest.mark.parametrize("name", SCREENS)
class TestEveryScreen:
    """What holds for every screen."""

    def test_its_actions_say_what_they_are(self, name: str) -> None:
        """Each has a name and a sentence of help; no key and no id stands for two things."""
        actions = SCREENS[name]
        keys = [key for action in actions for key in action.keys]
        assert len(keys) == len(set(keys))
        assert len({action.id for action in actions}) == len(actions)
        for action in actions:
            assert action.keys and action.shown and action.name and action.help.endswith(".")

    async def test_a_role_that_may_not_is_told_so(
        self, opened: Opens, store: FragileStore, at: OpensScreen, press: Presses, name: str
    ) -> None:
        """Every key that takes a role says which, opens no dialog and writes nothing."""
        rights = Rights(holders={Role.REVIEWER: ("ada",)})

        def refusal(deed: Deed) -> str | None:
            return rights.refusal(Person(name="dpo"), deed)

        async with opened(store, (140, 45), acts=ACTS, refusal=refusal) as pilot:
            screen = await at(pilot, name)
            assert isinstance(screen, Offers)
            version = store.data_version()
            for action in screen.ACTIONS:
                if action.deed is None:
                    continue
                assert "You, dpo, are in no role here." in (screen.unavailable(action) or "")
                for key in action.keys:
                    await press(pilot, key)
                    assert pilot.app.screen is screen
            assert store.data_version() == version

    async def test_it_opens_and_every_key_does_something(
        self, opened: Opens, store: FragileStore, at: OpensScreen, name: str
    ) -> None:
        """No action without code; every key is bound, and nothing else is."""
        async with opened(store, (140, 45), acts=ACTS) as pilot:
            screen = await at(pilot, name)
            assert isinstance(screen, Offers)
            bound = {key for key, active in screen.active_bindings.items() if active.node is screen}
            assert {key for action in screen.ACTIONS for key in action.keys} <= bound
            own = {
                key
                for key, (_, b, *_) in screen.active_bindings.items()
                if b.action.startswith("do(")
            }
            assert own == {key for action in screen.ACTIONS for key in action.keys}
            for action in screen.ACTIONS:
                reason = screen.unavailable(action)
                assert reason is None or reason.endswith(".")

    async def test_help_and_palette_name_every_action(
        self,
        opened: Opens,
        store: FragileStore,
        at: OpensScreen,
        press: Presses,
        screen_text: ShowsText,
        name: str,
    ) -> None:
        """Whoever does not know the keys finds every action by its name."""
        async with opened(store, (140, 120), acts=ACTS) as pilot:
            screen = await at(pilot, name)
            assert isinstance(screen, Offers)
            await press(pilot, "question_mark")
            shown = " ".join(screen_text(pilot).split())
            assert [a.name for a in screen.ACTIONS if f"{a.name}." not in shown] == []
            await press(pilot, "escape", "ctrl+p")
            await pilot.pause(0.3)
            listed = screen_text(pilot)
            assert [a.name for a in screen.ACTIONS if a.name not in listed] == []

    async def test_what_cannot_be_done_says_why(
        self,
        opened: Opens,
        empty_store: FragileStore,
        store: FragileStore,
        at: OpensScreen,
        press: Presses,
        name: str,
    ) -> None:
        """In a read-only view every key answers, and none changes anything."""
        async with opened(store, (140, 45), read_only=True, acts=ACTS) as pilot:
            screen = await at(pilot, name)
            assert isinstance(screen, Offers)
            for action in screen.ACTIONS:
                if screen.unavailable(action) is not None:
                    await press(pilot, action.keys[0])
                    assert pilot.app.screen is screen
            assert store._events == []


def test_no_screen_has_keys_of_its_own() -> None:
    """Screens take their keys from the registry; only dialogs, which ask and are gone, have Enter
    and Esc.
    """
    written: dict[str, list[object]] = {}
    for path in sorted(Path(tui.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Binding":
                key = node.args[0]
                written.setdefault(path.stem, []).append(getattr(key, "value", None))
    ends = {"escape", "enter", "q", "question_mark", "f1"}
    assert written.pop("offers") == [None]
    answers = {"close_dialog", "filter_bar", "rule_dialog", "tour"}
    """Where a key chooses an answer that stands beside it, or a completion, or turns a page."""
    assert {
        name: keys
        for name, keys in written.items()
        if name not in answers and not {k for key in keys for k in str(key).split(",")} <= ends
    } == {}


def test_every_key_stands_in_one_table() -> None:
    """The same act has the same key on every screen, and no key of the table is of no use."""
    used = [action for actions in (*SCREENS.values(), FLEET) for action in actions]
    assert {action.id for action in used} == set(KEYS)
    for action in used:
        assert action.keys[: len(KEYS[action.id].names)] == KEYS[action.id].names
    assert not [
        path.name
        for path in Path(tui.__file__).parent.glob("*.py")
        if path.stem != "screen_action" and "ScreenAction(" in path.read_text(encoding="utf-8")
    ]


NOT_OF_AN_ACTION = {"Tab", "Space", "Shift+↓"}
"""Named beside keys; of lines and dialogs."""


def test_the_pages_name_no_other_keys() -> None:
    """Whoever reads the handbook or the page of the review presses what the screen listens to."""
    known = {action.shown for actions in SCREENS.values() for action in actions} | {"F1"}
    handbook = (DOCS / "handbook.md").read_text(encoding="utf-8")
    named = {key for key in re.findall(r"`([^`]*)`", handbook) if len(key) == 1}
    assert len(named) > 10
    assert named - known == set()
    page = (DOCS / "review.md").read_text(encoding="utf-8")
    table = page.partition("| key | action |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
    listed = {
        key
        for row in rows
        for key in re.split(r", | or | to |(?<=.) (?=.)", row)
        if key not in NOT_OF_AN_ACTION
    }
    assert listed - known == set()
    review = {action.shown for action in SCREENS["review"] if action.id not in TABS}
    moves = {"PgDn", "PgUp", "G", "Esc", "Shift+↓"}
    assert review - moves - listed - {","} == {"X"}


def test_a_narrow_footer_keeps_what_is_used_most() -> None:
    """The least useful goes first, and the order stays."""
    actions = tuple(
        ScreenAction(
            id=short, keys=(short,), shown=short[0], name=short, help=".", short=short, rank=rank
        )
        for short, rank in (("aaaa", 3), ("bbbb", 1), ("cccc", 2))
    )
    assert [a.short for a in for_footer(actions, 100)] == ["aaaa", "bbbb", "cccc"]
    assert [a.short for a in for_footer(actions, 16)] == ["bbbb", "cccc"]
    assert for_footer(actions, 3) == ()
