"""One event, one name: whoever meets a service in Outgate, and wherever, reads the same name for it."""

from datetime import UTC, datetime

import pytest

from app.summary import print_replay
from core.classification import Category, Destination
from core.decision import Verdict
from destinations import SERVICES, Service
from evidence.exports.spreadsheet import COLUMNS
from policy.replay import Affected, ReplayReport
from policy.wording import place
from tui.wording import service_name

HOST = "host.example"


def replayed(destination: str) -> ReplayReport:
    """Return what a replay says of one stopped request to this service or host."""
    at = datetime(2026, 11, 21, tzinfo=UTC)
    row = Affected(
        rule="r", verdict=Verdict.BLOCK, script="s", destination=destination, count=1, users=(), false_alarms=0,
        confirmed_leaks=0, first_at=at, last_at=at, example="x", reason="",
    )  # fmt: skip
    return ReplayReport(
        policy="p", records=1, unreadable=0, verdicts={}, newly_stopped=1, no_longer_stopped=0, scripts=1, people=1,
        false_alarms=0, affected=(row,),
    )  # fmt: skip


@pytest.mark.parametrize("service", SERVICES, ids=[f"{s.id}-{s.category.value}" for s in SERVICES])
def test_refusal_screen_replay_and_export_say_the_same_name(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    """The analyst who was refused, the officer at the screen, and the reader of an export speak of one service."""
    where = Destination(
        scheme="https", host=HOST, port=443, path="/", service=service.id, category=Category.OTHER
    )
    print_replay(replayed(service.id))

    assert place(where).startswith(service.name)
    assert service_name(service.id, HOST) == service.name
    assert f"→ {service.name}: " in capsys.readouterr().out
    assert COLUMNS["Service"]({"destination": {"service": service.id}}) == service.name


@pytest.mark.parametrize("host", ["localhost", "files.example", "10.0.0.1"])
def test_a_host_without_a_service_stays_as_it_is(
    host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No host is spelt as if it were a name."""
    where = Destination(
        scheme="https", host=host, port=443, path="/", service=None, category=Category.OTHER
    )
    print_replay(replayed(host))

    assert place(where) == service_name(None, host) == host
    assert f"→ {host}: " in capsys.readouterr().out
    assert COLUMNS["Service"]({"destination": {"service": None}}) is None
