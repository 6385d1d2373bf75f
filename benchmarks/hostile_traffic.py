"""Hostile traffic for `benchmarks/loop_steps.py`, and the stand-in internet that it goes to.

Each kind is a generator that is given a connection, and yields after each exchange.
"""

import asyncio
import base64
import functools
import gzip
import hashlib
import json
import random
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from benchmarks.gate_load import tunnel
from benchmarks.hostile import CLEAN

SIZE = 60_000
_BLOCKS = 5
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def _llm_answer(size: int) -> bytes:
    text = "word " * (size // 5)
    message = {"role": "assistant", "content": text}
    return json.dumps({"model": "m", "choices": [{"index": 0, "message": message}]}).encode()


def _stream(count: int) -> bytes:
    event = b'data: {"choices":[{"index":0,"delta":{"content":"word "}}]}\n\n'
    return event * count + b"data: [DONE]\n\n"


@functools.cache
def _answers() -> dict[bytes, tuple[bytes, bytes]]:
    """Type with further headers, and body, by path."""
    json_type = b"application/json"
    many = b"".join(b"\r\nSet-Cookie: c%d=%d; Path=/" % (n, n) for n in range(2000))
    packed = gzip.compress(b"0" * 20_000_000)
    return {
        b"/large": (json_type, _llm_answer(4_000_000)),
        b"/deep": (json_type, b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
        b"/wide": (json_type, json.dumps({f"k{n}": [n] for n in range(100_000)}).encode()),
        b"/bomb": (json_type + b"\r\nContent-Encoding: gzip", packed),
        b"/cookies": (json_type + many, b"{}"),
        b"/events": (b"text/event-stream", _stream(20_000)),
    }


class Server(asyncio.Protocol):
    """Answers every request; a WebSocket is opened and its messages are dropped."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.write = transport.write  # type: ignore[attr-defined]
        self.buffer = bytearray()
        self.left = 0
        self.dropped = False

    def data_received(self, data: bytes) -> None:
        if self.dropped:
            if data[:1] == b"\x88" or b"\x88\x82" in data[-8:]:
                self.write(b"\x88\x02\x03\xe8")
            return
        self.buffer += data
        while True:
            if self.left:
                taken = min(self.left, len(self.buffer))
                del self.buffer[:taken]
                self.left -= taken
                if self.left:
                    return
                self.answer()
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self.buffer[:end]).lower()
            del self.buffer[: end + 4]
            self.path = head.split(b" ", 2)[1]
            if b"upgrade: websocket" in head:
                self.upgrade()
                return
            mark = head.find(b"\r\ncontent-length:")
            self.left = int(head[mark + 17 :].split(b"\r\n", 1)[0]) if mark >= 0 else 0
            if b"\r\ntransfer-encoding: chunked" in head:
                self.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
                self.dropped = True
                return
            if not self.left:
                self.answer()

    def upgrade(self) -> None:
        self.dropped = True
        self.write(accepted())

    def answer(self) -> None:
        kind, body = _answers().get(self.path, (b"application/json", b"{}"))
        self.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s"
            % (kind, len(body), body)
        )


_KEY = base64.b64encode(b"k" * 16)


def accepted() -> bytes:
    """Return what opens a WebSocket."""
    accept = base64.b64encode(hashlib.sha1(_KEY + _GUID).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %s\r\n\r\n" % accept
    )


class Servers:
    """The stand-in internet, in a thread of its own."""

    def __init__(self, certificate: Path) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._loop = asyncio.new_event_loop()
        self.port = 0

    def __enter__(self) -> Self:
        made = self._loop.create_server(Server, "127.0.0.1", 0, ssl=self._context)
        server = self._loop.run_until_complete(made)
        self.port = server.sockets[0].getsockname()[1]
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)


class Connection:
    """A client's connection through the gate."""

    def __init__(self, line: "Line") -> None:
        self.line = line
        self._socket: ssl.SSLSocket | None = None

    def open(self) -> ssl.SSLSocket:
        """Return the tunnel, opened when first asked for."""
        if self._socket is None:
            self._socket = tunnel(self.line.gate, self.line.server, self.line.roots)
            self._socket.settimeout(60)
        return self._socket

    def close(self) -> None:
        """Go away."""
        if self._socket is not None:
            self._socket.close()

    def exchange(self, data: bytes) -> None:
        """Send a request and read its whole answer. Raises OSError where the connection ends."""
        held = self.open()
        held.sendall(data)
        read = b""
        while b"\r\n\r\n" not in read:
            if not (more := held.recv(65536)):
                raise ConnectionResetError
            read += more
        head, _, rest = read.partition(b"\r\n\r\n")
        _, stated, size = head.lower().partition(b"\r\ncontent-length:")
        left = int(size.split(b"\r\n", 1)[0]) - len(rest) if stated else 0
        while left > 0:
            if not (more := held.recv(262144)):
                raise ConnectionResetError
            left -= len(more)


class Line:
    """Opens connections through one gate to one server."""

    def __init__(self, gate: int, server: int, roots: Path) -> None:
        self.gate, self.server, self.roots = gate, server, roots

    def opened(self) -> Connection:
        """Return a connection."""
        return Connection(self)


def post(
    body: bytes, kind: str = "application/json", path: str = "/v1/chat/completions", more: str = ""
) -> bytes:
    """Return a request; `more`: further lines of its head."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n{more}"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


type Traffic = Callable[[Connection], Iterator[None]]


def repeated(make: Callable[[], bytes]) -> Traffic:
    """Send the same again and again."""
    made = functools.cache(make)

    def send(connection: Connection) -> Iterator[None]:
        while True:
            connection.exchange(made())
            yield

    return send


def chunks(size: int, count: int) -> Traffic:
    """Send a body in very many chunks."""

    def send(connection: Connection) -> Iterator[None]:
        head = b"POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        one = b"%x\r\n%s\r\n" % (size, b"a" * size)
        connection.exchange(head + one * count + b"0\r\n\r\n")
        yield

    return send


def pipelined(count: int) -> Traffic:
    """Send many requests before the first answer is there."""

    def send(connection: Connection) -> Iterator[None]:
        held = connection.open()
        held.sendall(post(CLEAN) * count)
        left = count
        while left:
            if not (more := held.recv(65536)):
                raise ConnectionResetError
            left -= more.count(b"HTTP/1.1 ")
        yield

    return send


def framed(payload: bytes, opcode: int = 0x81) -> bytes:
    """Return a frame of a WebSocket as a client sends it."""
    mask = b"\1\2\3\4"
    size = len(payload)
    head = bytes([opcode])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 65536:
        head += bytes([0x80 | 126]) + size.to_bytes(2)
    else:
        head += bytes([0x80 | 127]) + size.to_bytes(8)
    return head + mask + bytes(b ^ mask[n % 4] for n, b in enumerate(payload))


def websocket(make: Callable[[], bytes]) -> Traffic:
    """Open a WebSocket and send these frames in it again and again."""
    made = functools.cache(make)

    def send(connection: Connection) -> Iterator[None]:
        held = connection.open()
        held.sendall(
            b"GET /socket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n"
            % _KEY
        )
        if b" 101 " not in held.recv(65536):
            raise ConnectionResetError
        for _ in range(_BLOCKS):
            held.sendall(made())
            yield
        held.sendall(framed(b"\x03\xe8", 0x88))
        while held.recv(65536):  # the answer to the closing: all before it was read
            pass

    return send


def pieces(count: int) -> bytes:
    first, last = framed(b"a", 0x01), framed(b"a", 0x80)
    return first + framed(b"a", 0x00) * count + last


def frame_of_2(kind: int, stream: int, payload: bytes = b"", flags: int = 0) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame_of_2(4, 0)
_FIRST_HEAD = b"\x82\x84\x87\x41\x09localhost"
"""GET https://localhost/ (RFC 7541: fields of the static table, and one that is indexed)."""
_NEXT_HEAD = b"\x82\x84\x87\xbe"
_END_HEADERS, _END_BOTH = 0x4, 0x5


def http2(make: Callable[[], list[bytes]]) -> Traffic:
    """Send these frames of HTTP/2, each block at once, on connections of their own."""
    made = functools.cache(make)

    def send(connection: Connection) -> Iterator[None]:
        context = ssl.create_default_context(cafile=str(connection.line.roots))
        context.set_alpn_protocols(["h2"])
        raw = socket.create_connection(("127.0.0.1", connection.line.gate))
        server = f"localhost:{connection.line.server}"
        raw.sendall(f"CONNECT {server} HTTP/1.1\r\nHost: {server}\r\n\r\n".encode())
        raw.recv(4096)
        with context.wrap_socket(raw, server_hostname="localhost") as talk:
            talk.settimeout(20)
            talk.sendall(_PREFACE)
            for block in made():
                talk.sendall(block)
                yield
            talk.sendall(frame_of_2(6, 0, b"lastping"))
            seen = b""
            while b"lastping" not in seen:
                if not (more := talk.recv(65536)):
                    raise ConnectionResetError
                seen = seen[-16:] + more

    return send


def requests_of_2(count: int) -> list[bytes]:
    heads = [_FIRST_HEAD] + [_NEXT_HEAD] * (count - 1)
    return [b"".join(frame_of_2(1, 2 * n + 1, h, _END_BOTH) for n, h in enumerate(heads))]


def bytes_of_2(count: int) -> list[bytes]:
    head = frame_of_2(1, 1, _FIRST_HEAD.replace(b"\x82", b"\x83", 1), _END_HEADERS)
    return [head + frame_of_2(0, 1, b"a") * count]


def hellos(count: int) -> Traffic:
    """Begin handshakes for hosts that were never asked for, and go away."""
    rng = random.Random(5)

    def send(connection: Connection) -> Iterator[None]:
        context = ssl.create_default_context(cafile=str(connection.line.roots))
        for _ in range(count):
            host = f"h{rng.randrange(1 << 40)}.example"
            with socket.create_connection(("127.0.0.1", connection.line.gate)) as raw:
                server = f"localhost:{connection.line.server}"
                raw.sendall(f"CONNECT {server} HTTP/1.1\r\nHost: {server}\r\n\r\n".encode())
                raw.recv(4096)
                raw.settimeout(30)
                with context.wrap_socket(raw, server_hostname=host):
                    pass
            yield

    return send


def heads(data: bytes) -> Traffic:
    """Send a head that never ends to the gate's port."""

    def send(connection: Connection) -> Iterator[None]:
        with socket.create_connection(("127.0.0.1", connection.line.gate)) as raw:
            raw.settimeout(30)
            raw.sendall(data)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(65536):
                pass
        yield

    return send
