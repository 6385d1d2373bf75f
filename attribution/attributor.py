"""The attributor: from a connection to its sender, through caches that never outlive the process they describe."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from attribution.counters import Counters
from attribution.facts import Backend, Ownership, Peer, ProcessFacts
from attribution.filesystem import HostFiles
from attribution.identity.composition import Composer, Composition
from attribution.identity.contents import ContentStore
from attribution.line.sampler import LineSampler, SampleTarget
from attribution.people import People
from attribution.portrait import Portrait, paint, parents_of
from core.attribution import Attribution, Certainty, CodeLine, unknown_sender
from core.exchange import Connection

_MOST_PORTRAITS = 2000
_MOST_CONNECTIONS = 20000
_MOST_RECENT = 24
_WAIT_TRIES = 5
_WAIT_S = 0.002

_OWN = "the gate itself opened this connection"
_GONE = "its process exited while it was being read"
_SHARED = "the socket is held by {count} processes; {which}"
_ONE_WAITS = "only this one was waiting on it"
_ALL_ALIKE = "which of them sent is not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What was found for one connection, and when it was last known that nobody else held it."""

    attribution: Attribution
    sole: ProcessFacts | None = None
    verified_at: float = 0.0


class SocketAttributor:
    """Implements core.ports.Attributor over one backend. Safe to call from the event loop and threads together."""

    def __init__(
        self, backend: Backend, people: People, own_pids: Callable[[], frozenset[int]], sampler: LineSampler
    ) -> None:
        self._backend = backend
        self._people = people
        self._own_pids = own_pids
        self._sampler = sampler
        self._counters = Counters()
        self._composer = Composer()
        self._lock = threading.Lock()
        self._portraits: OrderedDict[tuple[int, int], Portrait] = OrderedDict()
        self._facts: OrderedDict[tuple[int, int], ProcessFacts] = OrderedDict()
        self._returned: set[tuple[int, int]] = set()
        self._recent: OrderedDict[int, ProcessFacts] = OrderedDict()
        self._seen: OrderedDict[str, _Seen] = OrderedDict()

    def attribute_now(self, connection: Connection) -> Attribution | None:
        """See Attributor.attribute_now. Asked again for a later request on the same connection, it looks again."""
        seen = self._seen.get(connection.id)
        if seen is not None and self._still(seen):
            return self._keep(connection, seen, "at_once")
        now = time.time()
        ownership = self._backend.recall(_peer(connection), self, connection.at.timestamp())
        if ownership is None:
            return None
        if not ownership.pids:
            nobody = unknown_sender(self._backend.method, ownership.reason or _GONE)
            return self._keep(connection, _Seen(attribution=nobody), "at_once")
        facts = self._recent.get(ownership.pids[0])
        portrait = None if facts is None else self._portraits.get((facts.pid, facts.start))
        if portrait is None or facts is not portrait.facts or facts.pid in self._own_pids():
            return None
        found = self._of_one(portrait, ownership)
        return self._keep(connection, _Seen(attribution=found, sole=facts, verified_at=now), "at_once")

    def attribute(self, connection: Connection) -> Attribution:
        """See Attributor.attribute."""
        now = time.time()
        peer, since = _peer(connection), connection.at.timestamp()
        ownership = self._backend.search(peer, since)
        if len(ownership.pids) > 1:
            # A child between its fork and its exec holds everything its parent holds, for about a millisecond.
            time.sleep(_WAIT_S)
            now = time.time()
            ownership = self._backend.search(peer, since)
        found, sole = self._judge(ownership)
        return self._keep(connection, _Seen(attribution=found, sole=sole, verified_at=now), "by_search")

    def line_of_code(self, attribution: Attribution) -> CodeLine | None:
        """See Attributor.line_of_code. Samples only a process that is still the one attributed."""
        portrait = self._portrait_of(attribution)
        if portrait is None or portrait.script_facts is None:
            self._counters.line("not_sampled")
            return None
        socket = attribution.socket
        facts = portrait.facts if portrait.is_itself_python else portrait.script_facts
        line, outcome = self._sampler.sample(
            SampleTarget(
                facts=facts,
                waiting=lambda: self._waiting(facts.pid, socket),
                alive=lambda: self._alive(facts),
                watched=lambda: socket is not None and self._backend.watched(facts.pid, socket),
                starter=facts is not portrait.facts,
            )
        )
        self._counters.line(outcome)
        return None if line is None else self._shown(line)

    def composition(self, attribution: Attribution) -> Composition | None:
        """Return the imports and installed distributions of the sender's script while it lives. Off the event loop."""
        portrait = self._portrait_of(attribution)
        if portrait is None or portrait.script is None or portrait.script_facts is None:
            return None
        return self._composer.compose(portrait.script, portrait.script_path, portrait.script_facts)

    def keep_source(self, attribution: Attribution, store: ContentStore) -> bool:
        """Keep what the sender's script looks like, if it still is what ran. Off the event loop."""
        portrait = self._portrait_of(attribution)
        if portrait is None or portrait.script is None or portrait.script_facts is None:
            return False
        path, sha256 = portrait.script_path, portrait.script.sha256
        if path is None or sha256 is None:
            return False
        return store.keep(HostFiles(portrait.script_facts.root).outside(path), sha256)

    def forget(self, connection: Connection) -> None:
        """See Attributor.forget."""
        with self._lock:
            self._seen.pop(connection.id, None)

    def close(self) -> None:
        """See Attributor.close."""
        self._backend.close()

    def health(self) -> dict[str, object]:
        """Return counters by certainty, method, speed and line outcome, and what is cached."""
        return self._counters.to_json() | {
            "backend": self._backend.method,
            "known_processes": len(self._portraits),
            "open_connections": len(self._seen),
        }

    def can_sample_lines(self) -> str | None:
        """Return why lines of code cannot be sampled, in plain words; None when they can."""
        return self._sampler.obstacle()

    def recent(self) -> tuple[ProcessFacts, ...]:
        """See KnownOwners.recent."""
        with self._lock:
            return tuple(reversed(self._recent.values()))

    def gone(self, pid: int) -> None:
        """See KnownOwners.gone."""
        with self._lock:
            self._recent.pop(pid, None)

    def _alive(self, facts: ProcessFacts) -> bool:
        return self._backend.unchanged(facts)

    def _waiting(self, pid: int, socket: int | None) -> frozenset[int] | None:
        return None if socket is None else self._backend.waiting(pid, socket)

    def _portrait_of(self, attribution: Attribution) -> Portrait | None:
        """Return the portrait behind an attribution while its process still lives unchanged."""
        process = attribution.process
        if process is None:
            return None
        with self._lock:
            found = [p for p in self._portraits.values() if p.facts.pid == process.pid]
        same = [p for p in found if p.facts.started_at == process.started_at]
        return same[-1] if same and self._alive(same[-1].facts) else None

    def _shown(self, line: CodeLine) -> CodeLine:
        people = self._people
        return replace(line, file=people.path(line.file), stack=tuple(people.path(frame) for frame in line.stack))

    def _still(self, seen: _Seen) -> bool:
        socket = seen.attribution.socket
        return (
            seen.sole is not None
            and socket is not None
            and self._backend.still_sole(seen.sole, socket, seen.verified_at)
        )

    def _keep(self, connection: Connection, seen: _Seen, speed: str) -> Attribution:
        found = seen.attribution
        with self._lock:
            again = self._seen.pop(connection.id, None) is not None
            self._seen[connection.id] = seen
            while len(self._seen) > _MOST_CONNECTIONS:
                self._seen.popitem(last=False)
        self._counters.sender(found, speed, again=again)
        return found

    def _judge(self, ownership: Ownership) -> tuple[Attribution, ProcessFacts | None]:
        """Return the sender, and its facts when it holds the socket alone."""
        own = self._own_pids()
        pids = [pid for pid in ownership.pids if pid not in own]
        if not pids:
            reason = _OWN if ownership.pids else ownership.reason or _GONE
            return unknown_sender(self._backend.method, reason), None
        portraits = [portrait for pid in pids if (portrait := self._portrait(pid)) is not None]
        if not portraits:
            return unknown_sender(self._backend.method, _GONE), None
        if len(ownership.pids) == 1:
            self._remember(portraits[0])
            return self._of_one(portraits[0], ownership), portraits[0].facts
        return self._of_several(portraits, ownership), None

    def _portrait(self, pid: int) -> Portrait | None:
        """Return a living process's portrait: the cached one while pid, start and command line are the same."""
        start = self._backend.start_of(pid)
        if start is None:
            return None
        with self._lock:
            portrait = self._portraits.get((pid, start))
        if portrait is not None and self._backend.unchanged(portrait.facts):
            with self._lock:
                self._returned.add((pid, start))
            return portrait
        facts = self._backend.process(pid)
        if facts is None:
            return None
        return self._store(paint(facts, parents_of(facts, self._process), self._people))

    def _store(self, portrait: Portrait) -> Portrait:
        key = (portrait.facts.pid, portrait.facts.start)
        with self._lock:
            self._portraits.pop(key, None)
            self._portraits[key] = portrait
            while len(self._portraits) > _MOST_PORTRAITS:
                self._portraits.popitem(last=False)
        return portrait

    def _process(self, pid: int) -> ProcessFacts | None:
        """Return the facts of a parent; the cached ones while pid, start and command line are the same."""
        start = self._backend.start_of(pid)
        if start is None:
            return None
        with self._lock:
            facts = self._facts.get((pid, start))
        if facts is not None and self._backend.unchanged(facts):
            return facts
        facts = self._backend.process(pid)
        if facts is not None:
            with self._lock:
                self._facts[(pid, facts.start)] = facts
                while len(self._facts) > _MOST_PORTRAITS:
                    self._facts.popitem(last=False)
        return facts

    def _remember(self, portrait: Portrait) -> None:
        """Offer a process for quick answers from its second connection on: most short-lived ones make only one."""
        facts = portrait.facts
        with self._lock:
            if (facts.pid, facts.start) not in self._returned:
                return
            if len(self._returned) > _MOST_PORTRAITS:
                self._returned.clear()
            self._recent.pop(facts.pid, None)
            self._recent[facts.pid] = facts
            while len(self._recent) > _MOST_RECENT:
                self._recent.popitem(last=False)

    def _of_one(self, portrait: Portrait, ownership: Ownership) -> Attribution:
        reason = ownership.reason or portrait.reason
        return Attribution(
            certainty=Certainty.EXACT if reason is None else Certainty.LIKELY,
            method=self._backend.method,
            reason=reason,
            process=portrait.ref,
            user=portrait.user,
            script=portrait.script,
            script_process=portrait.script_ref,
            ancestry=portrait.ancestry,
            started_by=portrait.started_by,
            is_python=portrait.is_python,
            socket=ownership.socket,
        )

    def _who_waits(self, portraits: list[Portrait], socket: int | None) -> list[Portrait]:
        """Return the holders with a thread in a read or write of the socket; the sender gets some ms to come to it."""
        found: list[Portrait] = []
        for _ in range(_WAIT_TRIES):
            found = [p for p in portraits if self._waiting(p.facts.pid, socket)]
            if found:
                break
            time.sleep(_WAIT_S)
        return found

    def _of_several(self, portraits: list[Portrait], ownership: Ownership) -> Attribution:
        """Name all holders. One of them is the sender only when it alone waits on the socket."""
        with self._lock:
            for portrait in portraits:
                self._recent.pop(portrait.facts.pid, None)
        waiting = self._who_waits(portraits, ownership.socket)
        candidates = tuple(portrait.ref for portrait in portraits)
        if len(waiting) == 1:
            reason = _SHARED.format(count=len(candidates), which=_ONE_WAITS)
            one = self._of_one(waiting[0], ownership)
            return replace(one, certainty=Certainty.LIKELY, reason=reason, candidates=candidates)
        first = portraits[0]
        alike = all(p.script == first.script and p.is_python == first.is_python for p in portraits)
        reason = _SHARED.format(count=len(candidates), which=_ALL_ALIKE)
        return Attribution(
            certainty=Certainty.LIKELY,
            method=self._backend.method,
            reason=reason,
            user=first.user if all(p.user == first.user for p in portraits) else None,
            script=first.script if alike else None,
            is_python=first.is_python if alike else None,
            started_by=first.started_by if alike else None,
            candidates=candidates,
            socket=ownership.socket,
        )


def _peer(connection: Connection) -> Peer:
    return Peer(
        client_host=connection.client_host,
        client_port=connection.client_port,
        gate_host=connection.gate_host,
        gate_port=connection.gate_port,
    )
