"""Held requests in the review: seen at once, answered in time or later, and never by accident."""

import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from invented_day import finding, place, record, sample_holds, sender
from present import there

from core.case_keys import case_key
from core.classification import Category
from core.decision import HoldOutcome, Verdict
from core.errors import EvidenceError
from core.review import APPROVAL_LASTS, About, Acting, Action, CaseFilter, Condition
from core.vocabulary.times import lasting
from evidence.factory import open_evidence
from evidence.holds import HeldRequests
from evidence.store import Store
from tests.tui.conftest import Compares, Finds, FragileStore, Opens, Presses, Settles, ShowsText
from tui.act_events import Answering, answer_event
from tui.answer_dialog import WORDS, AnswerDialog
from tui.app import ReviewApp
from tui.held_panel import HeldPanel, bar
from tui.holds import held_of, waiting_now
from tui.live_queue import Reviewer
from tui.review_screen import ReviewScreen

SIZES = pytest.mark.parametrize("size", [(80, 24), (140, 45)], ids=["80x24", "140x45"])


class Clock:
    """A clock that the test moves."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def holding(store: FragileStore, now: datetime) -> FragileStore:
    """The working day, and two requests that wait: `backup_ward.py` with 8 s left,
    `payroll_letters.py` with 19.
    """
    for waiting in sample_holds(now):
        store.hold(waiting)
    return store


def ids(now: datetime) -> tuple[str, str]:
    payroll, ward = sample_holds(now)
    return payroll.id, ward.id


def answers(store: FragileStore) -> list[tuple[Action, str | None, str]]:
    return [(e.action, e.record_id, e.note) for e in store._events]


@SIZES
async def test_what_is_held_stands_at_the_very_top(
    opened: Opens, holding: FragileStore, golden: Compares, size: tuple[int, int]
) -> None:
    """How many wait, how long each waits still, and what happens at zero; the most urgent is told
    in full.
    """
    async with opened(holding, size) as pilot:
        golden(pilot, f"held-{size[0]}x{size[1]}")


@SIZES
async def test_releasing_asks_once_for_it_cannot_be_taken_back(
    opened: Opens, holding: FragileStore, golden: Compares, press: Presses, size: tuple[int, int]
) -> None:
    """The dialog says what leaves, whereto, and how long there is to answer."""
    async with opened(holding, size) as pilot:
        await press(pilot, "a")
        golden(pilot, f"release-{size[0]}x{size[1]}")


@SIZES
async def test_a_hold_that_nobody_answered_stays_in_the_queue(
    opened: Opens, store: FragileStore, golden: Compares, press: Presses, size: tuple[int, int]
) -> None:
    """It is marked as expired unseen, and says how it can still pass."""
    async with opened(store, size) as pilot:
        await press(pilot, "down")
        golden(pilot, f"expired-{size[0]}x{size[1]}")


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


async def test_the_seconds_run_down_without_any_news(
    opened: Opens,
    holding: FragileStore,
    settled: Settles,
    review: Finds,
    screen_text: ShowsText,
    clock: Clock,
) -> None:
    """The countdown is the clock's, also when nothing is written."""
    async with opened(holding, clock=clock) as pilot:
        assert "  8 s " in screen_text(pilot)
        clock.pass_by(5)
        await review(pilot).poll()
        await settled(pilot)

        assert "  3 s " in screen_text(pilot)
        assert " 14 s " in screen_text(pilot)
        assert "3 s left to answer" in screen_text(pilot)


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
        assert "◆ expired  14:13  backup_ward.py" in screen_text(pilot)
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


async def test_many_are_held_and_the_panel_stays_small(
    opened: Opens, empty_store: FragileStore, press: Presses, screen_text: ShowsText, now: datetime
) -> None:
    """Four lines on a small screen, the rest counted; the cursor's is always among them."""
    for number in range(9):
        empty_store.hold(
            record(
                now - timedelta(seconds=number),
                sender(f"job_{number}.py"),
                place("files.example", None, Category.OTHER),
                finding("email", 3),
                verdict=Verdict.HOLD,
                hold_seconds=60.0,
                hold_key=f"{number}",
            )
        )
    async with opened(empty_store) as pilot:
        assert "9 held now, 5 not shown" in screen_text(pilot)
        assert pilot.app.screen.query_one(HeldPanel).size.height == 5
        await press(pilot, "down", "down", "down", "down", "down")
        assert "❯    57 s" in screen_text(pilot)
        assert "job_3.py" in screen_text(pilot)


async def test_a_click_goes_to_a_held_request(
    opened: Opens, holding: FragileStore, settled: Settles, review: Finds
) -> None:
    """The mouse does what h and the arrows do."""
    async with opened(holding) as pilot:
        await pilot.click(HeldPanel, offset=(20, 2))
        await settled(pilot)

        assert there(review(pilot).held.current).case.script == "payroll_letters.py"


async def test_hostile_names_stay_text_in_the_panel_and_the_dialog(
    opened: Opens, empty_store: FragileStore, press: Presses, screen_text: ShowsText, now: datetime
) -> None:
    """Brackets and escapes of a held request are drawn as they are, inert."""
    bad = "[bold]x[/] \x1b[31m\u202e漢字🙂"
    empty_store.hold(
        record(
            now,
            sender(bad),
            place(f"{bad}.example", None, Category.OTHER),
            verdict=Verdict.HOLD,
            hold_seconds=9.0,
            hold_key="1",
            reason=bad,
        )
    )
    async with opened(empty_store, (140, 45)) as pilot:
        shown = screen_text(pilot)
        await press(pilot, "a")
        shown += screen_text(pilot)

        assert "[bold]x[/]" in shown
        assert not {"\x1b", "\u202e"} & set(shown)


def test_a_hold_of_a_gate_that_is_gone_is_not_offered(now: datetime) -> None:
    """Ten seconds after its end nobody is left to answer to."""
    records = sample_holds(now)

    def waiting(seconds: float) -> list[str]:
        held = waiting_now(records, now + timedelta(seconds=seconds)).held
        return [one.case.script for one in held]

    assert waiting(0) == ["backup_ward.py", "payroll_letters.py"]
    assert waiting(18) == ["payroll_letters.py"]
    assert waiting(60) == []


def test_the_bar_runs_out(now: datetime) -> None:
    """It is full at the start and empty at the end, of the same length always."""
    held = held_of(sample_holds(now)[0])
    start = held.until - timedelta(seconds=held.seconds)
    lengths = [
        tuple(map(len, bar(held, start + timedelta(seconds=s)))) for s in (-5, 0, 12.5, 25, 40)
    ]

    assert lengths == [(9, 0), (9, 0), (4, 5), (0, 9), (0, 9)]
    assert (held.left(start), held.left(held.until), held.left(held.until + timedelta(days=1))) == (
        25,
        0,
        0,
    )


def test_the_words_give_the_time_that_the_gate_keeps() -> None:
    """An approval is said to last as long as it does."""
    assert lasting(APPROVAL_LASTS) in WORDS[Answering.APPROVE_NEXT].effect


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
    store = Store(path, acting=Acting(channel="review", two_for_release_over=0))
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
    store = Store(path, acting=Acting(channel="review", two_for_release_over=0))
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
