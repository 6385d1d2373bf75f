"""How events and commands go from layer to layer, with fewer questions at each step.

The same commands in the same order: mitmproxy asks up to ten times of what kind a command is at
each layer, whether somebody reads along, and compares connections by the text of their ids.
"""

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
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

_THEIR_HANDLING = layer.Layer.handle_event


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


class QuickHttpLayer(HttpLayer):
    """mitmproxy's HTTP layer: what stands between the ends of the connections and the streams."""

    def begin_stream(self, stream_id: int) -> None:
        """Have a stream for a new request."""
        raise NotImplementedError

    def event_to_child(
        self, child: layer.Layer, event: events.Event
    ) -> layer.CommandGenerator[None]:
        """Hand an event to an end or a stream, and what that says of HTTP to where it belongs."""
        for command in child.handle_event(event):
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
            else:
                yield from self._less_often(command, child)

    def _less_often(
        self, command: commands.Command, child: layer.Layer
    ) -> layer.CommandGenerator[None]:
        if command.blocking or isinstance(command, commands.RequestWakeup):
            self.command_sources[command] = child
        if isinstance(command, commands.StartHook):
            yield command
        elif isinstance(command, DropStream):
            self.streams.pop(command.stream_id, None)
        elif isinstance(command, GetHttpConnection):
            yield from self.get_connection(command)
        elif isinstance(command, RegisterHttpConnection):
            yield from self.register_connection(command)
        else:
            if isinstance(command, commands.OpenConnection):
                self.connections[command.connection] = child
            yield command
