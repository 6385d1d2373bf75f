"""From a notice to its case: mail, syslog and web hooks bring the command that opens just that."""

import shlex
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from collectors import OtlpCollector, SyslogCollector
from invented_day import finding, place, record, sample_holds, sender
from mail_server import MailServer

from app.case_opening import case_line
from app.notify_settings import NotifyBy
from app.notifying import ways_of
from app.settings import Settings
from core.classification import AccountKind, Category
from core.ids import utc_now, uuid7
from core.record import Record
from evidence.factory import Evidence, open_evidence
from evidence.holds import HeldRequests
from tui.case_names import understood
from tui.holds import waiting_now


@pytest.fixture
def evidence(tmp_path: Path) -> Iterator[Evidence]:
    opened = open_evidence(tmp_path / "evidence.db")
    (tmp_path / "outbox").mkdir()
    yield opened
    opened.close()


def put(evidence: Evidence, one: Record) -> None:
    written = threading.Semaphore(0)
    held = one.decision.hold_seconds is not None
    write = evidence.writer.open if held else evidence.writer.close_record
    write(one, lambda _: written.release())
    assert written.acquire(timeout=30)


def told_by_all(evidence: Evidence, records: list[Record]) -> list[list[str]]:
    """Write the records, and return what commands each of mail, syslog and web hook brought."""
    mail, hook, collector = MailServer(), OtlpCollector(), SyslogCollector(None)
    ways = {
        "mail": NotifyBy(
            to="mail", address=f"127.0.0.1:{mail.port}", encryption="none",
            sender="gate@example.org", recipients=("dpo@example.org",),
        ),
        "hook": NotifyBy(to="webhook", address=f"http://127.0.0.1:{hook.port}/in"),
        "siem": NotifyBy(to="syslog", address=f"syslog+tcp://127.0.0.1:{collector.port}"),
    }  # fmt: skip
    every = ways_of(Settings(notify=ways), evidence.store)
    for way in every:
        way.outbox.send(way.channel)  # what was there before is no news
    for one in records:
        put(evidence, one)
    for way in every:
        way.outbox.send(way.channel)
    for server in (mail, hook, collector):
        server.close()
    mails = [str(message.get_content()) for message in mail.messages]
    return [
        [line for text in mails for line in text.splitlines() if line.startswith("outgate ")],
        [body["command"] for _, body in hook.taken],
        [f"outgate {text.rpartition('outgate ')[2]}" for text in collector.messages],
    ]


def test_what_is_held_is_opened_by_its_notice(evidence: Evidence) -> None:
    """Of two that wait, the command of each opens that one."""
    now = utc_now()
    long = [replace(one.decision, hold_seconds=900.0) for one in sample_holds(now)]
    held = [
        replace(one, at=now, decision=decision)
        for one, decision in zip(sample_holds(now), long, strict=True)
    ]
    commands = told_by_all(evidence, held)
    assert commands[0] and commands[0] == commands[1] == commands[2]
    waiting = waiting_now(HeldRequests(evidence.store).waiting(), utc_now()).held
    opened = []
    for command in commands[0]:
        *_, option, name = shlex.split(command)
        assert option == "--case"
        case_line(evidence.store, HeldRequests(evidence.store), name)
        opened += [one.id for one in waiting if one.is_called(name)]
    assert sorted(opened) == sorted(one.id for one in held)


def test_a_case_of_high_risk_is_opened_by_its_notice(evidence: Evidence) -> None:
    """By its short id, which is that of no other."""
    away = place("drop.example", None, Category.CLOUD_STORAGE, AccountKind.PERSONAL)
    found = finding("iban", 900)
    now = utc_now() - timedelta(seconds=5)
    grave = [
        replace(record(now, sender(name), away, found), id=uuid7(now)) for name in ("a.py", "b.py")
    ]
    commands = told_by_all(evidence, grave)
    assert commands[0] and commands[0] == commands[1] == commands[2]
    opened = []
    for command in commands[0]:
        line = case_line(evidence.store, HeldRequests(evidence.store), shlex.split(command)[-1])
        wanted = understood(evidence.store, line, utc_now()).wanted
        [case] = evidence.store.page(wanted, 0, 10)
        opened.append(case.script)
    assert sorted(opened) == ["a.py", "b.py"]
