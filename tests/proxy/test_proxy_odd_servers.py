"""Odd servers, each asked directly and through the gate in the same test: the same outcome, or a
broken connection where a client would have had to guess. Never a hang, never a page of the gate's.
"""

import gzip
import http.client
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import closing, suppress

import pytest
from mitmproxy.connection import Server
from patience import PATIENT_S, eventually

from app.demo.internet import StandInInternet
from core.fate import CUT_NOTE
from proxy import backpressure
from proxy.connect_to import parse_route
from tests.proxy.conftest import RunningGate, started
from tests.proxy.test_proxy_far_side import END, HEAD, certificate, odd_server, read_request, says

type Talks = Callable[[socket.socket], None]
type Outcome = tuple[int, bytes] | str


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGate]:
    """One gate for all, which goes to loopback as it is told."""
    folder = tmp_path_factory.mktemp("odd")
    with StandInInternet(folder / "internet") as internet:
        running, stop = started(folder, internet)
        running.addon.upstreams.routes._routes = ()
        yield running
        stop()


def _asked(connection: http.client.HTTPConnection, url: str, body: bytes) -> Outcome:
    with closing(connection):
        try:
            connection.request("POST", url, body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except TimeoutError:
            return "hangs"
        except (OSError, http.client.HTTPException):
            return "broken"


def both_ways(gate: RunningGate, talks: Talks, body: bytes = b"hello") -> tuple[Outcome, Outcome]:
    """Return what a script has in hand directly, and through the gate."""
    with odd_server(talks) as server:
        url = f"http://127.0.0.1:{server.port}/"
        ways = [("127.0.0.1", server.port, "/"), ("127.0.0.1", gate.port, url)]
        direct, gated = (
            _asked(http.client.HTTPConnection(host, port, timeout=PATIENT_S), where, body)
            for host, port, where in ways
        )
    return direct, gated


def _early(talk: socket.socket, *, read_on: bool, end: bool = True) -> None:
    talk.recv(10)
    talk.sendall(HEAD + (b"Connection: close\r\n" if not read_on else b"") + END)
    if read_on:
        read_request(talk)


def half_closes(talk: socket.socket) -> None:
    """Say all and close the way out, and go on listening."""
    read_request(talk)
    talk.sendall(HEAD + b"Connection: close\r\n\r\nok")
    talk.shutdown(socket.SHUT_WR)
    with suppress(OSError):
        talk.recv(1)


def resets(*pieces: bytes) -> Talks:
    """Answer so far, then break the connection."""

    def talks(talk: socket.socket) -> None:
        says(*pieces)(talk)
        talk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return talks


CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
PACKED = gzip.compress(b"ok", mtime=0)
IN_CHUNKS = b"2\r\nok\r\n0\r\n\r\n"
KEPT: dict[str, Talks] = {
    "no content, with a body": says(b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok"),
    "no content, with a body of no length": says(b"HTTP/1.1 204 No Content\r\n\r\nok"),
    "reset content": says(b"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"),
    "an informational one, then no content": says(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
    ),
    "chunks with trailers": says(CHUNKED + b"2\r\nok\r\n0\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\n"),
    "chunks with extensions": says(CHUNKED + b"2;a=b\r\nok\r\n0;c\r\n\r\n"),
    "chunks with zeros before": says(CHUNKED + b"0002\r\nok\r\n000\r\n\r\n"),
    "chunks byte by byte": says(*[bytes([one]) for one in CHUNKED + b"2\r\nok\r\n0\r\n\r\n"]),
    "an early answer, the rest read": lambda talk: _early(talk, read_on=True),
    "a kind of success nobody knows": says(b"HTTP/1.1 299 Whatever\r\n" + END),
    "a status nobody knows": says(b"HTTP/1.1 799 Odd\r\n" + END),
    "a reason of many bytes": says(b"HTTP/1.1 200 " + b"\xc3\xa9\xff" * 20 + b"\r\n" + END),
    "a redirect to nowhere": says(b"HTTP/1.1 302 Found\r\n" + END),
    "three equal lengths": says(HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n" + END),
    "a body that is not what its coding says": says(HEAD + b"Content-Encoding: gzip\r\n" + END),
    "an empty body until it closes": says(HEAD + b"Connection: close\r\n\r\n"),
    "HTTP/1.0, kept open": says(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + END),
    "more than it announced": says(HEAD + END + b"and more"),
    "a second answer": says(HEAD + END + HEAD + END),
    "half closed": half_closes,
    "fields of one name": says(HEAD + b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n" + END),
    "an empty field": says(HEAD + b"X-Empty:\r\n" + END),
    "a folded field": says(HEAD + b"X-Long: a\r\n b\r\n" + END),
    "bare line feeds": says(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
    "field names in odd letters": says(HEAD + b"cOnTeNt-LeNgTh: 2\r\n\r\nok"),
    "a long field": says(HEAD + b"X-Long: " + b"x" * 30_000 + b"\r\n" + END),
    "a length with zeros before": says(HEAD + b"Content-Length: 0002\r\n\r\nok"),
    "chunks that are announced twice": says(
        HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: Chunked\r\n\r\n" + IN_CHUNKS
    ),
    "field names in other scripts": says(
        HEAD + "Überschrift: 1\r\nX-\xe9: é\r\n".encode() + b"X-\xe9: 1\r\n" + END
    ),
    "field names that are none": says(
        HEAD + b"X Y: 1\r\nX(1): 1\r\n more\r\n: none\r\nX\0: 1\r\nX-Y : 1\r\n" + END
    ),
    "a bare return in a field": says(HEAD + b"X-A: a\rb\r\n" + END),
    "a length with a sign": says(HEAD + b"Content-Length: +2\r\n\r\nok"),
    "a negative length": says(HEAD + b"Content-Length: -2\r\nConnection: close\r\n\r\nok"),
    "an empty length": says(HEAD + b"Content-Length:\r\nConnection: close\r\n\r\nok"),
    "a length of letters": says(HEAD + b"Content-Length: two\r\n\r\nok"),
    "lengths that are equal as numbers": says(HEAD + b"Content-Length: 2, 2\r\n\r\nok"),
    "chunks without their last line": says(CHUNKED + b"2\r\nok\r\n0\r\n"),
    "chunks in an answer of HTTP/1.0": says(
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    ),
    "a compression on the way, until it closes": says(
        HEAD + b"Transfer-Encoding: gzip\r\nConnection: close\r\n\r\n" + PACKED
    ),
    "an upgrade that nobody asked for": says(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nraw"
    ),
    "a proxy's word from a server": says(
        b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\n" + END
    ),
}
BROKEN: dict[str, Talks] = {
    "it ends in the body": says(HEAD + b"Content-Length: 9\r\n\r\nok"),
    "it ends in a chunk": says(CHUNKED + b"9\r\nok"),
    "it ends between chunks": says(CHUNKED + b"2\r\nok\r\n"),
    "it breaks the connection in the body": resets(HEAD + b"Content-Length: 9\r\n\r\nok"),
    "it breaks the connection in the head": resets(b"HTTP/1.1 200 OK\r\nX: "),
    "it breaks the connection in a body without length": resets(
        HEAD + b"Connection: close\r\n\r\nok"
    ),
    "a chunk of no size": says(CHUNKED + b"zz\r\nok\r\n0\r\n\r\n"),
    "HTTP/0.9": says(b"<html>hello</html>"),
    "a field that is too long": says(HEAD + b"X-Long: " + b"x" * 70_000 + b"\r\n" + END),
    "no status": says(b"HTTP/1.1\r\n" + END),
    "a status of letters": says(b"HTTP/1.1 OK 200\r\n" + END),
    "it breaks the connection before the last line": resets(CHUNKED + b"9\r\nok"),
}
GUESSED: dict[str, Talks] = {
    "it ends in the size of the last chunk": says(CHUNKED + b"2\r\nok\r\n0"),
    "only an informational one": says(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "two lengths": says(HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
    "a first field that is folded": says(b"HTTP/1.1 200 OK\r\n folded\r\n" + END),
    "a space before the colon": says(HEAD + b"Content-Length : 2\r\n\r\nok"),
    "a coding nobody knows": says(HEAD + b"Transfer-Encoding: magic\r\n\r\nok"),
    "a line that is no field": says(HEAD + b"no field\r\n" + END),
    "a zero byte in a field": says(HEAD + b"X-Zero: a\0b\r\n" + END),
}
"""What clients read each in their own way."""
CLEANED: dict[str, tuple[Talks, Outcome]] = {
    "ten informational ones": (
        says(b"HTTP/1.1 102 Processing\r\n\r\n" * 10 + HEAD + END),
        (200, b"ok"),
    ),
    "an informational one with many fields": (
        says(b"HTTP/1.1 103 Early Hints\r\n" + b"Link: </a>\r\n" * 50 + b"\r\n" + HEAD + END),
        (200, b"ok"),
    ),
    "an informational one nobody knows": (
        says(b"HTTP/1.1 150 Hm\r\n\r\n" + HEAD + END),
        (200, b"ok"),
    ),
    "not modified, with a coding": (
        says(b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (304, b""),
    ),
    "a compression beside chunks": (
        says(
            HEAD
            + b"Transfer-Encoding: gzip, chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
            % (len(PACKED), PACKED)
        ),
        (200, PACKED),
    ),
    "chunks that two have announced": (
        says(HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + IN_CHUNKS),
        (200, b"ok"),
    ),
    "HTTP/2 in an answer of HTTP/1": (says(b"HTTP/2.0 200 OK\r\n" + END), (200, b"ok")),
}
"""What a simple client stumbles over, and the gate puts in order."""


@pytest.mark.parametrize("name", KEPT)
def test_what_comes_directly_comes_through_the_gate(name: str, gate: RunningGate) -> None:
    """An answer that a script reads without the gate it reads alike behind it."""
    direct, gated = both_ways(gate, KEPT[name])
    assert direct not in {"broken", "hangs"}
    assert gated == direct


@pytest.mark.parametrize("name", BROKEN)
def test_what_breaks_directly_breaks_through_the_gate(name: str, gate: RunningGate) -> None:
    """A fault of a server is a fault to the script: never an answer that it might take for data."""
    assert both_ways(gate, BROKEN[name]) == ("broken", "broken")


@pytest.mark.parametrize("name", GUESSED)
def test_what_has_to_be_guessed_is_never_another_answer(name: str, gate: RunningGate) -> None:
    """Where two readers may differ, the gate passes on what the script would have read, or breaks
    the connection.
    """
    direct, gated = both_ways(gate, GUESSED[name])
    assert gated in {direct, "broken"}


@pytest.mark.parametrize("name", CLEANED)
def test_what_a_client_stumbles_over_comes_in_order(name: str, gate: RunningGate) -> None:
    """The gate never makes it worse: behind it the answer is read that was meant."""
    talks, meant = CLEANED[name]
    direct, gated = both_ways(gate, talks)
    assert direct != meant
    assert gated == meant


def _is_told(gate: RunningGate, before: int, told: Callable[[tuple[str, ...]], bool]) -> bool:
    """Return whether one of the records after so many has such notes: a client has its end before
    its record is closed, and others of this gate may be closed meanwhile.
    """
    return eventually(lambda: any(told(one.notes) for one in gate.evidence.closed[before:]))


def test_half_an_answer_is_told_with_whose_fault_it_was(gate: RunningGate) -> None:
    """A server that breaks off is told as that, also where the client had some of it."""
    for name in ("it ends in the body", "it breaks the connection in the body"):
        before = len(gate.evidence.closed)
        both_ways(gate, BROKEN[name])
        assert _is_told(
            gate,
            before,
            lambda notes: notes[:1] == (CUT_NOTE,) and notes[1].startswith("the destination: it "),
        )


def _of_old(where: tuple[str, int], url: str) -> tuple[bytes, bool]:
    """Ask by HTTP/1.0; return what came, and whether it ended in order."""
    heard = b""
    with socket.create_connection(where, PATIENT_S) as asking:
        asking.sendall(b"POST %b HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello" % url.encode())
        try:
            while piece := asking.recv(4096):
                heard += piece
        except ConnectionError:
            return heard.partition(b"\r\n\r\n")[2], False
    return heard.partition(b"\r\n\r\n")[2], True


def test_half_an_answer_is_no_whole_one_to_a_client_of_old(gate: RunningGate) -> None:
    """A client of HTTP/1.0 knows the end of an answer by that of its connection alone: where the
    server broke that, so does the gate.
    """
    with odd_server(BROKEN["it breaks the connection in a body without length"]) as server:
        here = "127.0.0.1", server.port
        assert _of_old(here, "/") == (b"ok", False)
        url = f"http://127.0.0.1:{server.port}/"
        assert _of_old(("127.0.0.1", gate.port), url) == (b"ok", False)
    with odd_server(says(HEAD + b"Connection: close\r\n\r\nok")) as server:
        url = f"http://127.0.0.1:{server.port}/"
        assert _of_old(("127.0.0.1", gate.port), url) == (b"ok", True)


def test_lengths_that_contradict_each_other_are_told_as_that(gate: RunningGate) -> None:
    """Which of them a client would have believed nobody knows: the record says why it broke."""
    before = len(gate.evidence.closed)
    assert both_ways(gate, GUESSED["two lengths"])[1] == "broken"
    why = "the destination: it answered with lengths that contradict each other"
    assert _is_told(gate, before, lambda notes: why in notes)


def test_answers_without_a_length_follow_each_other(gate: RunningGate) -> None:
    """A client keeps its connection to the gate, whatever servers do with theirs."""
    with odd_server(says(HEAD + b"Connection: close\r\n\r\nok")) as server:
        url = f"http://127.0.0.1:{server.port}/"
        with closing(
            http.client.HTTPConnection("127.0.0.1", gate.port, timeout=PATIENT_S)
        ) as connection:
            for _ in range(3):
                connection.request("POST", url, b"hello")
                answer = connection.getresponse()
                assert (answer.status, answer.read()) == (200, b"ok")


def _serving(name: tuple[str, int]) -> backpressure.GateConnectionHandler:
    """Return what serves the client at this address."""
    handlers = [found() for found in backpressure._OPEN.valuerefs()]
    (found,) = [one for one in handlers if one is not None and one.client.peername == name]
    return found


def _is_alone(name: tuple[str, int]) -> bool:
    """Return whether a client's connection has none to a server behind it."""
    handler = _serving(name)
    ended = all(getattr(one, "timestamp_end", True) for one in _known(handler))
    return ended and set(handler.transports) == {handler.client}


def _known(handler: backpressure.GateConnectionHandler) -> set[Server]:
    """Return the connections to servers that are known of where a client is served."""
    found = list(handler.layer.context.layers)
    for one in found:
        found += [more for more in getattr(one, "streams", {}).values() if more not in found]
        found += [more for more in one.context.layers if more not in found]
    known = {end for one in found for end in getattr(one, "connections", ())}
    return {one for one in known | set(handler.written) if isinstance(one, Server)}


@pytest.mark.parametrize("ends", [resets(HEAD + END), says(HEAD + END)])
def test_a_connection_that_a_server_ends_between_requests_is_made_anew(
    ends: Talks, gate: RunningGate
) -> None:
    """As a client does that finds its own gone: many a server resets what was idle for long."""
    with odd_server(ends) as server:
        url = f"http://127.0.0.1:{server.port}/"
        with closing(
            http.client.HTTPConnection("127.0.0.1", gate.port, timeout=PATIENT_S)
        ) as connection:
            connection.connect()
            name = connection.sock.getsockname()
            for _ in range(3):
                connection.request("POST", url, b"hello")
                answer = connection.getresponse()
                assert (answer.status, answer.read()) == (200, b"ok")
                eventually(lambda: _is_alone(name))


def test_connections_that_servers_end_are_let_go(gate: RunningGate) -> None:
    """Of all that a client's tunnel had, the last is known: each has its TLS in memory."""
    host = "odd.example"
    folder = gate.roots.parent
    context = certificate(folder, gate.internet.authority, host)
    with odd_server(says(HEAD + END), context) as server:
        gate.addon.upstreams.routes._routes = (parse_route(f"{host}:443:127.0.0.1:{server.port}"),)
        with gate.connect(host) as talk:
            name = talk.getsockname()
            for _ in range(4):
                talk.sendall(
                    b"POST / HTTP/1.1\r\nHost: odd.example\r\nContent-Length: 5\r\n\r\nhello"
                )
                answer = http.client.HTTPResponse(talk)
                answer.begin()
                assert answer.read() == b"ok"
                eventually(lambda: _is_alone(name))
            assert len(_known(_serving(name))) <= 2
    gate.addon.upstreams.routes._routes = ()


@pytest.mark.parametrize("size", [200_000, 5_000_000])
def test_an_early_answer_while_much_is_uploaded_is_no_hang(size: int, gate: RunningGate) -> None:
    """A server that refuses an upload at once, and reads no more, is answered for or broken, as it
    is without the gate.
    """

    def refuses(talk: socket.socket) -> None:
        talk.recv(4096)
        talk.sendall(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
        talk.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            while talk.recv(65536):
                continue

    direct, gated = both_ways(gate, refuses, b"x" * size)
    assert direct == (413, b"no")
    assert gated == direct
