"""What an officer sees, as plain text.

A change here is a change for people: read the difference.
"""

from datetime import datetime, timedelta

from invented_day import finding, place, record
from memory_case_store import MemoryCaseStore

from core.attribution import Attribution, Certainty, LaunchedAs, Script
from core.classification import AccountKind, Category, LlmCall
from core.decision import Verdict
from core.errors import EvidenceError
from core.record import Record
from tests.tui.conftest import (
    Compares,
    FragileStore,
    Opens,
    Presses,
    ShowsText,
    drawn,
)


def name(what: str, size: tuple[int, int]) -> str:
    return f"{what}-{size[0]}x{size[1]}"


@drawn
async def test_an_empty_queue_says_that_nothing_needs_you(
    opened: Opens, empty_store: FragileStore, golden: Compares, size: tuple[int, int]
) -> None:
    """When nothing happened the screen says so, and how to see what was closed."""
    async with opened(empty_store, size) as pilot:
        golden(pilot, name("empty", size))


@drawn
async def test_the_queue_shows_each_case_and_the_one_under_the_cursor_in_full(
    opened: Opens, store: FragileStore, golden: Compares, size: tuple[int, int]
) -> None:
    """The first screen needs no set-up: what needs me, and the newest case as a sentence."""
    async with opened(store, size) as pilot:
        golden(pilot, name("queue", size))


@drawn
async def test_the_detail_follows_the_cursor(
    opened: Opens, store: FragileStore, golden: Compares, press: Presses, size: tuple[int, int]
) -> None:
    """Moving down shows the next case at once."""
    async with opened(store, size) as pilot:
        await press(pilot, "down", "down")
        golden(pilot, name("third-case", size))


@drawn
async def test_a_case_can_be_read_on_the_whole_screen(
    opened: Opens, store: FragileStore, golden: Compares, press: Presses, size: tuple[int, int]
) -> None:
    """Why: the rule, how sure the sender is, what was not checked."""
    async with opened(store, size) as pilot:
        await press(pilot, "down", "down", "down", "w")
        golden(pilot, name("why", size))


@drawn
async def test_closing_asks_for_one_of_five_reasons(
    opened: Opens, store: FragileStore, golden: Compares, press: Presses, size: tuple[int, int]
) -> None:
    """The dialog names the case and explains each reason."""
    async with opened(store, size) as pilot:
        await press(pilot, "c")
        golden(pilot, name("close", size))


@drawn
async def test_closing_several_says_how_many(
    opened: Opens, store: FragileStore, golden: Compares, press: Presses, size: tuple[int, int]
) -> None:
    """The count stands in the title and on the button."""
    async with opened(store, size) as pilot:
        await press(pilot, "shift+down", "shift+down", "x", "c")
        golden(pilot, name("close-several", size))


@drawn
async def test_marks_are_seen_and_counted(
    opened: Opens, store: FragileStore, golden: Compares, press: Presses, size: tuple[int, int]
) -> None:
    """Marked cases carry a sign, and their number is always in view."""
    async with opened(store, size) as pilot:
        await press(pilot, "x", "down", "down", "x")
        golden(pilot, name("marks", size))


@drawn
async def test_the_filter_offers_its_words(
    opened: Opens, store: FragileStore, golden: Compares, press: Presses, size: tuple[int, int]
) -> None:
    """Nobody has to learn a syntax: the words stand under the line."""
    async with opened(store, size) as pilot:
        await press(pilot, "slash", "h")
        golden(pilot, name("filter", size))


@drawn
async def test_a_filter_that_is_on_is_always_in_view(
    opened: Opens, store: FragileStore, golden: Compares, press: Presses, size: tuple[int, int]
) -> None:
    """What is hidden by a filter must not be taken for nothing."""
    async with opened(store, size) as pilot:
        await press(pilot, "slash", "type:to:openai", "enter")
        golden(pilot, name("filtered", size))


@drawn
async def test_help_lists_every_key(
    opened: Opens, store: FragileStore, golden: Compares, press: Presses, size: tuple[int, int]
) -> None:
    """Also those that cannot be used now, with the reason."""
    async with opened(store, size) as pilot:
        await press(pilot, "question_mark")
        golden(pilot, name("help", size))


@drawn
async def test_trouble_with_the_evidence_is_told_in_words(
    opened: Opens,
    store: FragileStore,
    locked: EvidenceError,
    golden: Compares,
    size: tuple[int, int],
) -> None:
    """A locked database gives a clear panel with what to do, never a traceback."""
    store.failure = locked
    async with opened(store, size) as pilot:
        golden(pilot, name("trouble", size))


def hostile_record(at: datetime) -> Record:
    """A sender and a payload that try everything against a terminal and its reader."""
    bad = (
        "[bold red]x[/] \x1b[31m\x1b]0;owned\x07 \u202egnp.exe \u200bzero\u200d"
        " 漢字🙂é\u0301\u0301\u0301\u0301\r\n[link=x]" + "A" * 600
    )
    return record(
        at,
        Attribution(
            certainty=Certainty.LIKELY,
            method=bad,
            reason=bad,
            user=bad,
            script=Script(
                path="/tmp/" + bad,
                sha256=None,
                launched_as=LaunchedAs.FILE,
                name="[@click=app.quit]q[/] \x1b[2J漢字.py",
            ),
        ),
        place("evil\u202e.example", None, Category.OTHER, AccountKind.PERSONAL, path="/[b]" + bad),
        finding("[weird] kind\x1b[0m", 3, bad, where=(bad, "[i]")),
        verdict=Verdict.HOLD,
        rule="[rule]" + bad,
        reason=bad,
        notes=(bad,),
        degraded=(bad,),
        llm=LlmCall(provider=None, operation=bad, model="[red]m\x1b[0m" + bad, tools=(bad,)),
    )


@drawn
async def test_hostile_text_stays_text(
    opened: Opens,
    golden: Compares,
    press: Presses,
    screen_text: ShowsText,
    now: datetime,
    size: tuple[int, int],
) -> None:
    """Brackets, escapes, direction marks and line breaks from a payload are shown as inert text in
    their own cells.
    """
    store = MemoryCaseStore([hostile_record(now - timedelta(minutes=1))])
    async with opened(store, size) as pilot:
        golden(pilot, name("hostile", size))
        await press(pilot, "enter")
        shown = screen_text(pilot)
        golden(pilot, name("hostile-full", size))
        assert "[bold red]x[/]" in shown
        assert not {"\x1b", "\u202e", "\u200b", "\u200d", "\r", "\x07"} & set(shown)
        await press(pilot, "escape", "c")
        assert not {"\x1b", "\u202e", "\u200b"} & set(screen_text(pilot))
