"""The time that a report is about, and the one before it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from core.errors import InputError
from core.text import printable

_DECEMBER = 12
_OPEN_HOURS = range(7, 19)
_WEEKEND = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From `since`, before `until`; both in one zone, which is that of working hours."""

    since: datetime
    until: datetime
    called: str
    """`October 2026`, or the two days."""

    @property
    def before(self) -> "Period":
        """The time of the same length before it."""
        since = self.since - (self.until - self.since)
        return Period(since=since, until=self.since, called="the time before")

    def off_hours(self, at: datetime) -> bool:
        """Whether somebody who works from 7 to 19 o'clock on weekdays was not at work."""
        local = at.astimezone(self.since.tzinfo)
        return local.weekday() >= _WEEKEND or local.hour not in _OPEN_HOURS


def month(text: str, now: datetime) -> Period:
    """Return the calendar month `2026-10`, in the zone of `now`. Raises InputError."""
    try:
        first = datetime.strptime(text, "%Y-%m").replace(tzinfo=now.tzinfo)
    except ValueError:
        raise InputError(
            f"{printable(text, 40)!r} is no month.", remedy="Use 2026-10 for October 2026."
        ) from None
    year, number = (
        (first.year + 1, 1) if first.month == _DECEMBER else (first.year, first.month + 1)
    )
    return Period(
        since=first,
        until=first.replace(year=year, month=number),
        called=first.strftime("%B %Y"),
    )


def since(start: datetime, until: datetime) -> Period:
    """Return the time between two instants. Raises InputError where it is none."""
    if start >= until:
        raise InputError(
            "The report's time ends before it begins.", remedy="Choose an earlier start."
        )
    begin = start.astimezone(until.tzinfo or UTC)
    return Period(
        since=begin, until=until, called=f"{begin:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}"
    )
