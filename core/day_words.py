"""Days, times and spans as a person writes them: `today`, `mon 14:02`, `7d`, `2026-11-20`. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT = tuple(day[:3] for day in _DAYS)
_NAMED_DAYS = frozenset({"today", "yesterday", *_DAYS, *_SHORT})
SINCE_WORDS = ("today", "yesterday", *_DAYS, "7d", "30d", "12h", "30m")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_SHOWN = re.compile(r"(\d{1,2})[ -]([a-z]{3,9})(?:[ -](\d{4}))?")
"""As the review shows a day: `5 Nov`, `20 Nov 2025`."""
_SPAN = re.compile(r"(\d{1,4})([dhwm])")
_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_AGO = re.compile(r"(\d{1,4}) (minute|hour|day|week)s? ago")
_A_MONTH = re.compile(r"(\d{4})-(\d{2})")
_FIRSTS: Mapping[str, Callable[[date], date]] = {
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
    "year": lambda day: day.replace(month=1, day=1),
}
"""With which day that begins in which another lies."""
_CLOCK = re.compile(r"(?:^|[ t-])(\d{1,2}):(\d{2})$")
"""A time of day, by itself or behind its day: `14:02`, `mon 14:02`, `2026-11-20t14:02`."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, from its midnight to the next; a minute; or the moment so long ago, which ends as it
    begins. Both are of the zone that was asked for.
    """

    begin: datetime
    end: datetime


def moment_named(value: str, now: datetime, zone: tzinfo | None = None) -> Moment | None:
    """Return the day that `today`, `monday`, `mon`, `5 nov` or `2026-11-20` names, the minute
    `14:02` of today or of a day before it, or the moment `3d`, `12h`, `30m` or `2w` ago, to the
    minute; None for anything else. Days are of `zone` (None: this machine's).
    """
    word = value.lower()
    here = now.astimezone(zone)
    try:
        if span := _SPAN.fullmatch(word):
            at = (now - int(span[1]) * _UNITS[span[2]]).astimezone(zone)
            at = at.replace(second=0, microsecond=0)
            return Moment(at, at)
        if clock := _CLOCK.search(word):
            day = _day(word[: clock.start()] or "today", here.date())
            at = _at(day, time(int(clock[1]), int(clock[2])), here, zone)
            return Moment(at, at + _MINUTE)
        day = _day(word, here.date())
        return Moment(_midnight(day, here, zone), _midnight(day + timedelta(days=1), here, zone))
    except (ValueError, OverflowError, OSError):
        return None


def instant_named(value: str, now: datetime, zone: tzinfo | None = None) -> datetime | None:
    """Return the instant so long ago that `7d`, `2w` or `3 days ago` names, or the one in which
    the day, week, month or year begins that a word names: `yesterday`, `monday`, `5 nov`, `this
    week`, `last month`, `2026-10`; None for anything else. Weeks begin on Monday. Days are of
    `zone` (None: this machine's).
    """
    word = " ".join(value.lower().split())
    here = now.astimezone(zone)
    try:
        if span := _SPAN.fullmatch(word):
            return now - int(span[1]) * _UNITS[span[2]]
        if ago := _AGO.fullmatch(word):
            return now - int(ago[1]) * _UNITS[ago[2][0]]
        if (first := _first_day(word, here.date())) is not None:
            return _midnight(first, here, zone)
    except (ValueError, OverflowError, OSError):
        return None
    named = moment_named(word, now, zone)
    return None if named is None else named.begin


def _first_day(word: str, today: date) -> date | None:
    """Return the day with which a week, month or year begins. Raises ValueError."""
    if month := _A_MONTH.fullmatch(word):
        return date(int(month[1]), int(month[2]), 1)
    which, _, what = word.replace("-", " ").partition(" ")
    first = _FIRSTS.get(what)
    if first is None or which not in {"this", "last"}:
        return None
    begins = first(today)
    return begins if which == "this" else first(begins - timedelta(days=1))


def is_a_shown_day(words: str) -> bool:
    """Say whether this is a day as the review shows it, with or without a time: `5 Nov`, `20 Nov
    2025`, `Mon 14:02`, `5 Nov 14:02`.
    """
    word = words.lower()
    clock = _CLOCK.search(word)
    day = word if clock is None else word[: clock.start()]
    if clock is not None and day in _NAMED_DAYS:
        return True
    shown = _SHOWN.fullmatch(day)
    return shown is not None and _month(shown[2]) > 0


def day_ahead(value: str, now: datetime, zone: tzinfo | None = None) -> datetime | None:
    """Return when the day begins that `30d` or `2w` ahead or `2027-03-01` names; None for anything
    else, and for what is over.
    """
    word = value.strip().lower()
    here = now.astimezone(zone)
    try:
        if span := _SPAN.fullmatch(word):
            day = (here + int(span[1]) * _UNITS[span[2]]).date()
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
    if word in _DAYS or word in _SHORT:
        return today - timedelta(days=(today.weekday() - _SHORT.index(word[:3])) % 7)
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
    return _at(day, time.min, here, zone)


def _at(day: date, clock: time, here: datetime, zone: tzinfo | None) -> datetime:
    if zone is not None:
        return datetime.combine(day, clock, tzinfo=zone).astimezone(here.tzinfo)
    return datetime.combine(day, clock).astimezone()
