"""Lines of code: who is asked for them, and who is not disturbed."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

from made_up_traffic import exchange

from core.attribution import Attribution, Certainty, CodeLine, ProcessRef
from core.classification import Category, Classification, Destination
from core.decision import Decision, Verdict
from core.exchange import Exchange
from proxy.line_of_code import LinesOfCode
from proxy.stack_sampling_budget import BURST_S

SENDER = Attribution(
    certainty=Certainty.EXACT,
    method="fake",
    process=ProcessRef(
        pid=4711, started_at=datetime(2026, 1, 2, tzinfo=UTC), name="python", exe=None
    ),
)
SEEN = Classification(
    destination=Destination(
        scheme="https",
        host="api.example.com",
        port=443,
        path="/",
        service=None,
        category=Category.OTHER,
    )
)
FLAGGED = Decision(verdict=Verdict.WATCH)
ALLOWED = Decision(verdict=Verdict.ALLOW)


@dataclass
class Attributor:
    """Notes how often it is asked, and whether it was to look from outside."""

    telling: bool
    asked: list[bool] = field(default_factory=list)

    def line_of_code(
        self, attribution: Attribution, request: Exchange | None = None, *, look: bool = True
    ) -> CodeLine | None:
        self.asked.append(look)
        return CodeLine(file="upload.py", line=12, function="main", certainty=Certainty.EXACT)

    def tells_of_requests(self, attribution: Attribution) -> bool:
        return self.telling

    def attribute_now(self, connection: object) -> Attribution | None:
        raise AssertionError("not needed")

    def ahead(self, connection: object, *, beside: bool = False) -> None:
        raise AssertionError("not needed")

    def attribute(self, connection: object) -> Attribution:
        raise AssertionError("not needed")

    def forget(self, connection: object) -> None:
        raise AssertionError("not needed")

    def close(self) -> None:
        raise AssertionError("not needed")


def _line(attributor: Attributor, decision: Decision, *, spent: bool) -> CodeLine | None:
    lines = LinesOfCode(lambda: attributor, patience_s=5.0)
    if spent:
        assert lines.budget.allows(SENDER, 0.0)
        lines.budget.spent(SENDER, BURST_S * 1e6)
        lines.budget.allows = lambda sender, now: False
    return asyncio.run(lines.added(exchange(b"{}"), SENDER, SEEN, decision)).line


def test_a_flagged_request_shows_its_line() -> None:
    """While there is time for it, the stack of the sender is looked at."""
    attributor = Attributor(telling=False)
    assert _line(attributor, FLAGGED, spent=False) is not None
    assert attributor.asked == [True]


def test_without_time_left_only_the_beacon_is_asked() -> None:
    """A program that says itself which line sends has its lines at any rate."""
    attributor = Attributor(telling=True)
    assert _line(attributor, FLAGGED, spent=True) is not None
    assert attributor.asked == [False]


def test_without_time_left_and_without_a_beacon_nobody_is_asked() -> None:
    """Nothing is handed to a thread for an answer that cannot come."""
    attributor = Attributor(telling=False)
    assert _line(attributor, FLAGGED, spent=True) is None
    assert attributor.asked == []


def test_what_is_not_notable_costs_nothing() -> None:
    """An allowed request of an unnamed sender needs no line."""
    attributor = Attributor(telling=True)
    assert _line(attributor, ALLOWED, spent=False) is None
    assert attributor.asked == []
