"""Notices that the machine's clock jumped: times in the evidence are only as good as it is."""

import time
from collections.abc import Callable

JUMP_S = 2.0
"""Less than this is a clock that is being corrected."""

_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)


def elapsed_s() -> float:
    """Return seconds that pass whatever is done to the clock, also while the machine sleeps."""
    return time.monotonic() if _BOOTTIME is None else time.clock_gettime(_BOOTTIME)


class ClockWatch:
    """Compares the clock with time as it passes. For one thread."""

    def __init__(
        self, wall: Callable[[], float] = time.time, elapsed: Callable[[], float] = elapsed_s
    ) -> None:
        self._wall, self._elapsed = wall, elapsed
        self._offset = wall() - elapsed()

    def jumped_s(self) -> float | None:
        """Return by how many seconds the clock moved since the last look beside the time that
        passed; None where it did not.
        """
        offset = self._wall() - self._elapsed()
        moved, self._offset = offset - self._offset, offset
        return moved if abs(moved) >= JUMP_S else None
