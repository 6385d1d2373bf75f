"""HTTP streams as the gate needs them: refused bodies are thrown away, large ones asked about.

mitmproxy buffers a whole body whatever a hook has decided, and switches to streaming without asking
anyone. This stream asks: `gate_large_body` is a hook of ours, called when a body outgrows the hold
limit.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

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
    ResponseProtocolError,
    ResponseTrailers,
)
from mitmproxy.proxy.layers.http._hooks import HttpRequestHook

from proxy.answers import SWITCHING
from proxy.applying import refusal_of
from proxy.binding import bound, transaction_of
from proxy.far_side import said_in_words
from proxy.heads_alone import head_alone
from proxy.http2_windows import GateHttp2Client, http2_of
from proxy.life_cycle import State
from proxy.mitmproxy_patches import adopt
from proxy.quick_layers import QuickHttpLayer
from proxy.straight_ends import said_by
from proxy.transaction import Transaction
from proxy.travel import Kept, KeptBody, PastTap
from proxy.websocket_layer import GateWebsocketLayer

FAR_SIDE_BYTES = 4 * 1024 * 1024
"""So much of a body may wait for the far side's HTTP/2 window before more of it is sent."""
_LOOK_AGAIN_S = 0.005
_HEAD = "HEAD"
_OF_REQUESTS = frozenset({RequestHeaders, RequestData, RequestTrailers, RequestEndOfMessage})
_OF_ANSWERS = frozenset({ResponseHeaders, ResponseData, ResponseTrailers, ResponseEndOfMessage})


@dataclass
class GateLargeBodyHook(commands.StartHook):
    """A body has outgrown the hold limit: set `request.stream`, keep it, or set a `response`."""

    flow: http.HTTPFlow


@dataclass
class GateUploadHook(commands.StartHook):
    """Enough of a streaming body has come for the next scan; its tap says what may go on."""

    flow: http.HTTPFlow


@dataclass
class GateKeepHook(commands.StartHook):
    """Enough of a kept body has come, or all of it: write it; at its end decide on it."""

    flow: http.HTTPFlow


@dataclass
class GatePieceHook(commands.StartHook):
    """A kept body goes out: have its next piece ready."""

    flow: http.HTTPFlow


@dataclass
class GateLateEndHook(commands.StartHook):
    """No more leaves of a request whose answer was over before it."""

    flow: http.HTTPFlow


class GateStream(HttpStream):
    """One request and its answer."""

    handles_events_as_every_layer = True
    _asked = _switched = False
    backlog: Callable[[], int] = staticmethod(lambda: 0)
    """How many bytes wait for the far side's HTTP/2 window, of all requests."""
    far_end: Callable[[], GateHttp2Client | None] = staticmethod(lambda: None)
    """Returns the end of HTTP/2 to the server, where it goes by that."""

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Return what comes of a part of a request or an answer, or of something else."""
        kind = type(event)
        if kind in _OF_REQUESTS:
            return self.client_state(event)  # type: ignore[no-any-return]
        if kind in _OF_ANSWERS:
            if kind is ResponseHeaders and event.response.status_code == SWITCHING:  # type: ignore[attr-defined]
                self._switched = True
            return self.server_state(event)  # type: ignore[no-any-return]
        return super()._handle_event(event)  # type: ignore[no-any-return]

    def check_body_size(self, request: bool) -> layer.CommandGenerator[bool]:
        """Ask the gate once when a held body outgrows the limit."""
        if not request or not self.request_body_buf or not self._outgrown() or self._asked:
            return False
        self._asked = True
        yield GateLargeBodyHook(self.flow)
        if self.flow.response is None and self.flow.request.stream:
            held = self._taken_out()
            yield from self.start_request_stream()
            yield from self.handle_event(held)
        elif self.flow.response is None and self._keeps():
            yield from self._keep(self._taken_out())
        return False

    def _outgrown(self) -> bool:
        if (transaction := bound(self.flow)) is None:
            return False
        transaction.travel.came = len(self.request_body_buf)
        return transaction.travel.outgrown(transaction.travel.came)

    def _keeps(self) -> bool:
        transaction = bound(self.flow)
        return transaction is not None and transaction.state is State.KEPT

    def _taken_out(self) -> RequestData:
        held = bytes(self.request_body_buf)
        self.request_body_buf.clear()
        travel = transaction_of(self.flow).travel
        travel.came = 0
        travel.share.give_back()
        return RequestData(self.stream_id, held)

    def state_consume_request_body(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Hold the body; of a request that is refused already, keep nothing."""
        if isinstance(event, RequestTrailers):
            self._drop(event)
            return
        if self.flow.response is not None and isinstance(event, RequestData):
            self.request_body_buf.clear()
        elif self._keeps() and self.flow.response is None:
            yield from self._keep(event)
        else:
            yield from super().state_consume_request_body(event)

    def _keep(self, event: Any) -> layer.CommandGenerator[None]:
        """Keep a body that is read to its end; at the end refuse, or send it on."""
        over = isinstance(event, RequestEndOfMessage)
        transaction = transaction_of(self.flow)
        kept = kept_of(transaction)
        if not over:
            transaction.travel.came += len(event.data)
        if kept.take(None if over else event.data):
            yield GateKeepHook(self.flow)
        if over and self.flow.response is not None:
            yield from super().state_consume_request_body(event)
        elif over:
            yield from self._send_kept(event, kept)

    def _send_kept(
        self, event: RequestEndOfMessage, kept: KeptBody
    ) -> layer.CommandGenerator[None]:
        self.flow.request.timestamp_end = time.time()
        yield HttpRequestHook(self.flow)
        self.client_state = self.state_done
        if not (yield from self.make_server_connection()):
            return
        server, transaction = self.context.server, transaction_of(self.flow)
        transaction.travel.backlog = self.backlog
        yield SendHttp(RequestHeaders(self.stream_id, self.flow.request, end_stream=False), server)
        while server.state & ConnectionState.CAN_WRITE:
            yield GatePieceHook(self.flow)
            if transaction.stopped:
                yield from self._cut()
                return
            if not kept.piece:
                yield SendHttp(event, server)
                return
            yield SendHttp(RequestData(self.stream_id, kept.piece), server)

    def state_stream_request_body(self, event: Any) -> layer.CommandGenerator[None]:
        """Pass on what has been scanned, unless the tap says that the request ends here."""
        transaction = transaction_of(self.flow)
        if transaction.stopped:
            return
        if isinstance(event, RequestTrailers):
            self._drop(event)
        else:
            yield from self._scan(event, transaction)
        if isinstance(event, RequestEndOfMessage) and not transaction.stopped:
            # The tap's last word came before the end is sent: what is cut must not look complete.
            yield from super().state_stream_request_body(event)

    def _scan(self, event: Any, transaction: Transaction) -> layer.CommandGenerator[None]:
        body = transaction.travel.body
        assert isinstance(body, PastTap)
        gone = not self.context.server.state & ConnectionState.CAN_WRITE
        if gone and self._is_late():
            yield GateLateEndHook(self.flow)
        if gone:  # nobody takes what comes
            return
        if not body.tap.take(event.data if isinstance(event, RequestData) else None):
            return
        transaction.travel.backlog = self.backlog
        yield GateUploadHook(self.flow)
        if transaction.stopped:
            if self._is_late():
                yield GateLateEndHook(self.flow)
            yield from self._cut()
        elif part := body.tap.release():
            yield SendHttp(RequestData(self.stream_id, part), self.context.server)

    def make_server_connection(self) -> layer.CommandGenerator[bool]:
        """Have a connection to the server, and the record know what of the body goes by it."""
        made: bool = yield from super().make_server_connection()
        end, transaction = self.far_end() if made else None, bound(self.flow)
        if end is not None and transaction is not None:
            transaction.travel.unsent = partial(end.unsent, self.stream_id)
        return made

    def send_response(self, already_streamed: bool = False) -> layer.CommandGenerator[None]:
        """Send the answer; mitmproxy cannot send trailers to a client of HTTP/1."""
        if self.flow.response is not None and not self.flow.request.is_http2:
            self.flow.response.trailers = None
        said = super().send_response(already_streamed)
        yield from head_alone(said) if self.flow.request.method == _HEAD else said
        if self._switched and self._handle_event != self.passthrough:
            # Its server speaks another protocol by now: nothing is asked there again.
            self.server_state = _nothing_more
            over = RequestProtocolError(self.stream_id, "it was not passed on", ErrorCode.CANCEL)
            yield SendHttp(over, self.context.server)

    def _is_late(self) -> bool:
        """Return whether the record waits for the end of the request alone."""
        transaction = bound(self.flow)
        return transaction is not None and transaction.travel.late is not None

    def handle_protocol_error(
        self, event: RequestProtocolError | ResponseProtocolError
    ) -> layer.CommandGenerator[None]:
        """One side has left or broken off: mitmproxy tells nobody when the answer was over. Of a
        host whose name nobody knows the client is told that.
        """
        if self._is_late():
            yield GateLateEndHook(self.flow)
        proxied = self.flow.server_conn.via is not None
        yield from super().handle_protocol_error(said_in_words(event, proxied=proxied))
        self.request_body_buf.clear()  # what came of a request that ended in it goes nowhere

    def _drop(self, trailers: RequestTrailers) -> None:
        """Headers behind the body come after the decision: they stay here (RFC 9110, 6.5.1)."""
        if (transaction := bound(self.flow)) is not None:
            transaction.travel.trailers = len(trailers.trailers.fields)

    def flow_done(self) -> layer.CommandGenerator[None]:
        """The answer is out; after an upgrade to a WebSocket our layer goes on."""
        if not self.flow.websocket:
            yield from super().flow_done()
            if not self._paused_event_queue and self.child_layer is None:
                self._let_go()
            return
        self.child_layer = GateWebsocketLayer(self.context, self.flow)
        self._handle_event = self.passthrough  # type: ignore[method-assign]
        yield from self.child_layer.handle_event(events.Start())
        yield SendHttp(ResponseEndOfMessage(self.stream_id), self.context.client)

    def _let_go(self) -> None:
        """Nothing comes to it any more. What it holds of itself, and its exchange, would keep some
        eighty objects and both bodies until they are looked for as garbage.
        """
        self.client_state = self.server_state = _nothing_more
        self.context.layers.clear()
        self.__dict__.pop("backlog", None)
        self.__dict__.pop("far_end", None)
        if (transaction := bound(self.flow)) is not None:
            transaction.travel.let_go()

    def _cut(self) -> layer.CommandGenerator[None]:
        refusal = refusal_of(self.flow)
        yield SendHttp(
            RequestProtocolError(self.stream_id, "refused by Outgate", ErrorCode.CANCEL),
            self.context.server,
        )
        begun = self.server_state in {self.state_stream_response_body, self.state_done}
        self.client_state = self.server_state = self.state_errored
        self.flow.live = False
        if begun:  # a second answer would be a part of the first, or that of the next request
            broken = ResponseProtocolError(self.stream_id, "refused by Outgate", ErrorCode.CANCEL)
            yield SendHttp(broken, self.context.client)
            return
        yield SendHttp(
            ResponseHeaders(self.stream_id, refusal, end_stream=False), self.context.client
        )
        if self.flow.request.method != _HEAD:
            yield SendHttp(
                ResponseData(self.stream_id, refusal.raw_content or b""), self.context.client
            )
        yield SendHttp(ResponseEndOfMessage(self.stream_id), self.context.client)


def _nothing_more(event: Any) -> layer.CommandGenerator[None]:
    del event
    yield from ()


def kept_of(transaction: Transaction) -> KeptBody:
    """Return what keeps the body of an exchange that is kept."""
    assert isinstance(transaction.travel.body, Kept)
    return transaction.travel.body.body


async def taken(flow: http.HTTPFlow) -> None:
    """Wait while much waits for the far side's HTTP/2 window: mitmproxy queues without limit."""
    backlog = transaction_of(flow).travel.backlog
    while (  # noqa: ASYNC110 - mitmproxy has no signal for a window that opens
        backlog is not None
        and backlog() > FAR_SIDE_BYTES
        and flow.error is None
        and flow.server_conn.connected
    ):
        await asyncio.sleep(_LOOK_AGAIN_S)


class GateHttpLayer(QuickHttpLayer):
    """mitmproxy's HTTP layer, making our streams."""

    def straight(
        self, child: layer.Layer, event: events.Event
    ) -> layer.CommandGenerator[None] | None:
        """Return what the end of HTTP/1 inside the TLS to a server says, where both stand."""
        return said_by(child, event)

    def begin_stream(self, stream_id: int) -> None:
        """Have a stream of ours for a new request."""
        stream = self.streams[stream_id] = GateStream(self.context.fork(), stream_id)
        stream.backlog = lambda: backlog_of(self.connections.get(stream.context.server))
        stream.far_end = lambda: http2_of(self.connections.get(stream.context.server))
        stream.client_state = stream.state_wait_for_request_headers  # all that a start does to it


def backlog_of(connection: Any) -> int:
    """Return how many bytes wait in an HTTP/2 connection to a server."""
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
    """Put a layer of ours where mitmproxy chose one that forwards unread, or waits for ever."""
    if is_http and not isinstance(chosen.layer, (DNSLayer, TCPLayer, UDPLayer)):
        return
    if chosen.layer is not None:
        chosen.context.layers.remove(chosen.layer)
        chosen.layer = (
            HttpLayer(chosen.context, HTTPMode.transparent)
            if is_http
            else RefusedLayer(chosen.context)
        )


def wait_for_more(chosen: layer.NextLayer) -> None:
    """Take back what mitmproxy chose too early: it is asked again when more has come."""
    if chosen.layer is not None:
        chosen.context.layers.remove(chosen.layer)
        chosen.layer = None


def make_ours(layers: list[layer.Layer]) -> None:
    """Turn plain HTTP layers that mitmproxy has just chosen into ours."""
    for chosen in layers:
        adopt(chosen, HttpLayer, GateHttpLayer)
