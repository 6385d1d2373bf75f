"""Compiled rules decide as their text reads, for policies and requests at random."""

from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cache
from itertools import pairwise
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_strategies import (
    FIELDS,
    NARROWING,
    OWN_KEY,
    conditions_drawn,
    known,
    one_by_one,
    policies,
    samples,
    situations,
)

from core.decision import Verdict
from core.situation import Situation
from examples import most
from policy.compiled import CompiledRule, Holding, holding
from policy.compiling import compile_policy
from policy.conditions import When, condition_of
from policy.decide import RulePolicy
from policy.inputs import DESTINATION, HISTORY, IMPORTS, Inputs
from policy.logic import Truth, inputs_of
from policy.reads import Read, Seen, Stands
from policy.rules import PolicyModel
from policy.sections import Asks, OwnKeys, Section

LETTING = {None, Verdict.ALLOW, Verdict.WATCH, Verdict.WARN}
OWN_KEYS = frozenset({OWN_KEY})


type Reading = Callable[[Situation, Inputs, Inputs], Truth]
"""What conditions say of a request of which this is missing and that is settled."""


def reading(when: When, s: Situation, missing: Inputs, own: OwnKeys, settled: Inputs = 0) -> Truth:
    """Return what the text of these conditions says of a request, read word for word."""
    return read_once(when, own)(s, missing, settled)


def read_once(when: When, own: OwnKeys) -> Reading:
    """Return what says so of any request, and remembers none."""
    sections = [getattr(when, name) for name in type(when).model_fields]
    parts = [read_once(part, own) for part in when.all or ()]
    parts += [
        asked(asks, section, word, own)
        for section in sections
        if isinstance(section, Section)
        for asks, word in written(section)
    ]
    some = [read_once(part, own) for part in when.any or ()]
    inner = None if when.not_ is None else read_once(when.not_, own)

    def said(s: Situation, missing: Inputs, settled: Inputs) -> Truth:
        answers = [part(s, missing, settled) for part in parts]
        if some:
            told = [part(s, missing, settled) for part in some]
            answers.append(True if True in told else None if None in told else False)
        if inner is not None:
            turned = inner(s, missing, settled)
            answers.append(None if turned is None else not turned)
        return False if False in answers else None if None in answers else True

    return said


def written(section: Section) -> Iterator[tuple[Asks, Any]]:
    if section.implied is not None:
        yield section.implied
    for name, asks in section.asked().items():
        if getattr(section, name) is not None:
            yield asks, getattr(section, name)


def asked(asks: Asks, section: Section, word: Any, own: OwnKeys) -> Reading:
    read = asks.read if isinstance(asks.read, Read) else asks.read(section)
    predicate = asks.predicate(word, own) if asks.ours else asks.predicate(word)

    def said(s: Situation, missing: Inputs, settled: Inputs) -> Truth:
        value = read.of(s)
        holds = predicate.holds(value)
        if not read.inputs & missing & ~DESTINATION or read.inputs & settled:
            return holds
        told = {
            Stands.NONE: None,
            Stands.YES: holds or None,
            Stands.FILLED: None if value == read.blank else holds,
        }
        return told[read.stands]

    return said


def trusting(when: When) -> bool:
    inside = (*(when.all or ()), *(when.any or ()), *((when.not_,) if when.not_ else ()))
    here = when.destination is not None and bool(when.destination.model_fields_set)
    return here or any(map(trusting, inside))


class ByTheText(RulePolicy):
    """Reads every rule anew for every request, and remembers nothing."""

    model: PolicyModel

    def _holding(self, s: Situation, missing: Inputs, settled: Inputs = 0) -> Holding:
        rules = [rule for rule in self.model.rules if rule.enabled]
        for rule, compiled in zip(rules, self.rules, strict=True):
            answer = reading(rule.when, s, missing, self.organisation.key_fingerprints, settled)
            ended = rule.until is not None and s.now.date() > rule.until
            doubted = missing & DESTINATION and rule.then.do in LETTING and trusting(rule.when)
            if answer is not False and not ended and not doubted:
                yield compiled, answer


def by_the_text(compiled: RulePolicy, model: PolicyModel) -> ByTheText:
    plain = ByTheText(**{f.name: getattr(compiled, f.name) for f in fields(compiled)})
    object.__setattr__(plain, "model", model)
    return plain


@settings(max_examples=most(120), deadline=None)
@given(policies(), st.lists(situations(), min_size=1, max_size=4))
def test_rules_decide_as_they_read(model: PolicyModel, requests: list[Situation]) -> None:
    """Whatever is missing and whatever was asked before, every answer is what the text says."""
    policy = compile_policy(model, "v")
    plain = by_the_text(policy, model)
    for one in (*requests, *reversed(requests)):
        assert policy.decide(one) == plain.decide(one)
        assert policy.decide_on_headers(one) == plain.decide_on_headers(one)
        assert policy.needs_whole(one) == plain.needs_whole(one)
        assert policy.pass_through(one) == plain.pass_through(one)
        assert policy.tell(one, HISTORY | IMPORTS) == plain.tell(one, HISTORY | IMPORTS)


@pytest.mark.parametrize(("subject", "name"), FIELDS)
def test_every_condition_makes_a_difference(subject: str, name: str) -> None:
    """Requests fulfil it or do not; nobody can tell while what it reads is missing."""
    told: set[Truth] = set()
    blind: set[Truth] = set()
    for when in conditions_drawn(subject, name):
        condition = condition_of(when, OWN_KEYS)
        told |= {condition.answer(Seen(s, 0)) for s in samples()}
        inputs = inputs_of(condition) & ~DESTINATION
        blind |= {condition.answer(Seen(s, inputs)) for s in samples() if inputs}
    assert told == {True, False}
    assert not blind or None in blind


@pytest.mark.parametrize(("subject", "name"), NARROWING)
def test_every_narrowing_word_makes_a_difference(subject: str, name: str) -> None:
    """What is written to count less, or more, is not forgotten where it is counted."""
    bare = condition_of(When.model_validate({subject: {}}))
    narrowed = [condition_of(when) for when in conditions_drawn(subject, name)]
    seen = [Seen(s, 0) for s in samples()]
    assert any(c.answer(s) is not bare.answer(s) for c in narrowed for s in seen)


@cache
def chains() -> list[list[Situation]]:
    """Known requests that turn into each other, one field at a time."""
    return [list(one_by_one(one, other)) for one, other in pairwise(known())]


@pytest.mark.parametrize(("subject", "name"), FIELDS)
def test_one_request_is_never_taken_for_another(subject: str, name: str) -> None:
    """Two requests that differ in one thing that a rule asks about are told apart in any order."""
    told = 0
    for when in conditions_drawn(subject, name):
        rule = {"id": "r", "when": when, "then": "block"}
        text = PolicyModel.model_validate({"mode": "enforce", "rules": [rule]})
        policy = compile_policy(text, "v")
        says = read_once(when, frozenset())
        for chain in chains():
            answers = [says(s, 0, 0) for s in chain]
            for (before, after), (one, other) in zip(
                pairwise(chain), pairwise(answers), strict=True
            ):
                if one is not other:
                    told += 1
                    decided = [policy.decide(s).rule == "r" for s in (before, after, before)]
                    assert decided == [one, other, one]
    assert told


def test_a_memory_that_forgets_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison above can fail: it finds answers that are kept by host and not by port."""
    kept: dict[str, list[tuple[CompiledRule, Literal[True] | None]]] = {}

    def forgetful(
        rules: tuple[CompiledRule, ...], s: Situation, missing: Inputs, settled: Inputs = 0
    ) -> Holding:
        return iter(kept.setdefault(s.destination.host, list(holding(rules, s, missing))))

    monkeypatch.setattr("policy.decide.holding", forgetful)
    with pytest.raises(AssertionError):
        test_one_request_is_never_taken_for_another("destination", "port")
