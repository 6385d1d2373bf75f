"""Frames of HTTP/2 that came in one read are handed on a few at a time: a read holds thousands, and
their reader takes all that it is given in one go.
"""

from collections.abc import Iterator

from mitmproxy.proxy import events, layer
from mitmproxy.proxy.layers.http._http2 import Http2Connection

from proxy.turns import GateTurnHook

_HEAD = 9
"""Bytes before the payload of a frame: its size (3), type, flags, stream (RFC 9113, 4.1)."""
_TYPE_AT = 3
_HEADERS = 1
_PREFACE = len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
MOST = 64
OF_A_REQUEST = 16
"""What is handed on at once, and what a frame that begins a request counts for; others count 1."""


class Frames:
    """Where the frames end in what one end sends; a client begins with a preface."""

    def __init__(self, *, client: bool = True) -> None:
        self._left = _PREFACE if client else 0
        """Bytes to come of what has begun."""
        self._head = b""
        self._count = self._weight = 0

    def cut(self, data: bytes) -> Iterator[bytes]:
        """Yield the data in pieces of `MOST` small frames at most, each ending where one ends."""
        begun = at = 0
        while at < len(data):
            at = self._past(data, at)
            if self._count >= MOST:
                self._count = 0
                yield data[begun:at]
                begun = at
        if begun < len(data):
            yield data[begun:]

    def _past(self, data: bytes, at: int) -> int:
        """Return where the part that begins there ends: a head, or what it announces."""
        if not self._left:
            lacking = _HEAD - len(self._head)
            self._head += data[at : at + lacking]
            at += lacking
            if len(self._head) < _HEAD:
                return len(data)
            self._left = int.from_bytes(self._head[:_TYPE_AT])
            self._weight = OF_A_REQUEST if self._head[_TYPE_AT] == _HEADERS else 1
            self._head = b""
        taken = min(self._left, len(data) - at)
        self._left -= taken
        if not self._left:
            self._count += self._weight
        return at + taken


class FramesInTurns(Http2Connection):
    """mitmproxy's reader of one end of HTTP/2, with turns for others between its frames."""

    _frames: Frames | None = None

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if not isinstance(event, events.DataReceived):
            yield from super()._handle_event(event)
            return
        if self._frames is None:
            self._frames = Frames(client=not self.h2_conn.config.client_side)
        for number, piece in enumerate(self._frames.cut(event.data)):
            if number:
                yield GateTurnHook(self.conn)
            if self._handle_event == self.done:
                return
            yield from super()._handle_event(events.DataReceived(event.connection, piece))
