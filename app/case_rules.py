"""From a case to a rule of the policy: its sentence, its effect on records, its writing."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from app.case_accounts import CaseAccounts
from app.newest_requests import newest_requests
from app.rule_subjects import Subject, subject_of
from core.attribution import Certainty
from core.case_keys import case_key
from core.classification import AccountKind
from core.errors import InputError
from core.findings import NOT_INSPECTED
from core.record import Record
from core.review import Case, CaseStatus, Disposition, needs_review
from core.stored import StoredRecord
from core.text import printable
from core.vocabulary.kinds import FINDABLE, by_gravity
from core.vocabulary.sizes import counted, joined, number
from evidence.store import Store
from policy import DEFAULT_PRESET
from policy.decide import RulePolicy
from policy.loading import load_bytes, parse, preset_text
from policy.replay import replayed
from policy.rule_writing import add_rule, rule_lines
from policy.rules import PolicyModel
from tui.case_queue import all_cases
from tui.rule_making import Proposal, Wanted, Wish
from tui.wording import kind_words, place

_THEN = {Wish.ALLOW: "allow", Wish.STOP: "block", Wish.ASK: "hold"}
_VERBS = {Wish.ALLOW: "is allowed", Wish.STOP: "is stopped", Wish.ASK: "waits for a person"}
_ONLY_WATCHES = "It only watches at first: what other rules hold or stop, they still do."
_MOST = 20_000
_WILD = frozenset("*?[]")
_NAME = re.compile(r"[^a-z0-9]+")
_LONGEST_NAME = 50
_LONGEST_SENTENCE = 480
"""What a description may hold, and its end says what happens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRules:
    """Makes rules of the cases of one store, for one policy file."""

    store: Store
    policy: Path
    who: Callable[[], str]

    def propose(self, case: Case, wanted: Wanted) -> Proposal:
        """Return the rule as it would be written. Raises OutgateError."""
        if wanted.wish is Wish.OWN:
            return self._accounts.propose(case)
        subject = subject_of(case, self.store, wanted.wish)
        rule = self._rule(case, subject, wanted)
        return Proposal(
            name=rule["id"],
            sentence=rule["description"],
            effect=self._effect(case, subject, rule),
            lines=tuple(rule_lines(rule)),
        )

    def write(self, case: Case, wanted: Wanted) -> str:
        """Write the rule into the policy file. Raises OutgateError."""
        if wanted.wish is Wish.OWN:
            return self._accounts.write(case)
        rule = self._rule(case, subject_of(case, self.store, wanted.wish), wanted)
        try:
            add_rule(self.policy, rule)
        except OSError as error:
            raise InputError(
                f"The policy file {self.policy} cannot be written: {error.strerror}.",
                remedy="Ask the person who runs Outgate here.",
            ) from error
        told = f" {_ONLY_WATCHES}" if rule.get("mode") == "watch" else ""
        return f"Rule {rule['id']} is in {self.policy.name}, before all others.{told}"

    @property
    def _accounts(self) -> CaseAccounts:
        return CaseAccounts(store=self.store, policy=self.policy)

    def _rule(self, case: Case, subject: Subject, wanted: Wanted) -> dict[str, Any]:
        when = _when(case, subject, wanted.wish)
        self._refuse_unlisted(case)
        sentence = _sentence(case, subject, wanted)
        rule: dict[str, Any] = {"id": self._free_name(case, wanted), "description": sentence}
        rule["owner"] = self.who()
        if wanted.wish is not Wish.ALLOW:  # said of either, for the whole file may only watch
            rule["mode"] = "watch" if wanted.watch_first else "enforce"
        if wanted.until is not None:
            rule["until"] = wanted.until
        return {**rule, "when": when, "then": _THEN[wanted.wish]}

    def _refuse_unlisted(self, case: Case) -> None:
        """Kinds that an organisation's own recognisers find stand in rules where it lists them."""
        own = sorted(set(case.kinds) - FINDABLE - {NOT_INSPECTED} - self._listed())
        if own:
            names = joined([f"“{printable(kind, 40)}”" for kind in own])
            raise InputError(
                f"The policy does not list {names} under organisation: kinds.",
                remedy="Ask a policy editor to list it there; then the rule can be made.",
            )

    def _listed(self) -> frozenset[str]:
        return frozenset(self._model().organisation.kinds or ())

    def _model(self) -> PolicyModel:
        text = self.policy.read_bytes() if self.policy.is_file() else _default()
        return parse(text, str(self.policy))

    def _free_name(self, case: Case, wanted: Wanted) -> str:
        model = self._model()
        taken = {one.id for one in model.rules} | {one.id for one in model.pass_through}
        taken |= {one.id for one in model.contracts}
        stem = Path(case.script_path or case.script).stem
        base = _NAME.sub("-", f"{wanted.wish}-{stem}-{case.service or case.host}".lower())
        base = base[:_LONGEST_NAME].strip("-")
        names = (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3)))
        return next(name for name in names if name not in taken)

    def _of_allowed(self, case: Case, subject: Subject, policy: RulePolicy, name: str) -> str:
        """Say what the rule would have matched of the newest requests that were plainly allowed:
        these stand in no case.
        """
        allowed = (
            record
            for record in newest_requests(self.store)
            if subject.is_of(record, case) and not needs_review(record)
        )
        did = _replayed(policy, allowed, name, {}, subject)
        if not did.matched:
            return ""
        return f" And {number(did.matched)} that were allowed and stand in no case."

    def _effect(self, case: Case, subject: Subject, rule: Mapping[str, Any]) -> str:
        """Say what the rule would have matched of what was recorded."""
        alone = "\n".join(["version: 1", "mode: enforce", "rules:", *_alone(rule)])
        policy = load_bytes(alone.encode(), "the new rule", kinds=frozenset(case.kinds))
        some = all_cases(self.store, subject.wanted(case))
        cases = {one.key: one for one in some if subject.is_alike(one, case)}
        found = (entry.opened() for entry in self.store.iter_of_cases(frozenset(cases)))
        records = islice((one.record for one in found if isinstance(one, StoredRecord)), _MOST)
        did = _replayed(policy, records, rule["id"], cases, subject)
        of = f"the first {number(_MOST)}" if did.tried >= _MOST else number(did.tried)
        told = f"It would have matched {number(did.matched)} of {of} requests {subject.of}"
        told += f": {number(did.false_alarms)} of them you closed as false alarms."
        if did.untold:
            told += (
                f" Of {number(did.untold)} nobody can tell, such as where the sender is only"
                " likely."
            )
        told += self._of_allowed(case, subject, policy, rule["id"])
        if rule["then"] == _THEN[Wish.ALLOW] and NOT_INSPECTED in case.kinds:
            told += " What cannot be read is not let pass by it."
        return f"{told} {_ONLY_WATCHES}" if rule.get("mode") == "watch" else told


@dataclass(slots=True)
class _Did:
    """What a rule by itself would have done to some records."""

    tried: int = 0
    matched: int = 0
    false_alarms: int = 0
    untold: int = 0


def _replayed(
    policy: RulePolicy,
    records: Iterable[Record],
    name: str,
    cases: Mapping[str, Case],
    subject: Subject,
) -> _Did:
    did = _Did()
    for one in replayed(policy, records):
        if one is None:
            continue
        did.tried += 1
        if one.decision.rule != name:
            likely = subject.certain and one.record.sender.certainty is not Certainty.EXACT
            did.untold += bool(one.unsure) or likely
            continue
        did.matched += 1
        did.false_alarms += _is_false_alarm(cases.get(case_key(one.record)))
    return did


def _is_false_alarm(case: Case | None) -> bool:
    if case is None or case.status is not CaseStatus.CLOSED:
        return False
    return case.disposition == Disposition.FALSE_ALARM


def _default() -> bytes:
    return preset_text(DEFAULT_PRESET).encode()


def _alone(rule: Mapping[str, Any]) -> list[str]:
    """Return the rule by itself, in force whatever its mode and its end."""
    return rule_lines({k: v for k, v in rule.items() if k not in {"mode", "until", "owner"}})


def _when(case: Case, subject: Subject, wish: Wish) -> dict[str, Any]:
    """Return the conditions that hold for what is like the case, and for little else."""
    names = [str(name) for name in subject.conditions.get("script", {}).values()]
    if _WILD & set("".join([*names, case.host])):
        raise InputError(
            "The name of this script or place has a sign that stands for anything in rules.",
            remedy="Write the rule by hand: docs/policy.md.",
        )
    to: dict[str, Any] = {"service": case.service} if case.service else {"host": case.host}
    if case.account_kind in AccountKind and case.account_kind != AccountKind.UNKNOWN:
        to["account"] = case.account_kind
    kinds = _kinds_for(case, wish)
    when: dict[str, Any] = {**subject.conditions, "destination": to}
    if kinds:
        when["findings"] = {"kinds": kinds}
    if wish is Wish.ALLOW:
        # One of the kinds is enough for a rule to hold: what is let pass must hold no other.
        others = sorted((FINDABLE | {NOT_INSPECTED}) - set(kinds))
        when["not"] = {"findings": {"kinds": others}}
    return when


def _kinds_for(case: Case, wish: Wish) -> list[str]:
    """Return the kinds that a rule is about: of what was not read nobody knows what else stands in
    it, so that no rule can let it pass.
    """
    unreadable = NOT_INSPECTED in case.kinds and wish is Wish.ALLOW
    kinds = [kind for kind in by_gravity(case.kinds) if not (unreadable and kind == NOT_INSPECTED)]
    if unreadable and not kinds:
        raise InputError(
            "Nobody knows what stands in what could not be read, so no rule can allow just that.",
            remedy="Close the case as an allowed purpose instead.",
        )
    return kinds


def _sentence(case: Case, subject: Subject, wanted: Wanted) -> str:
    """Return what the rule does: `When “claims.py” sends bank account numbers to OpenAI, it is
    stopped, until 2027-03-01.`
    """
    kinds = [kind for kind in _kinds_for(case, wanted.wish) if kind != NOT_INSPECTED]
    names = list(dict.fromkeys(kind_words(kind).many for kind in kinds))
    unread = ["what cannot be read"] if NOT_INSPECTED in _kinds_for(case, wanted.wish) else []
    said = _said(case, subject, wanted, [*names, *unread])
    for kept in range(len(names) - 1, 0, -1):
        if len(said) <= _LONGEST_SENTENCE:
            break
        others = counted(len(names) - kept, "other kind")
        said = _said(case, subject, wanted, [*names[:kept], f"{others} of its data", *unread])
    return said


def _said(case: Case, subject: Subject, wanted: Wanted, names: list[str]) -> str:
    nothing = "nothing sensitive that is known" if wanted.wish is Wish.ALLOW else "anything"
    what = joined(names, "or") if names else nothing
    if names and wanted.wish is Wish.ALLOW:
        what += " and nothing else sensitive"
    to = place(case.service, case.host, case.category, case.account_kind)
    until = "" if wanted.until is None else f", until {wanted.until:%Y-%m-%d}"
    return f"When {subject.words} sends {what} to {to}, it {_VERBS[wanted.wish]}{until}."
