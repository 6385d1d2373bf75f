"""Who asks the gate for the gate itself, by whatever name: a word, and no connection to itself."""

import asyncio
import socket
from collections.abc import Callable, Sequence

import pytest
from mitmproxy.connection import Server

from proxy.itself import WORDS, Itself
from tests.proxy.conftest import RunningGate

PATIENCE_S = 30
WORD = b"This is Outgate itself"


def answer_to(gate: RunningGate, *parts: bytes) -> bytes:
    """Return what the gate says until it ends the connection; each part follows an answer."""
    with socket.create_connection(("127.0.0.1", gate.port), timeout=PATIENCE_S) as talk:
        received = b""
        for part in parts[:-1]:
            talk.sendall(part)
            received += talk.recv(4096)
        talk.sendall(parts[-1])
        while more := talk.recv(4096):
            received += more
    return received


@pytest.fixture(name="gate")
def gate_fixture(gate: RunningGate) -> RunningGate:
    """A gate whose connections go where they are asked to."""
    gate.addon.upstreams.routes.replace(())
    return gate


def whole(host: str) -> bytes:
    return f"GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def straight(host: str) -> bytes:
    return f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("asked", "host"),
    [
        (straight, "127.0.0.1"),
        (straight, "localhost"),
        (whole, "127.0.0.1"),
        (whole, "LOCALHOST"),
        (whole, "0.0.0.0"),
        (whole, "127.1"),
        (whole, "[::ffff:127.0.0.1]"),
    ],
)
def test_it_is_told_in_words_what_this_is(
    gate: RunningGate, asked: Callable[[str], bytes], host: str
) -> None:
    """By any name of it the gate answers once, and no connection of its own comes back to it."""
    received = answer_to(gate, asked(f"{host}:{gate.port}"))
    assert received.startswith(b"HTTP/1.1 400 ")
    assert WORD in received
    assert gate.addon.health.connections == 1


def test_in_a_tunnel_it_is_told_the_same(gate: RunningGate) -> None:
    """CONNECT to the gate itself, and a request in it."""
    place = f"127.0.0.1:{gate.port}"
    received = answer_to(gate, f"CONNECT {place} HTTP/1.1\r\n\r\n".encode(), straight(place))
    assert WORD in received


def test_its_record_says_that_it_went_nowhere(gate: RunningGate) -> None:
    """It is decided on like any other, and told as what did not leave."""
    answer_to(gate, whole(f"LOCALHOST:{gate.port}"))
    [record] = gate.evidence.closed
    assert "the destination: it is this gate itself" in record.notes


@pytest.mark.parametrize(
    "first",
    [
        b"GET / HTTP/1.0\r\n\r\n",
        b"\x05\x01\x00",
        b"\x04\x01\x00\x50\x01\x02\x03\x04user\x00",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        bytes(range(64)),
    ],
)
def test_whoever_speaks_something_else_reads_where_he_is(gate: RunningGate, first: bytes) -> None:
    """SOCKS, HTTP/2 in the clear, SSH, noise, and a request for nobody."""
    received = answer_to(gate, first)
    assert received.startswith(b"HTTP/1.1 400 ")
    assert b"Outgate is an HTTP proxy" in received


ALL, ALL_6 = "0.0.0.0", "::"


@pytest.mark.parametrize(
    ("listens", "found", "is_ours"),
    [
        ("127.0.0.1", ["127.0.0.1"], True),
        ("127.0.0.1", ["192.0.2.7", "127.0.0.1"], True),
        ("127.0.0.1", ["::ffff:127.0.0.1"], True),
        ("127.0.0.1", [ALL], True),
        ("127.0.0.1", ["127.0.0.2"], False),
        ("127.0.0.1", ["::1"], False),
        ("::1", [ALL_6], True),
        (ALL, ["127.0.0.2"], True),
        (ALL, ["::1"], False),
        (ALL, ["192.0.2.7"], False),
        (ALL_6, ["127.0.0.2"], True),
        (ALL_6, ["::1"], True),
        (ALL_6, ["2001:db8::7"], False),
    ],
)
def test_a_name_is_the_gates_where_it_leads_there(
    listens: str, found: Sequence[str], *, is_ours: bool
) -> None:
    """Of several addresses one is enough: any may be tried."""
    itself = Itself(lambda host, port: found)
    itself.listens([(listens, 8899)])
    server = Server(address=("some.example", 8899))
    assert itself.may_be(server)
    asyncio.run(itself.refuse(server))
    assert server.error == (WORDS if is_ours else None)


def test_other_ports_are_not_looked_up() -> None:
    """Only who asks for the gate's port waits for names."""
    itself = Itself()
    assert not itself.may_be(Server(address=("some.example", 8899)))
    itself.listens([("127.0.0.1", 8899)])
    assert not itself.may_be(Server(address=("some.example", 443)))


def test_a_name_that_cannot_be_looked_up_is_not_asked_again() -> None:
    """The second answer might lead here."""

    def nobody(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    itself = Itself(nobody)
    itself.listens([("127.0.0.1", 8899)])
    server = Server(address=("some.example", 8899))
    asyncio.run(itself.refuse(server))
    assert "not known" in (server.error or "")
