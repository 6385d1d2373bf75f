"""Over HTTP/2, too, a body that its server did not take has not left whole."""

import ssl
from collections import deque
from collections.abc import Iterator
from functools import partial

import h2.config
import h2.connection
import h2.errors
import h2.events
import pytest
from mitmproxy.proxy.layers.http._http_h2 import SendH2Data

from core.fate import ANSWERED_EARLY_NOTE, BROKEN_OFF_NOTE, Delivery
from proxy.http2_windows import _MOST_KNOWN, Waiting
from tests.proxy.conftest import RunningGate
from tests.proxy.test_proxy_early_ends import _one_more
from tests.proxy.test_proxy_wire import HOST, FarSide, wired

WINDOW = 65_535
"""What a server of HTTP/2 takes before it says that it takes more (RFC 9113, 6.9.2)."""
SIZE = 300_000
type Wire = tuple[RunningGate, FarSide]


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    with wired(tmp_path_factory.mktemp("wire")) as (gate, far):
        far.context.set_alpn_protocols(["h2"])
        yield gate, far


def _speaks(talk: ssl.SSLSocket, far: FarSide, *, says: str, reads: int) -> None:
    """Answer, or break a stream off, once so many bytes of its body are there."""
    server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    server.initiate_connection()
    talk.sendall(server.data_to_send())
    came: dict[int, int] = {}
    while data := talk.recv(1 << 16):
        for event in server.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                came[event.stream_id] = 0
            elif isinstance(event, h2.events.DataReceived):
                number = event.stream_id
                came[number] += len(event.data)
                if reads > WINDOW:
                    server.acknowledge_received_data(event.flow_controlled_length, number)
                if came[number] >= reads:
                    _end(server, number, says)
                    far.got.append(b"%d" % came.pop(number))
                    came[number] = -(1 << 30)
        talk.sendall(server.data_to_send())


def _end(server: h2.connection.H2Connection, number: int, says: str) -> None:
    if "answer" in says:
        status = "200" if says == "answer all" else "413"
        server.send_headers(number, [(":status", status), ("content-length", "2")])
        server.send_data(number, b"no", end_stream=True)
    if "reset" in says:
        server.reset_stream(number, h2.errors.ErrorCodes.ENHANCE_YOUR_CALM)


def _asks(gate: RunningGate, host: str, size: int) -> None:
    """Send a body over HTTP/2, and read until its stream has ended."""
    client = h2.connection.H2Connection(h2.config.H2Configuration())
    with gate.connect(host, ["h2"]) as talk:
        assert talk.selected_alpn_protocol() == "h2"
        client.initiate_connection()
        fields = (":method", "POST"), (":scheme", "https"), (":authority", host), (":path", "/x")
        client.send_headers(1, [*fields, ("content-length", str(size))])
        left, over = bytes(size), False
        while not over:
            while left and (most := min(client.local_flow_control_window(1), 16_384)):
                client.send_data(1, left[:most], end_stream=len(left) <= most)
                left = left[most:]
            talk.sendall(client.data_to_send())
            events = client.receive_data(talk.recv(1 << 16))
            ends = h2.events.StreamEnded | h2.events.StreamReset
            over = any(isinstance(event, ends) for event in events)


@pytest.mark.parametrize(
    ("says", "note"),
    [
        ("answer", ANSWERED_EARLY_NOTE),
        ("answer, then reset", ANSWERED_EARLY_NOTE),
        ("reset", BROKEN_OFF_NOTE),
    ],
)
def test_a_body_that_is_refused_before_it_was_taken_has_not_left_whole(
    wire: Wire, says: str, note: str
) -> None:
    """What waits for a window that never opens did not leave: the record tells what did, as “at
    least”, and that all of it was read.
    """
    gate, far = wire
    far.talks, far.got = partial(_speaks, says=says, reads=WINDOW), []
    known = len(gate.evidence.closed)
    _asks(gate, HOST, SIZE)
    record = _one_more(gate, known)
    assert far.got == [b"%d" % WINDOW]
    assert note in record.notes
    assert record.bytes_least and record.read_whole and record.went
    assert record.bytes_went <= WINDOW
    assert record.delivery is (Delivery.SENT if says == "reset" else Delivery.DELIVERED)
    assert f"{SIZE:,} bytes were let out, and all of them were read before" in record.notes


@pytest.mark.parametrize("size", [5, SIZE])
def test_a_body_that_its_server_took_has_left_whole(wire: Wire, size: int) -> None:
    """An ordinary answer says nothing else than before."""
    gate, far = wire
    far.talks, far.got = partial(_speaks, says="answer all", reads=size), []
    if size <= WINDOW:
        far.talks = partial(_speaks, says="answer all", reads=size)
    known = len(gate.evidence.closed)
    _asks(gate, HOST, size)
    record = _one_more(gate, known)
    assert (record.bytes_went, record.bytes_exact, record.read_whole) == (size, True, True)
    assert ANSWERED_EARLY_NOTE not in record.notes


def _some(*sizes: int) -> deque[SendH2Data]:
    return deque(SendH2Data(bytes(size), end_stream=False) for size in sizes)


def test_what_waited_of_a_stream_is_known_after_its_end() -> None:
    """It is thrown away with the stream; put back, it waits as before."""
    waiting = Waiting()
    waiting[1].append(SendH2Data(b"abc", end_stream=False))
    waiting[3] = _some(5, 6)
    assert [waiting.unsent(one) for one in (1, 3, 5)] == [3, 11, 0]
    waiting[3] = waiting.pop(3)
    del waiting[1]
    assert [waiting.unsent(one) for one in (1, 3)] == [0, 11]
    assert waiting.pop(7, None) is None
    waiting.pop(3, None)
    assert (waiting.unsent(3), dict(waiting)) == (11, {})


def test_the_end_of_a_connection_ends_all_its_streams() -> None:
    """And nothing is kept without end of those that ended."""
    waiting = Waiting()
    for number in range(1, 2 * _MOST_KNOWN + 201, 2):
        waiting[number] = _some(number)
    waiting.clear()
    assert not waiting
    assert len(waiting._dropped) == _MOST_KNOWN
    assert waiting.unsent(2 * _MOST_KNOWN + 199) == 2 * _MOST_KNOWN + 199
