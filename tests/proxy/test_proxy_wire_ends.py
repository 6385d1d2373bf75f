"""How what is said on the wire ends: answers that last until the end, streams, early answers,
servers that leave, holds with more behind them, clients that vanish or read late."""

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress

import pytest
from mitmproxy.connection import Connection, ConnectionState
from patience import PATIENT_S, eventually

from core.decision import Decision, Verdict
from core.record import Record
from proxy import backpressure
from proxy.carrying_out import QueuedConnectionHandler
from proxy.uploads import UploadTap
from tests.proxy.conftest import RunningGate
from tests.proxy.test_proxy_wire import (
    HOST,
    FarSide,
    Reader,
    Talks,
    answers,
    body_of,
    large_records,
    request,
    the_long_way,
    wired,
)


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningGate, FarSide]]:
    with wired(tmp_path_factory.mktemp("wire")) as both:
        yield both


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
            plain.settimeout(PATIENT_S)
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
            assert go.acquire(timeout=PATIENT_S)
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
        talk.settimeout(PATIENT_S)
        reader = Reader(talk)
        talk.sendall(request(1, b"hello"))
        for piece in [head, *pieces]:
            go.release()
            assert reader.of(len(piece)) == piece


def uploads(gate: RunningGate) -> list[Record]:
    """Return the records of uploads: those of other requests may still come in."""
    return [record for record in gate.evidence.closed if record.request.bytes > 5]


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
    far.talks, known = early, len(uploads(gate))
    with the_long_way() if long else nullcontext(), gate.connect(HOST) as talk:
        talk.settimeout(PATIENT_S)
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
    eventually(lambda: len(uploads(gate)) == known + 1)


@pytest.mark.parametrize("long", [False, True])
def test_what_leaves_behind_an_answer_is_in_the_record(
    wire: tuple[RunningGate, FarSide], long: bool
) -> None:
    """A server that answers in the middle of a large upload and goes on reading: the client has its
    answer at once, and the record waits for the end of the upload and tells all of it."""
    gate, far = wire
    size, known = 12 << 20, len(uploads(gate))
    first = b"some words\n" * (1 << 19)

    def talks(talk: ssl.SSLSocket, far: FarSide) -> None:
        reader = Reader(talk)
        reader.until(b"\r\n\r\n")
        reader.of(1000)
        talk.sendall(HEAD + b"Content-Length: 2\r\n\r\nok")
        far.got.append(b"%d" % (1000 + len(reader.of(size - 1000))))

    far.talks, far.got = talks, []
    with the_long_way() if long else nullcontext(), gate.connect(HOST) as talk:
        talk.settimeout(PATIENT_S)
        talk.sendall(request(1, b"", b"Content-Length: %d" % size) + first)
        assert Reader(talk).message()[1] == b"ok"
        assert len(uploads(gate)) == known
        talk.sendall(b"." * (size - len(first)))
        eventually(lambda: far.got == [b"%d" % size])
        eventually(lambda: len(uploads(gate)) == known + 1)
    (record,) = uploads(gate)[known:]
    assert (record.bytes_went, record.bytes_exact) == (size, True)
    assert (record.delivery, record.response.status) == ("delivered", 200)
    assert record.request.complete and not record.unread


@pytest.mark.parametrize("reset", [False, True])
def test_a_client_that_leaves_behind_its_answer_has_one_record(
    wire: tuple[RunningGate, FarSide], reset: bool
) -> None:
    """Of an upload whose server had answered before its end: it tells what went until then."""
    gate, far = wire
    size, known = 12 << 20, len(uploads(gate))

    def talks(talk: ssl.SSLSocket, far: FarSide) -> None:
        reader = Reader(talk)
        reader.until(b"\r\n\r\n")
        reader.of(1000)
        talk.sendall(HEAD + b"Content-Length: 2\r\n\r\nok")
        with suppress(ConnectionError, ssl.SSLError):
            far.got.append(reader.of(size - 1000))

    far.talks, far.got = talks, []
    with gate.connect(HOST) as talk:
        talk.settimeout(PATIENT_S)
        talk.sendall(request(1, b"", b"Content-Length: %d" % size) + b"some words\n" * (1 << 19))
        assert Reader(talk).message()[1] == b"ok"
        if reset:
            talk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    eventually(lambda: len(uploads(gate)) == known + 1)
    (record,) = uploads(gate)[known:]
    assert (record.delivery, record.response.status) == ("delivered", 200)
    assert 1000 <= record.bytes_went < size and not record.request.complete


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize("long", [False, True])
def test_an_upload_that_is_cut_behind_its_answer_has_no_second_one(
    wire: tuple[RunningGate, FarSide], long: bool, ended: bool
) -> None:
    """What is found in an upload when its answer has begun, or is over, cuts it and ends the
    connection: a refusal there would be taken for a part of it, or for the next request's answer.
    """
    gate, far = wire
    size, known = 12 << 20, len(uploads(gate))
    first = b"some words\n" * (1 << 19)
    out = b"Content-Length: 2\r\n\r\nok" if ended else b"Transfer-Encoding: chunked\r\n\r\n2\r\nok"

    def talks(talk: ssl.SSLSocket, far: FarSide) -> None:
        reader = Reader(talk)
        reader.until(b"\r\n\r\n")
        reader.of(1000)
        talk.sendall(HEAD + EVENTS + out + (b"" if ended else b"\r\n"))
        far.got.append(reader.of(size - 1000))

    far.talks, far.got = talks, []
    with the_long_way() if long else nullcontext(), gate.connect(HOST) as talk:
        talk.settimeout(PATIENT_S)
        reader = Reader(talk)
        talk.sendall(request(1, b"", b"Content-Length: %d" % size) + first)
        assert reader.until(b"ok")
        with suppress(ConnectionError, ssl.SSLError):
            talk.sendall(b"it is TOP-SECRET" + b"." * (size - len(first) - 16))
        with suppress(ConnectionError, ssl.SSLError):
            assert reader.until(b"nothing more") == b""
        eventually(lambda: len(far.got) == 1)
    assert reader.all.count(b"HTTP/1.1") == 1
    assert b"TOP-SECRET" not in far.got[0]
    eventually(lambda: len(uploads(gate)) == known + 1)
    (record,) = uploads(gate)[known:]
    assert record.delivery == "cut" and record.bytes_went >= len(far.got[0])
    assert record.response.status == (200 if ended else None)
    assert record.decision.rule is not None or record.decision.reason


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
                talk.settimeout(PATIENT_S)
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
        talk.settimeout(PATIENT_S)
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


def _is_heard(name: tuple[str, int]) -> bool:
    """Return whether the gate still hears a client on the connection from this address."""
    handlers = [found() for found in backpressure._OPEN.valuerefs()]
    clients = [one.client for one in handlers if one is not None]
    return any(one.peername == name and one.state & ConnectionState.CAN_READ for one in clients)


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("how", ["close", "reset", "half"])
def test_a_client_that_vanishes_during_a_hold_sends_nothing(
    wire: tuple[RunningGate, FarSide], how: str, long: bool
) -> None:
    """Nothing of a held request leaves once its client is gone, though it is approved; its record
    ends."""
    gate, far = wire
    far.talks, far.got = answers, []
    known, closed = len(gate.evidence.opened), len(gate.evidence.closed)
    with the_long_way() if long else nullcontext(), held(gate), gate.connect(HOST) as talk:
        talk.sendall(request(0))
        Reader(talk).message()
        talk.sendall(SECRET_REQUEST)
        eventually(lambda: bool(_asked_about(gate, known)))
        (asked,) = _asked_about(gate, known)
        name = talk.getsockname()
        assert _is_heard(name)
        if how == "reset":
            talk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if how == "half":
            talk.shutdown(socket.SHUT_WR)
        else:
            talk.close()
        eventually(lambda: not _is_heard(name))  # an approval that overtakes its end may win
        gate.holds.say(asked.id, approved=True)
        eventually(lambda: len(gate.evidence.closed) == closed + 2)
    assert len(far.got) == 1


def test_an_upload_that_breaks_off_is_broken_to_the_server(
    wire: tuple[RunningGate, FarSide],
) -> None:
    """Of a body that streams the server has a part when its client breaks off: it meets the same
    end, and cannot take the part for the whole. The record tells what that machine is known to
    have taken, and that it may be more.
    """
    gate, far = wire
    met: list[str] = []
    left, known = threading.Event(), len(uploads(gate))

    def talks(talk: ssl.SSLSocket, far: FarSide) -> None:
        talk.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 15)
        Reader(talk).until(b"\r\n\r\n")
        far.got.append(talk.recv(1))
        assert left.wait(PATIENT_S)
        try:
            while part := talk.recv(1 << 20):
                far.got.append(part)
            met.append("closed")
        except ConnectionResetError:
            met.append("reset")

    far.talks, far.got = talks, []
    with gate.connect(HOST) as talk:
        talk.sendall(b"POST /x HTTP/1.1\r\nHost: files.example\r\nContent-Length: 90000000\r\n\r\n")
        talk.sendall(b"some words\n" * (1 << 20))
        eventually(lambda: bool(far.got))
        talk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        talk.close()
        eventually(lambda: len(uploads(gate)) == known + 1)
        left.set()
        eventually(lambda: bool(met))
    assert met == ["reset"]
    (record,) = uploads(gate)[known:]
    assert 1 <= record.bytes_went < 11 << 20
    assert not record.bytes_exact and not record.request.complete


def _is_read_from(name: tuple[str, int]) -> bool:
    """Return whether the gate takes what comes from the client at this address."""
    (ours,) = [one for one in list(backpressure._OPEN.values()) if one.client.peername == name]
    writer = ours.transports[ours.client].writer
    return writer is not None and writer.transport.is_reading()  # type: ignore[union-attr]


def test_a_client_that_breaks_off_while_its_server_reads_nothing_is_seen(
    wire: tuple[RunningGate, FarSide],
) -> None:
    """Neither is read from then, and the server may never go on: the record does not wait for it,
    and the connection there is broken.
    """
    gate, far = wire
    known, over = len(uploads(gate)), threading.Event()
    met: list[str] = []

    def talks(talk: ssl.SSLSocket, far: FarSide) -> None:
        talk.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 15)
        Reader(talk).until(b"\r\n\r\n")
        far.got.append(talk.recv(1))
        over.wait(PATIENT_S)
        with suppress(ConnectionResetError):
            while talk.recv(1 << 20):
                continue
            met.append("closed")
        met.append("over")

    far.talks, far.got = talks, []
    with gate.connect(HOST) as talk:
        talk.sendall(b"POST /x HTTP/1.1\r\nHost: files.example\r\nContent-Length: 90000000\r\n\r\n")
        talk.setblocking(False)
        piece = b"some words\n" * 1000

        def is_stuck() -> bool:
            with suppress(ssl.SSLWantWriteError):
                for _ in range(100):
                    talk.send(piece)
            return not _is_read_from(talk.getsockname())

        eventually(is_stuck)
        talk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    eventually(lambda: len(uploads(gate)) == known + 1)
    over.set()
    eventually(lambda: bool(met))
    assert met == ["over"]
    (record,) = uploads(gate)[known:]
    assert not record.bytes_exact and not record.request.complete


def test_what_is_let_out_behind_a_break_is_not_told_as_taken(
    wire: tuple[RunningGate, FarSide], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A piece is being read when its client breaks off: it is written behind that, and goes with
    the connection there.
    """
    gate, far = wire
    known, inspect = len(uploads(gate)), UploadTap.inspect
    asked, broken, over = threading.Event(), threading.Event(), threading.Event()

    async def waits(tap: UploadTap) -> None:
        await inspect(tap)
        if far.got:
            asked.set()
            await asyncio.to_thread(broken.wait, PATIENT_S)

    def talks(talk: ssl.SSLSocket, far: FarSide) -> None:
        talk.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 15)
        Reader(talk).until(b"\r\n\r\n")
        far.got.append(talk.recv(1))
        while not asked.is_set():
            talk.recv(1 << 16)
        over.wait(PATIENT_S)

    def pours() -> None:
        with suppress(OSError):
            talk.sendall(head + b"some words\n" * (1 << 20))

    far.talks, far.got = talks, []
    monkeypatch.setattr(UploadTap, "inspect", waits)
    head = b"POST /x HTTP/1.1\r\nHost: files.example\r\nContent-Length: 90000000\r\n\r\n"
    talk = gate.connect(HOST)
    sending = threading.Thread(target=pours)
    sending.start()
    assert asked.wait(PATIENT_S)
    (handler,) = [one for one in backpressure._OPEN.values() if one._waiting]
    with socket.socket(fileno=talk.detach()) as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        plain.shutdown(socket.SHUT_RD)
    eventually(lambda: len(handler.lost) > 0)
    behind: list[Connection] = []
    writes = QueuedConnectionHandler.write

    def written(handler: QueuedConnectionHandler, to: Connection, data: bytes) -> None:
        behind.append(to)
        writes(handler, to, data)

    monkeypatch.setattr(QueuedConnectionHandler, "write", written)
    broken.set()
    eventually(lambda: len(uploads(gate)) == known + 1)
    over.set()
    sending.join(PATIENT_S)
    (record,) = uploads(gate)[known:]
    assert not (behind and record.bytes_exact)


def test_an_upload_that_its_server_breaks_off_is_told_as_far_as_it_is_known(
    wire: tuple[RunningGate, FarSide],
) -> None:
    """What was on its way when the server reset the connection may never have come there."""
    gate, far = wire
    known = len(uploads(gate))

    def talks(talk: ssl.SSLSocket, far: FarSide) -> None:
        talk.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 15)
        reader = Reader(talk)
        reader.until(b"\r\n\r\n")
        far.got.append(reader.of(1 << 20))
        talk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        talk.close()

    far.talks, far.got = talks, []
    with gate.connect(HOST) as talk, suppress(OSError):
        talk.settimeout(PATIENT_S)
        talk.sendall(b"POST /x HTTP/1.1\r\nHost: files.example\r\nContent-Length: 90000000\r\n\r\n")
        for _ in range(90):
            talk.sendall(b"some words\n" * (1 << 16))
    eventually(lambda: len(uploads(gate)) == known + 1)
    (record,) = uploads(gate)[known:]
    assert not record.bytes_exact and record.delivery == "sent"


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
            plain = socket.create_connection(("127.0.0.1", gate.port), timeout=PATIENT_S)
            plain.sendall(b"CONNECT files.example:443 HTTP/1.1\r\n\r\n")
            assert b" 200 " in plain.recv(4096)
            with context.wrap_socket(plain, server_hostname=HOST) as talk:
                assert talk.version() == "TLSv1.2"
                large_records(lambda: talk)
    finally:
        far.context.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED
