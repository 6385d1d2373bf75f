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
from core.sent_file import FilesLook, Traced
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
        self.traced = Traced(files=(FILE,))

    def sent(self, exchange: Exchange, sender: Attribution) -> Traced:
        self.asked += 1
        self.may_answer.wait(30)
        return self.traced


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
    assert (seen.files, seen.files_look, tracer.asked) == ((FILE,), FilesLook.WHOLE, 1)


@pytest.mark.parametrize("asked", [True, False])
async def test_late_files_are_said_to_be_late(asked: bool) -> None:
    """Silence is no answer; where a rule depends on it, the stage has failed."""
    tracer = Tracer(waits=True)
    seen = await Lineage(tracer, 0.01).added(EXCHANGE, UNATTRIBUTED, SEEN, asked=asked)
    tracer.may_answer.set()
    assert bool(seen.degraded) is asked and not seen.files
    assert not asked or seen.degraded[0].startswith("files: ")
    assert seen.files_look is FilesLook.LATE


async def test_a_process_that_sends_many_small_ones_does_not_feel_the_looks() -> None:
    """What it has used up is missing from small requests only, and never where a rule asks."""
    tracer = Tracer()
    lineage = Lineage(tracer, 5)
    process = ProcessRef(pid=7, started_at=None, name="python3", exe=None)
    sender = replace(UNATTRIBUTED, process=process)
    assert lineage._budget.allows(sender, time.monotonic())
    lineage._budget.spent(sender, 10 * BURST_S)
    over = await lineage.added(EXCHANGE, sender, SEEN, asked=False)
    assert (over.files, over.files_look) == ((), FilesLook.TIME_USED_UP)
    large = replace(EXCHANGE, body_bytes=70_000)
    assert (await lineage.added(large, sender, SEEN, asked=False)).files
    assert (await lineage.added(EXCHANGE, sender, SEEN, asked=True)).files
    assert tracer.asked == 2


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize(
    ("exchange", "streams"),
    [
        (replace(EXCHANGE, body=b"", body_bytes=10**9), True),
        (replace(EXCHANGE, body=b"", body_bytes=0), True),
        (replace(EXCHANGE, body=b"", body_bytes=0, complete=False), False),
    ],
)
async def test_a_body_that_streams_past_is_not_known(
    asked: bool, exchange: Exchange, streams: bool
) -> None:
    """What is too large to be held could be any file, whether it said its size or not."""
    tracer = Tracer()
    lineage = Lineage(tracer, 5)
    seen = await lineage.added(exchange, UNATTRIBUTED, SEEN, asked=asked, streams=streams)
    assert bool(seen.degraded) is asked and not tracer.asked
    assert seen.files_look is FilesLook.STREAMED


async def test_requests_without_a_body_are_not_asked_about() -> None:
    """A request without a body holds no file."""
    tracer = Tracer()
    empty = replace(EXCHANGE, body=b"", body_bytes=0)
    assert await Lineage(tracer, 5).added(empty, UNATTRIBUTED, SEEN, asked=True) == SEEN
    assert not tracer.asked


@pytest.mark.parametrize("asked", [True, False])
async def test_where_nobody_looks_at_files_that_is_told(asked: bool) -> None:
    """A gate that cannot know which file it was says that, and never that it was none."""
    seen = await Lineage(None, 5).added(EXCHANGE, UNATTRIBUTED, SEEN, asked=asked)
    assert (bool(seen.degraded), seen.files_look) == (asked, FilesLook.NOBODY)


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("look", [look for look in FilesLook if look is not FilesLook.WHOLE])
async def test_a_look_that_was_not_whole_is_told(asked: bool, look: FilesLook) -> None:
    """A sender that has ended, or whose files nobody may read, is not one without files; and what
    was found all the same stands.
    """
    tracer = Tracer()
    tracer.traced = Traced(files=(FILE,), look=look)
    seen = await Lineage(tracer, 5).added(EXCHANGE, UNATTRIBUTED, SEEN, asked=asked)
    assert bool(seen.degraded) is asked and (seen.files, seen.files_look) == ((FILE,), look)
