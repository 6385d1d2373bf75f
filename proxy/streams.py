"""HTTP streams as the gate needs them: refused bodies are thrown away, large ones are handed over before they pass.

mitmproxy buffers a whole body whatever a hook has decided, and switches to streaming without asking anyone. This
stream asks: `gate_large_body` is a hook of ours, called when a body outgrows the hold limit.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from mitmproxy import http
from mitmproxy.connection import ConnectionState
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers import DNSLayer, TCPLayer, UDPLayer
from mitmproxy.proxy.layers.http import HttpLayer, HTTPMode, HttpStream, SendHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    RequestTrailers,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
)
from mitmproxy.proxy.layers.http._hooks import HttpRequestHook

import proxy.trailers  # noqa: F401 - puts its readers in the place of mitmproxy's
from proxy.websocket_layer import GateWebsocketLayer

HOLD_LIMIT = "outgate_hold_limit"
"""Key in `flow.metadata`: how many bytes of this body are held before it must be decided on."""
TRAILERS = "outgate_trailers"
"""Key in `flow.metadata`: how many headers came behind the body of the request; they do not leave."""
CUT = "outgate_cut"
"""Key in `flow.metadata`: the refusal that ends a streaming request now."""
TAP = "outgate_tap"
"""Key in `flow.metadata`: what scans the body of a streaming request."""
WHOLE = "outgate_whole"
"""Key in `flow.metadata`: what keeps a body that is read to its end before any of it leaves."""
PIECE = "outgate_piece"
"""Key in `flow.metadata`: the next piece of a kept body; nothing at its end."""
BACKLOG = "outgate_backlog"
"""Key in `flow.metadata`: tells how many bytes of this connection wait for the far side's HTTP/2 window."""


@dataclass
class GateLargeBodyHook(commands.StartHook):
    """A request body has outgrown the hold limit: set `request.stream`, or a refusal as `response`."""

    flow: http.HTTPFlow


@dataclass
class GateUploadHook(commands.StartHook):
    """Enough of a streaming request body has come for the next scan; its stream says afterwards what may go on."""

    flow: http.HTTPFlow


@dataclass
class GateKeepHook(commands.StartHook):
    """Enough of a body that is kept has come, or all of it: write it; at its end decide, and set `response` to refuse."""

    flow: http.HTTPFlow


@dataclass
class GatePieceHook(commands.StartHook):
    """A kept body goes out: put its next piece under PIECE."""

    flow: http.HTTPFlow


class BodyTap(Protocol):
    """What scans a body as it passes."""

    def take(self, chunk: bytes | None) -> bool:
        """Take the next bytes, None at the end; True when they must be scanned before more is taken."""

    def release(self) -> bytes:
        """Return what has been scanned and may go on."""


class GateStream(HttpStream):
    """One request and its answer."""

    _asked = False
    backlog: Callable[[], int] = staticmethod(lambda: 0)
    """How many bytes wait for the far side's HTTP/2 window."""

    def check_body_size(self, request: bool) -> layer.CommandGenerator[bool]:
        """Ask the gate once when a held body outgrows the limit."""
        limit = self.flow.metadata.get(HOLD_LIMIT)
        if not request or limit is None or self._asked or len(self.request_body_buf) <= limit:
            return False
        self._asked = True
        yield GateLargeBodyHook(self.flow)
        if self.flow.response is None and self.flow.request.stream:
            held = bytes(self.request_body_buf)
            self.request_body_buf.clear()
            yield from self.start_request_stream()
            yield from self.handle_event(RequestData(self.stream_id, held))
        elif self.flow.response is None and WHOLE in self.flow.metadata:
            held = bytes(self.request_body_buf)
            self.request_body_buf.clear()
            yield from self._keep(RequestData(self.stream_id, held))
        return False

    def state_consume_request_body(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Hold the body; of a request that is refused already, keep nothing."""
        if isinstance(event, RequestTrailers):
            self._drop(event)
            return
        if self.flow.response is not None and isinstance(event, RequestData):
            self.request_body_buf.clear()
        elif WHOLE in self.flow.metadata and self.flow.response is None:
            yield from self._keep(event)
        else:
            yield from super().state_consume_request_body(event)

    def _keep(self, event: Any) -> layer.CommandGenerator[None]:
        """Keep a body that is read to its end; at the end refuse, or send it on."""
        over = isinstance(event, RequestEndOfMessage)
        if self.flow.metadata[WHOLE].take(None if over else event.data):
            yield GateKeepHook(self.flow)
        if over and self.flow.response is not None:
            yield from super().state_consume_request_body(event)
        elif over:
            yield from self._send_kept(event)

    def _send_kept(self, event: RequestEndOfMessage) -> layer.CommandGenerator[None]:
        self.flow.request.timestamp_end = time.time()
        yield HttpRequestHook(self.flow)
        self.client_state = self.state_done
        if not (yield from self.make_server_connection()):
            return
        server = self.context.server
        self.flow.metadata[BACKLOG] = self.backlog
        yield SendHttp(RequestHeaders(self.stream_id, self.flow.request, end_stream=False), server)
        while server.state & ConnectionState.CAN_WRITE:
            yield GatePieceHook(self.flow)
            if (refusal := self.flow.metadata.get(CUT)) is not None:
                yield from self._cut(refusal)
                return
            if not (piece := self.flow.metadata.pop(PIECE, b"")):
                break
            yield SendHttp(RequestData(self.stream_id, piece), server)
        else:
            return
        yield SendHttp(event, server)

    def state_stream_request_body(self, event: Any) -> layer.CommandGenerator[None]:
        """Pass on what has been scanned, unless the tap says that the request ends here."""
        if CUT in self.flow.metadata:
            return
        chunk = event.data if isinstance(event, RequestData) else None
        if isinstance(event, RequestTrailers):
            self._drop(event)
        elif self._tap.take(chunk):
            self.flow.metadata[BACKLOG] = self.backlog
            yield GateUploadHook(self.flow)
            yield from self._pass_on()
        if isinstance(event, RequestEndOfMessage) and CUT not in self.flow.metadata:
            # The tap's last word came before the end is sent: a request cut now must not look complete to the far side.
            yield from super().state_stream_request_body(event)

    @property
    def _tap(self) -> BodyTap:
        tap: BodyTap = self.flow.metadata[TAP]
        return tap

    def _pass_on(self) -> layer.CommandGenerator[None]:
        refusal = self.flow.metadata.get(CUT)
        if refusal is not None:
            yield from self._cut(refusal)
        elif part := self._tap.release():
            yield SendHttp(RequestData(self.stream_id, part), self.context.server)

    def send_response(self, already_streamed: bool = False) -> layer.CommandGenerator[None]:
        """Send the answer; mitmproxy cannot send trailers to a client of HTTP/1."""
        if self.flow.response is not None and not self.flow.request.is_http2:
            self.flow.response.trailers = None
        yield from super().send_response(already_streamed)

    def _drop(self, trailers: RequestTrailers) -> None:
        """Headers behind the body come after the decision: they stay here, as any proxy may do (RFC 9110, 6.5.1)."""
        self.flow.metadata[TRAILERS] = len(trailers.trailers.fields)

    def flow_done(self) -> layer.CommandGenerator[None]:
        """The answer is out; after an upgrade to a WebSocket its connection goes on in our layer."""
        if not self.flow.websocket:
            yield from super().flow_done()
            return
        limit = self.flow.metadata.get(HOLD_LIMIT)
        self.child_layer = GateWebsocketLayer(self.context, self.flow, limit)
        self._handle_event = self.passthrough
        yield from self.child_layer.handle_event(events.Start())
        yield SendHttp(ResponseEndOfMessage(self.stream_id), self.context.client)

    def _cut(self, refusal: http.Response) -> layer.CommandGenerator[None]:
        yield SendHttp(
            RequestProtocolError(self.stream_id, "refused by Outgate", ErrorCode.CANCEL),
            self.context.server,
        )
        self.client_state = self.server_state = self.state_errored
        self.flow.live = False
        yield SendHttp(
            ResponseHeaders(self.stream_id, refusal, end_stream=False), self.context.client
        )
        yield SendHttp(
            ResponseData(self.stream_id, refusal.raw_content or b""), self.context.client
        )
        yield SendHttp(ResponseEndOfMessage(self.stream_id), self.context.client)


class GateHttpLayer(HttpLayer):
    """mitmproxy's HTTP layer, making our streams."""

    def make_stream(self, stream_id: int) -> layer.CommandGenerator[None]:
        """Open a stream of ours for a new request."""
        stream = self.streams[stream_id] = GateStream(self.context.fork(), stream_id)
        stream.backlog = lambda: backlog_of(self.connections.get(stream.context.server))
        yield from self.event_to_child(self.streams[stream_id], events.Start())


def backlog_of(connection: Any) -> int:
    """Return how many bytes wait in an HTTP/2 connection to a server; mitmproxy queues them without limit."""
    while connection is not None and not hasattr(connection, "h2_conn"):
        connection = getattr(connection, "child_layer", None)
    if connection is None:
        return 0
    return sum(
        len(chunk.data) for chunks in connection.h2_conn.stream_buffers.values() for chunk in chunks
    )


class RefusedLayer(layer.Layer):
    """Ends a connection that carries something else than HTTP."""

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if isinstance(event, events.Start):
            yield commands.CloseConnection(self.context.client)


def only_http(chosen: layer.NextLayer, *, is_http: bool) -> None:
    """Put a layer of ours where mitmproxy chose one that forwards unread (port 53), or waits for HTTP for ever."""
    if is_http and not isinstance(chosen.layer, (DNSLayer, TCPLayer, UDPLayer)):
        return
    if chosen.layer is not None:
        chosen.context.layers.remove(chosen.layer)
        chosen.layer = (
            HttpLayer(chosen.context, HTTPMode.transparent)
            if is_http
            else RefusedLayer(chosen.context)
        )


def adopt(layers: list[layer.Layer]) -> None:
    """Turn plain HTTP layers that mitmproxy has just chosen into ours; they have not handled an event yet."""
    for chosen in layers:
        if type(chosen) is HttpLayer:
            chosen.__class__ = GateHttpLayer
