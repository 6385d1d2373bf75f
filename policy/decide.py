"""The decision: a pure function of a situation and the rules.

The first rule that holds decides; one that only watches decides nothing, and what it would have
done is told. A missing answer is an input: each condition says True, False or
None, and a rule that might hold is settled by its `on_error`, or waits while the body is to come.
All four questions walk the same list, `holding`, with another idea of what is missing:

- `decide`             what failed stages hide; with `headers_only`, the body too
- `decide_on_headers`  the body: None means that a rule in the way needs it
- `pass_through`       all that encryption hides
- `tell`               what records do not hold, for replay
"""

from dataclasses import dataclass, replace
from functools import cached_property

from core.attribution import Certainty
from core.decision import Decision, Mode, Verdict
from core.organisation import Organisation
from core.situation import Situation
from core.vocabulary.unread import unread_text
from policy.asked import AskedRules
from policy.compiled import CompiledRule, Holding, holding
from policy.countries import UNKNOWN, CountryTable
from policy.exemptions import Exemption
from policy.failures import RULES, FailureTable, Part, part_of
from policy.inputs import (
    DESTINATION,
    FILES,
    FINDINGS,
    NEVER,
    NOT_YET,
    UNTOLD,
    Inputs,
)
from policy.names import STOPPING, by_contradicting_name, by_shown_address, strictest, strictness
from policy.outcomes import Headers, Signature, headers_of
from policy.unsure import missing_in, untold
from policy.waiting import standing, waiting_words
from policy.watching import (
    as_enforced,
    as_if_enforced,
    deciding,
    does_more,
    past_trials,
    with_trial,
)

_WHOLE = frozenset({Verdict.HOLD, Verdict.REDACT})
"""What takes the whole request."""


@dataclass(frozen=True, kw_only=True)
class RulePolicy(AskedRules):
    """A policy in force. Asking it changes nothing."""

    version: str
    mode: Mode
    organisation: Organisation
    failures: FailureTable
    own_kinds: frozenset[str] = frozenset()
    exemptions: tuple[Exemption, ...] = ()
    countries: CountryTable | None = None
    countries_file: str | None = None

    @cached_property
    def _signature(self) -> Signature:
        return Signature(policy=self.version, contact=self.organisation.contact)

    @cached_property
    def _nothing(self) -> Decision:
        return self._signature.plain(Verdict.ALLOW, "No rule applies.")

    def decide(self, situation: Situation) -> Decision:
        """Decide with everything known: by every name of the destination, and the strictest counts.

        What a failed stage hides is settled by `on_error` and the failure table.
        """
        if not situation.destination.other_names:
            return self._decide(situation)
        decision = strictest(self._decide(s) for s in by_contradicting_name(situation))
        return self._at_address(situation, decision)

    def _decide(self, situation: Situation) -> Decision:
        return with_trial(*self.decided(situation))

    def decided(self, s: Situation) -> tuple[Decision, Decision | None]:
        """Return the decision of what enforces, and that of the first rule that only watches.

        By the first name of the destination only.
        """
        missing = self._missing(s)
        failed = bool(s.degraded or unread_text(s.findings) or missing & UNTOLD)
        if s.headers_only:
            missing |= NOT_YET
        headers: Headers = ()
        asked = False
        trial: Decision | None = None
        for rule, answer in self._asked(s, missing):
            asked = asked or answer is None
            if trial is not None and rule.only_watches:
                continue
            if answer is not None and rule.verdict is None:
                headers += headers_of(rule)
                continue
            decision, matched = self._answered(rule, answer, s, missing if failed else 0, headers)
            if decision is None:
                continue
            if not rule.only_watches:
                return self._floored(s, decision, matched), trial
            trial = decision
        if not asked and not s.degraded:
            # What was not read is a case where a rule asked for it.
            missing &= UNTOLD
        return self._floored(s, self._by_no_rule(s, missing, headers), None), trial

    def _by_no_rule(self, s: Situation, missing: Inputs, headers: Headers) -> Decision:
        """Return what is decided where no rule does, with what rules wait for."""
        unmatched = self._unmatched(s, missing, headers)
        if waits := waiting_words(self._holding, s, missing):
            return replace(unmatched, reason=f"{unmatched.reason}{waits}")
        return unmatched

    def _answered(
        self, rule: CompiledRule, answer: bool | None, s: Situation, lost: Inputs, headers: Headers
    ) -> tuple[Decision | None, Verdict | None]:
        """Return what a rule makes of a request, and what it matched with; None: the next decide.

        `lost`: what is missing because it could not be found out.
        """
        if answer is None:
            settled = bool(lost) and rule.on_error is not None
            return (self._failed(rule, s, headers) if settled else None), None
        assert rule.verdict is not None
        if rule.verdict is Verdict.REDACT and rule.on_error and rule.inputs & lost & FINDINGS:
            # What else is in it cannot be told, and so not be taken out.
            return self._failed(rule, s, headers), None
        return self._signature.by_rule(rule, rule.verdict, s, headers), rule.verdict

    def tell(self, situation: Situation, untold: Inputs) -> tuple[Decision, tuple[str, ...]]:
        """Return the decision as far as it can be told without `untold`.

        With it the rules that could have changed it.
        """
        if not situation.destination.other_names:
            return self._tell(situation, untold)
        told = [self._tell(s, untold) for s in by_contradicting_name(situation)]
        decision = self._at_address(situation, strictest(d for d, _ in told), untold)
        return decision, tuple(dict.fromkeys(rule for _, rules in told for rule in rules))

    def _tell(self, s: Situation, untold: Inputs) -> tuple[Decision, tuple[str, ...]]:
        unsure: list[CompiledRule] = []
        behind: list[CompiledRule] = []
        headers: Headers = ()
        decision = trial = None
        for rule, answer in self._asked(s, self._missing(s) | untold):
            if answer is None:
                (unsure if trial is None else behind).append(rule)
            elif rule.verdict is None:
                headers += headers_of(rule)
            elif rule.only_watches:
                trial = self._signature.by_rule(rule, rule.verdict, s, headers)
            else:
                decision = self._signature.by_rule(rule, rule.verdict, s, headers)
                break
        matched = None if decision is None else as_enforced(decision)
        floored = self._floored(s, decision or self._unmatched(s, 0, headers), matched)
        told = as_if_enforced(floored, trial)
        meant = as_enforced(told)
        doubted = [rule.id for rule in unsure if rule.verdict not in {None, meant}]
        return told, (*doubted, *(rule.id for rule in behind if does_more(rule.verdict, meant)))

    def decide_on_headers(self, situation: Situation) -> Decision | None:
        """Decide before the body is there, or None when a rule in the way needs the body."""
        if not situation.destination.other_names:
            return self._decide_on_headers(situation)
        early = [self._decide_on_headers(s) for s in by_contradicting_name(situation)]
        known = [decision for decision in early if decision is not None]
        decision = self._at_address(situation, strictest(known or [self._nothing]), NOT_YET)
        surely = decision.verdict is Verdict.BLOCK or len(known) == len(early)
        return decision if surely and decision.verdict not in _WHOLE else None

    def _decide_on_headers(self, situation: Situation) -> Decision | None:
        missing = NOT_YET | self._missing(situation)
        surely_blocked = self.mode is Mode.ENFORCE and self._floor_of(situation) is Verdict.BLOCK
        headers: Headers = ()
        passed_over = False
        trial: Decision | None = None
        for rule, answer in self._asked(situation, missing):
            if answer is None:
                # Only a rule that allows outright could still turn the answer for unknown accounts.
                if not surely_blocked or rule.verdict is Verdict.ALLOW:
                    return None
                passed_over = True
            elif rule.verdict is None:
                headers += headers_of(rule)
            elif rule.only_watches:
                trial = self._signature.by_rule(rule, rule.verdict, situation, headers)
            elif passed_over and rule.verdict is Verdict.ALLOW:
                return None
            else:
                decision = self._signature.by_rule(rule, rule.verdict, situation, headers)
                early = self._early(situation, decision, rule.verdict)
                return early and with_trial(early, trial)
        early = self._early(situation, self._unmatched(situation, 0, headers), None)
        return early and with_trial(early, trial)

    def needs_whole(self, situation: Situation) -> bool:
        """Return True when a large body must be read to its end before any of it leaves.

        A rule that may still decide wants that.
        """
        return any(map(self._needs_whole, by_contradicting_name(situation)))

    def _needs_whole(self, situation: Situation) -> bool:
        for rule, answer in self._asked(situation, NOT_YET | self._missing(situation)):
            if rule.whole:
                return True
            if answer is True and rule.verdict is not None and not rule.only_watches:
                return False
        return False

    def unmet(self, rule_id: str, s: Situation, untold: Inputs = 0) -> tuple[str, ...] | None:
        """Return in words why this rule does not hold; None when there is no such rule in force."""
        missing = self._missing(s) | untold
        rule = next((rule for rule in self.rules if rule.id == rule_id), None)
        return None if rule is None else rule.unmet(s, missing)

    def country_of(self, address: str) -> str:
        """Return the country of an address by the organisation's table, or `unknown`."""
        return UNKNOWN if self.countries is None else self.countries.country(address)

    def exempts(self, host: str) -> bool:
        """Return whether some exception names this host: else `pass_through` tells nothing."""
        return any(entry.host(host) for entry in self.exemptions)

    def pass_through(self, situation: Situation) -> Decision | None:
        """Decide on a connection that an exception names, before it is decrypted; else None.

        Block rules that sender and destination alone fulfil win over the exception.
        """
        named = [entry for entry in self.exemptions if entry.names(situation)]
        entry = next((e for e in named if not e.ended(situation.now)), None)
        if entry is None:
            return self._exempted(named[0], Verdict.BLOCK, named[0].over()) if named else None
        blocking = self._blocking(situation)
        if blocking is not None:
            return self._against(entry, blocking, situation)
        nobody = situation.sender.certainty is Certainty.UNKNOWN
        if nobody and self.failures.answer(Part.ATTRIBUTION, self.mode) is Verdict.BLOCK:
            reason = "Nobody could tell which program this is."
            return self._exempted(entry, Verdict.BLOCK, reason)
        return self._exempted(entry, entry.verdict, entry.why())

    def on_gate_failure(self, stage: str, reference: str) -> Decision:
        """Decide what happens when the gate itself failed."""
        part = part_of(stage)
        verdict = self.failures.answer(part, self.mode) or Verdict.BLOCK
        outcome = "let through" if verdict.passes else "refused"
        return self._signature.plain(
            verdict,
            f"A part of Outgate failed ({part}), so the request was {outcome}. "
            f"Reference {reference}.",
            degraded=(f"{stage}: failed, reference {reference}",),
        )

    def _at_address(
        self, situation: Situation, decision: Decision, missing: Inputs = 0
    ) -> Decision:
        """Refuse what is to be refused because of the address that was asked for its host.

        By that name nothing else is judged: its certificate shows whose host it is.
        """
        if situation.headers_only:
            missing |= NOT_YET
        for s in by_shown_address(situation):
            rule = self._stopping_for_host(s, missing | self._missing(s))
            if rule is not None and rule.verdict is not None:
                headers = decision.headers
                at_address = self._signature.by_rule(rule, rule.verdict, s, headers)
                decision = max(decision, at_address, key=strictness)
        return decision

    def _stopping_for_host(self, s: Situation, missing: Inputs) -> CompiledRule | None:
        """Return the first rule that surely stops this, and would not at a host without a name.

        One that only watches counts where none enforces.
        """
        nowhere = replace(s, host=None, destination=replace(s.destination, host="", address=None))
        anyway = {rule for rule, _ in self._standing(nowhere, missing)}
        trial: CompiledRule | None = None
        for rule, answer in self._standing(s, missing):
            if answer and rule.verdict in STOPPING and rule not in anyway:
                if not rule.only_watches:
                    return rule
                trial = trial or rule
        return trial

    def _standing(self, s: Situation, missing: Inputs) -> Holding:
        return standing(self._holding, s, missing)

    def _asked(self, s: Situation, missing: Inputs) -> Holding:
        return past_trials(self._standing(s, missing), self._deciding)

    @cached_property
    def _deciding(self) -> frozenset[CompiledRule]:
        parts = (Part.ATTRIBUTION, Part.CLASSIFIER)
        stops = any(self.failures.answer(part, self.mode) in STOPPING for part in parts)
        allowing = stops or self.mode is Mode.ENFORCE or any(rule.enforces for rule in self.rules)
        return deciding(self.rules, allowing=allowing)

    def _holding(self, s: Situation, missing: Inputs, settled: Inputs = 0) -> Holding:
        return holding(self.rules, s, missing, settled)

    def _missing(self, s: Situation) -> Inputs:
        return missing_in(s, self.inputs)

    def _blocking(self, s: Situation) -> CompiledRule | None:
        """Return the rule that surely blocks, be it in watch mode.

        Those that would have to see more are passed over.
        """
        trial: CompiledRule | None = None
        for rule, answer in self._asked(s, NEVER | self._missing(s)):
            if not answer or rule.verdict is None:
                continue
            blocks = rule if rule.verdict is Verdict.BLOCK else None
            if not rule.only_watches:
                return blocks or trial
            trial = blocks
        return trial

    def _against(self, entry: Exemption, rule: CompiledRule, s: Situation) -> Decision:
        if rule.mode is Mode.ENFORCE:
            reason = f"Rule {rule.id} wins over the exception {entry.id}."
            return self._signature.plain(Verdict.BLOCK, reason, rule=rule.id)
        watched = self._signature.by_rule(rule, Verdict.BLOCK, s, ())
        passes = f"It passes undecrypted by the exception {entry.id}."
        return replace(watched, reason=f"{watched.reason} {passes}")

    def _exempted(self, entry: Exemption, verdict: Verdict, reason: str) -> Decision:
        return self._signature.plain(verdict, reason, rule=entry.id)

    def _failed(self, rule: CompiledRule, s: Situation, headers: Headers) -> Decision:
        assert rule.on_error is not None
        told = ", ".join(dict.fromkeys(d.partition(":")[0] for d in s.degraded))
        stages = told or untold(rule.inputs, s)
        why = f"what this rule looks at could not be found out ({stages}), "
        return self._signature.by_rule(rule, rule.on_error, s, headers, why)

    def _unmatched(self, s: Situation, missing: Inputs, headers: Headers) -> Decision:
        if s.sender.certainty is Certainty.UNKNOWN:
            answer = self.failures.answer(Part.ATTRIBUTION, self.mode)
            if answer is not RULES:
                return self._plain(answer, "Nobody could tell which program sent this.", s, headers)
        if s.destination.contradicted:
            missing |= DESTINATION
        if missing & (~UNTOLD | FILES) and (s.degraded or unread_text(s.findings)):
            answer = self.failures.answer(Part.CLASSIFIER, self.mode) or Verdict.WATCH
            return self._plain(answer, "Not all of this request could be inspected.", s, headers)
        if not headers and not s.degraded:
            return self._nothing
        return self._plain(Verdict.ALLOW, "No rule applies.", s, headers)

    def _plain(self, verdict: Verdict, reason: str, s: Situation, headers: Headers) -> Decision:
        return self._signature.plain(verdict, reason, degraded=s.degraded, headers=headers)

    @cached_property
    def _floor(self) -> CompiledRule | None:
        return None if self.unknown_account is None else self.unknown_account.as_rule(self.mode)

    def _floor_of(self, s: Situation) -> Verdict | None:
        return None if self.unknown_account is None else self.unknown_account.to(s)

    def _floored(self, s: Situation, decision: Decision, matched: Verdict | None) -> Decision:
        """Apply the answer for unknown accounts.

        Unless a rule allows outright or is as strict already.
        """
        verdict = self._floor_of(s)
        if verdict is None or self._floor is None or matched is Verdict.ALLOW:
            return decision
        floor = self._signature.by_rule(self._floor, verdict, s, decision.headers)
        return floor if strictness(floor) > strictness(decision) else decision

    def _early(self, s: Situation, decision: Decision, matched: Verdict | None) -> Decision | None:
        """To hold or to redact takes the whole request; so may the answer for unknown accounts."""
        answer = self.unknown_account
        if matched is not Verdict.ALLOW and answer is not None and answer.waits_for_size(s):
            return decision if decision.verdict is Verdict.BLOCK else None
        floored = self._floored(s, decision, matched)
        return None if floored.verdict in _WHOLE else floored
