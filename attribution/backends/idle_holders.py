"""What processes hold that have not run since: whoever has not run has opened nothing, and was
handed nothing (Linux).

The kernel counts how often each thread came to a processor. Big, old, unrelated holders of sockets
are read once; from then on one number each tells that they still hold the same.
"""

# paths of /proc as text, and bare calls: for every process of the machine, at every search

import os
import resource
from collections import OrderedDict
from dataclasses import dataclass

from attribution.backends import procfs

_MOST_THREADS = 8
_MOST_HANDLES, _SHARE = 512, 4
"""So many files of the kernel are kept open, and no more than this part of what may be."""
_WORTH, _LONGEST = 8, 64
"""Looks: to be remembered for so many is worth what it takes, and after so many at the latest it is
tried again.
"""
_UNCOUNTED = frozenset({b"", b"0 0 0\n"})
_WAITS = frozenset({b"S", b"I", b"T", b"D"})


@dataclass(slots=True)
class _Idle:
    handles: list[int]
    counts: list[bytes]
    """How often each thread had run; none of a thread of the kernel, which never holds anything."""
    sockets: frozenset[int]
    parent: int
    """The process that it was a child of."""
    since: int
    """The look at which it was remembered."""
    wait: int
    """For how many looks it had not been tried."""


class IdleHolders:
    """Answers as procfs.descriptors does, from what is remembered of processes that did not run.

    Not for use by two threads at once.
    """

    def __init__(self) -> None:
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._most = min(_MOST_HANDLES, most // _SHARE)
        self._held = 0
        self._busy: dict[int, tuple[int, int]] = {}
        """Those that ran between two looks, each time within few: until which look they are not
        tried again, and how many that are.
        """
        self._looks = 0
        self._all: set[int] = set()
        """Those that were there at the last look at all."""
        self._new: set[int] = set()
        """Those that were not at the one before: most of them end soon."""
        self._known: OrderedDict[int, _Idle] = OrderedDict()

    def descriptors(self, pid: int, socket: int) -> list[int] | None:
        """Return the descriptors of `pid` that are this socket; None when they may not be read."""
        if self.is_without(pid, socket):
            return []
        found = procfs.descriptors(pid, socket)
        if found == []:
            self._remember_if_worth(pid)
        return found

    def places(self, pid: int, sockets: frozenset[int]) -> dict[int, int] | None:
        """Return which of these sockets `pid` holds, and the first descriptor of each; None when
        they may not be read.
        """
        if self.is_without(pid, *sockets):
            return {}
        held = self._remember_if_worth(pid)
        held = procfs.sockets(pid) if held is None else held
        if held is None:
            return None
        found = {socket: held[socket] for socket in sockets & held.keys()}
        if found and pid in self._known:
            self._forget(pid)
        return found

    def parent(self, pid: int) -> int:
        """Return the process that started it, or that it was given to since; 0 when it is gone."""
        known = self._known.get(pid)
        if known is not None and _counts(known.handles):
            return known.parent
        fields = procfs.stat_fields(pid)
        return int(fields[1]) if len(fields) > 1 else 0

    def is_without(self, pid: int, *sockets: int) -> bool:
        """Return whether it is remembered to have none of these sockets, and has not run since."""
        known = self._known.get(pid)
        if known is None:
            return False
        if _did_not_run(known):
            return known.sockets.isdisjoint(sockets)
        self._forget(pid)
        self._note_busy(pid, 0 if self._looks - known.since >= _WORTH else known.wait)
        return False

    def _note_busy(self, pid: int, wait: int) -> None:
        wait = min(wait * 2 + 1, _LONGEST)
        self._busy[pid] = self._looks + wait, wait

    def keep_only(self, pids: set[int]) -> None:
        """Forget those that have gone: one look at all begins."""
        self._looks += 1
        self._new = pids - self._all if self._all else set()
        self._all = pids
        for pid in self._busy.keys() - pids:
            del self._busy[pid]
        for pid in self._known.keys() - pids:
            self._forget(pid)

    def close(self) -> None:
        """Close what is kept open."""
        for pid in tuple(self._known):
            self._forget(pid)

    def _remember_if_worth(self, pid: int) -> dict[int, int] | None:
        """Return what it holds, where that was read to be remembered: once for both. Not of one
        that is new, unless to read it twice would take long.
        """
        if pid not in self._known and (pid not in self._new or procfs.holds_much(pid)):
            until, wait = self._busy.get(pid, (0, 0))
            if self._looks >= until:
                return self._remember(pid, wait)
        return None

    def _remember(self, pid: int, wait: int) -> dict[int, int] | None:
        """Read what a process holds, if it waits meanwhile. Returns what was read."""
        threads = procfs.thread_ids(pid, _MOST_THREADS)
        if not threads or self._held + len(threads) > self._most:
            return None
        handles, parent = _opened(pid, threads), self.parent(pid)
        if procfs.is_of_the_kernel(pid) and _counts(handles):
            self._known[pid] = _Idle(handles, [], frozenset(), parent, self._looks, wait)
            self._held += len(handles)
            return None
        counts = _counts(handles)
        held = procfs.sockets(pid) if counts else None
        sockets = frozenset(held or ())
        # A thread that is seen to wait, and was not counted again, did not run in between.
        waits = held is not None and all(_waits(pid, thread) for thread in threads)
        if waits and procfs.thread_ids(pid) == threads and _counts(handles) == counts:
            self._known[pid] = _Idle(handles, counts, sockets, parent, self._looks, wait)
            self._held += len(handles)
            return held
        self._note_busy(pid, wait)
        for handle in handles:
            os.close(handle)
        return held

    def _forget(self, pid: int) -> None:
        gone = self._known.pop(pid)
        self._held -= len(gone.handles)
        for handle in gone.handles:
            os.close(handle)


def runs_of(pid: int) -> tuple[bytes, ...]:
    """Return how long and how often each thread of a process has run; none when it has many, or the
    kernel does not count.
    """
    found = [
        procfs.read(f"/proc/{pid}/task/{thread}/schedstat", 100)
        for thread in procfs.thread_ids(pid, _MOST_THREADS)
    ]
    return () if _UNCOUNTED & set(found) else tuple(found)


def has_run(pid: int, runs: tuple[bytes, ...], thread: int) -> bool:
    """Return whether a process is not what `runs_of` told of it before. `thread`: the one of it
    that is likely to have run, asked first: where it is not counted as any was, nothing else need
    be read.
    """
    told = procfs.read(f"/proc/{pid}/task/{thread}/schedstat", 100)
    return (bool(told) and told not in runs) or runs_of(pid) != runs


def runs_at_rest(pid: int) -> tuple[bytes, ...]:
    """Return the same where none of the threads is on a processor, or waits for one; none
    otherwise. The kernel counts what one runs when that ends, or at a tick: one that runs now may
    send, and be counted as before.
    """
    runs = runs_of(pid)
    # Asked afterwards: whoever waits by then cannot run again and be counted the same.
    return runs if all(_waits(pid, one) for one in procfs.thread_ids(pid, _MOST_THREADS)) else ()


def _opened(pid: int, threads: list[int]) -> list[int]:
    handles: list[int] = []
    for thread in threads:
        try:
            path = f"/proc/{pid}/task/{thread}/schedstat"
            handles.append(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
        except OSError:
            break
    return handles


def _did_not_run(known: _Idle) -> bool:
    """Of a thread of the kernel: that it is there."""
    try:
        if not known.counts:
            return all(os.pread(handle, 100, 0) for handle in known.handles)
        for handle, count in zip(known.handles, known.counts, strict=True):
            if os.pread(handle, 100, 0) != count:
                return False
    except OSError:
        return False
    return True


def _counts(handles: list[int]) -> list[bytes]:
    """Return how long and how often each thread has run; none where one has ended, or the kernel
    does not count.
    """
    try:
        found = [os.pread(handle, 100, 0) for handle in handles]
    except OSError:
        return []
    return [] if _UNCOUNTED & set(found) else found


def _waits(pid: int, thread: int) -> bool:
    data = procfs.read(f"/proc/{pid}/task/{thread}/stat", 4096)
    return data[data.rfind(b")") + 2 :][:1] in _WAITS
