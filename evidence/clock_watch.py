"""Notices that the machine's clock jumped: times in the evidence are only as good as it is."""

import time
from collections.abc import Callable

from core.clock_course import since_boot_s

JUMP_S = 2.0
"""Less than this is a clock that is being corrected."""


class ClockWatch:
    """Compares the clock with time as it passes. For one thread."""

    def __init__(
        self, wall: Callable[[], float] = time.time, elapsed: Callable[[], float] = since_boot_s
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
