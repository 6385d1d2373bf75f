"""Cases are closed for a reason, one or several, and opened again."""

from datetime import datetime

import pytest
from present import readable, there

from core.errors import EvidenceError
from core.review import Action, CaseFilter, CaseStatus, Disposition
from tests.tui.conftest import Finds, FragileStore, Opens, Presses
from tui.close_dialog import CloseDialog
from tui.review_screen import ReviewScreen


async def test_closing_writes_who_when_what_and_why(
    opened: Opens, store: FragileStore, press: Presses, now: datetime
) -> None:
    """One case closed is one event in the evidence, with the reason and the note."""
    key = store.page(CaseFilter(), 0, 1)[0].key
    async with opened(store) as pilot:
        await press(pilot, "c", "2", "type:seen", "enter")

    (event,) = readable(store.history(key))
    assert (event.action, event.who, event.at) == (Action.CLOSE, "dpo", now)
    assert (event.disposition, event.note) == (Disposition.FALSE_ALARM, "seen")
    assert there(store.case(key)).status is CaseStatus.CLOSED


async def test_a_reason_can_be_chosen_with_arrows(
    opened: Opens, store: FragileStore, press: Presses
) -> None:
    """The third reason is two steps down; Enter takes it, Enter closes."""
    key = store.page(CaseFilter(), 0, 1)[0].key
    async with opened(store) as pilot:
        await press(pilot, "c", "down", "down", "enter", "enter")

    assert readable(store.history(key))[0].disposition is Disposition.ALLOWED_PURPOSE


async def test_nothing_is_closed_without_a_reason(
    opened: Opens, store: FragileStore, press: Presses
) -> None:
    """Going past the reasons and pressing the button asks for a reason and writes nothing."""
    async with opened(store) as pilot:
        await press(pilot, "c", "tab", "enter")

        assert store._events == []
        assert not isinstance(pilot.app.screen, ReviewScreen)


async def test_giving_up_the_dialog_writes_nothing(
    opened: Opens, store: FragileStore, press: Presses
) -> None:
    """Esc leaves everything as it was."""
    async with opened(store) as pilot:
        await press(pilot, "c", "1", "escape")

        assert store._events == []
        assert isinstance(pilot.app.screen, ReviewScreen)


async def test_a_closed_case_leaves_the_queue_and_the_next_one_is_under_the_cursor(
    opened: Opens, store: FragileStore, press: Presses, review: Finds
) -> None:
    """Working down the queue needs no key between two cases."""
    keys = [case.key for case in store.page(CaseFilter(), 0, 10)]
    async with opened(store) as pilot:
        await press(pilot, "down", "c", "1", "enter")

        assert there(review(pilot).queue.current).key == keys[2]
        assert review(pilot).queue.count == len(keys) - 1


async def test_several_are_closed_together_after_a_press_on_the_count(
    opened: Opens, store: FragileStore, press: Presses, review: Finds
) -> None:
    """Marked cases get the same reason in one go; the button that names their number must be
    pressed.
    """
    keys = [case.key for case in store.page(CaseFilter(), 0, 3)]
    async with opened(store) as pilot:
        await press(pilot, "shift+down", "shift+down", "x", "c", "4", "enter")
        assert store._events == []
        await press(pilot, "enter")

        assert {event.case_key for event in store._events} == set(keys)
        assert {event.disposition for event in store._events} == {Disposition.TEST_DATA}
        assert review(pilot).queue.marks == {}


async def test_several_are_closed_all_or_none(
    opened: Opens, store: FragileStore, press: Presses, review: Finds
) -> None:
    """If the evidence refuses one, none is closed, the marks stay and the screen says so."""
    store.append_failure = EvidenceError("The disk is full.", remedy="Make room.")
    async with opened(store) as pilot:
        await press(pilot, "shift+down", "x", "c", "1", "enter", "enter")

        assert store._events == []
        assert len(review(pilot).queue.marks) == 2
        assert any(
            "Nothing was changed. The disk is full." in n.message for n in pilot.app._notifications
        )


async def test_what_is_marked_is_closed_wherever_the_cursor_is(
    opened: Opens, holding: FragileStore, press: Presses, review: Finds
) -> None:
    """On a request that waits, and under a filter that shows nothing; so are the marks taken away.
    Without a mark, nothing is closed from there.
    """
    async with opened(holding) as pilot:
        assert review(pilot).held.current is not None
        await press(pilot, "c")
        assert isinstance(pilot.app.screen, ReviewScreen)
        for elsewhere in ((), ("slash", "type:closed", "enter", "escape")):
            await press(pilot, *elsewhere, "asterisk", "c")
            assert isinstance(pilot.app.screen, CloseDialog)
            await press(pilot, "escape")
        await press(pilot, "slash", "type:closed", "enter")
        assert (review(pilot).queue.current, bool(review(pilot).queue.marks)) == (None, True)
        await press(pilot, "c")
        assert isinstance(pilot.app.screen, CloseDialog)
        await press(pilot, "escape", "X", "c")
        assert review(pilot).queue.marks == {}
        assert isinstance(pilot.app.screen, ReviewScreen)


async def test_undo_reopens_what_was_closed_last_as_a_new_entry(
    opened: Opens, store: FragileStore, press: Presses, review: Finds
) -> None:
    """Nothing is erased: the case has two entries, and is open again."""
    key = store.page(CaseFilter(), 0, 1)[0].key
    async with opened(store) as pilot:
        await press(pilot, "c", "1", "enter", "u")

        assert [event.action for event in readable(store.history(key))] == [
            Action.CLOSE,
            Action.REOPEN,
        ]
        assert there(store.case(key)).status is CaseStatus.OPEN
        assert review(pilot).queue.count == store.count(CaseFilter())


async def test_a_closed_case_under_the_cursor_can_be_reopened(
    opened: Opens, store: FragileStore, press: Presses
) -> None:
    """u on a closed case reopens this one, whoever closed it."""
    key = store.page(CaseFilter(), 0, 1)[0].key
    async with opened(store) as pilot:
        await press(pilot, "c", "1", "enter")
    async with opened(store) as pilot:
        await press(pilot, "slash", "type:closed", "enter", "u")

    assert there(store.case(key)).status is CaseStatus.OPEN


@pytest.mark.parametrize("keys", [("c",), ("u",)])
async def test_a_read_only_view_writes_nothing_and_says_why(
    opened: Opens, store: FragileStore, press: Presses, keys: tuple[str]
) -> None:
    """The key stays; pressing it tells the reason."""
    async with opened(store, read_only=True) as pilot:
        await press(pilot, *keys)

        assert store._events == []
        assert any("read-only" in n.message for n in pilot.app._notifications)
