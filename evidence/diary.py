"""What a gate has to tell of itself: kept until it can be chained, in the order it happened."""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.happenings import Event, Fact, Happening, Installation
from core.ids import rfc3339, utc_now, uuid7
from evidence.acts import append_happening
from evidence.clock_watch import ClockWatch
from evidence.database import Connection, transaction

_MOST_KEPT = 1000


@dataclass(frozen=True, slots=True)
class _Gap:
    """Evidence cannot be written since then."""

    since: datetime
    why: str


class Diary:
    """Collects what happens to one gate and writes it into the chain of acts.

    `note` may be called from any thread; the rest from the writer's.
    """

    def __init__(
        self,
        gate: str,
        installation: Installation | None,
        *,
        clock: ClockWatch | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Without `installation` (a program that only writes records) nothing is told of starts and
        stops.
        """
        self._gate = gate
        self._installation = installation
        self._clock = clock or ClockWatch()
        self._now = now
        self._waiting: deque[Happening] = deque()
        self._lock = threading.Lock()
        self._gap: _Gap | None = None

    def note(self, event: Event, facts: Mapping[str, Fact], who: str | None = None) -> None:
        """Keep an event of now until it is written."""
        at = self._now()
        happening = Happening(
            id=uuid7(at), at=at, event=event, who=who, facts={"gate": self._gate, **facts}
        )
        with self._lock:
            if len(self._waiting) < _MOST_KEPT:
                self._waiting.append(happening)

    def started(self, lost: Sequence[tuple[str, str | None, int]], key: str | None = None) -> None:
        """The gate starts and finds these others ended: id, when last heard of, up to which entry
        it had written. `key` is the fingerprint of what its checkpoints are signed with.
        """
        if self._installation is None:
            return
        for gate, heard, seq in lost:
            self.note(Event.GATE_LOST, {"lost": gate, "last_heard": heard, "up_to": seq})
        self.note(Event.GATE_STARTED, {**self._installation.facts(), "key": key})

    def stopped(self) -> None:
        """The gate stops."""
        self.look()
        if self._installation is not None:
            self.note(Event.GATE_STOPPED, self._installation.facts())

    def policy(self, version: str) -> None:
        """Another policy is in force from now on."""
        before = None if self._installation is None else self._installation.policy
        self.note(Event.POLICY_CHANGED, {"policy": version, "before": before})
        if self._installation is not None:
            self._installation = replace(self._installation, policy=version)

    def cannot_write(self, why: str) -> None:
        """Evidence cannot be written; called again while that lasts."""
        if self._gap is None:
            self._gap = _Gap(self._now(), why)

    def writes_again(self, *, kept: int, lost: int) -> None:
        """Evidence can be written (again): so many records had been kept meanwhile, so many were
        lost since the gate started.
        """
        if (gap := self._gap) is None:
            return
        self._gap = None
        now = self._now()
        facts: dict[str, Fact] = {
            "since": rfc3339(gap.since),
            "until": rfc3339(now),
            "why": gap.why,
            "kept": kept,
            "lost": lost,
        }
        self.note(Event.EVIDENCE_GAP, facts)

    @property
    def waits(self) -> bool:
        """Whether something waits to be chained."""
        return bool(self._waiting)

    def look(self) -> None:
        """Look at the clock."""
        if (seconds := self._clock.jumped_s()) is not None:
            self.note(Event.CLOCK_JUMPED, {"milliseconds": round(seconds * 1000)})

    def write(self, connection: Connection) -> None:
        """Chain what waits, all or none. Raises sqlite3.Error."""
        with self._lock:
            waiting = tuple(self._waiting)
        if not waiting:
            return
        with transaction(connection):
            for happening in waiting:
                append_happening(connection, happening)
        with self._lock:
            for _ in waiting:
                self._waiting.popleft()
