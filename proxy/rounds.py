"""What is classified on the event loop in one of its rounds: others have it in between."""

import asyncio
import time
from collections.abc import Callable

from core.budgets import ON_THE_LOOP_US

_NOTICED_US = ON_THE_LOOP_US / 4
"""Below this nobody has to learn when the round ends: what several rounds took together counts for
the last one, which is never too little. To be called at its end costs the loop a round more.
"""


class Rounds:
    """What the loop is kept for by payloads that are classified on it, from one of its rounds to
    the next. For the thread of that loop.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._spent_s = 0.0
        self._counting = False
        self._next_round = asyncio.Event()

    async def mine(self) -> None:
        """Wait until the loop has gone round where this round has been used up."""
        while self._spent_s * 1e6 >= ON_THE_LOOP_US:
            await self._next_round.wait()

    def spent_on[T](self, work: Callable[[], T]) -> T:
        """Return what it returns; it is counted for this round."""
        begun = self._clock()
        try:
            return work()
        finally:
            self._spent_s += self._clock() - begun
            if not self._counting and self._spent_s * 1e6 >= _NOTICED_US:
                self._counting = True
                asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        self._spent_s, self._counting = 0.0, False
        self._next_round.set()
        self._next_round.clear()
