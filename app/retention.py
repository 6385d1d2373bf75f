"""Retention in a running gate: now and then, a little at a time, beside the requests."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.duties import Duty
from proxy.boundaries import courtesy
from proxy.threads import COURTESIES

if TYPE_CHECKING:
    from app.home import Home
    from app.settings import Settings

EVERY_S = 6 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How many days each kind of evidence is kept; 0: for ever."""

    records: int = 0
    sums: int = 0
    reviews: int = 0

    @classmethod
    def of(cls, settings: "Settings") -> "Terms":
        """Return what the settings say."""
        return cls(
            records=settings.retention_days,
            sums=settings.sums_days,
            reviews=settings.reviews_days,
        )


def terms_of(home: "Home", settings: "Settings") -> Terms:
    """Return the terms in force: for records, what the fleet's signed order says wins."""
    from fleet.in_force import days_of_fleet

    terms = Terms.of(settings)
    days = days_of_fleet(home.fleet)
    return replace(terms, records=days) if days else terms


async def expire_old(
    evidence: Path,
    terms: Callable[[], Terms],
    every_s: float = EVERY_S,
    *,
    after: Callable[[], None] = lambda: None,
) -> None:
    """Remove what is older than the terms, until cancelled; they may change meanwhile, and are
    asked for before each round. Where nothing ends, nothing goes. An erasure that was interrupted
    is finished in any case.

    `after` is called behind each round, in a thread.
    """
    from evidence.acts_retention import expire_acts_older
    from evidence.retention import expire_older, tidy_up
    from evidence.sums_retention import expire_sums_older
    from evidence.sweeping import sweep_what_is_owed

    stopped = threading.Event()
    ends = stopped.is_set
    try:
        while True:
            now = await COURTESIES.run(terms)
            await COURTESIES.run(sweep_what_is_owed, evidence)
            if now == Terms():
                await asyncio.sleep(every_s)
                continue
            if now.records:
                await COURTESIES.run(expire_older, evidence, now.records, stopping=ends)
            if now.sums:
                await COURTESIES.run(expire_sums_older, evidence, now.sums)
            if now.reviews:
                await COURTESIES.run(expire_acts_older, evidence, now.reviews, stopping=ends)
            await COURTESIES.run(tidy_up, evidence, stopping=ends)
            async with courtesy(Duty.RETENTION):  # the next round tries again
                await COURTESIES.run(after)
            await asyncio.sleep(every_s)
    finally:
        stopped.set()
