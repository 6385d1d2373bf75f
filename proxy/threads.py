"""The gate's threads: one pool for what requests are decided by, another for courtesies.

A courtesy that hangs (a script on a dead network drive, a stack that is not read) must not take
the threads that attribution, holds and evidence need.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from core.duties import PartEndedError


class Threads:
    """A pool of threads. What a call raises goes to whoever waits for it."""

    def __init__(self, name: str, most: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=most, thread_name_prefix=f"outgate-{name}")

    async def run[**Given, T](
        self, call: Callable[Given, T], *arguments: Given.args, **named: Given.kwargs
    ) -> T:
        """Call it in a thread and return what it returns."""
        return await self.begun(call, *arguments, **named)

    def begun[**Given, T](
        self, call: Callable[Given, T], *arguments: Given.args, **named: Given.kwargs
    ) -> asyncio.Future[T]:
        """Have it called in a thread, and return what waits for it.

        What is no Exception comes as PartEndedError: as it is, it would end the event loop, or
        pass by every boundary on its way.
        """

        def called() -> T:
            try:
                return call(*arguments, **named)
            except Exception:
                raise
            except BaseException as error:  # noqa: BLE001 - boundary: see above
                raise PartEndedError("a call in a thread", error) from None

        return asyncio.get_running_loop().run_in_executor(self._pool, called)


DECISIONS = Threads("decides", 24)
COURTESIES = Threads("courtesy", 8)
