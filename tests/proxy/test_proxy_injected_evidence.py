"""Every kind of exception inside the evidence, under a live gate: refused or recorded, told,
healed; the record agrees with what arrived.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from patience import PATIENT_S, eventually
from reading import read

import evidence
from core.duties import OWNER
from core.record import Record
from evidence import batch, fragments
from evidence.checkpointing import Checkpointing
from evidence.diary import Diary
from evidence.gate_liveness import Presence
from evidence.held_file import HeldFile
from evidence.journal_seal import JournalSeal
from evidence.lots import Lot
from evidence.notary import Notary
from evidence.owed import Owed
from evidence.store import Store
from evidence.writer import Writer
from evidence.writer_tasks import Ends
from tests.proxy import conftest
from tests.proxy.conftest import RunningGate, StartsGate
from tests.proxy.test_proxy_injection import KINDS

PARTS: dict[str, tuple[Any, str]] = {
    "a record's text": (fragments.Fragments, "text_of"),
    "a part of it": (fragments.Fragments, "_known_of"),
    "its sender": (fragments.Fragments, "sender"),
    "its item": (batch.Items, "made"),
    "the group": (batch.Appender, "write"),
    "the journal": (batch.Appender, "_plan"),
    "a row of the journal": (batch.Appender, "_row"),
    "its seal": (JournalSeal, "of"),
    "the head of the chain": (batch.Appender, "_catch_up"),
    "the chain": (batch, "seal_entry"),
    "the sums": (batch, "add_up"),
    "the lot it is in": (Lot, "look"),
    "what the lot is told": (Lot, "take"),
    "a look at the file": (HeldFile, "look"),
    "opening the file": (HeldFile, "open"),
    "what is seen of the sums": (Writer, "_told_of"),
    "getting well": (Writer, "_well"),
    "mending": (Writer, "_mend"),
    "keeping what is owed": (Owed, "keep"),
    "what is said of the gate": (Presence, "say"),
    "the diary": (Diary, "write"),
    "the clock": (Diary, "look"),
    "the gap": (Diary, "cannot_write"),
    "checkpoints": (Notary, "take"),
    "a lot that closes": (Checkpointing, "_close_lot"),
    "waking who waits": (asyncio.BaseEventLoop, "call_soon_threadsafe"),
    "the group, made": (Writer, "_write_ready"),
    "a round": (Writer, "_round"),
}
"""What the writer's thread does, as where it stands and its name."""


BESIDE = ("what is said of the gate", "the clock", "checkpoints")
_AFTER_A_FAULT = {
    "opening the file",
    "keeping what is owed",
    "the gap",
    "mending",
    "getting well",
    "the diary",
}
"""What is done only once something has failed."""


@contextmanager
def failing(part: str, make: Callable[[], BaseException], times: int) -> Iterator[list[int]]:
    """Have a part fail so many times, then do what it did before. Gives how often it failed."""
    owner, name = PARTS[part]
    before = getattr(owner, name)
    left, failed = [times], [0]

    def fails(*args: Any, **named: Any) -> Any:
        if left[0] > 0:
            left[0] -= 1
            failed[0] += 1
            raise make()
        return before(*args, **named)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(owner, name, fails)
        yield failed


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "evidence" / "evidence.db"


@pytest.fixture
def kept(place: Path, start_gate: StartsGate, monkeypatch: pytest.MonkeyPatch) -> RunningGate:
    """A gate that writes to a file."""
    place.parent.mkdir()
    made: Any = Writer(place, notary=Notary(place))
    monkeypatch.setattr(conftest, "_Fakes", partial(conftest._Fakes, evidence=made))
    OWNER.forget()
    return start_gate()


def _sent(gate: RunningGate, size: int) -> int:
    """Send so many bytes; return the status. A gate that hangs or ends fails the test."""
    with httpx.Client(
        proxy=f"http://127.0.0.1:{gate.port}", verify=gate.client_context(), timeout=PATIENT_S
    ) as client:
        return client.post("https://files.example/x", content=b"x" * size).status_code


def _due(gate: RunningGate) -> None:
    """Have the writer do at once what it does now and then."""
    writing: Any = gate.evidence
    writing._ends = Ends()  # as on a gate whose writer has ended none of late
    writing._said_at = writing._checkpoints._at = -1e9


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("times", [1, 3])
def test_the_evidence_heals(kept: RunningGate, place: Path, part: str, times: int) -> None:
    """Whatever a part of the writer ends by, the request is refused or goes on record, the next
    ones pass again, and the record tells of exactly what arrived.
    """
    sizes, failed = count(100), [0]
    for make in KINDS:
        _due(kept)
        with ExitStack() as broken:
            if part in _AFTER_A_FAULT:
                broken.enter_context(failing("the group", make, 1))
            failed = broken.enter_context(failing(part, make, times))
            assert _sent(kept, next(sizes)) in {200, 403}
            eventually(lambda: _sent(kept, next(sizes)) == 200, type(make()).__name__)
    assert failed[0]
    assert kept.evidence.failure is None
    came = {len(one.body) for one in kept.internet.arrivals}
    eventually(lambda: len(came - _sizes(place)) <= _lost(kept), "not all is on record")
    assert not _lost(kept) or part == "keeping what is owed"
    kept.evidence.stop()
    assert {one.request.bytes for one in _posted(place) if one.went} <= came
    assert came - _sizes(place, went=True) == came - _sizes(place)
    report = evidence.verify(place, full=True)
    assert report.ok or _lost(kept), report


@pytest.mark.parametrize("part", BESIDE)
def test_what_tells_of_the_writing_never_ends_it(kept: RunningGate, part: str) -> None:
    """What is said of the writing fails for good: requests pass, and `status` says so."""
    for make in KINDS:
        OWNER.forget()
        with failing(part, make, 1_000_000) as failed:
            for _ in range(8):  # a thread that ends so often in a minute is not started any more
                before = failed[0]
                _due(kept)
                assert _sent(kept, 100) == 200, type(make()).__name__
                eventually(lambda: failed[0] > before)  # noqa: B023 - called here
        assert kept.evidence.failure is None


def _lost(gate: RunningGate) -> int:
    """So many records are lost, as `status` says."""
    writing: Any = gate.evidence
    return int(writing._owed.lost)


def _sizes(place: Path, *, went: bool = False) -> set[int]:
    return {one.request.bytes for one in _posted(place) if one.went or not went}


def _posted(place: Path) -> list[Record]:
    with closing(Store(place)) as store:
        return [one for one in read(store.iter_records()) if one.request.method == "POST"]
