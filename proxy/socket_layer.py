"""WebSocket connections as the gate needs them: a refusal ends them with a close code that the client can read."""

import time

from mitmproxy import http
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.websocket import WebsocketConnection, WebsocketEndHook, WebsocketLayer
from wsproto.connection import ConnectionState
from wsproto.events import CloseConnection

ENDED = "outgate_socket_ended"
"""Key in `flow.metadata`: code and reason with which the connection ends now."""
TOO_BIG = "outgate_too_big"
"""Key in `flow.metadata`: set when a message was refused for its size."""

POLICY_VIOLATION, MESSAGE_TOO_BIG, GOING_AWAY = 1008, 1009, 1001
_REASON_BYTES = 123
_OPEN = frozenset({ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING})


def end_socket(flow: http.HTTPFlow, reason: str, code: int = POLICY_VIOLATION) -> None:
    """End the WebSocket of this flow once the message in hand is dealt with; the first reason stands."""
    flow.metadata.setdefault(ENDED, (code, _shortened(reason)))


class GateWebsocketLayer(WebsocketLayer):
    """mitmproxy's WebSocket layer; killing a flow does not end its connection there, so this one closes it."""

    def __init__(self, context: Context, flow: http.HTTPFlow, message_limit: int | None) -> None:
        super().__init__(context, flow)
        self._message_limit = message_limit

    def relay_messages(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Relay, then end the connection if a message was refused or outgrew what is held."""
        yield from super().relay_messages(event)
        if self._handle_event == self.done:
            return
        limit = self._message_limit
        if limit is not None and sum(map(len, self.client_ws.frame_buf)) > limit:
            self.flow.metadata[TOO_BIG] = True
            end_socket(self.flow, "Blocked by Outgate: a message too large to be inspected", MESSAGE_TOO_BIG)
        if ENDED in self.flow.metadata:
            yield from self._end(*self.flow.metadata[ENDED])

    def _end(self, code: int, reason: str) -> layer.CommandGenerator[None]:
        socket = self.flow.websocket
        assert socket is not None
        socket.timestamp_end, socket.closed_by_client = time.time(), False
        socket.close_code, socket.close_reason = code, reason
        yield from _close(self.server_ws, GOING_AWAY, "")
        yield commands.CloseConnection(self.server_ws.conn)
        yield from _close(self.client_ws, code, reason)
        yield WebsocketEndHook(self.flow)
        self.flow.live = False
        self._handle_event = self.closing

    def closing(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Throw away what the client still sends until it closes: to hang up now could cost it the reason."""
        if not isinstance(event, events.ConnectionEvent) or event.connection is not self.context.client:
            return
        over = isinstance(event, events.ConnectionClosed)
        if isinstance(event, events.DataReceived):
            self.client_ws.receive_data(event.data)
            over = any(isinstance(e, CloseConnection) for e in self.client_ws.events())
        if over:
            self._handle_event = self.done
            yield commands.CloseConnection(self.context.client)


def _close(end: WebsocketConnection, code: int, reason: str) -> layer.CommandGenerator[None]:
    if end.state in _OPEN:
        yield end.send2(CloseConnection(code=code, reason=reason or None))


def _shortened(reason: str) -> str:
    return reason.encode()[:_REASON_BYTES].decode("utf-8", "ignore")
