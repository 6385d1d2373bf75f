"""The wire itself: what a client and a server say to each other through a tunnel, byte by byte as
in a direct run, on the short way as on mitmproxy's own."""

import hashlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import pytest
from patience import PATIENT_S, eventually

from app.demo.internet import StandInInternet
from proxy.short_way import ShortWay
from tests.proxy.conftest import RunningGate, started

type Talks = Callable[[ssl.SSLSocket, "FarSide"], None]
type Opens = Callable[[], ssl.SSLSocket]
type Dialogue = Callable[[Opens], object]

HOST = "files.example"


class FarSide:
    """A server of raw bytes over TLS; what it does with a connection is set by each test."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.talks: Talks = answers
        self.context = context
        self.got: list[bytes] = []
        """The requests that were received."""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                plain, _ = self._listening.accept()
                threading.Thread(target=self._one, args=(plain,), daemon=True).start()

    def _one(self, plain: socket.socket) -> None:
        plain.settimeout(PATIENT_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with plain, suppress(OSError), self.context.wrap_socket(plain, server_side=True) as talk:
            self.talks(talk, self)

    def close(self) -> None:
        self._listening.close()


class Reader:
    """Reads messages of HTTP/1 from a socket, and keeps all bytes as they came."""

    def __init__(self, talk: ssl.SSLSocket) -> None:
        self._talk, self._left, self._came = talk, bytearray(), bytearray()

    @property
    def all(self) -> bytes:
        """All that came."""
        return bytes(self._came)

    def _more(self) -> bool:
        piece = self._talk.recv(65536)
        self._left += piece
        self._came += piece
        return bool(piece)

    def until(self, end: bytes) -> bytes:
        """Return what comes up to this end, with it; nothing when the connection ends before."""
        while end not in self._left:
            if not self._more():
                return b""
        return self.of(self._left.index(end) + len(end))

    def of(self, size: int) -> bytes:
        """Return so many bytes, or fewer at the end."""
        while len(self._left) < size and self._more():
            continue
        found = bytes(self._left[:size])
        del self._left[:size]
        return found

    def message(self, *, empty: bool = False) -> tuple[bytes, bytes]:
        """Return a head, and its body without the framing; whoever waits for a word
        before the body gets it."""
        head = self.until(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
        if empty:
            return head, b""
        if b"expect" in fields:
            self._talk.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            head = head.replace(b"Expect: 100-continue\r\n", b"")
        if b"chunked" not in fields.get(b"transfer-encoding", b""):
            return head, self.of(int(fields.get(b"content-length", b"0")))
        body = b""
        while size := int(self.until(b"\r\n"), 16):
            body += self.of(size)
            self.of(2)
        self.of(2)
        return head, body


@cache
def body_of(size: int) -> bytes:
    """Return so many bytes of which no two windows are alike."""
    return b"".join(b"%08d" % number for number in range(size // 8 + 1))[:size]


def answers(talk: ssl.SSLSocket, far: FarSide) -> None:
    """Answer requests: with as many bytes as the path says, and the digest of what was sent."""
    reader = Reader(talk)
    while True:
        head, body = reader.message()
        if not head:
            return
        far.got.append(head + body)
        size = int(head.split(b" ")[1].rsplit(b"/", 1)[-1])
        said = hashlib.sha256(body).hexdigest().encode()
        close = b"Connection: close\r\n" if b"/close/" in head else b""
        out = b"HTTP/1.1 200 OK\r\nX-Got: %b\r\n%bContent-Length: %d\r\n\r\n%b"
        talk.sendall(out % (said, close, size, body_of(size)))
        if close:
            return


def request(size: int, body: bytes = b"", *fields: bytes, method: bytes = b"POST") -> bytes:
    """Return a request for so many bytes."""
    head = [b"%b /v1/%d HTTP/1.1" % (method, size), b"Host: files.example", *fields]
    if body:
        head.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(head) + b"\r\n\r\n" + body


@contextmanager
def wired(folder: Path) -> Iterator[tuple[RunningGate, FarSide]]:
    """One gate and one far side for all tests of a module."""
    internet = StandInInternet(folder / "internet")
    far = FarSide(internet.context_for(HOST))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(StandInInternet, "routes", [f"::127.0.0.1:{far.port}"])
        running, stop = started(folder, internet)
        yield running, far
        stop()
    far.close()
    internet._server.server_close()


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningGate, FarSide]]:
    with wired(tmp_path_factory.mktemp("wire")) as both:
        yield both


@contextmanager
def the_long_way() -> Iterator[None]:
    """Lead everything through mitmproxy's own layers."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ShortWay, "through", classmethod(lambda *_: None))
        yield


def run_all(wire: tuple[RunningGate, FarSide], dialogue: Dialogue) -> dict[str, object]:
    """Return what a dialogue has to tell: directly, and through the gate in both ways."""
    gate, far = wire
    trusts = ssl.create_default_context(cafile=str(_roots(wire)))

    def direct() -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", far.port), timeout=PATIENT_S)
        return trusts.wrap_socket(plain, server_hostname=HOST)

    def gated() -> ssl.SSLSocket:
        talk = gate.connect(HOST)
        talk.settimeout(PATIENT_S)
        return talk

    def told(opens: Opens) -> object:
        far.got = []
        said = dialogue(opens)
        return said, sorted(far.got)

    outcome = {"direct": told(direct), "short": told(gated)}
    with the_long_way():
        outcome["long"] = told(gated)
    return outcome


def _roots(wire: tuple[RunningGate, FarSide]) -> Path:
    return wire[0].roots.parent / "upstream.pem"


def kept(opens: Opens) -> object:
    """A hundred and twenty requests on one connection."""
    with opens() as talk:
        reader = Reader(talk)
        for number in range(120):
            talk.sendall(request(number * 7 % 900, body_of(number * 13 % 1200)))
            reader.message()
        return reader.all


def pipelined(opens: Opens) -> object:
    """Forty requests in one piece, of which the last ends the connection."""
    with opens() as talk:
        asked = [request(number * 500, body_of(number * 300)) for number in range(40)]
        talk.sendall(b"".join(asked) + request(3, b"", b"Connection: close"))
        reader = Reader(talk)
        for _ in range(41):
            reader.message()
        return reader.all


def byte_by_byte(opens: Opens) -> object:
    """Requests whose every byte is a record of TLS."""
    with opens() as talk:
        reader = Reader(talk)
        for size in (0, 40, 90):
            for byte in request(size, body_of(size)):
                talk.sendall(bytes([byte]))
            reader.message()
        return reader.all


def large_records(opens: Opens) -> object:
    """Bodies at the borders of what a record, a buffer and a joined head hold."""
    with opens() as talk:
        reader = Reader(talk)
        for size in (16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 200_000):
            talk.sendall(request(size, body_of(size)))
            reader.message()
        return reader.all


def chunks(opens: Opens) -> object:
    """Bodies in chunks, in pieces that are cut elsewhere."""
    with opens() as talk:
        reader = Reader(talk)
        for cut in (1, 7, 1000):
            body = body_of(3000)
            parts = [
                b"%x\r\n%b\r\n" % (len(body[at : at + 300]), body[at : at + 300])
                for at in range(0, 3000, 300)
            ]
            whole = request(10, b"", b"Transfer-Encoding: chunked") + b"".join(parts) + b"0\r\n\r\n"
            for at in range(0, len(whole), cut * 100):
                talk.sendall(whole[at : at + cut * 100])
            reader.message()
        return reader.all


def large_heads(opens: Opens) -> object:
    """Heads of many fields, and of one long field."""
    with opens() as talk:
        reader = Reader(talk)
        many = [b"X-Field-%d: %b" % (number, b"v" * 50) for number in range(400)]
        talk.sendall(request(10, b"hello", *many))
        reader.message()
        talk.sendall(request(10, b"hello", b"X-Long: " + b"v" * 60_000))
        reader.message()
        return reader.all


def expecting(opens: Opens) -> object:
    """A client that waits for the word before it sends its body."""
    with opens() as talk:
        reader = Reader(talk)
        for _ in range(3):
            talk.sendall(
                b"PUT /v1/5 HTTP/1.1\r\nHost: files.example\r\nExpect: 100-continue\r\n"
                b"Content-Length: 5\r\n\r\n"
            )
            assert reader.message(empty=True)[0] == b"HTTP/1.1 100 Continue\r\n\r\n"
            talk.sendall(b"hello")
            reader.message()
        return reader.all


def old_clients(opens: Opens) -> object:
    """HTTP/1.0: a connection for each request, or one that is asked to stay."""
    told = []
    for field in (b"", b"Connection: keep-alive\r\n"):
        with opens() as talk:
            reader = Reader(talk)
            for _ in range(2 if field else 1):
                talk.sendall(b"GET /v1/50 HTTP/1.0\r\nHost: files.example\r\n" + field + b"\r\n")
                reader.message()
            told.append(reader.all)
    return told


def interleaved(opens: Opens) -> object:
    """Two connections that take turns, each half a request ahead of the other."""
    with opens() as one, opens() as other:
        ends = [(one, Reader(one)), (other, Reader(other))]
        asked = [request(number, body_of(900 + number)) for number in range(6)]
        for number in range(6):
            for talk, _ in ends:
                talk.sendall(asked[number][:500])
            for talk, _ in reversed(ends):
                talk.sendall(asked[number][500:])
            for _, reader in ends:
                reader.message()
        return [reader.all for _, reader in ends]


DIALOGUES: list[Dialogue] = [
    kept,
    pipelined,
    byte_by_byte,
    large_records,
    chunks,
    large_heads,
    expecting,
    old_clients,
    interleaved,
]


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda one: one.__name__)
def test_every_byte_is_that_of_a_direct_run(
    wire: tuple[RunningGate, FarSide], dialogue: Dialogue
) -> None:
    gate, far = wire
    far.talks, known = answers, len(gate.evidence.closed)
    told = run_all(wire, dialogue)
    assert told["short"] == told["direct"]
    assert told["long"] == told["direct"]
    eventually(lambda: len(gate.evidence.closed) == known + 2 * len(far.got))
    assert len({one.id for one in gate.evidence.closed}) == len(gate.evidence.closed)
