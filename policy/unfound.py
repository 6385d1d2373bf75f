"""Kinds that a rule looks for and that this organisation, as it stands, never finds."""

from collections.abc import Iterator

from core.vocabulary.kinds import KINDS, Finder
from policy.conditions import When, whens
from policy.rules import OrganisationSection, PolicyModel


def never_found(model: PolicyModel) -> Iterator[tuple[str, str]]:
    """Yield (rule id, why) for each kind that nothing in this file lets anybody find."""
    for rule in model.rules:
        if not rule.enabled:
            continue
        for kind in dict.fromkeys((*_kinds(rule.when), *(rule.then.kinds or ()))):
            why = _why(kind, model.organisation)
            if why is not None:
                yield rule.id, f"looks for {kind}, but organisation {why}: it never finds any"


def _why(kind: str, ours: OrganisationSection) -> str | None:
    known = KINDS.get(kind)
    if known is not None and known.found_by == {Finder.OWN_WORDS} and not ours.words:
        return "lists no words"
    if kind in ours.kinds and (known is None or known.reserved) and not ours.recognizers:
        return "names no recognizers"
    return None


def _kinds(when: When) -> Iterator[str]:
    for part in whens(when, negated=False):
        if part.findings is not None:
            yield from part.findings.kinds or ()
