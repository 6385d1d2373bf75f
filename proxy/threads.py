"""The gate's threads: one pool for what requests are decided by, another for courtesies.

A courtesy that hangs (a script on a dead network drive, a stack that is not read) must not take
the threads that attribution, holds and evidence need.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from core.errors import OutgateError


class ThreadEndedError(OutgateError):
    """What was called in a thread ended with something that ends programs."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"A call in a thread ended by {kind}.")


class Threads:
    """A pool of threads. What a call raises goes to whoever waits for it."""

    def __init__(self, name: str, most: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=most, thread_name_prefix=f"outgate-{name}")

    async def run[**Given, T](
        self, call: Callable[Given, T], *arguments: Given.args, **named: Given.kwargs
    ) -> T:
        """Call it in a thread and return what it returns.

        What is no Exception comes as ThreadEndedError: as it is, it would end the event loop, or
        pass by every boundary on its way.
        """

        def called() -> T:
            try:
                return call(*arguments, **named)
            except Exception:
                raise
            except BaseException as error:  # noqa: BLE001 - boundary: see above
                raise ThreadEndedError(type(error).__name__) from None

        return await asyncio.get_running_loop().run_in_executor(self._pool, called)


DECISIONS = Threads("decides", 24)
COURTESIES = Threads("courtesy", 8)
