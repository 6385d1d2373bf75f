"""From a learnt baseline to the contract that locks it: what `policy.contracts` reads (pure)."""

import math
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from core.ids import rfc3339
from habits.baseline import Baseline, PlaceHabits
from habits.calendar import WEEKDAYS, Calendar
from habits.hours import Hours

_ROOM = 1.5
"""Times the largest that was learnt: what a contract allows at once."""
_ROOM_A_DAY = 2
"""The same for a day: the day before a request holds parts of two days of the calendar."""
_UNFIT = re.compile(r"[^a-z0-9]+")
_MOST_ID = 60


def contract_of(
    baseline: Baseline, version: str | None, at: datetime, calendar: Calendar, zone: str
) -> dict[str, Any]:
    """Return the contract as a policy file writes it; `version` is the only one that it is for."""
    entry: dict[str, Any] = {"id": contract_id(baseline.script), "script": baseline.script}
    if version is not None:
        entry["version"] = version
    entry["learnt"] = rfc3339(at)
    entry["state"] = "shadow"
    entry["places"] = [_place(baseline.places[name]) for name in sorted(baseline.places)]
    hours = None if baseline.hours is None else _hours(baseline.hours, calendar, zone)
    if hours is not None:
        entry["hours"] = hours
    return entry


def contract_id(script: str) -> str:
    """Return a rule's id made of a script's name: letters, digits and dashes."""
    name = script.replace("\\", "/").rsplit("/", 1)[-1].lower()
    return f"contract-{_UNFIT.sub('-', name).strip('-')[:_MOST_ID] or 'script'}"


def _place(place: PlaceHabits) -> dict[str, Any]:
    entry: dict[str, Any] = {"to": place.name}
    accounts = sorted(name for _, name in place.accounts if name is not None)
    if accounts:
        entry["accounts"] = accounts
    entry["kinds"] = sorted(place.kinds)
    usual = (place.request_bytes, place.day_bytes, place.day_requests)
    if not all(one is None or one.exact for one in usual):
        entry["not_all_counted"] = True
    if place.request_bytes is not None:
        entry["request_bytes_at_most"] = _limit(place.request_bytes.largest)
    if place.day_bytes is not None:
        entry["day_bytes_at_most"] = _limit(place.day_bytes.largest, _ROOM_A_DAY)
    if place.day_requests is not None:
        entry["day_requests_at_most"] = _limit(place.day_requests.largest, _ROOM_A_DAY)
    return entry


def _limit(largest: int, room: float = _ROOM) -> int:
    """Return so many times as much, rounded up to two digits."""
    value = max(1, math.ceil(largest * room))
    unit: int = 10 ** max(0, len(str(value)) - 2)
    return int(math.ceil(value / unit) * unit)


def _hours(hours: Hours, calendar: Calendar, zone: str) -> dict[str, Any] | None:
    days = _days(hours, calendar)
    allowed = hours.working | hours.off
    if len(allowed) == 24 and len(days) == len(WEEKDAYS):
        return None
    entry: dict[str, Any] = {"zone": zone} if zone else {}
    return entry | {"days": [WEEKDAYS[n].lower() for n in days], "at": _spans(allowed)}


def _days(hours: Hours, calendar: Calendar) -> list[int]:
    if hours.weekdays is not None:
        return sorted(hours.weekdays)
    return list(range(7)) if hours.off else sorted(calendar.days)


def _spans(hours: Iterable[int]) -> list[str]:
    known, spans = set(hours), []
    for begin in sorted(known):
        if (begin - 1) in known:
            continue
        end = begin
        while end in known:
            end += 1
        spans.append(f"{begin:02}:00-{end:02}:00")
    return spans
