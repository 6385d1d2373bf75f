"""Conditions on time: business hours on the clock of a named zone."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from core.situation import Situation
from policy.logic import Condition, reaching
from policy.rules import Hours, TimeCondition


def time_condition(c: TimeCondition) -> Condition:
    hours = c.within or c.outside
    assert hours is not None
    wanted = c.within is not None
    inside = _inside(hours)
    key = ("hours", hours.zone, hours.span(), frozenset(hours.days), wanted)
    return reaching(key, lambda s: inside(s) is wanted, 1, cost=3, by_minute=True)


@lru_cache(maxsize=64)
class _Clock:
    """The day of the week and the minute of the day in one zone. Knows the last answer."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._last: tuple[datetime | None, int, int] = (None, 0, 0)

    def at(self, now: datetime) -> tuple[int, int]:
        last, day, minute = self._last
        if last is not now:
            local = now.astimezone(self._zone)
            day, minute = local.weekday(), local.hour * 60 + local.minute
            self._last = now, day, minute
        return day, minute


def _inside(hours: Hours) -> Callable[[Situation], bool]:
    clock = _Clock(hours.zone)
    begin, end = hours.span()
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    days = frozenset(names.index(d) for d in hours.days)

    def inside(s: Situation) -> bool:
        day, minute = clock.at(s.now)
        if begin < end:
            return day in days and begin <= minute < end
        # A night's hours belong to the day on which they begin.
        return (day in days and minute >= begin) or ((day - 1) % 7 in days and minute < end)

    return inside
