"""The history of a case's script: its versions, what was said of them, and its other cases.

Pure.
"""

from collections.abc import Iterator
from datetime import datetime, tzinfo

from core.review import OWN, Action, Case, CaseStatus, ReviewEvent, signed
from core.vocabulary.sizes import capital, counted, number
from core.vocabulary.times import clock_time
from tui.rows import Row, Section
from tui.script_view import ScriptReading
from tui.wording import case_meaning, case_place, case_words, disposition_words, safe

_VERSIONS, _ACTS, _CASES = 4, 4, 5


def past_section(
    past: ScriptReading | None, case: Case, now: datetime, zone: tzinfo | None = None
) -> Section:
    """Return what was seen and said of the script of a case; nothing while nobody looked."""
    if past is None:
        return Section("History of this script", ())
    rows = (*_versions(past, now, zone), *_acts(past, now, zone), *_others(past, case, now, zone))
    return Section("History of this script", rows)


def _versions(past: ScriptReading, now: datetime, zone: tzinfo | None) -> Iterator[Row]:
    versions = past.versions
    if not versions:
        yield Row("", "No version of it is on record.", "quiet")
        return
    first = min(version.first_at for version in versions)
    many = counted(len(versions), "version")
    yield Row("Seen", f"in {many}, first {clock_time(first, now, zone)}")
    for place, version in enumerate(versions[:_VERSIONS]):
        approved = past.approved(version)
        state = "approved" if approved else "not approved"
        begun, ended = (clock_time(at, now, zone) for at in (version.first_at, version.last_at))
        digest = safe(version.sha256 or "not known", 64)[:12]
        tone = "allowed" if approved else "plain"
        yield Row("" if place else "Versions", f"{digest}: {begun} to {ended}, {state}", tone)
    if len(versions) > _VERSIONS:
        yield Row("", f"and {number(len(versions) - _VERSIONS)} before; s shows them", "quiet")


def _acts(past: ScriptReading, now: datetime, zone: tzinfo | None) -> Iterator[Row]:
    for place, event in enumerate(reversed(past.events[-_ACTS:])):
        yield Row("" if place else "Approvals", _act(event, now, zone))
        if event.note:
            yield Row("", f"“{safe(event.note, 300)}”", "quiet")
    if not past.events:
        yield Row("Approvals", "none", "quiet")
    if (before := len(past.events) - _ACTS) > 0:
        yield Row("", f"and {number(before)} before; s shows the last word on each", "quiet")
    for entry in past.unreadable[-_ACTS:]:
        yield Row("", safe(entry.for_officer(), 300), "unknown")


_DONE = {Action.APPROVE_SCRIPT: "approved", Action.ASK_APPROVE_SCRIPT: "asked to approve"}


def _act(event: ReviewEvent, now: datetime, zone: tzinfo | None) -> str:
    what = _DONE.get(event.action, "took back the approval of")
    version = safe(event.script_sha256 or "", 64)[:12]
    when = capital(clock_time(event.at, now, zone))
    return f"{when} · {safe(signed(event), 120)} {what} {version}".rstrip()


def _others(past: ScriptReading, case: Case, now: datetime, zone: tzinfo | None) -> Iterator[Row]:
    others = [other for other in past.cases if other.key != case.key]
    if not others:
        yield Row("Cases", "This is its only case.", "quiet")
        return
    still_open = sum(other.status is CaseStatus.OPEN for other in others)
    least = "at least " if past.more_cases else ""
    yield Row("Cases", f"{least}{counted(len(others), 'other')}, {least}{number(still_open)} open")
    for other in others[:_CASES]:
        words = case_words(other)
        state = "open"
        if other.status is CaseStatus.CLOSED:
            by = f" by {OWN}" if Action.CLOSE in other.own else ""
            state = f"closed{by}: {disposition_words(other.disposition)}"
        last = clock_time(other.last_at, now, zone)
        yield Row(
            "", f"{words.sign} {case_place(other)}: {state}, last {last}", case_meaning(other)
        )
    if len(others) > _CASES:
        more = f"{number(len(others) - _CASES)}{'+' if past.more_cases else ''}"
        yield Row("", f"and {more} more; s shows them", "quiet")
