"""Conditions on content: what was found, and which language model is called with which key."""

from collections.abc import Callable, Iterable

from core.classification import LlmCall
from core.findings import NOT_INSPECTED, SECRET, Confidence, Finding
from core.situation import Situation
from policy.decide import FINDINGS, LLM, NAMES, SECRETS, VALUES, Truth
from policy.logic import Condition, Match, kleene_and, matcher
from policy.rules import FindingsCondition, LlmCondition
from policy.words import ANYTHING, WORDS

type LlmTest = Callable[[LlmCall, bool], Truth]

_NAMES = frozenset({"person", "address"})
_SURE = {Confidence.POSSIBLE: 0, Confidence.LIKELY: 1, Confidence.CERTAIN: 2}


def kinds_of(words: Iterable[str]) -> frozenset[str] | None:
    """Return the kinds that these words stand for; None for every kind (`not_inspected` only where named)."""
    kinds: set[str] = set()
    for word in words:
        if word == ANYTHING:
            return None
        kinds |= WORDS.get(word, {word})
    return frozenset(kinds)


def findings_condition(c: FindingsCondition) -> Condition:
    kinds = kinds_of(c.kinds) if c.kinds else None
    looked_for = _looked_for(kinds)
    unread_too = NOT_INSPECTED in (c.kinds or ())
    detectors = matcher(c.detectors) if c.detectors else None
    sure = _SURE[c.certainty] if c.certainty else 0
    minimum = (c.count_at_least, c.distinct_at_least, c.records_at_least, c.subjects_at_least)
    counted = any(minimum)
    count, distinct, records, subjects = (n or 0 for n in minimum)

    def enough(found: list[Finding]) -> bool:
        """Values add up over findings; rows are shared by them."""
        return (
            sum(f.count for f in found) >= count
            and sum(f.distinct for f in found) >= distinct
            and max((f.records or 0 for f in found), default=0) >= records
            and max((f.subjects or 0 for f in found), default=0) >= subjects
        )

    def test(s: Situation, missing: int) -> Truth:
        found = [
            f
            for f in s.findings
            if (f.kind in kinds if kinds is not None else unread_too or f.kind != NOT_INSPECTED)
            and (c.test_data or not f.test_data)
            and _SURE[f.confidence] >= sure
            and (detectors is None or detectors(f.detector))
        ]
        if found and (not counted or enough(found)):
            return True
        return None if missing & looked_for else False

    return Condition(test=test, static=False, cost=5)


def _looked_for(kinds: frozenset[str] | None) -> int:
    """Return which failures could hide these kinds: a lost names model says nothing of bank data."""
    if kinds is None or NOT_INSPECTED in kinds:
        return FINDINGS
    secrets = SECRETS if SECRET in kinds else 0
    names = NAMES if kinds & _NAMES else 0
    return secrets | names | (VALUES if kinds - {SECRET} - _NAMES else 0)


def llm_condition(c: LlmCondition, own_keys: frozenset[str]) -> Condition:
    """Before the body is there, what is not known of a call may still become known."""
    parts: list[LlmTest] = []
    if c.provider:
        parts.append(_llm_text(matcher(c.provider), lambda call: call.provider))
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
        parts.append(lambda call, open_: True if any(map(tool, call.tools)) else (None if open_ else False))
    if c.attachments is not None:
        parts.append(lambda call, open_: None if open_ else bool(call.attachments) is c.attachments)
    if c.key:
        known = c.key == "known"
        parts.append(
            lambda call, open_: (
                None if open_ and call.key_fingerprint is None else (call.key_fingerprint in own_keys) is known
            )
        )

    def test(s: Situation, missing: int) -> Truth:
        open_ = bool(missing & LLM)
        if s.llm is None:
            return None if open_ else False
        call = s.llm
        return kleene_and(part(call, open_) for part in parts)

    return Condition(test=test, static=False, cost=3)


def _llm_text(match: Match, read: Callable[[LlmCall], str | None]) -> LlmTest:
    def test(call: LlmCall, open_: bool) -> Truth:
        value = read(call)
        if value is None:
            return None if open_ else False
        return match(value)

    return test
