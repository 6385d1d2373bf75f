"""That an authority ends soon, in words; loads nothing, for each run asks for it."""

from datetime import datetime, timedelta

from core.vocabulary.sizes import counted

SOON = timedelta(days=30)


def ends_soon(end: datetime, now: datetime) -> str | None:
    """Return what to tell when the end is less than 30 days away; else None."""
    left = end - now
    if left >= SOON:
        return None
    if left < timedelta():
        return f"The authority ended on {end:%d %B %Y}: clients accept nothing that it signs."
    days = f"in {counted(left.days, 'day')}" if left.days else "today"
    return f"The authority ends {days}, on {end:%d %B %Y}; from then on clients accept nothing."
