"""Asks the database every few seconds whether it answers. While it does not, a hub tells everybody
to come again at once, and lets go of what waits for it: other than one that is down, a database
that was halted takes what it is given and says nothing.
"""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor

from hub.database import Database, DatabaseDownError, DatabaseSilentError
from hub.patience import Patience

_EVERY_S = 5.0


class Pulse:
    """The pulse of the database that these connections are to; used from the loop's thread."""

    def __init__(self, *held: Database, patience: Patience) -> None:
        self._held = held
        self._database = Database(held[0].url, patience)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="hub-pulse")
        self._asking: asyncio.Future[None] | None = None
        self._silent = False

    def felt(self) -> None:
        """Raise DatabaseSilentError while the database does not answer; from any thread."""
        if self._silent:
            raise DatabaseSilentError("The database does not answer.")

    async def asked(self) -> None:
        """Ask now; whoever asks meanwhile hears the same. Raises DatabaseDownError."""
        if self._asking is None or self._asking.done():
            loop = asyncio.get_running_loop()
            self._asking = loop.run_in_executor(self._pool, self._ask)
        await asyncio.shield(self._asking)

    async def beat(self, stop: asyncio.Event) -> None:
        """Ask every few seconds until `stop` is set."""
        while not stop.is_set():
            with contextlib.suppress(DatabaseDownError):  # whoever needs it is told
                await self.asked()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _EVERY_S)

    def _ask(self) -> None:
        try:
            with self._database.at_once() as connection:
                connection.execute("SELECT 1 FROM endpoints LIMIT 1")
        except DatabaseSilentError:
            if self._silent:  # the second time: it is more than slow
                self.let_go()
            self._silent = True
            raise
        except DatabaseDownError:
            self._silent = False  # who asks is told at once
            raise
        self._silent = False

    def let_go(self) -> None:
        """End what waits for an answer, where there is none."""
        if self._silent:
            for one in self._held:
                one.let_go()

    def close(self) -> None:
        """Stop; waits for the last answer, which is some seconds at most."""
        self.let_go()
        self._database.let_go()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._database.close()
