"""The tabs and dialogs over the fictional year, as plain text."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Input

from app.demo.fictional_year import PRESENT, make_year
from app.desk_acts import acts_of
from app.home import Home
from app.settings import Settings
from core.review import Case
from evidence.holds import HeldRequests
from evidence.store import Store
from examples import most
from tests.tui.conftest import (
    Compares,
    Opens,
    Presses,
    ShowsText,
    drawn,
)
from tui.evidence_acts import EvidenceActs
from tui.queue_view import fit_end, fit_sender
from tui.wording import safe

BACK = ("escape", "escape", "escape", "g")
SCREENS: Mapping[str, Sequence[str]] = {
    "overview": ("2",),
    "llm": ("5",),
    "people": ("6",),
    "rules": ("7",),
    "a-rule": ("p",),
    "evidence": ("escape", "8"),
    "health": ("9",),
    "make-a-rule": (*BACK, "m", "2"),
    "export": (*BACK, "e"),
    "keep-a-view": (*BACK, "slash", "type:risk:high", "enter", "n"),
}
"""By the screen's name: the keys that lead to it from the one before."""
DIALOGS = {
    "make-a-rule": "Enter writes it",
    "export": "Enter writes the file",
    "keep-a-view": "Enter saves it",
}
"""What the last line of a dialog says."""


type Year = tuple[Store, EvidenceActs]


@pytest.fixture
def year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Year]:
    """The fictional year and all that the review brings, read where no path and no zone is that of
    this machine.
    """
    make_year(tmp_path / "evidence.db")
    monkeypatch.chdir(tmp_path)
    zone = os.environ.get("TZ")
    _live_in("UTC")
    store = Store(Path("evidence.db"), clock=lambda: PRESENT)
    newest = replace(store.newest(), head=bytes(32))  # another one each time
    monkeypatch.setattr(store, "newest", lambda: newest)
    monkeypatch.setattr("app.desk_sheets.file_bytes", lambda _: 860_200)  # another schema's
    watching, clock = (lambda: True), (lambda: PRESENT)
    yield store, acts_of(store, Home(Path()), Settings(), watching, clock)
    store.close()
    _live_in(zone)


def _live_in(zone: str | None) -> None:
    """Tabs tell times of the machine's own zone."""
    if zone is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = zone
    time.tzset()


async def every_screen(
    opened: Opens,
    press: Presses,
    year: Year,
    size: tuple[int, int],
    seen: Callable[[Pilot[int], str], None],
) -> None:
    """Show each screen to `seen`, with its name."""
    store, acts = year
    holds = HeldRequests(store)
    async with opened(store, size, holds=holds, clock=lambda: PRESENT, acts=acts) as pilot:
        for name, keys in SCREENS.items():
            await press(pilot, *keys)
            if name == "export":  # it proposes a place on this machine
                pilot.app.screen.query_one(Input).value = "cases.csv"
                await pilot.pause()
            seen(pilot, name)


@drawn
async def test_the_tabs_and_dialogs_are_drawn_whole(
    opened: Opens,
    year: Year,
    golden: Compares,
    press: Presses,
    screen_text: ShowsText,
    size: tuple[int, int],
) -> None:
    """What an officer meets beside the queue: nothing is cut that is needed, and each dialog says
    how it is left.
    """

    def seen(pilot: Pilot[int], name: str) -> None:
        if name in DIALOGS:
            assert DIALOGS[name] in screen_text(pilot)
        golden(pilot, f"{name}-{size[0]}x{size[1]}")

    await every_screen(opened, press, year, size, seen)


@given(st.text(max_size=60), st.integers(0, 40))
@settings(max_examples=most(100), deadline=None)
def test_a_path_that_is_cut_keeps_its_end(text: str, width: int) -> None:
    """Of two scripts of one folder the names are what tells them apart; the cells are kept to."""
    shown = fit_end(safe(text, 60), width)
    assert cell_len(shown) == width
    assert cell_len(safe(text, 60)) > width or shown.rstrip() == safe(text, 60).rstrip()
    if width:
        assert shown.startswith("…") or cell_len(safe(text, 60)) <= width


@pytest.mark.parametrize(
    ("width", "told"),
    [(20, "probably report.py  "), (18, "probably report.py"), (17, "≈ report.py      "),
     (8, "≈ repor…")],
)  # fmt: skip
def test_probably_takes_no_room_from_a_name(
    case_of: Callable[..., Case], width: int, told: str
) -> None:
    """A name that is only likely says so in any room; one that is certain never does."""
    case = case_of(1, script="report.py", script_path="/srv/report.py", likely=True)
    assert fit_sender(case, width) == told
    assert fit_sender(replace(case, likely=False), width).strip() in {"report.py", "report.…"}
    unknown = replace(case, script="", script_path=None)
    assert "≈" not in fit_sender(unknown, width)
