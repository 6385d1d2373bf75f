"""Retention in a running gate: now and then, a few records at a time, beside the requests."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

from core.duties import Duty
from proxy.boundaries import courtesy
from proxy.threads import COURTESIES

EVERY_S = 6 * 3600.0


async def expire_old(
    evidence: Path,
    days: int | Callable[[], int],
    sums_days: int = 0,
    every_s: float = EVERY_S,
    *,
    after: Callable[[], None] = lambda: None,
) -> None:
    """Remove records older than so many days, and their sums older than so many, until cancelled;
    with 0 days, nothing. Days that may change meanwhile are asked for before each round.

    `after` is called behind each round, in a thread.
    """
    from evidence.retention import expire_older
    from evidence.sums_retention import expire_sums_older

    stopped = threading.Event()
    try:
        while days:
            now = days if isinstance(days, int) else await COURTESIES.run(days)
            if now:
                await COURTESIES.run(expire_older, evidence, now, stopping=stopped.is_set)
            if now and sums_days:
                await COURTESIES.run(expire_sums_older, evidence, sums_days)
            async with courtesy(Duty.RETENTION):  # the next round tries again
                await COURTESIES.run(after)
            await asyncio.sleep(every_s)
    finally:
        stopped.set()
