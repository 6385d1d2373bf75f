"""Rules that only watch beside rules that enforce: they decide nothing; what they would is told."""

from collections.abc import Iterable
from dataclasses import replace

from core.decision import Decision, Verdict
from core.vocabulary.verdicts import WOULD
from policy.compiled import CompiledRule, Holding
from policy.names import strictness

_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}


def as_enforced(decision: Decision) -> Verdict:
    """Return what the rule of a decision asks for, be it in watch mode or not."""
    return decision.intended or decision.verdict


def deciding(rules: Iterable[CompiledRule], *, allowing: bool) -> frozenset[CompiledRule]:
    """Return the rules that may change what happens to a request which a rule only watches.

    `allowing`: those that allow, too, since what comes without a rule may be stopped.
    """
    return frozenset(
        rule
        for rule in rules
        if not rule.only_watches and (rule.enforces or (allowing and rule.verdict is Verdict.ALLOW))
    )


def past_trials(found: Holding, to_come: frozenset[CompiledRule]) -> Holding:
    """Yield the rules up to the first that only watches and holds, and then those of `to_come`."""
    watched = False
    for rule, answer in found:
        if not watched or rule in to_come:
            yield rule, answer
            watched = watched or (rule.only_watches and answer is True)


def with_trial(decision: Decision, trial: Decision | None) -> Decision:
    """Return the decision with what a rule that only watches would have done.

    `trial` is that rule's; it stands where nothing else does more to the request.
    """
    if trial is None:
        return decision
    if strictness(decision) <= strictness(trial):
        same = decision.headers == trial.headers
        return trial if same else replace(trial, headers=decision.headers)
    if decision.intended is not None:
        return decision
    asked = as_enforced(trial)
    told = f"Rule {trial.rule}, which only watches, would have {WOULD[asked]}."
    more = _RANK[asked] > _RANK[decision.verdict]
    return replace(decision, reason=f"{decision.reason} {told}", intended=asked if more else None)


def as_if_enforced(decision: Decision, trial: Decision | None) -> Decision:
    """Return the stricter of what is decided and what the rule on trial asks for."""
    if trial is None or does_more(as_enforced(decision), as_enforced(trial)):
        return with_trial(decision, trial)
    return trial


def does_more(one: Verdict | None, other: Verdict) -> bool:
    """Return whether the one does more to a request than the other."""
    return one is not None and _RANK[one] > _RANK[other]
