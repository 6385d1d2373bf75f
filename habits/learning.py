"""Learns what scripts do from their records, oldest first (pure).

A script is known after fourteen days of which it sent something on three. From then on, what is
new counts as usual once it is as old as that and was seen on three days: until then it stays
unusual, so that no single day teaches a script's habits.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.case_keys import sender_of
from core.habits import ACTIVE_DAYS, LEARNING_DAYS, Learning
from core.record import Record
from core.vocabulary.habits import Unusual
from habits.amounts import Amount, amount_of, amount_of_steps
from habits.baseline import Baseline, PlaceHabits
from habits.calendar import Calendar
from habits.days import ELSEWHERE, PlaceDay, ScriptDay, teaches
from habits.hours import Hours, learnt_hours

REMEMBERED_DAYS = 90
_MOST_SCRIPTS = 5_000
_VARIES = 0.2
"""Share of days that brought something new for the last time, from which on it varies."""
_FAMILY = 5
_CLOCKS = frozenset(
    ("cron", "anacron", "at", "systemd-timer", "systemd", "task-scheduler", "launchd", "container")
)
_PEOPLE = ("terminal", "ssh", "desktop", "ide:")

type _Days = Mapping[date, ScriptDay]


class Learner:
    """Knows each script's days. Not for several threads at once."""

    def __init__(self, calendar: Calendar | None = None) -> None:
        self.calendar = calendar or Calendar()
        self._scripts: dict[str, dict[date, ScriptDay]] = {}
        self._made: dict[str, tuple[date, Baseline]] = {}

    def add(self, record: Record) -> None:
        """Learn from one record, unless it shows no habit: what was stopped, or proves no
        script.
        """
        if not teaches(record):
            return
        name = sender_of(record)
        if name not in self._scripts and len(self._scripts) >= _MOST_SCRIPTS:
            return
        local = self.calendar.local(record.at)
        if name in self._made and local.date() < self._made[name][0]:
            del self._made[name]  # it comes late
        days = self._scripts.setdefault(name, {})
        if local.date() not in days:
            self._forget(days, local.date())
        days.setdefault(local.date(), ScriptDay()).add(record, local.hour)

    def scripts(self) -> Iterable[str]:
        """Return the scripts that something was learnt of."""
        return tuple(self._scripts)

    def baseline(self, script: str, at: datetime) -> Baseline | None:
        """Return what was known of a script when this day began; None where nothing was ever
        seen of it. Made once a day.
        """
        days = self._scripts.get(script)
        if days is None:
            return None
        today = self.calendar.local(at).date()
        made = self._made.get(script)
        if made is None or made[0] != today:
            made = self._made[script] = today, baseline_of(script, days, today, self.calendar)
        return made[1]

    def lately(self, script: str, at: datetime, last: int) -> Baseline | None:
        """Return what the last so many days tell, today included; None where nothing was seen."""
        today = self.calendar.local(at).date()
        days = self._scripts.get(script)
        found = None if days is None else lately(script, days, today, last, self.calendar)
        return found if found is not None and found.days else None

    def _forget(self, days: dict[date, ScriptDay], today: date) -> None:
        for day in [day for day in days if (today - day).days > REMEMBERED_DAYS]:
            del days[day]


def baseline_of(script: str, days: _Days, today: date, calendar: Calendar) -> Baseline:
    """Return what these days before today tell of a script."""
    before = {day: days[day] for day in sorted(days) if day < today and _recent(day, today)}
    settled = _settled(before, today)
    learning = _learning(before, today) if settled is None else None
    end = max(settled or today, today - timedelta(days=LEARNING_DAYS))
    counted = {day: one for day, one in before.items() if day < end} if settled else before
    return _summed(script, counted, settled, learning, calendar, today)


def lately(script: str, days: _Days, today: date, last: int, calendar: Calendar) -> Baseline:
    """Return what the last so many days tell of a script, today included, however few they are:
    all that was seen counts.
    """
    some = {day: days[day] for day in sorted(days) if (today - day).days < last}
    return _summed(script, some, None, None, calendar, today)


def _recent(day: date, today: date) -> bool:
    return (today - day).days <= REMEMBERED_DAYS


def _settled(days: _Days, today: date) -> date | None:
    """Return the first day that is judged; None while learning."""
    order = list(days)
    if len(order) < ACTIVE_DAYS:
        return None
    settled = max(
        order[0] + timedelta(days=LEARNING_DAYS), order[ACTIVE_DAYS - 1] + timedelta(days=1)
    )
    return settled if today >= settled else None


def _learning(days: _Days, today: date) -> Learning:
    first = min(days, default=today)
    return Learning(
        day=(today - first).days + 1,
        of=LEARNING_DAYS,
        active=len(days),
        active_needed=ACTIVE_DAYS,
    )


@dataclass(frozen=True, slots=True)
class _Trust:
    """Which of the things that were seen count: all from before the first day that is judged;
    later ones once they were seen on three days.
    """

    settled: date | None

    def usual[T](self, seen: Mapping[T, list[date]]) -> frozenset[T]:
        return frozenset(
            one
            for one, days in seen.items()
            if self.settled is None or days[0] < self.settled or len(days) >= ACTIVE_DAYS
        )


def _summed(
    script: str,
    days: _Days,
    settled: date | None,
    learning: Learning | None,
    calendar: Calendar,
    today: date,
) -> Baseline:
    trust = _Trust(settled)
    names = trust.usual(_seen(days, lambda day: day.places))
    kinds = _seen(days, lambda day: {k for place in day.places.values() for k in place.kinds})
    places = {name: _place(name, days, trust) for name in names if name != ELSEWHERE}
    every = [place for day in days.values() for place in day.places.values()]
    return Baseline(
        script=script,
        since=min(days, default=today),
        until=max(days, default=today),
        days=len(days),
        requests=sum(place.requests for place in every),
        learning=learning,
        hours=_hours(days, trust, calendar),
        places=places,
        kinds=trust.usual(kinds),
        request_bytes=_request_bytes(every),
        families=_families(places),
        varies=_varies(days, kinds),
    )


def _seen[T](days: _Days, things: Callable[[ScriptDay], Iterable[T]]) -> dict[T, list[date]]:
    """Return the days on which each thing was seen, in order."""
    found: defaultdict[T, list[date]] = defaultdict(list)
    for day, one in days.items():
        for thing in things(one):
            found[thing].append(day)
    return found


def _place(name: str, days: _Days, trust: _Trust) -> PlaceHabits:
    there = {day: one.places[name] for day, one in days.items() if name in one.places}
    parts = list(there.values())

    def seen[T](things: Callable[[PlaceDay], Iterable[T]]) -> frozenset[T]:
        return trust.usual(
            _seen(days, lambda one: things(one.places[name]) if name in one.places else ())
        )

    enough, exact = len(parts) >= ACTIVE_DAYS, all(part.exact for part in parts)
    return PlaceHabits(
        name=name,
        named=parts[-1].named,
        days=len(parts),
        requests=sum(part.requests for part in parts),
        bytes=sum(part.bytes for part in parts),
        accounts=seen(lambda part: part.accounts),
        kinds=seen(lambda part: part.kinds),
        request_bytes=_request_bytes(parts),
        day_bytes=amount_of((part.bytes for part in parts), exact=exact) if enough else None,
        day_requests=amount_of(part.requests for part in parts) if enough else None,
    )


def _request_bytes(parts: Iterable[PlaceDay]) -> Amount | None:
    steps, largest, exact = Counter[int](), 0, True
    for part in parts:
        steps.update(part.steps)
        largest, exact = max(largest, part.largest), exact and part.exact
    return amount_of_steps(steps, largest, exact=exact)


def _hours(days: _Days, trust: _Trust, calendar: Calendar) -> Hours | None:
    seen = trust.usual(_seen(days, lambda one: one.hours))
    active = [(day, frozenset(one.hours) & seen) for day, one in days.items()]
    known = [(day, hours) for day, hours in active if hours]
    return learnt_hours(known, calendar, by_clock=_by_clock(days)) if known else None


def _by_clock(days: _Days) -> bool | None:
    """Return whether a clock started it in most cases, or people did."""
    started = Counter[str]()
    for one in days.values():
        started.update(one.started_by)
    half = sum(started.values()) / 2
    if sum(count for by, count in started.items() if by in _CLOCKS) > half:
        return True
    return False if sum(n for by, n in started.items() if by.startswith(_PEOPLE)) > half else None


def _families(places: Mapping[str, PlaceHabits]) -> frozenset[str]:
    """Return the ends that several of its hosts share."""
    ends = Counter(
        "." + rest
        for place in places.values()
        if not place.named and _is_own(rest := place.name.partition(".")[2])
    )
    return frozenset(end for end, count in ends.items() if count >= _FAMILY)


def _is_own(end: str) -> bool:
    """Return True for the end of a host that belongs to one owner: not `co.uk`, not `com`."""
    first, _, rest = end.partition(".")
    return bool(rest) and (len(first) > 3 or "." in rest)


def _varies(days: _Days, kinds: Mapping[str, list[date]]) -> frozenset[Unusual]:
    found = set()
    unnamed = _seen(days, lambda one: [n for n, place in one.places.items() if not place.named])
    if _once(unnamed) > len(days) * _VARIES:
        found.add(Unusual.DESTINATION)
    if _once(kinds) > len(days) * _VARIES:
        found.add(Unusual.KIND)
    return frozenset(found)


def _once[T](seen: Mapping[T, list[date]]) -> int:
    """Return on how many days something was seen that was seen on no other."""
    return len({days[0] for days in seen.values() if len(days) == 1})
