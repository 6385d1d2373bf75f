"""Whether a value leaves under a rule that blocks anything, in bodies that were held out.

    python benchmarks/hold_out.py [--inspect] [--ways held streamed socket] [--lines 1]

Some five hundred spellings, charsets, formats, files and documents, in all that may carry them
(tests/fakes/hold_out_bodies.py). `--inspect`: only what the engine tells, without a gate. Else each
goes through one gate, held as a whole, in a form of 9 MB that streams, and as messages of a
WebSocket, to a server that keeps what comes. Quoted: how many were sent, how many did not arrive,
and the names of those that did; what is beyond the published line apart. Made-up values; all
traffic is loopback.
"""

import argparse
import asyncio
import contextlib
import ssl
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "fakes")]

from hold_out_bodies import BEYOND, BINARY, IBAN, LINE, TEXTUAL, bodies, written  # noqa: E402
from made_up_traffic import multipart  # noqa: E402

from benchmarks import gate as bench  # noqa: E402
from benchmarks.gate_load import tunnel  # noqa: E402
from benchmarks.hostile_traffic import accepted, framed  # noqa: E402
from core.exchange import Exchange  # noqa: E402

POLICY = "mode: enforce\nrules:\n  - {id: all, when: {findings: [anything]}, then: block}\n"
FILLER = b"nothing to see in this line\n" * 340_000
"""More than is held."""
WAIT_S = 60


class Kept(asyncio.Protocol):
    """Keeps what comes; answers each request that is whole."""

    came = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._write: Callable[[bytes], None] = transport.write  # type: ignore[attr-defined]
        self._own, self._opened = bytearray(), False

    def data_received(self, data: bytes) -> None:
        Kept.came += data
        if self._opened:
            if b"\x88\x82" in data[-8:]:
                self._write(b"\x88\x02\x03\xe8")
            return
        self._own += data
        head, end, body = bytes(self._own).partition(b"\r\n\r\n")
        _, stated, size = head.lower().partition(b"content-length:")
        if not end or (stated and len(body) < int(size.split(b"\r\n", 1)[0])):
            return
        self._own.clear()
        self._opened = b"upgrade: websocket" in head.lower()
        self._write(accepted() if self._opened else b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


class Server:
    """The stand-in internet, in a thread of its own."""

    def __init__(self, certificate: Path) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._loop = asyncio.new_event_loop()
        self.port = 0

    def __enter__(self) -> Self:
        made = self._loop.create_server(Kept, "127.0.0.1", 0, ssl=self._context)
        self.port = self._loop.run_until_complete(made).sockets[0].getsockname()[1]
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)


def as_request(sent: Exchange) -> bytes:
    """A request as a script sends it."""
    lines = [f"{sent.method} {sent.path} HTTP/1.1", "host: localhost"]
    lines += [f"{name}: {value}" for name, value in sent.headers if name != "host" and value]
    lines.append(f"content-length: {len(sent.body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + sent.body


def held(value: bytes) -> Iterator[tuple[str, bytes]]:
    """All bodies in all carriers, each a request."""
    for name, carrier, sent in bodies(value):
        yield f"{name} ({carrier})", as_request(sent)


def streamed(value: bytes) -> Iterator[tuple[str, bytes]]:
    """Each body as a file of a form that is larger than what is held."""
    for name in (*TEXTUAL, *BINARY):
        parts = (("note", None, None, FILLER), ("file", "a.bin", "application/octet-stream"))
        body, kind = multipart(parts[0], (*parts[1], written(name, value)))
        head = f"POST /up HTTP/1.1\r\nhost: localhost\r\ncontent-type: {kind}\r\n"
        yield name, f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def messages(value: bytes) -> Iterator[tuple[str, bytes]]:
    """Each body as a message of bytes."""
    for name in (*TEXTUAL, *BINARY):
        yield name, framed(written(name, value), 0x82)


def answered(connection: ssl.SSLSocket, sent: bytes) -> None:
    """Send; read until something comes, or the connection ends."""
    with contextlib.suppress(OSError):
        connection.sendall(sent)
    with contextlib.suppress(OSError):
        connection.recv(65_536)


def opened(connection: ssl.SSLSocket) -> None:
    """Make a WebSocket of it."""
    answered(
        connection,
        b"GET /s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: a2tra2tra2tra2tra2traw==\r\n\r\n",
    )


def tried(
    gate: tuple[int, Path], port: int, cases: Iterator[tuple[str, bytes]], value: bytes, way: str
) -> None:
    """Send each; print how many arrived."""
    count, arrived = 0, list[str]()
    for name, sent in cases:
        Kept.came.clear()
        count += 1
        with contextlib.closing(tunnel(gate[0], port, gate[1])) as connection:
            connection.settimeout(WAIT_S)
            if way == "socket":
                opened(connection)
                Kept.came.clear()
                answered(connection, sent + framed(b"\x03\xe8", 0x88))
                body = written(name, value)
            else:
                answered(connection, sent)
                body = sent.partition(b"\r\n\r\n")[2] if way == "held" else written(name, value)
        came = bytes(Kept.came)
        if body in (said(came) if way == "socket" else came):
            arrived.append(name)
    told(way, count, arrived)


def said(frames: bytes) -> bytes:
    """Return what masked frames of a WebSocket say."""
    out, at = bytearray(), 0
    while at + 6 <= len(frames):
        size, at = frames[at + 1] & 127, at + 2
        if size > 125:
            wide = 2 if size == 126 else 8
            size, at = int.from_bytes(frames[at : at + wide]), at + wide
        mask, payload = frames[at : at + 4], frames[at + 4 : at + 4 + size]
        out += bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload))
        at += 4 + size
    return bytes(out)


def told(way: str, count: int, arrived: list[str]) -> None:
    """Print one line of the table, and names."""
    beyond = [name for name in arrived if name.partition(" (")[0] in BEYOND]
    wrong = [name for name in arrived if name not in beyond]
    print(
        f"| {way} | {count} | {count - len(arrived)} | {len(beyond)} | {len(wrong)} |", flush=True
    )
    for name in wrong:
        print(f"    {name}")


def inspected(value: bytes) -> None:
    """The same by the engine alone."""
    from classifiers.engine import Engine, EngineSetup, build_worker
    from core.organisation import Organisation
    from core.vocabulary.unread import unread_text

    setup = EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False)
    loop, worker, silent, count = Engine(setup), build_worker(setup), list[str](), 0
    for name, carrier, sent in bodies(value):
        count += 1
        seen = loop.classify(sent)
        seen = worker.classify(sent) if seen.deferred else seen
        if not unread_text(seen.findings) and "iban" not in {f.kind for f in seen.findings}:
            silent.append(f"{name} ({carrier})")
    told("inspect", count, silent)


def main() -> None:
    """Start a gate and a stand-in internet; print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--inspect", action="store_true")
    parser.add_argument("--lines", type=int, default=1, help="0: the bare value")
    parser.add_argument("--ways", nargs="*", default=["held", "streamed", "socket"])
    options = parser.parse_args()
    value = LINE * options.lines or IBAN
    print("| way | sent | kept back | arrived: beyond the line | arrived |\n|---|---|---|---|---|")
    if options.inspect:
        inspected(value)
        return
    from certs.authority import open_authority
    from certs.leaf import LeafMinter

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = open_authority(folder / "upstream")
        leaf = LeafMinter(authority).mint("localhost")
        (folder / "leaf.pem").write_bytes(leaf.key_pem() + leaf.certificates_pem())
        (folder / "root.pem").write_bytes(authority.root_pem())
        (folder / "home").mkdir()
        (folder / "home" / "outgate.yaml").write_text(POLICY)
        with (
            Server(folder / "leaf.pem") as server,
            bench.outgate(folder, folder / "root.pem") as (port, _, roots),
        ):
            ways = {"held": held, "streamed": streamed, "socket": messages}
            for way in options.ways:
                tried((port, roots), server.port, ways[way](value), value, way)


if __name__ == "__main__":
    main()
