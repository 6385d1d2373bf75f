"""The policy file's format for editors, its rules in words for people, and advice on what is probably not meant."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import BaseModel

from core.decision import Mode, Verdict
from destinations.catalogue import account_names, destination_names
from policy.rules import PolicyModel, Rule, When
from policy.tls_passthrough import dates_to_mend
from policy.unfound import never_found

SCHEMA_ID = "urn:outgate:policy:1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSummary:
    """One rule for a screen or a table."""

    id: str
    description: str
    owner: str
    until: date | None
    mode: Mode
    enabled: bool
    verdict: Verdict | None
    """None when it only sets headers."""
    conditions: str
    """In words: `destination account personal or other_tenant, and destination upload`."""


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of `outgate.yaml`."""
    schema = PolicyModel.model_json_schema(by_alias=True, mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **schema,
        "title": "Outgate policy",
    }


def summaries(model: PolicyModel) -> tuple[RuleSummary, ...]:
    """Return the rules in their order, switched-off ones too."""
    return tuple(
        RuleSummary(
            id=rule.id,
            description=rule.description,
            owner=rule.owner,
            until=rule.until,
            mode=rule.mode or model.mode,
            enabled=rule.enabled,
            verdict=rule.then.do,
            conditions=in_words(rule.when),
        )
        for rule in model.rules
    )


def in_words(when: When) -> str:
    """Return conditions as a phrase; `always` where there are none."""
    return ", and ".join(_phrases(when)) or "always"


def advice(model: PolicyModel, *, today: date) -> tuple[tuple[str, str], ...]:
    """Return (rule id, advice in words) for what loads but is probably not meant."""
    return tuple(_advice(model, today))


def _advice(model: PolicyModel, today: date) -> Iterator[tuple[str, str]]:
    decided_by: str | None = None
    for rule in model.rules:
        if not rule.enabled:
            continue
        if decided_by is not None:
            yield rule.id, f"is never reached: rule {decided_by} above it holds for every request"
        if rule.until is not None and rule.until < today:
            yield rule.id, f"ended on {rule.until}: delete it or give it a new date"
        if not rule.description:
            yield rule.id, "has no description: an analyst who is refused would not learn why"
        for service in _services(rule.when):
            if service.lower() not in destination_names():
                yield (
                    rule.id,
                    f"names the service {service}, which Outgate does not know: it never holds",
                )
        if rule.then.do is not None and not when_says_anything(rule) and rule.until is None:
            decided_by = decided_by or rule.id
    yield from never_found(model)
    yield from dates_to_mend(model.pass_through, today)
    for service in model.organisation.accounts:
        if service.lower() not in account_names():
            yield "organisation", f"lists accounts of {service}, which Outgate does not know"


def when_says_anything(rule: Rule) -> bool:
    """Return whether the rule has any condition at all."""
    return in_words(rule.when) != "always"


def _services(when: When) -> Iterator[str]:
    if when.destination and when.destination.service:
        yield from when.destination.service
    for part in (*(when.all or ()), *(when.any or ()), *((when.not_,) if when.not_ else ())):
        yield from _services(part)


def _phrases(when: When) -> Iterator[str]:
    for name in ("script", "attribution", "destination", "findings", "volume", "llm", "time"):
        section: BaseModel | None = getattr(when, name)
        if section is not None:
            yield from _section(name, section)
    for part in when.all or ():
        yield from _phrases(part)
    if when.any:
        yield "either " + ", or ".join(in_words(part) for part in when.any)
    if when.not_:
        yield f"not ({in_words(when.not_)})"


def _section(name: str, section: BaseModel) -> Iterator[str]:
    given = {
        key: getattr(section, key)
        for key in type(section).model_fields
        if key in section.model_fields_set
    }
    if not given:
        yield {"llm": "any LLM call", "findings": "anything found"}.get(name, name)
    for key, value in given.items():
        yield f"{name} {key.replace('_', ' ')}{_value(value)}"


def _value(value: Any) -> str:
    if value is True:
        return ""
    if isinstance(value, BaseModel):
        return " " + " ".join(
            _value(getattr(value, key)).strip() for key in type(value).model_fields
        )
    if isinstance(value, list):
        return " " + " or ".join(str(v) for v in value)
    return " no" if value is False else f" {value}"
