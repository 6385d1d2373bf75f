"""When evidence reaches the writer: before an answer, in groups, and never twice or not at all."""

import asyncio
import heapq
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path

import pytest

import evidence
from core.attribution import UNATTRIBUTED
from core.classification import Category, Classification, Destination
from core.decision import Decision, Verdict
from core.errors import EvidenceError
from core.exchange import Answer, Exchange
from core.ids import utc_now
from core.observation import Observation
from core.ports import Done
from core.record import Record
from evidence import writer as evidence_writer
from proxy.outbox import HURRY_S, RENEWED_S, TICK_S, Outbox
from proxy.transaction import Acknowledgement, Transaction


class Clock:
    """A timer that goes on when it is told to: calls back in order, at the time each was due."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._number = count()

    def call_later(self, delay: float, callback: Callable[[], object], /) -> None:
        if not delay:
            asyncio.get_running_loop().call_soon(callback)
            return
        heapq.heappush(self._due, (self.now + delay, next(self._number), callback))

    def advance(self, seconds: float) -> None:
        until = self.now + seconds
        while self._due and self._due[0][0] <= until:
            self.now, _, callback = heapq.heappop(self._due)
            callback()
        self.now = until


class Writer:
    """Notes what it is given, and answers at once or never."""

    failure = None
    backlog = 0

    def __init__(self) -> None:
        self.given: list[tuple[str, str]] = []
        self.sizes: list[int] = []
        self.answers = True
        self.problem: EvidenceError | None = None

    def open(self, record: Record, done: Done) -> None:
        self._take("open", record, done)

    def close_record(self, record: Record, done: Done) -> None:
        self._take("close", record, done)

    def observed(self, seen: Observation, done: Done) -> None:
        done(None)

    def _take(self, what: str, record: Record, done: Done) -> None:
        self.given.append((what, record.id))
        self.sizes.append(record.request.bytes)
        if self.answers:
            done(self.problem)

    def stop(self) -> None:
        pass


def begun(name: str) -> Transaction:
    """Return an exchange that is about to leave."""
    where = Destination(
        scheme="https",
        host="files.example",
        port=443,
        path="/",
        service=None,
        category=Category.OTHER,
    )
    exchange = Exchange(
        id=name,
        at=utc_now(),
        scheme="https",
        host="files.example",
        port=443,
        method="POST",
        path="/",
        headers=(),
        body=b"",
        body_bytes=0,
        complete=True,
    )
    transaction = Transaction(name)
    seen = Classification(destination=where)
    decision = Decision(verdict=Verdict.ALLOW, reason="No rule applies.")
    transaction.decide(exchange, UNATTRIBUTED, seen, decision)
    return transaction


def leaves(outbox: Outbox, transaction: Transaction) -> None:
    """Let it go out, its evidence handed over."""
    outbox.sent(transaction)
    transaction.pass_on()


def ends(outbox: Outbox, transaction: Transaction) -> Acknowledgement:
    """End it with an answer."""
    return outbox.close(transaction, transaction.record(Answer(status=200)))


def fault(transaction: Transaction) -> None:
    """Make an exchange of which no record can be told any more."""
    transaction.learn(None)  # type: ignore[arg-type]


type Story = Callable[[Outbox, Writer, Clock], Awaitable[None]]


def run(story: Story) -> Writer:
    """Tell a story with an outbox whose clock stands still unless the story moves it."""
    writer, clock = Writer(), Clock()

    async def told() -> None:
        await story(
            Outbox(writer, asyncio.get_running_loop(), clock, lambda: clock.now), writer, clock
        )

    asyncio.run(told())
    return writer


def test_what_is_likely_to_stream_is_journalled_as_it_leaves() -> None:
    """Where the last answer to its like streamed, nobody waits for the journal when the next one
    begins; where that did not stream, all is as before. What cannot be told leaves as ever.
    """

    async def story(outbox: Outbox, writer: Writer, _: Clock) -> None:
        for name, streams in (("a", True), ("b", True), ("c", False), ("d", False)):
            one = begun(name)
            leaves(outbox, one)
            assert one.journalled is (name in "bc")
            one.answer()
            if streams:
                await outbox.durable(one)
                one.stream()
            ends(outbox, one)
        one = begun("e")
        leaves(outbox, one)
        one.answer()
        await outbox.durable(one)
        one.stream()
        ends(outbox, one)
        odd = begun("f")
        known = odd.classification
        fault(odd)
        leaves(outbox, odd)
        assert not odd.journalled
        odd._classification = known
        ends(outbox, odd)
        outbox.flush()

    given = run(story).given
    assert [name for what, name in given if what == "open"] == ["a", "b", "c", "e"]
    assert [name for what, name in given if what == "close"] == list("abcdef")


def test_what_leaves_for_long_is_renewed_now_and_then() -> None:
    """What is in the journal is told again once in a while, as long as it is under way; what is not
    there, or is over, never.
    """

    async def story(outbox: Outbox, writer: Writer, clock: Clock) -> None:
        one = begun("a")
        leaves(outbox, one)
        outbox.renew(one)
        assert not writer.given
        clock.advance(3 * TICK_S)
        for size in range(10):
            one.left(size, whole=False)
            outbox.renew(one)
            clock.advance(RENEWED_S / 4)
        closed = ends(outbox, one)
        clock.advance(2 * RENEWED_S)
        assert await closed is None
        outbox.renew(one)

    writer = run(story)
    assert writer.given == [("open", "a")] * 3 + [("close", "a")]
    assert writer.sizes == [0, 4, 8, 9]


def test_an_exchange_that_ends_at_once_needs_no_journal_row() -> None:
    """When the answer is there at once, the finished record alone is written, before the client
    gets the answer."""

    async def story(outbox: Outbox, writer: Writer, clock: Clock) -> None:
        one = begun("a")
        leaves(outbox, one)
        assert await ends(outbox, one) is None
        clock.advance(3 * TICK_S)

    assert run(story).given == [("close", "a")]


def test_an_exchange_that_takes_its_time_is_journaled() -> None:
    """What went out and is not answered soon stands in the journal, should the gate die
    meanwhile.
    """

    async def story(outbox: Outbox, writer: Writer, clock: Clock) -> None:
        one = begun("a")
        leaves(outbox, one)
        clock.advance(0.9 * TICK_S)
        assert writer.given == []
        clock.advance(1.2 * TICK_S)
        assert writer.given == [("open", "a")]
        assert one.journalled
        assert one.evidence is not None
        assert await one.evidence is None
        ends(outbox, one)
        assert writer.given == [("open", "a")]
        clock.advance(TICK_S)

    assert run(story).given == [("open", "a"), ("close", "a")]


def test_what_nobody_waits_for_travels_together() -> None:
    """Several records that end within a few milliseconds reach the writer one after the other, in
    one go."""

    async def story(outbox: Outbox, writer: Writer, _: Clock) -> None:
        several = [begun(name) for name in "abc"]
        for one in several:
            leaves(outbox, one)
        waiting = [ends(outbox, one) for one in several[:2]]
        waiting.append(ends(outbox, several[2]))
        assert writer.given == []
        await asyncio.sleep(0)
        assert [name for _, name in writer.given] == ["a", "b", "c"]
        assert await asyncio.gather(*waiting) == [None, None, None]

    run(story)


def test_what_ends_in_one_turn_of_the_loop_is_one_hand_over() -> None:
    """Exchanges that begin and end while the loop has work wait for its next turn, not longer: each
    hand-over wakes the writer, and each wake-up costs more than a record.
    """

    async def story(outbox: Outbox, writer: Writer, _: Clock) -> None:
        waiting = []
        for name in "ab":
            one = begun(name)
            leaves(outbox, one)
            waiting.append(ends(outbox, one))
            assert writer.given == []
        await asyncio.sleep(0)
        assert writer.given == [("close", "a"), ("close", "b")]
        assert await asyncio.gather(*waiting) == [None, None]

    run(story)


def test_what_stands_in_the_journal_keeps_nobody_waiting() -> None:
    """An answer that takes long is no company for a short one: that is handed over at once."""

    async def story(outbox: Outbox, writer: Writer, clock: Clock) -> None:
        long, short = begun("long"), begun("short")
        leaves(outbox, long)
        clock.advance(3 * TICK_S)
        leaves(outbox, short)
        closing = ends(outbox, short)
        await asyncio.sleep(0)
        assert writer.given == [("open", "long"), ("close", "short")]
        assert await closing is None

    run(story)


def test_an_awaited_record_is_never_kept_longer_than_a_millisecond() -> None:
    """A long download beside it does not keep another client waiting for its evidence."""

    async def story(outbox: Outbox, writer: Writer, clock: Clock) -> None:
        long, short = begun("long"), begun("short")
        leaves(outbox, long)
        leaves(outbox, short)
        closing = ends(outbox, short)
        assert writer.given == []
        clock.advance(HURRY_S)
        assert writer.given == [("close", "short")]
        assert await closing is None

    run(story)


def test_evidence_that_cannot_be_written_is_told() -> None:
    """Whoever waits for evidence hears why it cannot be had."""

    async def story(outbox: Outbox, writer: Writer, _: Clock) -> None:
        writer.problem = EvidenceError("The disk is full.")
        one, other = begun("a"), begun("b")
        leaves(outbox, one)
        assert await ends(outbox, one) is writer.problem
        assert await outbox.journal(other) is writer.problem

    run(story)


def test_a_gate_that_stops_hands_everything_over() -> None:
    """What is under way when the gate stops is journaled, what has ended is chained, nothing is
    written twice."""

    async def story(outbox: Outbox, _: Writer, __: Clock) -> None:
        under_way, ended, journaled = begun("a"), begun("b"), begun("c")
        for one in (under_way, ended, journaled):
            leaves(outbox, one)
        await outbox.journal(journaled)
        ends(outbox, ended)
        outbox.flush()
        outbox.flush()

    assert sorted(run(story).given) == [("close", "b"), ("open", "a"), ("open", "c")]


def test_what_ends_while_a_gate_stops_is_handed_over_at_once() -> None:
    """The loop may have no further turn: nothing waits for one."""

    async def story(outbox: Outbox, writer: Writer, _: Clock) -> None:
        one, other = begun("a"), begun("b")
        leaves(outbox, one)
        outbox.flush()
        leaves(outbox, other)
        ends(outbox, one)
        ends(outbox, other)
        assert writer.given == [("open", "a"), ("close", "a"), ("close", "b")]

    run(story)


@pytest.mark.parametrize("pause", [0, 0.5 * TICK_S, 1.5 * TICK_S, 3 * TICK_S])
def test_every_exchange_ends_in_the_chain_once(pause: float) -> None:
    """However long an exchange lasts, its record is closed once, and a journal row comes before it
    or not at all."""

    async def story(outbox: Outbox, _: Writer, clock: Clock) -> None:
        lasting = {f"{n}": pause * (1 + n % 3) for n in range(20)}
        started = {name: begun(name) for name in lasting}
        for one in started.values():
            leaves(outbox, one)
        for name, _ends in sorted(lasting.items(), key=lambda item: item[1]):
            clock.advance(max(0.0, lasting[name] - clock.now))
            one = started[name]
            one.left(3, whole=True)
            ends(outbox, one)
            clock.advance(HURRY_S)
            assert one.evidence is not None
            assert await one.evidence is None
        clock.advance(3 * TICK_S)

    given = run(story).given
    for name in map(str, range(20)):
        assert [what for what, whose in given if whose == name] in (["close"], ["open", "close"])


@pytest.mark.parametrize("apart_s", [0.0, 1.5 * TICK_S])
def test_one_exchange_that_cannot_be_told_keeps_no_other_one_out_of_the_journal(
    apart_s: float,
) -> None:
    """A fault in one exchange's record stops the evidence of no other, beside it or after it."""

    async def story(outbox: Outbox, _: Writer, clock: Clock) -> None:
        broken, other = begun("broken"), begun("other")
        fault(broken)
        leaves(outbox, broken)
        clock.advance(apart_s)
        leaves(outbox, other)
        clock.advance(4 * TICK_S)

    assert run(story).given == [("open", "other")]


def test_a_gate_that_stops_hands_over_what_can_be_told() -> None:
    """When a gate stops, a fault in one exchange's record keeps back the evidence of no other."""

    async def story(outbox: Outbox, _: Writer, __: Clock) -> None:
        broken, other, ended = begun("broken"), begun("other"), begun("ended")
        for one in (broken, other, ended):
            leaves(outbox, one)
        fault(broken)
        ends(outbox, ended)
        outbox.flush()

    assert sorted(run(story).given) == [("close", "ended"), ("open", "other")]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="gates are forks of one process")
def test_a_gate_killed_between_the_records_of_a_turn_keeps_what_it_promised(tmp_path: Path) -> None:
    """What ends in one turn of the loop is handed over together, and the gate is killed before each
    of these records in turn: who had an answer has a record, what the file keeps are the first of
    them, and the chain is whole.
    """
    root = Path(__file__).parents[2]
    program, place = root / "tests" / "fakes" / "killed_hand_overs.py", tmp_path / "evidence.db"
    paths = os.pathsep.join([str(root), str(program.parent)])
    done = subprocess.run(
        [sys.executable, str(program), str(place)],
        capture_output=True,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": paths},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = done.stdout.splitlines()
    assert [line for line in lines if not line.startswith("killed")] == []
    assert len(lines) == 30
    assert sum(line.endswith("told=10") for line in lines) == 10
    evidence_writer.Writer(place).stop()
    report = evidence.verify(place)
    assert (report.ok, report.problems, report.still_open) == (True, (), 0)
