"""What waits, at the very top: who, where, what, and how much time is left."""

from datetime import datetime, timedelta

from invented_day import finding, place, record, sample_holds, sender
from present import there

from core.classification import Category
from core.decision import Verdict
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
)
from tui.held_panel import HeldPanel, bar
from tui.holds import held_of


@drawn
async def test_what_is_held_stands_at_the_very_top(
    opened: Opens, holding: FragileStore, golden: Compares, size: tuple[int, int]
) -> None:
    """How many wait, how long each waits still, and what happens at zero; the most urgent is told
    in full.
    """
    async with opened(holding, size) as pilot:
        golden(pilot, f"held-{size[0]}x{size[1]}")


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
