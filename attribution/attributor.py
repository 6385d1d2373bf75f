"""The attributor: from a connection to its sender, through caches that never outlive the process
they describe.
"""

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from attribution.ambiguity import (
    GIVEN,
    RESTED,
    SHARED,
    UNUSED,
    another_sender,
    givers,
    in_doubt,
    of_one,
    of_several,
    rested,
    use_of,
    with_candidates,
)
from attribution.beacon.claims import RequestClaim
from attribution.beacon.reading import request_claims
from attribution.counters import Counters
from attribution.examining import Examines
from attribution.facts import AS_THEY_STAND, Backend, Ownership, Peer, ProcessFacts, peer_of
from attribution.found import Found
from attribution.line.joining import joined
from attribution.line.sampler import LineSampler, SampleTarget, program_of
from attribution.os_users import People
from attribution.process_cache import Gallery
from attribution.process_profile import Portrait, ref_of
from attribution.reader import Reader
from attribution.reader_helpers import Unread
from attribution.sender_files import FilesOfSenders
from core.attribution import Attribution, CodeLine, SenderPeer, unknown_sender
from core.exchange import Connection, Exchange
from core.ports import Networks

_MOST_CONNECTIONS = 20000
_ALONE_AFTER_S = (0.002, 0.004, 0.008)
"""A child between fork and exec holds all that its parent holds, for about a millisecond."""
_WAIT_TRIES = 5
_WAIT_S = 0.002
_WARM_S = 5.0
_ALONE_S = 1.0
_CLAIMS_S = 0.4

_OWN = "the gate itself opened this connection"
_GONE = "its process exited while it was being read"


class SocketAttributor(Examines):
    """Implements core.ports.Attributor over one backend. Safe to call from the event loop and
    threads together.
    """

    def __init__(
        self,
        backend: Backend,
        people: People,
        own_pids: Callable[[], frozenset[int]],
        sampler: LineSampler,
        reader: Reader,
        wrappers: frozenset[str] = frozenset(),
    ) -> None:
        self._backend = backend
        self._people = people
        self._own_pids = own_pids
        self._sampler = sampler
        self._counters = Counters()
        super().__init__(Gallery(backend, people, reader, wrappers), reader)
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, Found] = OrderedDict()
        self._alone: OrderedDict[tuple[int, int], float] = OrderedDict()
        """Processes that take no connections, and until when that counts."""

    def attribute_now(self, connection: Connection) -> Attribution | None:
        """See Attributor.attribute_now. Asked again for a later request on the same connection, it
        looks again.
        """
        now = time.time()
        seen = self._seen.get(connection.id)
        if seen is not None:
            # Whoever holds it now may have been handed it: only who is seen to use it is its user.
            still = replace(seen, verified_at=now) if self._still(seen, now) else None
            return None if still is None else self._keep(connection, still, "at_once")
        ownership = self._backend.recall(
            peer_of(connection), self.gallery, connection.at.timestamp()
        )
        if ownership is None:
            return None
        if not ownership.pids:
            nobody = unknown_sender(self._backend.method, ownership.reason or _GONE)
            return self._keep(connection, Found(attribution=nobody), "at_once")
        facts = self.gallery.recent_one(ownership.pids[0])
        portrait = None if facts is None else self.gallery.of(facts)
        if portrait is None or facts is None or facts.pid in self._own_pids():
            return None
        if not self._takes_none(facts):
            return None
        found = of_one(portrait, ownership, self._backend.method)
        look = Found(attribution=found, sole=facts, verified_at=now, searched_at=now)
        return self._keep(connection, look, "at_once")

    def attribute(self, connection: Connection) -> Attribution:
        """See Attributor.attribute."""
        now = time.time()
        earlier = self._seen.get(connection.id)
        if earlier is not None and earlier.sole is not None and self._holds_on(earlier, now):
            behalf = self._peers_of(earlier.sole)
            found = replace(earlier.attribution, on_behalf=behalf)
            again = replace(earlier, attribution=found, verified_at=now)
            return self._keep(connection, again, "by_search")
        seen, unused = self._searched(connection, earlier)
        kept = self._keep(connection, seen, "by_search")
        return in_doubt(kept, UNUSED if unused else None)

    def _searched(self, connection: Connection, earlier: Found | None) -> tuple[Found, bool]:
        """Look at all processes. Returns what is found now, and whether its only holder was not
        seen to use the connection: that is said of this look alone, for whoever uses it at the next
        one is not doubted for it.
        """
        peer, since = peer_of(connection), connection.at.timestamp()
        now, ownership, others = self._alone_if_possible(peer, since, is_new=earlier is None)
        found, sole = self._judge(ownership)
        if sole is None:
            doubt = SHARED if len(ownership.pids) > 1 else None
        else:
            before = None if earlier is None else earlier.sole
            use = use_of(ownership, since, is_python=self.gallery.is_itself_python(sole))
            doubt = another_sender(sole, before, use, others)
            doubt = doubt or (GIVEN if ownership.given else None)
            if earlier is not None and rested(earlier.rests, ownership):
                doubt = RESTED
            found = replace(found, on_behalf=self._peers_of(sole))
            if doubt is not None:
                gave = givers(sole, found.ancestry, use.opened_at)
                own = self._own_pids()
                held = (one for one in (*others, before) if one is not None and one.pid not in own)
                refs = (ref_of(facts, self._people) for facts in held)
                found = with_candidates(found, (*refs, *gave))
        if earlier is not None and earlier.doubt is not None:
            doubt = earlier.doubt
            found = with_candidates(found, earlier.attribution.candidates)
        seen = Found(
            attribution=in_doubt(found, doubt),
            sole=sole,
            verified_at=now,
            searched_at=now,
            is_first=earlier is None,
            rests=ownership.rests,
            doubt=doubt,
        )
        return seen, sole is not None and ownership.used is False

    def ahead(self, connection: Connection, *, beside: bool = False) -> Callable[[], object] | None:
        """See Attributor.ahead."""
        seen = self._seen.get(connection.id)
        if seen is None or not seen.ages(time.time(), beside=beside):
            return None
        return partial(self._renew, connection, seen)

    def _renew(self, connection: Connection, earlier: Found) -> None:
        """Look at all processes before that is due. What is seen counts from the next request on,
        unless another look came before it or the connection has gone; not where the holder was not
        seen to use it: it may have had its answer meanwhile, and is asked about as ever.
        """
        seen, unused = self._searched(connection, earlier)
        with self._lock:
            now = self._seen.get(connection.id)
            if now is not None and now.searched_at == earlier.searched_at and not unused:
                self._seen[connection.id] = seen

    def _alone_if_possible(
        self, peer: Peer, since: float, *, is_new: bool
    ) -> tuple[float, Ownership, tuple[ProcessFacts, ...]]:
        """Search, and again for a moment while several hold the socket. Returns when it was found,
        who holds it, and the first look's holders where they were several.
        """
        now = time.time()
        ownership = self._backend.search(peer, since, is_new=is_new)
        if len(ownership.pids) < 2:
            return now, ownership, ()
        first = tuple(f for pid in ownership.pids if (f := self._backend.process(pid)) is not None)
        for pause in _ALONE_AFTER_S:
            time.sleep(pause)
            now = time.time()
            ownership = self._backend.search(peer, since, is_new=is_new)
            if len(ownership.pids) < 2:
                break
        return now, ownership, first

    def line_of_code(
        self, attribution: Attribution, request: Exchange | None = None, *, look: bool = True
    ) -> CodeLine | None:
        """See Attributor.line_of_code. Samples only a process that is still the one attributed."""
        portrait = self.gallery.behind(attribution)
        if portrait is None or portrait.script_facts is None:
            self._counters.line("not_sampled")
            return None
        socket = attribution.socket
        facts = portrait.facts if portrait.is_itself_python else portrait.script_facts
        line, outcome = self._sampled(portrait, facts, socket) if look else (None, "not_sampled")
        if request is not None and portrait.has_beacon and facts is portrait.facts:
            seen, line = line, joined(line, self._claims(facts, request), program_of(facts))
            outcome = "beacon" if seen is None and line is not None else outcome
        self._counters.line(outcome)
        return None if line is None else self._people.line(line)

    def tells_of_requests(self, attribution: Attribution) -> bool:
        """See Attributor.tells_of_requests."""
        process = attribution.process
        return process is not None and self.gallery.may_tell(process.pid)

    def _sampled(
        self, portrait: Portrait, facts: ProcessFacts, socket: int | None
    ) -> tuple[CodeLine | None, str]:
        return self._sampler.sample(
            SampleTarget(
                facts=facts,
                waiting=lambda: self._waiting(facts.pid, socket),
                alive=lambda: self._alive(facts),
                watched=lambda: socket is not None and self._backend.watched(facts.pid, socket),
                starter=facts is not portrait.facts,
            )
        )

    def _claims(self, facts: ProcessFacts, request: Exchange) -> tuple[RequestClaim, ...]:
        """Return what the sender's own beacon says of this request."""
        length = request.header("content-length") or ""
        head = (request.method, request.path, length)
        at_ns = int(request.at.timestamp() * 1e9)
        with contextlib.suppress(Unread):
            return self._reader.ask(_CLAIMS_S, request_claims, facts, head, at_ns)
        return ()

    def warm(self) -> None:
        """Start what is needed for the first answers. Off the event loop."""
        self._reader.warm(_WARM_S)

    def forget(self, connection: Connection) -> None:
        """See Attributor.forget."""
        with self._lock:
            self._seen.pop(connection.id, None)

    def close(self) -> None:
        """See Attributor.close."""
        self._backend.close()
        self._reader.close()

    @property
    def networks(self) -> Networks | None:
        """What is to know of other networks than our own; None where they cannot be asked."""
        found: Networks | None = getattr(self._backend, "networks", None)
        return found

    @property
    def files(self) -> FilesOfSenders:
        """What looks at files near senders."""
        return FilesOfSenders(self.gallery.behind, self._reader, self._people)

    def health(self) -> dict[str, object]:
        """Return counters by certainty, method, speed and line outcome, and what is cached."""
        return self._counters.to_json() | {
            "backend": self._backend.method,
            "command_lines": getattr(self._backend, "command_lines", AS_THEY_STAND),
            "known_processes": len(self.gallery),
            "open_connections": len(self._seen),
        }

    def can_sample_lines(self) -> str | None:
        """Return why lines of code cannot be sampled, in plain words; None when they can."""
        return self._sampler.obstacle()

    def _alive(self, facts: ProcessFacts) -> bool:
        return self._backend.unchanged(facts)

    def _waiting(self, pid: int, socket: int | None) -> frozenset[int] | None:
        return None if socket is None else self._backend.waiting(pid, socket)

    def _still(self, seen: Found, now: float) -> bool:
        return seen.sole is not None and self._takes_none(seen.sole) and self._holds_on(seen, now)

    def _holds_on(self, seen: Found, now: float) -> bool:
        """True when whoever was found alone still uses the socket, alone: no search is needed."""
        socket = seen.attribution.socket
        if seen.sole is None or socket is None:
            return False
        has_run = self._backend.has_run
        if seen.is_due(now, lambda pid, runs: has_run(pid, runs, socket)):
            return False
        return self.gallery.of(seen.sole) is not None and self._backend.still_sole(
            seen.sole, socket, seen.verified_at
        )

    def _keep(self, connection: Connection, seen: Found, speed: str) -> Attribution:
        with self._lock:
            before = self._seen.pop(connection.id, None)
            if before is not None and before.doubt is not None and seen.doubt is None:
                # another look came to it meanwhile
                doubted = in_doubt(seen.attribution, before.doubt)
                doubted = with_candidates(doubted, before.attribution.candidates)
                seen = replace(seen, attribution=doubted, doubt=before.doubt)
            self._seen[connection.id] = seen
            while len(self._seen) > _MOST_CONNECTIONS:
                self._seen.popitem(last=False)
        self._counters.sender(seen.attribution, speed, again=before is not None)
        return seen.attribution

    def _takes_none(self, facts: ProcessFacts) -> bool:
        """True while the process was lately seen to take no connections: then it sends for nobody
        else.
        """
        return self._alone.get((facts.pid, facts.start), 0.0) > time.monotonic()

    def _peers_of(self, facts: ProcessFacts) -> tuple[SenderPeer, ...] | None:
        """Return who is connected to a process that takes connections, and remember for a while
        that one takes none.
        """
        pids = self._backend.peers(facts.pid)
        if pids is None:
            with self._lock:
                while len(self._alone) >= _MOST_CONNECTIONS:
                    self._alone.popitem(last=False)
                self._alone[(facts.pid, facts.start)] = time.monotonic() + _ALONE_S
            return None
        return tuple(
            SenderPeer(
                process=portrait.ref,
                script=portrait.script,
                certainty=portrait.certainty,
                is_python=portrait.is_python,
            )
            for pid in pids
            if pid != facts.pid and (portrait := self.gallery.portrait(pid)) is not None
        )

    def _judge(self, ownership: Ownership) -> tuple[Attribution, ProcessFacts | None]:
        """Return the sender, and its facts when it holds the socket alone."""
        own = self._own_pids()
        pids = [pid for pid in ownership.pids if pid not in own]
        if not pids:
            reason = _OWN if ownership.pids else ownership.reason or _GONE
            return unknown_sender(self._backend.method, reason), None
        portraits = [
            portrait for pid in pids if (portrait := self._holder(pid, ownership)) is not None
        ]
        if not portraits:
            return unknown_sender(self._backend.method, _GONE), None
        if len(ownership.pids) == 1:
            self.gallery.offer(portraits[0])
            return of_one(portraits[0], ownership, self._backend.method), portraits[0].facts
        for portrait in portraits:
            self.gallery.gone(portrait.facts.pid)
        waiting = self._who_waits(portraits, ownership.socket)
        return of_several(portraits, waiting, ownership, self._backend.method), None

    def _holder(self, pid: int, ownership: Ownership) -> Portrait | None:
        """Return the portrait of a holder, unless its pid was given to another process since it was
        found.
        """
        portrait = self.gallery.portrait(pid)
        found = dict(zip(ownership.pids, ownership.starts, strict=False)).get(pid)
        return None if portrait is None or found not in {None, portrait.facts.start} else portrait

    def _who_waits(self, portraits: list[Portrait], socket: int | None) -> list[Portrait]:
        """Return the holders with a thread in a read or write of the socket; the sender gets some
        ms to come to it.
        """
        found: list[Portrait] = []
        for _ in range(_WAIT_TRIES):
            found = [p for p in portraits if self._waiting(p.facts.pid, socket)]
            if found:
                break
            time.sleep(_WAIT_S)
        return found
