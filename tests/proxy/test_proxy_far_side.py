"""Servers that fail or are odd: through the gate as without it, beside a direct run."""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from mitmproxy.proxy.layers.http._events import ErrorCode, ResponseProtocolError
from patience import PATIENT_S, eventually

from app.demo.internet import StandInInternet
from certs.chain import Authority
from core.fate import UNREACHED_NOTE, UNWAITED_NOTE, WANTS_CERTIFICATE, Fate
from proxy.far_side import said_in_words, status_of
from tests.proxy.conftest import RunningGate, StartsGate

type Talks = Callable[[socket.socket], None]


class Odd:
    """A server that does one odd thing with each connection."""

    def __init__(self, talks: Talks, context: ssl.SSLContext | None = None) -> None:
        self._talks, self._context = talks, context
        self.bytes_received = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(plain,), daemon=True).start()

    def _one(self, plain: socket.socket) -> None:
        plain.settimeout(PATIENT_S)
        with plain.dup() as beneath:
            try:
                if self._context is None:
                    self._talks(plain)
                else:
                    with self._context.wrap_socket(plain, server_side=True) as talk:
                        self._talks(talk)
            except ssl.SSLError:
                # What is left unread would take the alert back.
                beneath.settimeout(1)
                with contextlib.suppress(OSError):
                    while beneath.recv(4096):
                        continue
            except OSError:
                pass
            finally:
                plain.close()

    def close(self) -> None:
        self._listening.close()


def read_request(talk: socket.socket) -> bytes:
    """Read until the made-up body is there."""
    data = b""
    while not data.endswith(b"hello") and not (data.startswith(b"GET") and b"\r\n\r\n" in data):
        if not (more := talk.recv(4096)):
            break
        data += more
    return data


def says(*pieces: bytes) -> Talks:
    """A server that reads the request and answers with these pieces, one by one."""

    def talks(talk: socket.socket) -> None:
        read_request(talk)
        for piece in pieces:
            talk.sendall(piece)

    return talks


def lingers(answer: bytes) -> Talks:
    """A server that answers and then waits for more, as those do that keep connections."""

    def talks(talk: socket.socket) -> None:
        says(answer)(talk)
        talk.recv(1)

    return talks


def asked(connection: http.client.HTTPConnection) -> Any:
    """Return status and body, or the kind of error: what a script has in hand."""
    with closing(connection):
        try:
            connection.request("POST", "/", b"hello")
            answer = connection.getresponse()
            return answer.status, answer.read()
        except TimeoutError:
            return "hangs"
        except (OSError, http.client.HTTPException):
            return "broken"


def through(gate: RunningGate, port: int, host: str | None) -> Any:
    """Ask through the gate: encrypted where there is a host, else in clear."""
    if host is None:
        plain = http.client.HTTPConnection("127.0.0.1", gate.port, timeout=PATIENT_S)
        with closing(plain):
            try:
                plain.request("POST", f"http://127.0.0.1:{port}/", b"hello")
                answer = plain.getresponse()
                return answer.status, answer.read()
            except TimeoutError:
                return "hangs"
            except (OSError, http.client.HTTPException):
                return "broken"
    connection = http.client.HTTPSConnection(
        "127.0.0.1", gate.port, timeout=PATIENT_S, context=gate.client_context()
    )
    connection.set_tunnel(host, 443)
    return asked(connection)


HEAD = b"HTTP/1.1 200 OK\r\n"
END = b"Content-Length: 2\r\n\r\nok"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
ODD_ANSWERS: dict[str, tuple[Talks, Any]] = {
    "an ordinary one": (says(HEAD + END), (200, b"ok")),
    "early hints": (says(EARLY, HEAD + END), (200, b"ok")),
    "early hints in one piece": (says(EARLY + HEAD + END), (200, b"ok")),
    "early hints in many pieces": (
        says(*[bytes([byte]) for byte in EARLY + HEAD + END]),
        (200, b"ok"),
    ),
    "several informational ones": (
        says(b"HTTP/1.1 102 Processing\r\n\r\n", EARLY, EARLY, HEAD + END),
        (200, b"ok"),
    ),
    "continue, not asked for": (says(b"HTTP/1.1 100 Continue\r\n\r\n", HEAD + END), (200, b"ok")),
    "no content, with a coding": (
        says(b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (204, b""),
    ),
    "no content, with a length": (
        says(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"),
        (204, b""),
    ),
    "a length said twice": (says(HEAD + b"Content-Length: 2\r\n" + END), (200, b"ok")),
    "a length said twice in one line": (
        says(HEAD + b"Content-Length: 2, 2\r\n\r\nok"),
        (200, b"ok"),
    ),
    "length and chunks": (
        says(HEAD + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        (200, b"ok"),
    ),
    "no length, until it closes": (says(HEAD + b"Connection: close\r\n\r\nok"), (200, b"ok")),
    "HTTP/1.0": (says(b"HTTP/1.0 200 OK\r\n\r\nok"), (200, b"ok")),
    "no coding": (lingers(HEAD + b"Transfer-Encoding: identity\r\n" + END), (200, b"ok")),
    "no coding, no length": (says(HEAD + b"Transfer-Encoding: Identity\r\n\r\nok"), (200, b"ok")),
    "no reason phrase": (says(b"HTTP/1.1 200 \r\n" + END), (200, b"ok")),
    "not modified, with a length": (
        says(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"),
        (304, b""),
    ),
}


@contextmanager
def odd_server(talks: Talks, context: ssl.SSLContext | None = None) -> Iterator[Odd]:
    server = Odd(talks, context)
    yield server
    server.close()


@pytest.mark.parametrize("name", ODD_ANSWERS)
def test_odd_answers_come_through(name: str, start_gate: StartsGate) -> None:
    """What a client reads without the gate it reads behind it."""
    talks, wanted = ODD_ANSWERS[name]
    with odd_server(talks) as server:
        gate = _straight(start_gate)
        assert through(gate, server.port, None) == wanted


def _straight(start_gate: StartsGate) -> RunningGate:
    """A gate that goes to loopback as it is told, not to the stand-in internet."""
    gate = start_gate()
    gate.addon.upstreams.routes._routes = ()
    return gate


def answers_early(talk: socket.socket) -> None:
    """Answer before the body is there, and read the rest."""
    talk.recv(10)
    talk.sendall(HEAD + END)
    read_request(talk)


def hangs_up(talk: socket.socket) -> None:
    """Read, and end without an answer."""
    read_request(talk)


def speaks_first(talk: socket.socket) -> None:
    """Speak as a mail server does."""
    talk.sendall(b"220 mail.example ESMTP\r\n")
    read_request(talk)


FAILURES: dict[str, tuple[Talks, bool]] = {
    "it ends without an answer": (hangs_up, True),
    "it speaks another protocol": (speaks_first, True),
    "half a head": (says(b"HTTP/1.1 200 OK\r\nContent-Le"), True),
    "two lengths": (says(HEAD + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\nok"), True),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_server_that_fails_breaks_the_connection(name: str, start_gate: StartsGate) -> None:
    """The client meets a broken connection, as it would without us: never a page that a script
    might save as its data.
    """
    talks, _ = FAILURES[name]
    with odd_server(talks) as server:
        gate = _straight(start_gate)
        assert through(gate, server.port, None) == "broken"


def test_a_server_that_is_not_there_got_nothing(start_gate: StartsGate) -> None:
    """The record says that nothing was sent, and why."""
    gate = _straight(start_gate)
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert through(gate, port, None) == "broken"
    [record] = closed(gate)
    assert record.fate is Fate.UNREACHED
    assert "the destination: it refused the connection" in record.notes


SAID = b"Outgate sent nothing of this request: the destination: its name is not known.\n"


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("version", [1, 2])
def test_a_name_that_nobody_knows_is_said_to_the_client(
    scheme: str, version: int, start_gate: StartsGate
) -> None:
    """A client of a proxy looks up no name: it could only blame the proxy."""
    gate = _straight(start_gate)
    address = f"http://127.0.0.1:{gate.port}"
    own = {"verify": gate.client_context(), "http2": version == 2, "trust_env": False}
    with httpx.Client(proxy=address, **own) as client:  # type: ignore[arg-type]
        answer = client.post(f"{scheme}://nobody-knows.invalid/x", content=b"hello", timeout=30)
    assert (answer.status_code, answer.content) == (502, SAID)
    if answer.http_version == "HTTP/1.1":
        assert (
            answer.reason_phrase == "Bad Gateway (Outgate: the destination: its name is not known)"
        )
        assert answer.headers["connection"] == "close"
    [record] = closed(gate)
    assert record.fate is Fate.UNREACHED
    assert "the destination: its name is not known" in record.notes
    assert (record.response.status, record.response.bytes) == (None, 0)


def test_who_looks_names_up_elsewhere_is_told_nothing_of_them() -> None:
    """Another proxy on the way knows names that this machine does not, or is one itself."""
    for message, proxied, code in (
        ("[Errno -2] Name or service not known", True, ErrorCode.CONNECT_FAILED),
        ("[Errno -3] Temporary failure in name resolution", False, ErrorCode.CONNECT_FAILED),
        ("[Errno 111] Connect call failed", False, ErrorCode.CONNECT_FAILED),
    ):
        event = ResponseProtocolError(1, message, code)
        assert status_of(said_in_words(event, proxied=proxied).code) is None


def closed(gate: RunningGate) -> list[Any]:
    return eventually(lambda: gate.evidence.closed, "nothing is on record")


def certificate(
    folder: Path, authority: Authority | None, name: str, *, days: tuple[int, int] = (-2, 30)
) -> ssl.SSLContext:
    """A server's context with such a certificate; of its own making where no authority signs."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if authority is None else authority.signer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key if authority is None else authority.key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + made.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


CAUSES = {
    "expired": "its certificate has expired",
    "early": "its certificate is not valid yet",
    "self-signed": "its certificate is signed by nobody that is trusted here",
    "other name": "its certificate is for another name",
    "no TLS": "it does not speak TLS",
    "silent end": None,
}


def _context(name: str, folder: Path, authority: Authority) -> ssl.SSLContext | None:
    match name:
        case "expired":
            return certificate(folder, authority, "odd.example", days=(-9, -1))
        case "early":
            return certificate(folder, authority, "odd.example", days=(1, 9))
        case "self-signed":
            return certificate(folder, None, "odd.example")
        case "other name":
            return certificate(folder, authority, "elsewhere.example")
    return None


@pytest.mark.parametrize("name", CAUSES)
def test_a_certificate_that_is_not_good_is_a_broken_connection_with_its_cause(
    name: str,
    tmp_path: Path,
    internet: StandInInternet,
    start_gate: StartsGate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is sent to a server that cannot be trusted; the record says why."""
    talks = hangs_up if name != "no TLS" else says(b"")
    if name == "no TLS":
        talks = speaks_first
    if name == "silent end":
        talks = lambda talk: talk.close()  # noqa: E731
    context = _context(name, tmp_path, internet.authority)
    with odd_server(talks, context) as server:
        routes = [f"odd.example:443:127.0.0.1:{server.port}", *internet.routes]
        monkeypatch.setattr(StandInInternet, "routes", routes)
        gate = start_gate()
        assert through(gate, server.port, "odd.example") == "broken"
    [record] = closed(gate)
    assert record.fate is Fate.UNREACHED
    if CAUSES[name] is not None:
        assert f"the destination: {CAUSES[name]}" in record.notes


@pytest.mark.parametrize(
    "version", [ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2], ids=lambda version: version.name
)
def test_an_alert_after_the_handshake_ends_it(
    version: ssl.TLSVersion,
    tmp_path: Path,
    internet: StandInInternet,
    start_gate: StartsGate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server that wants a certificate of the client (mTLS) is an error with its cause, not a
    hang, whether it says so in the handshake or after it.
    """
    context = certificate(tmp_path, internet.authority, "odd.example")
    context.minimum_version = context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    roots = tmp_path / "clients.pem"
    roots.write_bytes(internet.authority.root_pem())
    context.load_verify_locations(roots)
    with odd_server(hangs_up, context) as server:
        routes = [f"odd.example:443:127.0.0.1:{server.port}", *internet.routes]
        monkeypatch.setattr(StandInInternet, "routes", routes)
        gate = start_gate()
        assert through(gate, server.port, "odd.example") == "broken"
    [record] = closed(gate)
    assert WANTS_CERTIFICATE in record.notes


def test_a_client_that_does_not_wait_for_the_connection_has_sent_nothing(
    start_gate: StartsGate, internet: StandInInternet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that never answers the handshake is not one to which something was sent."""
    gone = threading.Event()

    def silent(talk: socket.socket) -> None:
        del talk
        gone.wait(PATIENT_S)

    with odd_server(silent) as server:
        routes = [f"odd.example:443:127.0.0.1:{server.port}", *internet.routes]
        monkeypatch.setattr(StandInInternet, "routes", routes)
        gate = start_gate()
        client = http.client.HTTPSConnection(
            "127.0.0.1", gate.port, timeout=1, context=gate.client_context()
        )
        client.set_tunnel("odd.example", 443)
        with closing(client), pytest.raises(TimeoutError):
            client.request("POST", "/", b"hello")
            client.getresponse()
        [record] = closed(gate)
        gone.set()
    assert record.notes == (UNREACHED_NOTE, UNWAITED_NOTE)
    assert record.fate is Fate.UNREACHED


def test_no_word_of_mitmproxys_comes_to_a_client(start_gate: StartsGate) -> None:
    """A request that cannot be read is refused in our words, without advice on options nobody can
    set, and quotes nothing.
    """
    gate = start_gate()
    with socket.create_connection(("127.0.0.1", gate.port), timeout=PATIENT_S) as raw:
        raw.sendall(
            b"POST http://files.example/ HTTP/1.1\r\nHost: files.example\r\n"
            b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"
        )
        answer = raw.recv(65536)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request (answered by Outgate)")
    assert b"mitmproxy" not in answer.lower() and b"option" not in answer.lower()


def test_a_client_that_gives_up_is_not_the_servers_fault(start_gate: StartsGate) -> None:
    """A server that is slow and a client that does not wait: the record says who left."""
    gone = threading.Event()

    def silent(talk: socket.socket) -> None:
        read_request(talk)
        gone.wait(PATIENT_S)

    with odd_server(silent) as server:
        gate = _straight(start_gate)
        plain = http.client.HTTPConnection("127.0.0.1", gate.port, timeout=1)
        with closing(plain), pytest.raises(TimeoutError):
            plain.request("POST", f"http://127.0.0.1:{server.port}/", b"hello")
            plain.getresponse()
        [record] = closed(gate)
        gone.set()
    assert record.notes == ("the client left before an answer came",)
    assert record.fate is None
