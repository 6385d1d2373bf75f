"""The review as a person uses it: keys pressed, what is written, what stays in place."""

import threading
from collections.abc import Sequence
from datetime import datetime

import pytest
from invented_day import finding, place, record, sender
from present import readable, there
from textual.strip import Strip

from core.classification import Category
from core.decision import Verdict
from core.errors import EvidenceError
from core.record import Record
from core.review import Action, CaseFilter, CaseStatus, Disposition, ReviewEvent
from tests.tui.conftest import EndlessStore, Finds, FragileStore, Opens, Presses, Settles, ShowsText
from tui.queue_view import QueueView
from tui.review_screen import ReviewScreen


def arrival(at: datetime, script: str = "new_job.py", verdict: Verdict = Verdict.HOLD) -> Record:
    return record(
        at,
        sender(script),
        place("files.example", None, Category.OTHER),
        finding("email", 3),
        verdict=verdict,
    )


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


async def test_an_action_that_is_not_there_says_where_to_find_it(
    opened: Opens, store: FragileStore, press: Presses
) -> None:
    """Export is a command, and the key says which."""
    async with opened(store) as pilot:
        await press(pilot, "e")

        assert any("outgate export" in n.message for n in pilot.app._notifications)


async def test_the_cursor_stays_on_its_case_when_others_arrive(
    opened: Opens,
    store: FragileStore,
    settled: Settles,
    review: Finds,
    press: Presses,
    now: datetime,
) -> None:
    """Somebody reads a case; three new ones arrive above; the same case is still under the
    cursor.
    """
    async with opened(store) as pilot:
        await press(pilot, "o", "down", "down")
        key = there(review(pilot).queue.current).key
        for number in range(3):
            store.add(arrival(now, f"new_{number}.py"))
        await review(pilot).poll()
        await settled(pilot)

        assert there(review(pilot).queue.current).key == key
        assert review(pilot).queue.cursor == 5


async def test_the_cursor_follows_its_case_when_that_one_gets_a_new_request(
    opened: Opens,
    store: FragileStore,
    settled: Settles,
    review: Finds,
    press: Presses,
    now: datetime,
) -> None:
    """The case that happens again moves up; the person still reads it."""
    async with opened(store) as pilot:
        await press(pilot, "o", "down", "down", "down", "down", "down")
        case = there(review(pilot).queue.current)
        again = next(
            r for r in store._records if r.sender.script and r.sender.script.name == case.script
        )
        store.add(record(now, again.sender, again.destination, *again.findings, llm=again.llm))
        await review(pilot).poll()
        await settled(pilot)

        assert there(review(pilot).queue.current).key == case.key
        assert review(pilot).queue.cursor == 0


async def test_far_down_in_a_long_queue_new_cases_are_announced_and_g_goes_there(
    opened: Opens,
    endless: EndlessStore,
    settled: Settles,
    review: Finds,
    press: Presses,
    screen_text: ShowsText,
) -> None:
    """“↑ 3 new”, and the lines on the screen do not move."""
    async with opened(endless) as pilot:
        await press(pilot, "end", "pageup")
        before = there(review(pilot).queue.current).key
        lines = screen_text(pilot).splitlines()[3:9]
        endless.grow(3)
        await review(pilot).poll()
        await settled(pilot)

        assert there(review(pilot).queue.current).key == before
        assert screen_text(pilot).splitlines()[3:9] == lines
        assert "↑ 3 new (g)" in screen_text(pilot)
        await press(pilot, "g")
        assert "new (g)" not in screen_text(pilot)
        assert there(review(pilot).queue.current).key == "case-100003"


async def test_a_hundred_thousand_cases_open_without_being_read(
    opened: Opens, endless: EndlessStore, screen_text: ShowsText, press: Presses, review: Finds
) -> None:
    """Only the pages in view are read: at the start, at the end, and while paging."""
    async with opened(endless, (140, 45)) as pilot:
        assert endless.asked <= 200
        assert "job_100000.py" in screen_text(pilot)
        await press(pilot, "end")

        assert "job_1.py" in screen_text(pilot)
        assert there(review(pilot).queue.current).key == "case-1"
        assert endless.asked <= 500


async def test_moving_the_cursor_repaints_two_lines(
    opened: Opens, endless: EndlessStore, press: Presses, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key press must stay cheap on a slow line."""
    async with opened(endless) as pilot:
        drawn = []
        plain = QueueView.render_line

        def noted(view: QueueView, y: int) -> Strip:
            drawn.append(y)
            return plain(view, y)

        monkeypatch.setattr(QueueView, "render_line", noted)
        await press(pilot, "down")

        assert len(drawn) <= 4


async def test_trouble_goes_away_by_itself_when_the_evidence_is_back(
    opened: Opens,
    store: FragileStore,
    locked: EvidenceError,
    settled: Settles,
    review: Finds,
    screen_text: ShowsText,
) -> None:
    """The panel shows while the store fails; the next success brings the queue back."""
    async with opened(store) as pilot:
        store.failure = locked
        await review(pilot).poll()
        await settled(pilot)
        assert "locked by another program" in screen_text(pilot)
        store.failure = None
        await review(pilot).poll()
        await settled(pilot)

        assert "ledger_upload.py" in screen_text(pilot)
        assert "cannot read" not in screen_text(pilot)


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (FileNotFoundError("/home/x/evidence.db"), "The evidence is not there"),
        (PermissionError("/home/x/evidence.db"), "may not be read by you"),
        (ValueError("IBAN DE89370400440532013000 in row 7"), "could not be read (ValueError)"),
    ],
)
async def test_unforeseen_trouble_is_told_without_its_text(
    opened: Opens,
    store: FragileStore,
    screen_text: ShowsText,
    failure: FileNotFoundError | PermissionError | ValueError,
    words: str,
) -> None:
    """The text of an unknown error may hold data; only its kind is shown."""
    store.failure = failure
    async with opened(store) as pilot:
        shown = screen_text(pilot)

        assert words in " ".join(shown.split())
        assert "DE89" not in shown and "/home/x" not in shown


async def test_a_filter_not_understood_says_what_would_be(
    opened: Opens, store: FragileStore, press: Presses, screen_text: ShowsText, review: Finds
) -> None:
    """The line stays open, the words say what is wrong, the queue is unchanged."""
    async with opened(store) as pilot:
        await press(pilot, "slash", "type:since:blursday", "enter")

        assert "“blursday”. The nearest word is since:thursday" in screen_text(pilot)
        assert review(pilot).queue.wanted == CaseFilter()
        await press(pilot, "escape")
        assert "blursday" not in screen_text(pilot)


async def test_tab_takes_the_offered_word(
    opened: Opens, store: FragileStore, press: Presses, review: Finds
) -> None:
    """`h`, Tab, Enter shows what is held."""
    async with opened(store) as pilot:
        await press(pilot, "slash", "h", "tab", "enter")

        (held,) = review(pilot).queue.wanted.conditions
        assert held.values == ("hold",)
        await press(pilot, "escape")
        assert review(pilot).queue.wanted == CaseFilter()


async def test_the_palette_offers_every_action_and_no_screenshot(
    opened: Opens, store: FragileStore, press: Presses, screen_text: ShowsText
) -> None:
    """A screenshot would be a copy of evidence that nobody logged."""
    async with opened(store, (140, 80)) as pilot:
        await press(pilot, "ctrl+p")
        await pilot.pause(0.3)
        shown = screen_text(pilot)

        assert "Close with a reason" in shown
        assert "Not now: Use the command" in shown
        assert "creenshot" not in shown


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_leaving_waits_for_what_was_decided(
    opened: Opens, store: FragileStore, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closing that is still being written when the person leaves is not lost."""
    go, plain = threading.Event(), store.append

    def late(events: Sequence[ReviewEvent]) -> None:
        assert go.wait(20)
        plain(events)

    monkeypatch.setattr(store, "append", late)
    async with opened(store) as pilot:
        await pilot.press("c", "1", "enter")
        await pilot.press(key)
        assert store._events == []
        assert pilot.app.return_code is None
        go.set()
        await pilot.app.workers.wait_for_complete()

        assert len(store._events) == 1


async def test_light_and_dark_show_the_same_words(
    opened: Opens, store: FragileStore, press: Presses, screen_text: ShowsText
) -> None:
    """Colour carries nothing alone, so changing it changes no word."""
    async with opened(store) as pilot:
        before = screen_text(pilot)
        await press(pilot, "t")
        assert pilot.app.theme == "outgate-light"
        assert screen_text(pilot) == before
        await press(pilot, "t")
        assert pilot.app.theme == "outgate-dark"


async def test_quitting_ends_with_success(
    opened: Opens, store: FragileStore, press: Presses
) -> None:
    """q leaves; the exit code is 0."""
    async with opened(store) as pilot:
        await pilot.press("q")

        assert pilot.app.return_code == 0
