"""The wire itself: what a client and a server say to each other through a tunnel, byte by byte as in
a direct run, on the short way as on mitmproxy's own."""

import hashlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from pathlib import Path

import pytest

from app.demo.internet import StandInInternet
from core.decision import Decision, Verdict
from core.record import Record
from proxy.short_way import ShortWay
from tests.proxy.conftest import RunningGate, started

type Talks = Callable[[ssl.SSLSocket, "FarSide"], None]
type Opens = Callable[[], ssl.SSLSocket]
type Dialogue = Callable[[Opens], object]

HOST = "files.example"
PATIENCE_S = 8.0


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
        plain.settimeout(PATIENCE_S)
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


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningGate, FarSide]]:
    """One gate and one far side for all."""
    folder = tmp_path_factory.mktemp("wire")
    internet = StandInInternet(folder / "internet")
    far = FarSide(internet.context_for(HOST))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(StandInInternet, "routes", [f"::127.0.0.1:{far.port}"])
        running, stop = started(folder, internet)
        yield running, far
        stop()
    far.close()
    internet._server.server_close()


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
        plain = socket.create_connection(("127.0.0.1", far.port), timeout=PATIENCE_S)
        return trusts.wrap_socket(plain, server_hostname=HOST)

    def gated() -> ssl.SSLSocket:
        talk = gate.connect(HOST)
        talk.settimeout(PATIENCE_S)
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


def eventually(condition: Callable[[], bool]) -> None:
    """Wait for something that happens in another thread."""
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


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


HEAD = b"HTTP/1.1 200 OK\r\n"


def until_the_end(head: bytes, *, closes_tls: bool) -> Talks:
    """A server whose answer lasts until it ends the connection, with a word of TLS or without; it
    notes whether the other side ends it too."""

    def talks(talk: ssl.SSLSocket, far: FarSide) -> None:
        Reader(talk).message()
        talk.sendall(head + b"\r\n" + body_of(700))
        if closes_tls:
            talk.settimeout(0)
            with suppress(OSError):
                talk.unwrap()
        with socket.socket(fileno=talk.detach()) as plain:
            plain.shutdown(socket.SHUT_WR)
            plain.settimeout(PATIENCE_S)
            with suppress(ConnectionError):
                while plain.recv(100):
                    continue
            far.got.append(b"ended")

    return talks


@pytest.mark.parametrize("closes_tls", [True, False])
@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_a_server_that_ended_its_answer_is_let_go(
    wire: tuple[RunningGate, FarSide], version: bytes, closes_tls: bool
) -> None:
    """An answer that lasts until the connection ends comes whole, in chunks that a client of
    HTTP/1.1 knows; the client's own connection stays, and none to the server is left behind."""
    gate, far = wire
    far.talks, far.got = until_the_end(b"HTTP/%b 200 OK\r\n" % version, closes_tls=closes_tls), []
    known = len(gate.evidence.closed)
    with gate.connect(HOST) as talk:
        reader = Reader(talk)
        for _ in range(4):
            talk.sendall(request(1, b"hello"))
            head, body = reader.message()
            assert head == HEAD + b"transfer-encoding: chunked\r\n\r\n"
            assert body == body_of(700)
        eventually(lambda: far.got == [b"ended"] * 4)
    eventually(lambda: len(gate.evidence.closed) == known + 4)


def stepwise(pieces: list[bytes], go: threading.Semaphore) -> Talks:
    """A server that says its next piece only when it is told to."""

    def talks(talk: ssl.SSLSocket, far: FarSide) -> None:
        Reader(talk).message()
        for piece in pieces:
            assert go.acquire(timeout=PATIENCE_S)
            talk.sendall(piece)
        talk.recv(1)

    return talks


EVENTS = b"Content-Type: text/event-stream\r\n"
STREAMS: dict[str, tuple[bytes, list[bytes]]] = {
    "events in chunks": (
        EVENTS + b"Transfer-Encoding: chunked\r\n",
        [b"d\r\ndata: %05d\n\n\r\n" % number for number in range(5)] + [b"0\r\n\r\n"],
    ),
    "events of a stated length": (
        EVENTS + b"Content-Length: 65\r\n",
        [b"data: %05d\n\n" % number for number in range(5)],
    ),
}


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("long", [False, True])
def test_what_streams_is_never_late(
    wire: tuple[RunningGate, FarSide], name: str, long: bool
) -> None:
    """Each piece of an event stream is there before the server says the next one, the head before
    the first one, and all of it is what the server said."""
    gate, far = wire
    fields, pieces = STREAMS[name]
    go = threading.Semaphore(0)
    head = HEAD + fields + b"\r\n"
    far.talks = stepwise([head, *pieces], go)
    with the_long_way() if long else nullcontext(), gate.connect(HOST) as talk:
        talk.settimeout(PATIENCE_S)
        reader = Reader(talk)
        talk.sendall(request(1, b"hello"))
        for piece in [head, *pieces]:
            go.release()
            assert reader.of(len(piece)) == piece


def early(talk: ssl.SSLSocket, far: FarSide) -> None:
    """Answer before the body is there, then read on."""
    Reader(talk).until(b"\r\n\r\n")
    talk.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
    with suppress(OSError):
        while talk.recv(65536):
            continue


@pytest.mark.parametrize("long", [False, True])
def test_an_early_answer_comes_through(wire: tuple[RunningGate, FarSide], long: bool) -> None:
    """A server that refuses a large upload by its head: the client has the answer while it still
    sends."""
    gate, far = wire
    far.talks = early
    with the_long_way() if long else nullcontext(), gate.connect(HOST) as talk:
        talk.settimeout(PATIENCE_S)
        size = 20 << 20
        talk.sendall(request(1, b"", b"Content-Length: %d" % size))
        body = bytes(1 << 16)
        with suppress(OSError):
            for _ in range(size // len(body)):
                talk.sendall(body)
        with suppress(OSError):
            head, said = Reader(talk).message()
            assert head.startswith(b"HTTP/1.1 413")
            assert said == b"no"


def leaving(talk: ssl.SSLSocket, far: FarSide) -> None:
    """Answer once and leave, without a word that it would."""
    head, _ = Reader(talk).message()
    far.got.append(head)
    talk.sendall(HEAD + b"Content-Length: 2\r\n\r\nok")


@pytest.mark.parametrize("long", [False, True])
def test_a_server_that_leaves_between_requests_hangs_nobody(
    wire: tuple[RunningGate, FarSide], long: bool
) -> None:
    """The next request is answered on a new connection, or broken; it is sent at most once, and has
    its one record."""
    gate, far = wire
    far.talks, far.got = leaving, []
    known = len(gate.evidence.closed)
    answered = broken = 0
    with the_long_way() if long else nullcontext():
        for _ in range(10):
            with gate.connect(HOST) as talk:
                talk.settimeout(PATIENCE_S)
                reader = Reader(talk)
                for _ in range(3):
                    try:
                        talk.sendall(request(1, b"hello"))
                        head, body = reader.message()
                    except (ConnectionError, ssl.SSLError):
                        head = b""
                    if not head:
                        broken += 1
                        break
                    assert body == b"ok"
                    answered += 1
    eventually(lambda: len(gate.evidence.closed) == known + answered + broken)
    assert answered >= 10
    assert answered <= len(far.got) <= answered + broken


@contextmanager
def held(gate: RunningGate, seconds: float = 20) -> Iterator[None]:
    """Hold what holds a secret."""
    before = gate.policy.for_findings
    gate.policy.for_findings = Decision(
        verdict=Verdict.HOLD, rule="ask", reason="Ask", hold_seconds=seconds
    )
    yield
    gate.policy.for_findings = before


def _asked_about(gate: RunningGate, known: int) -> list[Record]:
    return [r for r in gate.evidence.opened[known:] if r.decision.verdict is Verdict.HOLD]


SECRET_REQUEST = request(700, b"it is TOP-SECRET")


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("said", ["yes", "no", "nothing"])
def test_more_that_comes_during_a_hold_waits_for_its_end(
    wire: tuple[RunningGate, FarSide], said: str, long: bool
) -> None:
    """While a request is held the client sends further ones: none of them overtakes it, and each is
    answered in its turn."""
    gate, far = wire
    far.talks, far.got = answers, []
    known, closed = len(gate.evidence.opened), len(gate.evidence.closed)
    way = the_long_way() if long else nullcontext()
    with way, held(gate, 20 if said != "nothing" else 0.3), gate.connect(HOST) as talk:
        talk.settimeout(PATIENCE_S)
        reader = Reader(talk)
        talk.sendall(request(0))
        reader.message()
        talk.sendall(SECRET_REQUEST + request(5, b"hello")[:30])
        eventually(lambda: bool(_asked_about(gate, known)))
        talk.sendall(request(5, b"hello")[30:] + request(6))
        (asked,) = _asked_about(gate, known)
        assert len(far.got) == 1
        if said != "nothing":
            gate.holds.say(asked.id, approved=said == "yes")
        heads = [reader.message()[0].split(b"\r\n")[0] for _ in range(3)]
    assert heads[0].split()[1] == (b"200" if said == "yes" else b"403")
    assert heads[1:] == [b"HTTP/1.1 200 OK"] * 2
    assert [SECRET_REQUEST in far.got, len(far.got)] == [said == "yes", 4 if said == "yes" else 3]
    eventually(lambda: len(gate.evidence.closed) == closed + 4)


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("how", ["close", "reset", "half"])
def test_a_client_that_vanishes_during_a_hold_sends_nothing(
    wire: tuple[RunningGate, FarSide], how: str, long: bool
) -> None:
    """Nothing of a held request leaves once its client is gone, approved or not; its record ends."""
    gate, far = wire
    far.talks, far.got = answers, []
    known, closed = len(gate.evidence.opened), len(gate.evidence.closed)
    with the_long_way() if long else nullcontext(), held(gate), gate.connect(HOST) as talk:
        talk.sendall(request(0))
        Reader(talk).message()
        talk.sendall(SECRET_REQUEST)
        eventually(lambda: bool(_asked_about(gate, known)))
        (asked,) = _asked_about(gate, known)
        if how == "reset":
            talk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if how == "half":
            talk.shutdown(socket.SHUT_WR)
        else:
            talk.close()
        gate.holds.say(asked.id, approved=True)
        eventually(lambda: len(gate.evidence.closed) == closed + 2)
    assert len(far.got) == 1


def test_a_slow_reader_gets_all_of_it(wire: tuple[RunningGate, FarSide]) -> None:
    """A client that reads late, through a small window, gets each byte; so does a second one beside
    it at once."""
    gate, far = wire
    far.talks = answers
    size = 6 << 20
    with gate.connect(HOST) as slow:
        slow.sendall(request(size))
        with gate.connect(HOST) as quick:
            quick.sendall(request(10))
            assert Reader(quick).message()[1] == body_of(10)
        assert Reader(slow).message()[1] == body_of(size)


@pytest.mark.parametrize("long", [False, True])
def test_the_version_before_is_spoken_too(wire: tuple[RunningGate, FarSide], long: bool) -> None:
    """TLS 1.2 on both sides: the same bytes."""
    gate, far = wire
    far.talks = answers
    context = gate.client_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    far.context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        with the_long_way() if long else nullcontext():
            plain = socket.create_connection(("127.0.0.1", gate.port), timeout=PATIENCE_S)
            plain.sendall(b"CONNECT files.example:443 HTTP/1.1\r\n\r\n")
            assert b" 200 " in plain.recv(4096)
            with context.wrap_socket(plain, server_hostname=HOST) as talk:
                assert talk.version() == "TLSv1.2"
                large_records(lambda: talk)
    finally:
        far.context.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED
