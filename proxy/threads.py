"""The gate's threads for what blocks: one pool for what requests are decided by, one for courtesies.

A courtesy that hangs (a script on a dead network drive, a stack that is not read) must not take
the threads that attribution, holds and evidence need.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


class Threads:
    """A pool of threads. What a call raises goes to whoever waits for it."""

    def __init__(self, name: str, most: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=most, thread_name_prefix=f"outgate-{name}")

    async def run[**Given, T](
        self, call: Callable[Given, T], *arguments: Given.args, **named: Given.kwargs
    ) -> T:
        """Call it in a thread and return what it returns."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: call(*arguments, **named))


DECISIONS = Threads("decides", 24)
COURTESIES = Threads("courtesy", 8)
