"""The end of a gate that loses nobody's request: it takes no more connections, answers what is
under way, and lets go of each connection when nothing is.

Clients of HTTP/1 are told with their last answer that the connection ends, so that none sends
another request into it.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from mitmproxy import http
from mitmproxy.connection import Client

from proxy.backpressure import hang_up, heard_at
from proxy.carrying_out import are_hooks_under_way

LONGEST_S = 20.0
"""What is not over by then is cut: streams without an end, tunnels."""
_IDLE_S = 0.5
_LOOKS_S = 0.05
_LAST_WORDS_S = 1.0
"""So long before the end both sides of a busy one are told of it, too."""

type MayBeLeft = Callable[[str], bool]
"""Whether a connection, by its id, is quiet, or there is no time left."""


async def _nothing(_: MayBeLeft) -> None:
    """Nothing lies here that has no end of its own."""


class Draining:
    """Knows which connections there are and what is under way on each. An addon."""

    name = "draining"

    def __init__(self) -> None:
        self._open: set[str] = set()
        self._under_way: Counter[str] = Counter()
        self._ends = False

    def client_connected(self, client: Client) -> None:
        """One more."""
        self._open.add(client.id)

    def client_disconnected(self, client: Client) -> None:
        """It is over, with all that was under way on it."""
        self._open.discard(client.id)
        self._under_way.pop(client.id, None)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Something is asked for."""
        self._under_way[flow.client_conn.id] += 1

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """It is answered."""
        self._say_last(flow)

    def response(self, flow: http.HTTPFlow) -> None:
        """The answer is whole."""
        self._say_last(flow)
        self._done(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        """There will be none."""
        self._done(flow)

    async def drain(
        self, longest_s: float = LONGEST_S, leave: Callable[[MayBeLeft], Awaitable[None]] = _nothing
    ) -> None:
        """Wait until nothing is under way, and end each connection on which nothing is. `leave`
        ends what has no end of its own, on connections that may be left.

        What is still read of a request whose client has left is under way: its record is not made
        before.
        """
        self._ends = True
        loop = asyncio.get_running_loop()
        until = loop.time() + longest_s
        while (self._open or are_hooks_under_way()) and loop.time() < until:
            for connection in tuple(self._open):
                if self._is_idle(connection, loop.time()):
                    hang_up(connection)
            await leave(lambda connection: self._may_be_left(connection, loop.time(), until))
            await asyncio.sleep(_LOOKS_S)

    def _is_idle(self, connection: str, now: float) -> bool:
        return not self._under_way[connection] and now - heard_at(connection) > _IDLE_S

    def _may_be_left(self, connection: str, now: float, until: float) -> bool:
        return now - heard_at(connection) > _IDLE_S or until - now < _LAST_WORDS_S

    def _say_last(self, flow: http.HTTPFlow) -> None:
        if self._ends and flow.response is not None and flow.request.http_version < "HTTP/2":
            flow.response.headers["connection"] = "close"

    def _done(self, flow: http.HTTPFlow) -> None:
        if flow.websocket is None and self._under_way[flow.client_conn.id] > 0:
            self._under_way[flow.client_conn.id] -= 1
