"""Which processes were made since a moment: only they can have inherited a socket. Told by the pids
given out.
"""

import time
from bisect import bisect_right

from attribution.backends import procfs

_REMEMBERED = 512
_MOST = 32
"""More are better looked for by a search off the event loop."""


class Births:
    """Remembers when which pid was the last one given out: all later processes have pids between it
    and the last now.
    """

    def __init__(self) -> None:
        self._times: list[float] = []
        self._pids: list[int] = []

    def since(self, moment: float) -> list[int] | None:
        """Return the living processes made since this Unix time; None when they are too many, or it
        cannot be told.
        """
        last = procfs.last_pid()
        if last == 0:
            return None
        at = bisect_right(self._times, moment) - 1
        mark = self._pids[at] if at >= 0 else None
        if not self._pids or self._pids[-1] != last:
            # Noted with the time after the reading: whatever is born after that has another pid.
            self._note(time.time(), last)
        if mark is None or not 0 <= last - mark <= _MOST:
            return None
        return [pid for pid in range(mark + 1, last + 1) if is_process(pid)]

    def _note(self, now: float, last: int) -> None:
        if self._times and now < self._times[-1]:
            # The clock was set back: what was noted says nothing any more.
            self._times.clear()
            self._pids.clear()
        self._times.append(now)
        self._pids.append(last)
        if len(self._times) > _REMEMBERED:
            del self._times[: _REMEMBERED // 2], self._pids[: _REMEMBERED // 2]


def is_process(pid: int) -> bool:
    """True for a process; False for a thread, which has a number of the same kind, and for one that
    is gone.
    """
    status = procfs.read(f"/proc/{pid}/status", 256)
    at = status.find(b"\nTgid:")
    return at >= 0 and status[at + 6 :].split(b"\n", 1)[0].strip() == b"%d" % pid
