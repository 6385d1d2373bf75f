"""What rules count in a request: the findings of some kinds, and what they add up to."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from core.findings import NOT_INSPECTED, SECRET, Confidence, Finding
from core.situation import Situation
from policy.inputs import FINDINGS, NAMES, SECRETS, VALUES, Inputs
from policy.predicates import matcher
from policy.reads import Read, Stands
from policy.words import ANYTHING, WORDS

_NAMES = frozenset({"person", "address"})
_SURE = {Confidence.POSSIBLE: 0, Confidence.LIKELY: 1, Confidence.CERTAIN: 2}


def kinds_of(words: Iterable[str]) -> frozenset[str] | None:
    """Return the kinds that these words stand for; None for every kind.

    Every kind means `not_inspected`, too, only where it is named.
    """
    kinds: set[str] = set()
    for word in words:
        if word == ANYTHING:
            return None
        kinds |= WORDS.get(word, {word})
    return frozenset(kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which findings a condition counts."""

    kinds: frozenset[str] | None = None
    """None for every kind, `not_inspected` only with `unread_too`."""
    unread_too: bool = False
    certainty: Confidence = Confidence.POSSIBLE
    """At least so sure."""
    test_data: bool = False
    detectors: tuple[str, ...] | None = None

    def has(self, kind: str) -> bool:
        """Return whether findings of this kind are meant."""
        if self.kinds is None:
            return self.unread_too or kind != NOT_INSPECTED
        return kind in self.kinds

    @property
    def inputs(self) -> Inputs:
        """Which failures could hide these kinds: a lost names model says nothing of bank data."""
        kinds = self.kinds
        if kinds is None or NOT_INSPECTED in kinds:
            return FINDINGS
        secrets = SECRETS if SECRET in kinds else 0
        names = NAMES if kinds & _NAMES else 0
        return secrets | names | (VALUES if kinds - {SECRET} - _NAMES else 0)


class Measure(Enum):
    """What is counted. Values of several findings add up; rows and people are shared by them."""

    FINDINGS = "findings"
    COUNT = "count"
    DISTINCT = "distinct"
    RECORDS = "records"
    SUBJECTS = "subjects"


_AMOUNT: dict[Measure, Callable[[Finding], int]] = {
    Measure.FINDINGS: lambda f: 1,
    Measure.COUNT: lambda f: f.count,
    Measure.DISTINCT: lambda f: f.distinct,
    Measure.RECORDS: lambda f: f.records or 0,
    Measure.SUBJECTS: lambda f: f.subjects or 0,
}
_SHARED = frozenset({Measure.RECORDS, Measure.SUBJECTS})


@lru_cache(maxsize=4096)
def found(selection: Selection, measure: Measure) -> Read[float]:
    """Return the read of how much was found; the same one for all rules that count alike."""
    amount, shared = _AMOUNT[measure], measure in _SHARED
    has, test_data = selection.has, selection.test_data
    sure = frozenset(c for c in Confidence if _SURE[c] >= _SURE[selection.certainty])
    detector = matcher(selection.detectors) if selection.detectors else None

    def chosen(f: Finding) -> bool:
        if not has(f.kind) or f.confidence not in sure or (f.test_data and not test_data):
            return False
        return detector is None or detector(f.detector)

    def of(s: Situation) -> int:
        amounts = [amount(f) for f in s.findings if chosen(f)]
        return max(amounts, default=0) if shared else sum(amounts)

    return Read(name=f"findings.{measure.value}", inputs=selection.inputs, of=of, stands=Stands.YES)
