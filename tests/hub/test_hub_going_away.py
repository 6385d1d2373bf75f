"""Who goes away in the middle of a message, or sends none that can be read, is no fault of the
hub's: its log tells of nothing, and it goes on.
"""

import logging
import socket
import ssl
import struct
import threading
from collections.abc import Callable

import pytest
from fleet_over_tls import joined, shipper
from fleet_world import FleetWorld

from hub import service
from hub.arriving import Arriving, Body
from hub.service import Serving

_RESET = struct.pack("ii", 1, 0)
BODIES = {
    "half": b"Content-Length: 999\r\n\r\nx",
    "half-chunk": b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    "no-gzip": b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde",
}
POST = b"POST %s HTTP/1.1\r\nHost: hub\r\n"
NO_CHUNK = b"Transfer-Encoding: chunked\r\n\r\nzz\r\nab"


def reset(line: ssl.SSLSocket) -> None:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    line.close()


@pytest.mark.parametrize("end", [reset, ssl.SSLSocket.close])
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("path", ["/v1/upload", "/v1/enrol"])
def test_an_ordinary_end_is_no_alarm(
    world: FleetWorld,
    serving: Serving,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    body: str,
    end: Callable[[ssl.SSLSocket], None],
) -> None:
    """Reset or closed; with a message that is cut short or cannot be read."""
    begun, answered = threading.Event(), threading.Event()
    reads, says = Arriving.read, service._said

    async def read(self: Arriving, body: Body, *more: object) -> bytes:
        begun.set()
        return await reads(self, body, *more)  # type: ignore[arg-type]

    def said(words: str, status: int) -> object:
        answered.set()
        return says(words, status)

    monkeypatch.setattr(Arriving, "read", read)
    monkeypatch.setattr(service, "_said", said)
    member = joined(world, serving, "till-1")
    begun.clear()
    plain = socket.create_connection(("127.0.0.1", serving.port))
    line = member.context().wrap_socket(plain, server_hostname="127.0.0.1")
    line.sendall(POST % path.encode() + BODIES[body])
    assert begun.wait(60)
    end(line)
    assert answered.wait(60)
    assert warnings(caplog) == []


@pytest.mark.parametrize("sent", [POST % b"/v1/upload" + NO_CHUNK, b"\0 no HTTP\r\n\r\n"])
def test_what_is_no_http_is_no_alarm(
    world: FleetWorld, serving: Serving, caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    member = joined(world, serving, "till-1")
    plain = socket.create_connection(("127.0.0.1", serving.port))
    with member.context().wrap_socket(plain, server_hostname="127.0.0.1") as line:
        line.sendall(sent)
        told = b"".join(iter(lambda: line.recv(4096), b""))
    assert told.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))
    assert warnings(caplog) == []


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]


def test_a_fault_is_still_told(
    world: FleetWorld,
    serving: Serving,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A connection that ends elsewhere, while whoever asked is there, is none that they ended."""

    async def read(*_: object) -> bytes:
        raise ConnectionResetError

    member = joined(world, serving, "till-1")
    monkeypatch.setattr(Arriving, "read", read)
    ship = shipper(member)
    with pytest.raises(Exception, match="fault in the hub"):
        ship.line.send("/v1/check-in", b"{}")
    ship.line.close()
    assert warnings(caplog) == ["a request failed: ConnectionResetError"]
