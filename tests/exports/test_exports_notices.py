"""Notices: what needs a person reaches one, once, later if need be, and without any payload."""

import hashlib
import hmac
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from collectors import OtlpCollector, SyslogCollector, server_context, unused_port
from invented_day import sample_holds
from mail_server import MailServer

from app.notify_settings import NotifyBy
from app.notifying import Herald, Way, channel_of
from app.settings import Settings
from core.decision import Verdict
from core.errors import EvidenceError, InputError, OutgateError, SettingsError
from core.findings import Confidence, Finding
from core.happenings import Event, happening
from core.ids import uuid7
from core.record import Record
from core.review import Action, CaseFilter, Disposition, ReviewEvent
from evidence import open_evidence
from evidence.factory import Evidence
from exports.notices.notice import About, Notice, notice
from exports.notices.outbox import KEPT_FOR, MOST_AT_ONCE, NoticeOutbox
from exports.notices.web_hook import signature, slack, teams
from exports.outbox.collectors import NotDeliveredError

NOW = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)
HOSTILE = "<b>x</b>&*[a](http://e.example)\r\nBcc: e@e.example\x1b[2J\u202e.py"
ONE = notice(About.HELD, "held-1", NOW, HOSTILE, HOSTILE, "outgate review --case 1")
type Make = Callable[..., Record]


class Said:
    """A way that keeps what it is told, and can be closed."""

    def __init__(self) -> None:
        self.told: list[Notice] = []
        self.closed_after: int | None = None

    def tell(self, one: Notice) -> None:
        if self.closed_after is not None and len(self.told) >= self.closed_after:
            raise NotDeliveredError("Closed.")
        self.told.append(one)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()


@pytest.fixture
def evidence(tmp_path: Path) -> Iterator[Evidence]:
    opened = open_evidence(tmp_path / "evidence.db")
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox(evidence: Evidence, clock: Clock) -> NoticeOutbox:
    (evidence.store.path.parent / "outbox").mkdir()
    made = NoticeOutbox(evidence.store, "desk", frozenset(About), clock)
    made.send(Said())
    return made


def put(evidence: Evidence, record: Record, *, finished: bool = True) -> None:
    told = threading.Semaphore(0)
    write = evidence.writer.close_record if finished else evidence.writer.open
    write(record, lambda _: told.release())
    assert told.acquire(timeout=30)


def grave(make_record: Make, script: str, host: str = "drop.example") -> Record:
    """A request with health data of many, which left."""
    made = make_record()
    assert made.sender.script is not None
    found = Finding(
        kind="health_data",
        detector="x",
        confidence=Confidence.CERTAIN,
        count=900,
        distinct=900,
        excerpt="secret-canary",
        fingerprints=("ab" * 16,),
    )
    sender = replace(
        made.sender, script=replace(made.sender.script, name=script, path=f"/srv/{script}")
    )
    where = replace(made.destination, host=host, service=None)
    decision = replace(made.decision, verdict=Verdict.WATCH)
    changed = replace(made, findings=(found,), sender=sender, destination=where, decision=decision)
    return replace(changed, id=uuid7(made.at))


def test_a_held_request_is_told_once(evidence: Evidence, outbox: NoticeOutbox) -> None:
    """Who, where, which kinds and until when, with the command that opens exactly that."""
    payroll = sample_holds(NOW)[0]
    put(evidence, payroll, finished=False)
    said = Said()
    assert (outbox.send(said), outbox.send(said)) == (1, 0)
    [told] = said.told
    assert told.title == "Held: payroll_letters.py to OpenAI"
    assert "It waits for an answer until 14:14:19 UTC, and is refused then." in told.text
    assert told.command == f"outgate review --case {payroll.id}"
    assert "7890" not in json.dumps(told.to_json())


def test_what_waited_before_the_first_look_is_told_and_what_is_over_is_not(
    evidence: Evidence, clock: Clock
) -> None:
    """A gate that starts again tells what still waits; nobody is called to what has ended."""
    for held in sample_holds(NOW):
        put(evidence, held, finished=False)
    clock.now += timedelta(seconds=12)
    said = Said()
    NoticeOutbox(evidence.store, "desk", frozenset(About), clock).send(said)
    assert [one.title for one in said.told] == ["Held: payroll_letters.py to OpenAI"]


def test_a_new_case_of_high_risk_is_told_once_until_it_comes_back(
    evidence: Evidence, outbox: NoticeOutbox, make_record: Make, clock: Clock
) -> None:
    """More of the same is no news; a case that was closed and returned is."""
    made = grave(make_record, "ward.py")
    said = Said()
    put(evidence, made)
    outbox.send(said)
    put(evidence, replace(made, id=uuid7(made.at)))
    outbox.send(said)
    [told] = said.told
    assert told.title == "High risk: ward.py to drop.example"
    assert "canary" not in json.dumps(told.to_json())
    assert told.command.startswith("outgate review --case ")
    [case] = evidence.store.page(CaseFilter(), 0, 10)
    closing = ReviewEvent(
        id=uuid7(),
        at=NOW,
        case_key=case.key,
        action=Action.CLOSE,
        who="ada",
        disposition=Disposition.CONFIRMED_LEAK,
    )
    evidence.store.append([closing])
    assert outbox.send(said) == 0
    put(evidence, replace(made, id=uuid7(made.at)))
    assert outbox.send(said) == 1


def test_what_was_there_before_is_no_news(evidence: Evidence, make_record: Make) -> None:
    """Whoever sets up notices is not told of the past year."""
    put(evidence, grave(make_record, "ward.py"))
    assert NoticeOutbox(evidence.store, "new", frozenset(About), Clock()).send(Said()) == 0


def test_very_many_at_once_are_one_notice(
    evidence: Evidence, outbox: NoticeOutbox, make_record: Make
) -> None:
    """Nobody reads the seventh of twenty."""
    for number in range(MOST_AT_ONCE + 1):
        put(evidence, grave(make_record, f"job{number}.py"))
    said = Said()
    outbox.send(said)
    assert [one.title for one in said.told] == [f"{MOST_AT_ONCE + 1} new cases of high risk"]


def test_trouble_with_the_evidence_is_told(evidence: Evidence, outbox: NoticeOutbox) -> None:
    """A gap and a gate that was lost need a look; an export does not."""
    said = Said()
    for event in (Event.EVIDENCE_GAP, Event.EXPORTED, Event.GATE_LOST):
        evidence.store.tell(happening(event, {}))
    outbox.send(said)
    assert [one.text for one in said.told] == [
        "Evidence could not be written for a while.",
        "A gate ended without stopping.",
    ]
    assert outbox.send(said) == 0


def test_only_what_is_asked_for_goes_a_way(evidence: Evidence, outbox: NoticeOutbox) -> None:
    """A pager need not know of the rest."""
    pager = NoticeOutbox(evidence.store, "pager", frozenset({About.HELD}), Clock())
    pager.send(Said())
    evidence.store.tell(happening(Event.GATE_LOST, {}))
    assert pager.send(Said()) == 0


def test_nothing_is_lost_while_a_way_is_closed(
    evidence: Evidence, outbox: NoticeOutbox, clock: Clock
) -> None:
    """It waits in the outbox, over a restart, in its order; what arrived is not sent again."""
    said = Said()
    said.closed_after = 1
    for event in (Event.GATE_LOST, Event.EVIDENCE_GAP):
        evidence.store.tell(happening(event, {}))
    with pytest.raises(NotDeliveredError):
        outbox.send(said)
    again = NoticeOutbox(evidence.store, "desk", frozenset(About), clock)
    assert len(again.waiting()) == 1
    said.closed_after = None
    assert again.send(said) == 1
    assert len({one.id for one in said.told}) == 2


def test_what_never_arrives_is_an_act(
    evidence: Evidence, outbox: NoticeOutbox, clock: Clock
) -> None:
    """After a week it is of no use; that it did not arrive stays in the evidence."""
    said = Said()
    said.closed_after = 0
    evidence.store.tell(happening(Event.GATE_LOST, {}))
    with pytest.raises(NotDeliveredError):
        outbox.send(said)
    clock.now = datetime.now(UTC) + KEPT_FOR + timedelta(minutes=1)
    assert outbox.send(said) == 0
    assert outbox.waiting() == ()
    with evidence.store.reading() as connection:
        acts = list(connection.execute("SELECT action FROM review_entries ORDER BY seq"))
    assert acts[-1] == ("outbox_dropped",)


def test_an_outbox_that_nobody_can_read_says_so(outbox: NoticeOutbox) -> None:
    """And names the file."""
    outbox.file.write_text('{"chain": 1')
    with pytest.raises(InputError, match=r"notices-desk\.json"):
        outbox.send(Said())


def test_a_herald_rests_longer_each_time(outbox: NoticeOutbox, evidence: Evidence) -> None:
    """A way that is closed is tried less and less often, at least every five minutes."""
    now, tried = [0.0], [0]

    class Closed:
        def tell(self, one: Notice) -> None:
            tried[0] += 1
            raise NotDeliveredError("Closed.")

    evidence.store.tell(happening(Event.GATE_LOST, {}))
    herald = Herald(Way(outbox=outbox, channel=Closed()), clock=lambda: now[0])
    counts = []
    for _ in range(4):
        before = tried[0]
        for _ in range(300):
            herald.look()
            now[0] += 1.0
        counts.append(tried[0] - before)
    assert counts[0] > counts[-1] >= 1


def test_evidence_that_cannot_be_written_is_told_at_once(outbox: NoticeOutbox) -> None:
    """Once for each time that it fails."""
    said, now = Said(), [0.0]
    failing: list[EvidenceError | None] = [EvidenceError("Full.")]
    herald = Herald(
        Way(outbox=outbox, channel=said), clock=lambda: now[0], failure=lambda: failing[0]
    )
    for _ in range(3):
        herald.look()
        now[0] += 10
    assert [one.about for one in said.told] == [About.EVIDENCE]
    failing[0] = None
    herald.look()
    failing[0], now[0] = EvidenceError("Full."), now[0] + 10
    herald.look()
    assert len(said.told) == 2


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
