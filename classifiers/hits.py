"""Hits and their sum: detectors report hits with spans, findings hold counts, masks and fingerprints only."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from classifiers.payload import Payload, place
from core.findings import Confidence, Finding
from core.fingerprint import Fingerprinter
from core.text import mask

MAX_PLACES = 10
MAX_FINGERPRINTS = 20


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

    def __repr__(self) -> str:
        return f"<Hit {self.kind} {self.detector} {self.confidence}>"


def summarise(hits: Iterable[Hit], payload: Payload, fingerprinter: Fingerprinter) -> list[Finding]:
    """Return one finding per (kind, detector, test or not), the most certain first."""
    groups: dict[tuple[str, str, bool], list[Hit]] = {}
    for hit in hits:
        if hit.rejected is None:
            groups.setdefault((hit.kind, hit.detector, hit.test_data), []).append(hit)
    findings = [_finding(group, payload, fingerprinter) for group in groups.values()]
    order = list(Confidence)
    return sorted(findings, key=lambda f: (f.test_data, order.index(f.confidence), f.kind))


def _finding(hits: Sequence[Hit], payload: Payload, fingerprinter: Fingerprinter) -> Finding:
    first = hits[0]
    values = dict.fromkeys(hit.value for hit in hits)
    places = dict.fromkeys(place(payload.segments[hit.segment]) for hit in hits[:200])
    order = list(Confidence)
    return Finding(
        kind=first.kind,
        detector=first.detector,
        confidence=min((hit.confidence for hit in hits), key=order.index),
        count=len(hits),
        distinct=len(values),
        where=tuple(list(places)[:MAX_PLACES]),
        excerpt=mask(first.value),
        fingerprints=tuple(fingerprinter.of(first.kind, value) for value in list(values)[:MAX_FINGERPRINTS]),
        test_data=first.test_data,
    )
