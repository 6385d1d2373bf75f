"""When to try again: back-off with jitter, so that ten thousand endpoints that lost their hub
together do not come back together. Pure: randomness is handed in.
"""

from dataclasses import dataclass

EVERY_S = 60.0
"""How often an endpoint checks in while all is well."""
_FIRST_S = 5.0
_MOST_S = 900.0
_MOST_TOLD_S = 3600.0


@dataclass(slots=True)
class Patience:
    """Counts failures and says how long to wait; `chance` is a number from 0 up to 1."""

    failures: int = 0

    def start(self, chance: float) -> float:
        """Return how long to wait before the first check-in: within a whole interval."""
        return EVERY_S * chance

    def worked(self, chance: float) -> float:
        """Return how long to wait after a check-in that worked: an interval, give or take a
        fifth.
        """
        self.failures = 0
        return EVERY_S * (0.8 + 0.4 * chance)

    def failed(self, chance: float, told_s: float | None = None) -> float:
        """Return how long to wait after a failure: anywhere up to a limit that doubles each time.
        What the hub asks for is the least, and spread over as much again.
        """
        self.failures += 1
        if told_s is not None and told_s >= 0:
            least = min(told_s, _MOST_TOLD_S)
            return least * (1 + chance)
        limit = min(_FIRST_S * (1 << min(self.failures - 1, 20)), _MOST_S)
        return 1.0 + limit * chance
