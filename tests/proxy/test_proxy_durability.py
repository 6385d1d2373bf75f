"""When evidence reaches the writer: before an answer, in groups, and never twice or not at all."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.attribution import UNATTRIBUTED
from core.classification import Category, Classification, Destination
from core.decision import Decision, Verdict
from core.errors import EvidenceError
from core.exchange import Answer, Exchange
from core.ids import utc_now
from core.ports import Done
from core.record import Record
from proxy.outbox import TICK_S, Outbox
from proxy.transaction import Ruling


class Writer:
    """Notes what it is given, and answers at once or never."""

    failure = None
    backlog = 0

    def __init__(self) -> None:
        self.given: list[tuple[str, str]] = []
        self.answers = True
        self.problem: EvidenceError | None = None

    def open(self, record: Record, done: Done) -> None:
        self._take("open", record, done)

    def close_record(self, record: Record, done: Done) -> None:
        self._take("close", record, done)

    def _take(self, what: str, record: Record, done: Done) -> None:
        self.given.append((what, record.id))
        if self.answers:
            done(self.problem)

    def stop(self) -> None:
        pass


def ruling(name: str) -> Ruling:
    where = Destination(
        scheme="https",
        host="files.example",
        port=443,
        path="/",
        service=None,
        category=Category.OTHER,
    )
    exchange = Exchange(
        id=name, at=utc_now(), scheme="https", host="files.example", port=443, method="POST", path="/",
        headers=(), body=b"", body_bytes=0, complete=True,
    )  # fmt: skip
    return Ruling(
        exchange=exchange,
        sender=UNATTRIBUTED,
        classification=Classification(destination=where),
        decision=Decision(verdict=Verdict.ALLOW, reason="No rule applies."),
    )


def run(story: Callable[[Outbox, Writer], Any]) -> Writer:
    writer = Writer()

    async def told() -> None:
        await story(Outbox(lambda: writer, asyncio.get_running_loop()), writer)

    asyncio.run(told())
    return writer


def test_an_exchange_that_ends_at_once_needs_no_journal_row() -> None:
    """When the answer is there at once, the finished record alone is written, before the client gets the answer."""

    async def story(outbox: Outbox, writer: Writer) -> None:
        one = ruling("a")
        outbox.sent(one)
        assert await outbox.close(one, one.record(Answer(status=200)), awaited=True) is None
        await asyncio.sleep(3 * TICK_S)

    assert run(story).given == [("close", "a")]


def test_an_exchange_that_takes_its_time_is_journaled() -> None:
    """What went out and is not answered soon stands in the journal, should the gate die meanwhile."""

    async def story(outbox: Outbox, writer: Writer) -> None:
        one = ruling("a")
        outbox.sent(one)
        await asyncio.sleep(4 * TICK_S)
        assert writer.given == [("open", "a")]
        assert one.durable is not None and await one.durable is None
        outbox.close(one, one.record(Answer(status=200)), awaited=False)
        await asyncio.sleep(3 * TICK_S)

    assert run(story).given == [("open", "a"), ("close", "a")]


def test_what_nobody_waits_for_travels_together() -> None:
    """Several records that end within a few milliseconds reach the writer one after the other, in one go."""

    async def story(outbox: Outbox, writer: Writer) -> None:
        several = [ruling(name) for name in "abc"]
        for one in several:
            outbox.sent(one)
        waiting = [outbox.close(one, one.record(), awaited=True) for one in several[:2]]
        assert writer.given == []
        waiting.append(outbox.close(several[2], several[2].record(), awaited=True))
        assert [name for _, name in writer.given] == ["a", "b", "c"]
        assert await asyncio.gather(*waiting) == [None, None, None]

    run(story)


def test_an_awaited_record_is_never_kept_longer_than_a_few_milliseconds() -> None:
    """A long download beside it does not keep another client waiting for its evidence."""

    async def story(outbox: Outbox, writer: Writer) -> None:
        long, short = ruling("long"), ruling("short")
        outbox.sent(long)
        outbox.sent(short)
        async with asyncio.timeout(5):
            assert await outbox.close(short, short.record(), awaited=True) is None

    assert ("close", "short") in run(story).given


def test_evidence_that_cannot_be_written_is_told() -> None:
    """Whoever waits for evidence hears why it cannot be had."""

    async def story(outbox: Outbox, writer: Writer) -> None:
        writer.problem = EvidenceError("The disk is full.")
        one, other = ruling("a"), ruling("b")
        outbox.sent(one)
        assert await outbox.close(one, one.record(), awaited=True) is writer.problem
        assert await outbox.journal(other) is writer.problem

    run(story)


def test_a_gate_that_stops_hands_everything_over() -> None:
    """What is under way when the gate stops is journaled, what has ended is chained, nothing is written twice."""

    async def story(outbox: Outbox, writer: Writer) -> None:
        under_way, ended, journaled = ruling("a"), ruling("b"), ruling("c")
        for one in (under_way, ended, journaled):
            outbox.sent(one)
        await outbox.journal(journaled)
        outbox.close(ended, ended.record(), awaited=False)
        outbox.flush()
        outbox.flush()

    assert sorted(run(story).given) == [("close", "b"), ("open", "a"), ("open", "c")]


@pytest.mark.parametrize("pause", [0, 0.5 * TICK_S, 1.5 * TICK_S, 3 * TICK_S])
def test_every_exchange_ends_in_the_chain_once(pause: float) -> None:
    """However long an exchange lasts, its record is closed once, and a journal row comes before it or not at all."""

    async def story(outbox: Outbox, writer: Writer) -> None:
        async def exchange(name: str, lasts: float) -> None:
            one = ruling(name)
            outbox.sent(one)
            await asyncio.sleep(lasts)
            one.exchange = replace(one.exchange, body_bytes=3)
            closed = outbox.close(one, one.record(), awaited=one.durable is None)
            assert await (one.durable or closed) is None

        await asyncio.gather(*(exchange(f"{n}", pause * (1 + n % 3)) for n in range(20)))
        await asyncio.sleep(3 * TICK_S)

    given = run(story).given
    for name in map(str, range(20)):
        assert [what for what, whose in given if whose == name] in (["close"], ["open", "close"])


def test_one_exchange_that_cannot_be_told_keeps_no_later_one_out_of_the_journal() -> None:
    """A fault in one exchange's record does not stop the evidence of those that come after it."""

    async def story(outbox: Outbox, writer: Writer) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        broken, later = ruling("broken"), ruling("later")
        broken.classification = None  # type: ignore[assignment]
        outbox.sent(broken)
        await asyncio.sleep(1.5 * TICK_S)
        outbox.sent(later)
        await asyncio.sleep(5 * TICK_S)

    assert run(story).given == [("open", "later")]
