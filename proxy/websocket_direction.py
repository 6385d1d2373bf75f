"""One way of a WebSocket: its messages go on in order, each when the gate has said so.

They go on in frames as their sender cut them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.websocket import WebsocketConnection
from wsproto.connection import ConnectionState
from wsproto.events import BytesMessage, CloseConnection, TextMessage

from proxy.conversation import Conversation
from proxy.message import Passing
from proxy.turns import FRAMES, GateTurnHook

HELD_BACK_S = 1.0
"""So long may the end of a text wait for what comes next: a client may wait for it, too."""


@dataclass
class GateMessageHook(commands.StartHook):
    """A whole message has come: change it, or drop it."""

    message: Passing


@dataclass
class _Arrived(events.Event):
    """A whole message has arrived, in frames of these sizes."""

    message: Passing
    frames: list[int]


@dataclass
class _Closed(events.Event):
    """No message comes any more from this side."""

    last: CloseConnection


class OneWay(layer.Layer):
    """The messages of one way, in order.

    It may wait for the gate's answer on one; the other way does not.
    """

    def __init__(
        self, context: Context, conversation: Conversation, target: WebsocketConnection
    ) -> None:
        super().__init__(context)
        self._up = target.conn is context.server
        self.closed: CloseConnection | None = None
        """Set when everything before the end has been dealt with."""
        self.waiting_bytes = 0
        self._conversation = conversation
        self._target = target
        self._woken: commands.RequestWakeup | None = None
        self._in_a_row = 0

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if isinstance(event, _Arrived):
            yield from self._pass_on(event.message, event.frames)
        elif isinstance(event, _Closed):
            yield from self._flush()
            self.closed = event.last
        elif isinstance(event, events.Wakeup) and event.command is self._woken:
            yield from self._flush()

    def arrived(self, message: Passing, frames: list[int]) -> layer.CommandGenerator[None]:
        """Take a whole message."""
        self.waiting_bytes += len(message.content)
        yield from self.handle_event(_Arrived(message, frames))

    def ends(self, last: CloseConnection) -> layer.CommandGenerator[None]:
        """Take the end of this way: it comes after what was sent before it."""
        yield from self.handle_event(_Closed(last))

    def _pass_on(self, message: Passing, frames: list[int]) -> layer.CommandGenerator[None]:
        original, self.waiting_bytes = message.content, self.waiting_bytes - len(message.content)
        if self._conversation.ending is not None:
            return
        yield GateMessageHook(message)
        self._in_a_row += 1
        if self._in_a_row % FRAMES == 0:  # also of those that came while one waited
            yield GateTurnHook(self._target.conn)
        for content in message.before:
            yield from self._send(content, message.text, [])
        if not message.dropped:
            cut = frames if message.content is original else []
            yield from self._send(message.content, message.text, cut)
        if not self._up and self._conversation.held_back is not None:
            self._woken = commands.RequestWakeup(HELD_BACK_S)
            yield self._woken

    def _flush(self) -> layer.CommandGenerator[None]:
        held = self._conversation.held_back
        if self._up or held is None:
            return
        self._conversation.held_back = None
        for content, text in held():
            yield from self._send(content, text, [])

    def _send(self, content: bytes, text: bool, frames: list[int]) -> layer.CommandGenerator[None]:
        if self._target.state is ConnectionState.OPEN:
            parts = map(self._target.send, _in_frames(content, text, frames))
            yield commands.SendData(self._target.conn, b"".join(parts))


def _in_frames(
    content: bytes, text: bool, sizes: list[int]
) -> Iterator[TextMessage | BytesMessage]:
    """Cut a message as its sender did; a changed one (no sizes) goes whole, letters and all."""
    at = 0
    for size in sizes[:-1]:
        yield _frame(content[at : at + size], text, last=False)
        at += size
    yield _frame(content[at:], text, last=True)


def _frame(data: bytes, text: bool, *, last: bool) -> TextMessage | BytesMessage:
    if text:
        return TextMessage(data=data.decode("utf-8", "replace"), message_finished=last)
    return BytesMessage(data=data, message_finished=last)
