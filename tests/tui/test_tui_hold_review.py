"""Held requests are answered in time or later, by one person or two, and never by accident."""

import threading
from datetime import datetime
from pathlib import Path

import pytest
from invented_day import sample_holds
from present import there
from textual.widgets import Input

from core.case_keys import case_key
from core.decision import HoldOutcome
from core.errors import EvidenceError
from core.review import APPROVAL_LASTS, Acting, Action
from core.vocabulary.times import lasting
from evidence.factory import open_evidence
from evidence.holds import HeldRequests
from evidence.store import Store
from tests.tui.conftest import (
    Clock,
    Compares,
    Finds,
    FragileStore,
    Opens,
    Presses,
    Settles,
    ShowsText,
    answers,
    drawn,
    ids,
)
from tui.act_events import Answering, answer_event
from tui.answer_dialog import WORDS, AnswerDialog
from tui.review_screen import ReviewScreen


@drawn
async def test_releasing_asks_once_for_it_cannot_be_taken_back(
    opened: Opens, holding: FragileStore, golden: Compares, press: Presses, size: tuple[int, int]
) -> None:
    """The dialog says what leaves, whereto, and how long there is to answer."""
    async with opened(holding, size) as pilot:
        await press(pilot, "a")
        golden(pilot, f"release-{size[0]}x{size[1]}")


async def test_a_releases_the_request_under_the_cursor(
    opened: Opens,
    holding: FragileStore,
    press: Presses,
    review: Finds,
    screen_text: ShowsText,
    now: datetime,
) -> None:
    """One event that names the request, who, and the note; it waits no more."""
    _, ward = ids(now)
    async with opened(holding) as pilot:
        await press(pilot, "a", "enter")

        assert answers(holding) == [(Action.APPROVE, ward, "")]
        assert holding._events[0].who == "dpo"
        assert [h.case.script for h in review(pilot).held.items] == ["payroll_letters.py"]
        assert "1 held now" in screen_text(pilot)
        assert any("Released" in n.message for n in pilot.app._notifications)


async def test_b_refuses_with_a_note(
    opened: Opens, holding: FragileStore, press: Presses, now: datetime
) -> None:
    """The note is optional; Enter in it is enough, since a refusal can be undone by approving
    later.
    """
    _, ward = ids(now)
    async with opened(holding) as pilot:
        await press(pilot, "b", "shift+tab", "type:not agreed", "enter")

        assert answers(holding) == [(Action.REFUSE, ward, "not agreed")]


async def test_a_note_on_a_release_takes_one_more_press(
    opened: Opens, holding: FragileStore, press: Presses
) -> None:
    """What cannot be taken back is not done from a text field."""
    async with opened(holding) as pilot:
        await press(pilot, "a", "shift+tab", "type:agreed", "enter")
        assert holding._events == []
        await press(pilot, "enter")

        assert [note for _, _, note in answers(holding)] == ["agreed"]


@pytest.mark.parametrize(
    "keys", [("a", "escape"), ("b", "escape"), ("a", "shift+tab", "type:x", "escape")]
)
async def test_giving_up_answers_nothing(
    opened: Opens, holding: FragileStore, press: Presses, keys: tuple[str, ...]
) -> None:
    """Esc leaves the request waiting."""
    async with opened(holding) as pilot:
        await press(pilot, *keys)

        assert holding._events == []
        assert isinstance(pilot.app.screen, ReviewScreen)


async def test_the_second_one_is_answered_when_the_cursor_is_on_it(
    opened: Opens, holding: FragileStore, press: Presses, now: datetime
) -> None:
    """The cursor goes through what is held and on into the queue, and back."""
    payroll, _ = ids(now)
    async with opened(holding) as pilot:
        await press(pilot, "down", "down", "up", "b", "enter")

        assert answers(holding) == [(Action.REFUSE, payroll, "")]


async def test_a_release_that_comes_too_late_is_called_an_approval(
    opened: Opens,
    holding: FragileStore,
    press: Presses,
    settled: Settles,
    clock: Clock,
    screen_text: ShowsText,
) -> None:
    """When time runs out under the dialog it says so, and claims nothing that did not happen."""
    async with opened(holding, clock=clock) as pilot:
        await press(pilot, "a")
        clock.pass_by(9)
        assert isinstance(pilot.app.screen, AnswerDialog)
        pilot.app.screen._count_down()
        await settled(pilot)
        assert "Approve it for the next run" in screen_text(pilot)
        await press(pilot, "enter")

        assert [action for action, _, _ in answers(holding)] == [Action.APPROVE]
        assert any("when the script is run again" in n.message for n in pilot.app._notifications)
        assert not any("Released" in n.message for n in pilot.app._notifications)


async def test_an_expired_request_is_approved_for_the_next_run_and_that_is_taken_back(
    opened: Opens, store: FragileStore, press: Presses, screen_text: ShowsText, review: Finds
) -> None:
    """Approve, then run again: a on the expired case; b takes it back."""
    async with opened(store, (140, 45)) as pilot:
        await press(pilot, "o", "down", "a", "enter")
        case = there(review(pilot).queue.current)
        assert answers(store) == [(Action.APPROVE, case.last_record, "")]
        assert "approved, run" in screen_text(pilot)
        assert "Approved by dpo at 14:14" in screen_text(pilot)
        await press(pilot, "a")
        assert isinstance(pilot.app.screen, ReviewScreen)
        await press(pilot, "b", "enter")

        assert [action for action, _, _ in answers(store)] == [Action.APPROVE, Action.REFUSE]
        assert "refused later" in screen_text(pilot)


@pytest.mark.parametrize("key", ["a", "b"])
async def test_cases_that_were_never_held_cannot_be_released(
    opened: Opens, store: FragileStore, press: Presses, key: str
) -> None:
    """The key stays in place and says why."""
    async with opened(store) as pilot:
        await press(pilot, key)

        assert store._events == []
        assert any("Nothing that was held" in n.message for n in pilot.app._notifications)


@pytest.mark.parametrize("key", ["a", "b", "c"])
async def test_a_read_only_view_answers_nothing(
    opened: Opens, holding: FragileStore, press: Presses, key: str
) -> None:
    """Who may only look sees the countdown and cannot answer."""
    async with opened(holding, read_only=True) as pilot:
        await press(pilot, key)

        assert holding._events == []
        assert isinstance(pilot.app.screen, ReviewScreen)


async def test_a_held_request_is_not_closed_like_a_case(
    opened: Opens, holding: FragileStore, press: Presses
) -> None:
    """c on a waiting request says what to press instead of closing some case that is not shown."""
    async with opened(holding) as pilot:
        await press(pilot, "c")

        assert any("a releases it, b refuses it" in n.message for n in pilot.app._notifications)
        assert isinstance(pilot.app.screen, ReviewScreen)


async def test_an_answer_that_cannot_be_written_is_said(
    opened: Opens, holding: FragileStore, press: Presses, review: Finds
) -> None:
    """The request goes on waiting, and the screen says that nothing was changed."""
    holding.append_failure = EvidenceError("The disk is full.", remedy="Make room.")
    async with opened(holding) as pilot:
        await press(pilot, "a", "enter")

        assert len(review(pilot).held.items) == 2
        assert any(
            "Nothing was changed. The disk is full." in n.message for n in pilot.app._notifications
        )


def test_the_words_give_the_time_that_the_gate_keeps() -> None:
    """An approval is said to last as long as it does."""
    assert lasting(APPROVAL_LASTS) in WORDS[Answering.APPROVE_NEXT].effect


async def test_two_people_release_one_request(
    opened: Opens,
    press: Presses,
    screen_text: ShowsText,
    tmp_path: Path,
    now: datetime,
) -> None:
    """The first asks and it goes on waiting; the second reads who asked, and confirms it."""
    path = tmp_path / "evidence.db"
    evidence = open_evidence(path)
    durable = threading.Event()
    payroll = sample_holds(now)[0]
    evidence.writer.open(payroll, lambda _: durable.set())
    assert durable.wait(20)
    store = Store(path, clock=lambda: now, acting=Acting(channel="review", two_for_release_over=0))
    holds = HeldRequests(store)
    asked = answer_event(payroll.id, case_key(payroll), Answering.RELEASE, "ada\x1b[1m", now, "")
    store.append([asked])
    async with opened(store, (140, 45), holds=holds) as pilot:
        assert "asked for by ada·[1m" in screen_text(pilot)
        await press(pilot, "a")
        assert "ada·[1m asked for its release; you would confirm it." in screen_text(pilot)
        await press(pilot, "enter")
        assert holds.answers([payroll.id])[payroll.id].who == "dpo"
        assert "held now" not in screen_text(pilot)
    store.close()
    evidence.close()


async def test_the_first_of_two_is_told_that_it_waits(
    opened: Opens, press: Presses, review: Finds, tmp_path: Path, now: datetime
) -> None:
    """The request is still held, and the screen says what is missing."""
    path = tmp_path / "evidence.db"
    evidence = open_evidence(path)
    durable = threading.Event()
    payroll = sample_holds(now)[0]
    evidence.writer.open(payroll, lambda _: durable.set())
    assert durable.wait(20)
    store = Store(path, clock=lambda: now, acting=Acting(channel="review", two_for_release_over=0))
    async with opened(store, (140, 45), holds=HeldRequests(store)) as pilot:
        await press(pilot, "a", "enter")
        assert any("a second person says the same" in n.message for n in pilot.app._notifications)
        assert [held.asked_by for held in review(pilot).held.items] == ["dpo"]
        await press(pilot, "a", "enter")
        assert any("You asked for this yourself" in n.message for n in pilot.app._notifications)
        assert HeldRequests(store).answers([payroll.id]) == {}
    store.close()
    evidence.close()


async def test_an_answer_can_stand_until_a_day(
    opened: Opens, holding: FragileStore, press: Presses, now: datetime
) -> None:
    """The line above the note; a day that is none, or over, is not taken for one."""
    async with opened(holding) as pilot:
        await press(pilot, "a", "shift+tab", "shift+tab", "type:yesterday", "enter", "enter")
        assert holding._events == []
        await press(pilot, *["backspace"] * 9)
        await press(pilot, "type:30d", "enter", "enter")
        [event] = holding._events
        assert event.scope is not None and event.scope.until is not None
        assert (event.scope.until - now).days in {29, 30}


async def test_what_was_released_can_be_taken_back(
    opened: Opens, store: FragileStore, press: Presses, now: datetime
) -> None:
    """So that what is like it is held again."""
    made = sample_holds(now)[0]
    store.hold(made)
    store.end(made.id, HoldOutcome.APPROVED)
    async with opened(store) as pilot:
        await press(pilot, "g", "slash", "type:script:payroll_letters", "enter", "b", "enter")
        assert [event.action for event in store._events] == [Action.REFUSE]


async def test_what_was_written_is_there_again_after_going_back(
    opened: Opens, holding: FragileStore, press: Presses, now: datetime
) -> None:
    """Who looks at the case once more writes nothing twice; what was done is forgotten."""
    _, ward = ids(now)
    async with opened(holding) as pilot:
        await press(pilot, "a", "shift+tab", "type:as agreed", "shift+tab", "type:30d", "escape")
        assert answers(holding) == []
        await press(pilot, "b")
        assert isinstance(pilot.app.screen, AnswerDialog) and pilot.app.screen.note.value == ""
        await press(pilot, "escape", "a")
        asked = pilot.app.screen
        assert isinstance(asked, AnswerDialog)
        assert (asked.note.value, asked.query_one("#until", Input).value) == ("as agreed", "30d")
        await press(pilot, "enter")
        assert answers(holding) == [(Action.APPROVE, ward, "as agreed")]
        scope = holding._events[0].scope
        assert scope is not None and scope.until is not None
        await press(pilot, "h", "a")
        assert isinstance(pilot.app.screen, AnswerDialog) and pilot.app.screen.note.value == ""
