"""What was found in a payload: kinds, certainty and the finding itself. Never the text."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from core.values import quick


class Confidence(StrEnum):
    """How sure a finding is."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


SECRET = "secret"  # noqa: S105 - the name of a kind
NOT_INSPECTED = "not_inspected"
DECODER, CLASSIFIER, PASS_THROUGH = "decoder", "classifier", "pass-through"
"""Who says that something was not inspected: it cannot be read, nobody had time for it, or nobody
was to look."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One kind of thing found by one detector in one exchange."""

    kind: str
    """Lower snake case and stable: `email`, `iban`, `us_ssn`, `secret`, `not_inspected`…"""
    detector: str
    """For secrets the type (`aws-access-key`), else the detector's name."""
    confidence: Confidence
    count: int
    """Occurrences."""
    distinct: int
    """Distinct values."""
    records: int | None = None
    """Rows or objects affected, where the payload has records."""
    where: tuple[str, ...] = ()
    """Places for a person: `body.messages[0].content`, `column iban`, `header x-key`; at most
    ten."""
    excerpt: str = ""
    """Masked, printable."""
    fingerprints: tuple[str, ...] = ()
    """Keyed, hex; at most twenty."""
    test_data: bool = False
    """A published example value: reported, but of no consequence by itself."""
    note: str | None = None
    """For `not_inspected`: what could not be read and why, in plain words; else what the value
    tells beside itself."""
    subjects: int | None = None
    """Distinct data subjects in the records, where they can be told."""
    unread: str | None = None
    """For `not_inspected`: what it is, a word of `core.vocabulary.unread`; None is `content`."""


AT_LEAST = "there are at least so many"
"""Begins the note that says that numbers are the least that there are."""
SEVERAL_PARTS = f"{AT_LEAST}: values of several parts were not all told apart"


def is_least(finding: Finding) -> bool:
    """Return whether its numbers are the least that there are, and not exact."""
    return finding.note is not None and AT_LEAST in finding.note


def notes_joined(known: str | None, more: str) -> str:
    """Return a note with one more, each once."""
    return more if known is None or known == more else f"{known}; {more}"


def not_inspected(
    why: str,
    detector: str,
    where: tuple[str, ...] = ("body",),
    count: int = 1,
    unread: str | None = None,
) -> Finding:
    """Return the finding that says what was not read, and why, in plain words. The one place that
    makes it.
    """
    return Finding(
        kind=NOT_INSPECTED,
        detector=detector,
        confidence=Confidence.CERTAIN,
        count=count,
        distinct=1,
        where=where,
        note=why,
        unread=unread,
    )


def people_in(finding: Finding) -> int:
    """Return how many people a finding tells of, at most: data subjects where they can be told,
    else rows, else distinct values.
    """
    if finding.subjects is not None:
        return finding.subjects
    return finding.records if finding.records is not None else finding.distinct


def merged(known: Iterable[Finding], new: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings of one exchange that was read in pieces: alike ones are added up."""
    result = {_key(f): f for f in known}
    for finding in new:
        key = _key(finding)
        before = result.get(key)
        result[key] = finding if before is None else _sum(before, finding)
    return tuple(result.values())


def _key(finding: Finding) -> tuple[str, str, bool, str | None, str | None]:
    """What makes findings alike. Each reason for not inspecting something is one of its own."""
    note = finding.note if finding.kind == NOT_INSPECTED else None
    return finding.kind, finding.detector, finding.test_data, note, finding.unread


def _sum(a: Finding, b: Finding) -> Finding:
    marks = tuple(dict.fromkeys((*a.fingerprints, *b.fingerprints)))
    records = (
        None if a.records is None and b.records is None else (a.records or 0) + (b.records or 0)
    )
    whole = replace(
        a,
        count=a.count + b.count,
        records=records,
        where=tuple(dict.fromkeys((*a.where, *b.where)))[:10],
        fingerprints=marks[:20],
        subjects=max((n for n in (a.subjects, b.subjects) if n is not None), default=None),
    )
    if a.kind == NOT_INSPECTED:
        return whole
    note = a.note if b.note is None or is_least(a) else notes_joined(a.note, b.note)
    told_apart = all(one.distinct <= len(one.fingerprints) for one in (a, b))
    if told_apart and a.subjects is None and b.subjects is None:
        return replace(whole, distinct=len(marks), note=note)
    distinct = max(a.distinct, b.distinct, len(marks))
    return replace(whole, distinct=distinct, note=_least_noted(note))


def _least_noted(note: str | None) -> str:
    return note if note is not None and AT_LEAST in note else notes_joined(note, SEVERAL_PARTS)


def counted_apart(finding: Finding, distinct: int, subjects: int | None) -> Finding:
    """Return it with the numbers of all its parts, in which each value counts once."""
    parts = [] if finding.note is None else finding.note.split("; ")
    note = "; ".join(part for part in parts if part != SEVERAL_PARTS) or None
    return replace(finding, distinct=distinct, subjects=subjects, note=note)
