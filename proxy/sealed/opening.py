"""The first moments of a connection out of a seal: what does it speak, and who speaks first?

HTTP, and TLS that may carry it, go the way of every other connection. Anything else is asked about
by a hook of ours (`gate_foreign`), before anything of it leaves; what may pass is counted and never
read. A connection in which the client says nothing is asked about after a moment: in mail, SSH and
some databases the server speaks first. One that may not pass unread is kept until it says
something, unless its server is one of those: nothing of it has left, and HTTP may yet come.

Half a first line may become HTTP, or be all that some protocol says: it is waited for, not without
end. What then goes on unread is ended where it turns out to be HTTP after all.
"""

from dataclasses import dataclass
from typing import Any, Literal

from mitmproxy.connection import Connection, Server
from mitmproxy.proxy import commands, events, layer, tunnel
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HTTPMode
from mitmproxy.proxy.layers.http._upstream_proxy import HttpUpstreamProxy
from mitmproxy.proxy.layers.tls import HTTP_ALPNS, parse_client_hello

from capture.protocols import spoken_by_client, spoken_by_server
from core.vocabulary.protocols import (
    ENCRYPTED,
    SERVER_SPEAKS_FIRST,
    UNKNOWN,
    WEB,
    protocol_at,
)
from proxy.backpressure import break_off
from proxy.sealed.beginning import FirstLine, is_half, patience_for
from proxy.sniffing import ends_as_http, is_old_request, looks_like_http, with_plain_blanks
from proxy.streams import GateHttpLayer
from proxy.tls_passthrough import Passage, UnreadLayer
from proxy.unreadable import old_request, refused

_AT_ONCE_S, _SOON_S, _LATE_S = 0.02, 0.3, 0.8
"""How long a client may say nothing: where servers usually speak first, elsewhere, and where
clients open connections ahead of their requests.
"""
_MOST_HELLO = 16_384
HANDSHAKE = b"\x16"
"""With this a connection in TLS begins."""
TLS, HTTP = "tls", "http"
_PROXY_WORDS = (b"CONNECT ",)
_ABSOLUTE = b"://"


@dataclass
class Foreign:
    """A connection that is not HTTP, as far as it is known."""

    connection: str
    target: tuple[str, int]
    protocol: str
    silent: bool
    """True when nobody has said anything yet."""
    half: bool = False
    """True when the client has begun a line, and did not go on."""
    passage: Passage | None = None
    """Set where it may pass."""
    via: tuple[Literal["http", "https"], tuple[str, int]] | None = None
    """The proxy that it goes out by, if by any."""
    heard: bytes = b""
    """What the server said when it was asked whether it speaks first."""
    may_wait: bool = False
    """Set where it may not pass, and is kept until the client says something."""


@dataclass
class GateForeignHook(commands.StartHook):
    """A connection is not HTTP: may it pass?"""

    foreign: Foreign


class _Relay(UnreadLayer):
    """Forwards and counts, and keeps what the server said first."""

    heard = b""

    def __init__(self, context: Context, ignore: bool = False) -> None:
        super().__init__(context, ignore)
        address = context.server.address
        self._line = FirstLine(0 if address is None else address[1])

    def relay_messages(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Forward one piece, or an end."""
        if isinstance(event, events.ConnectionEvent) and event.connection is self.context.client:
            if self._becomes_http(event) and not self.passage.spoke(HTTP):
                yield from self.refused()
                return
        elif isinstance(event, events.DataReceived) and not self.heard:
            self.heard = event.data
            protocol = spoken_by_server(event.data)
            if protocol is not None and not self.passage.spoke(protocol):
                yield from self.refused()
                return
        yield from super().relay_messages(event)

    def _becomes_http(self, event: events.ConnectionEvent) -> bool:
        """A server may take the client's end for the end of its line."""
        if isinstance(event, events.DataReceived):
            return self._line.is_http(event.data)
        return isinstance(event, events.ConnectionClosed) and self._line.ended()

    def refused(self) -> layer.CommandGenerator[None]:
        """It speaks what may not pass: nothing goes on, either way. An end in order would look like
        all that there is.
        """
        break_off(self.context.client.id)
        for end in (self.context.server, self.context.client):
            yield commands.CloseConnection(end)
        self._handle_event = self.done  # type: ignore[method-assign]  # as its own class does


class Opening(layer.Layer):
    """Looks at the first bytes, then hands the connection over."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._said = b""
        self._foreign: Foreign | None = None
        self._timer: commands.RequestWakeup | None = None
        self._patience: commands.RequestWakeup | None = None
        """With what was begun and is not whole."""
        self._waited = False
        self._far: Connection | None = None
        """The connection to the server, or to the proxy on the way there."""
        self._given_up: Connection | None = None
        """Such a one that was opened in vain."""
        self._opens = False
        self._way: layer.Layer | None = None
        self._relay: _Relay | None = None
        self._next: Any = None

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if isinstance(event, events.Start):
            self._timer = commands.RequestWakeup(_patience(self._port))
            yield self._timer
        elif isinstance(event, events.Wakeup) and event.command is self._timer:
            yield from self._silence()
        elif isinstance(event, events.Wakeup) and event.command is self._patience:
            yield from self._waited_for()
        elif isinstance(event, events.ConnectionEvent) and event.connection is self._given_up:
            return
        elif self._next is not None:
            yield from self._next.handle_event(event)
        elif self._relay is not None:
            yield from self._first_word(event, self._relay)
        elif isinstance(event, events.ConnectionClosed):
            yield from self._left(event)
        elif isinstance(event, events.DataReceived):
            self._said += event.data
            yield from self._look()

    @property
    def _port(self) -> int:
        address = self.context.server.address
        return 0 if address is None else address[1]

    def _look(self) -> layer.CommandGenerator[None]:
        spoken = yield from self._spoken()
        if spoken is None:
            return
        if spoken == "":
            yield from self._inspected()
            return
        if spoken == HTTP:
            yield from refused(self.context, self._said, old_request)
            yield from self._broken()
            return
        yield from self._asked(spoken, half=self._waited)
        if self._relay is not None:
            yield from self._go_on()

    def _spoken(self) -> layer.CommandGenerator[str | None]:
        """Return what `spoken_in` does; None while a first line may yet become whole."""
        spoken = spoken_in(self._said, self._port)
        if spoken is not None and (spoken or not is_half(self._said)):
            return spoken
        if self._waited:
            return protocol_at(self._port)
        if self._patience is None:
            self._patience = commands.RequestWakeup(patience_for(self._said))
            yield self._patience
        return None

    def _waited_for(self) -> layer.CommandGenerator[None]:
        """What was begun is not whole in time: no client of HTTP begins so, nor one of TLS."""
        if self._next is not None or not self._said or spoken_in(self._said, self._port):
            return
        if self._said[:1] == HANDSHAKE:
            if spoken_in(self._said, self._port) is None:
                yield from refused(self.context, self._said)
                yield from self._broken()
            return
        self._waited = True
        if self._relay is None:
            yield from self._look()
        elif not self._opens:
            yield from self._client_spoke()

    def _left(self, event: events.ConnectionClosed) -> layer.CommandGenerator[None]:
        """The client goes; where it has begun something, that is told."""
        if self._said and self._said[:1] != HANDSHAKE:
            yield from self._inspected()
        if self._next is not None:
            yield from self._next.handle_event(event)
        else:
            yield commands.CloseConnection(self.context.client)

    def _broken(self) -> layer.CommandGenerator[None]:
        """Break it off, on either side."""
        if self._relay is not None:
            yield from self._relay.refused()
        else:
            break_off(self.context.client.id)
            yield commands.CloseConnection(self.context.client)
        self._next = _Ended(self.context)

    def _inspected(self) -> layer.CommandGenerator[None]:
        """Let the connection be read like any other."""
        if asks_a_proxy(self._said):
            self.context.server.address = None
            self._next = GateHttpLayer(self.context, HTTPMode.regular)
        else:
            self._next = layer.NextLayer(self.context)
        yield from self._next.handle_event(events.Start())
        yield from self._next.handle_event(events.DataReceived(self.context.client, self._said))

    def _asked(
        self, protocol: str, *, silent: bool = False, half: bool = False
    ) -> layer.CommandGenerator[None]:
        """Ask whether a foreign connection may pass; open the way for one that may."""
        assert self.context.server.address is not None
        target = self.context.server.address[:2]
        foreign = Foreign(self.context.client.id, target, protocol, silent, half)
        yield GateForeignHook(foreign)
        if foreign.may_wait:
            return
        if foreign.passage is None:
            yield from self._broken()
            return
        self._foreign = foreign
        way = tunnel.LayerStack()
        if foreign.via is not None:
            self.context.server.via = foreign.via
            way /= HttpUpstreamProxy.make(self.context, True)
        relay = _Relay(self.context, ignore=True)
        relay.passage = foreign.passage
        way /= relay
        self._relay, self._way = relay, way[0]
        self._far = getattr(way[0], "tunnel_connection", self.context.server)
        self._opens = True
        yield from self._way.handle_event(events.Start())

    def _silence(self) -> layer.CommandGenerator[None]:
        """The client has said nothing for a while: perhaps it waits for the server."""
        if self._next is not None or self._relay is not None or self._said:
            return
        yield from self._asked(protocol_at(self._port), silent=True)

    def _first_word(self, event: events.Event, relay: _Relay) -> layer.CommandGenerator[None]:
        """Somebody speaks at last. A client that speaks HTTP first is read like any other."""
        assert self._way is not None
        if isinstance(event, events.DataReceived) and event.connection is self.context.client:
            self._said += event.data
            if not self._opens:
                yield from self._client_spoke()
            return
        if isinstance(event, events.ConnectionClosed):
            if self._said and not self._opens:
                self._waited = True
                yield from self._client_spoke()
            self._next = self._next or self._way
            yield from self._next.handle_event(event)
            return
        yield from self._way.handle_event(event)
        if relay.heard:
            yield from self._go_on()
        elif isinstance(event, events.CommandCompleted):
            self._opens = False
            if self._said:
                yield from self._client_spoke()

    def _client_spoke(self) -> layer.CommandGenerator[None]:
        spoken = yield from self._spoken()
        if spoken is None or not (spoken or self.context.client.connected):
            return
        if spoken:
            yield from self._go_on() if self._may_speak(spoken) else self._broken()
            return
        assert self._foreign is not None
        assert self._foreign.passage is not None
        assert self._far is not None
        self._foreign.passage.end("nothing passed unread: the client spoke HTTP after all")
        self._given_up = self._far
        yield commands.CloseConnection(self._far)
        self.context.server = Server(address=self.context.server.address)
        yield from self._inspected()

    def _go_on(self) -> layer.CommandGenerator[None]:
        """Forward what was said so far, and all that follows."""
        assert self._way is not None
        self._next, said, self._said = self._way, self._said, b""
        if said:
            yield from self._way.handle_event(events.DataReceived(self.context.client, said))

    def _may_speak(self, protocol: str) -> bool:
        assert self._foreign is not None
        passage = self._foreign.passage
        return passage is not None and passage.spoke(protocol)


class _Ended(layer.Layer):
    """Takes what comes after the end."""

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        yield from ()


def spoken_in(said: bytes, port: int) -> str | None:
    """Return what a client's first bytes are: empty for what is to be inspected, the protocol for
    what is not; None while that cannot be told. `http`: HTTP that cannot be read.
    """
    if said[:1] == HANDSHAKE:
        return _in_hello(said, port)
    line, ended, _ = said.partition(b"\n")
    if ended and not ends_as_http(line):
        words = len(with_plain_blanks(line).split())
        if is_old_request(line, words, port):
            return HTTP
    found = spoken_by_client(said)
    if found is None and looks_like_http(said):
        return ""
    return found or protocol_at(port)


def _in_hello(said: bytes, port: int) -> str | None:
    """TLS carries HTTP where the client offers that, or offers nothing at a port for it."""
    try:
        hello = parse_client_hello(said)
    except ValueError:
        return ""
    if hello is None:
        return None if len(said) < _MOST_HELLO else ""
    offers = hello.alpn_protocols
    if offers:
        return "" if any(one in HTTP_ALPNS for one in offers) else TLS
    if port not in ENCRYPTED:
        return ""
    known = protocol_at(port)
    return TLS if known == UNKNOWN else known


def asks_a_proxy(said: bytes) -> bool:
    """Return True when a client takes whoever listens for a proxy: its request names a URL."""
    if said.startswith(_PROXY_WORDS):
        return True
    line = said.partition(b"\n")[0].split(b" ")
    return len(line) > 1 and _ABSOLUTE in line[1][:16]


def _patience(port: int) -> float:
    if port in SERVER_SPEAKS_FIRST:
        return _AT_ONCE_S
    return _LATE_S if port in WEB else _SOON_S
