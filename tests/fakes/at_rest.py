"""When a screen is at rest: nothing in its loop is ready to run, and nothing is due soon.

Textual's own pilot takes a process for idle that used little of the processor for 20 ms: it waits
two or three times that long after each key, and under load cannot tell waiting from resting.
"""

import asyncio
import time

SOON_S = 1 / 50
"""What is due within this is waited for: a screen draws what changed within a sixtieth of a
second.
"""
TURNS = 3
"""In which nothing may have been ready."""


async def at_rest(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """Return when the loop has nothing to do, or after `max_sleep` seconds in which it never
    rested; takes the place of `textual._wait.wait_for_idle`.
    """
    loop = asyncio.get_running_loop()
    assert isinstance(loop, asyncio.BaseEventLoop)
    end, quiet = time.monotonic() + max_sleep, 0
    while quiet < TURNS and time.monotonic() < end:
        await asyncio.sleep(0)
        due = _next_due(loop)
        if loop._ready:  # type: ignore[attr-defined]
            quiet = 0
        elif due is not None:
            await asyncio.sleep(max(0.0, due - loop.time()))
            quiet = 0
        else:
            quiet += 1


def _next_due(loop: asyncio.BaseEventLoop) -> float | None:
    """Return when the first of what is planned soon is due, by the loop's clock."""
    planned = (one for one in loop._scheduled if not one.cancelled())  # type: ignore[attr-defined]
    first = min((one.when() for one in planned), default=None)
    return first if first is not None and first <= loop.time() + SOON_S else None
