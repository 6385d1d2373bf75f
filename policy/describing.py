"""The policy file's format for editors, and advice on what is probably not meant."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from core.decision import Mode, Verdict
from destinations.catalogue import account_names, destination_names
from policy import reads
from policy.conditions import condition_of
from policy.contradictions import contradiction
from policy.logic import AllOf, Not
from policy.rules import PolicyModel, Rule
from policy.tls_passthrough import dates_to_mend
from policy.unfound import never_found

SCHEMA_ID = "urn:outgate:policy:1"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of `outgate.yaml`."""
    schema = PolicyModel.model_json_schema(by_alias=True, mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **schema,
        "title": "Outgate policy",
    }


def advice(model: PolicyModel, *, today: date) -> tuple[tuple[str, str], ...]:
    """Return (rule id, advice in words) for what loads but is probably not meant."""
    return tuple(_advice(model, today))


def _advice(model: PolicyModel, today: date) -> Iterator[tuple[str, str]]:
    own_keys = frozenset(model.organisation.key_fingerprints)
    above: list[tuple[Rule, AllOf]] = []
    for rule in model.rules:
        if not rule.enabled:
            continue
        when = condition_of(rule.when, own_keys)
        before = (
            above
            if _on_trial(rule, model)
            else [one for one in above if not _on_trial(one[0], model)]
        )
        for words in (*_reach(when, before), *_slips(rule, today), *_strangers(when)):
            yield rule.id, words
        if rule.then.do is not None and rule.until is None:
            above.append((rule, when))
    yield from never_found(model)
    yield from dates_to_mend(model.pass_through, today)
    for service in model.organisation.accounts:
        if service.lower() not in account_names():
            yield "organisation", f"lists accounts of {service}, which Outgate does not know"


def _on_trial(rule: Rule, model: PolicyModel) -> bool:
    """Return whether it only watches, so that what enforces after it is reached all the same."""
    if (rule.mode or model.mode) is Mode.ENFORCE:
        return False
    return rule.mode is Mode.WATCH or rule.then.do is not Verdict.ALLOW


def _reach(when: AllOf, above: list[tuple[Rule, AllOf]]) -> Iterator[str]:
    """Yield why the rule would never decide."""
    clash = contradiction(when)
    if clash is not None:
        yield f"never holds: no request fulfils {clash or 'its conditions'}"
        return
    for rule, earlier in above:
        if contradiction(Not(part=earlier)) is not None:
            yield f"is never reached: rule {rule.id} above it holds for every request"
            return
        if contradiction(when, Not(part=earlier)) is not None:
            yield f"is never reached: rule {rule.id} above it holds whenever it does"
            return


def _slips(rule: Rule, today: date) -> Iterator[str]:
    if rule.until is not None and rule.until < today:
        yield f"ended on {rule.until}: delete it or give it a new date"
    if not rule.description:
        yield f"has no description: {_reader(rule)} would not learn why"


def _reader(rule: Rule) -> str:
    """Return who reads the description of a rule: only some rules refuse."""
    said = (rule.then.do, rule.on_error)
    answers = [Verdict(answer) for answer in said if answer not in {None, "skip"}]
    if not all(answer.passes for answer in answers):
        return "an analyst who is refused"
    return "an analyst who is warned" if Verdict.WARN in answers else "who reads its records"


def _strangers(when: AllOf) -> Iterator[str]:
    for condition in when.conditions():
        if condition.read is reads.SERVICE:
            for service in sorted(map(str, condition.predicate.any_of - destination_names())):
                yield f"names the service {service}, which Outgate does not know: it never holds"
