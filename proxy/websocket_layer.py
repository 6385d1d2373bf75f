"""WebSocket connections as the gate needs them: each way goes on by itself.

Messages of one way stay in order, and one that waits does not keep those of the other way waiting.
Pings are answered by the far end, but under a mark of the gate's own: what a client writes into a
ping, a pong or a closing never leaves. A refusal ends the connection with a close code that the
client can read.
"""

import time
from dataclasses import dataclass

from mitmproxy import http
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.websocket import WebsocketConnection, WebsocketEndHook, WebsocketLayer
from wsproto.connection import ConnectionState
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage

from proxy.binding import transaction_of
from proxy.conversation import ABNORMAL, GOING_AWAY, Conversation, Ending
from proxy.message import Passing
from proxy.transaction import Transaction
from proxy.turns import FRAMES, GateTurnHook
from proxy.websocket_direction import OneWay

_PINGS_REMEMBERED = 16
_FRAMES_APART = 1024
"""So many frames of one message go on as they were cut; of more, as many become one."""
_OPEN = frozenset({ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING})
_OWED = frozenset({ConnectionState.OPEN, ConnectionState.LOCAL_CLOSING})
"""A frame that closes, and an end, leave none of these. Where wsproto says in one that all is over,
it has read what is no frame, and the words are its own.
"""


class _Pings:
    """Pings to one end go out under the gate's own marks; answers get the sender's words back."""

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


@dataclass(slots=True)
class _Unfinished:
    """A message of which more frames are to come."""

    size: int = 0
    _joined: int = 0
    """So many pieces at its beginning are many frames each."""

    def join(self, frames: list[bytes]) -> None:
        """Let very many frames be a few: each of a byte takes forty of memory."""
        if len(frames) > self._joined + _FRAMES_APART:
            frames[self._joined :] = [b"".join(frames[self._joined :]), b""]
            self._joined += 1


class GateWebsocketLayer(WebsocketLayer):
    """mitmproxy's WebSocket layer with two ways that do not wait for each other, and our end."""

    def __init__(self, context: Context, flow: http.HTTPFlow) -> None:
        super().__init__(context, flow)
        self._handle_event = self.start
        self._transaction = transaction_of(flow)
        self._conversation = _conversation(self._transaction)
        self._waits: dict[commands.Command, OneWay] = {}
        self._pings = {True: _Pings(), False: _Pings()}
        """By who sent them: the client, or not."""
        self._unfinished = {True: _Unfinished(), False: _Unfinished()}
        """The same."""

    def start(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Begin as mitmproxy does, then make the two ways."""
        yield from super().start(event)
        self._up = OneWay(self.context.fork(), self._conversation, self.server_ws)
        self._down = OneWay(self.context.fork(), self._conversation, self.client_ws)

    def relay_messages(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Relay what came; then end the connection if a side, a rule or a limit has ended it."""
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
                self._conversation.client_gone = True
            near.receive_data(None)
        elif isinstance(event, events.DataReceived) and near.state is not ConnectionState.CLOSED:
            near.receive_data(event.data)
        for count, seen in enumerate(near.events(), 1):
            if isinstance(seen, TextMessage | BytesMessage):
                yield from self._framed(near, seen, from_client)
            elif isinstance(seen, Ping | Pong):
                yield from self._control(seen, from_client)
            elif isinstance(seen, CloseConnection):
                if from_client and near.state in _OWED:
                    self._conversation.misspoke = seen.code
                way = self._up if from_client else self._down
                yield from self._through(way, way.ends(seen))
            if count % FRAMES == 0:
                yield GateTurnHook(near.conn)

    def _framed(
        self, near: WebsocketConnection, frame: TextMessage | BytesMessage, from_client: bool
    ) -> layer.CommandGenerator[None]:
        data = frame.data.encode() if isinstance(frame.data, str) else bytes(frame.data)
        near.frame_buf[-1] += data
        unfinished = self._unfinished[from_client]
        unfinished.size += len(data)
        if frame.message_finished:
            frames, near.frame_buf = near.frame_buf, [b""]
            self._unfinished[from_client] = _Unfinished()
            way = self._up if from_client else self._down
            text = isinstance(frame.data, str)
            message = Passing(
                transaction=self._transaction,
                from_client=from_client,
                text=text,
                content=b"".join(frames),
            )
            yield from self._through(way, way.arrived(message, [len(f) for f in frames]))
        elif frame.frame_finished:
            near.frame_buf.append(b"")
            unfinished.join(near.frame_buf)

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
        conversation = self._conversation
        self._measure(conversation)
        if conversation.ending is not None:
            yield from self._end(conversation.ending)
        elif conversation.waiting and conversation.client_gone:
            yield from self._finish(CloseConnection(code=ABNORMAL), from_client=True)
        elif self._up.closed is not None:
            yield from self._finish(self._up.closed, from_client=True)
        elif self._down.closed is not None:
            yield from self._finish(self._down.closed, from_client=False)

    def _measure(self, conversation: Conversation) -> None:
        """End the connection where more is held than may be."""
        limit = self._transaction.travel.hold_limit
        if limit is None:
            return
        if self._unfinished[True].size > limit:
            conversation.end_for_size("A WebSocket message is too large to be inspected")
        elif conversation.waiting and self._up.waiting_bytes > limit:
            conversation.end_for_size(
                "Too much came behind a WebSocket message that waits for a person"
            )

    def _finish(self, last: CloseConnection, *, from_client: bool) -> layer.CommandGenerator[None]:
        """One side has closed: so is the other, and what a client says in closing stays here."""
        self._closed_by(client=from_client, code=last.code)
        conversation = self._conversation
        conversation.unfinished = self._unfinished[True].size
        if from_client and last.reason and not conversation.misspoke:
            conversation.closing_words = len(last.reason.encode())
        yield from _close(self.server_ws, last.code, None if from_client else last.reason)
        yield commands.CloseConnection(self.server_ws.conn)
        yield from _close(self.client_ws, last.code, last.reason)
        yield commands.CloseConnection(self.client_ws.conn)
        self._handle_event = self.done
        yield from self._over()

    def _end(self, ending: Ending) -> layer.CommandGenerator[None]:
        self._closed_by(client=False, code=ending.code)
        yield from _close(self.server_ws, GOING_AWAY, None)
        yield commands.CloseConnection(self.server_ws.conn)
        yield from _close(self.client_ws, ending.code, ending.reason)
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
        """Throw away what still comes until the client closes: it has to read the reason first."""
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


def _conversation(transaction: Transaction) -> Conversation:
    conversation = transaction.travel.conversation
    assert conversation is not None
    return conversation
