"""The writer's thread: whatever is thrown at it, everybody who waits is answered, and nothing ends
in silence.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from patience import PATIENT_S, eventually
from reading import read

import evidence
from core.duties import OWNER, Duty
from core.errors import EvidenceError
from core.record import Record
from evidence.store import Store
from evidence.writer import Writer
from evidence.writer_tasks import Ends
from tests.evidence.conftest import Told

Make = Callable[..., Record]


class OwnError(BaseException):
    """An exception of a class that nobody expects."""


ENDS: list[type[BaseException]] = [
    TypeError,
    ValueError,
    KeyError,
    AttributeError,
    RecursionError,
    MemoryError,
    AssertionError,
]
ENDS += [StopIteration, GeneratorExit, SystemExit, KeyboardInterrupt, OwnError, OSError]


class BrokenFindings(tuple[Any, ...]):
    """Findings of a record that cannot be made: reading them raises."""

    def __new__(cls, kind: type[BaseException]) -> "BrokenFindings":
        made = super().__new__(cls, (1,))
        made.kind = kind  # type: ignore[attr-defined]
        return made

    def __iter__(self) -> Any:
        raise self.kind("a value of the payload: hunter2")  # type: ignore[attr-defined]


def _broken(make_record: Make, kind: type[BaseException]) -> Record:
    record = make_record(1)
    object.__setattr__(record, "findings", BrokenFindings(kind))
    return record


@pytest.mark.parametrize("kind", ENDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("closes", [True, False], ids=["finished", "begun"])
def test_a_record_that_cannot_be_made_is_refused_alone(
    writer: Writer,
    place: Path,
    make_record: Make,
    told: Callable[[], Told],
    one_group: Callable[..., Any],
    kind: type[BaseException],
    closes: bool,
) -> None:
    """A fault in one record refuses that request, whatever the fault; its neighbours are written
    and the gate is well.
    """
    bad, good, later = told(), told(), told()
    broken = _broken(make_record, kind)
    with one_group(writer):
        (writer.close_record if closes else writer.open)(broken, bad)
        writer.close_record(make_record(2), good)
    problem = bad.wait()[0]
    assert problem is not None
    assert "hunter2" not in str(problem)
    assert good.wait() == [None]
    writer.close_record(make_record(3), later)
    assert later.wait() == [None]
    assert writer.failure is None
    assert evidence.verify(place).ok


def test_an_exchange_whose_record_cannot_be_made_is_recorded_without_what_is_broken(
    writer: Writer, place: Path, make_record: Make, told: Callable[[], Told]
) -> None:
    """That it took place, when and where to stands in the chain, with a note; what could not be
    written is left out.
    """
    answer = told()
    broken = _broken(make_record, TypeError)
    writer.close_record(broken, answer)
    assert answer.wait()[0] is not None
    store = Store(place)
    (record,) = read(store.iter_records())
    store.close()
    assert record.id == broken.id
    assert record.destination.host == "api.openai.com"
    assert "could not be recorded whole" in record.notes[-1]
    assert record.decision.degraded


@pytest.mark.parametrize("kind", ENDS, ids=lambda kind: kind.__name__)
def test_whatever_happens_while_a_group_is_written_everybody_is_told(
    writer: Writer,
    make_record: Make,
    told: Callable[[], Told],
    monkeypatch: pytest.MonkeyPatch,
    kind: type[BaseException],
) -> None:
    """An exception of any kind in the middle of a commit answers all who wait; then the writer gets
    well by itself.
    """
    answer = told()
    with monkeypatch.context() as broken:
        broken.setattr(writer, "_told_of", _raiser(kind))
        writer.close_record(make_record(1), answer)
        assert answer.wait()[0] is not None
        assert writer.failure is not None
    later = told()
    writer.open(make_record(2), later)
    later.wait()
    _well(writer)
    last = told()
    writer.close_record(make_record(3), last)
    assert last.wait() == [None]


@pytest.mark.parametrize("kind", ENDS, ids=lambda kind: kind.__name__)
def test_an_observer_that_fails_undoes_nothing(
    writer: Writer,
    make_record: Make,
    told: Callable[[], Told],
    monkeypatch: pytest.MonkeyPatch,
    kind: type[BaseException],
) -> None:
    """What is committed is committed, whatever those make of it who are told of it."""
    answer = told()
    monkeypatch.setattr(writer, "_observe", _raiser(kind))
    writer.close_record(make_record(1), answer)
    assert answer.wait() == [None]
    assert writer.failure is None
    assert OWNER.trouble == (f"no longer {Duty.PAST.value.what} ({kind.__name__})",)


@pytest.mark.parametrize("kind", ENDS, ids=lambda kind: kind.__name__)
def test_a_callers_fault_of_any_kind_is_its_own(
    writer: Writer, make_record: Make, told: Callable[[], Told], kind: type[BaseException]
) -> None:
    """What one caller's callback raises is not felt by the next, and does not end the thread."""
    writer.close_record(make_record(1), _raiser(kind))
    answer = told()
    writer.close_record(make_record(2), answer)
    assert answer.wait() == [None]
    assert writer.failure is None


@pytest.mark.parametrize(
    "kind", [TypeError, SystemExit, OwnError, MemoryError], ids=lambda kind: kind.__name__
)
def test_a_thread_that_ends_is_a_failure_at_raiser(
    place: Path,
    make_record: Make,
    told: Callable[[], Told],
    one_group: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    kind: type[MemoryError] | type[OwnError] | type[SystemExit] | type[TypeError],
) -> None:
    """When the thread ends all the same, who waits and who comes later is answered, and health says
    what happened.
    """
    writer = Writer(place)
    waiting = [told() for _ in range(4)]
    monkeypatch.setattr(writer, "_write_ready", _raiser(kind))
    monkeypatch.setattr(writer, "_fail", _raiser(kind))
    with one_group(writer):
        for n, answer in enumerate(waiting):
            writer.close_record(make_record(n), answer)
    for answer in waiting:
        assert answer.wait()[0] is not None
    assert isinstance(writer.failure, EvidenceError)
    assert "ended" in writer.failure.message
    late = told()
    writer.open(make_record(9), late)
    assert late.wait(timeout=PATIENT_S)[0] is not None
    assert writer.backlog == 0
    writer.stop()
    assert isinstance(writer.failure, EvidenceError)


@pytest.mark.parametrize("kind", ENDS[::3], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("stage", ["_write", "_keep_diary", "_say"])
def test_a_writer_whose_thread_ends_is_followed_by_another(
    writer: Writer,
    place: Path,
    make_record: Make,
    told: Callable[[], Told],
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
    kind: type[BaseException],
) -> None:
    """Whatever ends the thread, and wherever: requests are refused aloud meanwhile, then another
    thread writes, what was finished stands in the chain, and nothing is missing from it.
    """
    first, thread = told(), writer._thread
    records = make_record(1), make_record(2)
    with monkeypatch.context() as broken:
        broken.setattr(writer, stage, _raiser(kind))
        writer.close_record(records[0], first)
        assert eventually(lambda: writer._thread is not thread)
    first.wait()
    _well(writer)
    last = told()
    writer.close_record(records[1], last)
    assert last.wait() == [None]
    assert OWNER.failure is None
    writer.stop()
    store = Store(place)
    assert [record.id for record in read(store.iter_records())] == [one.id for one in records]
    store.close()
    assert evidence.verify(place).ok


def test_while_no_thread_writes_requests_are_refused_and_the_chain_says_so(
    place: Path, make_record: Make, told: Callable[[], Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the end of the thread until another one has written, the gate has a failure; the gap
    stands in the chain of what befell it.
    """
    writer = Writer(place)
    with monkeypatch.context() as broken:
        broken.setattr(writer, "_mend", _raiser(OSError))
        broken.setattr(writer, "_write", _raiser(SystemExit))
        answer = told()
        writer.close_record(make_record(1), answer)
        problem = answer.wait()[0]
        assert problem is not None and "ended (SystemExit)" in problem.message
        assert (writer.failure is None, OWNER.failure is None) == (False, False)
    _well(writer)
    assert OWNER.unwell is None
    writer.stop()
    store = Store(place)
    acts = [act.text.decode() for act in store.iter_act_entries()]
    store.close()
    assert any("evidence_gap" in act and "SystemExit" in act for act in acts)


def test_a_thread_that_ends_again_and_again_is_given_up() -> None:
    """Five ends within a minute are healed, the sixth is not; an hour apart all are."""
    now = [0.0]
    often = Ends(lambda: now[0])
    assert [often.another() for _ in range(6)] == [True] * 5 + [False]
    rarely = Ends(lambda: now[0])
    for _ in range(20):
        now[0] += 3_600
        assert rarely.another()


def test_a_thread_that_is_stuck_is_a_failure(
    place: Path, make_record: Make, told: Callable[[], Told], one_group: Callable[..., Any]
) -> None:
    """A writer that hangs in the disk while others wait is said to hang; when it comes back all is
    well again.
    """
    writer = Writer(place, stalled_s=0.2)
    answer = told()
    with one_group(writer):
        writer.close_record(make_record(1), answer)
        assert eventually(lambda: writer.failure is not None)
        assert "does not come back" in str(writer.failure)
    assert answer.wait() == [None]
    assert writer.failure is None
    writer.stop()


def _raiser(kind: type[BaseException]) -> Callable[..., None]:
    def raising(*_: object, **__: object) -> None:
        raise kind("a value of the payload: hunter2")

    return raising


def _well(writer: Writer) -> None:
    assert eventually(lambda: writer.failure is None)
