"""Backpressure: a client is read no faster than its body can be decided on, so memory stays
flat.
"""

import asyncio
import logging
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h2.config
import h2.connection
import h2.events
import httpx
import pytest

from core.attribution import Attribution, unknown_sender
from core.classification import Classification
from core.exchange import Connection, Exchange
from tests.proxy.conftest import RunningGate, StartsGate

MOST = 8 << 20
"""What the gate may have taken: some windows."""
OFFERED = 64 << 20


@pytest.fixture
def stuck(start_gate: StartsGate) -> Iterator[tuple[Any, threading.Event]]:
    """A gate whose workers answer once they are told to."""
    gate = start_gate(hold_bytes=10_000)
    go = threading.Event()

    async def classify_window(exchange: Exchange, deadline_s: float) -> Classification:
        await asyncio.to_thread(go.wait, 30)
        return gate.classifier.classify(exchange)

    gate.pool.classify_window = classify_window
    yield gate, go
    go.set()


def sent_until_stuck(tls: ssl.SSLSocket, piece: bytes, first: bytes) -> int:
    """Send the same piece again and again until the far side takes no more for a second; return how
    much went."""
    tls.sendall(first)
    tls.setblocking(False)
    sent = 0
    while sent < OFFERED:
        try:
            sent += tls.send(piece)
        except ssl.SSLWantWriteError:
            if not select.select([], [tls], [], 1.0)[1]:
                break
        except ssl.SSLWantReadError:
            select.select([tls], [], [], 0.1)
    tls.setblocking(True)
    return sent


def waiting(tls: ssl.SSLSocket) -> int:
    """Return how many bytes lie in the kernel between a client and its gate, TLS's own among them:
    as many as the kernel's settings allow, which grow with the memory of the machine.
    """
    ends = {tls.getsockname()[1], tls.getpeername()[1]}
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    queues = [
        line[4].split(":")
        for line in lines
        if {int(end.rpartition(":")[2], 16) for end in line[1:3]} == ends
    ]
    assert len(queues) == 2
    return sum(int(size, 16) for queue in queues for size in queue)


def head(framing: bytes) -> bytes:
    return b"PUT /big HTTP/1.1\r\nHost: files.example\r\n%b\r\n\r\n" % framing


@pytest.mark.parametrize("chunked", [False, True])
def test_a_client_waits_while_its_body_is_scanned(
    stuck: tuple[Any, threading.Event], chunked: bool
) -> None:
    """While workers are busy the client's socket is left alone; nothing that was not scanned has
    left."""
    gate, _ = stuck
    tls = gate.connect("files.example")
    tls.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
    framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % OFFERED
    piece = b"10000\r\n%b\r\n" % (b"x" * 65536) if chunked else b"x" * 65536
    sent = sent_until_stuck(tls, piece, head(framing))

    assert 0 < sent - waiting(tls) < MOST
    assert gate.internet.bytes_received <= 2 * 65536
    tls.close()


def test_a_slow_start_makes_the_client_wait_too(start_gate: StartsGate) -> None:
    """Evidence that is slow to be written at the beginning of a large upload does not fill the
    memory meanwhile."""
    gate = start_gate(hold_bytes=10_000, strict=True)
    gate.evidence.hold = threading.Event()
    tls = gate.connect("files.example")
    tls.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
    sent = sent_until_stuck(tls, b"x" * 65536, head(b"Content-Length: %d" % OFFERED))

    assert 0 < sent - waiting(tls) < MOST
    assert gate.internet.bytes_received == 0
    tls.close()
    gate.evidence.hold.set()


def test_an_http2_client_waits_too(stuck: tuple[Any, threading.Event]) -> None:
    """On HTTP/2 no window is opened to the client while its body waits to be scanned."""
    gate, _ = stuck
    tls = gate.connect("files.example", alpn=["h2"])
    client = h2.connection.H2Connection(h2.config.H2Configuration())
    client.initiate_connection()
    fields = [
        (":method", "PUT"),
        (":scheme", "https"),
        (":authority", "files.example"),
        (":path", "/big"),
    ]
    client.send_headers(1, fields)
    tls.sendall(client.data_to_send())
    tls.settimeout(1.0)
    sent = 0
    while sent < OFFERED:
        room = min(client.local_flow_control_window(1), client.max_outbound_frame_size)
        try:
            if room:
                client.send_data(1, b"x" * room)
                sent += room
                tls.sendall(client.data_to_send())
            else:
                client.receive_data(tls.recv(65536))
        except TimeoutError:
            break

    assert 0 < sent - waiting(tls) < MOST
    tls.close()


def test_an_http2_upload_arrives_whole(start_gate: StartsGate) -> None:
    """A large body over HTTP/2 passes the scan byte for byte."""
    gate = start_gate(hold_bytes=10_000)
    context = gate.client_context()
    offer = context.set_alpn_protocols
    context.set_alpn_protocols = lambda alpn_protocols: offer(["h2"])
    body = bytes(range(256)) * 12_000
    with httpx.Client(
        http2=True, proxy=f"http://127.0.0.1:{gate.port}", verify=context, timeout=30
    ) as client:
        answer = client.put("https://files.example/big", content=body)

    assert answer.http_version == "HTTP/2"
    assert gate.internet.arrivals[0].body == body


def test_the_upload_goes_on_once_the_workers_are_free(stuck: tuple[Any, threading.Event]) -> None:
    """A client that waited is served to its end."""
    gate, go = stuck
    threading.Timer(0.5, go.set).start()
    body = b"y" * (6 << 20)
    with httpx.Client(
        proxy=f"http://127.0.0.1:{gate.port}", verify=gate.client_context(), timeout=60
    ) as client:
        answer = client.put("https://files.example/big", content=body)

    assert answer.json()["received"] == len(body)


def test_a_client_that_has_gone_before_it_is_read_is_no_fault(
    gate: RunningGate, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Probes and port scans that connect and leave are no error of the gate."""
    gone = threading.Event()

    def attribute(connection: Connection) -> Attribution:
        gone.wait(20)
        return unknown_sender("fake", "it has gone")

    monkeypatch.setattr(gate.attributor, "attribute_now", lambda connection: None)
    monkeypatch.setattr(gate.attributor, "attribute", attribute)
    for sent in (b"", b"GET / HTTP/1.1\r\n", b"\x16\x03\x01"):
        with socket.create_connection(("127.0.0.1", gate.port), timeout=20) as raw:
            raw.sendall(sent)
    gone.set()
    gate.connect("api.example.com").close()

    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []
