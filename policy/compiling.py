"""From a validated policy file to a policy in force."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import PurePath

from core.decision import Mode, Verdict
from core.organisation import FindingException, Organisation
from core.situation import Situation
from core.vocabulary.kinds import kinds_of
from core.vocabulary.sizes import joined
from destinations.catalogue import canonical
from policy import reads
from policy.compiled import CompiledRule
from policy.conditions import When, condition_of, whens
from policy.contracts import State, compiled_contract
from policy.decide import RulePolicy
from policy.exemptions import exemption_of
from policy.failures import Answer, FailureTable, Part
from policy.inputs import HABITS, HISTORY, Inputs
from policy.logic import AllOf, Condition, cheapest_first, inputs_of
from policy.predicates import matching, one_of
from policy.reads import differing, unsettled
from policy.rules import ByMode, Failures, OrganisationSection, PolicyModel, Rule, UnknownAccount
from policy.tenants import Injection, injections
from policy.unknown_account import UnknownAccountAnswer

_ENFORCING = frozenset({Verdict.REDACT, Verdict.HOLD, Verdict.BLOCK})
_HERE = PurePath()


def compile_policy(model: PolicyModel, version: str, folder: PurePath = _HERE) -> RulePolicy:
    """Return the policy that this file describes, without its table of countries.

    `folder` is where it stands, for the files that it names.
    """
    own_keys = frozenset(model.organisation.key_fingerprints)
    restrictions = (_restriction(i, model.mode) for i in injections(model.tenant_restrictions))
    written = (_compiled(rule, model.mode, own_keys) for rule in model.rules if rule.enabled)
    return RulePolicy(
        version=version,
        mode=model.mode,
        organisation=organisation_of(model.organisation, folder),
        rules=(*restrictions, *_locked(model, "enforced"), *written, *_locked(model, "shadow")),
        failures=_table(model.failures),
        unknown_account=_unknown_account(model.on_unknown_account),
        own_kinds=frozenset(model.organisation.kinds),
        exemptions=tuple(map(exemption_of, model.pass_through)),
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
        packages=frozenset(map(_normal, section.packages)),
        recognizers=tuple(str(folder / file) for file in section.recognizers),
        exceptions=tuple(
            FindingException(kind=entry.kind, fingerprint=entry.fingerprint, where=entry.where)
            for entry in section.exceptions
        ),
        contact=section.contact,
    )


def _normal(package: str) -> str:
    """Return a distribution's name as installers compare it."""
    words = package.strip().lower().replace("_", "-").replace(".", "-").split("-")
    return "-".join(filter(None, words))


def _accounts(section: OrganisationSection) -> dict[str, frozenset[str]]:
    """A service may be written by two of its names: the accounts of both are its own."""
    accounts: dict[str, frozenset[str]] = {}
    for name, ids in section.accounts.items():
        service = canonical(name)
        accounts[service] = accounts.get(service, frozenset()) | frozenset(ids)
    return accounts


def _compiled(rule: Rule, mode: Mode, own_keys: frozenset[str]) -> CompiledRule:
    then, when = rule.then, cheapest_first(condition_of(rule.when, own_keys))
    return CompiledRule(
        id=rule.id,
        description=rule.description.strip(),
        verdict=then.do,
        mode=rule.mode or mode,
        on_error=_on_error(rule),
        when=when,
        headers=tuple(then.headers.items()),
        hold_seconds=then.for_seconds,
        redact_kinds=_redacted(rule),
        restore=then.restore is not False,
        whole=rule.inspect == "whole",
        expires=_midnight_after(rule),
        on_trial=rule.mode is Mode.WATCH,
        explains=_explaining(inputs_of(when)),
    )


def _explaining(inputs: Inputs) -> Callable[[Situation], str] | None:
    """Return what tells more of a request than that the rule holds, where it asks about that."""
    ways = [tell for part, tell in ((HABITS, differing), (HISTORY, unsettled)) if inputs & part]
    if not ways:
        return None
    return lambda s: joined([told for tell in ways if (told := tell(s))])


def _locked(model: PolicyModel, state: State) -> Iterator[CompiledRule]:
    """Yield the contracts: enforced ones before all other rules, for they stop only; those in
    shadow behind them, for what is only watched must let nothing pass.
    """
    return (compiled_contract(one) for one in model.contracts if one.state == state)


def _restriction(injection: Injection, mode: Mode) -> CompiledRule:
    """Tell a provider whose accounts are allowed: on its own hosts only, and never in clear."""
    encrypted = Condition(
        read=reads.SCHEME, predicate=one_of(["https", "wss"]), words="destination scheme https"
    )
    theirs = Condition(
        read=reads.HOST,
        predicate=matching(injection.hosts),
        words=f"destination host {' or '.join(injection.hosts)}",
    )
    return CompiledRule(
        id=f"tenant_restrictions.{injection.provider}",
        description="",
        verdict=None,
        mode=mode,
        on_error=None,
        when=AllOf(parts=(encrypted, theirs)),
        headers=injection.headers,
    )


def _on_error(rule: Rule) -> Verdict | None:
    if rule.on_error == "skip":
        return None
    if rule.on_error is not None:
        return Verdict(rule.on_error)
    return Verdict.BLOCK if rule.then.do in _ENFORCING else None


def _midnight_after(rule: Rule) -> datetime | None:
    if rule.until is None:
        return None
    return datetime.combine(rule.until + timedelta(days=1), clock_time(), UTC)


def _redacted(rule: Rule) -> frozenset[str] | None:
    if rule.then.do is not Verdict.REDACT:
        return None
    words = rule.then.kinds or list(_looked_for(rule.when))
    return kinds_of(words) if words else None


def _looked_for(when: When) -> Iterator[str]:
    """Yield the words for the kinds that a rule looks for; those under `not` it looks away from."""
    for part in whens(when, negated=False):
        if part.findings is not None:
            yield from part.findings.kinds or ()


def _unknown_account(written: UnknownAccount | None) -> UnknownAccountAnswer | None:
    if written is None:
        return None
    return UnknownAccountAnswer(verdict=Verdict(written.do), over=written.over or 0)


def _table(failures: Failures) -> FailureTable:
    overrides: dict[tuple[Part, Mode], Answer] = {}
    for part in Part:
        row: ByMode | None = getattr(failures, part.value)
        for mode in Mode:
            word = getattr(row, mode.value) if row else None
            if word is not None:
                overrides[part, mode] = None if word == "rules" else Verdict(word)
    return FailureTable.with_overrides(overrides)
