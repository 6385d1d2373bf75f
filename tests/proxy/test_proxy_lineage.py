"""Files are looked for where that matters, and what could not be looked at is said where a rule
asks.
"""

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.attribution import UNATTRIBUTED, Attribution, ProcessRef
from core.classification import Category, Classification, Destination
from core.decision import Decision, Verdict
from core.exchange import Exchange
from core.findings import Confidence, Finding, not_inspected
from core.sent_file import SentFile
from proxy.lineage import Lineage, is_worth_it
from proxy.stack_sampling_budget import BURST_S
from tests.core.test_core_sent_file import FILE

EXCHANGE = Exchange(
    id="e", at=datetime(2026, 1, 1, tzinfo=UTC), scheme="https", host="a.example", port=443,
    method="POST", path="/", body=b"x" * 100, body_bytes=100,
)  # fmt: skip
SEEN = Classification(
    destination=Destination(
        scheme="https", host="a.example", port=443, path="/", service=None, category=Category.OTHER
    )
)
FOUND = Finding(kind="iban", detector="d", confidence=Confidence.CERTAIN, count=1, distinct=1)
ALLOWED = Decision(verdict=Verdict.ALLOW)


class Tracer:
    """Finds one file; may be told to wait."""

    def __init__(self, *, waits: bool = False) -> None:
        self.may_answer = threading.Event()
        if not waits:
            self.may_answer.set()
        self.asked = 0
        self.files: tuple[SentFile, ...] | None = (FILE,)

    def sent(self, exchange: Exchange, sender: Attribution) -> tuple[SentFile, ...] | None:
        self.asked += 1
        self.may_answer.wait(30)
        return self.files


@pytest.mark.parametrize(
    ("exchange", "seen", "decision", "worth"),
    [
        (EXCHANGE, SEEN, ALLOWED, False),
        (EXCHANGE, replace(SEEN, findings=(not_inspected("sealed", "d"),)), ALLOWED, False),
        (EXCHANGE, replace(SEEN, findings=(FOUND,)), ALLOWED, True),
        (EXCHANGE, SEEN, Decision(verdict=Verdict.WATCH), True),
        (EXCHANGE, SEEN, Decision(verdict=Verdict.BLOCK), True),
        (replace(EXCHANGE, body_bytes=70_000), SEEN, ALLOWED, True),
        (
            EXCHANGE,
            replace(SEEN, destination=replace(SEEN.destination, upload=True)),
            ALLOWED,
            True,
        ),
    ],
)
def test_only_what_is_flagged_large_or_stored_is_looked_at(
    exchange: Exchange, seen: Classification, decision: Decision, worth: bool
) -> None:
    """A clean small request costs nothing."""
    assert is_worth_it(exchange, seen, decision) is worth


async def test_what_is_found_stands_with_the_request() -> None:
    """The file goes where the findings go."""
    tracer = Tracer()
    seen = await Lineage(tracer, 5).added(EXCHANGE, UNATTRIBUTED, SEEN, asked=False)
    assert (seen.files, tracer.asked) == ((FILE,), 1)


@pytest.mark.parametrize("asked", [True, False])
async def test_late_files_are_missing_only_where_a_rule_asks(asked: bool) -> None:
    """Where a rule depends on it, silence is no answer; elsewhere the record is as it was."""
    tracer = Tracer(waits=True)
    seen = await Lineage(tracer, 0.01).added(EXCHANGE, UNATTRIBUTED, SEEN, asked=asked)
    tracer.may_answer.set()
    assert bool(seen.degraded) is asked and not seen.files
    assert not asked or seen.degraded[0].startswith("files: ")


async def test_a_process_that_sends_many_small_ones_does_not_feel_the_looks() -> None:
    """What it has used up is missing from small requests only, and never where a rule asks."""
    tracer = Tracer()
    lineage = Lineage(tracer, 5)
    process = ProcessRef(pid=7, started_at=None, name="python3", exe=None)
    sender = replace(UNATTRIBUTED, process=process)
    assert lineage._budget.allows(sender, time.monotonic())
    lineage._budget.spent(sender, 10 * BURST_S)
    assert not (await lineage.added(EXCHANGE, sender, SEEN, asked=False)).files
    large = replace(EXCHANGE, body_bytes=70_000)
    assert (await lineage.added(large, sender, SEEN, asked=False)).files
    assert (await lineage.added(EXCHANGE, sender, SEEN, asked=True)).files
    assert tracer.asked == 2


@pytest.mark.parametrize("asked", [True, False])
async def test_a_body_that_streams_past_is_not_known(asked: bool) -> None:
    """What is too large to be held could be any file."""
    tracer, streams = Tracer(), replace(EXCHANGE, body=b"", body_bytes=10**9)
    seen = await Lineage(tracer, 5).added(streams, UNATTRIBUTED, SEEN, asked=asked)
    assert bool(seen.degraded) is asked and not tracer.asked


async def test_programs_that_are_no_python_and_requests_without_a_body_are_not_asked_about() -> (
    None
):
    """What is none of Outgate's business has no files, and a request without a body holds none."""
    tracer = Tracer()
    other = replace(UNATTRIBUTED, is_python=False)
    empty = replace(EXCHANGE, body=b"", body_bytes=0)
    for exchange, sender in ((EXCHANGE, other), (empty, UNATTRIBUTED)):
        assert await Lineage(tracer, 5).added(exchange, sender, SEEN, asked=True) == SEEN
    assert not tracer.asked


@pytest.mark.parametrize("asked", [True, False])
async def test_where_nobody_looks_at_files_a_rule_that_asks_is_told_so(asked: bool) -> None:
    """A gate that cannot know which file it was says that, and never that it was none."""
    seen = await Lineage(None, 5).added(EXCHANGE, UNATTRIBUTED, SEEN, asked=asked)
    assert bool(seen.degraded) is asked


@pytest.mark.parametrize("asked", [True, False])
async def test_a_sender_that_could_not_be_looked_at_is_told(asked: bool) -> None:
    """One that has ended, or whose files nobody may read, is not one without files."""
    tracer = Tracer()
    tracer.files = None
    seen = await Lineage(tracer, 5).added(EXCHANGE, UNATTRIBUTED, SEEN, asked=asked)
    assert bool(seen.degraded) is asked and seen.files == ()
