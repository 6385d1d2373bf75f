"""Retention in a running gate: now and then, a little at a time, beside the requests."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.duties import Duty
from proxy.boundaries import courtesy
from proxy.threads import COURTESIES

if TYPE_CHECKING:
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


async def expire_old(
    evidence: Path,
    terms: Terms,
    every_s: float = EVERY_S,
    *,
    after: Callable[[], None] = lambda: None,
) -> None:
    """Remove what is older than the terms, until cancelled; where nothing ends, nothing ever.

    `after` is called behind each round, in a thread.
    """
    from evidence.acts_retention import expire_acts_older
    from evidence.retention import expire_older, tidy_up
    from evidence.sums_retention import expire_sums_older

    stopped = threading.Event()
    ends = stopped.is_set
    try:
        while terms != Terms():
            if terms.records:
                await COURTESIES.run(expire_older, evidence, terms.records, stopping=ends)
            if terms.sums:
                await COURTESIES.run(expire_sums_older, evidence, terms.sums)
            if terms.reviews:
                await COURTESIES.run(expire_acts_older, evidence, terms.reviews, stopping=ends)
            await COURTESIES.run(tidy_up, evidence, stopping=ends)
            async with courtesy(Duty.RETENTION):  # the next round tries again
                await COURTESIES.run(after)
            await asyncio.sleep(every_s)
    finally:
        stopped.set()
