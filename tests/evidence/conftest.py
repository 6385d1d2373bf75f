"""What the tests of the evidence share: made-up records, a writer that is waited for, a place to
write.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.attribution import Attribution, Certainty, CodeLine, LaunchedAs, ProcessRef, Script
from core.case_keys import case_key
from core.classification import (
    Account,
    AccountKind,
    Category,
    CostBasis,
    Destination,
    LlmCall,
    TokensBasis,
)
from core.decision import Decision, Verdict
from core.errors import EvidenceError
from core.fate import TUNNEL, UNFINISHED_NOTE, UNREACHED_NOTE, Fate
from core.findings import Confidence, Finding
from core.ids import uuid7
from core.observation import Kind, Observation, Seen
from core.record import Record, RequestSummary, ResponseSummary
from core.review import Action, Disposition, ReviewEvent
from evidence.store import Store
from evidence.writer import Writer

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = START + timedelta(days=300)
"""A day after all that is in the files of these tests."""


def make_record(number: int = 0, **changes: Any) -> Record:
    """A finished record of a made-up script; `number` moves it on by seconds."""
    process = ProcessRef(pid=4000, started_at=START, name="python3", exe="/usr/bin/python3")
    shell = ProcessRef(pid=300, started_at=START, name="bash", exe="/bin/bash")
    script = Script(
        path=changes.pop("script", "/home/analyst/upload.py"),
        sha256=changes.pop("sha256", "ab" * 32),
        launched_as=LaunchedAs.FILE,
        name="upload.py",
        version={"size": 120, "mtime": 1.5e-7},
    )
    at = changes.pop("at", START + timedelta(seconds=number))
    finding = Finding(
        kind=changes.pop("kind", "email"),
        detector="email",
        confidence=Confidence.LIKELY,
        count=3,
        distinct=2,
        records=changes.pop("rows", None),
        where=("body.messages[0].content",),
        excerpt="an••••om",
        fingerprints=("0123456789abcdef",),
    )
    record = Record(
        id=uuid7(at),
        at=at,
        sender=Attribution(
            certainty=Certainty.EXACT,
            method="sock_diag",
            process=process,
            user="analyst",
            script=script,
            line=CodeLine(
                file=script.path or "", line=12, function="main", certainty=Certainty.LIKELY
            ),
            ancestry=(shell,),
        ),
        destination=Destination(
            scheme="https",
            host=changes.pop("host", "api.openai.com"),
            port=443,
            path="/v1/chat/completions",
            service=changes.pop("service", "openai"),
            category=Category.LLM,
            account=Account(kind=AccountKind.UNKNOWN),
        ),
        request=RequestSummary(
            method="POST",
            content_type="application/json",
            bytes=changes.pop("bytes", 1000),
            complete=True,
        ),
        response=ResponseSummary(status=200, bytes=500),
        llm=LlmCall(
            provider="openai",
            operation="chat",
            model="gpt-4o",
            input_tokens=10,
            output_tokens=20,
            tokens_basis=TokensBasis.EXACT,
            cost_usd="0.000250",
            cost_basis=CostBasis.TABLE,
        ),
        findings=(finding,),
        decision=Decision(
            verdict=changes.pop("verdict", Verdict.WATCH),
            rule="personal-data-to-llm",
            reason="Personal data to a language model.",
            degraded=changes.pop("degraded", ()),
        ),
    )
    return replace(record, **changes)


def with_fate(record: Record, fate: Fate) -> Record:
    """The same, of which the verdict does not say what became of it."""
    notes = {Fate.UNREACHED: UNREACHED_NOTE, Fate.UNFINISHED: UNFINISHED_NOTE}
    if fate in notes:
        return replace(record, notes=(notes[fate],))
    stage = {Fate.PAST: "bypass", Fate.UNTRUSTED: "tls", Fate.FOREIGN: "protocol"}[fate]
    request = replace(record.request, method=TUNNEL)
    decision = replace(record.decision, degraded=(f"{stage}: made up",))
    return replace(record, request=request, decision=decision)


def make_observation(number: int = 0, **changes: Any) -> Observation:
    """An observation of the same made-up script; `number` moves it on by seconds."""
    at = changes.pop("at", START + timedelta(seconds=number))
    seen = Observation(
        id=uuid7(at),
        at=at,
        kind=changes.pop("kind", Kind.CONNECTION),
        about=changes.pop("about", "postgresql at db.example:5432"),
        sender=changes.pop("sender", make_record().sender),
        facts={
            "protocol": Seen(value="postgresql", how="the protocol's first message"),
            "server": Seen(value="db.example", how="its name"),
            "address": Seen(value="10.0.0.7", how="the kernel's table of sockets"),
            "port": Seen(value=5432, how="the kernel's table of sockets"),
            "user": Seen(value=changes.pop("user", "ledger_app"), how="the first message"),
            "bytes_sent": Seen(value=1200, how="the kernel's counters"),
            "bytes_received": Seen(value=5_000_000, how="the kernel's counters"),
        },
        notable=changes.pop("notable", True),
    )
    return replace(seen, **changes)


class Told:
    """Collects what a writer tells, and waits for it."""

    def __init__(self) -> None:
        self.answers: list[EvidenceError | None] = []
        self._changed = threading.Condition()

    def __call__(self, problem: EvidenceError | None) -> None:
        with self._changed:
            self.answers.append(problem)
            self._changed.notify_all()

    def wait(self, count: int = 1, timeout: float = 30) -> list[EvidenceError | None]:
        """Return all answers once there are `count` of them."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.answers) >= count, timeout), (
                "the writer never told"
            )
            return list(self.answers)


class _Obstacle:
    """A task that keeps the writer's thread busy until it is let go, and is then refused as one
    without text.
    """

    closes = told = False

    def __init__(self) -> None:
        self.met, self.gone = threading.Event(), threading.Event()

    @property
    def record(self) -> Record:
        self.met.set()
        assert self.gone.wait(30)
        raise ValueError

    def done(self, problem: EvidenceError | None) -> None:
        assert problem is not None


@contextmanager
def one_group(writer: Writer) -> Iterator[None]:
    """What is handed over in the block reaches the writer as one group."""
    obstacle = _Obstacle()
    writer._waiting.put(obstacle)  # type: ignore[arg-type]  # stands in for a task of the writer's own
    assert obstacle.met.wait(30)
    try:
        yield
    finally:
        obstacle.gone.set()


@pytest.fixture(name="one_group", scope="session")
def one_group_fixture() -> Callable[[Writer], AbstractContextManager[None]]:
    return one_group


@pytest.fixture(name="make_record", scope="session")
def make_record_fixture() -> Callable[..., Record]:
    return make_record


@pytest.fixture
def told() -> Callable[[], Told]:
    return Told


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "home" / "evidence.db"


@pytest.fixture
def writer(place: Path) -> Iterator[Writer]:
    writer = Writer(place, busy_timeout_s=0.2)
    yield writer
    writer.stop()


@pytest.fixture
def write(writer: Writer) -> Callable[..., None]:
    """Write finished records and observations, and wait until they are durable."""

    def write_all(*records: Record | Observation) -> None:
        told = Told()
        for record in records:
            if isinstance(record, Observation):
                writer.observed(record, told)
            else:
                writer.close_record(record, told)
        assert set(told.wait(len(records))) <= {None}

    return write_all


@pytest.fixture
def full(write: Callable[..., None], place: Path) -> Path:
    """A file with five records and two review events."""
    write(*(make_record(n) for n in range(5)))
    store = Store(place, clock=lambda: LATER)
    record = make_record()
    key = case_key(record)
    for action, disposition in ((Action.NOTE, None), (Action.CLOSE, Disposition.TEST_DATA)):
        event = ReviewEvent(
            id=f"e-{action}",
            at=record.at,
            case_key=key,
            action=action,
            who="officer",
            disposition=disposition,
        )
        store.append([event])
    store.close()
    return place
