"""From a validated policy file to a policy in force: conditions become closures once."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import PurePath

from core.decision import Mode, Verdict
from core.organisation import FindingException, Organisation
from core.vocabulary.kinds import kinds_of
from destinations.catalogue import canonical
from policy.conditions import compile_when
from policy.countries import CountryTable
from policy.decide import RulePolicy, UnknownAccountAnswer
from policy.failures import Answer, FailureTable, Part
from policy.logic import Condition, matcher
from policy.plan import HOLD_SECONDS, CompiledRule
from policy.rules import (
    ByMode,
    Failures,
    OrganisationSection,
    PolicyModel,
    Rule,
    VolumeCondition,
    When,
)
from policy.tenants import Injection, injections
from policy.tls_passthrough import exemption_of

_ENFORCING = frozenset({Verdict.REDACT, Verdict.HOLD, Verdict.BLOCK})
_HERE = PurePath()
_LETTING = frozenset({None, Verdict.ALLOW, Verdict.WATCH, Verdict.WARN})


def compile_policy(
    model: PolicyModel,
    version: str,
    folder: PurePath = _HERE,
    countries: CountryTable | None = None,
) -> RulePolicy:
    """Return the policy that this file describes; `folder` is where it stands, for the files that it names."""
    organisation = organisation_of(model.organisation, folder)
    unknown = model.on_unknown_account
    return RulePolicy(
        version=version,
        mode=model.mode,
        organisation=organisation,
        rules=(
            *(_restriction(i, model.mode) for i in injections(model.tenant_restrictions)),
            *(
                _compiled(r, model.mode, organisation.key_fingerprints)
                for r in model.rules
                if r.enabled
            ),
        ),
        failures=_table(model.failures),
        countries=countries,
        countries_file=None
        if countries is None
        else str(folder / (model.organisation.countries or "")),
        asks_country=asks_country(model),
        own_kinds=frozenset(model.organisation.kinds),
        exemptions=tuple(exemption_of(entry, matcher) for entry in model.pass_through),
        unknown_account=None
        if unknown is None
        else UnknownAccountAnswer(verdict=Verdict(unknown.do), over=unknown.over or 0),
    )


def organisation_of(section: OrganisationSection, folder: PurePath = _HERE) -> Organisation:
    """Return what the file says of the organisation, in the vocabulary of the house."""
    return Organisation(
        name=section.name,
        domains=frozenset(d.lower().removeprefix("@") for d in section.domains),
        accounts=_accounts(section),
        key_fingerprints=frozenset(section.key_fingerprints),
        words=tuple(section.words),
        canaries=tuple(section.canaries),
        recognizers=tuple(str(folder / file) for file in section.recognizers),
        exceptions=tuple(
            FindingException(kind=entry.kind, fingerprint=entry.fingerprint, where=entry.where)
            for entry in section.exceptions
        ),
        contact=section.contact,
    )


def _accounts(section: OrganisationSection) -> dict[str, frozenset[str]]:
    """A service may be written by two of its names: the accounts of both are its own."""
    accounts: dict[str, frozenset[str]] = {}
    for name, ids in section.accounts.items():
        service = canonical(name)
        accounts[service] = accounts.get(service, frozenset()) | frozenset(ids)
    return accounts


def _compiled(rule: Rule, mode: Mode, own_keys: frozenset[str]) -> CompiledRule:
    conditions = compile_when(rule.when, own_keys)
    then = rule.then
    return CompiledRule(
        id=rule.id,
        description=rule.description.strip(),
        verdict=then.do,
        mode=rule.mode or mode,
        on_error=_on_error(rule),
        static=tuple(c.test for c in conditions if c.static),
        tests=tuple(c.test for c in conditions if not c.static and not c.gates),
        gated=tuple((c.test, c.gates) for c in conditions if not c.static and c.gates),
        doors=next((c.doors for c in conditions if not c.static and c.doors), ()),
        looks=_looks(conditions),
        needs=_needs(rule.when),
        headers=tuple(then.headers.items()),
        hold_seconds=then.for_seconds or HOLD_SECONDS,
        redact_kinds=_redacted(rule),
        restore=then.restore is not False,
        whole=rule.inspect == "whole",
        expires=_midnight_after(rule),
        trusts_destination=then.do in _LETTING
        and any(part.destination for part in _parts(rule.when)),
        beyond_records=any(_looks_beyond(part) for part in _parts(rule.when)),
    )


def _looks(conditions: Iterable[Condition]) -> int:
    looks = 0
    for condition in conditions:
        looks |= condition.looks if condition.static else 0
    return looks


def _restriction(injection: Injection, mode: Mode) -> CompiledRule:
    """Tell a provider whose accounts are allowed: its own hosts only, never in clear, and on every request."""
    host = matcher(injection.hosts)
    return CompiledRule(
        id=f"tenant_restrictions.{injection.provider}",
        description="",
        verdict=None,
        mode=mode,
        on_error=None,
        static=(
            lambda s, _: s.destination.scheme in {"https", "wss"} and host(s.destination.host),
        ),
        headers=injection.headers,
        trusts_destination=True,
    )


def _on_error(rule: Rule) -> Verdict | None:
    if rule.on_error == "skip":
        return None
    if rule.on_error is not None:
        return Verdict(rule.on_error)
    return Verdict.BLOCK if rule.then.do in _ENFORCING else None


def _needs(when: When) -> frozenset[str] | None:
    """Return kinds of which one must be there, where the rule cannot hold otherwise."""
    if when.findings and when.findings.kinds:
        return kinds_of(when.findings.kinds)
    return next((needs for part in when.all or () if (needs := _needs(part)) is not None), None)


def _midnight_after(rule: Rule) -> datetime | None:
    if rule.until is None:
        return None
    return datetime.combine(rule.until + timedelta(days=1), clock_time(), UTC)


def _redacted(rule: Rule) -> frozenset[str] | None:
    if rule.then.do is not Verdict.REDACT:
        return None
    words = rule.then.kinds or _words_of(rule.when)
    return kinds_of(words) if words else None


def _words_of(when: When) -> list[str]:
    """The kinds that a rule looks for, wherever in its conditions."""
    parts = _parts(when, negated=False)
    return [word for part in parts if part.findings for word in part.findings.kinds or ()]


def _parts(when: When, *, negated: bool = True) -> Iterator[When]:
    """Yield these conditions and all inside them; on request without those under `not`."""
    yield when
    for part in (
        *(when.all or ()),
        *(when.any or ()),
        *((when.not_,) if when.not_ and negated else ()),
    ):
        yield from _parts(part, negated=negated)


def asks_country(model: PolicyModel) -> bool:
    """Return whether some rule looks at the country of a destination."""
    parts = (part for rule in model.rules if rule.enabled for part in _parts(rule.when))
    return any(
        part.destination is not None and part.destination.country is not None for part in parts
    )


def _looks_beyond(when: When) -> bool:
    volume, script = when.volume, when.script
    earlier = (
        volume is not None
        and volume.model_copy(update={"request_bytes_at_least": None}) != VolumeCondition()
    )
    history = script is not None and (
        script.approved,
        script.changed_since_approval,
        script.newer_than_days,
        script.imports,
    ) != (None, None, None, None)
    return earlier or history


def _table(failures: Failures) -> FailureTable:
    overrides: dict[tuple[Part, Mode], Answer] = {}
    for part in Part:
        row: ByMode | None = getattr(failures, part.value)
        for mode in Mode:
            word = getattr(row, mode.value) if row else None
            if word is not None:
                overrides[part, mode] = None if word == "rules" else Verdict(word)
    return FailureTable.with_overrides(overrides)
