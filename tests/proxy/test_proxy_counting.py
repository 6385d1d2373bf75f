"""Tokens that an answer does not state are counted elsewhere; its record is never lost by that."""

import asyncio

import pytest

from core.classification import LlmCall
from core.errors import DegradedError
from core.exchange import Answer, Message
from core.ids import uuid7
from core.ports import AnswerTap
from core.uncounted import TokenCount, Uncounted
from proxy.counting import TokenCounts
from proxy.transaction import Transaction
from tests.proxy.conftest import FakeTap

CALL = Uncounted(
    call=LlmCall(provider="openai", operation="chat"), asked=b"", sample=b"word", seen=4
)


class Silent(FakeTap):
    """Reads an answer that does not say what it used."""

    def __init__(self) -> None:
        self.learnt: TokenCount | None = None

    def foreseen(self) -> Uncounted | None:
        return CALL

    def uncounted(self, answer: Answer) -> Uncounted | None:
        return CALL

    def count(self, tokens: TokenCount) -> None:
        self.learnt = tokens


class Stated(Silent):
    """Reads one that says it."""

    def foreseen(self) -> Uncounted | None:
        return None

    def uncounted(self, answer: Answer) -> Uncounted | None:
        return None


class Heard:
    """An answer that is over."""

    ended, holds_changes = True, False

    def __init__(self, tap: AnswerTap) -> None:
        self.tap: AnswerTap | None = tap

    def message(self, message: Message) -> None: ...

    def answer(self, content: bytes | None = None) -> Answer:
        return Answer(status=200, body=content)

    def restored(self, content: bytes) -> bytes:
        return content


class Counter:
    """Counts when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.told: asyncio.Future[TokenCount] = asyncio.get_running_loop().create_future()

    async def count(self, uncounted: Uncounted, deadline_s: float) -> TokenCount:
        self.asked += 1
        return await self.told


class Closed:
    """The records that were handed over."""

    def __init__(self) -> None:
        self.records: list[str] = []

    def __call__(self, transaction: Transaction, answer: Answer, tap: AnswerTap | None) -> None:
        self.records.append(transaction.reference)


async def test_the_record_waits_for_its_tokens() -> None:
    """A record is closed when a worker has counted what its answer does not state."""
    counter, closed, tap = Counter(), Closed(), Silent()
    counts = TokenCounts(lambda: counter, 1.0)
    ending = asyncio.ensure_future(counts.closed(Transaction(uuid7()), Heard(tap), b"", closed))
    await asyncio.sleep(0)
    assert closed.records == []
    counter.told.set_result(TokenCount(3, 4, None))
    await ending
    assert len(closed.records) == 1
    assert tap.learnt == TokenCount(3, 4, None)


@pytest.mark.parametrize("tap", [Stated(), Silent()])
async def test_a_record_that_needs_no_count_is_closed_at_once(tap: Silent) -> None:
    """Nobody waits where the answer says what it used, or nobody counts elsewhere."""
    counter, closed = Counter(), Closed()
    counts = TokenCounts(lambda: counter if isinstance(tap, Stated) else None, 1.0)
    counts.foresee(tap)
    await counts.closed(Transaction(uuid7()), Heard(tap), b"", closed)
    assert (len(closed.records), counter.asked) == (1, 0)


async def test_a_late_worker_costs_the_tokens_and_not_the_record() -> None:
    """Where they cannot be counted, the record says so and is written all the same."""
    counter, closed, transaction = Counter(), Closed(), Transaction(uuid7())
    counts = TokenCounts(lambda: counter, 1.0)
    counter.told.set_exception(DegradedError("classifier", "the worker was late"))
    await counts.closed(transaction, Heard(Silent()), b"", closed)
    assert closed.records == [transaction.reference]


@pytest.mark.parametrize("how", ["the gate stops", "the task is ended"])
async def test_no_record_is_lost_while_it_waits(how: str) -> None:
    """A gate that stops meanwhile closes the record with what is known."""
    counter, closed = Counter(), Closed()
    counts = TokenCounts(lambda: counter, 1.0)
    ending = asyncio.ensure_future(
        counts.closed(Transaction(uuid7()), Heard(Silent()), b"", closed)
    )
    await asyncio.sleep(0)
    if how == "the gate stops":
        counts.give_up()
        assert len(closed.records) == 1
    ending.cancel()
    await asyncio.wait([ending])
    assert closed.records


async def test_a_worker_is_made_ready_once_while_an_answer_comes() -> None:
    """Many streams that will not say what they used wait for the same worker, and a failure of it
    is no failure of theirs.
    """
    counter = Counter()
    counts = TokenCounts(lambda: counter, 1.0)
    for _ in range(5):
        counts.foresee(Silent())
    await asyncio.sleep(0)
    assert counter.asked == 1
    counter.told.set_exception(DegradedError("classifier", "no worker was free"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    counts.foresee(Silent())
    await asyncio.sleep(0)
    assert counter.asked == 2
