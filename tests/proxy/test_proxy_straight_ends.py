"""HTTP's parts come straight to the ends of connections: by the long way and by this one the same
is sent, the same hooks run and the same connections end, in the same order.
"""

from typing import Any

import pytest
from families import crossed
from hypothesis import given, settings
from hypothesis import strategies as st
from mitmproxy.options import Options
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HttpClient
from mitmproxy.proxy.layers.http._events import RequestEndOfMessage
from mitmproxy.proxy.layers.tls import ServerTLSLayer
from mitmproxy.proxy.tunnel import TunnelState
from mitmproxy.test import tflow
from OpenSSL import SSL
from tunnel_cases import ANSWERS, REQUESTS, outcome, server_in, the_long_way

from examples import most
from proxy.far_side import GateHttp1Client
from proxy.straight_ends import end_of, said_by

STEPS = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from([1, 7, 60, 900, 1 << 20])), max_size=40
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> SSL.Context:
    return server_in(tmp_path_factory.mktemp("straight"))


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


@crossed(name=[name for name in REQUESTS if name != "large"], answer=ANSWERS)
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
