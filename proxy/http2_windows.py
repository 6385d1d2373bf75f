"""Connections of HTTP/2 to servers: how much of each request waits here for its server's window, or
did when the server said that it wants no more.
"""

from collections import defaultdict, deque
from typing import Any

from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http._events import RequestData
from mitmproxy.proxy.layers.http._http2 import Http2Client
from mitmproxy.proxy.layers.http._http_h2 import SendH2Data

from proxy.http2_turns import FramesInTurns

_MOST_KNOWN = 1000
"""Streams that ended with something unsent; nobody asks for one again whose record is closed."""


class Waiting(defaultdict[int, deque[SendH2Data]]):
    """What waits of each stream. What is thrown away, for the stream has ended, is known by its
    size.
    """

    def __init__(self) -> None:
        super().__init__(deque)
        self._dropped: dict[int, int] = {}

    def pop(self, stream_id: int, *default: Any) -> Any:
        """Take out what waits of a stream; it may be put back."""
        if size := self._size(stream_id):
            if len(self._dropped) >= _MOST_KNOWN:
                del self._dropped[next(iter(self._dropped))]
            self._dropped[stream_id] = size
        return super().pop(stream_id, *default)

    def __setitem__(self, stream_id: int, waiting: deque[SendH2Data]) -> None:
        self._dropped.pop(stream_id, None)
        super().__setitem__(stream_id, waiting)

    def clear(self) -> None:
        """Take out all: the connection has ended."""
        for stream_id in tuple(self):
            self.pop(stream_id)

    def unsent(self, stream_id: int) -> int:
        """Return how many bytes wait of a stream, or did at its end."""
        return self._size(stream_id) or self._dropped.get(stream_id, 0)

    def _size(self, stream_id: int) -> int:
        return sum(len(one.data) for one in self.get(stream_id, ()))


class GateHttp2Client(FramesInTurns, Http2Client):
    """mitmproxy's end of HTTP/2 to a server, which knows what of a request did not leave, with
    turns for others between a server's frames."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.waiting = self.h2_conn.stream_buffers = Waiting()

    def unsent(self, stream_id: int) -> int:
        """Return how many bytes of the body of a request did not leave, by its own number."""
        ours = self.our_stream_id.get(stream_id)
        if ours is not None:
            return self.waiting.unsent(ours)
        held = self.stream_queue.get(stream_id, ())
        return sum(len(one.data) for one in held if isinstance(one, RequestData))


def http2_of(connection: Any) -> GateHttp2Client | None:
    """Return the end of HTTP/2 in the layers of a connection to a server; None of another one."""
    while connection is not None and not isinstance(connection, GateHttp2Client):
        connection = getattr(connection, "child_layer", None)
    return connection
