"""How often a process is sampled for its line of code: always at first, then once a second."""

from collections import OrderedDict

from core.attribution import Attribution

BURST = 5
PER_SECOND = 1.0
_REMEMBERED = 1024


class LineBudget:
    """A token bucket for each process: a sample costs tens of milliseconds of a request."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[tuple[int, object], tuple[float, float]] = OrderedDict()

    def allows(self, sender: Attribution, now: float) -> bool:
        """Return True, and spend one sample, when the sender may be sampled now.

        `now`: monotonic seconds.
        """
        process = sender.script_process or sender.process
        if process is None:
            return False
        key = (process.pid, process.started_at)
        left, at = self._buckets.pop(key, (float(BURST), now))
        left = min(float(BURST), left + (now - at) * PER_SECOND)
        self._buckets[key] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        return left >= 1
