"""Headers behind a body (trailers), on which mitmproxy gives up in HTTP/1.

They come after the decision, and any proxy may drop them (RFC 9110, 6.5.1): so it is done here, and
a request's are counted for its record.
"""

from h11 import Data, EndOfMessage
from h11._readers import ChunkedReader
from h11._receivebuffer import ReceiveBuffer
from mitmproxy import http
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import HttpEvent, RequestEndOfMessage, RequestTrailers
from mitmproxy.proxy.layers.http._http1 import Http1Server, TBodyReader, make_body_reader

from proxy.far_side import refused_head
from proxy.joined_heads import HeadJoined
from proxy.unreadable import half_head, is_request, refused

_FIRST_LINE = 65_536


class WholeChunkedReader(ChunkedReader):
    """Reads chunks to their end, and keeps the headers behind them to itself."""

    trailers: tuple[tuple[bytes, bytes], ...] = ()

    def __call__(self, buf: ReceiveBuffer) -> Data | EndOfMessage | None:
        """Read on; the end bears no headers."""
        event = super().__call__(buf)
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
            yield from refused(self.context, begun, half_head)
        if not isinstance(event, events.DataReceived) or self.request is not None:
            return
        if self.state == self.done:
            yield from refused(self.context, event.data)
        elif len(self.buf) and not is_request(begun := bytes(self.buf)[:_FIRST_LINE]):
            yield commands.SendData(self.conn, refused_head(400))
            yield commands.CloseConnection(self.conn)
            self.state = self.done
            yield from refused(self.context, begun)

    def read_body(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Read the next piece of the body."""
        for command in super().read_body(event):
            if isinstance(command, ReceiveHttp) and isinstance(command.event, RequestEndOfMessage):
                trailers = getattr(self.body_reader, "trailers", ())
                if trailers:
                    yield ReceiveHttp(RequestTrailers(self.stream_id, http.Headers(trailers)))
            yield command


def body_reader(expected_size: int | None) -> TBodyReader:
    """Return what reads a body of this size, or one in chunks."""
    return WholeChunkedReader() if expected_size is None else make_body_reader(expected_size)
