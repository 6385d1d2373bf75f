"""Collectors are asked beside the requests, and what they tell reaches the evidence."""

from collections.abc import Iterable, Iterator

import pytest

from core.duties import OWNER
from core.errors import EvidenceError
from core.observation import Observation
from core.ports import Done
from core.record import Record
from proxy.collecting import Collecting
from tests.evidence.conftest import make_observation


class Evidence:
    """Keeps what it is given; `broken`: it cannot."""

    failure = None
    backlog = 0

    def __init__(self) -> None:
        self.seen: list[Observation] = []
        self.broken = False

    def open(self, record: Record, done: Done) -> None:
        raise AssertionError("not needed")

    def close_record(self, record: Record, done: Done) -> None:
        raise AssertionError("not needed")

    def observed(self, seen: Observation, done: Done) -> None:
        self.seen.append(seen)
        done(EvidenceError("the disk is full") if self.broken else None)

    def stop(self) -> None:
        pass


class Tells:
    """Tells one thing at each look, and one at its end; or fails."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.fails = fails
        self.rests = False

    def still(self) -> bool:
        return self.rests

    def look(self) -> Iterator[Observation]:
        yield make_observation(1)
        if self.fails is not None:
            raise self.fails

    def end(self) -> Iterable[Observation]:
        if self.fails is not None:
            raise self.fails
        return [make_observation(2)]


@pytest.fixture(autouse=True)
def no_troubles() -> Iterator[None]:
    OWNER.forget()
    yield
    OWNER.forget()


async def test_a_collector_that_fails_keeps_no_other_from_it() -> None:
    """What was told before it failed stands, the others are asked, and health says it."""
    evidence = Evidence()
    failing = Tells(OSError("the kernel does not answer"))
    collecting = Collecting([failing, Tells()], evidence)
    await collecting.look()
    assert len(evidence.seen) == 2
    collecting.end()
    assert len(evidence.seen) == 3


async def test_what_fails_is_told_and_works_again() -> None:
    """`status` names what is not watched, until it is."""
    failing = Tells(OSError())
    collecting = Collecting([failing], Evidence())
    await collecting.look()
    assert "beside their requests" in " ".join(OWNER.trouble)
    failing.fails = None
    await collecting.look()
    assert not OWNER.trouble


async def test_a_gate_that_stops_tells_what_is_left_and_nothing_after() -> None:
    """A look that comes too late for the evidence is no failure."""
    evidence = Evidence()
    collecting = Collecting([Tells()], evidence)
    collecting.end()
    evidence.broken = True
    await collecting.look()
    assert len(evidence.seen) == 1 and not OWNER.trouble


async def test_no_thread_is_woken_where_all_are_still() -> None:
    """A machine at rest is left alone; one that stirs has all asked, and one that failed is."""
    evidence = Evidence()
    one, other = Tells(), Tells()
    collecting = Collecting([one, other], evidence)
    one.rests = other.rests = True
    await collecting.look()
    assert not evidence.seen
    other.rests = False
    await collecting.look()
    assert len(evidence.seen) == 2
    other.fails = OSError()
    await collecting.look()
    other.fails, other.rests = None, True
    await collecting.look()
    await collecting.look()
    assert len(evidence.seen) == 6 and not OWNER.trouble


async def test_what_cannot_say_whether_it_is_still_is_told() -> None:
    """The watch goes on, and `status` names it."""

    class Fails(Tells):
        def still(self) -> bool:
            raise ValueError

    await Collecting([Fails()], Evidence()).look()
    assert "beside their requests" in " ".join(OWNER.trouble)
