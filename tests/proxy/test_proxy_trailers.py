"""Headers behind a body: they come after the decision, so they stay here, proven on the far
side.
"""

import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest
from patience import eventually

from app.demo.internet import StandInInternet
from tests.proxy.conftest import RunningGate, StartsGate

SECRET = b"TOP-SECRET-behind-the-body"
BODY = b"x" * 300_000


class Upstream:
    """Answers one request per connection, in HTTP/1.1 or HTTP/2, and keeps everything that it could
    read."""

    def __init__(
        self, internet: StandInInternet, protocol: str, *, answers_with_trailers: bool = False
    ) -> None:
        self.seen: list[bytes] = []
        self.whole = threading.Event()
        self._trailers = answers_with_trailers
        self._context = internet.context_for("trailers.example")
        self._context.set_alpn_protocols([protocol])
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.route = f"trailers.example:443:127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._listening.accept()
            except OSError:
                return
            plain.settimeout(20)
            try:
                with self._context.wrap_socket(plain, server_side=True) as talk:
                    (self._http2 if talk.selected_alpn_protocol() == "h2" else self._http1)(talk)
            except OSError:
                pass

    def _http1(self, talk: ssl.SSLSocket) -> None:
        while not b"".join(self.seen).endswith(b"0\r\n\r\n"):
            if not (data := talk.recv(65536)):
                return
            self.seen.append(data)
        self.whole.set()
        if self._trailers:
            talk.sendall(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding:"
                b" chunked\r\n\r\n4\r\nfine\r\n0\r\nServer-Timing: a;dur=1\r\n\r\n"
            )
        else:
            talk.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine")
        talk.recv(1)

    def _http2(self, talk: ssl.SSLSocket) -> None:
        connection = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding=None)
        )
        connection.initiate_connection()
        talk.sendall(connection.data_to_send())
        while data := talk.recv(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived | h2.events.TrailersReceived):
                    self.seen += [bytes(part) for pair in event.headers for part in pair]
                elif isinstance(event, h2.events.DataReceived):
                    self.seen.append(event.data)
                    connection.acknowledge_received_data(
                        event.flow_controlled_length, event.stream_id
                    )
                elif isinstance(event, h2.events.StreamEnded):
                    self.whole.set()
                    connection.send_headers(event.stream_id, [(":status", "200")])
                    connection.send_data(event.stream_id, b"fine", end_stream=not self._trailers)
                    if self._trailers:
                        connection.send_headers(
                            event.stream_id, [("server-timing", "a;dur=1")], end_stream=True
                        )
            talk.sendall(connection.data_to_send())

    def stop(self) -> None:
        self._listening.close()


@pytest.fixture
def upstream(
    request: Any, internet: StandInInternet, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Upstream]:
    protocol, *answers = request.param if isinstance(request.param, tuple) else (request.param,)
    server = Upstream(internet, protocol, answers_with_trailers=bool(answers))
    monkeypatch.setattr(StandInInternet, "routes", [server.route])
    yield server
    server.stop()


def _send_http1(gate: RunningGate, body: bytes) -> bytes:
    with gate.connect("trailers.example") as talk:
        talk.sendall(
            b"POST /in HTTP/1.1\r\nHost: trailers.example\r\nTransfer-Encoding: chunked\r\n"
        )
        talk.sendall(b"Content-Type: text/plain\r\nTrailer: X-Note\r\n\r\n")
        for at in range(0, len(body), 60_000):
            piece = body[at : at + 60_000]
            talk.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        talk.sendall(b"0\r\nX-Note: " + SECRET + b"\r\n\r\n")
        answer = b""
        while not answer.endswith((b"fine", b"0\r\n\r\n")) and (data := talk.recv(65536)):
            answer += data
        return bytes(answer)


def _send_http2(gate: RunningGate, body: bytes) -> bytes:
    with gate.connect("trailers.example", alpn=["h2"]) as talk:
        connection = h2.connection.H2Connection()
        connection.initiate_connection()
        head = [
            (":method", "POST"),
            (":scheme", "https"),
            (":authority", "trailers.example"),
            (":path", "/in"),
        ]
        connection.send_headers(1, [*head, ("content-type", "text/plain")])
        answer, left, ended = b"", body, False
        while True:
            while left and (room := min(connection.local_flow_control_window(1), 16_000)):
                connection.send_data(1, left[:room])
                left = left[room:]
            if not left and not ended:
                connection.send_headers(1, [("x-note", SECRET.decode())], end_stream=True)
                ended = True
            talk.sendall(connection.data_to_send())
            if not (data := talk.recv(65536)):
                return answer
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    answer += b"HTTP/2 " + dict(event.headers)[b":status"] + b" "
                elif isinstance(event, h2.events.DataReceived):
                    answer += event.data
                    connection.acknowledge_received_data(event.flow_controlled_length, 1)
                elif isinstance(event, h2.events.StreamEnded):
                    return answer


@pytest.mark.parametrize("hold_bytes", [8_000_000, 100_000], ids=["held", "streamed"])
@pytest.mark.parametrize(
    ("send", "upstream"),
    [(_send_http1, "http/1.1"), (_send_http2, "h2"), (_send_http1, "h2")],
    ids=["HTTP/1.1", "HTTP/2", "HTTP/1.1 to HTTP/2"],
    indirect=["upstream"],
)
def test_trailers_stay_here_and_the_request_goes_through(
    send: Any, upstream: Upstream, start_gate: StartsGate, hold_bytes: int
) -> None:
    """What a client adds behind the body, where no rule has looked, does not leave; the record says
    that it was there."""
    gate = start_gate(hold_bytes=hold_bytes)
    answer = send(gate, BODY)

    assert b" 200 " in answer
    assert answer.endswith(b"fine")
    assert upstream.whole.is_set()
    received = b"".join(upstream.seen)
    assert received.count(b"x") >= len(BODY)
    assert SECRET not in received
    assert b"x-note" not in received.lower().replace(b"trailer: x-note", b"").replace(
        b"trailerx-note", b""
    )
    record = _closed_record(gate)
    assert record.notes == ("headers behind the body that were not passed on: 1",)
    assert (record.decision.verdict, record.request.bytes) == ("allow", len(BODY))


@pytest.mark.parametrize(
    "upstream", [("http/1.1", True), ("h2", True)], ids=["HTTP/1.1", "HTTP/2"], indirect=True
)
def test_an_answer_with_trailers_arrives(upstream: Upstream, gate: RunningGate) -> None:
    """A server that adds headers behind its answer does not leave an HTTP/1.1 client waiting."""
    answer = _send_http1(gate, b"hello")

    assert b" 200 " in answer
    assert b"fine" in answer


def _closed_record(gate: RunningGate) -> Any:
    [record] = eventually(lambda: gate.evidence.closed, "no record was closed")
    return record
