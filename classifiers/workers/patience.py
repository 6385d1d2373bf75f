"""How long a worker is waited for: by its own processor time, so that a busy machine leaves nothing
unread that would have been read on a calm one.
"""

import asyncio
import time
from collections.abc import Callable
from types import TracebackType

_MOST_TIMES = 4
"""Never longer than so many times what was allowed: somebody waits for the answer."""
_STEPS = 4
"""Looks in each further stretch of what was allowed."""
_LEAST_SHARE = 0.01
"""Of a processor, since the last look: whoever takes less does not work, but hangs."""


def processor_seconds(pid: int | None) -> float | None:
    """Return what a process has had of the processors; None where the system does not tell, or it
    has ended.
    """
    if pid is None:
        return None
    try:
        # The number of another process's clock, as the C library makes it (clock_getcpuclockid).
        return time.clock_gettime((~pid << 3) | 2)
    except (OSError, OverflowError, AttributeError):
        return None


class Patience:
    """Raises TimeoutError in the block where a worker has had `seconds` of the processors after the
    `deadline` (time of the loop), or does nothing any more. Where the system does not tell, at the
    deadline. It has a moment to begin, however close the deadline.

    `pid` tells which process it is: None as long as it is not born, and where there is none.
    """

    def __init__(self, pid: Callable[[], int | None], deadline: float, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._pid, self._deadline, self._seconds = pid, deadline, seconds
        self._began = self._had = processor_seconds(pid()) or 0.0
        self._looked = self._loop.time()
        self._limit = asyncio.timeout_at(deadline + (_MOST_TIMES - 1) * seconds)
        self._next: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()
        first = max(self._deadline, self._looked + self._seconds / _STEPS)
        self._next = self._loop.call_at(first, self._look)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._next is not None:
            self._next.cancel()
        await self._limit.__aexit__(kind, error, trace)

    def _look(self) -> None:
        now, had = self._loop.time(), processor_seconds(self._pid())
        left = 0.0
        if had is not None:
            works = had - self._had >= _LEAST_SHARE * (now - self._looked)
            left = self._seconds - (had - self._began) if works else 0.0
        if had is None or left <= 0:
            self._limit.reschedule(now)
            return
        self._had, self._looked = had, now
        self._next = self._loop.call_at(now + min(left, self._seconds / _STEPS), self._look)
