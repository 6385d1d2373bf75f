"""What is inside a case, as rows: kinds with all values, people, versions, users, outcomes, days.
Pure.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo

from core.case_inside import Inside
from core.findings import NOT_INSPECTED
from core.review import Case
from core.vocabulary.kinds import by_gravity
from core.vocabulary.sizes import at_least, capital, counted, number
from core.vocabulary.times import clock_time
from tui.rows import Row, Section
from tui.wording import case_outcomes, kind_words, safe

_SHOWN = 4
_WEEKS = 14
_EPOCH = date(1970, 1, 1)
_BARS = "▁▂▃▄▅▆▇█"


def inside_section(case: Case, now: datetime, zone: tzinfo | None = None) -> Section:
    """Return what all requests of a case hold together; nothing of one that is alone."""
    if case.count < 2 or not case.inside.outcomes:
        return Section("In all requests", ())
    return Section("In all requests", tuple(_rows(case, now, zone)))


def _rows(case: Case, now: datetime, zone: tzinfo | None) -> Iterator[Row]:
    inside = case.inside
    outcomes = case_outcomes(case)
    if outcomes:
        yield Row("Outcomes", outcomes)
    if inside.people:
        people = at_least(inside.people, "person", "people", exact=inside.people_exact)
        yield Row("People", people, "strong")
    yield from _fleet(inside)
    for place, kind in enumerate(by_gravity(inside.kinds)):
        known, words = inside.kinds[kind], kind_words(kind)
        if kind == NOT_INSPECTED:
            text = f"{counted(known.requests, 'request')} that could not all be read"
        else:
            values = at_least(known.distinct, words.one, words.many, exact=known.exact)
            values = values if known.distinct else capital(words.many)
            text = f"{values}, in {counted(known.requests, 'request')}"
        yield Row("" if place else "Kinds", text)
    yield from _versions(case, now, zone)
    for label, counts in (("Users", inside.users), ("Rules", inside.rules)):
        yield from _counted(label, counts)
    yield from _counted("Models", inside.models)
    if len(inside.accounts) > 1:
        yield Row("Accounts", f"{number(len(inside.accounts))} different ones")
    yield Row("Days", f"{sparkline(inside.days, now)}  the last {counted(_WEEKS, 'day')}")


def _fleet(inside: Inside) -> Iterator[Row]:
    if not inside.machines:
        return
    named = ", ".join(safe(name, 40) for name in inside.named_machines[:_SHOWN])
    more = len(inside.named_machines) > _SHOWN or inside.machines > len(inside.named_machines)
    told = f": {named}{', …' if more else ''}" if named else ""
    yield Row("Machines", f"{counted(inside.machines, 'machine')}{told}", "strong")
    for place, group in enumerate(inside.groups[:_SHOWN]):
        yield Row("" if place else "Groups", safe(group, 80))


def _versions(case: Case, now: datetime, zone: tzinfo | None) -> Iterator[Row]:
    seen = case.inside.versions
    newest = sorted((sha for sha in seen if sha), key=lambda sha: seen[sha].last_at, reverse=True)
    for place, sha256 in enumerate(newest[:_SHOWN]):
        one = seen[sha256]
        times = f"{counted(one.count, 'request')}, last {clock_time(one.last_at, now, zone)}"
        yield Row("" if place else "Versions", f"{safe(sha256, 64)[:12]}: {times}")
    if len(newest) > _SHOWN:
        yield Row("", f"and {counted(len(newest) - _SHOWN, 'other version')}", "quiet")


def _counted(label: str, counts: Mapping[str, int]) -> Iterator[Row]:
    names = sorted(counts, key=lambda name: (-counts[name], name))
    if not names:
        return
    told = [f"{safe(name, 60)} ×{number(counts[name])}" for name in names[:_SHOWN]]
    more = f" and {number(len(names) - _SHOWN)} more" if len(names) > _SHOWN else ""
    yield Row(label, ", ".join(told) + more)


def sparkline(days: Mapping[int, int], now: datetime, length: int = _WEEKS) -> str:
    """Return the last days as bars, today last; a day without any is a low dot."""
    today = (now.astimezone(UTC).date() - _EPOCH) // timedelta(days=1)
    counts = [days.get(day, 0) for day in range(today - length + 1, today + 1)]
    return bars(counts)


def bars(counts: list[int]) -> str:
    """Return numbers as bars of eight heights; none is a low dot."""
    most = max(counts, default=0)
    if not most:
        return "." * len(counts)
    top = len(_BARS) - 1
    return "".join(_BARS[round(n / most * top)] if n else "." for n in counts)
