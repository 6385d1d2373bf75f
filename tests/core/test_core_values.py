"""Values that are made and copied the quick way are the same frozen values."""

import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.classification import CostBasis, LlmCall
from core.values import changed, quick
from examples import most


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    first: int
    second: str = "two"
    third: tuple[int, ...] = ()
    fourth: list[int] = field(default_factory=list)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Quick:
    first: int
    second: str = "two"
    third: tuple[int, ...] = ()
    fourth: list[int] = field(default_factory=list)


@quick
@dataclass(frozen=True, slots=True)
class Placed:
    left: int
    right: int = 7
    named: int = field(default=9, kw_only=True)


@quick
@dataclass(frozen=True, slots=True)
class Checked:
    size: int

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError("too small")


_GIVEN = st.fixed_dictionaries(
    {"first": st.integers()},
    optional={
        "second": st.text(),
        "third": st.tuples(st.integers()),
        "fourth": st.lists(st.integers()),
    },
)


@settings(max_examples=most(40))
@given(_GIVEN, _GIVEN)
def test_a_quick_value_is_what_the_plain_one_is(
    given_: dict[str, Any], changes: dict[str, Any]
) -> None:
    """Whatever is given or left out, every field of the value, of a copy and of a changed copy is
    that of a value made the usual way; equality, hash of what can be hashed, and words as well.
    """
    plain, made = Plain(**given_), Quick(**given_)

    def told(value: Any) -> list[object]:
        return [getattr(value, one.name) for one in fields(value)]

    assert type(made) is Quick
    assert told(made) == told(plain)
    assert repr(made) == repr(plain).replace("Plain", "Quick")
    assert made == Quick(**given_)
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == made
    assert told(replace(made, **changes)) == told(replace(plain, **changes))
    assert told(changed(made, **changes)) == told(changed(plain, **changes))
    assert type(changed(made, **changes)) is Quick
    assert told(changed(plain, **changes)) == told(replace(plain, **changes))
    assert made == Quick(**given_)  # the first is as it was


def test_a_quick_value_stays_frozen() -> None:
    """Nobody changes a value that was made quickly, or a changed copy; each gets its own list."""
    for value in (Quick(first=1), changed(Quick(first=1), second="x"), changed(Plain(first=1))):
        with pytest.raises(FrozenInstanceError):
            value.first = 2  # type: ignore[misc]
        with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
            value.other = 2  # type: ignore[union-attr]
    assert Quick(first=1).fourth is not Quick(first=1).fourth


def test_a_value_that_was_pickled_is_as_frozen_and_one_of_too_few_parts_is_none() -> None:
    value: Quick = pickle.loads(pickle.dumps(Quick(first=1), protocol=5))
    with pytest.raises(FrozenInstanceError):
        value.first = 2  # type: ignore[misc]
    states: list[tuple[Any, ...]] = [(), (1, "two", ()), (1, "two", (), [], 5)]
    for state in states:
        made = object.__new__(Quick)
        with pytest.raises(ValueError, match="values to unpack"):
            made.__setstate__(state)  # type: ignore[attr-defined]
        assert type(made) is Quick
        with pytest.raises(AttributeError):
            _ = made.first


def test_what_is_pickled_is_read_without_asking_for_the_fields(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The library asks a class for its fields at each value, which takes longer than the rest."""
    monkeypatch.setattr(dataclasses, "fields", None)
    assert pickle.loads(pickle.dumps(Placed(1, 2, named=3))) == Placed(1, 2, named=3)


def test_what_is_given_wrongly_is_refused() -> None:
    """Fields that are missing, unknown or given twice are told, and places are kept."""
    assert (Placed(1), Placed(1, 2, named=3).named, Placed(1).right) == (Placed(left=1), 3, 7)
    assert hash(Placed(1)) == hash(Placed(1))
    for wrong in (lambda: Placed(), lambda: Placed(1, 2, 3), lambda: Quick(first=1, fifth=2)):  # type: ignore[call-arg]
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(ValueError, match="too small"):
        Checked(-1)
    with pytest.raises(AttributeError):
        changed(Quick(first=1), fifth=2)


def test_only_frozen_slotted_dataclasses_are_quick() -> None:
    """A class that would not stay what it is, is refused when it is defined."""

    @dataclass(slots=True)
    class Open:
        first: int

    @dataclass(frozen=True)
    class Loose:
        first: int

    @dataclass(frozen=True, slots=True)
    class Hidden:
        first: int = field(init=False, default=1)

    for cls in (Open, Loose, Hidden, int):
        with pytest.raises(TypeError):
            quick(cls)


def test_it_equals_what_the_library_gives() -> None:
    """A changed copy of a value of the gate's own equals what the library gives, and the original
    stays as it was.
    """
    call = LlmCall(provider="openai", operation="chat", tools=("a",))
    copied = changed(call, cost_usd="1", cost_basis=CostBasis.STATED)

    assert copied == replace(call, cost_usd="1", cost_basis=CostBasis.STATED)
    assert call.cost_usd is None
    assert hash(copied) == hash(replace(call, cost_usd="1", cost_basis=CostBasis.STATED))
