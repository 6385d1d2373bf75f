"""What rules read: it is what it names, is read once, and is in records or said not to be."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from policy_samples import record, situation
from policy_strategies import FIELDS, conditions_drawn, samples

from core.findings import NOT_INSPECTED, SECRET
from core.record import Record
from core.situation import Situation, situation_of
from policy import inputs
from policy.conditions import condition_of
from policy.inputs import PAST, Inputs
from policy.reads import Read, Seen, Stands

NAMES = {"person", "address"}


def of_destination(*fields: str) -> Callable[[Situation, Situation], Situation]:
    def give(to: Situation, of: Situation) -> Situation:
        parts = {name: getattr(of.destination, name) for name in fields}
        return replace(to, destination=replace(to.destination, **parts))

    return give


def of_history(*fields: str) -> Callable[[Situation, Situation], Situation]:
    def give(to: Situation, of: Situation) -> Situation:
        parts = {name: getattr(of.history, name) for name in fields}
        return replace(to, history=replace(to.history, **parts))

    return give


def of_findings(mine: Callable[[str], bool]) -> Callable[[Situation, Situation], Situation]:
    def give(to: Situation, of: Situation) -> Situation:
        theirs = [f for f in to.findings if not mine(f.kind)]
        return replace(to, findings=(*theirs, *(f for f in of.findings if mine(f.kind))))

    return give


def of_situation(*fields: str) -> Callable[[Situation, Situation], Situation]:
    return lambda to, of: replace(to, **{field: getattr(of, field) for field in fields})


PARTS: dict[Inputs, Callable[[Situation, Situation], Situation]] = {
    inputs.SENDER: of_situation("sender"),
    inputs.DESTINATION: of_destination("scheme", "host", "port", "service", "category"),
    inputs.REQUEST: of_destination("path", "upload"),
    inputs.ACCOUNT: of_destination("account"),
    inputs.COUNTRY: of_destination("country"),
    inputs.NETWORK: of_destination("address"),
    inputs.SIZE: of_situation("request_bytes"),
    inputs.SECRETS: of_findings(lambda kind: kind == SECRET),
    inputs.NAMES: of_findings(lambda kind: kind in NAMES),
    inputs.VALUES: of_findings(lambda kind: kind not in {SECRET, NOT_INSPECTED, *NAMES}),
    inputs.UNREAD: of_findings(lambda kind: kind == NOT_INSPECTED),
    inputs.LLM: of_situation("llm"),
    inputs.HISTORY: of_history("first_seen", "approved", "changed_since_approval"),
    inputs.IMPORTS: of_history("imports"),
    inputs.PACKAGES: of_history("packages"),
    inputs.ADVISORIES: of_history("advised"),
    inputs.HABITS: of_history("habits"),
    inputs.RESOURCES: of_history("cpu_seconds", "memory_bytes"),
    inputs.VOLUME: of_situation("volume"),
    inputs.FILES: of_situation("files", "files_are_all"),
    inputs.CLOCK: of_situation("now"),
}
"""What each input is of a situation: gives that part of the second to the first."""


def given(to: Situation, of: Situation, parts: Inputs) -> Situation:
    for bit, give in PARTS.items():
        to = give(to, of) if bit & parts else to
    return to


def test_every_part_of_a_situation_is_an_input() -> None:
    """Nothing that rules could look at has been forgotten where it is said what may be missing."""
    everything = sum(PARTS)
    for one, other in pairwise(samples()):
        same = replace(
            one, degraded=other.degraded, headers_only=other.headers_only, method=other.method
        )
        kept = given(same, other, everything)
        assert replace(kept, findings=()) == replace(other, findings=())
        assert sorted(map(repr, kept.findings)) == sorted(map(repr, other.findings))


def reads_of(subject: str, name: str) -> set[Read[Any]]:
    whens = conditions_drawn(subject, name)
    return {c.read for when in whens for c in condition_of(when).conditions()}


@pytest.mark.parametrize(("subject", "name"), FIELDS)
def test_a_read_looks_at_nothing_but_its_inputs(subject: str, name: str) -> None:
    """A rule is told apart as unanswerable exactly when something that it looks at is missing."""
    for read in reads_of(subject, name):
        for one, other in pairwise(samples()):
            assert read.of(given(other, one, read.inputs)) == read.of(one), read.name


@pytest.mark.parametrize(("subject", "name"), FIELDS)
def test_what_is_read_is_in_the_record_or_said_not_to_be(subject: str, name: str) -> None:
    """A replay asks rules what the gate asked them; what no record holds is counted as untold."""
    for read in reads_of(subject, name):
        if read.inputs & PAST:
            continue
        for s in samples():
            stored = json.loads(json.dumps(record(s).to_json()))
            assert read.of(situation_of(Record.from_json(stored))) == read.of(s), read.name


@pytest.mark.parametrize(("subject", "name"), FIELDS)
def test_listed_values_are_all_that_can_be_read(subject: str, name: str) -> None:
    """Advice that a rule never holds rests on lists of what can be; they are complete."""
    for read in reads_of(subject, name):
        assert not read.values or {read.of(s) for s in samples()} <= set(read.values), read.name


def test_a_fact_is_read_once_for_all_rules() -> None:
    """Two hundred rules on one amount count it once; the next request is read anew."""
    asked: list[int] = []

    def of(s: Situation) -> int:
        asked.append(s.request_bytes)
        return s.request_bytes

    read = Read(name="size", inputs=inputs.SIZE, of=of)
    for size in (5, 6):
        seen = Seen(situation(request_bytes=size), 0)
        assert [seen[read] for _ in range(3)] == [(size, None)] * 3
    assert asked == [5, 6]


@pytest.mark.parametrize(
    ("stands", "value", "missing", "doubt"),
    [
        (Stands.NONE, 5, inputs.SIZE, Stands.NONE),
        (Stands.NONE, 5, inputs.LLM, None),
        (Stands.YES, 5, inputs.SIZE, Stands.YES),
        (Stands.FILLED, 5, inputs.SIZE, None),
        (Stands.FILLED, 0, inputs.SIZE, Stands.NONE),
        (Stands.FILLED, 0, 0, None),
    ],
)
def test_what_is_missing_puts_what_was_read_in_doubt(
    stands: Stands, value: int, missing: Inputs, doubt: Stands | None
) -> None:
    """Nobody takes for an answer what may still change, nor for unknown what is certain."""
    read = Read(
        name="size", inputs=inputs.SIZE, of=lambda s: s.request_bytes, stands=stands, blank=0
    )
    assert Seen(situation(request_bytes=value), missing)[read] == (value, doubt)
