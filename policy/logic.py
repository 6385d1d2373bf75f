"""Conditions as values: a test that says True, False or None (not known), and how tests combine."""

import fnmatch
import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from core.situation import Situation
from policy.plan import PAST, Gate
from policy.unknowns import Test, Truth

type Match = Callable[[str], bool]

_WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition, compiled."""

    test: Test
    static: bool
    """True when it looks only at sender, destination and what `looks` names, so that its answer may be kept."""
    cost: int = 1
    """Cheap ones are asked first."""
    looks: int = 0
    """What a static one looks at besides sender and destination: `plan.LLM_CALL`, `plan.PAST`."""
    gates: tuple[Gate, ...] = ()
    """Where it is nothing but comparisons: it holds when all are passed."""
    doors: tuple[Gate, ...] = ()
    """Where it has any: it cannot hold unless one of them is passed."""

    def ways_in(self) -> tuple[Gate, ...]:
        """Return gates of which one must be passed; none where nothing can be said."""
        return self.gates[:1] or self.doors


def matcher(patterns: Sequence[str], *, fold: bool = True) -> Match:
    """Return a test of text against patterns in which * and ? stand for anything; `*.x` means below x."""
    wanted = [p.lower() if fold else p for p in patterns]
    exact = frozenset(p for p in wanted if not _WILD.search(p))
    suffixes = tuple(p[1:] for p in wanted if p.startswith("*.") and not _WILD.search(p[1:]))
    others = [p for p in wanted if _WILD.search(p.removeprefix("*.")) or p == "*."]
    pattern = re.compile("|".join(fnmatch.translate(p) for p in others)) if others else None

    def match(text: str) -> bool:
        value = text.lower() if fold else text
        return (
            value in exact
            or (bool(suffixes) and value.endswith(suffixes))
            or (pattern is not None and pattern.match(value) is not None)
        )

    return match


def kleene_and(answers: Iterable[Truth]) -> Truth:
    together: Truth = True
    for one in answers:
        if one is False:
            return False
        if one is None:
            together = None
    return together


def all_of(parts: Sequence[Condition]) -> Condition:
    tests = [p.test for p in parts]
    doors = min((ways for p in parts if (ways := p.ways_in())), key=len, default=())
    return _joined(lambda s, missing: kleene_and(t(s, missing) for t in tests), parts, doors)


def any_of(parts: Sequence[Condition]) -> Condition:
    tests = [p.test for p in parts]

    def test(s: Situation, missing: int) -> Truth:
        answer: Truth = False
        for t in tests:
            one = t(s, missing)
            if one:
                return True
            if one is None:
                answer = None
        return answer

    ways = [p.ways_in() for p in parts]
    return _joined(
        test, parts, tuple(door for doors in ways for door in doors) if all(ways) else ()
    )


def negated(part: Condition) -> Condition:
    def test(s: Situation, missing: int) -> Truth:
        one = part.test(s, missing)
        return None if one is None else not one

    return _joined(test, [part])


def _joined(test: Test, parts: Sequence[Condition], doors: tuple[Gate, ...] = ()) -> Condition:
    looks = 0
    for part in parts:
        looks |= part.looks
    static, cost = all(p.static for p in parts), sum(p.cost for p in parts)
    return Condition(test=test, static=static, cost=cost, looks=looks, doors=doors)


def fixed(read: Callable[[Situation], bool]) -> Condition:
    return Condition(test=lambda s, _: read(s), static=True, cost=0)


def of_past(read: Callable[[Situation], bool], unsure: int = 0) -> Condition:
    return Condition(
        test=lambda s, missing: None if missing & unsure else read(s), static=True, looks=PAST
    )


def reaching(
    key: Hashable,
    read: Callable[[Situation], float],
    at_least: float,
    *,
    unsure: int = 0,
    cost: int = 2,
    by_minute: bool = False,
) -> Condition:
    """Return the condition that a counter has reached a number; while `unsure` is missing, nobody can tell."""
    gate = Gate(key=key, read=read, at_least=at_least, unsure=unsure, by_minute=by_minute)

    def test(s: Situation, missing: int) -> Truth:
        return None if missing & unsure else read(s) >= at_least

    return Condition(test=test, static=False, cost=cost, gates=(gate,))
