"""Bodies of HTTP/2 whose length nobody has said, on their way to a server of HTTP/1: they arrive as
the body of that request, and never as another request."""

import socket

import h2.config
import h2.connection
import h2.events
import pytest
from mitmproxy.proxy.layers.http._events import RequestHeaders
from mitmproxy.test import tutils

from proxy.framing import framed
from tests.proxy.conftest import StartsGate

HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: files.example\r\n\r\n"
HOLDS = 10_000


def asked(talk: socket.socket, method: str, body: bytes) -> str:
    """Send a request without a length by HTTP/2; return the status of its answer."""
    client = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    client.initiate_connection()
    head = [(":method", method), (":scheme", "https"), (":authority", "files.example")]
    client.send_headers(1, [*head, (":path", "/x")], end_stream=not body)
    status, left = "", body
    while True:
        while left and (room := min(client.local_flow_control_window(1), 16_384)):
            client.send_data(1, left[:room], end_stream=room >= len(left))
            left = left[room:]
        talk.sendall(client.data_to_send())
        if not (data := talk.recv(65536)):
            return status
        for event in client.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived):
                status = dict(event.headers or ())[b":status"].decode()
            elif isinstance(event, h2.events.StreamEnded | h2.events.StreamReset):
                return status


@pytest.mark.parametrize("size", [len(HIDDEN), HOLDS * 30])
@pytest.mark.parametrize("whole", [False, True], ids=["streamed", "kept"])
def test_a_body_without_a_length_arrives_as_one(
    start_gate: StartsGate, size: int, whole: bool
) -> None:
    """Held, streamed or kept: the server has one request with this body, and nothing else."""
    gate = start_gate(hold_bytes=HOLDS)
    gate.policy.whole = whole
    body = (HIDDEN * (size // len(HIDDEN) + 1))[:size]
    with gate.connect("files.example", ["h2"]) as talk:
        talk.settimeout(20)
        assert talk.selected_alpn_protocol() == "h2"
        assert asked(talk, "POST", body) == "200"
    assert [(one.path, one.body) for one in gate.internet.arrivals] == [("/x", body)]


def head(
    method: bytes, content: bytes | None, *, end: bool, version: bytes = b"HTTP/2.0"
) -> dict[str, str]:
    """Return what the head says of the body, once it is framed."""
    request = tutils.treq(method=method, content=content, http_version=version, headers=())
    said = framed(RequestHeaders(1, request, end)).request
    assert not request.headers
    return dict(said.headers)


def test_what_is_there_has_a_length_and_what_comes_is_in_chunks() -> None:
    """A request that can have no body says nothing; nor is one of HTTP/1 changed."""
    assert head(b"POST", b"four", end=False) == {"content-length": "4"}
    assert head(b"GET", b"four", end=False) == {"content-length": "4"}
    assert head(b"GET", None, end=False) == {"transfer-encoding": "chunked"}
    assert head(b"POST", b"", end=True) == {"content-length": "0"}
    assert head(b"GET", b"", end=True) == {}
    assert head(b"POST", b"four", end=False, version=b"HTTP/1.1") == {}


def test_a_length_that_was_said_stays() -> None:
    """The client's own word is not said again."""
    request = tutils.treq(http_version=b"HTTP/2.0", headers=((b"content-length", b"7"),))
    event = RequestHeaders(1, request, end_stream=False)
    assert framed(event) is event
