"""Which rules are asked for one request: most are ruled out together, by sender and destination or by one comparison.

A plan is made once for requests that share what static conditions look at. In it the thresholds of each counter (bytes,
rows, values found, …) stand sorted: bisection says which rules the counter lets hold at all, and only those are asked.
"""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.decision import Mode, Verdict
from core.situation import Situation
from policy.unknowns import DESTINATION, FINDINGS, Test

HOLD_SECONDS = 25.0
_KEPT = 2048
LLM_CALL, PAST = 1, 2
"""What static conditions may look at besides sender and destination."""

type Read = Callable[[Situation], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A counter and what it must reach at least. A condition with gates holds when all of them are passed."""

    key: Hashable
    """The same for gates that read the same counter."""
    read: Read
    at_least: float
    unsure: int = 0
    """While one of these is missing, the counter says too little and the condition's own test is asked."""
    by_minute: bool = False
    """True when it looks at nothing but the minute."""
    narrowed: "Callable[[frozenset[str]], Gate] | None" = None
    """The same gate where only these kinds were found: many counters are one then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRule:
    """A rule ready to be asked."""

    id: str
    description: str
    verdict: Verdict | None
    """None when it only sets headers."""
    mode: Mode
    on_error: Verdict | None
    """None when the next rules decide."""
    static: tuple[Test, ...] = ()
    """Tests that look only at what the key of a plan names."""
    tests: tuple[Test, ...] = ()
    gated: tuple[tuple[Test, tuple[Gate, ...]], ...] = ()
    """Conditions that are comparisons, and their tests for when something is missing."""
    doors: tuple[Gate, ...] = ()
    """Where it has any: it cannot hold unless one of them is passed."""
    looks: int = 0
    """What its static tests look at besides sender and destination."""
    needs: frozenset[str] | None = None
    """Kinds of which one must have been found for the rule to hold; None when it holds without any."""
    headers: tuple[tuple[str, str], ...] = ()
    hold_seconds: float = HOLD_SECONDS
    redact_kinds: frozenset[str] | None = None
    """None for every kind found."""
    restore: bool = True
    whole: bool = False
    """True when a large body must be read to its end before any of it leaves."""
    expires: datetime | None = None
    trusts_destination: bool = False
    """True when it lets pass because of the destination: useless when that is in doubt."""
    beyond_records: bool = False
    """True when it looks at earlier volume or a script's history, which a record does not hold."""


type Asked = tuple[CompiledRule, tuple[tuple[int, float], ...], tuple[Test, ...]]


type Limits = tuple[tuple[int, list[float], list[int]], ...]
"""Counter, its thresholds in their order, and the rule at each."""


class Plan:
    """The rules that may hold for requests of one key, in their order."""

    def __init__(self, rules: "Iterable[Possible]") -> None:
        self._reads: list[Read] = []
        self._asked: list[Asked] = []
        free: list[int] = []
        found: dict[bool, dict[int, list[tuple[float, int]]]] = {False: {}, True: {}}
        known: dict[Hashable, int] = {}
        for place, (rule, doors, gates, tests) in enumerate(rules):
            for door in doors:
                limits = found[door.by_minute].setdefault(self._counter(door, known), [])
                limits.append((door.at_least, place))
            if not doors:
                free.append(place)
            self._asked.append(
                (rule, tuple((self._counter(g, known), g.at_least) for g in gates), tests)
            )
        self._free = tuple(free)
        self._limits, self._by_minute = _sorted(found[False]), _sorted(found[True])
        self._minute: tuple[float, list[int]] = (-1.0, [])

    def _counter(self, gate: Gate, known: dict[Hashable, int]) -> int:
        number = known.setdefault(gate.key, len(known))
        if number == len(self._reads):
            self._reads.append(gate.read)
        return number

    def holding(
        self, s: Situation, missing: int
    ) -> Iterator[tuple[CompiledRule, Literal[True] | None]]:
        """Yield in order the rules that hold (True) or might (None). Hot: 200 rules in a few microseconds."""
        reads = self._reads
        values: list[float | None] = [None] * len(reads)
        due: list[int] = []
        for counter, limits, places in self._limits:
            value = values[counter] = reads[counter](s)
            if value >= limits[0]:
                due += places[: bisect_right(limits, value)]
        if self._by_minute:
            due += self._due_by_minute(s)
        for place in sorted({*due, *self._free}) if due else self._free:
            rule, gates, tests = self._asked[place]
            for counter, at_least in gates:
                known = values[counter]
                if known is None:
                    known = values[counter] = reads[counter](s)
                if known < at_least:
                    break
            else:
                answer: Literal[True] | None = True
                for test in tests:
                    one = test(s, missing)
                    if one is False:
                        break
                    if one is None:
                        answer = None
                else:
                    if rule.expires is None or s.now < rule.expires:
                        yield rule, answer

    def _due_by_minute(self, s: Situation) -> list[int]:
        minute = s.now.timestamp() // 60
        last, due = self._minute
        if last != minute:
            due = []
            for counter, limits, places in self._by_minute:
                due += places[: bisect_right(limits, self._reads[counter](s))]
            self._minute = minute, due
        return due


def _sorted(found: dict[int, list[tuple[float, int]]]) -> Limits:
    in_order = ((counter, sorted(limits)) for counter, limits in found.items())
    return tuple(
        (counter, [least for least, _ in limits], [place for _, place in limits])
        for counter, limits in in_order
    )


type Possible = tuple[CompiledRule, tuple[Gate, ...], list[Gate], tuple[Test, ...]]
"""A rule, gates of which one must be passed, gates that must all be passed, and tests."""


class Plans:
    """The plans of a policy. Requests with the same key share one; so do keys that leave the same rules."""

    def __init__(self, rules: tuple[CompiledRule, ...]) -> None:
        self._rules = rules
        self._key_of = looked_at_by(rules)
        self._by_key: dict[tuple[object, ...], Plan] = {}
        self._by_rules: dict[tuple[object, ...], Plan] = {}

    def for_request(self, s: Situation, missing: int) -> Plan:
        """Return the plan for this request."""
        key = self._key_of(s, missing)
        plan = self._by_key.get(key)
        if plan is None:
            if len(self._by_key) >= _KEPT:
                self._by_key.clear()
                self._by_rules.clear()
            plan = self._by_key[key] = self._made(s, missing)
        return plan

    def _made(self, s: Situation, missing: int) -> Plan:
        kinds = None if missing & FINDINGS else frozenset([f.kind for f in s.findings])
        left = tuple(_left(self._rules, s, missing, kinds))
        plan = self._by_rules.get((left, missing, kinds))
        if plan is None:
            possible = (_possible(self._rules[n], unsure, missing, kinds) for n, unsure in left)
            plan = self._by_rules[left, missing, kinds] = Plan(possible)
        return plan


def _left(
    rules: Iterable[CompiledRule], s: Situation, missing: int, kinds: frozenset[str] | None
) -> Iterator[tuple[int, tuple[Test, ...]]]:
    """Yield the places of the rules that are not ruled out for all requests with this key, and tests that could not tell."""
    for place, rule in enumerate(rules):
        if kinds is not None and rule.needs is not None and rule.needs.isdisjoint(kinds):
            continue
        if missing & DESTINATION and rule.trusts_destination:
            continue
        answers = [test(s, missing) for test in rule.static]
        if False not in answers:
            yield (
                place,
                tuple(
                    [t for t, answer in zip(rule.static, answers, strict=True) if answer is None]
                ),
            )


def _possible(
    rule: CompiledRule, unsure: tuple[Test, ...], missing: int, kinds: frozenset[str] | None
) -> Possible:
    tests = list(unsure)
    gates: list[Gate] = []
    for test, needed in rule.gated:
        if any(gate.unsure & missing for gate in needed):
            tests.append(test)
        else:
            gates += (_narrowed(gate, kinds) for gate in needed)
    doors, gates = tuple(gates[:1]), gates[1:]
    if not doors and not any(door.unsure & missing for door in rule.doors):
        doors = tuple(_narrowed(door, kinds) for door in rule.doors)
    return rule, doors, gates, (*tests, *rule.tests)


def _narrowed(gate: Gate, kinds: frozenset[str] | None) -> Gate:
    return gate if gate.narrowed is None or kinds is None else gate.narrowed(kinds)


def looked_at_by(rules: Iterable[CompiledRule]) -> Callable[[Situation, int], tuple[object, ...]]:
    """Return what makes the key of a plan: all that the static tests of these rules look at."""
    looks = 0
    for rule in rules:
        looks |= rule.looks

    def key(s: Situation, missing: int) -> tuple[object, ...]:
        kinds = (
            None
            if missing & FINDINGS
            else frozenset([f.kind for f in s.findings])
            if s.findings
            else _NO_KINDS
        )
        d, a = s.destination, s.sender
        script, account = a.script, d.account
        who = (
            None
            if script is None
            else (script.path, script.name, script.sha256, script.launched_as)
        )
        more = (
            (_call(s) if looks & LLM_CALL else None, _past(s) if looks & PAST else None)
            if looks
            else None
        )
        return (
            d.host, d.service, d.category, d.scheme, d.upload, account.kind, account.id, d.country,
            a.certainty, a.on_behalf, a.user, a.started_by, a.is_python, who, missing, kinds, more,
        )  # fmt: skip

    return key


_NO_KINDS: frozenset[str] = frozenset()


def _call(s: Situation) -> tuple[object, ...] | None:
    c = s.llm
    if c is None:
        return None
    return (
        c.provider,
        c.model,
        c.operation,
        c.key_class,
        c.organisation,
        c.key_fingerprint,
        c.tools,
        not c.attachments,
    )


def _past(s: Situation) -> tuple[object, ...]:
    history, script = s.history, s.sender.script
    owner = None if script is None or script.version is None else script.version.get("owner")
    return history.approved, history.changed_since_approval, history.imports, str(owner or "")
