"""Whether a server speaks first is heard from it, where the sender may go there at all."""

import asyncio
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator

import pytest
from patience import PATIENT_S, eventually

from proxy.connect_to import Route
from proxy.greetings import heard_at, is_http
from proxy.silent_tunnels import GRACE_S, PATIENCE_S
from tests.proxy.conftest import RunningGate


class Server:
    """Counts who connects, and says one thing unasked."""

    def __init__(self, greeting: bytes) -> None:
        self._greeting = greeting
        self.heard = b""
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                taken, _ = self._socket.accept()
                self.connections += 1
                threading.Thread(target=self._answer, args=(taken,), daemon=True).start()

    def _answer(self, taken: socket.socket) -> None:
        with taken, contextlib.suppress(OSError):
            taken.sendall(self._greeting)
            while piece := taken.recv(4096):
                self.heard += piece

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def greeting() -> Iterator[Server]:
    server = Server(b"SSH-2.0-OpenSSH_9.6\r\n")
    yield server
    server.close()


@pytest.fixture
def silent() -> Iterator[Server]:
    server = Server(b"")
    yield server
    server.close()


def _tunnel(gate: RunningGate, target: str) -> socket.socket:
    raw = socket.create_connection(("127.0.0.1", gate.port), timeout=PATIENT_S)
    raw.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    assert b" 200 " in raw.recv(4096)
    return raw


def _route(gate: RunningGate, host: str, port: int) -> None:
    gate.addon.upstreams.routes.replace(
        [
            Route(host=host, port=None, address="127.0.0.1", to_port=port),
            *gate.addon.upstreams.routes._routes,
        ]
    )


def test_a_server_that_speaks_first_anywhere_is_not_waited_for(
    gate: RunningGate, greeting: Server
) -> None:
    """SSH at a port of its own is told from a late client within two seconds: the tunnel is ended
    and on record, and the server was told nothing.
    """
    _route(gate, "bastion.example", greeting.port)
    with _tunnel(gate, "bastion.example:2022") as raw:
        assert raw.recv(4096) == b""
    eventually(lambda: gate.evidence.closed)

    [record] = gate.evidence.closed
    assert (record.destination.host, record.destination.port) == ("bastion.example", 2022)
    assert record.decision.degraded == ("protocol: a tunnel to a server that speaks first",)
    assert (greeting.connections, greeting.heard) == (1, b"")


def test_late_clients_are_served(gate: RunningGate, silent: Server) -> None:
    """Whoever opens tunnels ahead and begins long after a second, in TLS or in clear, at a port of
    the web or any other, whole or in small pieces, is served like everybody.
    """
    wanted = ("files.example:443", "files.example:8443", "files.example:9333")
    tunnels = [_tunnel(gate, target) for target in wanted]
    hello = _hello(gate.client_context())
    trickling = {cut: _tunnel(gate, "files.example:443") for cut in (1, 2, 3, 5, 50)}
    for cut, raw in trickling.items():
        raw.sendall(hello[:cut])
    clear = _tunnel(gate, "files.example:7999")
    clear.sendall(b"GE")
    time.sleep(PATIENCE_S + GRACE_S + 0.9)

    context = gate.client_context()
    for raw in tunnels:
        with context.wrap_socket(raw, server_hostname="files.example") as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: files.example\r\n\r\n")
            assert client.recv(4096).startswith(b"HTTP/1.1 200")
    for cut, raw in trickling.items():
        with raw:
            raw.sendall(hello[cut:])
            assert raw.recv(4096).startswith(b"\x16\x03"), cut
    with clear:
        clear.sendall(b"T / HTTP/1.1\r\nHost: files.example\r\n\r\n")
        assert clear.recv(4096).startswith(b"HTTP/1.1 ")
    told = [stage for record in gate.evidence.closed for stage in record.decision.degraded]
    assert not any(stage.startswith("protocol") for stage in told)


def _hello(context: ssl.SSLContext) -> bytes:
    """Return a client's first words in TLS."""
    outgoing = ssl.MemoryBIO()
    talk = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="files.example")
    with contextlib.suppress(ssl.SSLWantReadError):
        talk.do_handshake()
    return outgoing.read()


def test_nobody_knocks_where_policy_says_no(gate: RunningGate, greeting: Server) -> None:
    """A place that is forbidden is not connected to, not even to hear whether it speaks first."""
    _route(gate, "blocked.example", greeting.port)
    with _tunnel(gate, "blocked.example:2022") as raw:
        raw.settimeout(PATIENCE_S + GRACE_S + 1.0)
        with pytest.raises(TimeoutError):
            raw.recv(4096)
    eventually(lambda: gate.evidence.closed)

    assert greeting.connections == 0
    [record] = gate.evidence.closed
    assert record.decision.degraded == ("protocol: nothing was asked for in a tunnel",)
    assert "left it without asking" in record.decision.reason


@pytest.mark.parametrize(
    ("heard", "is_one"),
    [
        (b"HTTP/1.1 408 Request Timeout\r\n\r\n", True),
        (b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64", True),
        (b"\0\0\0\x04\0\0\0\0\0", True),
        (b"220 mail.example ESMTP\r\n", False),
        (b"\x4a\0\0\0\x0a8.0.36\0", False),
        (b"", False),
    ],
)
def test_what_a_server_of_http_says_unasked_is_no_greeting(heard: bytes, is_one: bool) -> None:
    """A server of HTTP/2 in clear may send its settings at once: its clients are not cut off."""
    assert is_http(heard) is is_one


def test_a_server_that_is_not_there_says_nothing() -> None:
    """Nobody is held up by a server that cannot be reached."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert asyncio.run(heard_at(("127.0.0.1", port))) == b""
    assert asyncio.run(heard_at(("127.0.0.1", port), tls_name="mail.example")) == b""
