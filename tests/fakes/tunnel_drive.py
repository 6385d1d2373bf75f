"""A tunnel in memory: the gate's own layers between a client and its servers, with real TLS on both
sides, where a test says what comes when, in which pieces, and which hook is over next."""

from collections import deque
from collections.abc import Callable, Container
from contextlib import suppress
from functools import partial
from types import SimpleNamespace
from typing import Any

from OpenSSL import SSL

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from mitmproxy.connection import ConnectionState
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import ServerTLSLayer, modes, tls
from mitmproxy.proxy.layers.http import HTTPMode
from mitmproxy.proxy.layers.http._hooks import HttpRequestHeadersHook, HttpResponseHeadersHook
from mitmproxy.test import tflow

from proxy.short_way import ShortWay
from proxy.streams import GateHttpLayer
from proxy.tls_passthrough import GateClientTls

_OPTIONS = {
    "http2_ping_keepalive": 0,
    "connection_strategy": "lazy",
    "validate_inbound_headers": True,
    "normalize_outbound_headers": True,
}
REQUEST_END = b"hello"
"""With this each request ends; then its answer is said, in pieces."""


class _Options(SimpleNamespace):
    """Whatever is not named is off."""

    def __getattr__(self, name: str) -> Any:
        return _OPTIONS.get(name)


class End:
    """One end of a TLS connection: what it said and heard, in clear."""

    def __init__(self, context: SSL.Context, *, asks: bool) -> None:
        self.tls = SSL.Connection(context)
        (self.tls.set_connect_state if asks else self.tls.set_accept_state)()
        self.heard = b""
        self.answered = 0
        self.waiting: deque[bytes] = deque()
        """What it has sent, and nobody was given yet."""

    def take(self, data: bytes) -> None:
        """Hear what came from the other side."""
        self.tls.bio_write(data)
        with suppress(SSL.WantReadError):
            self.tls.do_handshake()
        with suppress(SSL.WantReadError):
            while True:
                self.heard += self.tls.recv(65536)
        self.flush()

    def say(self, data: bytes) -> None:
        """Send, as one record."""
        self.tls.sendall(data)
        self.flush()

    def flush(self) -> None:
        """Put into `waiting` what is to be sent."""
        with suppress(SSL.WantReadError):
            while True:
                self.waiting.append(self.tls.bio_read(65536))


class Tunnel:
    """The layers of a tunnel that stands, on the short way or the long one."""

    def __init__(
        self,
        server: SSL.Context,
        answer: list[bytes],
        *,
        short: bool,
        alpn: bytes | None = None,
        streams: bool = False,
        whole: bool = False,
        at_once: Container[str] = (),
        acts: Callable[[commands.StartHook], None] = lambda _: None,
    ) -> None:
        """With `whole`, messages are taken as wholes where they can be. `at_once`: hooks that are
        over where they begin; `acts` does in each what an addon would.
        """
        self._context, self._answer = server, answer
        self._uses, self._streams = short, streams
        self._whole, self._at_once, self._acts = whole, at_once, acts
        self.short: ShortWay | None = None
        self.faults: list[str] = []
        """What mitmproxy's layers raised."""
        self.taken = 0
        """Events that took the short way."""
        client = tflow.tclient_conn()
        client.state, client.tls, client.alpn = ConnectionState.OPEN, False, None
        self.client = client
        self.servers: dict[Any, End] = {}
        self.hooks: list[commands.StartHook] = []
        """Hooks that are not over."""
        self._coming: deque[events.Event] = deque()
        self._handling = False
        self.end: End | None = None
        """The client's, once it has its tunnel."""
        self._out = b""
        options: Any = _Options()
        context = Context(client, options)
        self._layer: layer.Layer = layer.NextLayer(context, ask_on_start=True)
        self._event(events.Start())
        self._event(
            events.DataReceived(
                client, b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n"
            )
        )
        self.settle()
        assert self._out.startswith(b"HTTP/1.1 200 "), self._out
        trusting = SSL.Context(SSL.TLS_METHOD)
        if alpn:
            trusting.set_alpn_protos([alpn])
        self.end = End(trusting, asks=True)
        self.end.tls.set_tlsext_host_name(b"a.example")
        with suppress(SSL.WantReadError):
            self.end.tls.do_handshake()
        self.end.flush()
        self.settle()

    def settle(self) -> None:
        """Let all that is on its way arrive, and every hook end."""
        while self.hooks or self._on_its_way():
            while self.hooks:
                self.finish(0)
            for end in self._on_its_way():
                self.deliver(end)

    def _on_its_way(self) -> list[Any]:
        ends = self.servers if self.end is None else {self.client: self.end, **self.servers}
        return [connection for connection, end in ends.items() if end.waiting]

    def deliver(self, connection: Any, size: int | None = None) -> None:
        """Give the gate the next bytes that an end has sent; so many of them, or a whole piece."""
        end = self.end if connection is self.client else self.servers[connection]
        assert end is not None
        if not end.waiting:
            return
        piece = end.waiting.popleft()
        if size is not None and size < len(piece):
            end.waiting.appendleft(piece[size:])
            piece = piece[:size]
        self._event(events.DataReceived(connection, piece))

    def finish(self, index: int) -> None:
        """End one of the hooks that are under way."""
        if not self.hooks:
            return
        hook = self.hooks.pop(index % len(self.hooks))
        self._act(hook)
        self._event(events.HookCompleted(hook, None))

    def _act(self, hook: commands.StartHook) -> None:
        if isinstance(hook, HttpResponseHeadersHook) and self._streams:
            assert hook.flow.response is not None
            hook.flow.response.stream = True
        self._acts(hook)

    def step(self, what: int, size: int) -> None:
        """Have one thing happen, of those that can."""
        ready: list[Callable[[], None]] = [
            *(partial(self.finish, index) for index in range(len(self.hooks))),
            *(partial(self.deliver, connection, size) for connection in self._on_its_way()),
        ]
        if ready:
            ready[what % len(ready)]()

    def _event(self, event: events.Event) -> None:
        self._coming.append(event)
        if self._handling:
            return
        self._handling = True
        while self._coming:
            event = self._coming.popleft()
            does = self if self._whole else None
            try:
                way = None if self.short is None else self.short.taken(event, does)
                self.taken += way is not None
                for command in self._layer.handle_event(event) if way is None else way:
                    self._do(command)
            except AssertionError as error:  # the gate logs it, and the connection times out
                self.faults.append(type(error).__name__)
        self._handling = False

    def write(self, connection: Any, data: bytes) -> None:
        """Send at once."""
        self._do(commands.SendData(connection, data))

    def asked(self, hook: commands.StartHook) -> bool:
        """Begin a hook; return whether it is over."""
        self._do(hook)
        last = self._coming[-1] if self._coming else None
        over = isinstance(last, events.HookCompleted) and last.command is hook
        if over:
            self._coming.pop()
        return over

    def _do(self, command: commands.Command) -> None:
        if isinstance(command, commands.SendData):
            self._send(command)
        elif isinstance(command, commands.OpenConnection):
            command.connection.state = ConnectionState.OPEN
            self.servers[command.connection] = End(self._context, asks=False)
            self._coming.append(events.OpenConnectionCompleted(command, None))
        elif isinstance(command, commands.CloseConnection):
            command.connection.state = ConnectionState.CLOSED
        elif isinstance(command, commands.StartHook):
            self._begin(command)
        else:
            assert isinstance(command, commands.Log), command

    def _send(self, command: commands.SendData) -> None:
        if command.connection is not self.client:
            server = self.servers[command.connection]
            server.take(command.data)
            while server.answered < server.heard.count(REQUEST_END):
                server.answered += 1
                for piece in filter(None, self._answer):
                    server.say(piece)
        elif self.end is None:
            self._out += command.data
        else:
            self.end.take(command.data)

    def _begin(self, hook: commands.StartHook) -> None:
        if isinstance(hook, layer.NextLayerHook):
            hook.data.layer = self._next(hook.data.context)
        elif isinstance(hook, tls.TlsStartClientHook):
            hook.data.ssl_conn = SSL.Connection(self._context)
            hook.data.ssl_conn.set_accept_state()
        elif isinstance(hook, tls.TlsStartServerHook):
            hook.data.ssl_conn = SSL.Connection(SSL.Context(SSL.TLS_METHOD))
            hook.data.ssl_conn.set_connect_state()
        if isinstance(hook, HttpRequestHeadersHook) and self._uses and self.short is None:
            waits: Any = hook.blocking
            self.short = ShortWay.through(waits.context.layers)
        asks = hook.name.startswith(("request", "response"))
        if hook.blocking and asks and hook.name not in self._at_once:
            self.hooks.append(hook)
        elif hook.blocking:
            if asks:
                self._act(hook)
            self._coming.append(events.HookCompleted(hook, None))

    @staticmethod
    def _next(context: Context) -> layer.Layer:
        kinds = [type(one) for one in context.layers]
        if not kinds:
            return modes.HttpProxy(context)
        if kinds[-1] is modes.HttpProxy:
            return GateHttpLayer(context, HTTPMode.regular)
        if GateClientTls in kinds:
            return GateHttpLayer(context, HTTPMode.transparent)
        to_server = ServerTLSLayer(context)
        to_server.child_layer = GateClientTls(context)
        return to_server
