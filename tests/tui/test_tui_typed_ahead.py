"""Keys that come faster than a screen can be drawn: over a slow line, from a quick hand."""

import gc
from collections.abc import Sequence

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input, Static

from core.review import CaseFilter
from tests.tui.conftest import FragileStore, Opens, Settles
from tui.app import ReviewApp, run
from tui.close_dialog import CloseDialog, Reason
from tui.filter_bar import FilterInput


def burst(pilot: Pilot[int], keys: Sequence[str]) -> None:
    """Let the keys arrive together, as one read of a terminal gives them."""
    for key in keys:
        character = key if len(key) == 1 else {"slash": "/", "colon": ":", "space": " "}.get(key)
        pilot.app.post_message(events.Key(key, character))


@pytest.mark.parametrize(
    "words",
    ["held", "closed", "expired", "not user:ops", "mxupdseahtqbcngw", "123456789", "q"],
)
async def test_what_is_written_after_the_slash_is_the_filter(
    opened: Opens, store: FragileStore, settled: Settles, words: str
) -> None:
    """No letter of a filter closes, marks, exports or leaves anything."""
    async with opened(store, (140, 45)) as pilot:
        here, version = pilot.app.screen, store.data_version()
        burst(pilot, ["slash", *({":": "colon", " ": "space"}.get(one, one) for one in words)])
        await settled(pilot)
        assert pilot.app.screen is here
        assert pilot.app.screen.query_one(FilterInput).value == words
        assert store.data_version() == version


async def test_what_is_written_after_c_is_the_answer(
    opened: Opens, store: FragileStore, settled: Settles
) -> None:
    """The reason and the note reach the dialog that the first key opens, and nothing else."""
    async with opened(store, (140, 45)) as pilot:
        version = store.data_version()
        burst(pilot, ["c", "3"])
        await settled(pilot)
        dialog = pilot.app.screen
        assert isinstance(dialog, CloseDialog)
        assert [one.value for one in dialog.query(Reason)] == [False, False, True, False, False]
        burst(pilot, list("quiet"))
        await settled(pilot)
        assert dialog.query_one("#note", Input).value == "quiet"
        assert store.data_version() == version


async def test_c_after_mark_all_never_means_one_case(
    opened: Opens, store: FragileStore, settled: Settles
) -> None:
    """While the marks are being read it says so; then all that the filter shows is asked about. X
    means none, even if they are being read still.
    """
    async with opened(store, (140, 45)) as pilot:
        here = pilot.app.screen
        burst(pilot, ["asterisk", "c"])
        await settled(pilot)
        assert pilot.app.screen is here
        assert any("being marked" in one.message for one in pilot.app._notifications)
        burst(pilot, ["X", "asterisk", "X"])
        await settled(pilot)
        assert not here.queue.marks  # type: ignore[attr-defined]
        burst(pilot, ["asterisk"])
        await settled(pilot)
        burst(pilot, ["c"])
        await settled(pilot)
        assert isinstance(pilot.app.screen, CloseDialog)
        title = pilot.app.screen.query_one(".title", Static)
        assert str(title.content) == f"Close {store.count(CaseFilter())} cases"


async def test_moves_in_one_burst_are_all_made(
    opened: Opens, store: FragileStore, settled: Settles
) -> None:
    """Holding a key down moves as often as it says, in its order."""
    async with opened(store, (140, 45)) as pilot:
        burst(pilot, ["j", "j", "j", "k", "x", "j", "x"])
        await settled(pilot)
        queue = pilot.app.screen.queue  # type: ignore[attr-defined]
        assert (queue.cursor, len(queue.marks)) == (3, 2)


async def test_one_notice_at_a_time_and_none_over_a_dialog(
    opened: Opens, store: FragileStore, settled: Settles
) -> None:
    """What is said in passing never hides what is asked; what went wrong stays to be read."""

    def told(pilot: Pilot[int]) -> list[str]:
        return [one.message for one in pilot.app._notifications]

    async with opened(store, (80, 24)) as pilot:
        pilot.app.notify("one")
        pilot.app.notify("two")
        await settled(pilot)
        assert told(pilot) == ["two"]
        await pilot.press("c")
        await settled(pilot)
        assert told(pilot) == []
        await pilot.press("enter", "enter", "escape")
        pilot.app.notify("broken", severity="error")
        pilot.app.notify("three")
        await pilot.press("c")
        await settled(pilot)
        assert told(pilot) == ["broken"]


def test_what_is_loaded_is_not_looked_through_between_keys(
    store: FragileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The collector's round over all that was imported would come while somebody waits."""
    frozen: list[int] = []

    class Seen(ReviewApp):
        def run(self, *_: object, **__: object) -> int | None:
            frozen.append(gc.get_freeze_count())
            return 0

    monkeypatch.setenv("TEXTUAL_DRIVER", "none")
    assert run(store, "dpo", app_class=Seen) == 0
    gc.unfreeze()
    assert frozen[0] > 10_000
