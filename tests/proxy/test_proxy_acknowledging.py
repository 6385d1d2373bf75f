"""Clients that send head and body apart do not wait for the acknowledgement of the head."""

import socket
from asyncio.trsock import TransportSocket
from collections.abc import Iterator
from typing import Any

import pytest
from patience import eventually

from proxy.acknowledging import QUICKACK, prompt
from tests.proxy.conftest import RunningGate

pytestmark = pytest.mark.skipif(QUICKACK is None, reason="this system has no TCP_QUICKACK")


class Writer:
    """The part of a stream's writer that is asked."""

    def __init__(self, found: Any) -> None:
        self._found = found

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._found if name == "socket" else default


@pytest.fixture
def connected() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The two ends of one loopback TCP connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        near = socket.create_connection(listening.getsockname())
        far, _ = listening.accept()
    with near, far:
        yield near, far


@pytest.fixture
def armed(monkeypatch: pytest.MonkeyPatch) -> dict[Any, int]:
    """How often acknowledgements were asked for at once, by the client's address."""
    found: dict[Any, int] = {}
    set_option = TransportSocket.setsockopt

    def spy(self: TransportSocket, *arguments: Any) -> None:
        set_option(self, *arguments)
        if arguments[1] == QUICKACK and arguments[0] == socket.IPPROTO_TCP:
            assert arguments[2] == 1
            found[self.getpeername()] = found.get(self.getpeername(), 0) + 1

    monkeypatch.setattr(TransportSocket, "setsockopt", spy)
    return found


def test_a_kernel_that_delays_acknowledgements_stops_doing_so(
    connected: tuple[socket.socket, socket.socket],
) -> None:
    """After an answer the kernel delays again; it is told anew at each read."""
    _, far = connected
    at_once = prompt(Writer(TransportSocket(far)))
    for _ in range(3):
        far.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0
        )  # as the kernel does after an answer
        assert far.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK) == 0
        at_once()
        assert far.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK) == 1


def test_a_connection_that_is_gone_is_nobodys_failure(
    connected: tuple[socket.socket, socket.socket],
) -> None:
    """The socket may be closed, or none, by the time something that it sent is handled."""
    _, far = connected
    at_once = prompt(Writer(TransportSocket(far)))
    far.close()
    at_once()
    prompt(Writer(None))()


def test_other_systems_do_without(
    monkeypatch: pytest.MonkeyPatch, connected: tuple[socket.socket, socket.socket]
) -> None:
    """Where the system has no such option nothing is set."""
    _, far = connected
    far.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
    monkeypatch.setattr("proxy.acknowledging.QUICKACK", None)
    prompt(Writer(far))()
    assert far.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK) == 0


def test_every_read_from_a_client_is_acknowledged_at_once(
    gate: RunningGate, armed: dict[Any, int]
) -> None:
    """On a kept connection each part of a request is acknowledged as it is read, also after
    answers."""
    with gate.connect("files.example") as talk:
        for number in range(3):
            before = armed.get(talk.getsockname(), 0)
            for part in (
                b"POST /%d HTTP/1.1\r\nHost: files.example\r\nContent-Length: 4\r\n\r\n" % number,
                b"ab",
            ):
                talk.sendall(part)
                before = _more_than(before, armed, talk.getsockname())
            talk.sendall(b"cd")
            assert b" 200 " in _answer(talk)
            assert armed[talk.getsockname()] > before


def test_only_clients_are_hurried(gate: RunningGate, armed: dict[Any, int]) -> None:
    """Connections to servers are left as they are: nobody waits longer there than without the
    gate.
    """
    with gate.connect("files.example") as talk:
        talk.sendall(b"GET / HTTP/1.1\r\nHost: files.example\r\n\r\n")
        assert b" 200 " in _answer(talk)
        assert set(armed) == {talk.getsockname()}


def _more_than(before: int, armed: dict[Any, int], client: Any) -> int:
    eventually(lambda: armed.get(client, 0) > before, "what was read was not acknowledged at once")
    return armed[client]


def _answer(talk: Any) -> bytes:
    data = talk.recv(65536)
    while b"\r\n\r\n" not in data or not data.rstrip().endswith(b"}"):
        more = talk.recv(65536)
        if not more:
            break
        data += more
    return bytes(data)
