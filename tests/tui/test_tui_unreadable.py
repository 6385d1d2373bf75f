"""What the evidence holds and this version cannot read: shown as such, in its place, and in
nobody's way.
"""

from datetime import UTC, datetime

import pytest
from invented_day import sample_holds

from core.review import CaseFilter
from core.stored import ChainLink, UnreadableEntry
from tests.tui.conftest import FragileStore, Opens, Presses, ShowsText
from tui.case_detail import describe
from tui.case_reading import Reading, read_fully
from tui.review_screen import ReviewScreen
from tui.rows import Section
from tui.script_view import describe_script, read_script


def odd(seq: int | None = None) -> UnreadableEntry:
    """An entry of a later version; without a number one that is under way."""
    link = None if seq is None else ChainLink(chain_id="c", seq=seq, prev=bytes(32), hash=bytes(32))
    why = "decision.verdict is not what this version knows there"
    return UnreadableEntry(id="x", at=None, link=link, why=why)


def text_of(sections: list[Section]) -> str:
    return "\n".join(row.text for section in sections for row in section.rows)


def test_the_newest_record_of_a_case_says_that_it_cannot_be_read(
    store: FragileStore, now: datetime
) -> None:
    """The pane names the entry and what is not understood, and still tells the case and what was
    done with it.
    """
    case = store.page(CaseFilter(), 0, 1)[0]
    store.unreadable.add(case.last_record)
    reading = read_fully(store, Reading(case=case))
    words = text_of(describe(reading, now, UTC))

    assert (
        "Entry 1 cannot be read by this version of Outgate (decision.verdict is not known)" in words
    )
    assert case.script in words
    assert "Nobody has looked at it yet." in words
    assert case.last_record in words
    assert "Nothing was skipped" not in words


def test_what_was_done_in_words_of_a_later_version_stands_among_the_rest(
    store: FragileStore, now: datetime
) -> None:
    """A history does not end at an act that this version does not know."""
    store.unreadable_events.append(odd(9))
    case = store.page(CaseFilter(), 0, 1)[0]
    words = text_of(describe(read_fully(store, Reading(case=case)), now, UTC))

    assert "Entry 9 cannot be read by this version of Outgate" in words
    assert "Why" in {s.title for s in describe(read_fully(store, Reading(case=case)), now, UTC)}


def test_an_approval_in_words_of_a_later_version_is_not_shown_as_none(
    store: FragileStore, now: datetime
) -> None:
    """Whoever looks at a script sees that something was said of it that this version cannot
    tell.
    """
    store.unreadable_events.append(odd(9))
    reading = read_script(store, "/srv/jobs/ledger_upload.py")

    assert "Entry 9 cannot be read" in text_of(describe_script(reading, now, UTC))


@pytest.mark.parametrize("others", [True, False], ids=["beside-others", "alone"])
async def test_a_held_request_that_cannot_be_read_is_told_and_hides_no_other(
    opened: Opens,
    store: FragileStore,
    press: Presses,
    screen_text: ShowsText,
    now: datetime,
    others: bool,
) -> None:
    """The panel counts it; those that are understood can be answered as ever."""
    store.unreadable_waiting.append(odd())
    if others:
        for record in sample_holds(now):
            store.hold(record)
    async with opened(store, (100, 30)) as pilot:
        assert "? 1 request under way cannot be read" in screen_text(pilot)
        assert ("payroll_letters.py" in screen_text(pilot)) is others
        await press(pilot, "h")
        assert isinstance(pilot.app.screen, ReviewScreen)
        assert (pilot.app.screen.held.current is not None) is others


def test_the_plain_list_says_it_too(store: FragileStore, now: datetime) -> None:
    """A screen reader hears of it before the cases."""
    import io

    from tui.plain import print_queue

    store.unreadable_waiting.append(odd())
    out = io.StringIO()
    assert print_queue(store, out, "", clock=lambda: now, zone=UTC, holds=store) == 0
    assert out.getvalue().startswith("A request that is under way cannot be read by this version")
    assert "1. " in out.getvalue()


async def test_the_queue_goes_on_beside_it(
    opened: Opens, store: FragileStore, press: Presses, screen_text: ShowsText
) -> None:
    """Going to such a case and on to the next is like any other step."""
    for case in store.page(CaseFilter(), 0, 9):
        store.unreadable.add(case.last_record)
    async with opened(store, (140, 45)) as pilot:
        assert "cannot be read by this version" in screen_text(pilot)
        await press(pilot, "down", "w", "escape", "down")
        assert isinstance(pilot.app.screen, ReviewScreen)
        assert pilot.app.screen.queue.cursor == 2
