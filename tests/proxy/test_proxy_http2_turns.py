"""Frames of HTTP/2 that came together are handed on a few at a time, byte for byte, and others have
the event loop in between."""

import socket
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.addon import GateAddon
from proxy.http2_turns import MOST, OF_A_REQUEST, Frames
from tests.proxy.conftest import StartsGate

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PING = 0, 1, 6


def frame(kind: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, 0]) + (1).to_bytes(4) + payload


@given(
    st.lists(st.tuples(st.sampled_from([DATA, HEADERS, PING]), st.integers(0, 40)), max_size=300),
    st.lists(st.integers(1, 400), max_size=30),
)
def test_what_is_handed_on_is_what_came(frames: list[tuple[int, int]], reads: list[int]) -> None:
    """However it is split into reads: the pieces are the data, none holds more than a few frames,
    and where one is cut off a frame ends."""
    sent = PREFACE + b"".join(frame(kind, b"x" * size) for kind, size in frames)
    ends, at = [0], len(PREFACE)
    for _, size in frames:
        at += 9 + size
        ends.append(at)
    cut, passed, at = Frames(), 0, 0
    for size in [*reads, len(sent)]:
        data = sent[at : at + size]
        at += len(data)
        pieces = list(cut.cut(data))
        assert b"".join(pieces) == data
        for number, piece in enumerate(pieces):
            begun, passed = passed, passed + len(piece)
            inside = sum(1 for end in ends[1:] if begun < end <= passed)
            assert inside <= MOST
            if number + 1 < len(pieces):
                assert passed in ends


def test_requests_count_for_more_than_other_frames() -> None:
    """What begins a request has the whole gate look at it: fewer are handed on at once."""
    small = PREFACE + frame(PING, b"12345678") * 10 * MOST
    heads = PREFACE + frame(HEADERS, b"\x82") * 10 * MOST
    assert len(list(Frames().cut(small))) == pytest.approx(10, abs=1)
    assert len(list(Frames().cut(heads))) == pytest.approx(10 * OF_A_REQUEST, abs=1)


def test_many_requests_of_one_read_are_answered_in_turns(
    start_gate: StartsGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty requests and a thousand pings that come at once are all answered; between them others
    have the loop."""
    turns: list[object] = []
    turn = GateAddon.gate_turn

    async def turned(self: GateAddon, connection: Any) -> None:
        turns.append(connection)
        await turn(self, connection)

    monkeypatch.setattr(GateAddon, "gate_turn", turned)
    gate = start_gate()
    client = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    client.initiate_connection()
    head = [(":method", "GET"), (":scheme", "https"), (":authority", "files.example")]
    for number in range(60):
        client.send_headers(2 * number + 1, [*head, (":path", f"/{number}")], end_stream=True)
    for _ in range(1000):
        client.ping(b"12345678")
    with gate.connect("files.example", ["h2"]) as talk:
        talk.settimeout(20)
        talk.sendall(client.data_to_send())
        ended, pings = heard(client, talk, 60, 1000)

    assert ended == {2 * number + 1 for number in range(60)}
    assert pings == 1000
    assert len(turns) >= (60 * OF_A_REQUEST + 1000) // MOST - 1


def heard(
    client: h2.connection.H2Connection, talk: socket.socket, streams: int, pings: int
) -> tuple[set[int], int]:
    """Read until so many streams have ended and pings are answered, or the connection is over."""
    ended, answered = set[int](), 0
    while len(ended) < streams or answered < pings:
        if not (data := talk.recv(65536)):
            break
        for event in client.receive_data(data):
            if isinstance(event, h2.events.StreamEnded):
                assert event.stream_id is not None
                ended.add(event.stream_id)
            elif isinstance(event, h2.events.PingAckReceived):
                answered += 1
    return ended, answered
