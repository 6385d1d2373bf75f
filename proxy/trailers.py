"""Headers behind a body (trailers), on which mitmproxy gives up in HTTP/1.

They come after the decision, and any proxy may drop them (RFC 9110, 6.5.1): so it is done here, and
a request's are counted for its record.
"""

from h11 import Data, EndOfMessage, LocalProtocolError, ProtocolError
from h11._readers import ChunkedReader
from h11._receivebuffer import ReceiveBuffer
from mitmproxy import http
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import HttpEvent, RequestEndOfMessage, RequestTrailers
from mitmproxy.proxy.layers.http._http1 import Http1Server, TBodyReader, make_body_reader

from proxy.far_side import refused_head
from proxy.joined_heads import HeadJoined
from proxy.turns import CHUNKS, HEAD_BYTES, by_turns
from proxy.unreadable import half, is_request, refused

_FIRST_LINE = 65_536
_TOO_LARGE = 431
"""Status for a head that is larger than is waited for (RFC 6585, 5)."""


class WholeChunkedReader(ChunkedReader):
    """Reads chunks to their end, several at once, and keeps the headers behind them to itself."""

    trailers: tuple[tuple[bytes, bytes], ...] = ()
    _behind: EndOfMessage | ProtocolError | None = None
    """What came behind the chunks that were returned last."""
    full = False
    """Whether those were as many as are returned at once."""

    def __call__(self, buf: ReceiveBuffer) -> Data | EndOfMessage | None:
        """Return what is in the chunks that are there, `CHUNKS` at most; the end bears no headers.
        Raises ProtocolError behind those that are in order.
        """
        behind, self._behind, self.full = self._behind, None, False
        if isinstance(behind, ProtocolError):
            raise behind
        first = self._read(buf) if behind is None else behind
        if not isinstance(first, Data) or not buf:
            return first
        content = bytearray(first.data)
        for _ in range(CHUNKS - 1):
            try:
                event = self._read(buf)
            except ProtocolError as error:
                self._behind = error
                break
            if not isinstance(event, Data):
                self._behind = event
                break
            content += event.data
        else:
            self.full = True
        return Data(data=bytes(content))

    def _read(self, buf: ReceiveBuffer) -> Data | EndOfMessage | None:
        event = super().__call__(buf)
        if event is None and len(buf) > HEAD_BYTES:
            raise LocalProtocolError("the line before a chunk, or what is behind them, has no end")
        if isinstance(event, EndOfMessage) and event.headers:
            self.trailers = tuple((bytes(name), bytes(value)) for name, value in event.headers)
            return EndOfMessage()
        return event


class GateHttp1Server(HeadJoined, Http1Server):
    """mitmproxy's reader of HTTP/1 requests; tells of trailers as its reader of HTTP/2 does, and of
    what is no request.
    """

    def send(self, event: HttpEvent) -> layer.CommandGenerator[None]:
        """Send a part of an answer, its head together with a body that is there."""
        return self.joined(event, super().send(event))

    def read_headers(self, event: events.ConnectionEvent) -> layer.CommandGenerator[None]:
        """Read a head. What cannot become one is not waited for; what ends before that, is told."""
        begun = bytes(self.buf)[:_FIRST_LINE] if isinstance(event, events.ConnectionClosed) else b""
        yield from super().read_headers(event)
        if begun.strip():
            yield from refused(self.context, begun, half(self.context, begun))
        if not isinstance(event, events.DataReceived) or self.request is not None:
            return
        if self.state == self.done:
            yield from refused(self.context, event.data)
        elif len(self.buf) and (status := self._refused_with()):
            begun = bytes(self.buf._data[:_FIRST_LINE])
            yield commands.SendData(self.conn, refused_head(status))
            yield commands.CloseConnection(self.conn)
            self.state = self.done
            yield from refused(self.context, begun)

    def _refused_with(self) -> int | None:
        """Return the status for the head that has begun, where it cannot become one."""
        if not is_request(bytes(self.buf._data[:_FIRST_LINE])):
            return 400
        return _TOO_LARGE if len(self.buf) > HEAD_BYTES else None

    def read_body(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Read the next piece of the body."""
        for command in by_turns(super().read_body(event), self):
            if isinstance(command, ReceiveHttp) and isinstance(command.event, RequestEndOfMessage):
                trailers = getattr(self.body_reader, "trailers", ())
                if trailers:
                    yield ReceiveHttp(RequestTrailers(self.stream_id, http.Headers(trailers)))
            yield command


def body_reader(expected_size: int | None) -> TBodyReader:
    """Return what reads a body of this size, or one in chunks."""
    return WholeChunkedReader() if expected_size is None else make_body_reader(expected_size)
