"""What rules count in a request: the findings of some kinds, and what they add up to."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from core.findings import NOT_INSPECTED, Confidence, Finding
from core.situation import Situation
from core.vocabulary.kinds import KINDS, Finder, Kind
from policy.inputs import FINDINGS, NAMES, SECRETS, UNREAD, VALUES, Inputs
from policy.predicates import matcher
from policy.reads import Read, Stands

_SURE = {Confidence.POSSIBLE: 0, Confidence.LIKELY: 1, Confidence.CERTAIN: 2}


def _hidden_with(kind: Kind) -> Inputs:
    """The stage that looks for values hides names, too, so that their own input is enough."""
    if kind.found_by & {Finder.CREDENTIALS, Finder.OWN_WORDS}:
        return SECRETS
    return NAMES if Finder.NAMES in kind.found_by else VALUES


_INPUTS = {name: _hidden_with(kind) for name, kind in KINDS.items()}


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
        if self.has(NOT_INSPECTED):
            return FINDINGS | UNREAD
        if self.kinds is None:
            return FINDINGS
        together = 0
        for kind in self.kinds:
            together |= _INPUTS.get(kind, VALUES)
        return together


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
