"""Connections that an exception lets pass undecrypted: recorded first, counted, never by a failure
or a false name."""

import socket
import ssl
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from mitmproxy.tls import ClientHello
from patience import PATIENT_S, eventually
from present import there

from core.decision import Decision, Verdict
from core.fate import UNREACHED_NOTE, Fate
from core.situation import Situation
from proxy.connect_to import parse_route
from proxy.tls_passthrough import target_of
from tests.proxy.conftest import RunningGate

PINNED = "pinned.example"
EXCEPTION = Decision(
    verdict=Verdict.WATCH, rule="vendor-agent", reason="By an exception until 2027-01-31."
)
REQUEST = (
    b"POST /backup HTTP/1.1\r\nHost: pinned.example\r\nContent-Length: 10\r\nConnection:"
    b" close\r\n\r\nTOP-SECRET"
)


@pytest.fixture
def exempt(gate: RunningGate) -> Any:
    gate.policy.exempted[PINNED] = EXCEPTION
    return gate


def tunnel(gate: RunningGate, target: str = f"{PINNED}:443") -> socket.socket:
    raw = socket.create_connection(("127.0.0.1", gate.port), timeout=PATIENT_S)
    raw.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    assert b" 200 " in raw.recv(4096)
    return raw


def pinned(gate: RunningGate, raw: socket.socket, name: str | None = PINNED) -> ssl.SSLSocket:
    """Shake hands as a client that trusts the server's own authority and nobody else."""
    context = ssl.create_default_context(cadata=gate.internet.authority.root_pem().decode())
    context.check_hostname = name is not None
    return context.wrap_socket(raw, server_hostname=name)


def send(gate: RunningGate, raw: socket.socket) -> bytes:
    """Send the request on a pinned connection and return the whole answer."""
    with pinned(gate, raw) as tls:
        tls.sendall(REQUEST)
        answer = b""
        while piece := tls.recv(4096):
            answer += piece
    return answer


def test_an_exception_lets_a_pinned_client_pass_unread(exempt: RunningGate) -> None:
    """The client works with its own server's certificate; the record says that nobody looked, and
    how much passed."""
    assert send(exempt, tunnel(exempt)).startswith(b"HTTP/1.1 200")

    assert [a.body for a in exempt.internet.arrivals] == [b"TOP-SECRET"]
    eventually(lambda: exempt.evidence.closed)
    [record] = exempt.evidence.closed
    assert (record.destination.host, record.destination.port, record.request.method) == (
        PINNED,
        443,
        "CONNECT",
    )
    assert (record.decision, there(record.sender.process).pid) == (EXCEPTION, 4711)
    assert [f.kind for f in record.findings] == ["not_inspected"]
    assert record.request.bytes > len(REQUEST)
    assert record.response.bytes > 0
    assert (record.response.status, record.request.complete, record.notes) == (None, False, ())
    assert exempt.addon.health.values()["passed_undecrypted"] == 1


def test_all_bytes_are_counted(exempt: RunningGate) -> None:
    """The sizes in the record are those that went over the wire, both ways."""
    near, far = socket.socketpair()
    raw = tunnel(exempt)
    sent, received = [0], [0]
    both: list[Any] = []

    def up() -> None:
        while data := far.recv(4096):
            sent[0] += len(data)
            raw.sendall(data)

    def down() -> None:
        while data := raw.recv(4096):
            received[0] += len(data)
            far.sendall(data)
        both.extend(
            (*sent, *received)
        )  # what the client says after the server's end has nowhere to go
        far.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=up, daemon=True).start()
    threading.Thread(target=down, daemon=True).start()
    send(exempt, near)
    eventually(lambda: exempt.evidence.closed)
    [record] = exempt.evidence.closed
    assert [record.request.bytes, record.response.bytes] == both


def test_nothing_leaves_before_its_record_is_durable(exempt: RunningGate) -> None:
    """While the record is being written, the server has not even been called."""
    exempt.evidence.hold = threading.Event()
    sending = threading.Thread(target=send, args=(exempt, tunnel(exempt)))
    sending.start()
    time.sleep(0.2)
    assert (exempt.internet.arrivals, exempt.evidence.opened) == ([], [])
    exempt.evidence.hold.set()
    sending.join(PATIENT_S)
    assert len(exempt.internet.arrivals) == 1
    [journalled] = exempt.evidence.opened
    assert journalled.notes == ("how much passes is known only when the connection has ended",)


def _not_passed(
    gate: RunningGate, name: str | None = PINNED, target: str = f"{PINNED}:443"
) -> None:
    """The client is shown our certificate, which it refuses; nothing leaves."""
    with tunnel(gate, target) as raw, pytest.raises(ssl.SSLError):
        pinned(gate, raw, name)
    assert (gate.internet.arrivals, gate.internet.bytes_received) == ([], 0)
    assert gate.addon.health.passed_undecrypted == 0


def test_without_evidence_nothing_passes(exempt: RunningGate) -> None:
    """When records cannot be written, the exception does not help."""
    exempt.evidence.broken = True
    _not_passed(exempt)


def test_a_fault_lets_nothing_pass(exempt: RunningGate) -> None:
    """When policy cannot be asked, the connection is inspected like any other."""

    def fail(situation: Situation) -> Decision | None:
        raise RuntimeError("a fault")

    exempt.policy.pass_through = fail
    _not_passed(exempt)


def test_other_hosts_do_not_pass(exempt: RunningGate) -> None:
    """An exception is for the hosts that it names."""
    _not_passed(exempt, "other.example", "other.example:443")


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("other.example", f"{PINNED}:443"),
        (PINNED, "other.example:443"),
        (PINNED, "127.0.0.1:443"),
        (None, f"{PINNED}:443"),
    ],
)
def test_the_tunnel_and_the_handshake_name_the_same_host(
    exempt: RunningGate, name: str | None, target: str
) -> None:
    """A client that says one name to the gate and another in the handshake, or none, gets no
    exception."""
    _not_passed(exempt, name, target)


def test_why_an_exception_did_not_help_is_on_record(exempt: RunningGate) -> None:
    """The case of the refused certificate names the exception that has ended."""
    ended = Decision(
        verdict=Verdict.BLOCK,
        rule="vendor-agent",
        reason="The exception vendor-agent ended on 2026-01-31.",
    )
    exempt.policy.exempted[PINNED] = ended
    _not_passed(exempt)
    eventually(lambda: exempt.evidence.closed)
    [record] = exempt.evidence.closed
    assert record.decision.degraded == ("tls: the client refused Outgate's certificate",)
    assert record.decision.reason.endswith(
        "nothing was inspected. The exception vendor-agent ended on 2026-01-31."
    )


def test_an_inspected_client_is_still_inspected(exempt: RunningGate) -> None:
    """The same program is inspected on every other host: its secret does not leave."""
    with exempt.connect("files.example") as tls:
        tls.sendall(REQUEST.replace(b"pinned", b"files"))
        assert tls.recv(4096).startswith(b"HTTP/1.1 403")
    assert exempt.internet.arrivals == []


def test_a_server_that_cannot_be_reached_ends_the_record(exempt: RunningGate) -> None:
    """A connection that never came about is closed and says that nothing passed."""
    exempt.addon.upstreams.routes.replace(())
    exempt.policy.exempted["127-0-0-1.invalid"] = EXCEPTION
    with tunnel(exempt, "127-0-0-1.invalid:443") as raw, pytest.raises((ssl.SSLError, OSError)):
        pinned(exempt, raw, "127-0-0-1.invalid")
    eventually(lambda: exempt.evidence.closed)
    [record] = exempt.evidence.closed
    assert record.notes == (UNREACHED_NOTE, "the destination: its name is not known")
    assert record.fate is Fate.UNREACHED
    assert (record.request.bytes, record.response.bytes) == (0, 0)


def test_a_client_that_vanishes_ends_the_record(exempt: RunningGate) -> None:
    """A client that breaks off leaves a closed record with what had passed."""
    raw = tunnel(exempt)
    tls = pinned(exempt, raw)
    tls.sendall(REQUEST[:20])
    assert exempt.evidence.closed == []
    tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    tls.close()
    eventually(lambda: exempt.evidence.closed)
    assert exempt.evidence.closed[0].request.bytes > 20


@pytest.mark.parametrize("how", ["reset", "closed"])
def test_a_server_meets_the_end_that_its_client_made(exempt: RunningGate, how: str) -> None:
    """What a client breaks off is broken off at the server as well, which could else take a part
    for the whole; what it ends is ended.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener, tunnel_to(exempt, listener) as raw:
        hello = _hello()
        raw.sendall(b"\x16\x03\x01" + len(hello).to_bytes(2) + hello)
        server, _ = listener.accept()
        server.settimeout(PATIENT_S)
        assert server.recv(65536)
        if how == "reset":
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        raw.close()
        with server:
            try:
                met = "closed" if server.recv(65536) == b"" else "more"
            except ConnectionResetError:
                met = "reset"
    assert met == how


def tunnel_to(gate: RunningGate, listener: socket.socket) -> socket.socket:
    gate.addon.upstreams.routes.replace(
        (parse_route(f"{PINNED}::127.0.0.1:{listener.getsockname()[1]}"),)
    )
    return tunnel(gate)


def _hello(name: str = PINNED) -> bytes:
    """Return the handshake message that a client begins with, without its header."""
    out = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return out.read()[5:]


def _with_extension(message: bytes, kind: int) -> bytes:
    """Return the body of a ClientHello with one more, empty extension at its end."""
    body = bytearray(message[4:])
    at = 34 + 1 + body[34]
    at += 2 + int.from_bytes(body[at : at + 2])
    at += 1 + body[at]
    body[at : at + 2] = (int.from_bytes(body[at : at + 2]) + 4).to_bytes(2)
    return bytes(body) + kind.to_bytes(2) + b"\0\0"


@pytest.mark.parametrize(("kind", "passes"), [(0xFE0D, False), (0x1234, True)])
def test_a_hidden_name_is_no_name(kind: int, passes: bool) -> None:
    """An Encrypted ClientHello hides the host that is meant: no exception is for it."""
    server = SimpleNamespace(address=(PINNED.upper() + ".", 443))
    hello: Any = SimpleNamespace(
        context=SimpleNamespace(server=server),
        client_hello=ClientHello(_with_extension(_hello(), kind)),
    )
    assert target_of(hello) == ((PINNED, 443) if passes else None)


@pytest.mark.parametrize("split", [3, 5, 60, 200])
def test_a_handshake_in_pieces_passes_too(exempt: RunningGate, split: int) -> None:
    """However the first message arrives, what the server gets is what the client sent."""
    near, far = socket.socketpair()
    raw = tunnel(exempt)

    def slowly() -> None:
        first = far.recv(4096)
        raw.sendall(first[:split])
        time.sleep(0.02)
        raw.sendall(first[split:])
        while data := far.recv(4096):
            raw.sendall(data)

    def back() -> None:
        while data := raw.recv(4096):
            far.sendall(data)
        far.shutdown(socket.SHUT_RDWR)

    for pump in (slowly, back):
        threading.Thread(target=pump, daemon=True).start()
    assert send(exempt, near).startswith(b"HTTP/1.1 200")
