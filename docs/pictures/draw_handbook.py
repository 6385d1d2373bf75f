"""`python docs/pictures/draw_handbook.py` draws docs/handbook/*.svg: the screens of the handbook, from
the fictional year of `outgate review --demo`.
"""

import asyncio
import contextlib
import importlib.util
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC
from pathlib import Path
from types import MappingProxyType

from textual.pilot import Pilot

from app import current_user
from app.demo.fictional_year import PRESENT, make_year
from app.desk_acts import acts_of
from app.home import Home
from app.settings import Settings
from evidence.holds import HeldRequests
from evidence.store import Store
from tui.live_queue import Reviewer
from tui.tour import TourApp

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent / "handbook"
SIZE = (112, 34)
_BACK = ("escape", "escape", "escape", "g")
SCREENS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "01-the-desk": ("escape",),
        "02-a-case": ("g", "enter"),
        "03-held": ("escape", "h", "a"),
        "04-closing": (*_BACK, "c"),
        "05-words": (*_BACK, "slash", "g", "r", "o", "u", "p", "colon", "h"),
        "06-a-rule": (*_BACK, "m", "2"),
        "07-a-script": (*_BACK, "s"),
        "08-the-year": (*_BACK, "2"),
        "09-people": ("6",),
        "10-rules": ("7",),
    }
)
"""By the picture's name: the keys that lead to it from the one before."""


async def draw() -> dict[str, str]:
    """Return every picture as SVG; rules of the pictures are owned by nobody who draws them."""
    known, zone = current_user._user, os.environ.get("TZ")
    current_user._user = lambda: "lena"
    _live_in("UTC")
    try:
        return await _drawn()
    finally:
        current_user._user = known
        _live_in(zone)


def _live_in(zone: str | None) -> None:
    """Tabs tell times of the machine's own zone."""
    if zone is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = zone
    if hasattr(time, "tzset"):
        time.tzset()


async def _drawn() -> dict[str, str]:
    with (
        tempfile.TemporaryDirectory(prefix="outgate-handbook-") as folder,
        contextlib.chdir(folder),  # no picture tells where it was drawn
    ):
        home = Home(Path())
        make_year(home.evidence)
        store = Store(home.evidence, clock=lambda: PRESENT)
        reviewer = Reviewer(
            who="lena",
            clock=lambda: PRESENT,
            zone=UTC,
            watching=lambda: True,
            poll_seconds=None,
        )
        acts = acts_of(store, home, Settings(), clock=lambda: PRESENT)
        app, drawn = TourApp(store, reviewer, HeldRequests(store), "", acts), {}
        async with app.run_test(size=SIZE) as pilot:
            await _settled(app, pilot)
            for name, keys in SCREENS.items():
                for key in keys:
                    await pilot.press(key)
                    await _settled(app, pilot)
                drawn[name] = self_contained(app.export_screenshot(title="outgate review --demo"))
        store.close()
    return drawn


async def _settled(app: TourApp, pilot: Pilot[int]) -> None:
    for _ in range(3):
        await app.workers.wait_for_complete()
        await pilot.pause()


def self_contained(svg: str) -> str:
    """Return the SVG as the picture of the README is made: it fetches nothing."""
    spec = importlib.util.spec_from_file_location("draw_review", HERE / "draw_review.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(module.self_contained(svg))


def main() -> None:
    """Draw the pictures anew where they are kept."""
    FOLDER.mkdir(exist_ok=True)
    for name, svg in asyncio.run(draw()).items():
        (FOLDER / f"{name}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
