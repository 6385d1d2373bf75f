"""Conditions as values, and how they combine: each says True, False or None (not known)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from policy.inputs import FINDINGS, Inputs
from policy.predicates import Predicate
from policy.reads import Read, Seen, Stands

type Truth = bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition: a read and a predicate."""

    read: Read[Any]
    predicate: Predicate[Any]
    words: str
    """As its author would say it: `destination account personal`."""

    def answer(self, seen: Seen) -> Truth:
        """Return whether it holds; None where that cannot be told."""
        value, doubt = seen[self.read]
        holds = self.predicate.holds(value)
        if doubt is None or (holds and doubt is Stands.YES):
            return holds
        return None

    def conditions(self) -> "Iterator[Condition]":
        yield self


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Holds when all of its parts do: always, where it has none."""

    parts: "tuple[Node, ...]" = ()

    @property
    def words(self) -> str:
        return ", and ".join(part.words for part in self.parts) or "always"

    def answer(self, seen: Seen) -> Truth:
        """Return False where one is False, else None where one is None."""
        together: Truth = True
        for part in self.parts:
            one = part.answer(seen)
            if one is False:
                return False
            if one is None:
                together = None
        return together

    def conditions(self) -> Iterator[Condition]:
        """Yield all conditions inside."""
        for part in self.parts:
            yield from part.conditions()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """Holds when one of its parts does."""

    parts: "tuple[Node, ...]"

    @property
    def words(self) -> str:
        return "either " + ", or ".join(part.words for part in self.parts)

    def answer(self, seen: Seen) -> Truth:
        """Return True where one is True, else None where one is None."""
        together: Truth = False
        for part in self.parts:
            one = part.answer(seen)
            if one:
                return True
            if one is None:
                together = None
        return together

    def conditions(self) -> Iterator[Condition]:
        """Yield all conditions inside."""
        for part in self.parts:
            yield from part.conditions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """Holds when its part does not; what is not known stays so."""

    part: "Node"

    @property
    def words(self) -> str:
        return f"not ({self.part.words})"

    def answer(self, seen: Seen) -> Truth:
        """Return the opposite."""
        one = self.part.answer(seen)
        return None if one is None else not one

    def conditions(self) -> Iterator[Condition]:
        """Yield all conditions inside."""
        yield from self.part.conditions()


type Node = Condition | AllOf | AnyOf | Not


def inputs_of(node: Node) -> Inputs:
    """Return all that these conditions are made from."""
    together = 0
    for condition in node.conditions():
        together |= condition.read.inputs
    return together


def cheapest_first(node: AllOf) -> AllOf:
    """Return the same conditions in the order of what they cost: one that is False ends it.

    What is found is counted, once for each way of counting; everything else is looked up.
    """
    return AllOf(parts=tuple(sorted(node.parts, key=_cost)))


def _cost(node: Node) -> int:
    return sum(10 if c.read.inputs & FINDINGS else 1 for c in node.conditions())
