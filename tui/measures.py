"""Numbers, sizes and times as a person writes them. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def number(value: int) -> str:
    """Return 15000 as `15,000`."""
    return f"{value:,}"


def short_number(value: int) -> str:
    """Return a number in at most four characters: `9999`, `15k`, `2M`."""
    if value < 10_000:
        return str(value)
    return f"{value // 1000}k" if value < 1_000_000 else f"{min(value // 1_000_000, 999)}M"


def size(value: int) -> str:
    """Return a number of bytes as `3.1 kB`, in powers of 1000."""
    if value < 1000:
        return f"{value} byte" if value == 1 else f"{value} bytes"
    amount = float(value)
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.95 or unit == "TB":
            return f"{amount:,.1f} {unit}"
    raise AssertionError("unreachable")


def counted(value: int, one: str, many: str | None = None) -> str:
    """Return `1 row` or `15,000 rows`."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def joined(parts: Sequence[str], last: str = "and") -> str:
    """Return `a`, `a and b`, or `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def capital(text: str) -> str:
    """Return `text` with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def clock_time(at: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """Return `14:02` today, `yesterday 14:02`, `Mon 14:02` this week, else `3 Nov 14:02` or `3 Nov 2025 14:02`."""
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
    """Return the time as part of a sentence: `at 14:02`, `yesterday at 14:02`, `on 3 Nov at 14:02`."""
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
