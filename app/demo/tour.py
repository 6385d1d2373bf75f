"""`review --demo`: the review over a fictional year, in a folder that is thrown away."""

import sys
import tempfile
from datetime import datetime
from functools import partial
from pathlib import Path

from app.demo.fictional_year import PRESENT, make_year
from app.home import Home
from app.settings import Settings
from core.ids import utc_now
from core.review import Acting
from core.rights import Role
from evidence.holds import HeldRequests
from evidence.store import Store
from policy import DEFAULT_PRESET
from policy.loading import preset_text


def _clock(begun: datetime) -> datetime:
    """The fictional present, which goes on as long as the tour does."""
    return PRESENT + (utc_now() - begun)


def show(who: str, line: str = "", *, plain: bool, in_browser: bool) -> int:
    """Make the year and open it; returns the exit code."""
    from app.desk_acts import acts_of
    from tui.tour import MARK, TourApp

    with tempfile.TemporaryDirectory(prefix="outgate-tour-") as folder:
        home = Home(Path(folder))
        make_year(home.evidence)
        home.policy.write_text(preset_text(DEFAULT_PRESET), encoding="utf-8")
        clock = partial(_clock, utc_now())
        store = Store(home.evidence, acting=Acting(channel="tour", role_of=_visitor), clock=clock)
        holds = HeldRequests(store)
        if plain or not (in_browser or (sys.stdout.isatty() and sys.stdin.isatty())):
            from tui.plain import print_queue

            sys.stdout.write(f"{MARK.partition(' · ')[0]}\n\n")
            return print_queue(store, sys.stdout, line, clock=clock, holds=holds)
        from tui.app import run

        acts = acts_of(store, home, Settings(), _always)
        return run(
            store,
            who,
            clock,
            holds=holds,
            filter_line=line,
            acts=acts,
            app_class=TourApp,
            watching=_always,
        )


def _always() -> bool:
    """The fictional gate runs: the first line and the tab of health tell the same."""
    return True


def _visitor(_: str) -> str:
    return str(Role.REVIEWER)
