"""Retention in a running gate: now and then, a few records at a time, beside the requests."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

from proxy.threads import COURTESIES

EVERY_S = 6 * 3600.0


async def expire_old(
    evidence: Path,
    days: int,
    every_s: float = EVERY_S,
    *,
    after: Callable[[], None] = lambda: None,
) -> None:
    """Remove records older than so many days, until cancelled; with 0 days, nothing ever.

    `after` is called behind each round, in a thread.
    """
    from evidence.retention import expire_older

    stopped = threading.Event()
    try:
        while days:
            await COURTESIES.run(expire_older, evidence, days, stopping=stopped.is_set)
            await COURTESIES.run(after)
            await asyncio.sleep(every_s)
    finally:
        stopped.set()
