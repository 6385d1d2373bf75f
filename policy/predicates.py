"""The tests that conditions make on what they read. Each knows what it can be held against.

A predicate holds for a value or it does not; what is missing is no business of its. `any_of`,
`only` and `edges` say enough about it for contradictions to be found: see `policy.contradictions`.
"""

import fnmatch
import math
import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from destinations.catalogue import canonical
from policy.fields import DAYS

type Match = Callable[[str | None], bool]

_WILD = re.compile(r"[*?\[]")
_DAY = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicate[T]:
    """A test of one value."""

    name: str
    """The same for predicates of one family, that differ in `any_of` only."""
    holds: Callable[[T], bool]
    any_of: frozenset[Hashable] = frozenset()
    """What was written: it holds where one of these alone would."""
    only: frozenset[T] | None = None
    """All values for which it can hold, where they can be listed."""
    edges: tuple[T, ...] = ()
    """With an order: where it begins to hold and where it ends, and the first value of all."""


def matcher(patterns: Sequence[str], *, fold: bool = True) -> Match:
    """Return a test of text against patterns: * and ? stand for anything; `*.x` means below x.

    Text that is not there is like no pattern.
    """
    exact, endings, beginnings, others = _sorted_out(p.lower() if fold else p for p in patterns)
    pattern = re.compile("|".join(map(fnmatch.translate, others))) if others else None

    def match(text: str | None) -> bool:
        if text is None:
            return False
        value = text.lower() if fold else text
        if value in exact or (endings and value.endswith(endings)):
            return True
        if beginnings and value.startswith(beginnings):
            return True
        return pattern is not None and pattern.match(value) is not None

    return match


def _sorted_out(
    patterns: Iterable[str],
) -> tuple[frozenset[str], tuple[str, ...], tuple[str, ...], list[str]]:
    """Return text without wildcards, what follows a first *, what precedes a last *, and the rest.

    Most patterns are of the first three kinds, which need no regular expression.
    """
    exact, endings, beginnings, others = list[str](), list[str](), list[str](), list[str]()
    for pattern in patterns:
        if not _WILD.search(pattern):
            exact.append(pattern)
        elif pattern.startswith("*.") and not _WILD.search(pattern[1:]):
            endings.append(pattern[1:])
        elif pattern.endswith("*") and not _WILD.search(pattern[:-1]):
            beginnings.append(pattern[:-1])
        else:
            others.append(pattern)
    return frozenset(exact), tuple(endings), tuple(beginnings), others


def matching(patterns: Sequence[str], *, fold: bool = True) -> Predicate[str | None]:
    """Return the predicate of text that is like one of these."""
    written = frozenset(p.lower() if fold else p for p in patterns)
    return Predicate(
        name=f"matching, fold={fold}",
        holds=matcher(patterns, fold=fold),
        any_of=written,
        only=None if any(map(_WILD.search, written)) else written,
    )


def matching_case(patterns: Sequence[str]) -> Predicate[str | None]:
    """Return the predicate of text that is like one of these, capitals and small letters apart."""
    return matching(patterns, fold=False)


def matching_path(patterns: Sequence[str]) -> Predicate[str | None]:
    """Return the predicate of a file's path; both slashes are one."""
    return matching([p.replace("\\", "/") for p in patterns], fold=False)


def any_matching(patterns: Sequence[str]) -> Predicate[tuple[str, ...]]:
    """Return the predicate of several texts, one of which is like one of these."""
    match = matcher(patterns)
    return Predicate(
        name="any matching",
        holds=lambda texts: any(map(match, texts)),
        any_of=frozenset(p.lower() for p in patterns),
    )


def one_of[T: Hashable](values: Iterable[T]) -> Predicate[T]:
    """Return the predicate of being one of these."""
    listed = frozenset(values)
    return Predicate(name="one of", holds=listed.__contains__, any_of=listed, only=listed)


def named(names: Iterable[str]) -> Predicate[str | None]:
    """Return the predicate of a service that is one of these, by whichever of its names."""
    return one_of([canonical(name) for name in names])


def matching_service(names: Sequence[str]) -> Predicate[str | None]:
    """Return the predicate of a service that is one of these, or like one of these patterns."""
    return matching([canonical(name) for name in names])


def being[T: Hashable](value: T) -> Predicate[T]:
    """Return the predicate of being this very value."""
    return one_of([value])


def sharing(words: Iterable[str]) -> Predicate[frozenset[str]]:
    """Return the predicate of a set that has one of these in it."""
    listed = frozenset(words)
    return Predicate(
        name="sharing", holds=lambda found: not listed.isdisjoint(found), any_of=listed
    )


def at_least(number: float) -> Predicate[float]:
    """Return the predicate of having reached a number."""
    return Predicate(
        name="at least", holds=lambda value: value >= number, edges=(-math.inf, number)
    )


def younger_than(days: int) -> Predicate[timedelta]:
    """Return the predicate of an age below so many days."""
    limit = timedelta(days=days)
    return Predicate(
        name="younger than", holds=lambda age: age < limit, edges=(timedelta.min, limit)
    )


def own_key(word: str, own: frozenset[str]) -> Predicate[str | None]:
    """Return the predicate of an API key that the organisation lists (`known`) or does not."""
    known = word == "known"
    return Predicate(
        name="own key",
        holds=lambda mark: (mark in own) is known,
        any_of=frozenset({word}),
        only=own if known else None,
    )


def during(
    days: Iterable[str], span: tuple[int, int], *, inside: bool
) -> Predicate[tuple[int, int]]:
    """Return the predicate of a day and minute within business hours, or outside them.

    A night's hours belong to the day on which they begin.
    """
    begin, end = span
    wanted = frozenset(map(DAYS.index, days))

    def holds(at: tuple[int, int]) -> bool:
        day, minute = at
        if begin < end:
            within = day in wanted and begin <= minute < end
        elif minute >= begin:
            within = day in wanted
        else:
            within = minute < end and (day - 1) % 7 in wanted
        return within is inside

    return Predicate(
        name="during",
        holds=holds,
        any_of=frozenset({(wanted, span, inside)}),
        edges=tuple((day, minute) for day in range(7) for minute in {0, begin % _DAY, end % _DAY}),
    )
