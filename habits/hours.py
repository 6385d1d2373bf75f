"""The hours of the week at which a script sends: learnt by days, and what is none of them (pure).

What a clock starts keeps its hours to one; what people start is given two more, and business
hours where too little is known. Holidays are for people: a clock knows none.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from core.vocabulary.sizes import joined
from habits.calendar import WEEKDAYS, Calendar

_BY_CLOCK, _BY_PEOPLE, _BY_CHANCE = 1, 2, 3
"""Hours by which what was seen is widened."""
_FEW_HOURS = 6
_OFTEN, _NEARLY_ALL = 0.5, 0.8
_EVERY_WEEK = 0.6
"""Share of its Mondays on which a script sends that sends on Mondays."""
_ENOUGH_DAYS = 8

type ActiveDay = tuple[date, frozenset[int]]
"""A day on the organisation's clock, and the hours of it at which something was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When a script sends."""

    calendar: Calendar
    by_clock: bool
    weekdays: frozenset[int] | None
    """The only days of the week on which it sends; None for all."""
    working: frozenset[int]
    """Hours on working days."""
    off: frozenset[int]
    """Hours on days off; empty where it never sends then."""
    seen: frozenset[int] = field(default_factory=frozenset)
    """What was seen itself, on any day."""

    def unusual(self, at: datetime) -> str | None:
        """Return why it never sends at this time; None when it may."""
        local = self.calendar.local(at)
        day, hour = local.date(), local.hour
        if self._never_on(day):
            return f"it never sends on {WEEKDAYS[day.weekday()]}s, but on {self._weekdays()}"
        off = self._is_off(day)
        if off and not self.off:
            what = "holidays" if day in self.calendar.holidays else f"{WEEKDAYS[day.weekday()]}s"
            return f"it never sends on {what}"
        if hour in (self.off if off else self.working):
            return None
        return f"it never sends at {hour:02}:00, but {spans(self.seen)}"

    def words(self) -> str:
        """Return when it sends: `Mondays, 07:00-08:00`."""
        days = self._weekdays() if self.weekdays is not None else "working days"
        if self.weekdays is None and self.off:
            days = "all days"
        return f"{days}, {spans(self.seen)}"

    def _never_on(self, day: date) -> bool:
        if self.weekdays is None or day.weekday() in self.weekdays:
            return False
        return not any(d.weekday() in self.weekdays for d in self.calendar.stands_in(day))

    def _is_off(self, day: date) -> bool:
        if self.weekdays is not None:
            return False
        return (
            day.weekday() not in self.calendar.days if self.by_clock else self.calendar.is_off(day)
        )

    def _weekdays(self) -> str:
        return joined([f"{WEEKDAYS[n]}s" for n in sorted(self.weekdays or ())])


def learnt_hours(days: Sequence[ActiveDay], calendar: Calendar, *, by_clock: bool | None) -> Hours:
    """Return when a script sends, of the days on which it did; `by_clock` tells whether a clock
    started it, None where nobody knows.
    """
    clock = _looks_timed(days) if by_clock is None else by_clock
    weekdays = _every_week(days) if clock else None
    seen = frozenset(hour for _, hours in days for hour in hours)
    off = [hours for day, hours in days if calendar.is_off(day)]
    on = [hours for day, hours in days if not calendar.is_off(day)]
    width, business = _width(days, seen, calendar, clock=clock)
    working = widened(_all(on) or _all(off), width) | business
    rare = clock and weekdays is None and len(days) < _ENOUGH_DAYS
    on_off_days = working | widened(_all(off), width) if off or rare else frozenset[int]()
    return Hours(
        calendar=calendar,
        by_clock=clock,
        weekdays=weekdays,
        working=working if weekdays is None else widened(seen, width),
        off=on_off_days,
        seen=seen,
    )


def _all(days: Iterable[frozenset[int]]) -> frozenset[int]:
    return frozenset(hour for hours in days for hour in hours)


def _width(
    days: Sequence[ActiveDay], seen: frozenset[int], calendar: Calendar, *, clock: bool
) -> tuple[int, frozenset[int]]:
    """Return by how much to widen, and which hours count beside: of people too little may be known
    for their hours to be told.
    """
    if clock:
        return _BY_CLOCK, frozenset()
    business = calendar.business_hours()
    once = [hour for hour, count in _counted(days).items() if count == 1]
    scattered = len(once) * 3 > len(seen)
    at_work = business if business & seen else frozenset[int]()
    return (_BY_CHANCE if scattered else _BY_PEOPLE), at_work


def _counted(days: Sequence[ActiveDay]) -> Counter[int]:
    return Counter(hour for _, hours in days for hour in hours)


def _looks_timed(days: Sequence[ActiveDay]) -> bool:
    """Return True where nearly every day has the same few hours, or all of them."""
    often = {hour for hour, count in _counted(days).items() if count >= len(days) * _OFTEN}
    if not often or _FEW_HOURS < len(often) < 24:
        return False
    near = widened(often, 1)
    return sum(hours <= near for _, hours in days) >= len(days) * _NEARLY_ALL


def _every_week(days: Sequence[ActiveDay]) -> frozenset[int] | None:
    """Return the days of the week on which a clock starts it, where those recur."""
    active = Counter(day.weekday() for day, _ in days)
    first, last = min(day for day, _ in days), max(day for day, _ in days)
    between = (first + timedelta(days=n) for n in range((last - first).days + 1))
    there = Counter(day.weekday() for day in between)
    recurs = all(active[weekday] >= there[weekday] * _EVERY_WEEK for weekday in active)
    return frozenset(active) if recurs and (last - first).days >= 7 else None


def widened(hours: Iterable[int], by: int) -> frozenset[int]:
    """Return these hours with so many before and after each, over midnight."""
    return frozenset((hour + step) % 24 for hour in hours for step in range(-by, by + 1))


def spans(hours: Iterable[int]) -> str:
    """Return hours of the day as spans: `07:00-09:00 and 22:00-23:00`."""
    known = sorted(set(hours))
    if len(known) == 24:
        return "at all hours"
    found: list[list[int]] = []
    for hour in known:
        if found and found[-1][1] == hour:
            found[-1][1] = hour + 1
        else:
            found.append([hour, hour + 1])
    return joined([f"{begin:02}:00-{end:02}:00" for begin, end in found])
