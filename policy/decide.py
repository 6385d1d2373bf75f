"""The decision: a pure function of the situation and the rules. First match decides; a missing answer is an input."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from core.attribution import Certainty, SenderPeer
from core.classification import AccountKind, Category
from core.decision import Decision, Mode, Verdict
from core.findings import NOT_INSPECTED
from core.organisation import Organisation
from core.situation import Situation
from policy.countries import UNKNOWN, CountryTable
from policy.failures import RULES, FailureTable, Part, part_of
from policy.plan import CompiledRule, Plans
from policy.tls_passthrough import Exemption
from policy.unknowns import COUNTRY, NEVER, NOT_YET, PEERS, SCRIPT, UNTOLD, hidden_by
from policy.wording import sentence

_MAY_HOLD = frozenset({Verdict.HOLD, Verdict.REDACT})
_RANK = {v: n for n, v in enumerate(Verdict)}
_KEPT = 2048
_NO_KINDS: frozenset[str] = frozenset()
UNKNOWN_ACCOUNT = "on_unknown_account"
_WITH_ACCOUNTS = frozenset({Category.CLOUD_STORAGE, Category.CODE_HOST, Category.MESSAGING})


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownAccountAnswer:
    """What happens to uploads to an account that nobody can name."""

    verdict: Verdict
    over: int = 0


class RulePolicy:
    """A policy in force. Asking it changes nothing that can be seen."""

    def __init__(
        self,
        *,
        version: str,
        mode: Mode,
        organisation: Organisation,
        rules: Iterable[CompiledRule],
        failures: FailureTable,
        unknown_account: UnknownAccountAnswer | None = None,
        own_kinds: frozenset[str] = frozenset(),
        countries: CountryTable | None = None,
        countries_file: str | None = None,
        asks_country: bool = False,
        exemptions: tuple[Exemption, ...] = (),
    ) -> None:
        self.version = version
        self.mode = mode
        self.organisation = organisation
        self.rules = tuple(rules)
        self.failures = failures
        self.unknown_account = unknown_account
        self.own_kinds = own_kinds
        self.asks_past = any(rule.beyond_records for rule in self.rules)
        """True when some rule looks at a script's history or at earlier volume."""
        self.countries = countries
        self.countries_file = countries_file
        self.asks_country = asks_country
        self.exemptions = exemptions
        self._floor = CompiledRule(
            id=UNKNOWN_ACCOUNT,
            description="nobody can tell whose account this is",
            verdict=None if unknown_account is None else unknown_account.verdict,
            mode=mode,
            on_error=None,
        )
        self._plans = Plans(self.rules)
        self._made: dict[tuple[object, ...], Decision] = {}
        self._nothing = Decision(
            verdict=Verdict.ALLOW,
            reason="No rule applies.",
            policy=version,
            contact=organisation.contact,
        )

    def decide(self, situation: Situation) -> Decision:
        """Decide with everything known; what a failed stage hides is settled by `on_error` and the failure table."""
        missing = self._missing(situation)
        if situation.headers_only:
            missing |= NOT_YET
        headers: list[tuple[str, str]] = []
        for rule, answer in self._holding(situation, missing):
            if answer is None:
                if rule.on_error is None or not (situation.degraded or missing & UNTOLD):
                    continue
                return self._floored(situation, self._failed(rule, situation, headers), None)
            if rule.verdict is None:
                headers += self._headers(rule)
                continue
            return self._floored(
                situation, self._decided(rule, rule.verdict, situation, headers), rule.verdict
            )
        return self._floored(situation, self._unmatched(situation, missing, headers), None)

    def tell(self, situation: Situation, untold: int) -> tuple[Decision, tuple[str, ...]]:
        """Return the decision as far as it can be told without `untold`, and the rules that could have changed it."""
        unsure: list[CompiledRule] = []
        headers: list[tuple[str, str]] = []
        decision = None
        for rule, answer in self._holding(situation, self._missing(situation) | untold):
            if answer is None:
                unsure.append(rule)
            elif rule.verdict is None:
                headers += self._headers(rule)
            else:
                decision = self._decided(rule, rule.verdict, situation, headers)
                break
        matched = None if decision is None else decision.intended or decision.verdict
        told = self._floored(situation, decision or self._unmatched(situation, 0, headers), matched)
        meant = told.intended or told.verdict
        return told, tuple(rule.id for rule in unsure if rule.verdict not in {None, meant})

    def decide_on_headers(self, situation: Situation) -> Decision | None:
        """Decide before the body is there, or None when a rule in the way needs the body."""
        missing = NOT_YET | self._missing(situation)
        surely_blocked = (
            self._unknown_account(situation) is Verdict.BLOCK and self.mode is Mode.ENFORCE
        )
        headers: list[tuple[str, str]] = []
        passed_over = False
        for rule, answer in self._holding(situation, missing):
            if answer is None:
                # Only a rule that allows outright could still turn the answer for unknown accounts.
                if not surely_blocked or rule.verdict is Verdict.ALLOW:
                    return None
                passed_over = True
            elif rule.verdict is None:
                headers += self._headers(rule)
            elif passed_over and rule.verdict is Verdict.ALLOW:
                return None
            else:
                return self._early(
                    situation, self._decided(rule, rule.verdict, situation, headers), rule.verdict
                )
        return self._early(situation, self._unmatched(situation, 0, headers), None)

    def needs_whole(self, situation: Situation) -> bool:
        """Return True when a rule that may still decide wants a large body read to its end before any of it leaves."""
        missing = NOT_YET | self._missing(situation)
        for rule, answer in self._holding(situation, missing):
            if rule.whole:
                return True
            if answer is True and rule.verdict is not None:
                return False
        return False

    def country_of(self, address: str) -> str:
        """Return the country of an address by the organisation's table, or `unknown`."""
        return UNKNOWN if self.countries is None else self.countries.country(address)

    def _missing(self, s: Situation) -> int:
        hidden = hidden_by(s.degraded) if s.degraded else 0
        if s.sender.certainty is Certainty.LIKELY:
            hidden |= SCRIPT
        peers = s.sender.on_behalf
        if peers is not None and not _all_proven(peers):
            hidden |= PEERS
        return hidden | COUNTRY if self.asks_country and s.destination.country is None else hidden

    def exempts(self, host: str) -> bool:
        """Return whether some exception names this host; only then is `pass_through` worth asking."""
        return any(entry.host(host) for entry in self.exemptions)

    def pass_through(self, situation: Situation) -> Decision | None:
        """Decide on a connection that an exception names, before it is decrypted; None when none does.

        Block rules that sender and destination alone fulfil win over the exception.
        """
        named = [
            e
            for e in self.exemptions
            if e.host(situation.destination.host) and e.sender(situation.sender)
        ]
        entry = next((e for e in named if not e.ended(situation.now)), None)
        if entry is None:
            return self._over(named[0]) if named else None
        missing = NEVER | self._missing(situation)
        blocking = self._blocking(situation, missing)
        if blocking is not None:
            return self._against(entry, blocking, situation)
        if situation.sender.certainty is Certainty.UNKNOWN and (
            self.failures.answer(Part.ATTRIBUTION, self.mode) is Verdict.BLOCK
        ):
            return self._exempted(
                entry.id, Verdict.BLOCK, "Nobody could tell which program this is."
            )
        return self._exempted(entry.id, entry.verdict, entry.why())

    def _blocking(self, s: Situation, missing: int) -> CompiledRule | None:
        """The rule that surely blocks, be it in watch mode; those that would have to see more are passed over."""
        for rule, answer in self._holding(s, missing):
            if answer and rule.verdict is not None:
                return rule if rule.verdict is Verdict.BLOCK else None
        return None

    def _against(self, entry: Exemption, rule: CompiledRule, s: Situation) -> Decision:
        blocked = self._decided(rule, Verdict.BLOCK, s, [])
        if rule.mode is Mode.ENFORCE:
            return self._exempted(
                rule.id, Verdict.BLOCK, f"Rule {rule.id} wins over the exception {entry.id}."
            )
        return replace(
            blocked, reason=f"{blocked.reason} It passes undecrypted by the exception {entry.id}."
        )

    def _over(self, entry: Exemption) -> Decision:
        return self._exempted(
            entry.id, Verdict.BLOCK, f"The exception {entry.id} ended on {entry.until}."
        )

    def _exempted(self, rule: str, verdict: Verdict, reason: str) -> Decision:
        contact = self.organisation.contact
        return Decision(
            verdict=verdict, rule=rule, reason=reason, policy=self.version, contact=contact
        )

    def on_gate_failure(self, stage: str, reference: str) -> Decision:
        """Decide what happens when the gate itself failed."""
        part = part_of(stage)
        verdict = self.failures.answer(part, self.mode) or Verdict.BLOCK
        outcome = "let through" if verdict.passes else "refused"
        return Decision(
            verdict=verdict,
            reason=f"A part of Outgate failed ({part}), so the request was {outcome}. Reference {reference}.",
            degraded=(f"{stage}: failed, reference {reference}",),
            policy=self.version,
            contact=self.organisation.contact,
        )

    def _holding(
        self, s: Situation, missing: int
    ) -> Iterator[tuple[CompiledRule, Literal[True] | None]]:
        """Yield in order the rules that hold (True) or might (None)."""
        return self._plans.for_request(s, missing).holding(s, missing)

    def _headers(self, rule: CompiledRule) -> tuple[tuple[str, str], ...]:
        return rule.headers if rule.mode is Mode.ENFORCE else ()

    def _decided(
        self,
        rule: CompiledRule,
        verdict: Verdict,
        s: Situation,
        headers: list[tuple[str, str]],
        why: str = "",
    ) -> Decision:
        """Requests that are alike get the very same decision: to make one costs as much as to take it."""
        given = _given(rule, verdict)
        kinds = _redacted(rule, s) if given is Verdict.REDACT else _NO_KINDS
        key = (id(rule), verdict, sentence(s), why, s.degraded, tuple(headers), kinds)
        decision = self._made.get(key)
        if decision is None:
            if len(self._made) >= _KEPT:
                self._made.clear()
            decision = self._made[key] = self._make(rule, *key[1:])
        return decision

    def _make(
        self,
        rule: CompiledRule,
        verdict: Verdict,
        told: str,
        why: str,
        degraded: tuple[str, ...],
        headers: tuple[tuple[str, str], ...],
        kinds: frozenset[str],
    ) -> Decision:
        given = _given(rule, verdict)
        asked = rule.verdict if rule.verdict is not verdict else None
        # Not `capitalize`: that would lower-case the rest.
        because = rule.description or f"rule {rule.id} applies"
        return Decision(
            verdict=given,
            rule=rule.id,
            reason=f"{told[0].upper()}{told[1:]}: {why}{because}{'' if because.endswith('.') else '.'}",
            degraded=degraded,
            intended=asked if given is verdict else verdict,
            policy=self.version,
            headers=(*headers, *self._headers(rule)) if given is not Verdict.BLOCK else (),
            contact=self.organisation.contact,
            hold_seconds=rule.hold_seconds if given in _MAY_HOLD else None,
            redact_kinds=kinds,
            restore=rule.restore,
            on_error=_undoable(rule, given),
        )

    def _failed(self, rule: CompiledRule, s: Situation, headers: list[tuple[str, str]]) -> Decision:
        assert rule.on_error is not None
        stages = ", ".join(dict.fromkeys(d.partition(":")[0] for d in s.degraded)) or _untold(s)
        why = f"what this rule looks at could not be found out ({stages}), "
        return self._decided(rule, rule.on_error, s, headers, why)

    def _unmatched(self, s: Situation, missing: int, headers: list[tuple[str, str]]) -> Decision:
        if s.sender.certainty is Certainty.UNKNOWN:
            answer = self.failures.answer(Part.ATTRIBUTION, self.mode)
            if answer is not RULES:
                return self._plain(answer, "Nobody could tell which program sent this", s, headers)
        if missing & ~UNTOLD and s.degraded:
            answer = self.failures.answer(Part.CLASSIFIER, self.mode) or Verdict.WATCH
            return self._plain(answer, "Not all of this request could be inspected", s, headers)
        if not headers and not s.degraded:
            return self._nothing
        return self._plain(Verdict.ALLOW, "No rule applies", s, headers)

    def _plain(
        self, verdict: Verdict, why: str, s: Situation, headers: list[tuple[str, str]]
    ) -> Decision:
        return Decision(
            verdict=verdict,
            reason=f"{why}.",
            degraded=s.degraded,
            policy=self.version,
            headers=tuple(headers) if verdict is not Verdict.BLOCK else (),
            contact=self.organisation.contact,
        )

    def _floored(self, s: Situation, decision: Decision, matched: Verdict | None) -> Decision:
        """Apply the answer for unknown accounts, unless a rule allows outright or is as strict already."""
        verdict = self._unknown_account(s)
        if verdict is None or matched is Verdict.ALLOW:
            return decision
        floor = self._decided(self._floor, verdict, s, list(decision.headers))
        return floor if _strictness(floor) > _strictness(decision) else decision

    def _unknown_account(self, s: Situation) -> Verdict | None:
        answer, d = self.unknown_account, s.destination
        if answer is None or d.account.kind is not AccountKind.UNKNOWN:
            return None
        applies = d.upload and d.category in _WITH_ACCOUNTS and s.request_bytes >= answer.over
        return answer.verdict if applies else None

    def _unknown_account_needs_size(self, s: Situation) -> bool:
        answer, d = self.unknown_account, s.destination
        return (
            answer is not None
            and s.request_bytes < answer.over
            and d.upload
            and d.account.kind is AccountKind.UNKNOWN
            and d.category in _WITH_ACCOUNTS
        )

    def _early(self, s: Situation, decision: Decision, matched: Verdict | None) -> Decision | None:
        """To hold or to redact takes the whole request; so may the answer for unknown accounts."""
        if matched is not Verdict.ALLOW and self._unknown_account_needs_size(s):
            return decision if decision.verdict is Verdict.BLOCK else None
        floored = self._floored(s, decision, matched)
        return None if floored.verdict in {Verdict.HOLD, Verdict.REDACT} else floored


def _untold(s: Situation) -> str:
    if s.sender.certainty is Certainty.LIKELY:
        return "script"
    return "country" if s.sender.on_behalf is None else "on behalf of whom"


def _all_proven(peers: Sequence[SenderPeer]) -> bool:
    return bool(peers) and all(peer.certainty is Certainty.EXACT for peer in peers)


def _given(rule: CompiledRule, verdict: Verdict) -> Verdict:
    """Return what is really done: a rule that is only watched does nothing to a request."""
    watched = rule.mode is not Mode.ENFORCE and verdict is not Verdict.ALLOW
    return Verdict.WATCH if watched else verdict


def _strictness(decision: Decision) -> tuple[int, int]:
    return _RANK[decision.verdict], _RANK[decision.intended or decision.verdict]


def _undoable(rule: CompiledRule, given: Verdict) -> Verdict:
    """Return what happens when a request cannot be redacted or held as asked; by then no other rule can be asked."""
    answer = rule.on_error
    if answer is None or answer is given or given not in _MAY_HOLD:
        return Verdict.BLOCK
    return answer


def _redacted(rule: CompiledRule, s: Situation) -> frozenset[str]:
    if rule.redact_kinds is not None:
        return rule.redact_kinds
    return frozenset(f.kind for f in s.findings if f.kind != NOT_INSPECTED)
