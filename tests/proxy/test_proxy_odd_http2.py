"""Odd servers of HTTP/2 and TLS, each asked directly and through the gate in the same test: the
same outcome, and never a hang.
"""

import socket
import ssl
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings
import httpx
import pytest
from OpenSSL import SSL
from patience import PATIENT_S

from app.demo.internet import StandInInternet
from proxy.addon import GateAddon
from proxy.connect_to import parse_route
from proxy.http2_turns import MOST
from tests.proxy.conftest import RunningGate, started
from tests.proxy.test_proxy_far_side import certificate, odd_server

type Answers = Callable[[h2.connection.H2Connection, int], None]
type Talks = Callable[[socket.socket], None]
HOST = "odd.example"
FLOOD = 2_000
OK = [(":status", "200"), ("content-length", "2")]


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[RunningGate, StandInInternet, Path]]:
    """One gate for all."""
    folder = tmp_path_factory.mktemp("odd")
    with StandInInternet(folder / "internet") as internet:
        running, stop = started(folder, internet)
        yield running, internet, folder
        stop()


def answering(answers: Answers) -> Talks:
    """A server that reads one request of HTTP/2, and then does this."""

    def talks(talk: socket.socket) -> None:
        config = h2.config.H2Configuration(
            client_side=False, validate_outbound_headers=False, normalize_outbound_headers=False
        )
        connection = h2.connection.H2Connection(config)
        connection.initiate_connection()
        talk.sendall(connection.data_to_send())
        while data := talk.recv(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.StreamEnded):
                    answers(connection, event.stream_id)
            talk.sendall(connection.data_to_send())
            if connection.state_machine.state is h2.connection.ConnectionState.CLOSED:
                talk.shutdown(socket.SHUT_WR)
                while talk.recv(65536):  # what is left unread would take back what was said
                    continue
                return

    return talks


def _ok(connection: h2.connection.H2Connection, stream: int) -> None:
    connection.send_headers(stream, OK)
    connection.send_data(stream, b"ok", end_stream=True)


def _hinted(connection: h2.connection.H2Connection, stream: int) -> None:
    for _ in range(2):
        connection.send_headers(stream, [(":status", "103"), ("link", "</a.css>")])
    _ok(connection, stream)


def _trailed(connection: h2.connection.H2Connection, stream: int) -> None:
    connection.send_headers(stream, [(":status", "200")])
    connection.send_data(stream, b"ok")
    connection.send_headers(stream, [("x-sum", "1")], end_stream=True)


def _empty(connection: h2.connection.H2Connection, stream: int) -> None:
    connection.send_headers(stream, [(":status", "204")], end_stream=True)


def _gone_after(connection: h2.connection.H2Connection, stream: int) -> None:
    _ok(connection, stream)
    connection.close_connection(last_stream_id=stream)


def _resets(code: h2.errors.ErrorCodes, *, begun: bool = False) -> Answers:
    def answers(connection: h2.connection.H2Connection, stream: int) -> None:
        if begun:
            connection.send_headers(stream, [(":status", "200")])
            connection.send_data(stream, b"o")
        connection.reset_stream(stream, code)

    return answers


def _goes(last: int | None, code: int = 0) -> Answers:
    def answers(connection: h2.connection.H2Connection, stream: int) -> None:
        connection.close_connection(code, last_stream_id=last)

    return answers


def _falsely(connection: h2.connection.H2Connection, stream: int) -> None:
    connection.send_headers(stream, [(":status", "200"), ("content-length", "9")])
    connection.send_data(stream, b"ok", end_stream=True)


KEPT = {
    "an ordinary one": _ok,
    "early hints": _hinted,
    "trailers": _trailed,
    "no content": _empty,
    "GOAWAY after the answer": _gone_after,
}
BROKEN = {
    "REFUSED_STREAM": _resets(h2.errors.ErrorCodes.REFUSED_STREAM),
    "HTTP_1_1_REQUIRED": _resets(h2.errors.ErrorCodes.HTTP_1_1_REQUIRED),
    "INTERNAL_ERROR": _resets(h2.errors.ErrorCodes.INTERNAL_ERROR),
    "CANCEL in the body": _resets(h2.errors.ErrorCodes.CANCEL, begun=True),
    "REFUSED_STREAM in the body": _resets(h2.errors.ErrorCodes.REFUSED_STREAM, begun=True),
    "GOAWAY, this stream unseen": _goes(0),
    "GOAWAY with an error": _goes(None, h2.errors.ErrorCodes.ENHANCE_YOUR_CALM),
    "GOAWAY without a word on streams": _goes(None),
    "less than its length": _falsely,
}


def _said(
    client: httpx.Client, url: str, method: str = "POST", **how: Any
) -> tuple[int, bytes] | str:
    with client:
        try:
            answer = client.request(method, url, content=b"hello", **how)
        except httpx.TimeoutException:
            return "hangs"
        except httpx.TransportError:
            return "broken"
        return answer.status_code, answer.content


def both_ways(
    world: tuple[RunningGate, StandInInternet, Path],
    context: ssl.SSLContext,
    talks: Talks,
    method: str = "POST",
) -> tuple[Any, Any]:
    """Return what a script has in hand directly, and through the gate."""
    gate, internet, _ = world
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.load_verify_locations(cadata=internet.authority.root_pem().decode())
    with odd_server(talks, context) as server:
        gate.addon.upstreams.routes._routes = (parse_route(f"{HOST}:443:127.0.0.1:{server.port}"),)
        direct = _said(
            httpx.Client(http2=True, verify=trusting, timeout=PATIENT_S, trust_env=False),
            f"https://127.0.0.1:{server.port}/",
            method,
            extensions={"sni_hostname": HOST},
        )
        gated = _said(
            httpx.Client(
                http2=True,
                verify=gate.client_context(),
                timeout=PATIENT_S,
                trust_env=False,
                proxy=f"http://127.0.0.1:{gate.port}",
            ),
            f"https://{HOST}/",
            method,
        )
    return direct, gated


@pytest.fixture(scope="module")
def context(world: tuple[RunningGate, StandInInternet, Path]) -> ssl.SSLContext:
    """A server's context with a good certificate, which speaks HTTP/2."""
    _, internet, folder = world
    made = certificate(folder, internet.authority, HOST)
    made.set_alpn_protocols(["h2"])
    return made


@pytest.mark.parametrize("name", KEPT)
def test_what_comes_directly_comes_through_the_gate(
    name: str, world: tuple[RunningGate, StandInInternet, Path], context: ssl.SSLContext
) -> None:
    """An answer of HTTP/2 that a script reads without the gate it reads alike behind it."""
    direct, gated = both_ways(world, context, answering(KEPT[name]))
    assert direct in {(200, b"ok"), (204, b"")}
    assert gated == direct


@pytest.mark.parametrize("name", BROKEN)
def test_what_breaks_directly_breaks_through_the_gate(
    name: str, world: tuple[RunningGate, StandInInternet, Path], context: ssl.SSLContext
) -> None:
    """A stream that is refused or given up is a fault to the script, and not an answer."""
    assert both_ways(world, context, answering(BROKEN[name])) == ("broken", "broken")


def test_an_answer_to_head_has_no_body(
    world: tuple[RunningGate, StandInInternet, Path], context: ssl.SSLContext
) -> None:
    """Nor does the gate announce one."""

    def bare(connection: h2.connection.H2Connection, stream: int) -> None:
        connection.send_headers(stream, [(":status", "200")], end_stream=True)

    assert both_ways(world, context, answering(bare), "HEAD") == ((200, b""), (200, b""))


@pytest.mark.parametrize("flood", ["pings", "settings", "bytes"])
def test_what_a_server_sends_at_once_is_read_in_turns(
    flood: str,
    world: tuple[RunningGate, StandInInternet, Path],
    context: ssl.SSLContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Thousands of small frames of a server are read a few at a time: others have the loop."""
    turns: list[object] = []
    turn = GateAddon.gate_turn

    async def turned(self: GateAddon, connection: Any) -> None:
        turns.append(connection)
        await turn(self, connection)

    def floods(connection: h2.connection.H2Connection, stream: int) -> None:
        if flood == "bytes":
            connection.send_headers(stream, [(":status", "200")])
        for _ in range(FLOOD):
            if flood == "pings":
                connection.ping(b"12345678")
            elif flood == "settings":
                connection.update_settings({h2.settings.SettingCodes.MAX_FRAME_SIZE: 16_384})
            else:
                connection.send_data(stream, b"a")
        if flood == "bytes":
            connection.end_stream(stream)
        else:
            _ok(connection, stream)

    monkeypatch.setattr(GateAddon, "gate_turn", turned)
    gate, stop = started(tmp_path, world[1])
    direct, gated = both_ways((gate, *world[1:]), context, answering(floods))
    stop()
    assert gated == direct == (200, b"a" * FLOOD if flood == "bytes" else b"ok")
    assert len(turns) >= FLOOD // MOST // 2


def _old(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")


def _own_certificate(context: ssl.SSLContext) -> None:
    context.post_handshake_auth = True
    context.verify_mode = ssl.CERT_OPTIONAL


def _says_ok(talk: socket.socket) -> None:
    while not talk.recv(65536).endswith(b"hello"):
        continue
    talk.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def _asks_late(talk: socket.socket) -> None:
    """Ask for a certificate when the request is there (TLS 1.3)."""
    assert isinstance(talk, ssl.SSLSocket)
    while not talk.recv(65536).endswith(b"hello"):
        continue
    talk.verify_client_post_handshake()
    talk.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


@pytest.mark.parametrize(
    ("change", "talks"), [(_old, _says_ok), (_own_certificate, _asks_late)], ids=["old", "late"]
)
def test_tls_that_no_client_takes_breaks_alike(
    change: Callable[[ssl.SSLContext], None],
    talks: Talks,
    world: tuple[RunningGate, StandInInternet, Path],
) -> None:
    """Versions that are not safe any more, and a certificate that is asked for in the middle."""
    _, internet, folder = world
    context = certificate(folder, internet.authority, HOST)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        change(context)
    assert both_ways(world, context, talks) == ("broken", "broken")


def test_a_handshake_that_is_made_anew_is_borne(
    world: tuple[RunningGate, StandInInternet, Path],
) -> None:
    """A server that renegotiates (TLS 1.2) before it answers is answered as without the gate."""
    _, internet, folder = world
    certificate(folder, internet.authority, HOST)
    outcomes = both_ways(world, None, _renegotiating(folder / f"{HOST}.pem"))  # type: ignore[arg-type]  # speaks TLS itself
    assert outcomes[0] == (200, b"ok")
    assert outcomes[1] in {outcomes[0], "broken"}


def _renegotiating(file: Path) -> Talks:
    context = SSL.Context(SSL.TLSv1_2_METHOD)
    context.use_certificate_file(str(file))
    context.use_privatekey_file(str(file))

    def talks(plain: socket.socket) -> None:
        plain.settimeout(None)
        talk = SSL.Connection(context, plain)
        talk.set_accept_state()
        try:
            talk.do_handshake()
            while not talk.recv(65536).endswith(b"hello"):
                continue
            talk.renegotiate()
            talk.do_handshake()
            talk.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            talk.shutdown()
        except SSL.Error:
            return

    return talks
