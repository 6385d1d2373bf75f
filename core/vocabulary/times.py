"""Times and spans as a person writes them. Pure: the present is handed in."""

from datetime import datetime, timedelta, tzinfo

from core.vocabulary.sizes import counted

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def clock_time(at: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """Return `14:02` today, `yesterday 14:02`, `Mon 14:02` this week, else with its date.

    That is `3 Nov 14:02` in this year, and `3 Nov 2025 14:02` in another.
    """
    here, today = at.astimezone(zone), now.astimezone(zone)
    time = f"{here:%H:%M}"
    days = (today.date() - here.date()).days
    if days == 0:
        return time
    if days == 1:
        return f"yesterday {time}"
    if 1 < days < 7:
        return f"{_DAYS[here.weekday()]} {time}"
    year = "" if here.year == today.year else f" {here.year}"
    return f"{here.day} {_MONTHS[here.month - 1]}{year} {time}"


def day_of(at: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """Return a day: `3 Nov`, in another year `3 Nov 2027`."""
    here = at.astimezone(zone)
    year = "" if here.year == now.astimezone(zone).year else f" {here.year}"
    return f"{here.day} {_MONTHS[here.month - 1]}{year}"


def short_time(at: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """Return a time in at most six characters: `14:02`, `Mon`, `3 Nov` or `2025`."""
    here, today = at.astimezone(zone), now.astimezone(zone)
    days = (today.date() - here.date()).days
    if days == 0:
        return f"{here:%H:%M}"
    if 0 < days < 7:
        return _DAYS[here.weekday()]
    return f"{here.day} {_MONTHS[here.month - 1]}" if here.year == today.year else str(here.year)


def at_time(at: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """Return the time for a sentence: `at 14:02`, `yesterday at 14:02`, `on 3 Nov at 14:02`."""
    *day, time = clock_time(at, now, zone).split(" ")
    if not day:
        return f"at {time}"
    return f"{'' if day == ['yesterday'] else 'on '}{' '.join(day)} at {time}"


def ago(span: timedelta) -> str:
    """Return `4 s ago`, `3 min ago`, `2 h ago` or `5 days ago`."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 90:
        return f"{seconds} s ago"
    if seconds < 90 * 60:
        return f"{seconds // 60} min ago"
    if seconds < 36 * 3600:
        return f"{seconds // 3600} h ago"
    return f"{counted(seconds // 86400, 'day')} ago"


def lasting(span: timedelta) -> str:
    """Return a span in the largest unit that it fills: `8 hours`, `1 second`, `2.5 seconds`."""
    seconds = span.total_seconds()
    for unit, length in (("hour", 3600), ("minute", 60)):
        if seconds >= length and seconds % length == 0:
            return counted(int(seconds // length), unit)
    return "1 second" if seconds == 1 else f"{seconds:,g} seconds"


def time_left(seconds: int) -> str:
    """Return how long somebody still has, as short as it can be told: `45 s`, `59 min`, `3 h`."""
    if seconds < _IN_SECONDS:
        return f"{seconds} s"
    minutes = seconds // 60
    return f"{minutes} min" if minutes < _IN_MINUTES else f"{minutes // 60} h"


_IN_SECONDS, _IN_MINUTES = 600, 120
"""Below which the seconds, and below which the minutes are what counts."""
