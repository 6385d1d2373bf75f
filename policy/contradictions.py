"""Which conditions can never hold, whatever a request is like: told by reads and predicates alone.

Conditions are written out as alternatives (a disjunction of conjunctions). An alternative is
impossible when no value of some read fulfils all that is asked of it there. What cannot be decided
counts as possible, so that advice is never wrong; it may be missing.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, product
from math import prod
from typing import Any

from policy.logic import AllOf, AnyOf, Condition, Node, Not
from policy.predicates import Predicate
from policy.reads import Read

_MOST_ALTERNATIVES = 512


@dataclass(frozen=True, slots=True)
class _Claim:
    """A condition, or its opposite."""

    condition: Condition
    holds: bool

    @property
    def words(self) -> str:
        return self.condition.words if self.holds else f"not ({self.condition.words})"


type _Alternative = tuple[_Claim, ...]


class _TooManyError(Exception):
    """The conditions have more alternatives than anybody would write."""


def contradiction(*nodes: Node) -> str | None:
    """Return in words what keeps these conditions from holding together; None when they may."""
    clash = ""
    try:
        for alternative in _both([_alternatives(node, holds=True) for node in nodes]):
            words = _contradiction(alternative)
            if words is None:
                return None
            clash = clash or words
    except _TooManyError:
        return None
    return clash


def _alternatives(node: Node, *, holds: bool) -> list[_Alternative]:
    match node:
        case Condition():
            return [(_Claim(node, holds),)]
        case Not(part=part):
            return _alternatives(part, holds=not holds)
        case AllOf(parts=parts) | AnyOf(parts=parts):
            several = [_alternatives(part, holds=holds) for part in parts]
            both = isinstance(node, AllOf) is holds
            return list(_both(several) if both else _either(several))


def _both(several: list[list[_Alternative]]) -> Iterator[_Alternative]:
    if prod(map(len, several)) > _MOST_ALTERNATIVES:
        raise _TooManyError
    return (tuple(chain.from_iterable(one)) for one in product(*several))


def _either(several: list[list[_Alternative]]) -> Iterator[_Alternative]:
    if sum(map(len, several)) > _MOST_ALTERNATIVES:
        raise _TooManyError
    return chain.from_iterable(several)


def _contradiction(alternative: _Alternative) -> str | None:
    asked: defaultdict[Read[Any], list[_Claim]] = defaultdict(list)
    for claim in alternative:
        asked[claim.condition.read].append(claim)
    for read, claims in asked.items():
        if not _fulfilled(read, claims):
            return ", and ".join(claim.words for claim in claims)
    return None


def _fulfilled(read: Read[Any], claims: list[_Claim]) -> bool:
    """Return False when no value of this read is as all of these claims say."""
    wanted = [claim.condition.predicate for claim in claims if claim.holds]
    unwanted = [claim.condition.predicate for claim in claims if not claim.holds]
    if any(_within(one, other) for one, other in product(wanted, unwanted)):
        return False
    values = _candidates(read, wanted, unwanted)
    return values is None or any(
        all(p.holds(value) for p in wanted) and not any(p.holds(value) for p in unwanted)
        for value in values
    )


def _within(one: Predicate[Any], other: Predicate[Any]) -> bool:
    """Return True when whatever fulfils the one fulfils the other, since less was written in it."""
    return one.name == other.name and bool(one.any_of) and one.any_of <= other.any_of


def _candidates(
    read: Read[Any], wanted: list[Predicate[Any]], unwanted: list[Predicate[Any]]
) -> Iterator[Any] | None:
    """Return values of which one fulfils all, if any does; None where they cannot be listed."""
    if read.values:
        return iter(read.values)
    for predicate in wanted:
        if predicate.only is not None:
            return iter(predicate.only)
    every = (*wanted, *unwanted)
    if all(predicate.edges for predicate in every):
        return (edge for predicate in every for edge in predicate.edges)
    return None
