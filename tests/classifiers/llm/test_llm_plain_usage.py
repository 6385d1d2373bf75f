"""A `usage` object that states only what all state is read in few steps: nothing that is looked for
elsewhere is passed over by that.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.llm.answer import families, stated_cost, units
from classifiers.llm.answer.families import from_usage

type Read = Callable[[dict[str, Any]], object]


class Asked(dict[str, Any]):
    """Notes the names that are looked for."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.names: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.names.add(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self.names.add(str(key))
        return super().__contains__(key)

    def __getitem__(self, key: str) -> Any:
        self.names.add(key)
        return super().__getitem__(key)


PLAIN = {*families._INPUT, *families._OUTPUT, "total_tokens", "prompt_tokens"}
READERS: list[tuple[Read, frozenset[str], set[str]]] = [
    (lambda values: list(units._stated(values)), units._APART, set()),
    (units.terms_of, units._TERMS, set()),
    (stated_cost.of_usage, stated_cost._USAGE_COSTS, {"is_byok", "cost_details"}),
    (
        lambda values: families._with_details(values, 1, 1),
        families._APART,
        PLAIN | stated_cost._USAGE_COSTS | {"is_byok", "cost_details"},
    ),
]
"""What reads, the names without which it has nothing to read, and those that alone say nothing."""


@pytest.mark.parametrize(("read", "known", "beside"), READERS)
def test_no_name_is_looked_for_of_which_the_short_way_does_not_know(
    read: Read, known: frozenset[str], beside: set[str]
) -> None:
    looked = set[str]()
    for one in (None, *sorted(known)):
        for value in (3, {"audio_tokens": 3}, [{"modality": "AUDIO", "tokenCount": 3}], "flex"):
            values = Asked({} if one is None else {one: value})
            read(values)
            looked |= values.names
    assert looked <= known | beside
    assert looked >= known


NAMES = sorted(families._APART | units._APART | units._TERMS | stated_cost._USAGE_COSTS | PLAIN)
COUNTS = st.none() | st.integers(-1, 9) | st.just("7") | st.just({"total": 5}) | st.booleans()
DETAILS = st.dictionaries(st.sampled_from(["cached_tokens", "reasoning_tokens", "total"]), COUNTS)


@given(st.dictionaries(st.sampled_from(NAMES), COUNTS | DETAILS, max_size=6))
def test_the_short_way_reads_what_the_long_one_reads(values: dict[str, Any]) -> None:
    first = families._first
    if not isinstance(values.get("billed_units"), dict):
        asked, answered = first(values, families._INPUT), first(values, families._OUTPUT)
        assert from_usage(values) == families._with_details(values, asked, answered)
    summed: dict[str, int] = {}
    for name, count in units._stated(values):
        if count:
            summed[name] = summed.get(name, 0) + count
    assert units.of_usage(values) == summed


@pytest.mark.parametrize("name", sorted(families._APART))
def test_what_stands_beside_the_plain_counts_is_read(name: str) -> None:
    told = {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14}
    inner = {"cached_tokens": 3, "reasoning_tokens": 2}
    plain, more = from_usage(told), [from_usage({**told, name: value}) for value in (3, inner)]
    assert (plain.input, plain.output, plain.only_total) == (10, 4, None)
    assert any(one != plain for one in more)
