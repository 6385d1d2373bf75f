"""Behind the organisation's own proxy: what left by it, and which of the two was at fault."""

import http.client
import socket
from contextlib import closing
from typing import Any

import pytest

from core.fate import LEFT_NOTE, NO_ANSWER_NOTE, UNREACHED_NOTE, Fate
from proxy.corporate_proxies import CorporateProxies, parse_proxy
from tests.proxy.conftest import StartsGate
from tests.proxy.test_proxy_far_side import Talks, closed, odd_server, read_request, says


def _asked(start_gate: StartsGate, port: int, url: str) -> Any:
    """Ask for a URL by a gate behind the proxy at this port; return the record."""
    proxy = parse_proxy(f"http://127.0.0.1:{port}")
    gate = start_gate(proxies=CorporateProxies(proxy))
    gate.addon.upstreams.routes._routes = ()  # to where it is told, not to the stand-in internet
    tls = url.startswith("https:")
    asking = (
        http.client.HTTPSConnection(
            "127.0.0.1", gate.port, timeout=2, context=gate.client_context()
        )
        if tls
        else http.client.HTTPConnection("127.0.0.1", gate.port, timeout=2)
    )
    if tls:
        asking.set_tunnel("files.example", 443)
    with closing(asking), pytest.raises((OSError, http.client.HTTPException)):
        asking.request("POST", "/" if tls else url, b"hello")
        asking.getresponse()
    [record] = closed(gate)
    return record


def _takes_and_ends(talk: socket.socket) -> None:
    read_request(talk)


def _takes_and_waits(talk: socket.socket) -> None:
    read_request(talk)
    talk.recv(1)


@pytest.mark.parametrize(
    ("talks", "note"),
    [
        (_takes_and_ends, NO_ANSWER_NOTE),
        (says(b"SSH-2.0-x\r\n"), NO_ANSWER_NOTE),
        (_takes_and_waits, LEFT_NOTE),
    ],
)
def test_what_a_proxy_got_in_clear_has_left(
    talks: Talks, note: str, start_gate: StartsGate
) -> None:
    """A proxy takes a request in clear with its body: whatever it does then, it was sent."""
    with odd_server(talks) as proxy:
        record = _asked(start_gate, proxy.port, "http://files.example/")
    assert record.notes[0] == note
    assert record.fate is None and record.left


@pytest.mark.parametrize("url", ["http://files.example/", "https://files.example/"])
def test_a_proxy_that_is_not_there_is_told_as_that(url: str, start_gate: StartsGate) -> None:
    """It is the proxy that has to be mended, not the address of the request."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    record = _asked(start_gate, port, url)
    assert record.fate is Fate.UNREACHED
    assert record.notes == (UNREACHED_NOTE, "the proxy behind the gate: it refused the connection")


def test_a_proxy_that_wants_a_password_is_told_as_that(start_gate: StartsGate) -> None:
    """Its status is told, and nothing else that it said."""

    def turns_away(talk: socket.socket) -> None:
        talk.recv(4096)
        talk.sendall(b"HTTP/1.1 407 Anna Geheim\r\nContent-Length: 0\r\n\r\n")

    with odd_server(turns_away) as proxy:
        record = _asked(start_gate, proxy.port, "https://files.example/")
    assert record.fate is Fate.UNREACHED
    assert record.notes == (
        UNREACHED_NOTE,
        "the proxy behind the gate: it wants other credentials than it was given, or any (407)",
    )
