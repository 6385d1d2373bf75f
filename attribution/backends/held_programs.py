"""Programs that were looked at, each held by a descriptor that tells when it is left: then no look
at the memory of the process is needed to know that it is still the same one (Linux).

`/proc/PID/pagemap` belongs to the memory of the program that ran when it was opened. While that
memory is in use, a read from an odd place is refused (EINVAL); once it is left, by an exec or the
end, there is nothing to read. The kernel answers before it takes the lock of that memory, so the
process cannot hold up whoever asks (linux/fs/proc/task_mmu.c, pagemap_read).

Another process may be made to share the memory, and so keep it in use. So start and image mark are
compared besides, and count only where the kernel drew the image's places at random and the process
has too many of them to meet the same ones again. One that lays its marks there itself (`prctl`)
still passes: this is asked only where the kernel tells of no exec, and there nothing is EXACT.
"""

import errno
import os
import threading
from collections import OrderedDict
from collections.abc import Callable

from attribution.backends import procfs
from attribution.backends.memory_reads import PATIENCE_S
from attribution.backends.procfs import START
from attribution.facts import ProcessFacts

_MOST = 128
_ODD = 1
"""A place, and a length, that is no multiple of an entry's eight bytes."""

type Look = Callable[[list[bytes], ProcessFacts, float], bool]


class HeldPrograms:
    """Tells whether a process is still the program that it was. Safe for several threads."""

    def __init__(self, most: int = _MOST) -> None:
        """`most`: programs that are held at a time."""
        self._most = most
        self._lock = threading.Lock()
        self._held: OrderedDict[int, tuple[ProcessFacts, int]] = OrderedDict()
        """By the identity of the facts, which are kept with it."""

    def is_same(
        self, fields: list[bytes], facts: ProcessFacts, seconds: float = PATIENCE_S
    ) -> bool:
        """Return whether a process with these fields of its `stat` is the program of `facts`. Waits
        so many seconds for its command line at most, where that has to be read.
        """
        if not _has_marks(fields, facts):
            return False
        in_use = self._in_use(facts)
        if in_use is False:
            return False  # it was left, whatever the process shows of itself by now
        if in_use and procfs.is_placed_at_random(fields):
            return True
        return looks_same(fields, facts, seconds) if in_use else self._looked(facts, seconds)

    def close(self) -> None:
        """Let go of all."""
        with self._lock:
            while self._held:
                self._drop()

    def _in_use(self, facts: ProcessFacts) -> bool | None:
        """Return whether the memory of the program is still in use; None where it is not held."""
        with self._lock:
            held = self._held.get(id(facts))
            if held is None:
                return None
            self._held.move_to_end(id(facts))
            return _is_in_use(held[1])

    def _looked(self, facts: ProcessFacts, seconds: float) -> bool:
        """Look at the process, and hold what was looked at where it is the same throughout."""
        descriptor = _opened(facts.pid)
        fields = procfs.stat_fields(facts.pid)
        same = procfs.is_alive(fields) and looks_same(fields, facts, seconds)
        if descriptor is None:
            return same
        if not same or not _is_in_use(descriptor):
            os.close(descriptor)
            return same
        with self._lock:
            if id(facts) in self._held:  # another thread was faster
                os.close(descriptor)
                return same
            self._held[id(facts)] = facts, descriptor
            while len(self._held) > self._most:
                self._drop()
        return same

    def _drop(self) -> None:
        _, (_, descriptor) = self._held.popitem(last=False)
        os.close(descriptor)


def looks_same(fields: list[bytes], facts: ProcessFacts, seconds: float) -> bool:
    """Return whether start, image mark and command line are those of `facts`, by a look at all."""
    line = facts.command_line
    return _has_marks(fields, facts) and procfs.command_line(facts.pid, seconds) == line


def _has_marks(fields: list[bytes], facts: ProcessFacts) -> bool:
    return int(fields[START]) == facts.start and procfs.image_of(fields) == facts.image


def _opened(pid: int) -> int | None:
    try:
        return os.open(f"/proc/{pid}/pagemap", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


def _is_in_use(descriptor: int) -> bool:
    try:
        os.pread(descriptor, _ODD, _ODD)
    except OSError as error:
        return error.errno == errno.EINVAL
    return False
