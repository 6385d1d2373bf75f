"""Ways to people: a web hook, a chat, mail, syslog, the desktop; and who is believed there."""

import hashlib
import hmac
import json
import os
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from collectors import OtlpCollector, SyslogCollector, server_context, unused_port
from mail_server import MailServer
from patience import PATIENT_S

from app.notify_settings import NotifyBy
from app.notifying import channel_of
from app.settings import Settings
from core.errors import OutgateError, SettingsError
from exports.notices.notice import About, PartlyDeliveredError, notice
from exports.notices.web_hook import signature, slack, teams
from exports.outbox.collectors import NotDeliveredError

NOW = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)
HOSTILE = "<b>x</b>&*[a](http://e.example)\r\nBcc: e@e.example\x1b[2J\u202e.py"
ONE = notice(About.HELD, "held-1", NOW, HOSTILE, HOSTILE, "outgate review --case 1")


@pytest.fixture
def hook() -> Iterator[OtlpCollector]:
    made = OtlpCollector()
    yield made
    made.close()


def channel(to: str, **more: Any) -> Any:
    return channel_of(NotifyBy(to=to, **more), "way", Settings())  # type: ignore[arg-type]


def test_a_web_hook_is_signed(hook: OtlpCollector, tmp_path: Path) -> None:
    """Whoever has the key can tell that it is from here, of now, and whole."""
    key = tmp_path / "key"
    key.write_text("k3y\n")
    key.chmod(0o600)
    address = f"http://127.0.0.1:{hook.port}/in?a=b"
    channel("webhook", address=address, secret_file=key).tell(ONE)
    [(path, body)], [headers] = hook.taken, hook.headers
    assert (path, body["id"], body["command"]) == ("/in?a=b", "held-1", "outgate review --case 1")
    given = dict(part.split("=") for part in headers["x-outgate-signature"].split(","))
    expected = hmac.new(b"k3y", given["t"].encode() + b"." + hook.bodies[0], hashlib.sha256)
    assert given["v1"] == expected.hexdigest()
    assert signature("other", int(given["t"]), hook.bodies[0]) != headers["x-outgate-signature"]


@pytest.mark.parametrize(("to", "shape"), [("slack", slack), ("teams", teams)])
def test_chat_programs_get_their_own_shape(hook: OtlpCollector, to: str, shape: Any) -> None:
    """The address is their secret; a message holds no markup of a script's."""
    os.environ["OFFICE_TEST_HOOK"] = f"http://127.0.0.1:{hook.port}/secret"
    try:
        channel(to, address_env="OFFICE_TEST_HOOK").tell(ONE)
    finally:
        del os.environ["OFFICE_TEST_HOOK"]
    [(path, body)] = hook.taken
    assert (path, body) == ("/secret", shape(ONE))
    assert "<b>" not in body.get("text", "")
    assert "\\u202e" not in json.dumps(body) and "\\u001b" not in json.dumps(body)


@pytest.mark.parametrize("status", [301, 302, 400, 404, 500])
def test_only_a_yes_is_a_delivery(hook: OtlpCollector, status: int) -> None:
    """No redirection is followed: it would carry the notice to somebody else."""
    hook.answers.append((status, b"secret words"))
    with pytest.raises(NotDeliveredError) as caught:
        channel("webhook", address=f"http://127.0.0.1:{hook.port}/secret-path").tell(ONE)
    assert "secret" not in caught.value.for_officer()


def test_mail_arrives_and_a_script_cannot_write_its_head() -> None:
    """Subject and text are lines of ours, whatever a script is called."""
    server = MailServer(password="geheim")
    way = {"sender": "gate@example.org", "recipients": ("a@example.org", "b@example.org")}
    address = f"127.0.0.1:{server.port}"
    os.environ["OFFICE_TEST_PASSWORD"] = "geheim"
    try:
        mail = channel(
            "mail", address=address, encryption="none", user="gate",
            secret_env="OFFICE_TEST_PASSWORD", **way,
        )  # fmt: skip
        mail.tell(ONE)
        os.environ["OFFICE_TEST_PASSWORD"] = "wrong"
        with pytest.raises(NotDeliveredError) as caught:
            channel(
                "mail", address=address, encryption="none", user="gate",
                secret_env="OFFICE_TEST_PASSWORD", **way,
            ).tell(ONE)  # fmt: skip
        assert "wrong" not in caught.value.for_officer()
        assert "geheim" not in repr(mail)
        with pytest.raises(NotDeliveredError):
            channel("mail", address=address, encryption="starttls", **way).tell(ONE)
    finally:
        del os.environ["OFFICE_TEST_PASSWORD"]
        server.close()
    [message] = server.messages
    assert message["Bcc"] is None and str(message["Subject"]).startswith("Outgate: <b>x</b>")
    assert "outgate review --case 1" in message.get_content()
    assert server.recipients == ["a@example.org", "b@example.org"]


def test_what_a_server_has_taken_is_not_sent_again() -> None:
    """Whether it says goodbye in order, angrily, or hangs up; whether it knows all recipients; and
    a web hook that said yes and broke off.
    """
    way = {"sender": "gate@example.org", "recipients": ("a@example.org", "b@example.org")}
    for goodbye in ("221 bye", "421 too busy", None):
        server = MailServer(goodbye=goodbye)
        channel("mail", address=f"127.0.0.1:{server.port}", encryption="none", **way).tell(ONE)
        server.close()
        assert len(server.messages) == 1
    server = MailServer(refuses="b@example.org")
    with pytest.raises(PartlyDeliveredError, match="refused 1 of the recipients"):
        channel("mail", address=f"127.0.0.1:{server.port}", encryption="none", **way).tell(ONE)
    server.close()
    assert server.recipients == ["a@example.org"] and len(server.messages) == 1
    server = MailServer(refuses="@example.org")
    with pytest.raises(NotDeliveredError):
        channel("mail", address=f"127.0.0.1:{server.port}", encryption="none", **way).tell(ONE)
    server.close()
    assert not server.messages
    with socket.create_server(("127.0.0.1", 0)) as listening:
        answering = threading.Thread(target=_yes_and_gone, args=(listening,))
        answering.start()
        channel("webhook", address=f"http://127.0.0.1:{listening.getsockname()[1]}/").tell(ONE)
        answering.join(PATIENT_S)


def _yes_and_gone(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with connection, connection.makefile("rb") as file:
        length = 0
        while (line := file.readline()).strip():
            name, _, value = line.decode().partition(":")
            length = int(value) if name.lower() == "content-length" else length
        file.read(length)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nok")


@pytest.mark.parametrize("tls", [False, True])
def test_syslog_gets_one_framed_message(tmp_path: Path, tls: bool) -> None:
    """In the plain, or under TLS with the organisation's own authority."""
    context, root = server_context(tmp_path) if tls else (None, None)
    server = SyslogCollector(context)
    settings = Settings(upstream_ca=root)
    address = f"syslog+{'tls' if tls else 'tcp'}://127.0.0.1:{server.port}"
    channel_of(NotifyBy(to="syslog", address=address), "way", settings).tell(ONE)
    server.close()
    [message] = server.messages
    assert " outgate - held - " in message and "outgate review --case 1" in message


def udp_channel(port: int) -> Any:
    return channel("syslog", address=f"syslog+udp://127.0.0.1:{port}")


def test_syslog_over_udp_gets_one_datagram() -> None:
    """As much of it as receivers take, its command among it; where the other machine says that
    nobody listens, it was not even sent.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as collector:
        collector.bind(("127.0.0.1", 0))
        collector.settimeout(PATIENT_S)
        way = udp_channel(collector.getsockname()[1])
        way.tell(ONE)
        message = collector.recv(65_536).decode()
        assert message.startswith("<105>1 2026-11-20T14:14:00") and " - held - \ufeff" in message
        assert message.endswith("outgate review --case 1") and "\n" not in message
        long = "🙂" * 400
        way.tell(notice(About.HELD, "held-2", NOW, long, long, "outgate review --case 2"))
        cut = collector.recv(65_536)
        assert 2040 < len(cut) <= 2048 and cut.endswith("🙂 outgate review --case 2".encode())
        port = collector.getsockname()[1]
    with pytest.raises(NotDeliveredError, match="not sent"):
        udp_channel(port).tell(ONE)


def test_evidence_goes_to_no_collector_over_udp() -> None:
    """What must not be lost needs an answer."""
    with pytest.raises(ValueError, match="begins with none of"):
        Settings(collectors={"siem": "syslog+udp://siem.example"})


def test_the_system_s_own_log_gets_it(tmp_path: Path) -> None:
    """And where nobody listens there, that is no delivery."""
    from exports.notices.system_log import SystemLog

    path = str(tmp_path / "log")
    with pytest.raises(NotDeliveredError):
        SystemLog(local=path).tell(ONE)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(path)
        SystemLog(local=path).tell(ONE)
        assert b"outgate review --case 1" in log.recv(4096)


def test_the_desktop_is_told_by_its_own_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Title and body as two words of a command line, without a shell, markup written as text."""
    program = tmp_path / "notify-send"
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" > {tmp_path}/said\nexit ${{FAILS:-0}}\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    channel("desktop").tell(ONE)
    said = (tmp_path / "said").read_text()
    assert said.startswith("--app-name=Outgate|--urgency=critical|--|<b>x</b>")
    assert "|&lt;b&gt;x" in said
    monkeypatch.setenv("FAILS", "1")
    with pytest.raises(NotDeliveredError, match="did not take it"):
        channel("desktop").tell(ONE)
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(NotDeliveredError, match="no notify-send"):
        channel("desktop").tell(ONE)


@pytest.mark.parametrize("to", ["webhook", "slack", "mail", "syslog"])
def test_nobody_there_is_no_delivery(to: str) -> None:
    """It stays in the outbox."""
    with unused_port() as port:
        address = {"mail": f"127.0.0.1:{port}", "syslog": f"syslog+tcp://127.0.0.1:{port}"}
        more = {"sender": "a@b.example", "recipients": ("c@d.example",)} if to == "mail" else {}
        way = channel(to, address=address.get(to, f"http://127.0.0.1:{port}/"), **more)
        with pytest.raises(NotDeliveredError):
            way.tell(ONE)


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ({"to": "pigeon"}, "desktop"),
        ({"to": "webhook"}, "needs address"),
        ({"to": "slack", "address": "ftp://x.example/secret"}, "begins with https"),
        ({"to": "teams", "address": "https://x.example/se cret"}, "without spaces"),
        ({"to": "webhook", "address": "https://x.example:99999/secret"}, "Port"),
        ({"to": "webhook", "address": "https://x..example/secret"}, "looked up"),
        ({"to": "syslog", "address": f"syslog+udp://{'a' * 64}.example"}, "looked up"),
        (
            {"to": "mail", "address": "m..example", "sender": "a@b", "recipients": ["d@e"]},
            "looked up",
        ),
        ({"to": "mail", "address": "mail.example"}, "sender and recipients"),
        (
            {"to": "mail", "address": "m.example", "sender": "a@b\nc", "recipients": ["d@e"]},
            "one line",
        ),
        ({"to": "syslog", "address": "otlp+http://x.example"}, "syslog\\+tcp"),
        ({"to": "desktop", "about": []}, "about"),
        ({"to": "desktop", "about": ["everything"]}, "held"),
        ({"to": "desktop", "pasword": "x"}, "pasword|Extra"),
    ],
)
def test_a_way_that_is_none_is_named(way: dict[str, Any], words: str) -> None:
    """At the start, not when something is held."""
    with pytest.raises(ValueError, match=words):
        NotifyBy(**way)


@pytest.mark.parametrize("what", ["missing", "empty", "open", "two lines", "variable"])
def test_a_secret_that_cannot_be_read_is_named_and_never_told(tmp_path: Path, what: str) -> None:
    """A file that others can read is refused, too."""
    path = tmp_path / "secret"
    if what != "missing":
        path.write_text({"empty": "", "two lines": "s3cret\nmore"}.get(what, "s3cret"))
        path.chmod(0o644 if what == "open" else 0o600)
    given: dict[str, Any] = {"secret_file": path}
    if what == "variable":
        given = {"secret_env": "OFFICE_NOT_SET"}
    with pytest.raises(SettingsError) as caught:
        channel("webhook", address="https://x.example/", **given)
    assert "s3cret" not in caught.value.for_officer()
    assert isinstance(caught.value, OutgateError)
