"""The straight road and mitmproxy's own way, through a gate that runs and real TLS: a client hears
the same, its server gets the same, and the records say the same.
"""

import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import h2.events
import pytest
from patience import PATIENT_S, eventually
from tunnel_cases import BODY, HOST, REQUESTS

from tests.proxy.conftest import RunningGate
from tests.proxy.test_proxy_http2_clients import asking
from tests.proxy.test_proxy_whole_messages import TOLD
from tests.proxy.test_proxy_wire import FarSide, Reader, the_long_way, wired

type Wire = tuple[RunningGate, FarSide]
type Dialogue = Callable[[RunningGate], object]

ASKED_HOST = "a.example"
LAST = b"POST /last" + HOST + b"Connection: close\r\n" + BODY
UNENDED = {"until it ends", "half"}
"""Answers that end with their connection."""
SENT = [name for name in REQUESTS if name not in {"that is half", "that is none", "of HTTP/1.0"}]
MIXED = [
    "ordinary",
    "for a head",
    "in pieces",
    "with trailers",
    "that asks first",
    "among pings",
    "that is given up",
    "without a body",
    "with cookies",
    "among settings",
    "of a stated length",
]


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    with wired(tmp_path_factory.mktemp("alike")) as (gate, far):
        far.context = gate.internet.context_for(ASKED_HOST)
        yield gate, far


def telling(answer: bytes, *, ends: bool = False) -> Callable[[ssl.SSLSocket, FarSide], None]:
    """Return a server that reads requests and answers each so; it ends where the client said that
    it would, or behind its first answer.
    """

    def talks(talk: ssl.SSLSocket, far: FarSide) -> None:
        reader = Reader(talk)
        while True:
            head, body = reader.message()
            if not head:
                return
            far.got.append(head + body)
            talk.sendall(answer)
            if ends or b"close" in head:
                return

    return talks


def of_http1(*said: bytes) -> Dialogue:
    """Return a client that sends these, each as one write, and hears all until the end."""

    def speaks(gate: RunningGate) -> object:
        heard = b""
        with gate.connect(ASKED_HOST) as talk, suppress(ConnectionError, ssl.SSLError):
            talk.settimeout(PATIENT_S)
            for piece in said:
                talk.sendall(piece)
            while piece := talk.recv(65536):
                heard += piece
        return heard

    return speaks


def of_http2(names: list[str]) -> Dialogue:
    """Return a client that sends all these in one write, and hears what comes on each stream."""

    def speaks(gate: RunningGate) -> object:
        client, said = asking(names)
        told: dict[int, list[Any]] = {}
        bodies: dict[int, bytes] = {}
        left = {2 * number + 1 for number, name in enumerate(names) if "that is" not in name}
        with gate.connect(ASKED_HOST, ["h2"]) as talk:
            talk.settimeout(PATIENT_S)
            talk.sendall(b"".join(said))
            while left and (data := talk.recv(65536)):
                for event in client.receive_data(data):
                    stream = getattr(event, "stream_id", 0) or 0
                    if isinstance(event, h2.events.DataReceived):
                        bodies[stream] = bodies.get(stream, b"") + (event.data or b"")
                        client.acknowledge_received_data(event.flow_controlled_length or 0, stream)
                    elif stream in left and not isinstance(event, h2.events.WindowUpdated):
                        told.setdefault(stream, []).append(_said(event))
                    if isinstance(event, h2.events.StreamEnded | h2.events.StreamReset):
                        left.discard(stream)
                talk.sendall(client.data_to_send())
        return {stream: (said, bodies.get(stream)) for stream, said in told.items()}

    return speaks


def _said(event: Any) -> object:
    return type(event).__name__, [getattr(event, name, None) for name in ("headers", "error_code")]


def told(wire: Wire, dialogue: Dialogue) -> tuple[object, ...]:
    """Return what a client heard, what its server got, and the records: of each request one."""
    gate, far = wire
    known, begun, far.got = len(gate.evidence.closed), gate.addon.health.requests, []
    heard = dialogue(gate)
    eventually(lambda: not gate.addon.ends._under_way)
    asked = gate.addon.health.requests - begun
    eventually(lambda: len(gate.evidence.closed) >= known + asked)
    records = [
        (one.request, one.response, one.fate, one.notes, one.decision)
        for one in gate.evidence.closed[known:]
    ]
    assert len(records) == asked
    return heard, sorted(far.got), sorted(records, key=repr)


def alike(wire: Wire, dialogue: Dialogue) -> tuple[Any, ...]:
    """Compare both ways; return what came of the gate's own."""
    found = told(wire, dialogue)
    with the_long_way():
        assert found == told(wire, dialogue)
    return found


@pytest.mark.parametrize("answer", TOLD)
def test_each_answer_to_a_client_of_http1(wire: Wire, answer: str) -> None:
    """To the second of three requests that are written at once."""
    ends = answer in UNENDED
    wire[1].talks = telling(TOLD[answer], ends=ends)
    _, asked, records = alike(wire, of_http1(REQUESTS["ordinary"] * 2 + LAST))
    assert asked
    assert records


@pytest.mark.parametrize("name", SENT)
def test_each_request_of_a_client_of_http1(wire: Wire, name: str) -> None:
    """Between two ordinary ones, in one write with them."""
    wire[1].talks = telling(TOLD["ordinary"])
    alike(wire, of_http1(REQUESTS["ordinary"] + REQUESTS[name] + LAST))


@pytest.mark.parametrize("answer", TOLD)
def test_each_answer_to_a_client_of_http2(wire: Wire, answer: str) -> None:
    """To each of many streams that are asked for in one write."""
    wire[1].talks = telling(TOLD[answer], ends=True)
    heard, _, records = alike(wire, of_http2(MIXED))
    assert len(records) == len(MIXED)
    assert len(heard) == len(MIXED) - 1
