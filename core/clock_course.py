"""How the wall clock was put right while something lasted: times noted meanwhile are then none that
can be compared.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)
_GRAIN_S = 0.05
"""Less is the time that it takes to read two clocks."""


def since_boot_s() -> float:
    """Return seconds of a clock that nobody can set, and that goes on while the machine sleeps
    where the system has one.
    """
    return time.monotonic() if _BOOTTIME is None else time.clock_gettime(_BOOTTIME)


class ClockCourse:
    """Compares the wall clock with one that nobody can set, from when it is made, at each look. Two
    steps between two looks that undo each other are not seen.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        since_boot: Callable[[], float] = since_boot_s,
    ) -> None:
        self._wall, self._since_boot = wall, since_boot
        now = wall()
        self.began = datetime.fromtimestamp(now, UTC)
        """When it was made, as the wall clock showed it."""
        self._first = self._low = self._high = now - since_boot()

    def look(self) -> None:
        """Note how the two stand to each other now."""
        offset = self._wall() - self._since_boot()
        self._low, self._high = min(self._low, offset), max(self._high, offset)

    @property
    def apart(self) -> timedelta:
        """By how much two times of one moment can differ; nought where nobody set the clock."""
        return _seconds(self._high - self._low)

    def earliest(self, moment: datetime | None = None) -> datetime:
        """Return the earliest that the clock can have shown since it showed this, at the start."""
        self.look()
        return (moment or self.began) - _seconds(self._first - self._low)


def _seconds(number: float) -> timedelta:
    return timedelta(seconds=number if number > _GRAIN_S else 0)
