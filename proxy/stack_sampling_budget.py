"""How much of a process's time goes into what is asked of it beside the decision, its lines of
code and its files: freely at first, then a share.
"""

from collections import OrderedDict

from core.attribution import Attribution

BURST_S = 0.25
"""Seconds that requests of a process may be kept waiting for their lines before its share
counts.
"""
SHARE = 0.125
"""Of the time that passes, so much may be spent from then on."""
LEAST_S = 0.01
"""What a look counts for at least: the gate and its helper are busy with it, too, and who waits a
millisecond only would have them look hundreds of times a second.
"""
_REMEMBERED = 1024

type _Key = tuple[int, object]


class LineBudget:
    """A bucket of seconds for each process: a look from outside costs milliseconds, of old
    interpreters tens, its beacon's word one.
    """

    def __init__(self) -> None:
        self._buckets: OrderedDict[_Key, tuple[float, float]] = OrderedDict()

    def allows(self, sender: Attribution, now: float) -> bool:
        """Return True when the sender's line may be asked for now. `now`: monotonic seconds."""
        key = _key(sender)
        if key is None:
            return False
        left, at = self._buckets.pop(key, (BURST_S, now))
        left = min(BURST_S, left + (now - at) * SHARE)
        self._put(key, left, now)
        return left > 0

    def spent(self, sender: Attribution, seconds: float) -> None:
        """Take what a line has cost; what is over the share is paid back by waiting."""
        key = _key(sender)
        if key is not None and key in self._buckets:
            left, at = self._buckets.pop(key)
            self._put(key, max(left - max(seconds, LEAST_S), -BURST_S), at)

    def _put(self, key: _Key, left: float, at: float) -> None:
        self._buckets[key] = (left, at)
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)


def _key(sender: Attribution) -> _Key | None:
    process = sender.script_process or sender.process
    return None if process is None else (process.pid, process.started_at)
