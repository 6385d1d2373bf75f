"""Up to where a case is closed, and why it came back, in words. Pure."""

from collections.abc import Iterator
from datetime import datetime, tzinfo

from core.case_inside import Scope, beyond
from core.findings import NOT_INSPECTED
from core.review import RETURNS, Case, CaseStatus
from core.vocabulary.kinds import by_gravity
from core.vocabulary.sizes import at_least, counted, joined, number
from core.vocabulary.times import day_of
from tui.wording import kind_words, safe

_SHOWN = 3


def holds(case: Case, now: datetime, zone: tzinfo | None = None) -> str:
    """Return how long a closed case stays closed, as a sentence; nothing where it is not known."""
    if case.scope is None:
        return ""
    if case.disposition not in RETURNS:
        return f"It holds for {scope_words(case.scope, now, zone)}."
    until = case.scope.until
    day = "" if until is None else f", and on {day_of(until, now, zone)} in any case"
    return f"It comes back if it happens again{day}."


def scope_words(scope: Scope, now: datetime, zone: tzinfo | None = None) -> str:
    """Return `version 854b0c…, fewer than 120 people, fewer than 4,000 rows in one request, until
    1 March`.
    """
    return ", ".join(_parts(scope, now, zone))


def _parts(scope: Scope, now: datetime, zone: tzinfo | None) -> Iterator[str]:
    known = sorted(scope.versions - {""})
    versions = [f"{safe(sha256, 64)[:8]}…" for sha256 in known[:_SHOWN]]
    if len(known) > _SHOWN:
        versions = [*versions[:-1], f"{number(len(known) - _SHOWN + 1)} others"]
    if versions:
        yield f"{'versions' if len(versions) > 1 else 'version'} {joined(versions)}"
    yield _kinds(scope)
    if scope.people:
        yield f"fewer than {counted(scope.people_limit, 'person', 'people')}"
    if scope.rows:
        yield f"fewer than {counted(scope.rows_limit, 'row')} in one request"
    if scope.unchecked:
        yield f"fewer than {counted(scope.unchecked_limit, 'request')} of which a check failed"
    yield "no date" if scope.until is None else f"until {day_of(scope.until, now, zone)}"


def _kinds(scope: Scope) -> str:
    found = [kind for kind in by_gravity(scope.kinds) if kind != NOT_INSPECTED]
    names = list(dict.fromkeys(kind_words(kind).many for kind in found))
    if len(names) > _SHOWN:
        names = [*names[: _SHOWN - 1], f"{number(len(names) - _SHOWN + 1)} other kinds"]
    if NOT_INSPECTED in scope.kinds:
        names.append(kind_words(NOT_INSPECTED).many)
    return joined(names) or "nothing found"


def came_back(case: Case, now: datetime) -> str:
    """Return why a case that was closed is open again: `a new version; from 12 to 150 people`; or
    nothing.
    """
    scope, reach = case.scope, case.reach
    if case.status is not CaseStatus.OPEN or scope is None:
        return ""
    if scope.until is not None and scope.until <= now:
        return "its date has passed"
    kinds = ", ".join(kind_words(kind).many for kind in by_gravity(reach.kinds - scope.kinds))
    inside = case.inside
    people = at_least(reach.people, "person", "people", exact=inside.people_exact)
    rows = at_least(reach.rows, "row", exact=inside.most_exact)
    checks = f"checks of {counted(reach.unchecked, 'request')}"
    words = {
        "version": "a new version of the script",
        "kind": f"a new kind of data: {kinds}",
        "account": "another account",
        "people": f"from {number(scope.people)} to {people}",
        "rows": f"from {number(scope.rows)} to {rows} in one request",
        "unchecked": f"{checks} failed"
        + (f", {scope.unchecked} before" if scope.unchecked else ""),
    }
    return "; ".join(words[name] for name in beyond(scope, reach)) or "it happened again"
