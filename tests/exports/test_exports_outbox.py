"""What goes on to collectors: nothing is lost while they are away, and what is not sent is told."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from collectors import OtlpCollector, SyslogCollector, server_context, unused_port

from core.errors import InputError, SettingsError
from core.happenings import Event, Happening
from core.record import Record
from evidence import verify
from evidence.acts import StoredAct
from evidence.retention import expire
from evidence.store import Store
from exports.outbox.collectors import (
    Address,
    Collector,
    NotDeliveredError,
    collector_at,
    read_address,
    read_headers,
)
from exports.outbox.forwarding import Outbox, Waiting

Make = Callable[..., Record]
NONE = Waiting(records=0, acts=0)


@pytest.fixture
def store(full: Path) -> Iterator[Store]:
    """Five records and two reviews."""
    opened = Store(full)
    yield opened
    opened.close()


@pytest.fixture
def outbox(store: Store) -> Outbox:
    return Outbox(store, "siem", "machine-1")


@pytest.fixture
def syslog() -> Iterator[SyslogCollector]:
    made = SyslogCollector()
    yield made
    made.close()


@pytest.fixture
def otlp() -> Iterator[OtlpCollector]:
    made = OtlpCollector()
    yield made
    made.close()


def at(scheme: str, port: int, **more: Any) -> Collector:
    return collector_at(replace(read_address(f"{scheme}://127.0.0.1:{port}"), **more))


def ids(store: Store) -> list[str]:
    return [entry.id for entry in (*store.iter_entries(), *store.iter_act_entries())]


def dropped(store: Store) -> list[Any]:
    acts = [one.act for one in store.iter_acts() if isinstance(one, StoredAct)]
    happened = [one for one in acts if isinstance(one, Happening)]
    return [dict(one.facts) for one in happened if one.event is Event.OUTBOX_DROPPED]


def test_a_syslog_collector_gets_everything_once(
    store: Store, outbox: Outbox, syslog: SyslogCollector
) -> None:
    """Records and acts as messages of RFC 5424; a second time there is nothing to send."""
    assert outbox.waiting() == Waiting(records=5, acts=2)
    assert outbox.forward(at("syslog+tcp", syslog.port)) == NONE
    assert outbox.forward(at("syslog+tcp", syslog.port)) == NONE
    assert len(syslog.messages) == 7
    for message, id_ in zip(syslog.messages, ids(store), strict=True):
        assert message.startswith("<1") and "CEF:0|Outgate" in message
        assert f"externalId={id_} " in message and "\n" not in message


def test_a_collector_under_tls_is_verified(store: Store, outbox: Outbox, tmp_path: Path) -> None:
    """One whose certificate nobody vouches for gets nothing."""
    context, authority = server_context(tmp_path)
    collector = SyslogCollector(context)
    with pytest.raises(NotDeliveredError):
        outbox.forward(at("syslog+tls", collector.port))
    assert collector.messages == []
    assert outbox.forward(at("syslog+tls", collector.port, authority=authority)) == NONE
    collector.close()
    assert len(collector.messages) == 7


def test_an_otlp_collector_gets_everything_once(
    store: Store, outbox: Outbox, otlp: OtlpCollector
) -> None:
    """As logs with times, severity, attributes and the place in the chain; headers go with it."""
    token = (("authorization", "Bearer canary"),)
    assert outbox.forward(at("otlp+http", otlp.port, headers=token)) == NONE
    logs = otlp.logs()
    told = [{a["key"]: a["value"] for a in log["attributes"]} for log in logs]
    assert [one["log.record.uid"]["stringValue"] for one in told] == ids(store)
    assert [one["outgate.chain.seq"] for one in told[:5]] == [
        {"intValue": str(n)} for n in range(1, 6)
    ]
    assert all(log["timeUnixNano"].isdigit() and log["severityText"] for log in logs)
    assert otlp.headers[0]["authorization"] == "Bearer canary"
    assert "canary" not in repr(read_address("otlp+http://127.0.0.1")) + json.dumps(otlp.taken)
    ((path, body),) = otlp.taken
    resource = body["resourceLogs"][0]["resource"]["attributes"]
    assert path == "/v1/logs"
    assert {"key": "service.instance.id", "value": {"stringValue": "machine-1"}} in resource


def test_while_a_collector_is_away_nothing_is_lost(
    store: Store, outbox: Outbox, syslog: SyslogCollector
) -> None:
    """What could not be sent is sent when it is back, in order, by whatever process comes then."""
    with unused_port() as port, pytest.raises(NotDeliveredError):
        outbox.forward(at("syslog+tcp", port))
    assert outbox.waiting() == Waiting(records=5, acts=2)
    again = Outbox(store, "siem", "machine-1")
    assert again.forward(at("syslog+tcp", syslog.port)) == NONE
    assert len(syslog.messages) == 7


@pytest.mark.parametrize("after", [1, 100, 3000])
def test_a_collector_that_dies_in_the_middle_gets_it_again(
    outbox: Outbox, syslog: SyslogCollector, after: int
) -> None:
    """A connection that was torn down delivered nothing: all of it is sent anew."""
    syslog.dies_after = after
    with pytest.raises(NotDeliveredError):
        outbox.forward(at("syslog+tcp", syslog.port))
    syslog.dies_after = None
    assert outbox.forward(at("syslog+tcp", syslog.port)) == NONE
    assert len(syslog.messages) == 7


@pytest.mark.parametrize("status", [400, 401, 404, 408, 429, 500, 503, 302])
def test_an_answer_that_is_no_yes_delivers_nothing(
    outbox: Outbox, otlp: OtlpCollector, status: int
) -> None:
    """Whatever a collector answers but yes, it gets the same again."""
    otlp.answers = [(status, b"no")]
    with pytest.raises(NotDeliveredError, match=str(status)):
        outbox.forward(at("otlp+http", otlp.port))
    assert outbox.forward(at("otlp+http", otlp.port)) == NONE
    assert len(otlp.logs()) == 7


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b'{"partialSuccess":{"rejectedLogRecords":"3"}}', [3]),
        (b'{"partialSuccess":{"rejectedLogRecords":2,"errorMessage":"full"}}', [2]),
        (b'{"partialSuccess":{}}', []),
        (b'{"partialSuccess":{"rejectedLogRecords":"many"}}', []),
        (b"", []),
        (b"[1]", []),
        (b"\xff", []),
    ],
)
def test_what_a_collector_refuses_for_good_is_an_act(
    store: Store, outbox: Outbox, otlp: OtlpCollector, answer: bytes, told: list[int]
) -> None:
    """It is counted in the evidence, and not sent for ever; an odd answer is a yes."""
    otlp.answers = [(200, answer)]
    outbox.forward(at("otlp+http", otlp.port))
    assert [one["refused"] for one in dropped(store)] == told
    assert outbox.forward(at("otlp+http", otlp.port)) == NONE
    assert len(dropped(store)) == len(told)


def test_what_expired_before_it_was_taken_is_an_act(
    full: Path, store: Store, outbox: Outbox, syslog: SyslogCollector
) -> None:
    """A collector that was away for longer than records are kept: from where to where is told."""
    store.checkpoint("printed")
    last = max(entry.at_us for entry in store.iter_entries())
    gone = expire(full, last + 1, "a rule", rest=lambda _: None)
    assert gone.records == 4
    assert outbox.forward(at("syslog+tcp", syslog.port)) == NONE
    (told,) = dropped(store)
    assert (told["collector"], told["first"], told["last"]) == ("siem", 1, 4)
    assert len([one for one in syslog.messages if "|record|" in one]) == 1
    assert verify(full).ok


@pytest.mark.parametrize("text", ["", "{}", "[]", "nonsense", '{"chain": 1}', "\x00"])
def test_a_cursor_that_nobody_can_read_is_told(store: Store, outbox: Outbox, text: str) -> None:
    """Nothing is sent, and what to do is said."""
    outbox.file.parent.mkdir()
    outbox.file.write_text(text)
    with pytest.raises(InputError, match="how far"):
        outbox.waiting()


def test_another_evidence_file_is_sent_from_its_beginning(
    outbox: Outbox, syslog: SyslogCollector
) -> None:
    """How far a collector came in one file says nothing of another."""
    outbox.forward(at("syslog+tcp", syslog.port))
    known = json.loads(outbox.file.read_text())
    assert (known["records"], known["acts"]) == (5, 2)
    outbox.file.write_text(json.dumps({**known, "chain": "records:other"}))
    assert outbox.waiting() == Waiting(records=5, acts=2)


def test_what_is_kept_of_it_is_private(outbox: Outbox, syslog: SyslogCollector) -> None:
    """For the owner only, and no payload in it."""
    outbox.forward(at("syslog+tcp", syslog.port))
    files = sorted(outbox.file.parent.iterdir())
    assert [one.name for one in files] == ["siem.json", "siem.lock"]
    assert {one.stat().st_mode & 0o777 for one in files} == {0o600}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("syslog+tcp://siem.example", ("siem.example", 514, "")),
        ("syslog+tls://siem.example", ("siem.example", 6514, "")),
        ("otlp+https://otel.example/", ("otel.example", 4318, "")),
        ("otlp+http://[::1]:9/a/b/", ("::1", 9, "/a/b")),
    ],
)
def test_an_address_is_read(text: str, read: tuple[str, int, str]) -> None:
    """Scheme, host, port and path."""
    found = read_address(text)
    assert (found.host, found.port, found.path) == read


@pytest.mark.parametrize(
    "text",
    ["", "siem.example", "http://x", "syslog://x", "syslog+tcp://", "otlp+http://a:b@x",
     "otlp+http://x?y", "otlp+http://x#y", "otlp+http://x:99999", "syslog+tcp://x:abc",
     "otlp+http://[::1"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    """With what would be one; a password is never part of it."""
    with pytest.raises(ValueError, match=r"\w") as raised:
        read_address(text)
    assert not isinstance(raised.value, UnicodeError)


@pytest.mark.parametrize("text", ["no header", "a b: c", ": x", "x: a\x07b", "é: x"])
def test_what_is_no_header_is_told_by_its_line(tmp_path: Path, text: str) -> None:
    """Never by what stands there: it may be a token."""
    path = tmp_path / "headers"
    path.write_text(f"authorization: Bearer canary\n\n{text}\n")
    with pytest.raises(SettingsError, match="Line 3") as told:
        read_headers(path)
    assert "canary" not in str(told.value)
    with pytest.raises(SettingsError):
        read_headers(tmp_path / "missing")
    path.write_text("authorization: Bearer canary\n\n")
    assert read_headers(path) == (("authorization", "Bearer canary"),)


def test_only_one_process_sends_at_a_time(outbox: Outbox, syslog: SyslogCollector) -> None:
    """Another one waits for its turn and sends nothing twice."""

    class Nested:
        def deliver(self, parcel: object) -> int:
            assert outbox.forward(at("syslog+tcp", syslog.port)) == Waiting(records=5, acts=2)
            return 0

    assert outbox.forward(Nested()) == NONE
    assert syslog.messages == []


def test_an_address_tells_no_secret() -> None:
    """Headers stand in no log and no message."""
    address = Address(scheme="otlp+http", host="x", port=1, path="", headers=(("a", "canary"),))
    assert "canary" not in repr(address)
