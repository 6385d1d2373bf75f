"""Connections of HTTP/2 that end before a request is whole have one record, in true words."""

from collections.abc import Iterator

import h2.config
import h2.connection
import pytest

from core.fate import Fate
from tests.proxy.conftest import RunningGate
from tests.proxy.test_proxy_early_ends import _one_more, silent
from tests.proxy.test_proxy_wire import FarSide, wired

_END_HEADERS = 0x04
_FLAGS_AT = 4


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningGate, FarSide]]:
    with wired(tmp_path_factory.mktemp("wire")) as both:
        yield both


def _client() -> tuple[h2.connection.H2Connection, bytes]:
    client = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    client.initiate_connection()
    return client, client.data_to_send()


def _head(host: str) -> bytes:
    """Return the frame of a head."""
    client, _ = _client()
    names = (":method", "POST"), (":scheme", "https"), (":authority", host), (":path", "/x")
    client.send_headers(1, [*names, ("content-length", "100")])
    return client.data_to_send()


def _half(host: str) -> bytes:
    head = _head(host)
    return head[: len(head) // 2]


def _to_be_continued(host: str) -> bytes:
    head = bytearray(_head(host))
    head[_FLAGS_AT] &= ~_END_HEADERS
    return bytes(head)


def _goaway(_: str) -> bytes:
    client, _begin = _client()
    client.close_connection()
    return client.data_to_send()


_FIRST_WORDS = {
    "half.example": (_half, Fate.UNFINISHED, "in the middle of the head"),
    "continued.example": (_to_be_continued, Fate.UNFINISHED, "in the middle of the head"),
    "nothing.example": (lambda _: b"", Fate.UNFINISHED, "without asking for anything"),
    "goaway.example": (_goaway, Fate.UNFINISHED, "without asking for anything"),
    "noise.example": (lambda _: b"\x00\x00\x01\x00\x00\x00\x00\x00\x01x", Fate.FOREIGN, "HTTP"),
}


@pytest.mark.parametrize("host", _FIRST_WORDS)
def test_a_connection_of_http2_that_ends_before_its_request_is_told_as_that(
    wire: tuple[RunningGate, FarSide], host: str
) -> None:
    """It took the gate's certificate, and its record does not say otherwise."""
    gate, far = wire
    far.talks, far.got = silent, []
    known, (words, fate, says) = len(gate.evidence.closed), _FIRST_WORDS[host]
    with gate.connect(host, alpn=["h2"]) as talk:
        assert talk.selected_alpn_protocol() == "h2"
        talk.sendall(_client()[1] + words(host))
    record = _one_more(gate, known)
    assert (record.destination.host, record.fate, record.left) == (host, fate, False)
    assert says in record.decision.reason
    assert "certificate" not in record.decision.reason
    assert far.got == []


def test_one_that_says_nothing_at_all_may_not_trust_the_gate(
    wire: tuple[RunningGate, FarSide],
) -> None:
    gate, _ = wire
    known = len(gate.evidence.closed)
    gate.connect("pinned.example", alpn=["h2"]).close()
    assert _one_more(gate, known).fate is Fate.UNTRUSTED


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (":method", "GET /other"),
        (":method", "GET\t/other"),
        (":method", "G\xa0T"),
        (":path", "/x HTTP/1.1"),
        (":path", "/x /other"),
        (":path", "/x\x0b/other"),
        (":path", "/x\x7f"),
    ],
)
def test_what_http1_would_read_as_another_request_goes_nowhere(
    wire: tuple[RunningGate, FarSide], name: str, value: str
) -> None:
    """The rules have judged one path, and a server would answer for another."""
    gate, far = wire
    far.talks, far.got = silent, []
    known = len(gate.evidence.closed)
    host = f"odd{known}.example"  # a program has one such record for a host
    config = h2.config.H2Configuration(client_side=True, validate_outbound_headers=False)
    client = h2.connection.H2Connection(config)
    client.initiate_connection()
    fields = {":method": "GET", ":scheme": "https", ":authority": host, ":path": "/x"}
    client.send_headers(1, list((fields | {name: value}).items()), end_stream=True)
    with gate.connect(host, alpn=["h2"]) as talk:
        talk.settimeout(20)
        talk.sendall(client.data_to_send())
        while talk.recv(65536):
            continue
    record = _one_more(gate, known)
    assert not record.left
    assert far.got == []
