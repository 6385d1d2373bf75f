"""What was found in a payload: kinds, certainty and the finding itself. Never the text."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


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
    common = len(a.fingerprints) + len(b.fingerprints) - len(marks)
    records = (
        None if a.records is None and b.records is None else (a.records or 0) + (b.records or 0)
    )
    return replace(
        a,
        count=a.count + b.count,
        distinct=a.distinct + b.distinct - common,
        records=records,
        where=tuple(dict.fromkeys((*a.where, *b.where)))[:10],
        fingerprints=marks[:20],
    )
