"""Waiting for people: however many requests wait, they are asked about together."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from core.errors import EvidenceError
from core.record import Record
from core.review import HoldAnswer
from proxy.hold_polling import Asking


class People:
    """Answers what was said; keeps each question."""

    def __init__(self) -> None:
        self.said: dict[str, HoldAnswer] = {}
        self.asked: list[list[str]] = []
        self.fail: Exception | None = None
        self.all_asked = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def answers(self, record_ids: Sequence[str]) -> dict[str, HoldAnswer]:
        self.asked.append(list(record_ids))
        if len(record_ids) == 100:
            self._loop.call_soon_threadsafe(self.all_asked.set)
        if self.fail is not None:
            raise self.fail
        return {id_: self.said[id_] for id_ in record_ids if id_ in self.said}

    def answered_before(self, hold_key: str, since: datetime) -> None:
        raise AssertionError("not asked here")

    def standing(self, record: Record) -> None:
        raise AssertionError("not asked here")


APPROVED = HoldAnswer(approved=True, who="officer", at=datetime(2026, 11, 1, tzinfo=UTC))


@pytest.fixture
async def people(monkeypatch: pytest.MonkeyPatch) -> People:
    monkeypatch.setattr("proxy.hold_polling.ASK_EVERY_S", 0.001)
    return People()


async def test_a_hundred_wait_with_one_question(people: People) -> None:
    """A hundred held requests take one question at a time, and each gets its own answer."""
    asking = Asking(people)
    names = [f"r{number}" for number in range(100)]
    waits = [asyncio.ensure_future(asking.answer(name, 20)) for name in names]
    async with asyncio.timeout(20):
        await people.all_asked.wait()
    people.said = dict.fromkeys(names[:99], APPROVED)
    answers = await asyncio.gather(*waits[:99])
    assert answers == [APPROVED] * 99
    assert not waits[99].done()
    people.said["r99"] = APPROVED

    assert await waits[99] == APPROVED
    assert all(len(asked) in {1, 100} for asked in people.asked)


async def test_nobody_there_is_no_answer(people: People) -> None:
    """When nobody answers in time there is none; nothing is asked any more when nothing waits."""
    asking = Asking(people)

    assert await asking.answer("r", 0.01) is None
    questions = len(people.asked)
    await asyncio.sleep(0.02)
    assert len(people.asked) <= questions + 1


async def test_an_answer_in_the_last_moment_counts(people: People) -> None:
    """What was said before the time was over counts, even if no question came in between."""
    people.said["r"] = APPROVED

    assert await Asking(people).answer("r", 0) == APPROVED


async def test_evidence_that_cannot_be_read_ends_every_wait(people: People) -> None:
    """If nobody can be asked any more, every held request hears of it, and the next one asks
    anew.
    """
    asking = Asking(people)
    people.fail = EvidenceError("the disk is gone")
    found = await asyncio.gather(
        asking.answer("a", 20), asking.answer("b", 20), return_exceptions=True
    )
    assert [type(error) for error in found] == [EvidenceError, EvidenceError]

    people.fail, people.said = None, {"c": APPROVED}
    assert await asking.answer("c", 20) == APPROVED
