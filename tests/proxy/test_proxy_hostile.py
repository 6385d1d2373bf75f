"""Hostile peers on both sides: what a broken or malicious client or server sends never passes
uninspected, never stops the gate."""

import contextlib
import gzip
import http.client
import json
import random
import socket
import ssl
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from patience import PATIENT_S, eventually

from app.demo import internet as stand_in
from classifiers.credentials.detector import CredentialDetector
from core.organisation import Organisation
from tests.proxy.conftest import RunningGate, StartsGate

IBAN = "DE90871318609139099603"
HEAD = b"POST /x HTTP/1.1\r\nHost: files.example\r\n"


def alive(gate: RunningGate) -> dict[str, Any]:
    """The gate still answers; return its health."""
    connection = http.client.HTTPConnection("127.0.0.1", gate.port, timeout=20)
    connection.request("GET", "http://outgate.internal/health")
    value: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return value


def answer_to(connection: socket.socket, data: bytes) -> bytes:
    """Send bytes, say that no more come, return all that comes back until the gate closes or a
    while passes."""
    connection.settimeout(3)
    received = b""
    try:
        connection.sendall(data)
        if not isinstance(connection, ssl.SSLSocket):
            connection.shutdown(socket.SHUT_WR)
        while chunk := connection.recv(65536):
            received += chunk
            if isinstance(connection, ssl.SSLSocket) and b"\r\n\r\n" in received:
                break
    except OSError:
        pass
    finally:
        connection.close()
    return received


def post(gate: RunningGate, body: Any, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with httpx.Client(
        proxy=f"http://127.0.0.1:{gate.port}", verify=gate.client_context(), timeout=60
    ) as client:
        return client.post("https://files.example/x", content=body, headers=named)


def closed(gate: RunningGate, count: int = 1) -> Any:
    """Wait until so many records are closed; return the newest."""
    eventually(lambda: len(gate.evidence.closed) >= count, "no record was closed")
    return gate.evidence.closed[-1]


TO_THE_PORT = {
    "nothing": b"",
    "noise": bytes(random.Random(1).randbytes(4096)),
    "zeros": b"\x00" * 100_000,
    "TLS without CONNECT": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 600,
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00" * 50,
    "origin form": b"GET / HTTP/1.1\r\n\r\n",
    "no version": b"GET http://files.example/\r\n\r\n",
    "version 9": b"GET http://files.example/ HTTP/9.9\r\nHost: files.example\r\n\r\n",
    "header without colon": b"GET http://files.example/ HTTP/1.1\r\nHost files.example\r\n\r\n",
    "endless header": b"GET http://files.example/ HTTP/1.1\r\nX: " + b"a" * 3_000_000,
    "many headers": b"GET http://files.example/ HTTP/1.1\r\n" + b"X: y\r\n" * 200_000,
    "other scheme": b"GET gopher://files.example/ HTTP/1.1\r\nHost: files.example\r\n\r\n",
    "no port that exists": b"CONNECT files.example:99999 HTTP/1.1\r\n\r\n",
    "no port": b"CONNECT files.example HTTP/1.1\r\n\r\n",
    "no host": b"CONNECT :443 HTTP/1.1\r\n\r\n",
    "CONNECT, then noise": (
        b"CONNECT files.example:443 HTTP/1.1\r\n\r\n" + b"\x80\x81\x82secret" * 500
    ),
    "CONNECT, then SSH": b"CONNECT files.example:22 HTTP/1.1\r\n\r\nSSH-2.0-client\r\n",
    "CONNECT, then half a handshake": (
        b"CONNECT files.example:443 HTTP/1.1\r\n\r\n\x16\x03\x01\x02\x00\x01"
    ),
}


def test_what_is_no_request_goes_nowhere(gate: RunningGate) -> None:
    """Noise, other protocols and broken requests at the gate's port reach no destination, and the
    gate lives on."""
    for name, data in TO_THE_PORT.items():
        received = answer_to(
            socket.create_connection(("127.0.0.1", gate.port), timeout=PATIENT_S), data
        )
        last = received.rpartition(b"HTTP/1.1 200 Connection established\r\n\r\n")[2]
        assert not last.startswith(b"HTTP/1.1 2"), name
    assert gate.internet.arrivals == []
    assert gate.internet.bytes_received == 0
    assert alive(gate)["healthy"] is True
    assert post(gate, b"clean").status_code == 200


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: files.example\r\n\r\n"
IN_A_TUNNEL = {
    "two lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 52\r\n\r\nhello" + SMUGGLED,
    "list of lengths": HEAD + b"Content-Length: 5, 52\r\n\r\nhello" + SMUGGLED,
    "length and chunked": (
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED
    ),
    "signed length": HEAD + b"Content-Length: +5\r\n\r\nhello",
    "negative length": HEAD + b"Content-Length: -5\r\n\r\nhello",
    "length in hex": HEAD + b"Content-Length: 0x5\r\n\r\nhello",
    "length in other digits": HEAD + "Content-Length: ٥\r\n\r\nhello".encode(),
    "endless length": HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nhello",
    "unknown transfer coding": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunked is not last": (
        HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED
    ),
    "space before colon": (
        HEAD + b"Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + SMUGGLED
    ),
    "folded header": (
        HEAD + b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + SMUGGLED
    ),
    "vertical tab": (
        HEAD + b"Transfer-Encoding: \x0bchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + SMUGGLED
    ),
    "chunk size is none": HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nhello\r\n0\r\n\r\n",
    "chunk size is negative": HEAD + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
    "chunk is longer than said": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n"
    ),
}


def test_an_ambiguous_request_is_not_passed_on(gate: RunningGate) -> None:
    """A request that two readers could read in two ways (smuggling) is refused; nothing rides
    behind it uninspected."""
    passed = []
    for name, data in IN_A_TUNNEL.items():
        received = answer_to(gate.connect("files.example"), data)
        if received.startswith(b"HTTP/1.1 2") or gate.internet.arrivals:
            passed.append(name)
            gate.internet.arrivals.clear()
    assert passed == []
    assert gate.internet.bytes_received == 0
    assert alive(gate)["healthy"] is True


def test_no_header_ends_early_for_another_reader(gate: RunningGate) -> None:
    """A carriage return or null inside a header, which the next reader may take for its end, does
    not go on."""
    bare = b"X: a\rContent-Length: 0\r\nY: b\x00c\r\nContent-Length: 5\r\n\r\nhello"
    received = answer_to(gate.connect("files.example"), HEAD + bare)

    assert received.startswith(b"HTTP/1.1 200")
    [arrival] = gate.internet.arrivals
    assert (arrival.headers["x"], arrival.headers["y"]) == ("a Content-Length: 0", "b c")
    assert arrival.body == b"hello"


def test_a_body_that_breaks_off_never_leaves(gate: RunningGate) -> None:
    """A client that dies in the middle of a held body has sent nothing."""
    connection = gate.connect("files.example")
    connection.sendall(HEAD + b"Content-Length: 500000\r\n\r\nTOP-SECRET")
    connection.close()

    assert alive(gate)["healthy"] is True
    assert gate.internet.arrivals == []
    assert gate.internet.bytes_received == 0


def test_a_client_that_does_not_trust_us_sends_nothing(gate: RunningGate) -> None:
    """A client that refuses the gate's certificate gets no connection, its data stays, and the
    refusal is counted."""
    with (
        httpx.Client(proxy=f"http://127.0.0.1:{gate.port}", timeout=20) as client,
        pytest.raises(httpx.ConnectError),
    ):
        client.post("https://files.example/x", content=b"x")

    assert alive(gate)["refused_certificates"] == 1
    assert gate.internet.arrivals == []


def test_a_server_with_another_name_gets_nothing(gate: RunningGate) -> None:
    """A server whose certificate names another host gets no request; the client meets a broken
    connection, the record is closed and says why."""
    true_context = gate.internet.context_for
    gate.internet.context_for = lambda host: true_context("elsewhere.example")
    with pytest.raises(httpx.RemoteProtocolError):
        post(gate, b"x")

    assert gate.internet.arrivals == []
    assert closed(gate).response.status is None
    assert "the destination: its certificate is for another name" in closed(gate).notes


ANSWERS = {
    "no HTTP": b"\x00\x01\x02\x03 nonsense\r\n\r\n",
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\nhello",
    "bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nhello\r\n",
    "status is none": b"HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n",
    "a head without an end": b"HTTP/1.1 200 OK\r\n" + b"X: abcdefghij\r\n" * 40_000,
    "shorter than said": b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello",
}


def test_a_broken_answer_harms_nobody(gate: RunningGate, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a server answers with nonsense, the client gets an error, the record is closed, the gate
    lives on."""
    answer = b""

    def nonsense(handler: Any, _: bytes) -> None:
        handler.wfile.write(answer)
        handler.close_connection = True

    monkeypatch.setitem(stand_in._ANSWERS, "files.example", nonsense)
    for number, (name, answer) in enumerate(ANSWERS.items(), 1):  # noqa: B007 - `nonsense` reads it
        with contextlib.suppress(httpx.RemoteProtocolError, httpx.ReadError):  # broken off
            assert post(gate, b"x").status_code == 502, name
        record = closed(gate, number)
        assert record.response.status in {None, 200}, name
    assert alive(gate)["hook_failures"] == 0


@pytest.mark.parametrize("stated", ["gzip", "br", "zstd", "deflate", "none-such"])
def test_an_answer_in_a_false_encoding_still_arrives(
    gate: RunningGate, monkeypatch: pytest.MonkeyPatch, stated: str
) -> None:
    """An answer that is not encoded as it says passes byte for byte; reading it fails nobody."""

    def false(handler: Any, _: bytes) -> None:
        handler.wfile.write(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: 5\r\n\r\nhello"
            % stated.encode()
        )

    monkeypatch.setitem(stand_in._ANSWERS, "files.example", false)
    connection = http.client.HTTPSConnection(
        "127.0.0.1", gate.port, timeout=20, context=gate.client_context()
    )
    connection.set_tunnel("files.example", 443)
    connection.request("POST", "/x", body=b"x")
    answer = connection.getresponse()

    assert (answer.status, answer.read()) == (200, b"hello")
    assert answer.headers["content-encoding"] == stated
    connection.close()


# The real reader of payloads behind the gate


@pytest.fixture
def reading(gate: RunningGate, reading_at: Any) -> Any:
    """A gate that reads payloads with the real engine and refuses what has findings."""
    return reading_at(gate)


@pytest.fixture
def reading_at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a gate the real engine, the part that reads in workers included."""
    from classifiers.engine import Engine, EngineSetup
    from classifiers.gate_classifier import GateClassifier

    whole = CredentialDetector.__init__

    def quick(self: CredentialDetector, cache: Any, organisation: Any, **options: Any) -> None:
        whole(self, cache, organisation, **{**options, "long_tail": False})

    monkeypatch.setattr(CredentialDetector, "__init__", quick)
    here = GateClassifier(EngineSetup(key=b"k" * 32, organisation=Organisation()))
    worker = Engine(EngineSetup(key=b"k" * 32, organisation=Organisation(), in_worker=True))

    def equip(gate: RunningGate) -> Any:
        object.__setattr__(gate.gate._parts, "classifier", here)
        gate.pool._classifier = worker
        return gate

    return equip


def kinds(gate: RunningGate) -> set[str]:
    return {finding.kind for finding in closed(gate).findings}


VALUE = f"please pay to {IBAN} today, thank you".encode()
NOT_AS_STATED = {
    "gzip that is none": ("gzip", VALUE),
    "gzip cut short": ("gzip", gzip.compress(VALUE * 3)[:-12]),
    "deflate that is none": ("deflate", b"\xff" * 90),
    "unknown": ("none-such", VALUE),
    "br that is none": ("br", b"\xff\x00" * 40),
    "zstd that is none": ("zstd", b"\x28\xb5\x2f\xfd" + b"\xff" * 40),
    "gzip with noise behind": ("gzip", gzip.compress(b"fine") + b"\x99" * 50),
    "too many": ("gzip, gzip, gzip, gzip, gzip, gzip", VALUE),
}


@pytest.mark.parametrize("name", NOT_AS_STATED)
def test_a_body_not_encoded_as_stated_is_never_clean(reading: RunningGate, name: str) -> None:
    """A body whose encoding is wrong, cut short or unknown is read as far as it goes, or said to be
    not inspected."""
    coding, body = NOT_AS_STATED[name]
    answer = post(reading, body, Content_Encoding=coding, Content_Type="text/plain")

    assert answer.status_code == 403, kinds(reading)
    assert kinds(reading) & {"not_inspected", "iban"}
    assert reading.internet.arrivals == []


def _layers(depth: int) -> bytes:
    body = b"0" * 30_000_000
    for _ in range(depth):
        body = gzip.compress(body, 9)
    return body


BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "gzip": ("gzip", lambda: _layers(1)),
    "gzip in gzip": ("gzip, gzip", lambda: _layers(2)),
    "deflate": ("deflate", lambda: zlib.compress(b"\x00" * 30_000_000, 9)),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_decompression_bomb_is_not_inspected(reading: RunningGate, name: str) -> None:
    """A small body that unpacks to a huge one is not unpacked to the end: it is said to be not
    inspected, and why."""
    coding, make = BOMBS[name]
    answer = post(reading, make(), Content_Encoding=coding, Content_Type="text/plain")

    assert answer.status_code == 403
    unread = [f for f in closed(reading).findings if f.kind == "not_inspected"]
    assert unread
    assert all(finding.note for finding in unread)


ODD_TEXT = {
    "invalid UTF-8": ("application/json", b'{"note": "\xff\xfe\xed\xa0\x80 ' + VALUE + b'"}'),
    "Latin-1 said to be UTF-8": ("text/plain; charset=utf-8", "Grüße, ".encode("latin-1") + VALUE),
    "unknown charset": ("text/plain; charset=none-such", VALUE),
    "UTF-16": ("text/plain; charset=utf-16", VALUE.decode().encode("utf-16")),
    "lone surrogate": ("application/json", b'{"note": "\\ud800 ' + VALUE + b'"}'),
    "null characters": ("application/json", b'{"a": "\\u0000", "note": "' + VALUE + b'"}'),
    "cut JSON": ("application/json", b'{"note": "' + VALUE),
    "deep JSON": ("application/json", b"[" * 50_000 + b'"' + VALUE + b'"' + b"]" * 50_000),
    "no type": ("", VALUE),
    "false type": ("image/png", VALUE),
    "two types": ("text/plain, application/json", VALUE),
}


@pytest.mark.parametrize("name", ODD_TEXT)
def test_odd_text_hides_nothing(reading: RunningGate, name: str) -> None:
    """A value in text that is not quite what it says it is, is found, or the body is said to be not
    inspected."""
    kind, body = ODD_TEXT[name]
    answer = post(reading, body, Content_Type=kind)

    assert answer.status_code == 403
    assert kinds(reading) & {"not_inspected", "iban"}
    assert alive(reading)["hook_failures"] == 0


def test_twenty_megabytes_of_json_stream_and_are_read(reading: RunningGate) -> None:
    """A JSON body far larger than what is held streams on, complete, and counts as inspected."""
    clean = _lines_of_json(20_000_000)
    passed = post(reading, clean, Content_Type="application/json")
    assert passed.json()["received"] == len(clean)
    assert closed(reading).findings == ()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_value_at_the_very_end_of_a_stream_cuts_it(
    start_gate: StartsGate, reading_at: Any, chunked: bool
) -> None:
    """A value in the last bytes of a large body is found before the end is told to the server,
    which gets no whole body."""
    reading = reading_at(start_gate(hold_bytes=100_000))
    body = _lines_of_json(400_000)[:-1] + b',{"text": "' + VALUE + b'"}]'
    answer = post(reading, iter([body]) if chunked else body, Content_Type="application/json")
    assert answer.status_code == 403
    record = closed(reading)
    assert "iban" in {f.kind for f in record.findings}
    assert not record.request.complete
    assert reading.internet.arrivals == []


def _lines_of_json(size: int) -> bytes:
    row = json.dumps({"order": 4711, "text": "nothing of note in this line"}).encode()
    return b"[" + b",".join([row] * (size // (len(row) + 1))) + b"]"
