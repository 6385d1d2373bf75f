"""Who is at the other end of each connection: asked when it opens, and again for each request, the
first as well.

A socket outlives its owner's plans: a process may fork, pass it on, or become another program while
it is open.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from core.attribution import UNATTRIBUTED, Attribution, Certainty, unknown_sender
from core.exchange import Connection
from core.ports import Attributor
from proxy.threads import DECISIONS

_SOON_S = (0.001, 0.002, 0.004)
"""Who has just written will soon wait for an answer: to look again costs less than a search."""

_MOST_AHEAD = 8
"""Of so many connections at the same time a search is made that no request waits for yet: whoever
waits for one has the other threads.
"""

_LEFT = (
    "whoever sent it had let go of the connection before it could be looked at; "
    "this is who opened it"
)


class Senders:
    """The senders of the open connections."""

    def __init__(self, attributor: Attributor, patience_s: float) -> None:
        self._attributor = attributor
        self._patience_s = patience_s
        self._fresh: dict[str, Attribution] = {}
        """Connection id → what was found when it opened, until its first request."""
        self._open: dict[str, Connection] = {}
        self._searched: set[str] = set()
        """Connections whose later requests take a search: nothing is gained by looking again."""
        self._first: set[str] = set()
        """Connections whose opener was searched for: so is who sends the first request."""
        self._ahead: set[str] = set()
        """Connections for which a search is under way that no request waits for."""

    async def opened(self, connection: Connection) -> None:
        """Ask for the sender while the client waits for its first answer: it cannot have exited."""
        self._open[connection.id] = connection
        found = self._attributor.attribute_now(connection)
        if found is None:
            self._first.add(connection.id)
            found = await self._search(connection)
        self._fresh[connection.id] = found

    async def of(self, connection_id: str) -> Attribution:
        """Return the sender of the next request on this connection."""
        opener = self._fresh.pop(connection_id, None)
        connection = self._open.get(connection_id)
        if connection is None:
            return UNATTRIBUTED
        found = await self._ask_again(connection)
        if opener is not None and found.certainty is Certainty.UNKNOWN:
            found = opener if opener.certainty is Certainty.UNKNOWN else _as_opener(opener)
        return found

    async def at_opening(self, connection_id: str) -> Attribution:
        """Return who opened this connection."""
        fresh = self._fresh.get(connection_id)
        return await self.of(connection_id) if fresh is None else fresh

    def known(self, connection_id: str) -> Attribution:
        """Return who opened this connection, as far as it is known without a look."""
        return self._fresh.get(connection_id, UNATTRIBUTED)

    def closed(self, connection_id: str) -> None:
        """Forget the connection."""
        self._fresh.pop(connection_id, None)
        self._searched.discard(connection_id)
        self._first.discard(connection_id)
        connection = self._open.pop(connection_id, None)
        if connection is not None:
            self._attributor.forget(connection)

    async def _ask_again(self, connection: Connection) -> Attribution:
        if connection.id in self._first:
            self._first.discard(connection.id)
            return await self._search(connection)
        if connection.id not in self._searched:
            for pause in _SOON_S:
                found = self._attributor.attribute_now(connection)
                if found is not None:
                    self._look_ahead(connection)
                    return found
                await asyncio.sleep(pause)
            self._searched.add(connection.id)
        return await self._ask(connection)

    def _look_ahead(self, connection: Connection) -> None:
        """Begin the next search beside this request where it will be due soon; and those of others
        in use with it, for they share a look then. One that fails is made again by who needs it.
        """
        if len(self._ahead) >= _MOST_AHEAD or connection.id in self._ahead:
            return
        if (look := self._attributor.ahead(connection)) is None:
            return
        self._begin_ahead(connection.id, look)
        for other in self._open.values():
            if len(self._ahead) >= _MOST_AHEAD:
                return
            look = None if other.id in self._ahead else self._attributor.ahead(other, beside=True)
            if look is not None:
                self._begin_ahead(other.id, look)

    def _begin_ahead(self, connection_id: str, look: Callable[[], object]) -> None:
        self._ahead.add(connection_id)
        DECISIONS.begun(look).add_done_callback(partial(self._looked_ahead, connection_id))

    def _looked_ahead(self, connection_id: str, look: asyncio.Future[object]) -> None:
        self._ahead.discard(connection_id)
        if not look.cancelled():
            look.exception()

    async def _ask(self, connection: Connection) -> Attribution:
        found = self._attributor.attribute_now(connection)
        return await self._search(connection) if found is None else found

    async def _search(self, connection: Connection) -> Attribution:
        try:
            async with asyncio.timeout(self._patience_s):
                return await DECISIONS.run(self._attributor.attribute, connection)
        except TimeoutError:
            return unknown_sender("none", "the look-up of the sending process took too long")


def _as_opener(opener: Attribution) -> Attribution:
    """Name who opened a connection of which nobody holds an end: it may have been passed on."""
    return replace(opener, certainty=Certainty.LIKELY, reason=opener.reason or _LEFT)
