"""`review --demo`: the review over a fictional year, in a folder that is thrown away."""

import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from app.demo.fictional_gate import AnsweredStore
from app.demo.fictional_year import PRESENT, open_year
from app.home import Home
from app.settings import Settings
from core.ids import utc_now
from core.review import Acting
from core.rights import Role
from evidence.holds import HeldRequests
from evidence.store import Store


def _clock(begun: datetime) -> datetime:
    """The fictional present, which goes on as long as the tour does."""
    return PRESENT + (utc_now() - begun)


def show(who: str, line: str = "", *, plain: bool, in_browser: bool) -> int:
    """Make the year and open it; returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="outgate-tour-") as folder:
        home = Home(Path(folder))
        evidence = open_year(home.evidence)
        clock = partial(_clock, utc_now())
        acting = Acting(channel="tour", role_of=_visitor)
        store = AnsweredStore(evidence.writer, home.evidence, acting=acting, clock=clock)
        try:
            return _shown(store, home, who, line, clock, plain=plain, in_browser=in_browser)
        finally:
            store.close()
            evidence.close()


def _shown(
    store: Store,
    home: Home,
    who: str,
    line: str,
    clock: Callable[[], datetime],
    *,
    plain: bool,
    in_browser: bool,
) -> int:
    from app.desk_acts import acts_of
    from tui.tour import MARK, TourApp

    holds = HeldRequests(store)
    if plain or not (in_browser or (sys.stdout.isatty() and sys.stdin.isatty())):
        from tui.plain import print_queue

        sys.stdout.write(f"{MARK.partition(' · ')[0]}\n\n")
        return print_queue(store, sys.stdout, line, clock=clock, holds=holds)
    from tui.app import run

    return run(
        store,
        who,
        clock,
        holds=holds,
        filter_line=line,
        acts=acts_of(store, home, Settings(), _always, clock),
        app_class=TourApp,
        watching=_always,
    )


def _always() -> bool:
    """The fictional gate runs: the first line and the tab of health tell the same."""
    return True


def _visitor(_: str) -> str:
    return str(Role.REVIEWER)
