"""Reads of what lies in another process's memory (command line, environment), which can be held up
by that process for as long as it likes: whoever asks waits a moment only.

The kernel takes the lock of the process's memory for such a read. Two threads of the process hold
it for good: one reads its own memory where a file system of its own does not answer, the other one
waits to map something. Even `ps` hangs then. The thread that reads is left to it, not the gate.
"""

import queue
import threading
from collections.abc import Callable, Sequence

from core.duties import OWNER, Duty

NAMES = ("/cmdline", "/environ")
"""What the kernel reads there, of the files in `/proc/PID`."""
PATIENCE_S, ON_THE_LOOP_S = 0.5, 0.02
_MOST = 32
"""Threads. Where so many are held up, nothing of anybody is read any more: whoever is not known by
then is doubted, as one whose command line says nothing.
"""

type Read = Callable[[str], bytes]
type _Answer = queue.SimpleQueue[tuple[bytes, ...]]


class MemoryReads:
    """Reads by threads of its own. Safe for several threads."""

    def __init__(self, read: Read, most: int = _MOST) -> None:
        self._read, self._most = read, most
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._count = 0
        self._late: dict[_Worker, int] = {}
        """Threads whose read has not come back → the process that holds it up."""

    def read(self, pid: int, path: str, seconds: float = PATIENCE_S) -> bytes:
        """Return what the file holds; nothing where it cannot be read in so many seconds, or where
        an earlier read of this process has not come back.
        """
        return self.all(pid, (path,), seconds)[0]

    def all(self, pid: int, paths: Sequence[str], seconds: float = PATIENCE_S) -> tuple[bytes, ...]:
        """As `read`, of several files of one process in one go: each handing over takes longer than
        what is read.
        """
        nothing = (b"",) * len(paths)
        worker = self._worker(pid)
        if worker is None:
            return nothing
        answer: _Answer = queue.SimpleQueue()
        worker.asked.put((paths, answer))
        try:
            return answer.get(timeout=seconds)
        except queue.Empty:
            pass
        with self._lock:
            if answer.empty():
                self._late[worker] = pid
                return nothing
        return answer.get()

    def is_held_up(self, pid: int) -> bool:
        """True while a read of this process has not come back."""
        with self._lock:
            return pid in self._late.values()

    def _worker(self, pid: int) -> "_Worker | None":
        with self._lock:
            if pid in self._late.values():
                return None
            if self._idle:
                return self._idle.pop()
            if self._count >= self._most:
                return None
            self._count += 1
            return _Worker(self._read, self._back)

    def _back(self, worker: "_Worker", data: tuple[bytes, ...], answer: _Answer) -> None:
        with self._lock:
            answer.put(data)
            self._late.pop(worker, None)
            self._idle.append(worker)


class _Worker:
    """A thread that reads for one at a time."""

    def __init__(
        self, read: Read, back: "Callable[[_Worker, tuple[bytes, ...], _Answer], None]"
    ) -> None:
        self.asked: queue.SimpleQueue[tuple[Sequence[str], _Answer]] = queue.SimpleQueue()
        self._read, self._back = read, back
        body = OWNER.guarded(Duty.PROCESSES, self._work)
        threading.Thread(target=body, daemon=True, name="outgate-memory-read").start()

    def _work(self) -> None:
        while True:
            paths, answer = self.asked.get()
            self._back(self, tuple(self._read(path) for path in paths), answer)
