"""Portraits of processes, kept only while pid, start mark and command line are the same."""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from attribution.facts import Backend, ProcessFacts
from attribution.os_users import People
from attribution.process_profile import Portrait, paint, parents_of
from attribution.reader import Reader
from core.attribution import Attribution, Certainty

_MOST = 2000
_MOST_RECENT = 24
_PAINTED_AT_MOST = 2
_CHANGED = "it ended, or became another program, while it was being looked at"


@dataclass(slots=True)
class _Turn:
    """Who paints a process, and how many want it painted."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    wanted: int = 0


class Gallery:
    """Caches portraits and the facts of parents. Safe for several threads."""

    def __init__(
        self,
        backend: Backend,
        people: People,
        reader: Reader,
        wrappers: frozenset[str] = frozenset(),
    ) -> None:
        self._wrappers = wrappers
        self._reader = reader
        self._due: OrderedDict[tuple[int, int], float] = OrderedDict()
        self._backend = backend
        self._people = people
        self._lock = threading.Lock()
        self._portraits: OrderedDict[tuple[int, int], Portrait] = OrderedDict()
        self._facts: OrderedDict[int, ProcessFacts] = OrderedDict()
        self._returned: set[tuple[int, int]] = set()
        self._painting: dict[tuple[int, int], _Turn] = {}
        self._recent: OrderedDict[int, ProcessFacts] = OrderedDict()
        self._telling: OrderedDict[int, None] = OrderedDict()
        """Processes with a beacon, now or before."""

    def __len__(self) -> int:
        return len(self._portraits)

    def portrait(self, pid: int, *, in_passing: bool = False) -> Portrait | None:
        """Return a living process's portrait, painted anew when it is not the one that is known.

        `in_passing`: not for what it sends. Another look that may tell more is then due at once:
        an interpreter that still started by then names its program when it sends.
        """
        start = self._backend.start_of(pid)
        if start is None:
            return None
        if (known := self._still(pid, start)) is not None:
            return known
        # A new process opens many connections at once: one look at it serves them all.
        with self._one_at_a_time((pid, start)):
            return self._still(pid, start) or self._painted_anew(pid, in_passing=in_passing)

    def _still(self, pid: int, start: int) -> Portrait | None:
        """Return the portrait that is known, while it is the process's and none is due."""
        with self._lock:
            known = self._portraits.get((pid, start))
        if known is None or self._is_due(pid, start) or not self._backend.unchanged(known.facts):
            return None
        with self._lock:
            self._returned.add((pid, start))
        return known

    @contextmanager
    def _one_at_a_time(self, process: tuple[int, int]) -> Iterator[None]:
        with self._lock:
            turn = self._painting.setdefault(process, _Turn())
            turn.wanted += 1
        try:
            with turn.lock:
                yield
        finally:
            with self._lock:
                turn.wanted -= 1
                if not turn.wanted:
                    del self._painting[process]

    def _painted_anew(self, pid: int, *, in_passing: bool) -> Portrait | None:
        for _ in range(_PAINTED_AT_MOST):
            facts = self._backend.process(pid)
            if facts is None:
                return None
            painted = self._painted(facts)
            if self._backend.unchanged(facts):
                return self._kept(painted, in_passing=in_passing)
        return replace(painted, certainty=Certainty.LIKELY, reason=painted.reason or _CHANGED)

    def _painted(self, facts: ProcessFacts) -> Portrait:
        parents = parents_of(facts, self._process)
        return paint(facts, parents, self._people, self._reader, self._wrappers)

    def _kept(self, painted: Portrait, *, in_passing: bool) -> Portrait:
        pid, facts = painted.facts.pid, painted.facts
        with self._lock:
            _put(self._portraits, (pid, facts.start), painted, _MOST)
            if painted.has_beacon:
                _put(self._telling, pid, None, _MOST)
            self._due.pop((pid, facts.start), None)
            if painted.again_s is not None:
                at_once = in_passing and painted.is_itself_python
                until = time.monotonic() + (0.0 if at_once else painted.again_s)
                _put(self._due, (pid, facts.start), until, _MOST)
        return painted

    def imagined(self, facts: ProcessFacts, why: str) -> Portrait:
        """Return the portrait of a process that nobody could look at, by facts that others tell;
        not kept. `why`: how they are known.
        """
        return replace(self._painted(facts), certainty=Certainty.LIKELY, reason=why)

    def of(self, facts: ProcessFacts) -> Portrait | None:
        """Return the portrait of exactly these facts, without a look at the process; None when one
        is due.
        """
        known = self._portraits.get((facts.pid, facts.start))
        if known is None or known.facts is not facts or self._is_due(facts.pid, facts.start):
            return None
        return known

    def is_itself_python(self, facts: ProcessFacts) -> bool:
        """True for exactly these facts of a program that holds an interpreter."""
        known = self._portraits.get((facts.pid, facts.start))
        return known is not None and known.facts is facts and known.is_itself_python

    def behind(self, attribution: Attribution) -> Portrait | None:
        """Return the portrait that an attribution was made from, while its process still lives
        unchanged.
        """
        process = attribution.process
        if process is None:
            return None
        with self._lock:
            same = [
                portrait
                for (pid, _), portrait in self._portraits.items()
                if pid == process.pid and portrait.facts.started_at == process.started_at
            ]
        return same[-1] if same and self._backend.unchanged(same[-1].facts) else None

    def may_tell(self, pid: int) -> bool:
        """Return True when a process with this number had a beacon. No look at the process."""
        return pid in self._telling

    def recent(self) -> tuple[ProcessFacts, ...]:
        """See KnownOwners.recent."""
        with self._lock:
            return tuple(reversed(self._recent.values()))

    def recent_one(self, pid: int) -> ProcessFacts | None:
        """Return the process with this number among those of `recent`."""
        return self._recent.get(pid)

    def gone(self, pid: int) -> None:
        """See KnownOwners.gone."""
        with self._lock:
            self._recent.pop(pid, None)

    def offer(self, portrait: Portrait) -> None:
        """Offer a process for quick answers from its second connection on: most short-lived ones
        make only one.
        """
        facts = portrait.facts
        with self._lock:
            if (facts.pid, facts.start) not in self._returned:
                return
            if len(self._returned) > _MOST:
                self._returned.clear()
            _put(self._recent, facts.pid, facts, _MOST_RECENT)

    def _is_due(self, pid: int, start: int) -> bool:
        until = self._due.get((pid, start))
        return until is not None and time.monotonic() > until

    def _process(self, pid: int) -> ProcessFacts | None:
        """Return the facts of a parent."""
        with self._lock:
            facts = self._facts.get(pid)
        if facts is not None and not facts.undated and self._backend.unchanged(facts):
            return facts
        facts = self._backend.process(pid)
        if facts is not None:
            with self._lock:
                _put(self._facts, pid, facts, _MOST)
        return facts


def _put[K, V](cache: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    """Put as the newest; drop the oldest above `most`."""
    cache.pop(key, None)
    cache[key] = value
    while len(cache) > most:
        cache.popitem(last=False)
