"""Layers that ask less do the same as mitmproxy's: the same commands, in the same order."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import http
from mitmproxy.connection import Connection, Server
from mitmproxy.options import Options
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import (
    DropStream,
    GetHttpConnection,
    HttpLayer,
    HTTPMode,
    RegisterHttpConnection,
    SendHttp,
)
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import RequestData, RequestHeaders
from mitmproxy.proxy.layers.http._hooks import HttpRequestHook
from mitmproxy.proxy.layers.http._http1 import Http1Connection
from mitmproxy.proxy.tunnel import TunnelLayer, TunnelState
from mitmproxy.test import tflow

from proxy import quick_layers
from proxy.far_side import GateHttp1Client
from proxy.joined_heads import HeadJoined
from proxy.mitmproxy_patches.applied import in_our_own_process
from proxy.quick_layers import QuickHttpLayer
from proxy.streams import GateHttpLayer, GateStream
from proxy.trailers import GateHttp1Server

STEPS = st.lists(st.sampled_from(["asks", "tells"]), max_size=4)
ASKED = st.lists(st.tuples(st.sampled_from(["data", "answer", "other answer"]), STEPS), max_size=9)


class Asks(commands.Command):
    """Has to be answered."""

    blocking = True

    def __init__(self, name: str) -> None:
        self.name = name


class Tells(commands.Command):
    """Is told, no more."""

    def __init__(self, name: str) -> None:
        self.name = name


class Answered(events.CommandCompleted):
    """The answer to a question."""

    command: Asks
    reply: str

    def __init__(self, command: Asks, reply: str) -> None:
        self.command, self.reply = command, reply

    def __new__(cls, *_: Any) -> "Answered":
        return object.__new__(cls)


class Comes(events.Event):
    """Something that happens."""

    def __init__(self, name: str, steps: list[str]) -> None:
        self.name, self.steps = name, steps


class Scripted(layer.Layer):
    """Does what an event says, and notes the answers that it has."""

    def __init__(self) -> None:
        super().__init__(Context(tflow.tclient_conn(), Options()))
        self.heard: list[str] = []

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if not isinstance(event, Comes):
            yield Tells("what is it?")
            return
        for number, step in enumerate(event.steps):
            name = f"{event.name}.{number}"
            if step == "asks":
                reply = yield Asks(name)
                self.heard.append(f"{name} {reply}")
            else:
                yield Tells(name)


def played(
    handle: Any, script: list[tuple[str, list[str]]], kind: type[Scripted] = Scripted
) -> list[Any]:
    """Return all that comes of a script, with who waits for it, and what was heard at the end."""
    one, asked = kind(), Asks("never")
    told: list[Any] = []
    for number, (what, steps) in enumerate(script):
        event: events.Event = Comes(str(number), steps)
        if what == "answer":
            event = Answered(asked, f"yes {number}")
        elif what == "other answer":
            event = Answered(Asks("another"), "no")
        if isinstance(event, Answered) and one._paused is None:
            continue
        for command in handle(one, event):
            told.append((command.name, command.blocking is one, one._paused is not None))
            if isinstance(command, Asks):
                asked = command
        told.append((len(one._paused_event_queue), one._paused is None))
    return [*told, *one.heard]


@given(script=ASKED)
def test_layers_do_the_same_as_mitmproxys(script: list[tuple[str, list[str]]]) -> None:
    """Whatever comes while a layer waits, or answers it: the same is done, in the same order."""
    theirs = played(quick_layers._THEIR_HANDLING, script)
    assert played(quick_layers.handled, script) == theirs


class PlainScripted(Scripted):
    """The same, of a kind whose events come without `handle_event` in between."""

    handles_events_as_every_layer = True


@given(script=ASKED)
def test_the_http_layer_notes_what_its_children_wait_for(
    script: list[tuple[str, list[str]]],
) -> None:
    """A child that is read without its `handle_event` waits, goes on and keeps what comes as ever;
    the layer knows whom to give the answer.
    """
    http_layer = QuickHttpLayer(Context(tflow.tclient_conn(), Options()), HTTPMode.transparent)
    told = []
    for kind in (Scripted, PlainScripted):
        http_layer.command_sources.clear()
        told.append((played(http_layer.event_to_child, script, kind), sources(http_layer)))
    assert told[0] == told[1]
    assert told[1][0] == played(quick_layers.handled, script)


def sources(http_layer: HttpLayer) -> list[tuple[Any, bool]]:
    """Return what is waited for, and whether by whom it should be."""
    return [
        (getattr(command, "name", ""), command.blocking is child)
        for command, child in http_layer.command_sources.items()
    ]


def test_who_reads_along_still_does() -> None:
    """With mitmproxy's own log of a layer switched on, it is written."""
    one = Scripted()
    one.debug = ""
    logged = list(quick_layers.handled(one, Comes("1", ["tells"])))
    assert [type(command) for command in logged] == [commands.Log, commands.Log, Tells]


class Said:
    """A child that says these commands."""

    def __init__(self, said: list[commands.Command]) -> None:
        self._said = said

    def handle_event(self, _: events.Event) -> Iterator[commands.Command]:
        yield from self._said


class Noted:
    """A child that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def handle_event(self, event: events.Event) -> Iterator[commands.Command]:
        self.told.append(event)
        yield commands.Log("noted")


def all_commands(client: Connection, server: Server) -> list[commands.Command]:
    """Return one command of each kind."""
    request = http.Request.make("POST", "http://a.example/")
    flow = tflow.tflow()
    return [
        commands.SendData(client, b"x"),
        HttpRequestHook(flow),
        ReceiveHttp(RequestHeaders(3, request, end_stream=False)),
        ReceiveHttp(RequestData(1, b"for one that is there")),
        ReceiveHttp(RequestData(9, b"for one that is over")),
        SendHttp(RequestData(1, b"y"), server),
        DropStream(1),
        GetHttpConnection(("a.example", 80), False, None, "tcp"),
        RegisterHttpConnection(server, None),
        commands.OpenConnection(server),
        commands.CloseConnection(client),
        commands.RequestWakeup(1.0),
        commands.Log("words"),
    ]


def carried(kind: type[Any]) -> tuple[Any, ...]:
    """Return all that comes of each command, and what the layer notes meanwhile."""
    notes: list[Any] = []

    class Layer(kind):  # type: ignore[misc]
        def make_stream(self, stream_id: int) -> layer.CommandGenerator[None]:
            notes.append(("stream", stream_id))
            yield from ()

        def begin_stream(self, stream_id: int) -> None:
            notes.append(("stream", stream_id))

        def get_connection(self, command: Any, **_: Any) -> layer.CommandGenerator[None]:
            notes.append(("get", command.address))
            yield commands.Log("get")

        def register_connection(self, command: Any) -> layer.CommandGenerator[None]:
            notes.append(("register", command.err))
            yield commands.Log("register")

    client, server = tflow.tclient_conn(), Server(address=("a.example", 80))
    http_layer = Layer(Context(client, Options()), HTTPMode.transparent)
    stream, end = Noted(), Noted()
    http_layer.streams[1] = stream
    http_layer.connections[server] = end
    child: Any = Said(all_commands(client, server))
    out = [type(command).__name__ for command in http_layer.event_to_child(child, events.Start())]
    sources = [
        (type(command).__name__, source is child)
        for command, source in http_layer.command_sources.items()
    ]
    told = [[one.data for one in who.told] for who in (stream, end)]
    opened = http_layer.connections[server] is child
    return out, sources, told, opened, list(http_layer.streams), notes


def test_each_command_comes_to_where_it_belongs() -> None:
    """What the HTTP layer does about each kind of command is what mitmproxy's does."""
    assert carried(QuickHttpLayer) == carried(HttpLayer)


@pytest.mark.parametrize("kind", [commands.SendData, ReceiveHttp, SendHttp, RequestHeaders])
def test_commands_are_told_by_their_very_class(kind: type) -> None:
    """There is no narrower kind of what is told by its class and not by its family."""
    assert kind.__subclasses__() == []


def test_a_stream_is_begun_as_by_a_start_event() -> None:
    """A stream of ours stands where mitmproxy's stands when it was told to start."""
    context = Context(tflow.tclient_conn(), Options())
    ours = GateHttpLayer(context.fork(), HTTPMode.transparent)
    ours.begin_stream(1)
    begun, started = ours.streams[1], GateStream(ours.context.fork(), 1)
    assert list(started.handle_event(events.Start())) == []
    assert isinstance(begun, GateStream)
    for name in ("client_state", "server_state"):
        assert getattr(begun, name).__func__ is getattr(started, name).__func__
    assert begun.backlog() == 0


def test_connections_are_what_they_are() -> None:
    """In the gate's process a connection is equal to itself, and found without a call of Python."""
    in_our_own_process()
    one, other = Server(address=("a.example", 80)), Server(address=("a.example", 80))
    assert one == one
    assert one != other
    assert {one: 1}.get(other) is None
    assert (Connection.__eq__, Connection.__hash__) == (object.__eq__, object.__hash__)
    for kind in (Server, type(tflow.tclient_conn())):
        assert kind.__hash__ is object.__hash__


class Tunnel(TunnelLayer):
    """A tunnel that tells what it is asked to do."""

    def receive_data(self, data: bytes) -> layer.CommandGenerator[None]:
        yield Tells(f"received {data!r}")

    def receive_handshake_data(
        self, data: bytes
    ) -> layer.CommandGenerator[tuple[bool, str | None]]:
        yield Tells(f"shook hands with {data!r}")
        return False, None

    def send_data(self, data: bytes) -> layer.CommandGenerator[None]:
        yield Tells(f"sent {data!r}")


def through(ways: tuple[Any, Any], state: TunnelState, opening: bool, what: str) -> Any:
    """Return what comes of an event in a tunnel in this state, and what is kept for later."""
    outer, inner, other = (Server(address=(name, 80)) for name in "abc")
    tunnel = Tunnel(Context(tflow.tclient_conn(), Options()), outer, inner)
    tunnel.tunnel_state = state
    tunnel.command_to_reply_to = commands.OpenConnection(inner) if opening else None
    said: list[commands.Command] = [
        commands.SendData(inner, b"in"),
        commands.SendData(other, b"beside"),
        commands.CloseConnection(inner),
        commands.Log("words"),
        HttpRequestHook(tflow.tflow()),
    ]
    child: Any = Said(said)
    tunnel.child_layer, event_of = (
        child,
        {
            "start": lambda: events.Start(),
            "data": lambda: events.DataReceived(outer, b"x"),
            "data of another": lambda: events.DataReceived(other, b"x"),
            "end": lambda: events.ConnectionClosed(outer),
            "wake": lambda: events.Wakeup(commands.RequestWakeup(1)),
            "http": lambda: RequestData(1, b"x"),
        },
    )
    with pytest.MonkeyPatch.context() as patching:
        for name, way in zip(("_handle_event", "event_to_child"), ways, strict=True):
            patching.setattr(TunnelLayer, name, way)
        event: events.Event = event_of[what]()  # type: ignore[no-untyped-call]
        out = [getattr(one, "name", type(one)) for one in tunnel._handle_event(event)]
    return out, tunnel.tunnel_state, len(tunnel._event_queue), inner.state, outer.state


@pytest.mark.parametrize("what", ["start", "data", "data of another", "end", "wake", "http"])
@pytest.mark.parametrize("opening", [False, True])
@pytest.mark.parametrize("state", TunnelState)
def test_tunnels_do_the_same_as_mitmproxys(state: TunnelState, opening: bool, what: str) -> None:
    """In each state a tunnel may be in, whatever comes."""
    ours = quick_layers.tunnel_event, quick_layers.tunnel_child
    theirs = quick_layers._THEIR_TUNNEL, quick_layers._THEIR_CHILD
    assert through(ours, state, opening, what) == through(theirs, state, opening, what)


@pytest.mark.parametrize("kind", [GateHttp1Server, GateHttp1Client])
def test_ends_do_the_same_as_mitmproxys(kind: type[Any]) -> None:
    """An end sends what it is told, keeps what has come, and lets it pass where it only passes."""
    context = Context(tflow.tclient_conn(), Options())
    context.server = Server(address=("a.example", 80))
    for state in ("read", "passthrough"):
        told = []
        for handle in (HeadJoined._handle_event, Http1Connection._handle_event):
            end, heard = kind(context.fork()), list[Any]()

            def noted(event: Any, heard: list[Any] = heard) -> Iterator[commands.Command]:
                heard.append(type(event))
                yield Tells("noted")

            end.send = noted
            end.state = end.passthrough = noted
            if state == "read":
                end.passthrough = None
            happened = (RequestData(1, b"x"), events.DataReceived(end.conn, b"y"), events.Start())
            names = [repr(one) for event in happened for one in handle(end, event)]
            told.append((names, heard, bytes(end.buf)))
        assert told[0] == told[1]


@pytest.mark.parametrize(
    "event",
    [
        events.DataReceived(Server(address=("b.example", 80)), b"x"),
        events.Wakeup(commands.RequestWakeup(1)),
        events.HookCompleted(HttpRequestHook(tflow.tflow()), None),
    ],
    ids=["data", "wakeup", "hook"],
)
def test_what_nobody_has_asked_for_fails_as_in_mitmproxy(event: events.Event) -> None:
    """An event of no connection and no stream of the layer is an error, not passed over."""
    for kind in (HttpLayer, GateHttpLayer):
        http_layer = kind(Context(tflow.tclient_conn(), Options()), HTTPMode.transparent)
        with pytest.raises(KeyError):
            list(http_layer._handle_event(event))
