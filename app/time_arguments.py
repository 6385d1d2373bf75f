"""Times as people type them: `2026-11-01`, `2026-11-01T08:00`, `7d`, `12h`, `30m`."""

import re
from datetime import UTC, datetime, timedelta

from core.errors import InputError
from core.text import printable

_AGO = re.compile(r"(\d{1,6})([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def parse_time(text: str | None, now: datetime | None = None) -> datetime | None:
    """Return an aware UTC time, or None for None; a time without zone is local.

    Raises InputError.
    """
    if text is None:
        return None
    try:
        if (ago := _AGO.fullmatch(text.strip())) is not None:
            return (now or datetime.now(UTC)) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{printable(text, 60)!r} is not a time that can be meant.",
            remedy="Use 2026-11-01, 2026-11-01T08:00, 7d, 12h or 30m.",
        ) from error


def parse_span(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """Return both ends of a time, None where it has none.

    Raises InputError, also for a time that ends before it begins.
    """
    now = datetime.now(UTC)
    start, end = parse_time(since, now), parse_time(until, now)
    if start is not None and end is not None and end <= start:
        raise InputError("That time ends before it begins.", remedy="Choose an earlier --since.")
    return start, end
