"""Established tunnels: what happens goes straight to the layer that it is for.

mitmproxy leads each event of a tunnel (a CONNECT, TLS to the client, TLS to the server, HTTP)
through a dozen layers, of which most hand it on as it is. Here data enters at its TLS, and the end
of a hook at the HTTP inside. Only what cannot change the layers above takes this way, and only
while none of them waits for anything; ends of connections, failures and all that opens something
take the long one, and what the layers above must know for that is noted there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from mitmproxy.connection import ConnectionState
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers.modes import HttpProxy
from mitmproxy.proxy.layers.tls import ServerTLSLayer
from mitmproxy.proxy.tunnel import TunnelState

from proxy.far_side import is_data, told
from proxy.quick_tls import Read, taken
from proxy.streams import GateHttpLayer, GateStream
from proxy.tls_passthrough import GateClientTls
from proxy.trailers import GateHttp1Server
from proxy.whole_messages import Does, Rest, WholeMessages

_TUNNEL = (HttpProxy, GateHttpLayer, GateStream, ServerTLSLayer, GateClientTls, GateHttpLayer)

_OPEN, _INACTIVE = TunnelState.OPEN, TunnelState.INACTIVE
"""Inactive: the HTTP inside has connections to servers of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortWay:
    """The layers of one tunnel that stands."""

    outer: GateHttpLayer
    connect: GateStream
    to_server: Any
    to_client: Any
    inside: GateHttpLayer
    whole: WholeMessages

    @classmethod
    def through(cls, layers: Sequence[layer.Layer]) -> Self | None:
        """Return the way through these layers, from the outermost; None where they are others."""
        if tuple(map(type, layers[: len(_TUNNEL)])) != _TUNNEL:
            return None
        _, outer, connect, to_server, to_client, inside = layers[: len(_TUNNEL)]
        assert isinstance(outer, GateHttpLayer)
        assert isinstance(connect, GateStream)
        assert isinstance(inside, GateHttpLayer)
        end = outer.connections.get(outer.context.client)
        stands = connect._handle_event == connect.passthrough and (
            connect.flow.request.method == "CONNECT"
        )
        if not stands or type(end) is not GateHttp1Server or end.state != end.passthrough:
            return None
        return cls(
            outer=outer,
            connect=connect,
            to_server=to_server,
            to_client=to_client,
            inside=inside,
            whole=WholeMessages(outer, connect, to_client, inside),
        )

    def taken(self, event: events.Event, does: Does | None = None) -> Rest | None:
        """Return what comes of an event on this way; None where it has to take the long one. With
        `does`, messages that are there as a whole are taken so.
        """
        to_server, to_client = self.to_server, self.to_client
        if (
            to_server._paused is not None
            or to_client._paused is not None
            or to_client.tunnel_state is not _OPEN
            or (to_server.tunnel_state is not _OPEN and to_server.tunnel_state is not _INACTIVE)
        ):
            return None
        if to_client.conn.alpn == b"h2":
            does = None  # its streams ask at once: each has a connection of its own
        if type(event) is events.DataReceived:
            if event.connection is to_client.tunnel_connection:
                return self._of_client(event, does)
            if event.connection is to_server.tunnel_connection:
                return self._of_server(event)
            if event.connection in self.inside.connections:
                return self._out_of(
                    None if does is None else self.whole.of_server(event, does), event
                )
        elif (
            isinstance(event, events.HookCompleted) and event.command in self.inside.command_sources
        ):
            rest = None if does is None else self.whole.of_hook(event.command, does)
            self.outer.command_sources.pop(event.command, None)
            return self._out_of(rest, event)
        return None

    def _out_of(self, rest: Rest | None, event: events.Event) -> Rest:
        """Return what is left to be done of an event that was taken whole, or all of another."""
        if rest is None:
            rest = self.inside.handle_event(event)
        return self._from_inside(rest) if rest != () else rest

    def _of_server(self, event: events.Event) -> layer.CommandGenerator[None]:
        for command in self.to_server.handle_event(event):
            yield from self._out(command)

    def _of_client(self, event: events.DataReceived, does: Does | None) -> Rest:
        to_client = self.to_client
        came = taken(to_client.tls, event.data)
        if not is_data(to_client, came):
            return self._of_handshake(came)
        rest = None if does is None else self.whole.of_client(came.data, does)
        return self._out_of(rest, events.DataReceived(to_client.conn, came.data))

    def _of_handshake(self, came: Read) -> layer.CommandGenerator[None]:
        to_client = self.to_client
        for command in to_client._Layer__process(told(to_client, came)):
            yield from self._past_server(command)

    def _from_inside(self, said: Rest) -> layer.CommandGenerator[None]:
        to_client, sends = self.to_client, commands.SendData
        for command in said:
            if type(command) is sends:
                if command.connection is to_client.conn:
                    yield from to_client.send_data(command.data)
                elif command.connection is self.to_server.conn:
                    yield from self._past_server(command)
                else:
                    yield command
            elif isinstance(command, commands.StartHook):
                yield from self._out(command)
            else:
                for further in _processed(to_client, command):
                    yield from self._past_server(further)

    def _past_server(self, command: commands.Command) -> layer.CommandGenerator[None]:
        to_server = self.to_server
        if isinstance(command, commands.StartHook):
            yield from self._out(command)
        elif isinstance(command, commands.SendData):
            if command.connection is to_server.conn:
                yield from to_server.send_data(command.data)
            else:
                yield command
        else:
            for further in _processed(to_server, command):
                yield from self._out(further)

    def _out(self, command: commands.Command) -> layer.CommandGenerator[None]:
        """Yield what the layers of the CONNECT make of a command, noting there what they note."""
        client = self.outer.context.client
        if command.blocking or isinstance(command, commands.RequestWakeup):
            self.outer.command_sources[command] = self.connect
        if isinstance(command, commands.OpenConnection):
            self.outer.forget_ended()
            self.outer.connections[command.connection] = self.connect
        elif isinstance(command, commands.CloseConnection):
            if command.connection is client and not client.state & ConnectionState.CAN_WRITE:
                return
            if command.connection is client or isinstance(command, commands.CloseTcpConnection):
                # A tunnel is not closed by halves, there as here.
                command = commands.CloseConnection(command.connection)
        yield command


def _processed(tunnel: Any, command: commands.Command) -> layer.CommandGenerator[None]:
    """Yield what a TLS layer makes of a command from inside; it waits where it has to."""
    generator: layer.CommandGenerator[None] = tunnel._Layer__process(
        tunnel._handle_command(command)
    )
    return generator
