"""Conditions on time: business hours on the clock of a named zone."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from core.situation import Situation
from policy.logic import Condition
from policy.rules import Hours, TimeCondition


def time_condition(c: TimeCondition) -> Condition:
    hours = c.within or c.outside
    assert hours is not None
    inside = _inside(hours)
    wanted = c.within is not None
    return Condition(test=lambda s, _: inside(s) is wanted, static=False, cost=3)


def _inside(hours: Hours) -> Callable[[Situation], bool]:
    zone = ZoneInfo(hours.zone)
    begin, end = hours.span()
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    days = frozenset(names.index(d) for d in hours.days)

    def inside(s: Situation) -> bool:
        local = s.now.astimezone(zone)
        minute, day = local.hour * 60 + local.minute, local.weekday()
        if begin < end:
            return day in days and begin <= minute < end
        # A night's hours belong to the day on which they begin.
        return (day in days and minute >= begin) or ((day - 1) % 7 in days and minute < end)

    return inside
