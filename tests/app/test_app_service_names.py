"""One event, one name: whoever meets a service in Outgate reads the same name for it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from families import with_each

from app.summary import print_replay
from core.attribution import UNATTRIBUTED
from core.classification import Category, Destination
from core.decision import Decision, Verdict
from core.record import Record, RequestSummary, ResponseSummary
from destinations import SERVICES, Service
from exports.columns import COLUMNS
from policy.loading import load_bytes
from policy.replay import replay
from policy.wording import place
from tui.wording import service_name

HOST = "host.example"
BLOCKING = load_bytes(
    b"mode: enforce\nrules: [{id: all, description: Nothing leaves, then: block}]", "test"
)


def passed(destination: Destination) -> Record:
    """Return the record of one request that went there."""
    return Record(
        id="00000000-0000-7000-8000-000000000001",
        at=datetime(2026, 11, 21, tzinfo=UTC),
        sender=UNATTRIBUTED,
        destination=destination,
        request=RequestSummary(method="POST", content_type=None, bytes=10, complete=True),
        response=ResponseSummary(status=200),
        llm=None,
        findings=(),
        decision=Decision(verdict=Verdict.ALLOW),
    )


def to(service: str | None, host: str = HOST) -> Destination:
    return Destination(
        scheme="https", host=host, port=443, path="/", service=service, category=Category.OTHER
    )


@with_each("service", SERVICES)
def test_refusal_screen_replay_and_export_say_the_same_name(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    """The analyst who was refused, the officer, and the reader of an export speak of one
    service.
    """
    record = passed(to(service.id))
    print_replay(replay(BLOCKING, [record]))

    assert place(record.destination) == f"{service.name} ({HOST})"
    assert service_name(service.id, HOST) == service.name
    assert f"→ {service.name}: block" in capsys.readouterr().out
    assert COLUMNS["To"](record) == service.name


@pytest.mark.parametrize("host", ["localhost", "files.example", "10.0.0.1"])
def test_a_host_without_a_service_stays_as_it_is(
    host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No host is spelt as if it were a name."""
    record = passed(to(None, host))
    print_replay(replay(BLOCKING, [record]))

    assert place(record.destination) == service_name(None, host) == host
    assert f"→ {host}: block" in capsys.readouterr().out
    assert COLUMNS["To"](record) == host


def test_a_replay_of_what_was_stopped_says_whose_it_is_apart_from_what_went_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """“0 requests that went out would be stopped: 1 script” is no sentence."""
    stopped = replace(passed(to(None)), decision=Decision(verdict=Verdict.BLOCK))
    print_replay(replay(BLOCKING, [stopped]))
    told = capsys.readouterr().out.splitlines()
    assert "0 requests that went out would be stopped." in told
    assert "In all it would stop 1 request, of 1 script and 0 people." in told
