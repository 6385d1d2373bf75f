"""Token usage of one answer, and how later statements of it merge with earlier ones."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.values import changed, quick

type Units = Mapping[str, int]
"""How many of each unit that is priced apart, by its name in `classifiers.llm.units`."""
type Terms = Mapping[str, str]
"""What the price depends on: `service_tier`, `speed`, `region`, `processing`."""


@quick
@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as stated by the provider; None where it says nothing.

    `input` is the number the provider itself calls input or prompt tokens: Anthropic's and
    Bedrock's leave out cached tokens (see `cache_apart`), everybody else's hold them.
    """

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    stated_cost: float | None = None
    cache_apart: bool = False
    """True when `input` does not hold the cached tokens."""
    only_total: int | None = None
    """The one number of providers that state no more, such as Voyage for embeddings."""
    units: Units = field(default_factory=dict)
    terms: Terms = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """True when no token number is known."""
        return self.input is None and self.output is None

    @property
    def total_input(self) -> int | None:
        """Input tokens with cached ones: what a price table counts from."""
        if self.input is None or not self.cache_apart:
            return self.input
        return self.input + (self.cache_read or 0) + (self.cache_write or 0)


NOTHING = Usage()
"""What an answer uses that says nothing of it."""


def later(old: Usage, new: Usage) -> Usage:
    """Merge a later statement of the same answer: it is cumulative, so it wins, but a bare 0 erases
    nothing.
    """
    if old is NOTHING or old == NOTHING:
        return new
    return Usage(
        input=new.input or old.input if old.input else known(new.input, old.input),
        output=known(new.output, old.output),
        cache_read=new.cache_read or known(old.cache_read, new.cache_read),
        cache_write=new.cache_write or known(old.cache_write, new.cache_write),
        reasoning=known(new.reasoning, old.reasoning),
        stated_cost=new.stated_cost if new.stated_cost is not None else old.stated_cost,
        cache_apart=old.cache_apart or new.cache_apart,
        only_total=known(new.only_total, old.only_total),
        units={**old.units, **new.units},
        terms={**old.terms, **new.terms},
    )


def fill(old: Usage, new: Usage) -> Usage:
    """Take from `new` only what `old` does not know: for counts of a gateway around the model's
    own.
    """
    if new is NOTHING or new == NOTHING:
        return old
    return changed(
        old,
        input=known(old.input, new.input),
        output=known(old.output, new.output),
        cache_read=known(old.cache_read, new.cache_read),
        cache_write=known(old.cache_write, new.cache_write),
        units={**new.units, **old.units},
        terms={**new.terms, **old.terms},
    )


def total(old: Usage, new: Usage) -> Usage:
    """Add up two answers: each response of a realtime session states its own usage."""
    costs = [cost for cost in (old.stated_cost, new.stated_cost) if cost is not None]
    return Usage(
        input=added(old.input, new.input),
        output=added(old.output, new.output),
        cache_read=added(old.cache_read, new.cache_read),
        cache_write=added(old.cache_write, new.cache_write),
        reasoning=added(old.reasoning, new.reasoning),
        stated_cost=sum(costs) if costs else None,
        cache_apart=old.cache_apart or new.cache_apart,
        units={
            name: old.units.get(name, 0) + new.units.get(name, 0)
            for name in (*old.units, *(n for n in new.units if n not in old.units))
        },
        terms={**old.terms, **new.terms},
    )


def rest(whole: Usage, part: Usage) -> Usage:
    """Return what is new in a statement of an answer of which a part was counted before."""
    return changed(
        whole,
        input=_less(whole.input, part.input),
        output=_less(whole.output, part.output),
        cache_read=_less(whole.cache_read, part.cache_read),
        cache_write=_less(whole.cache_write, part.cache_write),
        reasoning=_less(whole.reasoning, part.reasoning),
    )


def known(first: int | None, second: int | None) -> int | None:
    """Return the first that is known."""
    return second if first is None else first


def added(a: int | None, b: int | None) -> int | None:
    """Return the sum of what is known."""
    if a is None or b is None:
        return known(a, b)
    return a + b


def _less(whole: int | None, part: int | None) -> int | None:
    return None if whole is None else max(0, whole - (part or 0))
