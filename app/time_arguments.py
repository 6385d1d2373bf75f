"""Times as people type them behind an option; which forms there are tells docs/exports.md."""

from datetime import UTC, datetime

from core.errors import InputError
from core.text import printable

SINCE = "Such as 2026-11-01, yesterday, “last week”, 2026-10, 7d, 12h or “3 days ago”."
UNTIL = "Before this time; as --since."
_FORMS = (
    "2026-11-01, 2026-11-01T08:00, 2026-10, today, yesterday, monday, “last week”, “this month”, "
    "7d, 12h, 30m or “3 days ago”"
)


def parse_time(text: str | None, now: datetime | None = None) -> datetime | None:
    """Return an aware UTC time, or None for None; a time without zone is local, and a day, a week
    and a month are their beginning.

    Raises InputError.
    """
    from core.day_words import instant_named

    if text is None:
        return None
    try:
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    except ValueError:
        named = instant_named(text, now or datetime.now(UTC))
    except OverflowError:
        named = None
    if named is None:
        raise InputError(
            f"{printable(text, 60)!r} is not a time that can be meant.", remedy=f"Use {_FORMS}."
        )
    return named.astimezone(UTC)


def parse_span(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """Return both ends of a time, None where it has none.

    Raises InputError, also for a time that ends before it begins.
    """
    now = datetime.now(UTC)
    start, end = parse_time(since, now), parse_time(until, now)
    if start is not None and end is not None and end <= start:
        raise InputError("That time ends before it begins.", remedy="Choose an earlier --since.")
    return start, end
