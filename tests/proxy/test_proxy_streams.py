"""What one request and its answer hold is let go when they are over; so is a server that has
switched to a protocol which is not passed on.
"""

import gc
import http.client
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h2.events
import pytest
from mitmproxy.connection import ConnectionState
from mitmproxy.contrib.kaitaistruct.tls_client_hello import TlsClientHello
from mitmproxy.http import Response
from mitmproxy.proxy.layer import Layer
from OpenSSL import SSL
from patience import eventually
from tunnel_cases import ANSWERS, REQUESTS, Noting, server_in

from proxy.hooks import GateHandler
from proxy.streams import GateStream
from proxy.transaction import Transaction
from tests.proxy.conftest import RunningGate
from tests.proxy.test_proxy_http2_clients import asking
from tests.proxy.test_proxy_short_way import DIALOGUES, Asked, answers

_TIMES = 6
OK_ANSWER = ANSWERS["ordinary"]


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Nobody looks for garbage meanwhile, and what other tests keep is not looked through."""
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()


def _held() -> list[object]:
    return [one for one in gc.get_objects() if isinstance(one, GateStream | Transaction)]


@pytest.mark.parametrize("name", [*DIALOGUES, "refused"])
def test_nothing_of_an_exchange_waits_to_be_looked_for_as_garbage(
    gate: RunningGate, uncollected: None, name: str
) -> None:
    """Bodies of requests and answers leave memory with the answer's last byte, however the body
    came and whatever was decided: only the tunnel itself, and what it is at, is still there.
    """
    refused: list[Asked] = [("POST", b"x" * 900, {})] * 4
    if name == "refused":
        gate.policy.blocked_host = "files.example"
    asked = refused if name == "refused" else DIALOGUES[name]
    before = len(_held())
    for _ in range(_TIMES):
        told = answers(gate, [one for one in asked if not hasattr(one[1], "__next__")])
        assert told
    # Of each connection its CONNECT, as long as mitmproxy keeps that; of the last exchange all.
    eventually(lambda: len(_held()) - before <= 2 * _TIMES + 2)


def test_an_upload_in_pieces_and_what_reads_it_are_let_go(
    gate: RunningGate, uncollected: None
) -> None:
    """What scans a body as it passes goes with it."""
    talk = http.client.HTTPConnection("files.example")
    talk.sock = gate.connect("files.example")
    before = len(_held())
    for _ in range(_TIMES):
        pieces = iter([b"one", b"two" * 9000])
        talk.request("PUT", "/v1/x", pieces, {"Transfer-Encoding": "chunked"}, encode_chunked=True)
        talk.getresponse().read()
    eventually(lambda: len(_held()) - before <= 2)
    talk.close()


def _of_connections() -> int:
    kinds = (SSL.Connection, GateHandler, Layer, TlsClientHello)
    return sum(isinstance(one, kinds) for one in gc.get_objects())


@pytest.mark.parametrize("asked", [DIALOGUES["small ones"], []], ids=["asked", "silent"])
def test_nothing_of_a_connection_waits_to_be_looked_for_as_garbage(
    gate: RunningGate, uncollected: None, asked: list[Asked]
) -> None:
    """Both ends of its TLS, its layers and what began it go when its client has left."""
    before = _of_connections()
    for _ in range(_TIMES):
        answers(gate, asked)
    eventually(lambda: _of_connections() <= before)


def _refuses(where: str) -> Callable[[Any], None]:
    """Return what an addon does that refuses in this hook."""

    def refuses(hook: Any) -> None:
        if hook.name == where:
            hook.flow.response = Response.make(403, b"no")

    return refuses


@pytest.mark.parametrize("behind", [b"", b"raw"])
@pytest.mark.parametrize("at_once", [(), ("request", "responseheaders", "response")])
@pytest.mark.parametrize("where", ["responseheaders", "response"])
def test_where_a_switch_of_protocols_is_refused_the_next_request_is_served(
    tmp_path: Path, where: str, at_once: tuple[str, ...], behind: bytes
) -> None:
    """Its server speaks another protocol by then: that connection is ended, whatever comes on it,
    and the next request has one of its own.
    """
    told = [b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: odd\r\n\r\n" + behind]
    tunnel = Noting(server_in(tmp_path), told, short=True, at_once=at_once, acts=_refuses(where))
    client = tunnel.end
    assert client is not None
    for number in range(1, 4):
        client.say(REQUESTS["ordinary"])
        tunnel.settle()
        assert client.heard.count(b"HTTP/1.1 403 ") == number
        assert all(one.state is ConnectionState.CLOSED for one in tunnel.servers)
    assert tunnel.faults == []
    assert len(tunnel.servers) == 3


@pytest.mark.parametrize("where", ["requestheaders", "request", "response"])
def test_a_refusal_of_a_request_for_a_head_has_no_body(tmp_path: Path, where: str) -> None:
    """Its client reads none, and would take it for the answer to its next request."""
    tunnel = Noting(server_in(tmp_path), [OK_ANSWER], short=True, whole=True, acts=_refuses(where))
    client = tunnel.end
    assert client is not None
    for number in range(1, 4):
        client.say(REQUESTS["for a head"])
        tunnel.settle()
        assert client.heard.endswith(b"\r\n\r\n")
        assert client.heard.count(b"HTTP/1.1 403 ") == client.heard.count(b"\r\n\r\n") == number
    assert tunnel.faults == []


def test_a_refusal_of_a_request_for_a_head_breaks_no_other_stream(tmp_path: Path) -> None:
    """In HTTP/2 a body that nobody asked for ends the connection, with all that is under way."""
    server = server_in(tmp_path)
    server.set_alpn_select_callback(lambda _, offered: offered[0])
    tunnel = Noting(server, [OK_ANSWER], short=True, alpn=b"h2", acts=_refuses("request"))
    client, end = asking(["for a head", "ordinary", "for a head"]), tunnel.end
    assert end is not None
    end.say(b"".join(client[1]))
    tunnel.settle()
    told = client[0].receive_data(end.heard)
    ended = [one.stream_id for one in told if isinstance(one, h2.events.StreamEnded)]
    assert sorted(filter(None, ended)) == [1, 3, 5]
