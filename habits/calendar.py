"""The calendar of an organisation: its zone, its business days and hours, its holidays (pure)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

WORKING_DAYS = frozenset(range(5))
_DAY = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When business is done. Without a zone, by the machine's own clock."""

    zone: tzinfo | None = None
    days: frozenset[int] = WORKING_DAYS
    """Business days; Monday is 0."""
    hours: tuple[int, int] = (7, 19)
    """First hour of business, and the first after it; over midnight where that is less."""
    holidays: frozenset[date] = field(default_factory=frozenset)

    def local(self, at: datetime) -> datetime:
        """Return a time on the organisation's clock."""
        return at.astimezone(self.zone)

    def is_off(self, day: date) -> bool:
        """Return True for a day on which nobody works."""
        return day in self.holidays or day.weekday() not in self.days

    def business_hours(self) -> frozenset[int]:
        """Return the hours of the day at which business is done."""
        begin, end = self.hours
        if begin < end:
            return frozenset(range(begin, end))
        return frozenset(range(begin, 24)) | frozenset(range(end))

    def stands_in(self, day: date) -> Iterable[date]:
        """Yield the holidays just before a day, whose work may be done on it."""
        for back in range(1, 5):
            before = day - timedelta(days=back)
            if before in self.holidays:
                yield before
            elif before.weekday() in self.days:
                return


def calendar_of(
    *, zone: str, days: Iterable[str], hours: str, holidays: Iterable[date]
) -> Calendar:
    """Return the calendar that settings describe. Raises ValueError."""
    return Calendar(
        zone=zone_of(zone),
        days=frozenset(map(weekday_of, days)) or WORKING_DAYS,
        hours=hours_of(hours),
        holidays=frozenset(holidays),
    )


def zone_of(name: str) -> tzinfo | None:
    """Return the zone of this name; None for no name. Raises ValueError."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is no known time zone; write it as Europe/Berlin") from None


def weekday_of(name: str) -> int:
    """Return the number of a day of the week by its name or the beginning of it. Raises
    ValueError.
    """
    found = [n for n, day in enumerate(WEEKDAYS) if day.lower().startswith(name.strip().lower())]
    if len(found) != 1 or len(name.strip()) < 2:
        raise ValueError("write days as monday or mon")
    return found[0]


def hours_of(text: str) -> tuple[int, int]:
    """Return the first hour of `07:00-19:00` and the first after it. Raises ValueError."""
    begin, _, end = text.partition("-")
    first, last = _minute(begin), _minute(end)
    if first == last or first >= _DAY:
        raise ValueError("write hours as 07:00-19:00")
    return first // 60, -(-last // 60)


def _minute(text: str) -> int:
    hour, _, minute = text.strip().partition(":")
    digits = hour.isascii() and hour.isdigit() and minute.isascii() and minute.isdigit()
    if not digits or len(hour) > 2 or len(minute) != 2 or int(minute) > 59 or int(hour) > 24:
        raise ValueError("write hours as 07:00-19:00")
    return min(int(hour) * 60 + int(minute), _DAY)
