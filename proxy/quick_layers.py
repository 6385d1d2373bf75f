"""How events and commands go from layer to layer, with fewer questions at each step.

The same commands in the same order: mitmproxy asks up to ten times of what kind a command is at
each layer, whether somebody reads along, and compares connections by the text of their ids.
"""

from typing import Any

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from mitmproxy.connection import Connection, ConnectionState, Server
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layer import Paused
from mitmproxy.proxy.layers.http import (
    DropStream,
    GetHttpConnection,
    HttpLayer,
    RegisterHttpConnection,
    SendHttp,
)
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import RequestHeaders
from mitmproxy.proxy.tunnel import TunnelLayer, TunnelState

PLAIN = "handles_events_as_every_layer"
"""Set on classes whose events may be handled without `handle_event` in between."""

_THEIR_HANDLING = layer.Layer.handle_event
_THEIR_TUNNEL, _THEIR_CHILD = TunnelLayer._handle_event, TunnelLayer.event_to_child


def handled(self: layer.Layer, event: events.Event) -> layer.CommandGenerator[None]:
    """Yield what comes of an event; the layer waits from a command on that has to be answered."""
    paused = self._paused
    if self.debug is not None or (paused is not None and not _goes_on(self, paused, event)):
        yield from _THEIR_HANDLING(self, event)
        return
    if paused is None:
        working, reply = self._handle_event(event), None
    else:
        assert isinstance(event, events.CommandCompleted)
        working, reply, self._paused = paused.generator, event.reply, None
    try:
        command = working.send(reply)
        while command.blocking is not True:
            yield command
            command = next(working)
    except StopIteration:
        return
    command.blocking = self  # the layers above do not wait for it as well
    self._paused = Paused(command, working)
    yield command


def _goes_on(waits: layer.Layer, paused: Paused, event: events.Event) -> bool:
    """Return whether this is the answer that a layer waits for, with nothing else behind it."""
    answers = isinstance(event, events.CommandCompleted) and event.command is paused.command
    return answers and not waits._paused_event_queue


def tunnel_event(self: TunnelLayer, event: events.Event) -> layer.CommandGenerator[None]:
    """Return what comes of an event in a tunnel: of data its content, else as ever."""
    if self.tunnel_state is not TunnelState.ESTABLISHING:
        if not isinstance(event, events.ConnectionEvent | events.Start):
            return self.event_to_child(event)
        if isinstance(event, events.DataReceived) and event.connection is self.tunnel_connection:
            return self.receive_data(event.data)
    return _THEIR_TUNNEL(self, event)


def tunnel_child(self: TunnelLayer, event: events.Event) -> layer.CommandGenerator[None]:
    """Yield what comes of an event inside of a tunnel; what is said to its end goes through it."""
    if self.tunnel_state is TunnelState.ESTABLISHING and not self.command_to_reply_to:
        self._event_queue.append(event)
    else:
        yield from tunnel_said(self, self.child_layer.handle_event(event))


def tunnel_said(
    self: TunnelLayer, said: layer.CommandGenerator[None]
) -> layer.CommandGenerator[None]:
    """Yield what is said inside of a tunnel; what is said to its end goes through it."""
    for command in said:
        if isinstance(command, commands.ConnectionCommand) and command.connection is self.conn:
            yield from self._handle_command(command)
        else:
            yield command


def begun(child: layer.Layer, event: events.Event) -> layer.CommandGenerator[None]:
    """Return what a layer says to an event; whoever reads it notes down what the layer waits for.
    For layers that handle events as every layer does.
    """
    paused = child._paused
    if paused is None and child.debug is None:
        return child._handle_event(event)
    if child.debug is not None or paused is None or not _goes_on(child, paused, event):
        return child.handle_event(event)
    assert isinstance(event, events.CommandCompleted)
    child._paused = None
    said: layer.CommandGenerator[None] = paused.generator
    return said if event.reply is None else _answered(said, event.reply)


def _answered(said: layer.CommandGenerator[None], reply: Any) -> layer.CommandGenerator[None]:
    """Yield what is said to an answer."""
    try:
        while True:
            reply = yield said.send(reply)
    except StopIteration:
        return


def _asked(child: layer.Layer, event: events.Event, *, plain: bool) -> layer.CommandGenerator[None]:
    return begun(child, event) if plain else child.handle_event(event)


class QuickHttpLayer(HttpLayer):
    """mitmproxy's HTTP layer: what stands between the ends of the connections and the streams."""

    def begin_stream(self, stream_id: int) -> None:
        """Have a stream for a new request."""
        raise NotImplementedError

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Return what comes of an event: at the end of a connection that it came from, or in the
        stream that has waited for it.
        """
        child: layer.Layer | None = None
        if isinstance(event, events.DataReceived):
            child = self.connections.get(event.connection)
        elif isinstance(event, events.HookCompleted):
            child = self.command_sources.pop(event.command, None)
        return super()._handle_event(event) if child is None else self.event_to_child(child, event)

    def straight(
        self, child: layer.Layer, event: events.Event
    ) -> layer.CommandGenerator[None] | None:
        """Return what a child says to an event where there is a shorter way to that."""
        del child, event
        return None

    def event_to_child(
        self, child: layer.Layer, event: events.Event
    ) -> layer.CommandGenerator[None]:
        """Hand an event to an end or a stream, and what that says of HTTP to where it belongs."""
        plain = getattr(child, PLAIN, False)
        straight = None if plain else self.straight(child, event)
        said = straight or _asked(child, event, plain=plain)
        return self.led(child, said, straight=straight is not None)

    def led(
        self, child: layer.Layer, said: layer.CommandGenerator[None], *, straight: bool = False
    ) -> layer.CommandGenerator[None]:
        """Lead what an end or a stream says of HTTP to where it belongs, and yield the rest."""
        plain = getattr(child, PLAIN, False)
        for command in said:
            if waits := plain and command.blocking is True:
                command.blocking = child  # the layers above do not wait for it as well
                child._paused = Paused(command, said)
            kind = type(command)
            if kind is commands.SendData:
                yield command
            elif kind is ReceiveHttp:
                inner = command.event  # type: ignore[attr-defined]
                if type(inner) is RequestHeaders:
                    self.begin_stream(inner.stream_id)
                # A stream may be over already when the last of it comes.
                if (stream := self.streams.get(inner.stream_id)) is not None:
                    yield from self.event_to_child(stream, inner)
            elif kind is SendHttp:
                end = self.connections[command.connection]  # type: ignore[attr-defined]
                yield from self.event_to_child(end, command.event)  # type: ignore[attr-defined]
            elif isinstance(command, commands.StartHook):
                if command.blocking and not straight:  # else it is this layer that waits
                    self.command_sources[command] = child
                yield command
            else:
                yield from self._less_often(command, child)
            if waits:
                return

    def _less_often(
        self, command: commands.Command, child: layer.Layer
    ) -> layer.CommandGenerator[None]:
        if command.blocking or isinstance(command, commands.RequestWakeup):
            self.command_sources[command] = child
        if isinstance(command, DropStream):
            self.streams.pop(command.stream_id, None)
        elif isinstance(command, GetHttpConnection):
            self.forget_ended()
            self._forgive(command)
            yield from self.get_connection(command)
        elif isinstance(command, RegisterHttpConnection):
            yield from self.register_connection(command)
        else:
            if isinstance(command, commands.OpenConnection):
                self.forget_ended()
                self.connections[command.connection] = child
            yield command

    def forget_ended(self) -> None:
        """Let go of connections to servers of which nothing can come any more, and which no stream
        has: mitmproxy keeps each, with its TLS, for as long as the client keeps its own.
        """
        ended = [one for one in self.connections if _has_ended(one) and one != self.context.server]
        used = {stream.context.server for stream in self.streams.values()} if ended else set()
        for one in ended:
            if one not in used and one not in self.waiting_for_establishment:
                del self.connections[one]

    def _forgive(self, asked: GetHttpConnection) -> None:
        """Let a connection that broke, or could not be opened, not stand for its server any more:
        else mitmproxy has no other made, for as long as the client keeps its own.
        """
        for one in self.connections:
            over = one.state is ConnectionState.CLOSED and one not in self.waiting_for_establishment
            if over and one.error and asked.connection_spec_matches(one):
                one.error = None


def _has_ended(one: Connection) -> bool:
    """Return whether a connection to a server was closed, and all that came there was handled."""
    return isinstance(one, Server) and one.timestamp_end is not None and not one.state
