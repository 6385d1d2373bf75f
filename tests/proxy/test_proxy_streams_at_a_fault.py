"""A fault of the layers in a connection of HTTP/2 with several requests under way: each has its one
record, and nothing of it stays behind.
"""

import asyncio
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import h2.config
import h2.connection
import h2.events
import pytest
from mitmproxy.proxy.layers.http._http_h2 import BufferedH2Connection
from patience import PATIENT_S, eventually

from core.decision import Decision, Verdict
from proxy.backpressure import GateConnectionHandler
from proxy.carrying_out import are_hooks_under_way
from proxy.hooks import GateHandler
from tests.proxy.test_proxy_wire import HOST, FarSide, wired

LARGE = 9 << 20
PIECE = 16_000


def _serves(talk: ssl.SSLSocket, far: FarSide) -> None:
    """Take all; begin an answer where the path says so."""
    server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    server.initiate_connection()
    talk.sendall(server.data_to_send())
    paths: dict[int, bytes] = {}
    how = b"ended"
    try:
        while data := talk.recv(1 << 16):
            for event in server.receive_data(data):
                number = getattr(event, "stream_id", 0)
                if isinstance(event, h2.events.RequestReceived):
                    paths[number] = dict(event.headers)[b":path"]
                    far.got.append(paths[number])
                elif isinstance(event, h2.events.DataReceived):
                    server.acknowledge_received_data(event.flow_controlled_length, number)
                elif isinstance(event, h2.events.StreamEnded) and paths[number] == b"/part":
                    fields = (":status", "200"), ("content-type", "text/event-stream")
                    server.send_headers(number, fields)
                    server.send_data(number, b"data: x\n\n")
            talk.sendall(server.data_to_send())
    except OSError:
        how = b"broken off"
    far.got.append(how)


class Asks:
    """A client of HTTP/2."""

    def __init__(self, talk: ssl.SSLSocket) -> None:
        self.talk, self.h2, self.came = talk, h2.connection.H2Connection(), bytearray()
        self.h2.initiate_connection()
        self.flush()

    def flush(self) -> None:
        self.talk.sendall(self.h2.data_to_send())

    def hear(self) -> None:
        for event in self.h2.receive_data(self.talk.recv(1 << 16)):
            if isinstance(event, h2.events.DataReceived):
                self.came += event.data
        self.flush()

    def begin(self, number: int, path: str, size: int, body: bytes, *, end: bool) -> None:
        fields = (":method", "POST"), (":scheme", "https"), (":authority", HOST), (":path", path)
        self.h2.send_headers(number, [*fields, ("content-length", str(size))])
        while body:
            most = min(self.h2.local_flow_control_window(number), PIECE, len(body))
            if not most:
                self.flush()
                self.hear()
                continue
            self.h2.send_data(number, body[:most], end_stream=end and most == len(body))
            body = body[most:]
        self.flush()


def _faulty(*_: Any) -> NoReturn:
    raise RuntimeError("a fault")


FAULTS: dict[str, tuple[type, str]] = {
    "of the client": (GateHandler, "way"),
    "of what reads HTTP/2": (BufferedH2Connection, "receive_data"),
}
OUT = (b"/wait", b"/part", b"/large")


@pytest.mark.parametrize("fault", FAULTS)
def test_each_request_under_way_has_its_one_record(
    tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it was held, asked of a person, passing, or waiting for its answer; client and server
    learn at once that it is over, and the gate keeps nothing of it.
    """
    with wired(tmp_path) as (gate, far):
        far.context.set_alpn_protocols(["h2"])
        far.talks = _serves
        gate.policy.for_findings = Decision(
            verdict=Verdict.HOLD, rule="ask", reason="Ask", hold_seconds=60
        )
        with gate.connect(HOST, ["h2"]) as talk:
            talk.settimeout(PATIENT_S)
            asks = Asks(talk)
            asks.begin(1, "/held", 1000, b"h" * 100, end=False)
            asks.begin(3, "/wait", 10, b"w" * 10, end=True)
            asks.begin(5, "/part", 10, b"p" * 10, end=True)
            asks.begin(7, "/large", LARGE, b"l" * 300_000, end=False)
            asks.begin(9, "/person", 10, b"TOP-SECRET", end=True)
            while b"data: x" not in asks.came:
                asks.hear()
            eventually(lambda: bool(gate.holds.asked))
            eventually(lambda: set(OUT) <= set(far.got))
            with monkeypatch.context() as patched:
                patched.setattr(*FAULTS[fault], _faulty)
                asks.h2.send_data(7, b"x" * 10)
                asks.flush()
                with suppress(ConnectionResetError):
                    while talk.recv(1 << 16):
                        continue
        eventually(lambda: b"broken off" in far.got, str(far.got))
        eventually(lambda: len(gate.evidence.closed) == len(OUT) + 2)
        assert gate.addon.health.hook_failures == 1
        for record in gate.evidence.opened:
            gate.holds.say(record.id, approved=True)
        eventually(lambda: not are_hooks_under_way())
        assert gate.addon.health.hook_failures == 1
        told = sorted((r.went, r.request.bytes) for r in gate.evidence.closed if not r.went)
        assert told == [(False, 10), (False, 100)]
        out = sorted((r.bytes_went, r.bytes_exact) for r in gate.evidence.closed if r.went)
        # What waits in the system when it breaks off may be of any of them.
        assert {(10, True), (0, False)}.issuperset(out[:2])
        assert len(out) == 3 and out[2][0] <= 300_000
        for record in gate.evidence.closed:
            assert any("the gate failed" in note for note in record.notes), record.notes
        assert set(far.got) == {*OUT, b"broken off"}


def _takes_little(talk: ssl.SSLSocket, far: FarSide) -> None:
    """Take what comes at first, and no more until it is over."""
    talk.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 15)
    while len(b"".join(far.got)) < PIECE:
        far.got.append(talk.recv(1 << 14))
    far.goes_on.wait(PATIENT_S)  # type: ignore[attr-defined]
    with suppress(OSError):
        while piece := talk.recv(1 << 16):
            far.got.append(piece)


def test_what_a_server_had_not_taken_at_a_fault_is_told_as_at_least(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lay between the gate and a server that reads slowly when the gate broke off is not said
    to have arrived.
    """
    size = 4_000_000
    with wired(tmp_path) as (gate, far):
        far.goes_on = threading.Event()  # type: ignore[attr-defined]
        far.talks = _takes_little
        with gate.connect(HOST) as talk:
            talk.settimeout(PATIENT_S)
            head = f"PUT /x HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {size}\r\n\r\n"
            sent = threading.Thread(target=_sends, args=(talk, head.encode() + b"l" * size))
            sent.start()
            eventually(lambda: len(b"".join(far.got)) >= PIECE)
            with monkeypatch.context() as patched:
                patched.setattr(GateHandler, "way", _faulty)
                _sends(talk, b"GET / HTTP/1.1\r\n\r\n")
                eventually(lambda: bool(gate.evidence.closed))
            far.goes_on.set()  # type: ignore[attr-defined]
            sent.join(PATIENT_S)
        (record,) = gate.evidence.closed
        assert any("the gate failed" in note for note in record.notes), record.notes
        assert not record.bytes_exact
        assert record.bytes_went < size


def _sends(talk: ssl.SSLSocket, data: bytes) -> None:
    with suppress(OSError):
        talk.sendall(data)


@pytest.mark.parametrize("error", [ValueError, SystemExit, GeneratorExit, asyncio.CancelledError])
def test_what_fails_before_a_hook_ends_its_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """A step of the gate that fails between what came and its hook is a failure like any other: it
    is no hang, and the request has its record.
    """

    def fails(*_: Any) -> NoReturn:
        raise error("injected")

    with wired(tmp_path) as (gate, far):
        far.talks = _takes_little
        far.goes_on = threading.Event()  # type: ignore[attr-defined]
        far.goes_on.set()  # type: ignore[attr-defined]
        with gate.connect(HOST) as talk, monkeypatch.context() as patched:
            talk.settimeout(PATIENT_S)
            patched.setattr(GateConnectionHandler, "_tell_what_is_taken", fails)
            head = f"PUT /x HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {LARGE}\r\n\r\n"
            _sends(talk, head.encode() + bytes(LARGE))
            with suppress(ConnectionError):
                assert talk.recv(1) == b""
            eventually(lambda: bool(gate.evidence.closed))
        (record,) = gate.evidence.closed
        assert any("the gate failed" in note for note in record.notes), record.notes
