"""Destinations by every name they go by, at a real gate, beside a server that counts what
arrives.
"""

import socket
import ssl
from collections.abc import Callable
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest
from patience import PATIENT_S

from tests.scenarios.conftest import Outgate

POLICY = """
mode: enforce
rules:
  - id: no-evil
    description: Nothing goes there
    when: {destination: {host: [evil.example, "*.evil.example", "xn--bse-sna.example"]}}
    then: block
  - id: no-odd-port
    description: No odd ports
    when: {destination: {port: 8444}}
    then: block
  - id: no-inside
    description: Nothing goes inside
    when: {destination: {network: [private, link_local, metadata]}}
    then: block
  - id: own
    description: Our own may have it
    when: {destination: {host: "*.corp.example"}}
    then: allow
  - id: no-bank
    description: No bank data
    when: {findings: bank}
    then: block
"""
IBAN = b"iban: DE44500105175407324931"
BODIES = {"small": b"hello, world", "large": b"x" * 9_000_000}


@pytest.fixture(scope="module")
def started(serving: Outgate) -> Any:
    """A gate with this policy in force."""
    (serving.home / "outgate.yaml").write_text(POLICY)
    client = Client(serving)
    target = ("evil.example:443", "evil.example", "/x", ["evil.example"], b"")
    serving.wait_for(lambda: client.one(*target) == 403)
    return serving


class Client:
    """Speaks to the gate byte by byte: names what it likes."""

    def __init__(self, outgate: Outgate) -> None:
        from app.gate_registry import find
        from app.home import Home

        gate = find(outgate.home / "gate.json")
        assert gate is not None
        self.place = (gate.host, gate.port)
        self.roots = Home(outgate.home).bundle
        self.internet = outgate.internet

    def tunnel(self, target: str, sni: str, alpn: str = "http/1.1") -> ssl.SSLSocket:
        raw = socket.create_connection(self.place, timeout=PATIENT_S)
        raw.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += raw.recv(4096)
        assert b" 200 " in head
        context = ssl.create_default_context(cafile=str(self.roots))
        context.check_hostname = False
        context.set_alpn_protocols([alpn])
        return context.wrap_socket(raw, server_hostname=sni)

    def one(self, target: str, sni: str, line: str, hosts: list[str], body: bytes) -> int:
        """Send one request of HTTP/1.1; return the status."""
        head = f"POST {line} HTTP/1.1\r\n" + "".join(f"Host: {h}\r\n" for h in hosts)
        head += f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
        with self.tunnel(target, sni) as tls:
            try:
                tls.sendall(head.encode() + body)
            except OSError:
                return 0
            answer = tls.recv(4096)
        return int(answer.split()[1]) if answer else 0

    def upgrade(self, target: str, sni: str, line: str, hosts: list[str]) -> int:
        """Ask for a WebSocket; return the status."""
        head = f"GET {line} HTTP/1.1\r\n" + "".join(f"Host: {h}\r\n" for h in hosts)
        head += "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        with self.tunnel(target, sni) as tls:
            tls.sendall(f"{head}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
            answer = tls.recv(4096)
        return int(answer.split()[1]) if answer else 0

    def two(self, target: str, sni: str, authority: str, body: bytes) -> int:
        """Send one request of HTTP/2; return the status."""
        with self.tunnel(target, sni, "h2") as tls:
            known = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
            known.initiate_connection()
            pseudo = [
                (":method", "POST"),
                (":scheme", "https"),
                (":path", "/x"),
                (":authority", authority),
            ]
            known.send_headers(1, [*pseudo, ("content-length", str(len(body)))])
            left = body
            while True:
                size = min(known.local_flow_control_window(1), known.max_outbound_frame_size)
                while left and size:
                    known.send_data(1, left[:size])
                    left = left[size:]
                    size = min(known.local_flow_control_window(1), known.max_outbound_frame_size)
                    if not left:
                        known.end_stream(1)
                tls.sendall(known.data_to_send())
                data = tls.recv(65536)
                if not data:
                    return 0
                for event in known.receive_data(data):
                    if isinstance(event, h2.events.ResponseReceived):
                        return int(dict(event.headers)[b":status"])
                    if isinstance(event, h2.events.StreamReset | h2.events.ConnectionTerminated):
                        return 0


Send = Callable[[Client, bytes], int]

FRONTED: dict[str, Send] = {
    "CONNECT": lambda c, b: c.one("evil.example:443", "good.example", "/x", ["good.example"], b),
    "TLS handshake": lambda c, b: c.one(
        "good.example:443", "evil.example", "/x", ["good.example"], b
    ),
    "Host header": lambda c, b: c.one(
        "good.example:443", "good.example", "/x", ["evil.example"], b
    ),
    "Host with a dot": lambda c, b: c.one(
        "good.example:443", "good.example", "/x", ["EVIL.example."], b
    ),
    "Host with a port": lambda c, b: c.one(
        "good.example:443", "good.example", "/x", ["a.evil.example:443"], b
    ),
    "IDN": lambda c, b: c.one("good.example:443", "good.example", "/x", ["böse.example"], b),
    "absolute form": lambda c, b: c.one(
        "good.example:443", "good.example", "https://evil.example/x", ["good.example"], b
    ),
    ":authority": lambda c, b: c.two("good.example:443", "good.example", "evil.example", b),
    "another port": lambda c, b: c.one(
        "good.example:443", "good.example", "/x", ["good.example:8444"], b
    ),
    "an inside address": lambda c, b: c.one(
        "good.example:443", "good.example", "/x", ["0xA9FEA9FE"], b
    ),
    "an inside target": lambda c, b: c.one(
        "10.0.0.7:443", "good.example", "/x", ["good.example"], b
    ),
}
HONEST: dict[str, Send] = {
    "plain": lambda c, b: c.one("good.example:443", "good.example", "/x", ["good.example"], b),
    "default port": lambda c, b: c.one(
        "good.example:443", "good.example", "/x", ["good.example:443"], b
    ),
    "case and dot": lambda c, b: c.one(
        "GOOD.example:443", "good.example", "/x", ["Good.Example."], b
    ),
    "absolute form": lambda c, b: c.one(
        "good.example:443", "good.example", "https://good.example/x", ["good.example"], b
    ),
    "HTTP/2": lambda c, b: c.two("good.example:443", "good.example", "good.example:443", b),
    "IDN": lambda c, b: c.one(
        "xn--mnchen-3ya.example:443", "xn--mnchen-3ya.example", "/x", ["münchen.example"], b
    ),
}


@pytest.mark.parametrize("size", BODIES)
@pytest.mark.parametrize("name", FRONTED)
def test_no_name_leads_past_a_rule(started: Any, name: str, size: str) -> None:
    """A rule against a host or port holds by whatever the request names it; not one byte of the
    body leaves, and the record says which names it gave."""
    client = Client(started)
    before, count = client.internet.bytes_received, len(started.records())
    status = FRONTED[name](client, BODIES[size])
    assert status == 403
    assert client.internet.bytes_received == before
    started.wait_for(lambda: len(started.records()) > count)
    record = started.records()[-1]
    assert record["decision"]["verdict"] == "block"
    assert record["decision"]["rule"].startswith("no-")
    assert record["destination"]["other_names"] or name == "CONNECT"


@pytest.mark.parametrize("size", BODIES)
@pytest.mark.parametrize("name", HONEST)
def test_one_host_in_two_spellings_is_no_fronting(started: Any, name: str, size: str) -> None:
    """Letters of other scripts, capitals, a dot at the end and the usual port contradict
    nothing.
    """
    client = Client(started)
    before, count = client.internet.bytes_received, len(started.records())
    assert HONEST[name](client, BODIES[size]) == 200
    assert client.internet.bytes_received == before + len(BODIES[size])
    started.wait_for(lambda: len(started.records()) > count)
    record = started.records()[-1]
    assert record["destination"]["other_names"] == []
    assert record["decision"]["degraded"] == []


def test_trust_in_one_name_is_no_trust_in_another(started: Any) -> None:
    """What may go to one's own hosts does not go where another name leads."""
    client = Client(started)
    own = ("a.corp.example:443", "a.corp.example", "/x")
    assert client.one(*own, ["a.corp.example"], IBAN) == 200
    assert client.one(*own, ["b.corp.example"], IBAN) == 200
    before = client.internet.bytes_received
    assert client.one(*own, ["elsewhere.example"], IBAN) == 403
    assert (
        client.one("elsewhere.example:443", "elsewhere.example", "/x", ["a.corp.example"], IBAN)
        == 403
    )
    assert client.internet.bytes_received == before


def test_a_second_host_header_is_a_name(started: Any) -> None:
    """Of two Host headers a server may heed either: both count, where the request passes at all."""
    client = Client(started)
    before = client.internet.bytes_received
    for hosts in (["good.example", "evil.example"], ["evil.example", "good.example"]):
        assert client.one("good.example:443", "good.example", "/x", hosts, b"hello") in {
            403,
            400,
            502,
            0,
        }
    assert client.internet.bytes_received == before


GOOD = "good.example:443"
UPGRADES = {
    "CONNECT": ("evil.example:443", "good.example", "/talk", ["good.example"]),
    "TLS handshake": (GOOD, "evil.example", "/talk", ["good.example"]),
    "Host header": (GOOD, "good.example", "/talk", ["evil.example"]),
    "Host with a port": (GOOD, "good.example", "/talk", ["a.evil.example:443"]),
    "IDN": (GOOD, "good.example", "/talk", ["böse.example"]),
    "absolute form": (GOOD, "good.example", "https://evil.example/talk", ["good.example"]),
    "another port": (GOOD, "good.example", "/talk", ["good.example:8444"]),
    "an inside address": (GOOD, "good.example", "/talk", ["0xA9FEA9FE"]),
}


@pytest.mark.parametrize("name", UPGRADES)
def test_no_name_of_a_websocket_leads_past_a_rule(started: Any, name: str) -> None:
    """A WebSocket is judged by every name that its opening gives, and opens to none of them where
    one is forbidden."""
    client = Client(started)
    arrived, count = len(client.internet.arrivals), len(started.records())
    assert client.upgrade(*UPGRADES[name]) == 403
    assert len(client.internet.arrivals) == arrived
    started.wait_for(lambda: len(started.records()) > count)
    record = started.records()[-1]
    assert record["destination"]["scheme"] == "wss"
    assert record["decision"]["rule"].startswith("no-")


def test_an_honest_websocket_is_asked_for_at_its_server(started: Any) -> None:
    """One host in two spellings opens a WebSocket as ever: the server itself answers."""
    client = Client(started)
    count = len(started.records())
    assert client.upgrade(GOOD, "good.example", "/talk", ["GOOD.example:443"]) != 403
    started.wait_for(lambda: len(started.records()) > count)
    assert started.records()[-1]["destination"]["other_names"] == []
