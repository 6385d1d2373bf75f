"""When processes were forked and became the programs that they are: the kernel's events, for what
/proc does not tell.

/proc/PID/stat knows to 10 ms when a process was forked, and not at all when it became another
program. The kernel's connector tells each fork and exec with its time. Where it may not be heard,
nothing is known, and nothing is assumed.
"""

import contextlib
import os
import select
import socket
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from attribution.backends import procfs
from attribution.backends.beginnings import Beginning, Beginnings, BeginningsProcess, Program
from attribution.backends.beginnings_process import EVENT, EVENT_AT, EXEC
from attribution.backends.clock_steps import ClockSteps
from attribution.backends.loads import Load
from attribution.backends.process_connector import FORK, TRACED, Wish, subscribed
from attribution.facts import Heard, ProcessFacts
from core.duties import OWNER, Duty

_WISH = Wish(other=FORK, thread_at=60, process_at=64, buffer=1 << 25, also=TRACED)
_MOST, _MOST_APART = 1 << 15, 1 << 12
_PAUSE_S = 0.02
"""Events are taken many at a time: whoever asks catches up first."""
_TRIES, _GENERATIONS = 64, 8
_PATIENCE_S, _MOMENT_S = 0.05, 0.002
"""What a program began with is read within a fraction of a millisecond, or too late."""
_SILENT_S = 1.0
"""Whoever reads that, and has told of no program for so long while one began, is held up by it."""


type _Times[T] = OrderedDict[int, tuple[T, float]]
"""By pid; with the time of the event that told it."""


class ExecEvents:
    """Remembers when the program of each process was loaded, from the first event that was heard.

    The kernel queues an event before the program runs its first instruction. So whoever catches up
    first knows every exec of a process that could already be seen to do something.
    """

    def __init__(
        self,
        hear: Callable[[], socket.socket] = lambda: subscribed(_WISH),
        beginnings: Callable[[], Beginnings] = BeginningsProcess,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`hear`: what the kernel tells its events to. `beginnings`: who reads what programs begin
        with. Each may raise OSError.
        """
        self._clock = clock
        self.steps = ClockSteps()
        """Of the wall clock, by which events are dated, for as long as they are heard."""
        self._loaded: _Times[Load] = OrderedDict()
        self._born: _Times[float] = OrderedDict()
        self._parents: _Times[int] = OrderedDict()
        self._traced: _Times[bool] = OrderedDict()
        """What another program traced, True, and what was forked from that, False until it is
        loaded anew."""
        self._taken: OrderedDict[int, tuple[int, int]] = OrderedDict()
        """Which helper of ours looks at a process, and how many threads of it that holds."""
        self.helpers: Callable[[], frozenset[int]] = frozenset
        """Processes whose children look at programs for us."""
        self._own_tracer = 0
        """That of them which traced last."""
        self._forks: deque[tuple[float, int, int]] = deque(maxlen=_MOST)
        """When, whose and which, in the order in which they were told."""
        self._forks_from = 0.0
        """The last one that is not among them any more."""
        self._awaited: OrderedDict[Program, Load] = OrderedDict()
        """Programs of whose beginning nothing was told yet."""
        self._ahead: OrderedDict[Program, Beginning] = OrderedDict()
        """What was told of programs whose own event was not taken in yet."""
        self._silent_from: float | None = None
        """When the first program began of which, or of a later one, nothing was told since."""
        self._heard = False
        self._reading = threading.Lock()
        self._closed = threading.Event()
        self._socket: socket.socket | None = None
        self._beginnings: Beginnings | None = None
        with contextlib.suppress(OSError, AttributeError):
            self._socket = hear()
            self._beginnings = beginnings()
        self._since = self._first = time.time()
        if self._socket is not None:
            body = OWNER.guarded(Duty.PROCESSES, self._heard_of_all, lambda: self._socket is None)
            threading.Thread(target=body, daemon=True, name="outgate-exec-events").start()

    def since(self) -> float | None:
        """Return from when on every exec was heard (Unix time); None where none is."""
        return self._since if self._heard and self._socket is not None else None

    def load(self, pid: int) -> Load | None:
        """Return how the program of this process was loaded: by its last exec, or by that of what
        it was forked from. None when no event of it was heard.
        """
        found = self._loaded.get(pid)
        return None if found is None else found[0]

    def was_traced(self, pid: int) -> bool:
        """True where another program, which is none of ours, could have made this one do anything
        (ptrace), as far as that was heard.
        """
        load = self.load(pid)
        begun = None if load is None else load.begun
        return pid in self._traced or (begun is not None and begun.traced)

    def is_ours(self, pid: int) -> bool:
        """True for what a helper of ours has started."""
        helpers = self.helpers()
        for _ in range(_GENERATIONS):
            if pid <= 1 or pid in helpers:
                return pid in helpers
            pid = self._parent_of(pid)
        return False

    def _parent_of(self, pid: int) -> int:
        known = self._parents.get(pid)
        if known is not None:
            return known[0]
        fields = procfs.stat_fields(pid)
        return int(fields[1]) if len(fields) > 1 else 0

    def begun(self, load: Load) -> Beginning | None:
        """Return what a program began with, as soon as that is told; None where it is not."""
        until = time.monotonic() + _PATIENCE_S
        while load.begun is None:
            self._join()
            number = None if self._beginnings is None else self._beginnings.fileno()
            if number is None or time.monotonic() >= until:
                break
            with contextlib.suppress(OSError, ValueError):  # closed meanwhile
                select.select([number], [], [], _MOMENT_S)
        return load.begun

    def was_missed(self) -> bool:
        """True where events that were heard are not known any more: a program of which none is
        known may have had one.
        """
        return self.since() is not None and self._since > self._first

    def born(self, pid: int) -> float | None:
        """Return when the process with this pid was last seen to be forked (Unix time)."""
        found = self._born.get(pid)
        return None if found is None else found[0]

    def offspring(self, pid: int, since: float) -> list[int] | None:
        """Return what was forked from this process, and from that, since a moment (Unix time). None
        where not all forks since then were heard.
        """
        heard = self.since()
        if heard is None or max(heard, self._forks_from) > since:
            return None
        recent = []
        with self._reading:  # the listener adds to them meanwhile
            for fork in reversed(self._forks):
                if fork[0] < since:
                    break
                recent.append(fork)
        found: list[int] = []
        for _, parent, child in reversed(recent):
            if parent == pid or parent in found:
                found.append(child)
        return found

    def heard_of(self, pid: int) -> Heard | None:
        """Return what tells one program of a process from any other that it may become; None where
        not all events are heard. Two that are the same: it was loaded, and born, only once.
        """
        since, load, born = self.since(), self._loaded.get(pid), self._born.get(pid)
        if since is None:
            return None
        return since, None if load is None else load[1], None if born is None else born[1]

    def is_same(self, facts: ProcessFacts) -> bool:
        """True when it is known without a look that a process is still the program that it was."""
        return facts.heard is not None and facts.heard == self.heard_of(facts.pid)

    def close(self) -> None:
        """Stop listening."""
        held, self._socket = self._socket, None
        self._closed.set()
        with self._reading:
            beginnings, self._beginnings = self._beginnings, None
            if beginnings is not None:
                beginnings.close()
        if held is not None:
            with contextlib.suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
            held.close()

    def _heard_of_all(self) -> None:
        """Listen; whatever ends it, nothing is said to be heard any more."""
        try:
            self._listen()
        finally:
            self._heard = False

    def catch_up(self) -> None:
        """Take in all events that the kernel has told until now."""
        held = self._socket
        if held is None:
            return
        with self._reading:
            try:
                while True:
                    data, (sender, _) = held.recvfrom(4096)
                    if sender == 0:
                        self._note(data)
            except BlockingIOError:
                return
            except OSError:
                self._begin_anew(held)

    def _begin_anew(self, held: socket.socket) -> None:
        """Events were lost: what is remembered, or still queued, may be of an earlier program of
        the same process.
        """
        with contextlib.suppress(OSError):
            while held.recv(4096):
                continue
        self._loaded.clear()
        self._born.clear()
        self._parents.clear()
        self._traced.clear()
        self._taken.clear()
        self._forks.clear()
        self._own_tracer = 0
        self._since, self._heard = time.time(), True

    def _listen(self) -> None:
        """Take in what nobody asks for, before the kernel has no more room for it."""
        while (held := self._socket) is not None:
            with contextlib.suppress(OSError, ValueError):
                told = None if self._beginnings is None else self._beginnings.fileno()
                both: list[socket.socket | int] = [held] if told is None else [held, told]
                select.select(both, [], [], 1.0)
            self._closed.wait(_PAUSE_S)
            self.catch_up()
            self._join()
            self._mend()

    def _mend(self) -> None:
        """Have beginnings told again where nobody tells of them, or only seems to."""
        beginnings, silent_from = self._beginnings, self._silent_from
        if beginnings is None:
            return
        if silent_from is not None and self._clock() - silent_from > _SILENT_S:
            with self._reading:
                beginnings.give_up()
        nobody_told = beginnings.fileno() is None
        beginnings.mend()
        if nobody_told:  # what began meanwhile is told by nobody, and is no sign
            self._silent_from = None

    def _note(self, data: bytes) -> None:
        if len(data) < EVENT_AT + EVENT.size:
            return
        what, _, monotonic, _, pid, _, child = EVENT.unpack_from(data, EVENT_AT)
        self._heard = True
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        happened = time.time() - (now - monotonic) / 1e9
        if what == EXEC:
            load = self._loaded_anew(pid, happened)
            load.begun = self._ahead.pop((pid, monotonic), None)
            if load.begun is None:
                _put(self._awaited, (pid, monotonic), load)
                self._silent_from = self._silent_from or self._clock()
            self._keep(self._loaded, pid, load, happened)
            self._note_anew(pid)
        elif what == TRACED:
            self._note_tracer(pid, child, happened)
        elif what == FORK:
            self._keep(self._born, child, happened, happened)
            self._keep(self._parents, child, pid, happened)
            self._note_heir(pid, child, happened)
            self._own_tracer = 0 if child == self._own_tracer else self._own_tracer
            if len(self._forks) == _MOST:
                self._forks_from = self._forks[0][0]
            self._forks.append((happened, pid, child))
            # Nothing that an earlier process with this number did counts any more.
            self._keep(self._loaded, child, self.load(pid) or Load(at=None), happened)

    def _loaded_anew(self, pid: int, happened: float) -> Load:
        before, parent = self.load(pid), self._parents.get(pid)
        above = None if parent is None else parent[0]
        inherited = None if above is None else self.load(above)
        # The first one of those that are older than the events is not known to be a fork's.
        chained = before is not None and before.at is not None and before is not inherited
        bereft = self._is_bereft(above, before)
        return Load(at=happened, chained=chained, parent=above, bereft=bereft)

    def _is_bereft(self, above: int | None, before: Load | None) -> bool:
        """True where what forked the parent, or one above it, has ended, and all were one program
        since: whom that one traced, it traced the forks of.
        """
        while above is not None and before is not None and self.load(above) is before:
            told, born = self._parents.get(above), self.born(above)
            if told is None or born is None or (before.at is not None and born <= before.at):
                return False
            above = told[0]
            if procfs.start_of(above) is None:
                return True
        return False

    def is_adopted(self, pid: int, parent: int) -> bool:
        """True where the parent is known to be another one than that which the process was forked
        from: that one has ended.
        """
        told = self._parents.get(pid)
        return told is not None and told[0] != parent

    def _note_anew(self, pid: int) -> None:
        """What is traced stops before its exec is told: whoever let go there held the new program,
        and whoever took it before may still hold it. Of its threads one is left.
        """
        if not self._is_held(pid):
            self._traced.pop(pid, None)
        if pid in self._taken:
            self._taken[pid] = (self._taken[pid][0], 1)

    def _is_held(self, pid: int) -> bool:
        return pid in self._traced and self._traced[pid][0]

    def _note_tracer(self, pid: int, tracer: int, happened: float) -> None:
        """`tracer`: 0 where it lets go, all that is told of one that a program asked to trace it. A
        sampler takes each thread of a program in its hands, a hundred times a second: who that is
        is asked once.
        """
        if self._is_held(pid):
            return
        if tracer and (tracer == self._own_tracer or self.is_ours(tracer)):
            self._own_tracer = tracer
            who, threads = self._taken.get(pid, (tracer, 0))
            # One that was ended let go of all without a word.
            _put(self._taken, pid, (tracer, threads + 1 if who == tracer else 1))
        elif tracer or not self._lets_go(pid):
            self._keep(self._traced, pid, True, happened)

    def _lets_go(self, pid: int) -> bool:
        """True where a helper of ours held a thread of this process."""
        who, threads = self._taken.get(pid, (0, 0))
        if threads > 1:
            self._taken[pid] = (who, threads - 1)
        else:
            self._taken.pop(pid, None)
        return threads > 0

    def _note_heir(self, parent: int, child: int, happened: float) -> None:
        self._traced.pop(child, None)
        self._taken.pop(child, None)
        if parent in self._traced:
            self._keep(self._traced, child, False, happened)

    def _join(self) -> None:
        """Take in what was told of beginnings."""
        with self._reading:
            for program, begun in () if self._beginnings is None else self._beginnings.take():
                self._silent_from = None
                load = self._awaited.pop(program, None)
                if load is None:
                    _put(self._ahead, program, begun)
                else:
                    load.begun = begun

    def _keep[T](self, events: "_Times[T]", pid: int, value: T, happened: float) -> None:
        events.pop(pid, None)
        events[pid] = (value, happened)
        if len(events) > _MOST:
            self._forget_one(events)

    def _forget_one[T](self, events: "_Times[T]") -> None:
        """Forget the oldest that has ended: whoever gets its number is told of by a fork. Where all
        live, others may have had events that are not known any more.
        """
        for _ in range(_TRIES):
            pid, told = events.popitem(last=False)
            if not os.path.exists(f"/proc/{pid}"):  # noqa: PTH110 - of /proc
                return
            events[pid] = told
        _, (_, forgotten) = events.popitem(last=False)
        self._since = max(self._since, forgotten)


def _put[K, V](held: OrderedDict[K, V], key: K, value: V) -> None:
    held[key] = value
    while len(held) > _MOST_APART:
        held.popitem(last=False)
