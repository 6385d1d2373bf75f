"""Saved views as tabs: kept, shown, gone through by keys and by mouse, forgotten."""

from collections.abc import Sequence
from dataclasses import replace

from core.case_words import completions, last_word
from core.errors import InputError
from tests.tui.conftest import (
    Compares,
    Finds,
    FragileStore,
    Opens,
    Presses,
    Settles,
    ShowsText,
    drawn,
)
from tui.evidence_acts import EvidenceActs, Verified
from tui.saved_views import SavedView, Views, view_named, with_view
from tui.view_strip import ViewStrip

HOSTILE = SavedView(name="[b]x[/]", line="all to:openai")


class Kept:
    """Views in memory."""

    def __init__(self, *views: SavedView) -> None:
        self.views: Sequence[SavedView] = views
        self.fault: InputError | None = None

    def save(self, view: SavedView) -> None:
        if self.fault is not None:
            raise self.fault
        self.views = with_view(self.views, view)

    def forget(self, name: str) -> None:
        gone = view_named(self.views, name)
        self.views = [view for view in self.views if view is not gone]

    def acts(self) -> EvidenceActs:
        return EvidenceActs(
            verify=lambda: Verified(whole=True, words=()),
            export=lambda *_: 0,
            formats=(),
            views=Views(read=lambda: self.views, save=self.save, forget=self.forget),
        )


async def test_a_filter_is_kept_and_gone_back_to_by_keys(
    opened: Opens, store: FragileStore, press: Presses, review: Finds, screen_text: ShowsText
) -> None:
    """Filter, n, a name: from then on it is a tab, also tomorrow; N forgets it, and the cases
    stay.
    """
    kept = Kept()
    async with opened(store, (120, 40), acts=kept.acts()) as pilot:
        assert "Views" not in screen_text(pilot)
        await press(pilot, "n")
        assert any("needs no view" in n.message for n in pilot.app._notifications)
        await press(pilot, "slash", "type:to:openai", "enter", "n", "type:Models", "enter")
        assert kept.views == (SavedView(name="Models", line="to:openai"),)
        assert "Views  All open  Models" in screen_text(pilot)
    async with opened(store, (120, 40), acts=kept.acts()) as pilot:
        everything = review(pilot).queue.count
        await press(pilot, "right_square_bracket")
        assert review(pilot).filter_line == "to:openai"
        assert 0 < review(pilot).queue.count < everything
        await press(pilot, "right_square_bracket")
        assert review(pilot).queue.count == everything
        await press(pilot, "left_square_bracket", "N")
        assert not list(kept.views)
        assert review(pilot).filter_line == "to:openai"
        assert "Views" not in screen_text(pilot)


async def test_a_view_that_is_not_understood_any_more_stops_nobody(
    opened: Opens, store: FragileStore, press: Presses, review: Finds
) -> None:
    """It is named with what is wrong; the keys go on to the next, also past views with the same
    words, and N forgets it, not what is still on.
    """
    gone, ours = SavedView(name="Gone", line="zzqq"), SavedView(name="Models", line="to:openai")
    kept = Kept(ours, gone, replace(ours, name="Again"), replace(ours, name="Last", line="all"))
    async with opened(store, (120, 40), acts=kept.acts()) as pilot:
        lines = []
        for _ in range(6):
            await press(pilot, "right_square_bracket")
            lines.append(review(pilot).filter_line)
        assert lines == ["to:openai", "to:openai", "to:openai", "all", "", "to:openai"]
        told = [n.message for n in pilot.app._notifications if "zzqq" in n.message]
        assert told and "“Gone” cannot be shown" in told[0] and "N forgets" in told[0]
        await press(pilot, "right_square_bracket", "N")
        assert [view.name for view in kept.views] == ["Models", "Again", "Last"]
        assert review(pilot).filter_line == "to:openai"
        await press(pilot, "right_square_bracket", "N")
        assert [view.name for view in kept.views] == ["Models", "Again"]


@drawn
async def test_views_are_drawn_at_every_size(
    opened: Opens,
    store: FragileStore,
    golden: Compares,
    press: Presses,
    size: tuple[int, int],
) -> None:
    """Names are cut where there is little room, and text in them stays text."""
    views = [
        SavedView(name=f"Everybody's health data {n}", line=f"risk:high {n}") for n in range(6)
    ]
    async with opened(store, size, acts=Kept(HOSTILE, *views).acts()) as pilot:
        await press(pilot, "right_square_bracket")
        golden(pilot, f"views-{size[0]}x{size[1]}")


async def test_the_view_that_is_on_is_always_in_view(
    opened: Opens, store: FragileStore, press: Presses, review: Finds, screen_text: ShowsText
) -> None:
    """Twenty views do not fit on a narrow screen: the line begins further right, and a sign tells
    that.
    """
    views = [SavedView(name=f"view number {n}", line=f"since:{n + 1}d") for n in range(20)]
    async with opened(store, acts=Kept(*views).acts()) as pilot:
        assert "Views  All open" in screen_text(pilot)
        await press(pilot, "left_square_bracket")
        assert review(pilot).filter_line == "since:20d"
        assert "Views‹" in screen_text(pilot) and "view nu…" in screen_text(pilot).splitlines()[2]


async def test_a_view_is_chosen_with_the_mouse(
    opened: Opens, store: FragileStore, review: Finds, settled: Settles
) -> None:
    """A click on a name shows its cases, one on the first all open ones, one beside them
    nothing new.
    """
    kept = Kept(SavedView(name="漢字", line="to:openai"), SavedView(name="Closed", line="closed"))
    async with opened(store, (120, 40), acts=kept.acts()) as pilot:
        for x, line in ((19, "to:openai"), (25, "closed"), (9, ""), (3, ""), (90, "")):
            await pilot.click(ViewStrip, offset=(x, 0))
            await settled(pilot)
            assert review(pilot).filter_line == line


async def test_what_cannot_be_kept_is_said(
    opened: Opens, store: FragileStore, press: Presses, screen_text: ShowsText
) -> None:
    """A bad name is asked for again, a failure is told, and a name that is there is replaced
    knowingly.
    """
    kept = Kept(SavedView(name="Mine", line="held"))
    kept.fault = InputError("Views cannot be kept: no space left.")
    async with opened(store, (120, 40), acts=kept.acts()) as pilot:
        await press(pilot, "slash", "type:risk:high", "enter", "n", "enter")
        assert any("needs a name" in n.message for n in pilot.app._notifications)
        await press(pilot, "type:mine")
        assert "replaces the view of this name" in screen_text(pilot)
        await press(pilot, "enter")
        assert any("no space left" in n.message for n in pilot.app._notifications)
        kept.fault = None
        await press(pilot, "n", "type:mine", "enter")
    assert kept.views == (SavedView(name="mine", line="risk:high"),)


async def test_where_nothing_keeps_views_the_command_is_named(
    opened: Opens, store: FragileStore, press: Presses
) -> None:
    """The keys are never dead."""
    async with opened(store) as pilot:
        await press(pilot, "right_square_bracket", "N")
        assert any("outgate views" in n.message for n in pilot.app._notifications)


def test_the_words_offered_are_whole() -> None:
    """A name with spaces is offered with its quotation marks, not by its last word."""
    offered = completions('held script:"my', {"script": ["my own file.py"]})
    assert [last_word(line) for line in offered] == ['script:"my own file.py"']
    assert "not" in [last_word(line) for line in completions("held no")]
    assert last_word("") == ""
