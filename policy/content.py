"""Conditions on content: what was found, and which language model is called with which key."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from core.classification import LlmCall
from core.findings import NOT_INSPECTED, Confidence, Finding
from core.situation import Situation
from core.vocabulary.kinds import KINDS, Finder, Kind, kinds_of
from destinations.catalogue import canonical
from policy.logic import Condition, Match, kleene_and, matcher
from policy.plan import LLM_CALL, Gate
from policy.rules import FindingsCondition, LlmCondition
from policy.unknowns import FINDINGS, LLM, NAMES, SECRETS, VALUES, Truth

type LlmTest = Callable[[LlmCall, bool], Truth]


def _bits(kind: Kind) -> int:
    """Names are hidden by the stage that looks for values, too, so that its own bit is enough for them."""
    if kind.found_by & {Finder.CREDENTIALS, Finder.OWN_WORDS}:
        return SECRETS
    return NAMES if Finder.NAMES in kind.found_by else VALUES


_BITS = {name: _bits(kind) for name, kind in KINDS.items()}
_SURE = {Confidence.POSSIBLE: 0, Confidence.LIKELY: 1, Confidence.CERTAIN: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which findings a condition counts."""

    kinds: frozenset[str] | None
    """None for every kind, `not_inspected` only with `unread_too`."""
    unread_too: bool
    sure: int
    test_data: bool
    detectors: tuple[str, ...] | None

    def has(self, kind: str) -> bool:
        return (
            kind in self.kinds
            if self.kinds is not None
            else self.unread_too or kind != NOT_INSPECTED
        )

    def among(self, kinds: frozenset[str]) -> "Selection":
        """The same selection where only these kinds were found."""
        return replace(self, kinds=frozenset(filter(self.has, kinds)), unread_too=False)


class Sums:
    """How many findings of a selection there are, and what they add up to. Knows the last answer."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._detector = matcher(selection.detectors) if selection.detectors else None
        self._last: tuple[tuple[Finding, ...] | None, tuple[int, ...]] = (None, ())

    def of(self, findings: tuple[Finding, ...]) -> tuple[int, ...]:
        """Return findings, values, distinct values, rows and people; rows and people are shared by findings."""
        last, sums = self._last
        if last is not findings:
            sums = self._counted(findings)
            self._last = findings, sums
        return sums

    def _counted(self, findings: tuple[Finding, ...]) -> tuple[int, ...]:
        number = count = distinct = records = subjects = 0
        chosen = self._selection
        for f in findings:
            if (
                chosen.has(f.kind)
                and (chosen.test_data or not f.test_data)
                and _SURE[f.confidence] >= chosen.sure
                and (self._detector is None or self._detector(f.detector))
            ):
                number += 1
                count += f.count
                distinct += f.distinct
                records = max(records, f.records or 0)
                subjects = max(subjects, f.subjects or 0)
        return number, count, distinct, records, subjects


_sums = lru_cache(maxsize=4096)(Sums)
"""One for each selection, so that all conditions with it count once."""


def findings_condition(c: FindingsCondition) -> Condition:
    kinds = kinds_of(c.kinds) if c.kinds else None
    looked_for = _looked_for(kinds)
    chosen = Selection(
        kinds=kinds,
        unread_too=NOT_INSPECTED in (c.kinds or ()),
        sure=_SURE[c.certainty] if c.certainty else 0,
        test_data=c.test_data,
        detectors=tuple(c.detectors) if c.detectors else None,
    )
    minimum = (None, c.count_at_least, c.distinct_at_least, c.records_at_least, c.subjects_at_least)
    limits = [(which, least) for which, least in enumerate(minimum) if least] or [(0, 1)]
    counted = _sums(chosen).of

    def test(s: Situation, missing: int) -> Truth:
        sums = counted(s.findings)
        if sums[0] and all(sums[which] >= least for which, least in limits):
            return True
        return None if missing & looked_for else False

    gates = tuple(_gate(chosen, which, least, looked_for) for which, least in limits)
    return Condition(test=test, static=False, cost=5, gates=gates)


def _gate(chosen: Selection, which: int, at_least: int, unsure: int) -> Gate:
    counted = _sums(chosen).of
    return Gate(
        key=(chosen, which),
        read=lambda s: counted(s.findings)[which],
        at_least=at_least,
        unsure=unsure,
        narrowed=lambda kinds: _gate(chosen.among(kinds), which, at_least, unsure),
    )


def _looked_for(kinds: frozenset[str] | None) -> int:
    """Return which failures could hide these kinds: a lost names model says nothing of bank data."""
    if kinds is None or NOT_INSPECTED in kinds:
        return FINDINGS
    bits = 0
    for kind in kinds:
        bits |= _BITS.get(kind, VALUES)
    return bits


def llm_condition(c: LlmCondition, own_keys: frozenset[str]) -> Condition:
    """Before the body is there, what is not known of a call may still become known."""
    parts: list[LlmTest] = []
    if c.provider:
        parts.append(
            _llm_text(matcher([canonical(name) for name in c.provider]), lambda call: call.provider)
        )
    if c.model:
        parts.append(_llm_text(matcher(c.model), lambda call: call.model))
    if c.operation:
        parts.append(_llm_text(matcher(c.operation), lambda call: call.operation))
    if c.key_class:
        parts.append(_llm_text(matcher(c.key_class), lambda call: call.key_class))
    if c.organisation:
        parts.append(_llm_text(matcher(c.organisation), lambda call: call.organisation))
    if c.tools:
        tool = matcher(c.tools)
        parts.append(
            lambda call, open_: True if any(map(tool, call.tools)) else (None if open_ else False)
        )
    if c.attachments is not None:
        parts.append(lambda call, open_: None if open_ else bool(call.attachments) is c.attachments)
    if c.key:
        known = c.key == "known"
        parts.append(
            lambda call, open_: (
                None
                if open_ and call.key_fingerprint is None
                else (call.key_fingerprint in own_keys) is known
            )
        )

    def test(s: Situation, missing: int) -> Truth:
        open_ = bool(missing & LLM)
        if s.llm is None:
            return None if open_ else False
        call = s.llm
        return kleene_and(part(call, open_) for part in parts)

    return Condition(test=test, static=True, cost=3, looks=LLM_CALL)


def _llm_text(match: Match, read: Callable[[LlmCall], str | None]) -> LlmTest:
    def test(call: LlmCall, open_: bool) -> Truth:
        value = read(call)
        if value is None:
            return None if open_ else False
        return match(value)

    return test
