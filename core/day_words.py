"""Days and spans as a person writes them: `today`, `monday`, `7d`, `2026-11-20`. Pure."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SINCE_WORDS = ("today", "yesterday", *_DAYS, "7d", "30d")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_SHOWN = re.compile(r"(\d{1,2})[ -]([a-z]{3,9})(?:[ -](\d{4}))?")
"""As the review shows a day: `5 Nov`, `20 Nov 2025`."""
_SPAN = re.compile(r"(\d{1,4})([dhw])")
_SPAN_HOURS = {"h": 1, "d": 24, "w": 168}


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, from its midnight to the next; or the moment so long ago, which ends as it begins."""

    begin: datetime
    end: datetime


def moment_named(value: str, now: datetime, zone: tzinfo | None = None) -> Moment | None:
    """Return the day that `today`, `monday`, `mon`, `5 nov` or `2026-11-20` names, or the moment
    `3d`, `12h` or `2w` ago; None for anything else. Days are of `zone` (None: this machine's).
    """
    word = value.lower()
    here = now.astimezone(zone)
    try:
        if span := _SPAN.fullmatch(word):
            at = now - timedelta(hours=int(span[1]) * _SPAN_HOURS[span[2]])
            return Moment(at, at)
        day = _day(word, here.date())
        return Moment(_midnight(day, here, zone), _midnight(day + timedelta(days=1), here, zone))
    except (ValueError, OverflowError, OSError):
        return None


def is_a_shown_day(words: str) -> bool:
    """Say whether this is a day as the review shows it: `5 Nov`, `20 Nov 2025`."""
    shown = _SHOWN.fullmatch(words.lower())
    return shown is not None and _month(shown[2]) > 0


def day_ahead(value: str, now: datetime, zone: tzinfo | None = None) -> datetime | None:
    """Return when the day begins that `30d` or `2w` ahead or `2027-03-01` names; None for anything
    else, and for what is over.
    """
    word = value.strip().lower()
    here = now.astimezone(zone)
    try:
        if span := _SPAN.fullmatch(word):
            day = (here + timedelta(hours=int(span[1]) * _SPAN_HOURS[span[2]])).date()
        else:
            day = date.fromisoformat(word)
        at = _midnight(day, here, zone)
    except (ValueError, OverflowError, OSError):
        return None
    return at if at > now else None


def _day(word: str, today: date) -> date:
    """Return the day of a word. Raises ValueError."""
    if word in {"today", "yesterday"}:
        return today - timedelta(days=word == "yesterday")
    short = [day[:3] for day in _DAYS]
    if word in _DAYS or word in short:
        return today - timedelta(days=(today.weekday() - short.index(word[:3])) % 7)
    shown = _SHOWN.fullmatch(word)
    if shown is None:
        return date.fromisoformat(word)
    month = _month(shown[2])
    year = today.year if shown[3] is None else int(shown[3])
    day = date(year, month, int(shown[1]))
    return day if shown[3] or day <= today else day.replace(year=year - 1)


def _month(word: str) -> int:
    return next((n for n, name in enumerate(_MONTHS, 1) if name.startswith(word)), 0)


def _midnight(day: date, here: datetime, zone: tzinfo | None) -> datetime:
    if zone is not None:
        return datetime.combine(day, time.min, tzinfo=zone).astimezone(here.tzinfo)
    return datetime.combine(day, time.min).astimezone()
