"""HTTP's parts come straight to the ends of connections: by the long way and by this one the same
is sent, the same hooks run and the same connections end, in the same order.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mitmproxy.connection import ConnectionState
from mitmproxy.options import Options
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HttpClient
from mitmproxy.proxy.layers.http._events import RequestEndOfMessage
from mitmproxy.proxy.layers.tls import ServerTLSLayer
from mitmproxy.proxy.tunnel import TunnelState
from mitmproxy.test import tflow
from OpenSSL import SSL
from tunnel_drive import Tunnel

from certs.authority import open_authority
from certs.leaf import LeafMinter
from examples import most
from proxy.far_side import GateHttp1Client
from proxy.joined_heads import HeadJoined
from proxy.mitmproxy_patches.applied import in_our_own_process
from proxy.straight_ends import end_of, said_by
from proxy.streams import GateHttpLayer, GateStream

HOST = b" HTTP/1.1\r\nHost: a.example\r\n"
BODY = b"Content-Length: 9\r\n\r\nbodyhello"
REQUESTS = {
    "ordinary": b"POST /1" + HOST + BODY,
    "large": b"POST /2" + HOST + b"Content-Length: 20005\r\n\r\n" + b"x" * 20_000 + b"hello",
    "in chunks": b"PUT /3" + HOST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "with trailers": b"PUT /4"
    + HOST
    + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
    "that asks first": b"POST /5" + HOST + b"Expect: 100-continue\r\n" + BODY,
    "without a body": b"GET /hello" + HOST + b"\r\n",
    "for a head": b"HEAD /hello" + HOST + b"\r\n",
    "that ends it": b"POST /6" + HOST + b"Connection: close\r\n" + BODY,
    "of HTTP/1.0": b"POST /7 HTTP/1.0\r\nHost: a.example\r\n" + BODY,
    "with an empty body": b"POST /hello" + HOST + b"Content-Length: 0\r\n\r\n",
    "with odd fields": b"POST /8" + HOST + b"X-A:\r\nx-a: \xff\r\nCOOKIE: a=b\r\n" + BODY,
    "of two lengths": b"POST /hello" + HOST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "that is none": b"\x00\x01 hello\r\n\r\n",
    "that is half": b"POST /hello" + HOST,
}
OK = b"HTTP/1.1 200 OK\r\n"
ANSWERS = {
    "ordinary": OK + b"Content-Length: 2\r\n\r\nok",
    "empty": OK + b"Content-Length: 0\r\n\r\n",
    "in chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "not modified": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    "hints first": b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
    + OK
    + b"Content-Length: 2\r\n\r\nok",
    "go on first": b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok",
    "until it ends": OK + b"\r\nuntil the end",
    "that ends it": OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nok",
    "of HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "more than it says": OK + b"Content-Length: 2\r\n\r\nokand more",
    "twice": (OK + b"Content-Length: 2\r\n\r\nok") * 2,
    "no HTTP": b"nonsense\r\n\r\n",
    "bad chunks": OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nok",
    "half": OK + b"Content-Length: 9\r\n\r\nok",
}
STEPS = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from([1, 7, 60, 900, 1 << 20])), max_size=40
)
NAMES = {kind.__name__: kind for kind in (GateStream, HeadJoined)}


class Noting(Tunnel):
    """A tunnel that notes all that is done for it."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.done: list[tuple[str, str]] = []
        super().__init__(*arguments, **named)

    def _do(self, command: commands.Command) -> None:
        about = ""
        if isinstance(command, commands.ConnectionCommand):
            about = "client" if command.connection is self.client else "server"
        elif isinstance(command, commands.StartHook):
            about = command.name
        if not isinstance(command, commands.Log):
            self.done.append((type(command).__name__, about))
        super()._do(command)

    def close(self, *, client: bool) -> None:
        """Have an end close its connection, if it has one."""
        ends = [self.client] if client else [*self.servers][-1:]
        for connection in ends:
            if connection.state is not ConnectionState.CLOSED:
                connection.state &= ~ConnectionState.CAN_READ
                self._event(events.ConnectionClosed(connection))


@contextmanager
def the_long_way() -> Iterator[None]:
    """Have everything take mitmproxy's way from layer to layer."""
    with pytest.MonkeyPatch.context() as patching:
        for kind in NAMES.values():
            patching.setattr(kind, "handles_events_as_every_layer", False)
        patching.setattr(GateHttpLayer, "straight", lambda *_: None)
        yield


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> SSL.Context:
    in_our_own_process()
    folder = tmp_path_factory.mktemp("straight")
    leaf = LeafMinter(open_authority(folder)).mint("a.example")
    (folder / "leaf.pem").write_bytes(leaf.key_pem() + leaf.certificates_pem())
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate_chain_file(str(folder / "leaf.pem"))
    context.use_privatekey_file(str(folder / "leaf.pem"))
    return context


def outcome(
    server: SSL.Context,
    said: list[bytes],
    answer: list[bytes],
    steps: list[tuple[int, int]],
    ends: tuple[str, int],
    *,
    short: bool,
    streams: bool = False,
) -> tuple[Any, ...]:
    """Return what both sides heard, and all that was done."""
    tunnel = Noting(server, answer, short=short, streams=streams)
    client, (who, at) = tunnel.end, ends
    assert client is not None
    for piece in said:
        client.say(piece)
    for number, (what, size) in enumerate(steps):
        if number == at and who != "nobody":
            tunnel.close(client=who == "client")
        tunnel.step(what, size)
    tunnel.settle()
    if who != "nobody":
        tunnel.close(client=who == "client")
        tunnel.settle()
    heard = sorted(end.heard for end in tunnel.servers.values())
    return client.heard, heard, tunnel.done


def both(*arguments: Any, **named: Any) -> None:
    """Compare the straight way with the long one."""
    straight = outcome(*arguments, short=True, **named)
    with the_long_way():
        assert straight == outcome(*arguments, short=False, **named)


@settings(max_examples=most(120), deadline=None)
@given(
    asked=st.lists(st.sampled_from(sorted(REQUESTS)), min_size=1, max_size=3),
    answer=st.sampled_from(sorted(ANSWERS)),
    cut=st.integers(0, 80),
    joined=st.booleans(),
    streams=st.booleans(),
    steps=STEPS,
    ends=st.tuples(st.sampled_from(["nobody", "client", "server"]), st.integers(0, 40)),
)
def test_the_same_is_done(
    server: SSL.Context,
    asked: list[str],
    answer: str,
    cut: int,
    joined: bool,
    streams: bool,
    steps: list[tuple[int, int]],
    ends: tuple[str, int],
) -> None:
    """Whatever is asked and answered, in whatever pieces, and whoever leaves when."""
    said = [REQUESTS[name] for name in asked]
    told = ANSWERS[answer]
    pieces = [told[:cut], told[cut:]]
    both(server, [b"".join(said)] if joined else said, pieces, steps, ends, streams=streams)


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("name", [name for name in REQUESTS if name != "large"])
def test_byte_by_byte(server: SSL.Context, name: str, answer: str) -> None:
    """Each byte in a record of its own, both ways; the server ends it at last."""
    said = [bytes([one]) for one in REQUESTS[name]]
    told = [bytes([one]) for one in ANSWERS[answer]]
    both(server, said, told, [], ("server", 0))


def test_an_ordinary_exchange_takes_it(
    server: SSL.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the second on each part of a request, and each piece of an answer, comes straight."""
    taken: list[tuple[str, bool]] = []

    def noted(child: layer.Layer, event: events.Event) -> Any:
        found = said_by(child, event)
        if isinstance(child, ServerTLSLayer):
            taken.append((type(event).__name__, found is not None))
        return found

    monkeypatch.setattr("proxy.streams.said_by", noted)
    said = [REQUESTS["ordinary"]] * 2
    outcome(server, said, [ANSWERS["ordinary"]], [], ("nobody", 0), short=True)
    parts = ["RequestHeaders", "RequestData", "RequestEndOfMessage", "DataReceived"]
    assert taken[-len(parts) :] == [(name, True) for name in parts]


def standing() -> tuple[Any, Any, Any]:
    """Return the layers of a connection to a server that stands: TLS, what opened it, its end."""
    context = Context(tflow.tclient_conn(), Options())
    tls = ServerTLSLayer(context)
    tls.tunnel_state, tls.debug = TunnelState.OPEN, None
    client = HttpClient(context)
    end = GateHttp1Client(context)
    tls.child_layer, client.child_layer = client, end
    client._handle_event = end.handle_event
    return tls, client, end


def test_the_end_is_asked_where_all_before_it_stand() -> None:
    """There is an end to be asked, for what it hears; nothing else takes this way."""
    tls, _, end = standing()
    assert end_of(tls) is end is not None
    assert said_by(tls, RequestEndOfMessage(1)) is not None
    assert said_by(tls, events.Start()) is None
    assert said_by(tls, events.DataReceived(tflow.tserver_conn(), b"another's")) is None
    assert said_by(end, RequestEndOfMessage(1)) is None


@pytest.mark.parametrize("which", [0, 1, 2])
def test_who_waits_is_not_passed_by(which: int) -> None:
    """Where one of them waits for something, the long way is taken."""
    layers = standing()
    layers[which]._paused = object()
    assert end_of(layers[0]) is None


@pytest.mark.parametrize("state", [one for one in TunnelState if one is not TunnelState.OPEN])
def test_a_tls_that_does_not_stand_is_not_passed_by(state: TunnelState) -> None:
    """Before the handshake is done, and after the end."""
    tls, _, _ = standing()
    tls.tunnel_state = state
    assert end_of(tls) is None


def test_others_than_these_are_not_passed_by() -> None:
    """HTTP/2, a connection that is not opened yet, one that is read along."""
    tls, client, end = standing()
    client.child_layer = Tells()
    assert end_of(tls) is None
    client.child_layer = end
    assert end_of(tls) is end
    del client._handle_event
    assert end_of(tls) is None
    tls, _, _ = standing()
    tls.debug = ""
    assert end_of(tls) is None
    tls, _, _ = standing()
    tls.wait_for_clienthello = True
    assert end_of(tls) is None
    assert said_by(standing()[1], RequestEndOfMessage(1)) is None


class Tells:
    """No end of HTTP/1."""
