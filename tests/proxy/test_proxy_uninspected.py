"""What came to no inspection is on record, once: a refused certificate, a foreign protocol."""

import contextlib
import socket
import ssl
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from patience import PATIENT_S, eventually
from present import there

from core.attribution import (
    Attribution,
    Certainty,
    LaunchedAs,
    ProcessRef,
    Script,
    unknown_sender,
)
from core.exchange import Connection
from core.fate import Fate
from proxy.uninspected import UNKNOWN_HOST, Once
from tests.proxy.conftest import RunningGate


def tunnel(gate: RunningGate, target: str) -> socket.socket:
    raw = socket.create_connection(("127.0.0.1", gate.port), timeout=PATIENT_S)
    raw.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    assert b" 200 " in raw.recv(4096)
    return raw


def distrust(gate: RunningGate, host: str) -> None:
    with tunnel(gate, f"{host}:443") as raw, pytest.raises(ssl.SSLError):
        ssl.create_default_context().wrap_socket(raw, server_hostname=host)


def test_a_client_that_refuses_our_certificate_is_on_record(gate: RunningGate) -> None:
    """A pinned client fails visibly: the record names it, where it wanted to go, and that nothing
    was inspected."""
    distrust(gate, "pinned.example")
    eventually(lambda: gate.evidence.closed)

    [record] = gate.evidence.closed
    assert (record.destination.host, record.request.method) == ("pinned.example", "CONNECT")
    assert there(record.sender.process).pid == 4711
    assert record.decision.degraded == ("tls: the client refused Outgate's certificate",)
    assert (record.findings, record.request.bytes, record.response.status) == ((), 0, None)
    assert gate.internet.bytes_received == 0


def test_a_client_that_keeps_trying_is_on_record_once(gate: RunningGate) -> None:
    """A client that tries again and again makes one record a minute, and is let through by none of
    its tries."""
    for _ in range(4):
        distrust(gate, "pinned.example")
    distrust(gate, "other.example")
    eventually(lambda: len(gate.evidence.closed) == 2)

    assert sorted(r.destination.host for r in gate.evidence.closed) == [
        "other.example",
        "pinned.example",
    ]
    assert gate.addon.health.refused_certificates == 5


def test_a_client_that_went_away_after_the_handshake_is_on_record(gate: RunningGate) -> None:
    """Pinned clients take any certificate and compare it afterwards: they end without a request."""
    gate.connect("pinned.example").close()
    eventually(lambda: gate.evidence.closed)

    [record] = gate.evidence.closed
    assert (record.destination.host, record.request.method) == ("pinned.example", "CONNECT")
    assert record.decision.degraded == ("tls: the client ended the connection without a request",)
    assert record.request.bytes == 0


def test_a_connection_too_many_of_a_client_that_trusts_us_is_none(gate: RunningGate) -> None:
    """Pools open more connections than they use: who had an answer from a host trusts us there.
    Elsewhere the same program may be pinned.
    """
    with gate.connect("files.example") as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: files.example\r\n\r\n")
        client.recv(4096)
        gate.connect("files.example").close()
        gate.connect("pinned.example").close()
    eventually(lambda: len(gate.evidence.closed) == 2)

    assert sorted(record.destination.host for record in gate.evidence.closed) == [
        "files.example",
        "pinned.example",
    ]
    assert {r.request.method for r in gate.evidence.closed} == {"GET", "CONNECT"}


@pytest.mark.parametrize("told_first", [True, False])
def test_a_connection_too_many_is_none_of_a_script_that_cannot_be_told(
    gate: RunningGate, told_first: bool
) -> None:
    """A busy machine tells the script of one connection and not of the next: it is the same run of
    the same process, which trusts us. Another script in its place may not.
    """

    def of(name: str, path: str | None, launched_as: LaunchedAs) -> Attribution:
        process = ProcessRef(pid=4711, started_at=None, name="python", exe="/usr/bin/python3")
        ran = Script(path=path, sha256=None, launched_as=launched_as, name=name)
        return Attribution(certainty=Certainty.LIKELY, method="fake", process=process, script=ran)

    with_script = of("send.py", "/send.py", LaunchedAs.FILE)
    untold = of("python", None, LaunchedAs.UNKNOWN)
    other = of("other.py", "/other.py", LaunchedAs.FILE)
    uninspected, files = gate.addon.uninspected, ("files.example", 443)
    uninspected.answered(with_script if told_first else untold, *files)
    uninspected.ended_without_request(untold if told_first else with_script, *files)
    uninspected.left_silently(with_script if told_first else untold, *files)
    uninspected.asked_nothing(untold, *files)
    assert not gate.evidence.closed

    uninspected.ended_without_request(untold, "pinned.example", 443)
    if told_first:
        uninspected.ended_without_request(other, *files)
    hosts = [record.destination.host for record in gate.evidence.closed]
    assert hosts == ["pinned.example", "files.example"][: 1 + told_first]


def test_a_client_that_trusts_us_is_no_bypass(gate: RunningGate) -> None:
    """An ordinary exchange leaves no such record."""
    with gate.connect("files.example") as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: files.example\r\n\r\n")
        client.recv(4096)
    eventually(lambda: gate.evidence.closed)

    assert [record.request.method for record in gate.evidence.closed] == ["GET"]


@pytest.mark.parametrize(
    ("target", "data"),
    [
        ("git.example:22", b"SSH-2.0-OpenSSH_9.9\r\n"),
        ("db.example:5432", b"\x00\x00\x00\x08\x04\xd2\x16\x2f"),
        (
            "dns.example:53",
            b"\x00\x1d\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x06secret\x07example\x00\x00\x01\x00\x01",
        ),
    ],
)
def test_what_is_not_http_does_not_pass_unseen(gate: RunningGate, target: str, data: bytes) -> None:
    """A tunnel for another protocol is refused, whatever its port, and is on record."""
    with tunnel(gate, target) as raw:
        raw.sendall(data)
        answer = raw.recv(4096)

    assert answer == b"" or b" 400 " in answer.split(b"\r\n")[0]
    eventually(lambda: gate.evidence.closed)
    [record] = gate.evidence.closed
    assert f"{record.destination.host}:{record.destination.port}" == target
    assert record.decision.degraded == ("protocol: what was sent is not HTTP",)


@pytest.mark.parametrize("first", [b"", b"EHLO", b"GET key"])
def test_a_tunnel_in_which_nothing_is_asked_for_is_ended(gate: RunningGate, first: bytes) -> None:
    """Where the server would speak first, nobody waits for ever: it ends soon, and is on record."""
    with tunnel(gate, "mail.example:25") as raw:
        if first:
            raw.sendall(first)
        assert raw.recv(4096) == b""
    eventually(lambda: gate.evidence.closed)
    eventually(lambda: not gate.addon.inspection.senders._open)  # and nothing more can come

    [record] = gate.evidence.closed
    assert (record.destination.host, record.destination.port) == ("mail.example", 25)
    assert record.decision.degraded == ("protocol: nothing was asked for in a tunnel",)
    assert "usually mail (SMTP)" in record.decision.reason
    assert gate.internet.bytes_received == 0


@pytest.mark.parametrize("http2", [False, True])
def test_a_client_may_wait_before_its_first_request(gate: RunningGate, http2: bool) -> None:
    """A connection that was opened in time and is used later is served: only who has not begun a
    handshake is taken for one that waits for its server's word.
    """
    tunnels = gate.addon.tunnels
    tunnels._patience_s = 0.0
    with gate.connect("files.example", ["h2"] if http2 else ["http/1.1"]) as client:
        eventually(lambda: tunnels._late and not tunnels._waiting)  # decided on: it stays open
        if http2:
            client.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")
        else:
            client.sendall(b"GET / HTTP/1.1\r\nHost: files.example\r\n\r\n")
        assert client.recv(4096)
        # Before it ends: that one of HTTP/2 then ends without a request is on record as that.
        assert not any(record.decision.degraded for record in gate.evidence.closed)


def test_memory_of_what_was_told_is_bounded() -> None:
    """However many there are, the gate does not grow with them."""
    once = Once(lambda: 0.0)
    for number in range(6000):
        assert once.first((str(number),), 10)

    assert len(once._until) == 5000
    assert not once.first(("5999",), 10)


def _plain(gate: RunningGate) -> socket.socket:
    return socket.create_connection(("127.0.0.1", gate.port), timeout=PATIENT_S)


_UNREADABLE = "protocol: what was sent cannot be read as HTTP"


@pytest.mark.parametrize(
    ("sent", "to"),
    [
        (b"GET ftp://files.example/x HTTP/1.1\r\nHost: files.example\r\n\r\n", "files.example:21"),
        (b"GET ftp://a:secret@files.example:2121/x HTTP/1.1\r\n\r\n", "files.example:2121"),
        (b"GET wss://chat.example/ HTTP/1.1\r\nHost: chat.example\r\n\r\n", "chat.example:443"),
        (b"GET gopher://old.example/ HTTP/1.1\r\nHost: a\r\n\r\n", "old.example:0"),
        (b"GET http://files.example/ HTTP/1.1\r\nno colon\r\n\r\n", "files.example:80"),
        (b"EHLO me\r\n", "unknown destination:0"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "unknown destination:0"),
        (b"\x00\x00\x00\x08\x04\xd2\x16\x2f", "unknown destination:0"),
        (b"GET ftp://\x1b[2J/x HTTP/1.1\r\n\r\n", "unknown destination:0"),
    ],
)
def test_what_cannot_be_read_is_refused_at_once_and_told(
    gate: RunningGate, sent: bytes, to: str
) -> None:
    """Another protocol at the gate's own port, or an address that is not the web's: no client waits
    for ever, and what it wanted is on record once.
    """
    with _plain(gate) as raw:
        raw.sendall(sent)
        assert b" 400 Bad Request (answered by Outgate)" in raw.recv(4096)
    eventually(lambda: gate.evidence.closed)

    [record] = gate.evidence.closed
    assert f"{record.destination.host}:{record.destination.port}" == to
    assert record.decision.degraded == (_UNREADABLE,)
    assert record.fate is Fate.FOREIGN
    assert "secret" not in repr(record)


@pytest.mark.parametrize("encrypted", [True, False])
def test_what_follows_a_request_and_is_none_is_refused_as_well(
    gate: RunningGate, encrypted: bool
) -> None:
    """A connection that began as HTTP does not go on as something else."""
    get = b"GET / HTTP/1.1\r\nHost: files.example\r\n\r\n"
    with gate.connect("files.example") if encrypted else tunnel(gate, "files.example:80") as client:
        client.sendall(get)
        assert b" 200 " in client.recv(4096)
        client.sendall(b"EHLO me\r\n")
        while answer := client.recv(4096):
            if b" 400 " in answer:
                break
        assert b" 400 " in answer
    eventually(lambda: len(gate.evidence.closed) == 2)

    assert [r.decision.degraded for r in gate.evidence.closed] == [(), (_UNREADABLE,)]
    assert {r.destination.host for r in gate.evidence.closed} == {"files.example"}


@pytest.mark.parametrize("data", [b"EHLO me\r\n", b"\x30\x0c\x02\x01\x01"])
def test_another_protocol_inside_tls_is_one_case(gate: RunningGate, data: bytes) -> None:
    """What is refused as no HTTP is not told a second time as a client that does not trust us."""
    with gate.connect("mail.example") as client:
        client.sendall(data)
        with contextlib.suppress(OSError):
            while client.recv(4096):
                continue
    eventually(lambda: gate.evidence.closed)
    gate.connect("later.example").close()
    eventually(lambda: gate.evidence.closed[-1].destination.host == "later.example")

    assert [r.destination.host for r in gate.evidence.closed] == ["mail.example", "later.example"]
    assert gate.evidence.closed[0].fate is Fate.FOREIGN


def test_a_server_that_would_speak_first_inside_tls_is_not_waited_for(gate: RunningGate) -> None:
    """A mailbox's client waits for a greeting: the connection ends soon, and is on record once."""
    with tunnel(gate, "mail.example:993") as raw:
        context = ssl.create_default_context(cafile=str(gate.roots))
        client = context.wrap_socket(raw, server_hostname="mail.example")
        with client, contextlib.suppress(OSError):
            assert client.recv(100) == b""
    eventually(lambda: gate.evidence.closed)

    [record] = gate.evidence.closed
    assert record.decision.degraded == ("protocol: nothing was asked for in a tunnel",)
    assert "a mailbox (IMAP)" in record.decision.reason


def test_a_port_that_nobody_knows_is_told_as_none(gate: RunningGate) -> None:
    """A name that was only looked up, datagrams whose place was not seen, and a library that could
    send: a record makes up no port, least of all that of the web. One that is known stays.
    """
    uninspected, sender = gate.addon.uninspected, unknown_sender("fake", "nobody was asked")
    nowhere = Connection(
        id="c",
        client_host="10.0.0.1",
        client_port=1,
        gate_host="",
        gate_port=0,
        at=datetime(2026, 11, 28, tzinfo=UTC),
        transport="udp",
    )
    uninspected.name_not_found(sender, "mistyped.invalid", gone=True)
    uninspected.datagrams_refused(sender, "", 0, 3)
    uninspected.datagrams_refused(sender, "198.51.100.9", 443, 1)
    uninspected.datagrams(sender, nowhere)
    uninspected.datagrams(sender, replace(nowhere, gate_host="192.0.2.7", gate_port=9))

    told = [(r.destination.host, r.destination.port) for r in gate.evidence.closed]
    assert told == [
        ("mistyped.invalid", 0),
        (UNKNOWN_HOST, 0),
        ("198.51.100.9", 443),
        (UNKNOWN_HOST, 0),
        ("192.0.2.7", 9),
    ]
    stages = [r.decision.degraded[0] for r in gate.evidence.closed[3:]]
    assert stages == ["bypass: HTTP/3 past the gate", "bypass: datagrams past the gate"]


def test_who_has_no_destination_yet_is_told_with_none(gate: RunningGate) -> None:
    """A client that speaks TLS to the gate itself, and ends it, has named nowhere to go to."""
    with (
        socket.create_connection(("127.0.0.1", gate.port), timeout=PATIENT_S) as raw,
        pytest.raises(ssl.SSLError),
    ):
        ssl.create_default_context().wrap_socket(raw, server_hostname="proxy.example")
    eventually(lambda: gate.evidence.closed)

    [record] = gate.evidence.closed
    assert (record.destination.host, record.destination.port) == ("proxy.example", 0)


def test_a_record_says_no_scheme_that_was_not_spoken(gate: RunningGate) -> None:
    """Of what nobody read it is said what carried it, not that it was HTTPS."""
    uninspected, sender, to = gate.addon.uninspected, unknown_sender("fake", "-"), ("x.example", 25)
    past = Connection(
        id="c",
        client_host="10.0.0.1",
        client_port=1,
        gate_host="192.0.2.7",
        gate_port=5432,
        at=datetime(2026, 11, 28, tzinfo=UTC),
    )
    uninspected.name_not_found(sender, "mistyped.invalid", gone=True)
    uninspected.datagrams_refused(sender, "198.51.100.9", 443, 1)
    uninspected.datagrams(sender, replace(past, transport="udp"))
    uninspected.direct(sender, past)
    uninspected.unanswered(sender, past)
    uninspected.not_http(sender, *to)
    uninspected.unreadable(sender, *to)
    uninspected.greeted(sender, *to)
    uninspected.old_request(sender, *to)
    uninspected.certificate_refused(sender, *to)

    schemes = [record.destination.scheme for record in gate.evidence.closed]
    assert schemes == ["dns", "udp", "udp", "tcp", "tcp", "tcp", "tcp", "tcp", "http", "https"]
