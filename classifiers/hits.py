"""Hits and their sum: detectors report hits with spans, findings hold counts, masks and
fingerprints only.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import NamedTuple

from classifiers.payload import Path, Payload, place
from core.findings import NOT_INSPECTED, SECRET, Confidence, Finding, merged
from core.fingerprint import Fingerprinter
from core.organisation import FindingException
from core.text import mask

_RANK = {confidence: rank for rank, confidence in enumerate(Confidence)}
MAX_PLACES = 10
_PLACES_LOOKED_AT = 200
MAX_FINGERPRINTS = 20
_FOLDS = ("\n ", "\r\n ")
READ_AGAIN = ("(LDIF)",)
"""Ends the path of a text that is read a second time, as it reads."""


class Hit(NamedTuple):
    """One value found in one segment. Holds payload: never log it."""

    kind: str
    detector: str
    confidence: Confidence
    value: str
    """Normalised (digits without separators, lower-case e-mail…): what counts as the same value."""
    segment: int
    """Index into `Payload.segments`."""
    start: int
    end: int
    """Span in `Segment.text`, in characters of the text as it was before folding."""
    test_data: bool = False
    rejected: str | None = None
    """For `--explain`: why a candidate is no hit."""
    note: str | None = None
    """What else the value tells, without telling the value: issuer and expiry of a token."""

    def __repr__(self) -> str:
        return f"<Hit {self.kind} {self.detector} {self.confidence}>"


def summarise(
    hits: Iterable[Hit],
    payload: Payload,
    fingerprinter: Fingerprinter,
    exceptions: Collection[FindingException] = (),
) -> list[Finding]:
    """Return one finding per kind (for secrets per type, too), test data apart, the most certain
    first.
    """
    groups: dict[tuple[str, str, bool], list[Hit]] = {}
    for hit in counting(hits, payload, fingerprinter, exceptions):
        type_of_secret = hit.detector if hit.kind == SECRET else ""
        groups.setdefault((hit.kind, type_of_secret, hit.test_data), []).append(hit)
    if not groups:
        return []
    places: dict[int, str] = {}
    for group in groups.values():
        for hit in group[:_PLACES_LOOKED_AT]:
            if hit.segment not in places:
                places[hit.segment] = place(payload.segments[hit.segment])
    return in_order([_finding(group, places, fingerprinter) for group in groups.values()])


def told_once(hits: list[Hit], payload: Payload) -> list[Hit]:
    """Return the hits without what is told twice where a text is read as it is written, and as it
    reads (LDIF): what is in both, or in the base64 of both, and the rest of a value behind a fold.
    """
    segments = payload.segments
    again = [hit for hit in hits if segments[hit.segment].path[-1:] == READ_AGAIN]
    if not again:
        return hits
    whole: dict[tuple[Path, str], list[str]] = {}
    for hit in again:
        whole.setdefault((segments[hit.segment].path[:-1], hit.kind), []).append(hit.value)
    kept, written = list[Hit](), set[tuple[str, str, Path]]()
    for hit in hits:
        path = segments[hit.segment].path
        if path[-1:] == READ_AGAIN:
            continue
        if _is_cut(hit, segments[hit.segment].text, whole.get((path, hit.kind), ())):
            continue
        kept.append(hit)
        written |= {(hit.kind, hit.value, path), (hit.kind, hit.value, path[:-1])}
    return kept + [
        hit
        for hit in again
        if (hit.kind, hit.value, segments[hit.segment].path[:-1]) not in written
    ]


def _is_cut(hit: Hit, text: str, values: Sequence[str]) -> bool:
    """True for what stands at a fold of a line and is a part of a whole value."""
    if not text.endswith("\n ", 0, hit.start) and not text.startswith(_FOLDS, hit.end):
        return False
    return any(hit.value != whole and hit.value in whole for whole in values)


def counting(
    hits: Iterable[Hit],
    payload: Payload,
    fingerprinter: Fingerprinter,
    exceptions: Collection[FindingException] = (),
) -> list[Hit]:
    """Return the hits that count: those that are neither rejected nor excepted."""
    excepted = {rule.kind for rule in exceptions}
    return [
        hit
        for hit in hits
        if hit.rejected is None
        and not (
            hit.kind in excepted
            and is_excepted(hit, place(payload.segments[hit.segment]), fingerprinter, exceptions)
        )
    ]


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings, the most certain first, test data last."""
    return sorted(findings, key=lambda f: (f.test_data, _RANK[f.confidence], f.kind))


def is_excepted(
    hit: Hit, where: str, fingerprinter: Fingerprinter, exceptions: Collection[FindingException]
) -> bool:
    """True when the organisation has said of this value, at this place, that it is a false
    alarm.
    """
    mark = fingerprinter.of(hit.kind, hit.value)
    return any(
        rule.kind == hit.kind
        and rule.fingerprint == mark
        and (rule.where is None or fnmatchcase(where, rule.where))
        for rule in exceptions
    )


def one_per_kind(findings: Iterable[Finding]) -> list[Finding]:
    """Join what was found of one kind in columns and in text; types of secrets and unread parts
    stay apart.
    """
    alone: list[Finding] = []
    groups: dict[tuple[str, bool], list[Finding]] = {}
    for finding in findings:
        if finding.kind in {SECRET, NOT_INSPECTED}:
            alone.append(finding)
        else:
            groups.setdefault((finding.kind, finding.test_data), []).append(finding)
    return in_order(alone + [_joined(group) for group in groups.values()])


def _joined(group: Sequence[Finding]) -> Finding:
    """Return the sum; its detector is that of the largest part, and people told apart twice count
    once.
    """
    if len(group) == 1:
        return group[0]
    largest = max(group, key=lambda f: f.count)
    whole = merged((), [replace(finding, detector=largest.detector) for finding in group])[0]
    return replace(whole, confidence=min((f.confidence for f in group), key=_RANK.__getitem__))


def _finding(
    hits: Sequence[Hit], places: Mapping[int, str], fingerprinter: Fingerprinter
) -> Finding:
    first = hits[0]
    if len(hits) == 1:  # the common case, on the hot path
        return Finding(
            kind=first.kind,
            detector=first.detector,
            confidence=first.confidence,
            count=1,
            distinct=1,
            where=(places[first.segment],),
            excerpt=mask(first.value),
            fingerprints=(fingerprinter.of(first.kind, first.value),),
            test_data=first.test_data,
            note=first.note,
        )
    values = dict.fromkeys([hit.value for hit in hits])
    where = dict.fromkeys([places[hit.segment] for hit in hits[:_PLACES_LOOKED_AT]])
    return Finding(
        kind=first.kind,
        detector=first.detector,
        confidence=min([hit.confidence for hit in hits], key=_RANK.__getitem__),
        count=len(hits),
        distinct=len(values),
        where=tuple(where)[:MAX_PLACES],
        excerpt=mask(first.value),
        fingerprints=tuple(
            [fingerprinter.of(first.kind, value) for value in list(values)[:MAX_FINGERPRINTS]]
        ),
        test_data=first.test_data,
        note=next((hit.note for hit in hits if hit.note), None),
    )
