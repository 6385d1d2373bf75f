"""What the review's tests share: a fixed clock, fake stores that implement the real port, and
screens as text.
"""

import os
import threading
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
from drawn_at_rest import drawn_at_rest, lines_drawn
from invented_day import sample_holds, sample_records
from memory_case_store import MemoryCaseStore
from styles_read_once import styles_read_once
from textual.pilot import Pilot
from textual.widgets import Input

from core.errors import EvidenceError
from core.record import Record
from core.review import Action, Case, CaseFilter, CaseStatus, ReviewEvent, ScriptVersion
from core.review_ports import CaseStore, HoldQueue
from core.rights import Deed
from core.stored import StoredEntry
from evidence.factory import open_evidence
from tui.app import ReviewApp
from tui.evidence_acts import EvidenceActs
from tui.live_queue import Reviewer
from tui.review_screen import ReviewScreen

NOW = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)
SCREENS = Path(__file__).parent / "screens"
SIZES = ((80, 24), (120, 40), (200, 60))
"""Of a small, a usual and a large terminal."""


@pytest.fixture(params=["", "1"], ids=["colours", "no-colours"])
def colours(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With colours, and for who has turned them off."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    if request.param:
        monkeypatch.setenv("NO_COLOR", request.param)


def drawn[Test: Callable[..., Any]](test: Test) -> Test:
    """Run the test of a screen at each size, with colours and without: it reads the same."""
    sizes = pytest.mark.parametrize("size", SIZES, ids=[f"{w}x{h}" for w, h in SIZES])
    at_all: Test = sizes(pytest.mark.usefixtures("colours")(test))
    return at_all


@pytest.fixture(autouse=True, scope="session")
def styles() -> Iterator[None]:
    """Rules of style sheets are kept from one test to the next."""
    with styles_read_once(), drawn_at_rest():
        yield


class FragileStore(MemoryCaseStore):
    """A store that can be made to fail, and that counts what is asked of it."""

    failure: Exception | None = None
    failure_of_holds: Exception | None = None
    append_failure: Exception | None = None

    def data_version(self) -> int:
        self._fail()
        return super().data_version()

    def count(self, wanted: CaseFilter) -> int:
        self._fail()
        return super().count(wanted)

    def records(self, key: str, limit: int = 50, offset: int = 0) -> Sequence[StoredEntry]:
        self._fail()
        return super().records(key, limit, offset)

    def script_versions(self, script: str | None = None) -> Sequence[ScriptVersion]:
        self._fail()
        return super().script_versions(script)

    def append(self, events: Sequence[ReviewEvent]) -> Sequence[ReviewEvent]:
        if self.append_failure is not None:
            raise self.append_failure
        return super().append(events)

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


class EndlessStore(MemoryCaseStore):
    """Very many cases, each made when asked for; `asked` tells how many were."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length
        self.asked = 0
        self.version = 1

    def data_version(self) -> int:
        return self.version

    def grow(self, by: int) -> None:
        """New cases arrive at the top."""
        self.length += by
        self.version += 1

    def count(self, wanted: CaseFilter) -> int:
        return self.length if wanted.verdict is None else 0

    def page(self, wanted: CaseFilter, offset: int, limit: int) -> Sequence[Case]:
        numbers = range(self.length - offset, max(0, self.length - offset - limit), -1)
        self.asked += len(numbers)
        return [made_case(n) for n in numbers]

    def totals(self, since: datetime | None = None) -> Mapping[str, int]:
        return {"records": self.length, "last_at_epoch": int(NOW.timestamp()) - 4, "degraded": 0}


def made_case(number: int, **more: Any) -> Case:
    """Return the case with this number."""
    case = Case(
        key=f"case-{number}",
        status=CaseStatus.OPEN,
        first_at=NOW - timedelta(days=1),
        last_at=NOW,
        count=1,
        verdict="watch",
        script=f"job_{number}.py",
        script_path=f"/srv/jobs/job_{number}.py",
        user="ops",
        host="api.openai.com",
        service="openai",
        category="llm",
        account_kind="unknown",
        kinds=("email",),
        values=number,
        records=None,
        bytes_sent=100,
        last_record="r",
    )
    return replace(case, **more)


@pytest.fixture
def now() -> datetime:
    """The time in all these tests."""
    return NOW


@pytest.fixture
def case_of() -> Callable[..., Case]:
    """Make a case."""
    return made_case


@pytest.fixture
def store() -> FragileStore:
    """A working day with six open cases and one closed."""
    filled = FragileStore(sample_records(NOW))
    filled._version = 7
    return filled


@pytest.fixture
def empty_store() -> FragileStore:
    """Nothing happened yet."""
    return FragileStore()


@pytest.fixture
def endless() -> EndlessStore:
    """A hundred thousand cases."""
    return EndlessStore(100_000)


@pytest.fixture
def locked() -> EvidenceError:
    """What the store raises when another program holds the database."""
    return EvidenceError(
        "The evidence is locked by another program.", remedy="Close that program, or wait."
    )


@pytest.fixture(scope="session")
def endless_again() -> Callable[[], EndlessStore]:
    """Make such a store for each example of a property."""
    return lambda: EndlessStore(100_000)


class Clock:
    """A clock that the test moves."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def holding(store: FragileStore, now: datetime) -> FragileStore:
    """The working day, and two requests that wait: `backup_ward.py` with 8 s left,
    `payroll_letters.py` with 19.
    """
    for waiting in sample_holds(now):
        store.hold(waiting)
    return store


def ids(now: datetime) -> tuple[str, str]:
    payroll, ward = sample_holds(now)
    return payroll.id, ward.id


def answers(store: FragileStore) -> list[tuple[Action, str | None, str]]:
    return [(e.action, e.record_id, e.note) for e in store._events]


type Opened = AbstractAsyncContextManager[Pilot[int]]
type Settles = Callable[[Pilot[int]], Awaitable[None]]
type Finds = Callable[[Pilot[int]], ReviewScreen]
type ShowsText = Callable[[Pilot[int]], str]
type Compares = Callable[[Pilot[int], str], None]


class Opens(Protocol):
    """Opens the review over a store, as `opened` below does."""

    def __call__(
        self,
        store: CaseStore,
        size: tuple[int, int] = (80, 24),
        read_only: bool = False,
        holds: HoldQueue | None = None,
        clock: Callable[[], datetime] | None = None,
        acts: EvidenceActs | None = None,
        refusal: Callable[[Deed], str | None] | None = None,
    ) -> Opened: ...


class Presses(Protocol):
    """Presses keys one by one, as `press` below does."""

    async def __call__(self, pilot: Pilot[int], *keys: str) -> None: ...


@pytest.fixture
def opened() -> Opens:
    """Open the review over a store: `async with opened(store, size=(80, 24)) as pilot`."""

    @asynccontextmanager
    async def open_app(
        store: CaseStore,
        size: tuple[int, int] = (80, 24),
        read_only: bool = False,
        holds: HoldQueue | None = None,
        clock: Callable[[], datetime] | None = None,
        acts: EvidenceActs | None = None,
        refusal: Callable[[Deed], str | None] | None = None,
    ) -> AsyncIterator[Pilot[int]]:
        reviewer = Reviewer(
            who="dpo",
            clock=clock or (lambda: NOW),
            read_only=read_only,
            refusal=refusal or (lambda _: None),
            zone=UTC,
            watching=lambda: True,
            poll_seconds=None,
        )
        if holds is None and isinstance(store, MemoryCaseStore):
            holds = store
        app = ReviewApp(store, reviewer, holds, "", acts)
        async with app.run_test(size=size) as pilot:
            await settled(pilot)
            yield pilot

    return open_app


async def settled(pilot: Pilot[int]) -> None:
    """Wait until everything that was asked for is on the screen."""
    await pilot.pause()
    for _ in range(5):
        if not pilot.app.workers:
            break
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
    await pilot.pause()
    lines_drawn(pilot.app)


@pytest.fixture(name="settled")
def settled_fixture() -> Settles:
    """Wait until the screen is at rest."""
    return settled


@pytest.fixture
def press() -> Presses:
    """Press keys one by one, at rest after each; `type:words` puts words where the focus is."""

    async def press_keys(pilot: Pilot[int], *keys: str) -> None:
        for key in keys:
            if key.startswith("type:"):
                box = pilot.app.focused
                assert isinstance(box, Input)
                box.insert_text_at_cursor(key.removeprefix("type:"))
            else:
                await pilot.press(key)
            await settled(pilot)

    return press_keys


@pytest.fixture
def review() -> Finds:
    """The review screen, also under a dialog."""

    def find(pilot: Pilot[int]) -> ReviewScreen:
        return next(screen for screen in pilot.app.screen_stack if isinstance(screen, ReviewScreen))

    return find


def screen_text(pilot: Pilot[int]) -> str:
    """Return the screen as plain text, spaces at the ends of lines cut."""
    lines = ["".join(part.text for part in line).rstrip() for line in lines_drawn(pilot.app)]
    return "\n".join(lines) + "\n"


@pytest.fixture(name="screen_text")
def screen_text_fixture() -> ShowsText:
    """The screen as plain text."""
    return screen_text


@pytest.fixture
def golden() -> Compares:
    """Compare the screen with `screens/NAME.txt`; OUTGATE_WRITE_SCREENS=1 writes it anew."""

    def compare(pilot: Pilot[int], name: str) -> None:
        path = SCREENS / f"{name}.txt"
        shown = screen_text(pilot)
        if os.environ.get("OUTGATE_WRITE_SCREENS"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(shown, encoding="utf-8")
        assert shown == path.read_text(encoding="utf-8"), (
            f"{name}: look at the difference; OUTGATE_WRITE_SCREENS=1 accepts it"
        )

    return compare


@pytest.fixture
def written() -> Callable[[Path, Sequence[Record]], None]:
    """Write records into an evidence file as the gate does, until they are durable."""

    def write(path: Path, records: Sequence[Record]) -> None:
        evidence = open_evidence(path)
        faults: list[EvidenceError | None] = []
        for record in records:
            durable = threading.Event()

            def done(fault: EvidenceError | None, durable: threading.Event = durable) -> None:
                faults.append(fault)
                durable.set()

            evidence.writer.close_record(record, done)
            assert durable.wait(20)
        evidence.close()
        assert not any(faults)

    return write
