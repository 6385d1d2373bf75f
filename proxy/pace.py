"""How soon it is asked again whether a connection has begun: the longer nothing has, the later. To
be woken is most of what a gate at rest takes.
"""

from collections.abc import Callable

AT_REST_S = 0.5
"""So far apart once nothing has begun for `_QUIET_S`: what is open for a second is seen."""
_QUIET_S = 30.0
_FOLLOWED = ((5.0, 1), (30.0, 2), (float("inf"), 4))
"""While a run is followed: until nothing has begun for so long, so many times the shortest wait."""


class Pace:
    """Of one watch. A run that begins counts as news."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._news = clock()
        self._runs = 0

    def news(self) -> None:
        """Something has begun: more may."""
        self._news = self._clock()

    def runs(self, begun: int) -> None:
        """So many runs have been followed so far."""
        if begun != self._runs:
            self._runs = begun
            self.news()

    def at_rest(self, usual_s: float) -> float:
        """Return how many seconds to wait while no run is followed."""
        quiet = self._clock() - self._news >= _QUIET_S
        return max(usual_s, AT_REST_S) if quiet else usual_s

    def followed(self, shortest_s: float) -> float:
        """Return the same while one is."""
        quiet_s = self._clock() - self._news
        return shortest_s * next(times for until, times in _FOLLOWED if quiet_s < until)
