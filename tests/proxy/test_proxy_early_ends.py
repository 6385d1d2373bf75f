"""However an exchange ends in the middle, it has one record, which says how much of it left."""

import fcntl
import socket
import ssl
import struct
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial

import pytest
from patience import PATIENT_S, eventually

from core.decision import Decision, Verdict
from core.fate import (
    ANSWERED_EARLY_NOTE,
    BROKEN_OFF_NOTE,
    CUT_NOTE,
    LEFT_NOTE,
    NO_ANSWER_NOTE,
    Delivery,
    Fate,
)
from core.record import Record
from tests.proxy.conftest import MARKED, RunningGate
from tests.proxy.test_proxy_wire import (
    HOST,
    FarSide,
    Reader,
    Talks,
    answers,
    request,
    the_long_way,
    wired,
)

MB = 1 << 20
LARGE = 90 * MB
"""Of a body that is not held."""


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningGate, FarSide]]:
    with wired(tmp_path_factory.mktemp("wire")) as both:
        yield both


def silent(talk: ssl.SSLSocket, far: FarSide) -> None:
    """Read, and never say a word."""
    with suppress(OSError):
        while piece := talk.recv(MB):
            far.got.append(piece)


def leaves_unanswered(talk: ssl.SSLSocket, far: FarSide) -> None:
    """Read the head of a request, and leave."""
    far.got.append(Reader(talk).until(b"\r\n\r\n"))


def leaves_in_its_answer(talk: ssl.SSLSocket, far: FarSide) -> None:
    far.got.append(Reader(talk).until(b"\r\n\r\n"))
    talk.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n" + bytes(1000))


def stands_in_its_answer(talk: ssl.SSLSocket, far: FarSide) -> None:
    """Begin to answer, and go on with nothing."""
    Reader(talk).message()
    far.got.append(b"asked")
    talk.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n" + bytes(1000))
    with suppress(OSError):
        talk.recv(1)


def _gone(talk: ssl.SSLSocket, how: str) -> None:
    if how == "reset":
        talk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    talk.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a client sends of a request before it leaves."""

    sent: bytes
    came: int
    """Bytes of its body."""
    says: str


PARTS = {
    "3 of 100": Part(
        sent=request(1, b"", b"Content-Length: 100") + b"abc", came=3, says="3 of 100 bytes"
    ),
    "none of 100": Part(sent=request(1, b"", b"Content-Length: 100"), came=0, says="0 of 100"),
    "chunks without an end": Part(
        sent=request(1, b"", b"Transfer-Encoding: chunked") + b"5\r\nhello\r\n3\r\nab",
        came=7,
        says="7 bytes",
    ),
    "a part of the first that fills the hold": Part(
        sent=request(1, b"", b"Content-Length: %d" % (3 * MB)) + bytes(2 * MB),
        came=2 * MB,
        says=f"{2 * MB:,} of {3 * MB:,} bytes",
    ),
}


def _one_more(gate: RunningGate, known: int) -> Record:
    """Return the one record that came, when the connection is over and nothing else can come."""
    eventually(lambda: len(gate.evidence.closed) > known)
    eventually(lambda: not gate.addon.inspection.senders._open)
    (record,) = gate.evidence.closed[known:]
    return record


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("name", PARTS)
def test_a_request_whose_client_leaves_before_its_end_is_on_record(
    wire: tuple[RunningGate, FarSide], name: str, how: str, long: bool
) -> None:
    """Nothing of it leaves, and its record says so, and how much of it had come."""
    gate, far = wire
    far.talks, far.got = silent, []
    known, part = len(gate.evidence.closed), PARTS[name]
    with the_long_way() if long else nullcontext():
        talk = gate.connect(HOST)
        talk.sendall(part.sent)
        eventually(lambda: _came(gate) == part.came)
        _gone(talk, how)
        record = _one_more(gate, known)
    assert (record.destination.host, record.request.method) == (HOST, "POST")
    assert record.sender.process is not None
    assert (record.request.bytes, record.request.complete) == (part.came, False)
    assert (record.fate, record.left, record.stopped) == (Fate.UNFINISHED, False, False)
    assert any(part.says in note for note in record.notes)
    assert far.got == []


def _came(gate: RunningGate) -> int:
    """Return how much has come of the request that is under way; -1 while none is."""
    under_way = list(gate.addon.ends._under_way.values())
    return under_way[-1][1].travel.came if under_way else -1


def test_a_head_that_is_not_whole_is_on_record(wire: tuple[RunningGate, FarSide]) -> None:
    """What asks for something, and leaves in the middle of its head, is told as that: in a tunnel,
    and where the head itself names the host."""
    gate, far = wire
    far.talks, far.got = silent, []
    known = len(gate.evidence.closed)
    with gate.connect(HOST) as talk:
        talk.sendall(request(1)[:40])
    record = _one_more(gate, known)
    assert (record.destination.host, record.fate) == (HOST, Fate.UNFINISHED)
    with socket.create_connection(("127.0.0.1", gate.port)) as plain:
        plain.sendall(b"POST http://plain.example/x HTTP/1.1\r\nHost: pl")
    known += 1
    record = _one_more(gate, known)
    assert (record.destination.host, record.fate) == ("plain.example", Fate.UNFINISHED)
    assert far.got == []


def test_a_connection_on_which_nothing_was_said_is_none(
    wire: tuple[RunningGate, FarSide],
) -> None:
    """One that is opened and closed, and one that was answered and says no more, leave nothing."""
    gate, far = wire
    known = len(gate.evidence.closed)
    socket.create_connection(("127.0.0.1", gate.port)).close()
    far.talks = answers
    with gate.connect(HOST) as talk:
        talk.sendall(request(1))
        Reader(talk).message()
    _one_more(gate, known)


@pytest.mark.parametrize("talks", [leaves_unanswered, leaves_in_its_answer])
@pytest.mark.parametrize("size", [5, LARGE])
def test_a_server_that_leaves_in_the_middle(
    wire: tuple[RunningGate, FarSide], talks: Callable[[ssl.SSLSocket, FarSide], None], size: int
) -> None:
    """One record: what had left by then, and that there was no answer, or none that is whole."""
    gate, far = wire
    far.talks, far.got = talks, []
    known = len(gate.evidence.closed)
    with gate.connect(HOST) as talk, suppress(OSError):
        talk.sendall(request(1, b"", b"Content-Length: %d" % size))
        for _ in range(max(1, size // MB)):
            talk.sendall(bytes(min(size, MB)))
        while talk.recv(MB):
            continue
    record = _one_more(gate, known)
    answered = talks is leaves_in_its_answer
    assert (CUT_NOTE if answered else NO_ANSWER_NOTE) in record.notes
    assert record.left
    assert record.request.complete == (size == 5)
    assert record.request.bytes <= size
    assert record.bytes_least == (record.request.bytes < 5) or size == LARGE
    assert record.response.status == (200 if answered else None)


def resets_with_most_unread(talk: ssl.SSLSocket, far: FarSide) -> None:
    """Read the head of a request, wait until no more comes into the system, and break it off."""
    far.got.append(Reader(talk).until(b"\r\n\r\n"))
    known = [0]

    def is_full() -> bool:
        known.append(_unread(talk))
        return known[-1] >= FULL and len(set(known[-5:])) == 1

    eventually(is_full)
    talk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def says_goodbye_with_most_unread(talk: ssl.SSLSocket, far: FarSide) -> None:
    """The same behind a word that ends what it says itself: to its system that is a reset, too."""
    resets_with_most_unread(talk, far)
    talk.setblocking(False)
    with suppress(OSError):
        talk.unwrap()


def _unread(talk: ssl.SSLSocket) -> int:
    """Return how many bytes have come into the system that nobody has read."""
    found = fcntl.ioctl(talk.fileno(), termios.FIONREAD, bytes(4))
    return int(struct.unpack("i", found)[0])


FULL = 1 << 15
"""Of bytes that nobody reads: less than a system takes before it bids its sender wait."""


def leaves_when_all_is_read(talk: ssl.SSLSocket, far: FarSide) -> None:
    """Read a request to its end, and leave."""
    far.got.append(b"".join(Reader(talk).message()))


HELD = 8 * MB
"""Of a body that is held, and that no system takes at once."""


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("talks", [resets_with_most_unread, says_goodbye_with_most_unread])
def test_a_body_whose_server_breaks_off_has_left_as_far_as_the_server_took_it(
    wire: tuple[RunningGate, FarSide], talks: Talks, kept: bool, long: bool
) -> None:
    """Though all of it was written: its record tells what the system there acknowledged, as “at
    least”, that all of it was read before, and how much that was.
    """
    gate, far = wire
    far.talks, far.got = talks, []
    known, gate.policy.whole = len(gate.evidence.closed), kept
    size = LARGE if kept else HELD
    try:
        with (
            the_long_way() if long else nullcontext(),
            gate.connect(HOST) as talk,
            suppress(OSError),
        ):
            talk.sendall(request(1, bytes(size)))
            talk.recv(1)
        record = _one_more(gate, known)
    finally:
        gate.policy.whole = False
    assert NO_ANSWER_NOTE in record.notes and BROKEN_OFF_NOTE in record.notes
    assert (record.delivery, record.bytes_exact) == (Delivery.SENT, False)
    assert record.bytes_went < size
    assert record.read_whole
    assert kept or f"{size:,} bytes were let out, and all of them were read before" in record.notes


UNDER_WAY = 1 << 19
"""Of a body that fits into the systems of both ends, not into that of the server alone."""
SEEN = threading.Event()
"""The gate has seen the answer."""


def _refuses(talk: ssl.SSLSocket, far: FarSide, size: int) -> None:
    """Read the head of a request, refuse its body, and break off once the gate has seen that."""
    far.got.append(Reader(talk).until(b"\r\n\r\n"))
    talk.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: %d\r\n\r\nno" % size)
    SEEN.wait(PATIENT_S)
    talk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _sees_an_answer(gate: RunningGate) -> bool:
    under_way = list(gate.addon.ends._under_way.values())
    return bool(under_way) and under_way[-1][1].answering


@pytest.mark.parametrize("long", [False, True])
def test_a_body_that_only_this_system_had_has_not_left_whole(
    wire: tuple[RunningGate, FarSide], long: bool
) -> None:
    """Its server says goodbye, and has not read what waits there: this system discards what it had
    for it, and that is not what the server took.
    """
    gate, far = wire
    far.talks, far.got = says_goodbye_with_most_unread, []
    known = len(gate.evidence.closed)
    with the_long_way() if long else nullcontext(), gate.connect(HOST) as talk, suppress(OSError):
        talk.sendall(request(1, bytes(UNDER_WAY)))
        talk.recv(1)
    record = _one_more(gate, known)
    assert record.bytes_went < UNDER_WAY
    assert not record.bytes_exact


OVER = threading.Event()
"""The record of what a server leaves unread is there."""


def _reads_no_body(talk: ssl.SSLSocket, far: FarSide) -> None:
    far.got.append(Reader(talk).until(b"\r\n\r\n"))
    OVER.wait(PATIENT_S)


@pytest.mark.parametrize("talks", [resets_with_most_unread, says_goodbye_with_most_unread])
def test_what_passed_unread_has_left_as_far_as_its_server_took_it(
    wire: tuple[RunningGate, FarSide], talks: Talks
) -> None:
    """Of a connection that an exception lets pass nothing is known but how much went; that is so
    much at least where its server broke it off.
    """
    gate, far = wire
    far.talks, far.got = talks, []
    known = len(gate.evidence.closed)
    anyones = ssl.create_default_context()
    anyones.check_hostname, anyones.verify_mode = False, ssl.CERT_NONE
    gate.policy.exempted[HOST] = Decision(verdict=Verdict.WATCH, rule="pinned", reason="Pinned.")
    try:
        with socket.create_connection(("127.0.0.1", gate.port), timeout=PATIENT_S) as plain:
            plain.sendall(b"CONNECT %b:443 HTTP/1.1\r\n\r\n" % HOST.encode())
            assert b" 200 " in plain.recv(4096)
            with anyones.wrap_socket(plain, server_hostname=HOST) as talk, suppress(OSError):
                talk.sendall(request(1, bytes(UNDER_WAY)))
                talk.recv(1)
        record = _one_more(gate, known)
    finally:
        del gate.policy.exempted[HOST]
    assert record.request.method == "CONNECT" and record.decision.rule == "pinned"
    assert 0 < record.bytes_went < UNDER_WAY
    assert not record.bytes_exact


@pytest.mark.parametrize("size", [5, UNDER_WAY])
@pytest.mark.parametrize("long", [False, True])
def test_what_waits_here_when_its_client_leaves_is_not_told_as_left(
    wire: tuple[RunningGate, FarSide], long: bool, size: int
) -> None:
    """Its server stands, and may never read it: the connection there ends with that of its client.
    What the system there has is exact, be it that nobody has read it.
    """
    gate, far = wire
    far.talks, far.got = _reads_no_body, []
    known = len(gate.evidence.closed)
    OVER.clear()
    try:
        with the_long_way() if long else nullcontext(), gate.connect(HOST) as talk:
            talk.sendall(request(1, bytes(size)))
            eventually(lambda: bool(far.got))
            talk.close()
            record = _one_more(gate, known)
    finally:
        OVER.set()
    assert record.delivery is Delivery.SENT and record.read_whole
    assert record.bytes_exact == (size == 5)
    assert record.bytes_went == size if size == 5 else record.bytes_went < size


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("whole", [True, False])
def test_a_body_that_is_refused_before_it_was_taken_has_not_left_whole(
    wire: tuple[RunningGate, FarSide], whole: bool, long: bool
) -> None:
    """An answer does not say how much of a body the server took: its record tells what it is known
    to have, as “at least”, whether the answer came to its end or broke off.
    """
    gate, far = wire
    far.talks, far.got = partial(_refuses, size=2 if whole else 900_000), []
    known = len(gate.evidence.closed)
    SEEN.clear()
    with the_long_way() if long else nullcontext(), gate.connect(HOST) as talk, suppress(OSError):
        talk.sendall(request(1, bytes(UNDER_WAY)))
        eventually(lambda: len(gate.evidence.closed) > known or _sees_an_answer(gate))
        if whole:
            eventually(lambda: len(gate.evidence.closed) > known)
        SEEN.set()
        while talk.recv(MB) and not whole:
            continue
    record = _one_more(gate, known)
    assert (record.response.status, record.delivery) == (413, Delivery.DELIVERED)
    assert (ANSWERED_EARLY_NOTE if whole else BROKEN_OFF_NOTE) in record.notes
    assert record.bytes_least and record.read_whole
    assert record.bytes_went < UNDER_WAY


@pytest.mark.parametrize("long", [False, True])
def test_a_body_whose_server_leaves_when_it_has_all_has_left_whole(
    wire: tuple[RunningGate, FarSide], long: bool
) -> None:
    """The end of its connection acknowledges all that came before it."""
    gate, far = wire
    far.talks, far.got = leaves_when_all_is_read, []
    known = len(gate.evidence.closed)
    with the_long_way() if long else nullcontext(), gate.connect(HOST) as talk, suppress(OSError):
        talk.sendall(request(1, bytes(HELD)))
        talk.recv(1)
    record = _one_more(gate, known)
    assert len(far.got[0].partition(b"\r\n\r\n")[2]) == HELD
    assert (record.request.bytes, record.bytes_exact, record.read_whole) == (HELD, True, True)
    assert NO_ANSWER_NOTE in record.notes


def test_a_client_that_leaves_a_body_that_streams(wire: tuple[RunningGate, FarSide]) -> None:
    """Its record states what had left: no less than the server has, unless it says “at least”, and
    no more than came.
    """
    gate, far = wire
    far.talks, far.got = silent, []
    known = len(gate.evidence.closed)
    with gate.connect(HOST) as talk:
        talk.sendall(request(1, b"", b"Content-Length: %d" % LARGE) + bytes(12 * MB))
        eventually(lambda: sum(map(len, far.got)) > MB)
    record = _one_more(gate, known)
    head = len(b"".join(far.got).partition(b"\r\n\r\n")[0]) + 4
    got = sum(map(len, far.got)) - head
    assert got > 0 and 0 < record.request.bytes <= 12 * MB
    assert record.bytes_least or got <= record.request.bytes
    assert (record.left, record.request.complete) == (True, False)
    assert LEFT_NOTE in record.notes


def test_a_client_that_leaves_a_body_that_is_kept(wire: tuple[RunningGate, FarSide]) -> None:
    """Nothing of a body leaves that is read to its end before."""
    gate, far = wire
    far.talks, far.got = silent, []
    known = len(gate.evidence.closed)
    gate.policy.whole = True
    try:
        with gate.connect(HOST) as talk:
            talk.sendall(request(1, b"", b"Content-Length: %d" % LARGE) + bytes(12 * MB))
        record = _one_more(gate, known)
    finally:
        gate.policy.whole = False
    assert (record.fate, record.request.complete) == (Fate.UNFINISHED, False)
    assert 0 < record.request.bytes <= 12 * MB
    assert far.got == []


def _stopped_in(
    tmp: pytest.TempPathFactory,
    talks: Callable[[ssl.SSLSocket, FarSide], None],
    sent: bytes,
    is_there: Callable[[RunningGate, FarSide], bool],
) -> list[Record]:
    """Return the records of a gate that is told to stop at once while this is under way."""
    with wired(tmp.mktemp("wire")) as (gate, far):
        far.talks, far.got = talks, []
        with gate.connect(HOST) as talk:
            talk.settimeout(PATIENT_S)
            talk.sendall(sent)
            eventually(lambda: is_there(gate, far))
            gate.gate.stop()
            with suppress(OSError):
                while talk.recv(MB):
                    continue
        eventually(lambda: bool(gate.evidence.closed))
    return gate.evidence.closed


def _asked(_: RunningGate, far: FarSide) -> bool:
    return bool(far.got)


STOPS = {
    "no answer yet": (silent, request(1, b"hello"), 5, True),
    "in the answer": (stands_in_its_answer, request(1, b"hello"), 5, True),
    "in a body that streams": (
        silent,
        request(1, b"", b"Content-Length: %d" % LARGE) + bytes(10 * MB),
        None,
        False,
    ),
}


@pytest.mark.parametrize("name", STOPS)
def test_a_gate_that_is_told_to_stop_ends_its_records(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    """Whatever is under way is on record when the gate has ended, once."""
    talks, sent, left, complete = STOPS[name]
    (record,) = _stopped_in(tmp_path_factory, talks, sent, _asked)
    assert (record.left, record.request.complete) == (True, complete)
    if left is None:
        assert 0 < record.request.bytes <= LARGE
    else:  # the gate waits for the system there, which has it and may answer late
        assert (record.bytes_went, record.bytes_exact) == (left, True)


def test_a_gate_that_is_told_to_stop_in_a_body_that_it_holds(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    (record,) = _stopped_in(
        tmp_path_factory,
        silent,
        PARTS["3 of 100"].sent,
        lambda gate, _: bool(gate.addon.inspection.health.requests),
    )
    assert (record.fate, record.left) == (Fate.UNFINISHED, False)


def test_a_hold_that_waits_when_the_gate_stops_was_read_whole(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Nothing of it left; that all of it had come and was inspected stays in its record."""
    with wired(tmp_path_factory.mktemp("wire")) as (gate, far):
        far.talks, far.got = silent, []
        gate.policy.for_findings = Decision(verdict=Verdict.HOLD, rule="ask", hold_seconds=60)
        with gate.connect(HOST) as talk:
            talk.sendall(request(1, MARKED))
            eventually(lambda: bool(gate.evidence.opened))
            gate.gate.stop()
        eventually(lambda: bool(gate.evidence.closed))
    (record,) = gate.evidence.closed
    assert (record.fate, record.left, record.stopped) == (Fate.UNFINISHED, False, False)
    assert (record.request.bytes, record.request.complete) == (len(MARKED), True)
    assert far.got == []
