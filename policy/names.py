"""A destination that goes by several names: judged by each, and the strictest answer holds."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from core.classification import Category, Destination, LlmCall
from core.decision import Decision, Verdict
from core.situation import Situation

STOPPING = frozenset({Verdict.REDACT, Verdict.HOLD, Verdict.BLOCK})
_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}


def by_contradicting_name(s: Situation) -> Iterator[Situation]:
    """Yield a situation, and what it would be under each other name that contradicts."""
    yield s
    for name in s.destination.other_names:
        if name.in_doubt:
            yield _under(s, name)


def by_shown_address(s: Situation) -> Iterator[Situation]:
    """Yield what it would be under the addresses that were shown to be the host's."""
    for name in s.destination.other_names:
        if not name.in_doubt:
            yield _under(s, name)


def _under(s: Situation, name: Destination) -> Situation:
    """The other names stay with it: that they contradict is known under each."""
    where = replace(name, other_names=s.destination.other_names)
    return replace(s, destination=where, host=None, llm=_call_at(name, s.llm))


def _call_at(name: Destination, known: LlmCall | None) -> LlmCall | None:
    """A call of a model goes to the provider whose host is named."""
    if name.category is not Category.LLM or name.service is None:
        return known
    if known is None:
        return LlmCall(provider=name.service, operation="unknown")
    return replace(known, provider=name.service)


def strictest(decisions: Iterable[Decision]) -> Decision:
    """Return the strictest decision, with the headers that all of them would set."""
    decisions = tuple(decisions)
    first = max(decisions, key=strictness)
    shared = tuple(
        header for header in first.headers if all(header in one.headers for one in decisions)
    )
    return first if shared == first.headers else replace(first, headers=shared)


def strictness(decision: Decision) -> tuple[int, int]:
    """Return a rank: what is really done, then what a rule that is only watched would have done."""
    return _RANK[decision.verdict], _RANK[decision.intended or decision.verdict]
