"""Held requests in the review: seen at once, answered in time or later, and never by accident."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from invented_day import finding, place, record, sample_holds, sender
from present import there

from core.classification import AccountKind, Category
from core.decision import HoldOutcome
from core.review import About, CaseFilter, Condition
from core.risk import risk_of
from tests.tui.conftest import (
    Clock,
    Compares,
    Finds,
    FragileStore,
    Opens,
    Presses,
    Settles,
    ShowsText,
    drawn,
    ids,
)
from tui.answer_dialog import AnswerDialog
from tui.app import ReviewApp
from tui.holds import case_alone, waiting_now
from tui.live_queue import Reviewer
from tui.review_screen import ReviewScreen


@drawn
async def test_a_hold_that_nobody_answered_stays_in_the_queue(
    opened: Opens, store: FragileStore, golden: Compares, press: Presses, size: tuple[int, int]
) -> None:
    """It is marked as expired unseen, and says how it can still pass."""
    async with opened(store, size) as pilot:
        await press(pilot, "down")
        golden(pilot, f"expired-{size[0]}x{size[1]}")


async def test_a_hold_that_arrives_takes_no_cursor_but_rings(
    opened: Opens,
    store: FragileStore,
    settled: Settles,
    press: Presses,
    review: Finds,
    screen_text: ShowsText,
    monkeypatch: pytest.MonkeyPatch,
    now: datetime,
) -> None:
    """Who reads a case goes on reading it; the panel says that something waits, and h goes
    there.
    """
    rung = []
    async with opened(store) as pilot:
        await press(pilot, "down", "down")
        monkeypatch.setattr(pilot.app, "bell", lambda: rung.append(1))
        key = there(review(pilot).queue.current).key
        store.hold(sample_holds(now)[0])
        await review(pilot).poll()
        await settled(pilot)

        assert (review(pilot).held.current, there(review(pilot).queue.current).key, rung) == (
            None,
            key,
            [1],
        )
        assert "1 held now" in screen_text(pilot)
        await press(pilot, "a")
        assert isinstance(pilot.app.screen, ReviewScreen)
        assert any("Press h" in n.message for n in pilot.app._notifications)
        await press(pilot, "h", "a")
        assert isinstance(pilot.app.screen, AnswerDialog)
        assert "payroll_letters.py" in screen_text(pilot)
        await press(pilot, "escape", "escape")
        assert review(pilot).held.current is None
        assert there(review(pilot).queue.current).key == key


async def test_an_expired_hold_becomes_a_case_marked_as_unseen(
    opened: Opens,
    holding: FragileStore,
    settled: Settles,
    review: Finds,
    screen_text: ShowsText,
    clock: Clock,
    press: Presses,
    now: datetime,
) -> None:
    """It leaves the top, the screen says so, and the queue keeps it as expired unseen."""
    _, ward = ids(now)
    async with opened(holding, (140, 45), clock=clock) as pilot:
        clock.pass_by(9)
        holding.end(ward, HoldOutcome.TIMED_OUT)
        await review(pilot).poll()
        await settled(pilot)

        assert "1 held now" in screen_text(pilot)
        assert any(
            "backup_ward.py: nobody answered in time" in n.message for n in pilot.app._notifications
        )
        await press(pilot, "escape")
        assert "◆ expired   14:13  backup_ward.py" in screen_text(pilot)
        assert screen_text(pilot).count("expired unseen") == 2


async def test_an_answer_of_somebody_else_ends_the_wait_here_too(
    opened: Opens,
    holding: FragileStore,
    settled: Settles,
    review: Finds,
    screen_text: ShowsText,
    now: datetime,
) -> None:
    """Two reviewers: what one refused is not offered to the other, and is not called unseen."""
    payroll, ward = ids(now)
    async with opened(holding) as pilot:
        holding.end(ward, HoldOutcome.REFUSED)
        holding.end(payroll, HoldOutcome.APPROVED)
        await review(pilot).poll()
        await settled(pilot)

        assert "held now" not in screen_text(pilot)
        assert "✕ refused" in screen_text(pilot)
        assert "→ released" in screen_text(pilot)
        assert not any("nobody" in n.message for n in pilot.app._notifications)


def test_a_hold_of_a_gate_that_is_gone_is_not_offered(now: datetime) -> None:
    """Ten seconds after its end nobody is left to answer to."""
    records = sample_holds(now)

    def waiting(seconds: float) -> list[str]:
        held = waiting_now(records, now + timedelta(seconds=seconds)).held
        return [one.case.script for one in held]

    assert waiting(0) == ["backup_ward.py", "payroll_letters.py"]
    assert waiting(18) == ["payroll_letters.py"]
    assert waiting(60) == []


HELD = CaseFilter(conditions=(Condition(about=About.OUTCOME, values=("hold",)),))


async def test_a_filter_can_be_given_from_the_start(
    store: FragileStore, now: datetime, settled: Settles
) -> None:
    """`outgate review held` opens with that filter, which is in view; one not understood shows all
    and says so.
    """
    for line, wanted, told in (
        ("held", HELD, 0),
        ("since:blursday", CaseFilter(), 1),
    ):
        reviewer = Reviewer(who="dpo", clock=lambda: now, poll_seconds=None)
        app = ReviewApp(store, reviewer, store, line)
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(pilot)

            assert isinstance(app.screen, ReviewScreen)
            assert app.screen.queue.wanted == wanted
            assert len(app._notifications) == told


async def test_a_gate_that_stopped_is_noticed_without_any_writing(
    store: FragileStore, now: datetime, settled: Settles, screen_text: ShowsText
) -> None:
    """The health line asks now and then, for a gate that is gone writes nothing."""
    alive = [True]
    reviewer = Reviewer(who="dpo", clock=lambda: now, watching=lambda: alive[0], poll_seconds=None)
    app = ReviewApp(store, reviewer, store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "● Watching" in screen_text(pilot)
        alive[0] = False
        for _ in range(5):
            assert isinstance(app.screen, ReviewScreen)
            await app.screen.poll()
        await settled(pilot)

        assert "○ No gate runs" in screen_text(pilot)


def test_a_held_request_is_weighed_as_its_case_will_be(now: datetime) -> None:
    """A published example is nobody's own: it makes no risk, and no word of the row."""
    own, example = finding("person", 12), replace(finding("iban", 40), test_data=True)
    held = record(now, sender("send_rows.py"), place("files.example", None, Category.OTHER,
                  AccountKind.UNKNOWN), own, example)  # fmt: skip
    alone, without = case_alone(held), case_alone(replace(held, findings=(own,)))
    assert (alone.kinds, alone.values) == (("person",), 12)
    assert risk_of(alone, if_left=True) == risk_of(without, if_left=True)
