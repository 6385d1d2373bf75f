"""WebSocket connections as the gate needs them: each way goes on by itself, control frames carry nothing of the client's.

Messages of one way stay in order, and one that waits does not keep those of the other way waiting. Pings are answered
by the far end, but under a mark of the gate's own: what a client writes into a ping, a pong or a closing never leaves.
A refusal ends the connection with a close code that the client can read.
"""

import time

from mitmproxy import http
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.websocket import WebsocketConnection, WebsocketEndHook, WebsocketLayer
from wsproto.connection import ConnectionState
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage

from proxy.websocket_direction import ENDED, OneWay, Passing

TOO_BIG = "outgate_too_big"
"""Key in `flow.metadata`: why the connection ends for its size, if so."""
WAITING = "outgate_socket_waiting"
"""Key in `flow.metadata`: set while a message waits for a person."""
CLIENT_GONE = "outgate_client_gone"
"""Key in `flow.metadata`: set once the client has hung up."""
CLOSING_WORDS = "outgate_closing_words"
"""Key in `flow.metadata`: how many bytes of words the client's closing had; they do not leave."""

POLICY_VIOLATION, MESSAGE_TOO_BIG, GOING_AWAY, ABNORMAL = 1008, 1009, 1001, 1006
_REASON_BYTES = 123
_PINGS_REMEMBERED = 16
_OPEN = frozenset({ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING})


def end_socket(flow: http.HTTPFlow, reason: str, code: int = POLICY_VIOLATION) -> None:
    """End the WebSocket of this flow once the message in hand is dealt with; the first reason stands."""
    flow.metadata.setdefault(ENDED, (code, _shortened(reason)))


class _Pings:
    """Pings to one end go out under marks of the gate's own; the answers get the sender's words back."""

    def __init__(self) -> None:
        self._sent: dict[bytes, bytes] = {}
        self._count = 0

    def marked(self, payload: bytes) -> Ping:
        self._count += 1
        mark = b"%d" % self._count
        self._sent[mark] = payload
        if len(self._sent) > _PINGS_REMEMBERED:
            del self._sent[next(iter(self._sent))]
        return Ping(payload=mark)

    def answered(self, mark: bytes) -> Pong:
        return Pong(payload=self._sent.pop(mark, b""))


class GateWebsocketLayer(WebsocketLayer):
    """mitmproxy's WebSocket layer with two ways that do not wait for one another, and an end that is ours."""

    def __init__(self, context: Context, flow: http.HTTPFlow, message_limit: int | None) -> None:
        super().__init__(context, flow)
        self._handle_event = self.start
        self._message_limit = message_limit
        self._waits: dict[commands.Command, OneWay] = {}
        self._pings = {True: _Pings(), False: _Pings()}
        """By who sent them: the client, or not."""

    def start(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Begin as mitmproxy does, then make the two ways."""
        yield from super().start(event)
        self._up = OneWay(self.context.fork(), self.flow, self.server_ws)
        self._down = OneWay(self.context.fork(), self.flow, self.client_ws)

    def relay_messages(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Relay what came; then end the connection if a message was refused or outgrew what is held, or a side ended it."""
        if isinstance(event, events.CommandCompleted):
            if (way := self._waits.pop(event.command, None)) is not None:
                yield from self._through(way, way.handle_event(event))
        elif isinstance(event, events.ConnectionEvent):
            yield from self._received(event)
        yield from self._settle()

    def _received(self, event: events.ConnectionEvent) -> layer.CommandGenerator[None]:
        from_client = event.connection is self.context.client
        near = self.client_ws if from_client else self.server_ws
        if isinstance(event, events.ConnectionClosed):
            if from_client:
                self.flow.metadata[CLIENT_GONE] = True
            near.receive_data(None)
        elif isinstance(event, events.DataReceived) and near.state is not ConnectionState.CLOSED:
            near.receive_data(event.data)
        for seen in near.events():
            if isinstance(seen, TextMessage | BytesMessage):
                yield from self._framed(near, seen, from_client)
            elif isinstance(seen, Ping | Pong):
                yield from self._control(seen, from_client)
            elif isinstance(seen, CloseConnection):
                way = self._up if from_client else self._down
                yield from self._through(way, way.ends(seen))

    def _framed(
        self, near: WebsocketConnection, frame: TextMessage | BytesMessage, from_client: bool
    ) -> layer.CommandGenerator[None]:
        data = frame.data.encode() if isinstance(frame.data, str) else bytes(frame.data)
        near.frame_buf[-1] += data
        if frame.message_finished:
            frames, near.frame_buf = near.frame_buf, [b""]
            way = self._up if from_client else self._down
            text = isinstance(frame.data, str)
            message = Passing(
                flow=self.flow, from_client=from_client, text=text, content=b"".join(frames)
            )
            yield from self._through(way, way.arrived(message, [len(f) for f in frames]))
        elif frame.frame_finished:
            near.frame_buf.append(b"")

    def _control(self, frame: Ping | Pong, from_client: bool) -> layer.CommandGenerator[None]:
        far = self.server_ws if from_client else self.client_ws
        payload = bytes(frame.payload)
        passed: Ping | Pong
        if isinstance(frame, Ping):
            passed = self._pings[from_client].marked(payload)
        else:
            passed = self._pings[not from_client].answered(payload)
        if far.state is ConnectionState.OPEN:
            yield far.send2(passed)

    def _through(
        self, way: OneWay, given: layer.CommandGenerator[None]
    ) -> layer.CommandGenerator[None]:
        for command in given:
            if command.blocking or isinstance(command, commands.RequestWakeup):
                self._waits[command] = way
            yield command

    def _settle(self) -> layer.CommandGenerator[None]:
        metadata, limit = self.flow.metadata, self._message_limit
        if limit is not None and sum(map(len, self.client_ws.frame_buf)) > limit:
            self._too_big("A WebSocket message is too large to be inspected")
        elif limit is not None and WAITING in metadata and self._up.waiting_bytes > limit:
            self._too_big("Too much came behind a WebSocket message that waits for a person")
        if ENDED in metadata:
            yield from self._end(*metadata[ENDED])
        elif WAITING in metadata and CLIENT_GONE in metadata:
            yield from self._finish(CloseConnection(code=ABNORMAL), from_client=True)
        elif self._up.closed is not None:
            yield from self._finish(self._up.closed, from_client=True)
        elif self._down.closed is not None:
            yield from self._finish(self._down.closed, from_client=False)

    def _too_big(self, why: str) -> None:
        self.flow.metadata[TOO_BIG] = why
        end_socket(self.flow, f"Blocked by Outgate: {why}", MESSAGE_TOO_BIG)

    def _finish(self, last: CloseConnection, *, from_client: bool) -> layer.CommandGenerator[None]:
        """One side has closed: so is the other, and what a client says in closing stays here."""
        self._closed_by(client=from_client, code=last.code)
        unsaid = last.reason if from_client else None
        if unsaid:
            self.flow.metadata[CLOSING_WORDS] = len(unsaid.encode())
        yield from _close(self.server_ws, last.code, None if from_client else last.reason)
        yield commands.CloseConnection(self.server_ws.conn)
        yield from _close(self.client_ws, last.code, last.reason)
        yield commands.CloseConnection(self.client_ws.conn)
        self._handle_event = self.done
        yield from self._over()

    def _end(self, code: int, reason: str) -> layer.CommandGenerator[None]:
        self._closed_by(client=False, code=code)
        yield from _close(self.server_ws, GOING_AWAY, None)
        yield commands.CloseConnection(self.server_ws.conn)
        yield from _close(self.client_ws, code, reason)
        self._handle_event = self.closing
        if self.client_ws.state is ConnectionState.CLOSED:
            self._handle_event = self.done
            yield commands.CloseConnection(self.client_ws.conn)
        yield from self._over()

    def _closed_by(self, *, client: bool, code: int) -> None:
        socket = self.flow.websocket
        assert socket is not None
        socket.timestamp_end, socket.closed_by_client, socket.close_code = time.time(), client, code

    def _over(self) -> layer.CommandGenerator[None]:
        yield WebsocketEndHook(self.flow)
        self.flow.live = False

    def closing(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Throw away what the client still sends until it closes: to hang up now could cost it the reason."""
        if (
            not isinstance(event, events.ConnectionEvent)
            or event.connection is not self.context.client
        ):
            return
        over = isinstance(event, events.ConnectionClosed)
        if isinstance(event, events.DataReceived):
            self.client_ws.receive_data(event.data)
            over = any(isinstance(e, CloseConnection) for e in self.client_ws.events())
        if over:
            self._handle_event = self.done
            yield commands.CloseConnection(self.context.client)

    def done(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Nothing matters any more, not even the answer on a message that still waits."""
        yield from ()


def _close(end: WebsocketConnection, code: int, reason: str | None) -> layer.CommandGenerator[None]:
    if end.state in _OPEN:
        yield end.send2(CloseConnection(code=code, reason=reason or None))


def _shortened(reason: str) -> str:
    return reason.encode()[:_REASON_BYTES].decode("utf-8", "ignore")
