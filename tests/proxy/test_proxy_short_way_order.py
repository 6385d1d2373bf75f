"""Whatever comes in whatever pieces, and whichever hook ends first: the short way gives what the
long one gives."""

from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import SSL
from tunnel_drive import Tunnel

from certs.authority import open_authority
from certs.leaf import LeafMinter
from examples import most
from proxy.mitmproxy_patches.applied import in_our_own_process

STEPS = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from([1, 7, 60, 900, 1 << 20])), max_size=60
)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n" + b"#" * 40
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n28\r\n" + b"#" * 40 + b"\r\n0\r\n\r\n"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> SSL.Context:
    in_our_own_process()
    folder = tmp_path_factory.mktemp("order")
    leaf = LeafMinter(open_authority(folder)).mint("a.example")
    (folder / "leaf.pem").write_bytes(leaf.key_pem() + leaf.certificates_pem())
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate_chain_file(str(folder / "leaf.pem"))
    context.use_privatekey_file(str(folder / "leaf.pem"))
    context.set_alpn_select_callback(lambda _, offered: offered[0])
    return context


type Steps = list[tuple[int, int]]


def run(
    server: SSL.Context,
    said: bytes,
    answer: bytes,
    steps: Steps,
    *,
    cut: int,
    short: bool,
    streams: bool,
    alpn: bytes | None = None,
) -> tuple[Tunnel, bytes, list[bytes]]:
    """Return the tunnel, what its client heard, and what its servers did."""
    pieces = [answer[:cut], answer[cut:]]
    tunnel = Tunnel(server, pieces, short=short, streams=streams, alpn=alpn)
    client = tunnel.end
    assert client is not None
    for at in range(0, len(said), 300):
        client.say(said[at : at + 300])
    for what, size in steps:
        tunnel.step(what, size)
    tunnel.settle()
    return tunnel, client.heard, sorted(end.heard for end in tunnel.servers.values())


@settings(max_examples=most(40), deadline=None)
@given(
    steps=STEPS,
    cut=st.integers(0, 80),
    answer=st.sampled_from([ANSWER, CHUNKED]),
    streams=st.booleans(),
    sizes=st.lists(st.sampled_from([0, 1, 500, 20_000]), min_size=1, max_size=3),
)
def test_one_after_another(
    server: SSL.Context, steps: Steps, cut: int, answer: bytes, streams: bool, sizes: list[int]
) -> None:
    """HTTP/1: the client hears the very answers, and the server the very requests, in their order,
    whatever is cut where and whoever is slow."""
    head = b"POST /%d HTTP/1.1\r\nHost: a.example\r\nContent-Length: %d\r\n\r\n"
    said = b"".join(head % (size, size + 5) + b"x" * size + b"hello" for size in sizes)
    told = [
        run(server, said, answer, steps, cut=cut, short=short, streams=streams)
        for short in (True, False)
    ]
    assert told[0][0].taken
    assert not told[1][0].taken
    for _, heard, asked in told:
        assert asked == [said]
        if streams and answer == CHUNKED:
            assert heard.count(b"#") == 40 * len(sizes)
            assert heard.count(b"0\r\n\r\n") == len(sizes)
        else:
            assert heard == answer * len(sizes)


def streams_of(heard: bytes, asked: h2.connection.H2Connection) -> dict[int, tuple[Any, bytes]]:
    """Return head and body of each answer, by its stream."""
    heads: dict[int, Any] = {}
    bodies: dict[int, bytes] = {}
    ended = set()
    for event in asked.receive_data(heard):
        if isinstance(event, h2.events.ResponseReceived):
            heads[event.stream_id] = event.headers
        elif isinstance(event, h2.events.DataReceived):
            bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
        elif isinstance(event, h2.events.StreamEnded):
            ended.add(event.stream_id)
    assert ended == set(heads)
    return {stream: (heads[stream], bodies.get(stream, b"")) for stream in heads}


@settings(max_examples=25, deadline=None)
@given(
    steps=STEPS,
    cut=st.integers(0, 80),
    answer=st.sampled_from([ANSWER, CHUNKED]),
    streams=st.booleans(),
    number=st.integers(1, 4),
)
def test_beside_each_other(
    server: SSL.Context, steps: Steps, cut: int, answer: bytes, streams: bool, number: int
) -> None:
    """HTTP/2 to servers of HTTP/1: each request is answered on its own stream, whole, whichever
    hook ends first and whichever server answers first."""
    told = []
    for short in (True, False):
        asked = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        asked.initiate_connection()
        for stream in range(1, 2 * number, 2):
            fields = {":method": "POST", ":scheme": "https", ":authority": "a.example"}
            asked.send_headers(stream, [*fields.items(), (":path", f"/{stream}")])
            asked.send_data(stream, b"hello", end_stream=True)
        said = asked.data_to_send()
        tunnel, heard, requests = run(
            server, said, answer, steps, cut=cut, short=short, streams=streams, alpn=b"h2"
        )
        assert bool(tunnel.taken) == short
        answers = streams_of(heard, asked)
        assert sorted(answers) == list(range(1, 2 * number, 2))
        assert all(body == b"#" * 40 for _, body in answers.values())
        told.append((answers, requests))
    assert told[0] == told[1]
    assert len(told[0][1]) == number
