"""The decision: a pure function of a situation and the rules.

The first rule that holds decides. A missing answer is an input: each condition says True, False or
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
from destinations.networks import is_placed
from policy.compiled import CompiledRule, Holding, holding
from policy.countries import UNKNOWN, CountryTable
from policy.exemptions import Exemption
from policy.failures import RULES, FailureTable, Part, part_of
from policy.inputs import (
    COUNTRY,
    DESTINATION,
    FILES,
    FINDINGS,
    HABITS,
    NETWORK,
    NEVER,
    NOT_YET,
    PACKAGES,
    PAST,
    PLACE,
    RESOURCES,
    SCRIPT,
    UNTOLD,
    Inputs,
    hidden_by,
    hidden_in,
)
from policy.names import STOPPING, by_contradicting_name, by_shown_address, strictest, strictness
from policy.outcomes import Headers, Signature, headers_of
from policy.unknown_account import UnknownAccountAnswer
from policy.unsure import unsure_of_peers, unsure_of_script, untold
from policy.waiting import standing, waiting_words

_WHOLE = frozenset({Verdict.HOLD, Verdict.REDACT})
"""What takes the whole request."""


@dataclass(frozen=True, kw_only=True)
class RulePolicy:
    """A policy in force. Asking it changes nothing."""

    version: str
    mode: Mode
    organisation: Organisation
    rules: tuple[CompiledRule, ...]
    failures: FailureTable
    unknown_account: UnknownAccountAnswer | None = None
    own_kinds: frozenset[str] = frozenset()
    exemptions: tuple[Exemption, ...] = ()
    countries: CountryTable | None = None
    countries_file: str | None = None

    @cached_property
    def inputs(self) -> Inputs:
        """All that its rules look at."""
        together = 0
        for rule in self.rules:
            together |= rule.inputs
        return together

    @property
    def asks_past(self) -> bool:
        """True when some rule looks at a script's history or at earlier volume."""
        adds_up = self.unknown_account is not None and self.unknown_account.over > 0
        return adds_up or bool(self.inputs & PAST)

    @property
    def asks_packages(self) -> bool:
        """True when some rule looks at what a script is made of."""
        return bool(self.inputs & PACKAGES)

    @property
    def asks_files(self) -> bool:
        """True when some rule looks at which files were sent."""
        return bool(self.inputs & FILES)

    @property
    def asks_habits(self) -> bool:
        """True when some rule looks at what a script does as a rule."""
        return bool(self.inputs & HABITS)

    @property
    def asks_resources(self) -> bool:
        """True when some rule looks at what a process uses."""
        return bool(self.inputs & RESOURCES)

    @property
    def asks_country(self) -> bool:
        """True when some rule looks at the country of a destination."""
        return bool(self.inputs & COUNTRY)

    @property
    def asks_address(self) -> bool:
        """True when some rule looks at the address that is connected to, or what it tells."""
        return bool(self.inputs & PLACE)

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
        missing = self._missing(situation)
        if situation.headers_only:
            missing |= NOT_YET
        failed = bool(situation.degraded or unread_text(situation.findings) or missing & UNTOLD)
        headers: Headers = ()
        asked = False
        for rule, answer in self._standing(situation, missing):
            if answer is None:
                asked = True
                if failed and rule.on_error is not None:
                    return self._floored(situation, self._failed(rule, situation, headers), None)
            elif rule.verdict is None:
                headers += headers_of(rule)
            elif (
                rule.verdict is Verdict.REDACT
                and rule.on_error
                and rule.inputs & missing & FINDINGS
            ):
                # What else is in it cannot be told, and so not be taken out.
                return self._floored(situation, self._failed(rule, situation, headers), None)
            else:
                decision = self._signature.by_rule(rule, rule.verdict, situation, headers)
                return self._floored(situation, decision, rule.verdict)
        if not asked and not situation.degraded:
            # What was not read is a case where a rule asked for it.
            missing &= UNTOLD
        unmatched = self._unmatched(situation, missing, headers)
        if waits := waiting_words(self._holding, situation, missing):
            unmatched = replace(unmatched, reason=f"{unmatched.reason}{waits}")
        return self._floored(situation, unmatched, None)

    def tell(self, situation: Situation, untold: Inputs) -> tuple[Decision, tuple[str, ...]]:
        """Return the decision as far as it can be told without `untold`.

        With it the rules that could have changed it.
        """
        if not situation.destination.other_names:
            return self._tell(situation, untold)
        told = [self._tell(s, untold) for s in by_contradicting_name(situation)]
        decision = self._at_address(situation, strictest(d for d, _ in told), untold)
        return decision, tuple(dict.fromkeys(rule for _, rules in told for rule in rules))

    def _tell(self, situation: Situation, untold: Inputs) -> tuple[Decision, tuple[str, ...]]:
        unsure: list[CompiledRule] = []
        headers: Headers = ()
        decision = None
        for rule, answer in self._standing(situation, self._missing(situation) | untold):
            if answer is None:
                unsure.append(rule)
            elif rule.verdict is None:
                headers += headers_of(rule)
            else:
                decision = self._signature.by_rule(rule, rule.verdict, situation, headers)
                break
        matched = None if decision is None else decision.intended or decision.verdict
        told = self._floored(situation, decision or self._unmatched(situation, 0, headers), matched)
        meant = told.intended or told.verdict
        return told, tuple(rule.id for rule in unsure if rule.verdict not in {None, meant})

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
        for rule, answer in self._standing(situation, missing):
            if answer is None:
                # Only a rule that allows outright could still turn the answer for unknown accounts.
                if not surely_blocked or rule.verdict is Verdict.ALLOW:
                    return None
                passed_over = True
            elif rule.verdict is None:
                headers += headers_of(rule)
            elif passed_over and rule.verdict is Verdict.ALLOW:
                return None
            else:
                decision = self._signature.by_rule(rule, rule.verdict, situation, headers)
                return self._early(situation, decision, rule.verdict)
        return self._early(situation, self._unmatched(situation, 0, headers), None)

    def needs_whole(self, situation: Situation) -> bool:
        """Return True when a large body must be read to its end before any of it leaves.

        A rule that may still decide wants that.
        """
        return any(map(self._needs_whole, by_contradicting_name(situation)))

    def _needs_whole(self, situation: Situation) -> bool:
        for rule, answer in self._standing(situation, NOT_YET | self._missing(situation)):
            if rule.whole:
                return True
            if answer is True and rule.verdict is not None:
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
        """Return the first rule that surely stops this, and would not at a host without a name."""
        nowhere = replace(s, host=None, destination=replace(s.destination, host="", address=None))
        anyway = {rule for rule, _ in self._standing(nowhere, missing)}
        for rule, answer in self._standing(s, missing):
            if answer and rule.verdict in STOPPING and rule not in anyway:
                return rule
        return None

    def _standing(self, s: Situation, missing: Inputs) -> Holding:
        return standing(self._holding, s, missing)

    def _holding(self, s: Situation, missing: Inputs, settled: Inputs = 0) -> Holding:
        return holding(self.rules, s, missing, settled)

    def _missing(self, s: Situation) -> Inputs:
        hidden = hidden_by(s.degraded) if s.degraded else 0
        # A past that no rule asks for is missed by nobody.
        hidden &= ~PAST | self.inputs
        if s.findings:
            hidden |= hidden_in(s.findings)
        if s.destination.other_names:
            # Each of its names is judged by itself: what it means is known.
            hidden &= ~DESTINATION
        if self.asks_country and s.destination.country is None:
            hidden |= COUNTRY
        if self.inputs & NETWORK and not is_placed(s.destination.host, s.destination.address):
            hidden |= NETWORK
        if s.sender.certainty is Certainty.LIKELY:
            hidden |= SCRIPT
        hidden |= unsure_of_script(s) & self.inputs
        return hidden | unsure_of_peers(s)

    def _blocking(self, s: Situation) -> CompiledRule | None:
        """Return the rule that surely blocks, be it in watch mode.

        Those that would have to see more are passed over.
        """
        for rule, answer in self._standing(s, NEVER | self._missing(s)):
            if answer and rule.verdict is not None:
                return rule if rule.verdict is Verdict.BLOCK else None
        return None

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
        if missing & ~UNTOLD and (s.degraded or unread_text(s.findings)):
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
