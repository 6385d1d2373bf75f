"""Linux: the exact socket by sock_diag, its holders and their facts by /proc."""

import os
import threading
import time
from collections.abc import Callable

from attribution.backends import process_facts, procfs, supervisors, system_calls
from attribution.backends.exec_events import ExecEvents
from attribution.backends.held_programs import HeldPrograms
from attribution.backends.idle_holders import has_run, runs_at_rest
from attribution.backends.looks import Looks
from attribution.backends.memory_reads import ON_THE_LOOP_S
from attribution.backends.networks import Networks
from attribution.backends.program_starts import ProgramStarts
from attribution.backends.recent_pids import Births
from attribution.backends.shared_looks import SharedLooks
from attribution.backends.sock_diag import DiagRefused, NoSuchSocket, SockDiag, SocketEntry
from attribution.facts import KnownOwners, Ownership, Peer, ProcessFacts, Rest
from core.values import changed

_SETTLED_S = 0.5
"""A process older than this when a connection was accepted cannot have inherited it: it would have
stood in the gate's accept queue for that long."""
_FRESH_S = 1.0
"""A connection younger than this can be shared only by the very young and by the ancestors of
those.
"""
_TICK_S = 0.02
"""Start marks are cut to clock ticks of 10 ms."""
_AGAIN_S, _SOON_S, _LATER_S = 0.001, 0.008, 0.2
_SELDOM_S, _SLOWER = 0.01, 1.5
"""A busy process is asked less and less often: each look costs it and us a processor."""
_FIRST_S = 0.05
"""To wait for a sender that wants a processor is cheaper than to look through all processes."""
_GLANCES, _GLANCES_BESIDE = 4, 2
"""Of those that were known last: so many are asked for their last place, and for the next one."""
_QUICK_CANDIDATES = 1
_QUICK_DESCRIPTORS = 128
_QUICK_GUESSES = 12
"""Descriptors that are read of a process which may not be the sender at all."""
_QUICK_THREADS = 16
_QUICK_PARENTS = 4
"""Each thread has its own list of children; a search off the loop is better than many reads on
it.
"""
_MOST_PLACES = 10_000
_STANDARD_LAST = 2
"""Descriptors up to this one are given to a program by what started it."""

_ELSEWHERE = (
    "no socket here has these addresses: another machine, container or network namespace connected"
)
_CLOSED = "the client had already closed its socket"


class LinuxBackend:
    """Answers with every holder of the client's socket, or with the reason why there is none."""

    method = "sock_diag"

    def __init__(self, execs: ExecEvents | None = None) -> None:
        """Raise DiagRefused or OSError when the kernel offers no sock_diag. `execs`: what listens
        already, and is closed by others.
        """
        self.networks = Networks()
        self._lock = threading.Lock()
        self._places: dict[int, int] = {}
        self._last_place: dict[int, int] = {}
        self._attendants: dict[int, int] = {}
        """Socket → the thread that stood in a read of it last time."""
        self._births = Births()
        self._looks = SharedLooks()
        self._hears_itself = execs is None
        self._execs = ExecEvents() if execs is None else execs
        self._held = HeldPrograms()
        self._starts = ProgramStarts(self._execs, self.process)

    def recall(self, peer: Peer, known: KnownOwners, since: float) -> Ownership | None:
        """See Backend.recall: one netlink question, then the descriptors of a few known
        processes.
        """
        latest = procfs.mark_at(since - _SETTLED_S)
        settled = [f for f in known.recent() if f.start <= latest]
        if not settled:
            return None
        try:
            entry = _ask(self.networks.of(peer.network).quick, peer)
        except (NoSuchSocket, DiagRefused, ValueError):
            return None
        if entry.inode == 0:
            return Ownership(reason=_CLOSED, uid=entry.uid)
        facts = self._holder([f for f in settled if f.uid == entry.uid], entry.inode, known)
        if facts is None or not self._alone(facts, entry.inode, since - _SETTLED_S):
            return None
        if self._is_given(facts.pid, entry.inode):
            return None
        return Ownership(pids=(facts.pid,), socket=entry.inode, uid=entry.uid)

    def _alone(self, facts: ProcessFacts, inode: int, oldest: float) -> bool:
        """True when it is unchanged and no child made since `oldest` can share the socket."""
        self._execs.catch_up()
        if self._starts.is_traced_since(facts):
            return False
        heard = self._execs.since() is not None
        if heard and not self._execs.is_same(facts):
            return False  # an exec was told, or something was not: what it shows is no proof
        offspring = self._execs.offspring(facts.pid, oldest)
        if heard and offspring is not None:
            return all(procfs.descriptors(pid, inode) == [] for pid in offspring)
        fields = procfs.stat_fields(facts.pid)
        if not procfs.is_alive(fields):
            return False
        if not heard and not self._held.is_same(fields, facts, ON_THE_LOOP_S):
            return False
        threads = int(fields[17])
        born = self._births.since(oldest)
        if born is None:
            return _no_young_sharer(facts.pid, threads, inode, oldest)
        return all(procfs.descriptors(pid, inode) == [] for pid in born)

    def _holder(
        self, candidates: list[ProcessFacts], inode: int, known: KnownOwners
    ) -> ProcessFacts | None:
        """Ask some where their last socket was and next to it, then the most recent for all its
        descriptors. Most of those that sent before have ended: each is guessed once more at most.
        """
        wanted, living = f"socket:[{inode}]", list[ProcessFacts]()
        for facts in candidates:
            place = self._last_place.get(facts.pid)
            found = None if place is None else procfs.link(f"/proc/{facts.pid}/fd/{place}")
            if place is not None and found == wanted:
                return self._held_at(facts, inode, place)
            if found is None and self._is_gone(facts.pid, known):
                continue
            living.append(facts)
            if len(living) == _GLANCES:
                break
        for facts in living[:_GLANCES_BESIDE]:
            place = self._last_place.get(facts.pid, -1) + 1
            if place and procfs.link(f"/proc/{facts.pid}/fd/{place}") == wanted:
                return self._held_at(facts, inode, place)
        for facts in living[:_QUICK_CANDIDATES]:
            held = procfs.descriptors(facts.pid, inode, _QUICK_GUESSES)
            if held:
                return self._held_at(facts, inode, held[0])
        return None

    def _is_gone(self, pid: int, known: KnownOwners) -> bool:
        if procfs.exists(pid):
            return False
        known.gone(pid)
        self._last_place.pop(pid, None)
        return True

    def _held_at(self, facts: ProcessFacts, inode: int, place: int) -> ProcessFacts:
        self._last_place[facts.pid] = place
        if len(self._places) >= _MOST_PLACES:
            self._places.clear()
        self._places[inode] = place
        return facts

    def still_sole(self, facts: ProcessFacts, socket: int, verified_at: float) -> bool:
        """See Backend.still_sole.

        By fork only a process made since then can have joined. A socket can also be passed to any
        process, so one of the owner's threads must be seen to stand in a read of it, or its event
        loop to watch it.
        """
        place = self._place(facts.pid, socket)
        return (
            place is not None
            and self._attends(facts.pid, place, socket)
            and self._alone(facts, socket, verified_at - _TICK_S)
        )

    def _attends(self, pid: int, place: int, socket: int) -> bool:
        thread = system_calls.attendant(pid, place, _QUICK_THREADS, self._attendants.get(socket))
        if thread is None:
            return False
        if len(self._attendants) >= _MOST_PLACES:
            self._attendants.clear()
        self._attendants[socket] = thread
        return True

    def _place(self, pid: int, socket: int, most: int | None = _QUICK_DESCRIPTORS) -> int | None:
        """Look first where the socket was last time: a process may hold thousands of
        descriptors.
        """
        place = self._places.get(socket)
        if place is not None and procfs.link(f"/proc/{pid}/fd/{place}") == f"socket:[{socket}]":
            return place
        held = procfs.descriptors(pid, socket, most)
        if not held:
            return None
        if len(self._places) >= _MOST_PLACES:
            self._places.clear()
        self._places[socket] = held[0]
        return held[0]

    def search(self, peer: Peer, since: float, *, is_new: bool = False) -> Ownership:
        """See Backend.search: all processes of the socket's user, then everybody's. One look at a
        time: they share one GIL.
        """
        begun = time.time()
        try:
            with self._lock:
                known = None if peer.socket is None else SocketEntry(peer.socket, os.getuid())
                asked = self.networks.of(peer.network).thorough
                entry = known or _ask(asked, peer, traffic=True)
            asked_at = time.time()
        except NoSuchSocket:
            return Ownership(reason=_ELSEWHERE)
        except ValueError as error:
            return Ownership(reason=str(error))
        except DiagRefused as error:
            return Ownership(reason=f"the kernel did not answer ({error})")
        if entry.inode == 0:
            return Ownership(reason=_CLOSED, uid=entry.uid)
        sent_at = None if entry.sent_ago_s is None else asked_at - entry.sent_ago_s
        found = self._held_by(entry, since, is_new=is_new)
        if len(found.pids) != 1:
            return found
        # By the clock of before: whoever is held up between reading both takes it for older.
        opened_at = None if entry.came_ago_s is None else begun - entry.came_ago_s
        inheritable = self._is_inheritable(found, entry)
        rests = self._rest(found, peer) if found.used else None
        given = self._is_given(found.pids[0], entry.inode)
        return changed(
            found,
            sent_at=sent_at,
            opened_at=opened_at,
            given=given,
            inheritable=inheritable,
            rests=rests,
        )

    def _held_by(self, entry: SocketEntry, since: float, *, is_new: bool) -> Ownership:
        """Return who holds the socket, and whether the only holder is seen to use it."""
        fresh = time.time() - since < _FRESH_S
        ownership = self._looked_for(entry, since - _SETTLED_S if fresh and is_new else None)
        if len(ownership.pids) != 1:
            return ownership
        used = self._is_used(ownership, _FIRST_S if fresh else _LATER_S)
        if fresh and used is False:
            # It may have passed the socket on meanwhile.
            ownership = self._looked_for(entry)
            if len(ownership.pids) == 1:
                used = self._is_used(ownership, _LATER_S)
        return changed(ownership, used=used)

    def _rest(self, ownership: Ownership, peer: Peer) -> Rest | None:
        """Return how often the holder had run when all that was written had been taken."""
        runs = runs_at_rest(ownership.pids[0]) if ownership.pids else ()
        at = time.time()
        try:
            with self._lock:
                queued = _ask(self.networks.of(peer.network).thorough, peer).queued
        except (NoSuchSocket, DiagRefused, ValueError):
            return None
        return Rest(at=at, runs=runs) if runs and not queued else None

    def has_run(self, pid: int, runs: tuple[bytes, ...], socket: int) -> bool:
        """See Backend.has_run."""
        return has_run(pid, runs, self._attendants.get(socket, pid))

    def _is_inheritable(self, ownership: Ownership, entry: SocketEntry) -> bool:
        place = self._place(ownership.pids[0], entry.inode, None) if ownership.pids else None
        return place is not None and procfs.is_inheritable(ownership.pids[0], place)

    def _is_given(self, pid: int, inode: int) -> bool:
        """True when the socket was there before the program: what was that process before, or had
        started it, may have sent.
        """
        load = self._execs.load(pid)
        begun = None if load is None else load.begun
        if begun is not None and begun.line is not None:
            return begun.sockets is None or inode in begun.sockets
        place = self._places.get(inode, self._last_place.get(pid))
        return place is not None and place <= _STANDARD_LAST

    def _looked_for(self, entry: SocketEntry, oldest: float | None = None) -> Ownership:
        found, ownership = self._looks.of(entry, oldest)
        if len(self._last_place) >= _MOST_PLACES:
            self._last_place.clear()
        self._last_place |= found
        return ownership

    def _is_used(self, ownership: Ownership, patience_s: float) -> bool | None:
        """True when a thread of the holder waits on the socket. Who has just written gets a moment
        to come to it, and longer while it has work to do and no processor to do it.
        """
        pid, socket = ownership.pids[0], ownership.socket
        place = None if socket is None else self._place(pid, socket, None)
        if place is None or not system_calls.is_told(pid):
            return None
        begun, pause = time.monotonic(), _AGAIN_S
        while system_calls.attendant(pid, place) is None:
            passed = time.monotonic() - begun
            if passed > (patience_s if system_calls.is_running(pid) else min(patience_s, _SOON_S)):
                return False
            time.sleep(pause)
            pause = min(pause * _SLOWER, _SELDOM_S)
        return True

    def start_of(self, pid: int) -> int | None:
        """See Backend.start_of."""
        return procfs.start_of(pid)

    def unchanged(self, facts: ProcessFacts) -> bool:
        """See Backend.unchanged: an exec is told. Where none is, it leaves what is held, as far as
        can be seen.
        """
        fields = procfs.stat_fields(facts.pid)
        if not procfs.is_alive(fields):
            return False
        self._execs.catch_up()
        if self._starts.is_traced_since(facts):
            return False
        if self._execs.since() is not None:
            return self._execs.is_same(facts)
        return self._held.is_same(fields, facts)

    def process(self, pid: int) -> ProcessFacts | None:
        """See Backend.process."""
        self._execs.catch_up()
        heard = self._execs.heard_of(pid)
        facts = process_facts.process(pid)
        if facts is None:
            return None
        self._execs.catch_up()
        if heard is not None and heard == self._execs.heard_of(pid):
            facts = changed(facts, heard=heard)
        seen = self._execs.born(pid)
        if seen is not None and facts.born_at is not None and abs(seen - facts.born_at) < _TICK_S:
            facts = changed(facts, born_at=seen)
        if facts.root and self.networks.is_sealed(facts):
            # It sees our own files, and ours are sure to be read also when it has gone.
            filters = supervisors.filters_but_the_seals(facts)
            facts = changed(facts, root="", sealed=True, filters=filters)
        return self._starts.dated(facts)

    def helped_by(
        self, helpers: Callable[[], frozenset[int]], looks: Callable[[Looks], Looks]
    ) -> None:
        """Say whose children look at programs for us, and what looks at descriptors instead."""
        self._execs.helpers = helpers
        self._looks.looks = looks(self._looks.looks)

    @property
    def command_lines(self) -> str:
        """Of which programs the command line is known to be that of their start."""
        return self._starts.command_lines

    def waiting(self, pid: int, socket: int) -> frozenset[int] | None:
        """See Backend.waiting."""
        return system_calls.waiting_threads(pid, socket)

    def watched(self, pid: int, socket: int) -> bool:
        """See Backend.watched."""
        place = self._place(pid, socket)
        return place is not None and system_calls.watched(pid, place)

    def peers(self, pid: int) -> tuple[int, ...] | None:
        """See Backend.peers."""
        with self._lock:
            far_ends = self.networks.of_process(pid).peers.far_ends(pid)
        return None if far_ends is None else self._looks.newest_holders(far_ends)

    def close(self) -> None:
        """Close the netlink sockets."""
        self.networks.close()
        if self._hears_itself:
            self._execs.close()
        self._held.close()
        self._looks.close()


def _ask(diag: SockDiag, peer: Peer, *, traffic: bool = False) -> SocketEntry:
    own, far = (peer.client_host, peer.client_port), (peer.gate_host, peer.gate_port)
    is_udp = peer.transport == "udp"
    return diag.find(own, far, traffic=traffic and not is_udp, udp=is_udp)


def _no_young_sharer(pid: int, threads: int, inode: int, oldest: float) -> bool:
    """True when no child made since `oldest` shares the socket; older ones cannot have inherited
    it.
    """
    children = procfs.children(pid, threads, _QUICK_PARENTS)
    if children is None:
        return False
    for child in children:
        start = procfs.start_of(child)
        if (
            start is not None
            and procfs.start_seconds(start) > oldest
            and procfs.descriptors(child, inode) != []
        ):
            return False
    return True
