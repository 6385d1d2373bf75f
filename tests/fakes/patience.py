"""Waiting for what other threads and processes do: for the thing itself, never for a time."""

import asyncio
import time
from collections.abc import Callable

PATIENT_S = 240.0
"""Ends what never happens, shortly before the test is ended. A machine five times slower with all
cores taken does not get there.
"""
_LOOK_S = 0.01


def eventually[Found](condition: Callable[[], Found], missing: str = "it did not happen") -> Found:
    """Wait for something that happens in another thread or process; return what was true."""
    end = time.monotonic() + PATIENT_S
    while not (found := condition()):
        assert time.monotonic() < end, missing
        time.sleep(_LOOK_S)
    return found


async def soon[Found](condition: Callable[[], Found], missing: str = "it did not happen") -> Found:
    """Wait for something that happens on this loop or beside it; return what was true."""
    end = time.monotonic() + PATIENT_S
    while not (found := condition()):
        assert time.monotonic() < end, missing
        await asyncio.sleep(0.001)
    return found
