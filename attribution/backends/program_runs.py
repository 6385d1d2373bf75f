"""The runs of Python scripts on this machine, whoever started them: from their beginning to their
end, with what they used.

A run is one process that a script was given to, and what it started itself is part of it. Memory is
that of the last look, seldom enough to cost nothing; CPU time is read when the end is heard, before
the process is taken away by its parent.
"""

import contextlib
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from attribution.backends import procfs
from attribution.backends.process_ends import (
    Event,
    KernelEvents,
    Listing,
    can_follow,
    is_python,
    pids,
)
from attribution.reader_helpers import Unread
from core.activity import EndedRun
from core.attribution import Attribution, unknown_sender
from core.beats import until_beat
from core.duties import OWNER, Duty

_NAMED_AFTER_S = 0.1
"""An interpreter has read its script by then; asked earlier, nobody can tell which."""
_NAMED_APART_S = 0.01
_AGAIN_S = (1.0, 5.0, 0.0)
"""So long until it is asked for once more; what is not named by then is no script."""
_UNREAD_S = 0.1
"""So long until it is asked again where nobody could tell in time."""
_IDLE_S = 5.0
_LISTED_S = 1.0
"""The list of processes is looked at so often, whoever asks and however late."""
_FIRST_LOOK_S, _LONGEST_S = 0.5, 20.0
_MOST_RUNS, _MOST_CHILDREN, _MOST_ANCESTORS = 2048, 50, 2
_START, _PARENT = 19, 1
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_NO_SCRIPT = "python"
_TOO_SHORT = "it had ended before anybody could look at it"
_PEAK = b"\nVmHWM:"
_LEAST_MEMORY = 1 << 20
"""Bytes that every interpreter takes: what has less is still being loaded."""

_UNNAMED = replace(unknown_sender("process", _TOO_SHORT), is_python=True)

type Names = Callable[[int], Attribution | None]
"""Pid of a living process → who it is. Raises Unread where nobody could tell in time."""


@dataclass(slots=True)
class _Run:
    pid: int
    start: int
    word: str
    """What ran, by its command line."""
    began: datetime
    ours: bool
    """Outgate's own, or started by `outgate run` of this user, which tells of it itself."""
    sender: Attribution | None = None
    name_at: float = 0.0
    """When it is asked which script it is; 0: no more."""
    asked: int = 0
    look_at: float = 0.0
    wait_s: float = 0.0
    """Until the next look; at once while it is still being loaded."""
    cpu_s: float | None = None
    peak: int | None = None
    children: dict[str, None] = field(default_factory=dict)


class Runs:
    """Implements core.activity.ProgramRuns. Safe for several threads."""

    def __init__(
        self,
        names: Names,
        own: Callable[[], frozenset[int]],
        own_scripts: frozenset[str],
        *,
        everybody: bool = False,
    ) -> None:
        """`own`: processes of Outgate's that are no runs; `own_scripts`: places of `outgate`."""
        self._everybody = everybody
        self._names, self._own, self._own_scripts = names, own, own_scripts
        self._runs: dict[int, _Run] = {}
        self._part_of: dict[int, int] = {}
        """Programs that a run started → that run."""
        self._ended: deque[tuple[_Run, EndedRun]] = deque(maxlen=_MOST_RUNS)
        """Without who it was: that may come a little later."""
        self.missed = 0
        """See ProgramRuns.missed."""
        self._lock = threading.Lock()
        self._naming = threading.Lock()
        """Held while one is named: that may take long, and who comes and goes is seen meanwhile."""
        self._to_name = threading.Event()
        self._kernel: KernelEvents | None = None
        self._listing = Listing()
        self._listed = 0.0
        self._due = 0.0
        """When a run is to be looked at next."""
        self._closed = threading.Event()
        if not can_follow():
            return
        with contextlib.suppress(OSError):
            self._kernel = KernelEvents()
        self._take_list()
        for name, body in (("runs", self._follow), ("run-names", self._keep_naming)):
            guarded = OWNER.guarded(Duty.PROCESSES, body, self._closed.is_set)
            threading.Thread(target=guarded, daemon=True, name=f"outgate-{name}").start()

    def ended(self) -> Sequence[EndedRun]:
        """See ProgramRuns.ended."""
        with self._lock:
            if self._kernel is None and can_follow():
                self._take_list()
            self._look()
        self._name_due()
        with self._lock:
            told = tuple(self._ended)
            self._ended.clear()
        return [
            replace(ended, sender=run.sender or _UNNAMED, about=_called(run))
            for run, ended in told
            if self._is_told(run)
        ]

    def still(self) -> bool:
        """See ProgramRuns.still: a thread follows them."""
        return not self._ended

    def close(self) -> None:
        """See ProgramRuns.close."""
        self._closed.set()
        self._to_name.set()

    def _follow(self) -> None:
        """See who comes and goes, whatever else takes long."""
        while not self._closed.is_set():
            if self._kernel is None:
                self._closed.wait(until_beat(time.monotonic(), _LISTED_S, _LISTED_S / 2))
            else:
                select.select([self._kernel], [], [], self._patience())
            with self._lock:
                if self._kernel is not None:
                    self._take_all(self._kernel.take())
                elif time.monotonic() - self._listed >= _LISTED_S / 2:
                    self._take_list()
                self._look()
        if self._kernel is not None:
            self._kernel.close()

    def _patience(self) -> float:
        """Return how long nothing is due but what the kernel tells."""
        return min(_IDLE_S, max(0.0, self._due - time.monotonic()))

    def _take_list(self) -> None:
        self._listed = time.monotonic()
        self._take_all(self._listing.take())

    def _take_all(self, events: Iterable[Event | None]) -> None:
        for event in events:
            if event is None:
                self._start_anew()
            elif event.began:
                self._began(event.pid)
            else:
                self._over(event)

    def _start_anew(self) -> None:
        """Events were lost: who is there is asked; of who has gone meanwhile nobody knows how."""
        for run in list(self._runs.values()):
            if procfs.start_of(run.pid) != run.start:
                self._over(Event(pid=run.pid, began=False))
        there = sorted(pids())
        self._part_of = {pid: self._part_of[pid] for pid in there if pid in self._part_of}
        for pid in there:
            self._began(pid)

    def _began(self, pid: int) -> None:
        fields = procfs.stat_fields(pid)
        if len(fields) <= _START or pid in self._own():
            return
        parent = self._run_above(int(fields[_PARENT]))
        known = self._runs.get(pid)
        if known is not None and known.start == int(fields[_START]):
            return  # it became another program: the same run goes on
        if known is not None:  # its number is another's: nobody told of its end
            self._over(Event(pid=pid, began=False))
        if not self._is_of_ours(pid):
            return
        if not is_python(pid):
            self._note_child(parent, pid)
            return
        if parent is not None and not parent.ours:
            self._note_child(parent, pid)
            return
        if len(self._runs) < _MOST_RUNS:
            # The runs of other users stand in their own evidence, if anywhere: not in everybody's.
            ours = parent is not None and not self._everybody
            run = _run(pid, int(fields[_START]), ours=ours)
            self._runs[pid], self._due = run, min(self._due, run.look_at)
            self._part_of.pop(pid, None)  # it was another's while that had not left it alone
            self._to_name.set()
        else:
            self.missed += 1

    def _is_of_ours(self, pid: int) -> bool:
        """Return whether it is this user's, where only these are followed; root follows all."""
        try:
            owner = os.stat(f"/proc/{pid}").st_uid  # noqa: PTH116
            return self._everybody or os.geteuid() in {0, owner}
        except OSError:
            return False

    def _note_child(self, parent: _Run | None, pid: int) -> None:
        if parent is None:
            return
        # What it starts in turn is found by it: no long walk for each program of a machine.
        self._part_of[pid] = parent.pid
        if len(parent.children) < _MOST_CHILDREN:
            parent.children[_program(pid)] = None

    def _run_above(self, pid: int) -> _Run | None:
        for _ in range(_MOST_ANCESTORS):
            if pid <= 1:
                return None
            found = self._runs.get(self._part_of.get(pid, pid))
            if found is not None:
                return found
            fields = procfs.stat_fields(pid)
            if len(fields) <= _START:
                return None
            pid = int(fields[_PARENT])
        return None

    def _over(self, event: Event) -> None:
        self._part_of.pop(event.pid, None)
        run = self._runs.pop(event.pid, None)
        if run is None:
            return
        fields = procfs.stat_fields(event.pid)
        same = len(fields) > _START and int(fields[_START]) == run.start
        cpu = _cpu(fields) if same else run.cpu_s
        self.missed += len(self._ended) == _MOST_RUNS  # the first of them makes room
        ended = EndedRun(
            sender=_UNNAMED,
            about=_NO_SCRIPT,
            began=run.began,
            ended=datetime.now(UTC),
            exit_code=None if event.status is None else _code(event.status),
            cpu_s=cpu,
            cpu_is_final=same,
            peak_memory=run.peak,
            children=tuple(run.children),
        )
        self._ended.append((run, ended))

    def _is_told(self, run: _Run) -> bool:
        """Return False for Outgate's own, and for what was given no script."""
        return not self._is_ours(run) and not (run.sender is None and run.word == _NO_SCRIPT)

    def _is_ours(self, run: _Run) -> bool:
        script = None if run.sender is None else run.sender.script
        return run.ours or (script is not None and script.path in self._own_scripts)

    def _look(self) -> None:
        now = time.monotonic()
        if now < self._due:
            return  # events come by the hundred: each costs no round of all runs
        due = now + _IDLE_S
        for run in list(self._runs.values()):
            if run.ours:
                continue
            if now >= run.look_at:
                run.cpu_s, run.peak = _used(run) or (run.cpu_s, run.peak)
                if run.peak is not None:
                    run.wait_s = min(max(run.wait_s * 2, _FIRST_LOOK_S), _LONGEST_S)
                run.look_at = now + run.wait_s
            due = min(due, max(run.look_at, now + _FIRST_LOOK_S))
        self._due = due

    def _keep_naming(self) -> None:
        """Name each when it is time to, and sleep while there is none to be named."""
        while not self._closed.is_set():
            next_at = self._name_due()
            if next_at is None:
                self._to_name.wait()
            else:
                self._closed.wait(max(_NAMED_APART_S, next_at - time.monotonic()))

    def _name_due(self) -> float | None:
        """Name those whose time has come. Returns when that of the next one comes."""
        with self._naming:
            while True:
                self._to_name.clear()
                with self._lock:
                    waiting = [run for run in self._runs.values() if run.name_at and not run.ours]
                now = time.monotonic()
                due = [run for run in waiting if run.name_at <= now]
                if not due:
                    return min((run.name_at for run in waiting), default=None)
                # What began last may end first: what has lasted can wait.
                self._name(max(due, key=lambda run: run.start), now)

    def _name(self, run: _Run, now: float) -> None:
        try:
            found = self._names(run.pid) if procfs.start_of(run.pid) == run.start else None
        except Unread:  # a busy machine: that was no answer, and is none of the few looks
            with self._lock:
                run.name_at = time.monotonic() + _UNREAD_S
            return
        named = found is not None and found.script is not None
        with self._lock:
            run.sender = found or run.sender
            wait, run.asked = _AGAIN_S[run.asked], run.asked + 1
            run.name_at = 0.0 if named or not wait else now + wait
            if not run.ours and self._is_ours(run):
                run.ours = True
                self._let_go(run)

    def _let_go(self, ours: _Run) -> None:
        """What it started meanwhile was taken for a part of it."""
        for pid in [pid for pid, above in self._part_of.items() if above == ours.pid]:
            del self._part_of[pid]
            self._began(pid)


def _run(pid: int, start: int, *, ours: bool) -> _Run:
    now = time.monotonic()
    line = procfs.command_line(pid)[:4096].split(b"\0")
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - start / _TICKS
    return _Run(
        pid=pid,
        start=start,
        word=_word(line),
        began=datetime.fromtimestamp(time.time() - max(0.0, age), UTC),
        ours=ours,
        name_at=now + max(0.0, _NAMED_AFTER_S - age),
    )


def _word(line: Sequence[bytes]) -> str:
    """Return what an interpreter was told to run: its first argument that is no option, but for
    `-m`; code on the command line is not told.
    """
    words = iter(line[1:])
    for word in words:
        if word == b"-m":
            return next(words, b"").decode("utf-8", "replace") or _NO_SCRIPT
        if word in {b"-c", b"-"} or not word:
            break
        if word in {b"-W", b"-X"}:
            next(words, None)
        elif not word.startswith(b"-"):
            return word.rpartition(b"/")[2].decode("utf-8", "replace")
    return _NO_SCRIPT


def _called(run: _Run) -> str:
    script = None if run.sender is None else run.sender.script
    return run.word if script is None else script.name


def _program(pid: int) -> str:
    try:
        exe = os.readlink(f"/proc/{pid}/exe")  # noqa: PTH115 - bare calls: often
    except OSError:
        return procfs.read(f"/proc/{pid}/comm", 64).decode("utf-8", "replace").strip()
    return exe.removesuffix(" (deleted)").rsplit("/", 1)[-1]


def _used(run: _Run) -> tuple[float, int | None] | None:
    fields = procfs.stat_fields(run.pid)
    if len(fields) <= _START or int(fields[_START]) != run.start:
        return None
    _, mark, rest = procfs.read(f"/proc/{run.pid}/status", 8192).partition(_PEAK)
    words = rest.split(b"\n", 1)[0].split()
    peak = int(words[0]) * 1024 if mark and words and words[0].isdigit() else 0
    return _cpu(fields), peak if peak > _LEAST_MEMORY else run.peak


def _cpu(fields: Sequence[bytes]) -> float:
    """User and system time, of it and of those that it waited for."""
    return sum(int(value) for value in fields[11:15]) / _TICKS


def _code(status: int) -> int:
    """Return what a shell tells of the status that `wait` gives."""
    number = status & 0x7F
    return 128 + number if number else (status >> 8) & 0xFF
