"""What is asked and answered in a tunnel, odd or not, and what comes of it by either way."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mitmproxy.connection import ConnectionState
from mitmproxy.proxy import commands, events
from OpenSSL import SSL
from tunnel_drive import Tunnel

from certs.authority import open_authority
from certs.leaf import LeafMinter
from proxy.joined_heads import HeadJoined
from proxy.mitmproxy_patches.applied import in_our_own_process
from proxy.streams import GateHttpLayer, GateStream

HOST = b" HTTP/1.1\r\nHost: a.example\r\n"
BODY = b"Content-Length: 9\r\n\r\nbodyhello"
REQUESTS = {
    "ordinary": b"POST /1" + HOST + BODY,
    "large": b"POST /2" + HOST + b"Content-Length: 20005\r\n\r\n" + b"x" * 20_000 + b"hello",
    "in chunks": b"PUT /3" + HOST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "with trailers": b"PUT /4"
    + HOST
    + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
    "that asks first": b"POST /5" + HOST + b"Expect: 100-continue\r\n" + BODY,
    "without a body": b"GET /hello" + HOST + b"\r\n",
    "for a head": b"HEAD /hello" + HOST + b"\r\n",
    "that ends it": b"POST /6" + HOST + b"Connection: close\r\n" + BODY,
    "of HTTP/1.0": b"POST /7 HTTP/1.0\r\nHost: a.example\r\n" + BODY,
    "with an empty body": b"POST /hello" + HOST + b"Content-Length: 0\r\n\r\n",
    "with odd fields": b"POST /8" + HOST + b"X-A:\r\nx-a: \xff\r\nCOOKIE: a=b\r\n" + BODY,
    "of two lengths": b"POST /hello" + HOST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "that is none": b"\x00\x01 hello\r\n\r\n",
    "that is half": b"POST /hello" + HOST,
}
OK = b"HTTP/1.1 200 OK\r\n"
ANSWERS = {
    "ordinary": OK + b"Content-Length: 2\r\n\r\nok",
    "empty": OK + b"Content-Length: 0\r\n\r\n",
    "in chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "not modified": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    "hints first": b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
    + OK
    + b"Content-Length: 2\r\n\r\nok",
    "go on first": b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok",
    "until it ends": OK + b"\r\nuntil the end",
    "that ends it": OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nok",
    "of HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "more than it says": OK + b"Content-Length: 2\r\n\r\nokand more",
    "twice": (OK + b"Content-Length: 2\r\n\r\nok") * 2,
    "no HTTP": b"nonsense\r\n\r\n",
    "bad chunks": OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nok",
    "half": OK + b"Content-Length: 9\r\n\r\nok",
}
NAMES = {kind.__name__: kind for kind in (GateStream, HeadJoined)}


class Noting(Tunnel):
    """A tunnel that notes all that is done for it."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.done: list[tuple[str, str]] = []
        super().__init__(*arguments, **named)

    def _do(self, command: commands.Command) -> None:
        about = ""
        if isinstance(command, commands.ConnectionCommand):
            about = "client" if command.connection is self.client else "server"
        elif isinstance(command, commands.StartHook):
            about = command.name
        if not isinstance(command, commands.Log):
            self.done.append((type(command).__name__, about))
        super()._do(command)

    def close(self, *, client: bool) -> None:
        """Have an end close its connection, if it has one."""
        ends = [self.client] if client else [*self.servers][-1:]
        for connection in ends:
            if connection.state is not ConnectionState.CLOSED:
                connection.state &= ~ConnectionState.CAN_READ
                self._event(events.ConnectionClosed(connection))


@contextmanager
def the_long_way() -> Iterator[None]:
    """Have everything take mitmproxy's way from layer to layer."""
    with pytest.MonkeyPatch.context() as patching:
        for kind in NAMES.values():
            patching.setattr(kind, "handles_events_as_every_layer", False)
        patching.setattr(GateHttpLayer, "straight", lambda *_: None)
        yield


def server_in(folder: Path) -> SSL.Context:
    """Return what a server of these cases speaks TLS by; its files are in a folder."""
    in_our_own_process()
    leaf = LeafMinter(open_authority(folder)).mint("a.example")
    (folder / "leaf.pem").write_bytes(leaf.key_pem() + leaf.certificates_pem())
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate_chain_file(str(folder / "leaf.pem"))
    context.use_privatekey_file(str(folder / "leaf.pem"))
    return context


def outcome(
    server: SSL.Context,
    said: list[bytes],
    answer: list[bytes],
    steps: list[tuple[int, int]],
    ends: tuple[str, int],
    *,
    short: bool,
    in_turn: bool = False,
    **named: Any,
) -> tuple[Any, ...]:
    """Return what both sides heard, and all that was done. `in_turn`: each piece is said when all
    that came of those before it is over.
    """
    tunnel = Noting(server, answer, short=short, **named)
    client, (who, at) = tunnel.end, ends
    assert client is not None
    for piece in said:
        client.say(piece)
        if in_turn:
            tunnel.settle()
    for number, (what, size) in enumerate(steps):
        if number == at and who != "nobody":
            tunnel.close(client=who == "client")
        tunnel.step(what, size)
    tunnel.settle()
    if who != "nobody":
        tunnel.close(client=who == "client")
        tunnel.settle()
    heard = sorted(end.heard for end in tunnel.servers.values())
    return client.heard, heard, tunnel.done, tunnel.faults
