"""Whether the wall clock was set back: the times of files and of processes cannot be compared over
that.
"""

import time
from collections.abc import Callable

_SLEWED, _GRAIN_S = 0.001, 0.02
"""A clock that is corrected little by little goes wrong by less than this part; reading two clocks
takes a moment.
"""


def _since_boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class ClockSteps:
    """Compares the wall clock with the one that counts from boot, at each look."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        since_boot: Callable[[], float] = _since_boot,
    ) -> None:
        self._wall, self._since_boot = wall, since_boot
        self._looked = since_boot()
        self._offset = wall() - self._looked
        self._back = 0.0

    def set_back_at(self) -> float:
        """Return the seconds after boot by which it was set back last, at the latest; 0.0 where it
        never was. Two steps between two looks that undo each other are not seen.
        """
        now = self._since_boot()
        offset = self._wall() - now
        if offset < self._offset - _GRAIN_S - _SLEWED * (now - self._looked):
            self._back = now
        self._looked, self._offset = now, offset
        return self._back
