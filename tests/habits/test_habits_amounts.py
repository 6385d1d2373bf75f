"""How large something usually is, and what is far more."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habits.amounts import SMALL, Amount, amount_of


def amount(*values: int) -> Amount:
    found = amount_of(values)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("values", "value", "exceeded"),
    [
        ((10_000,) * 20, 11_000, False),
        ((10_000,) * 20, 29_000, False),
        ((10_000,) * 20, 31_000, True),
        ((10_000,) * 20, 50_000, True),
        ((10_000, 12_000, 9_000, 400_000), 500_000, False),
        ((10_000, 12_000, 9_000, 400_000), 1_300_000, True),
        ((100, 10_000, 1_000_000), 2_000_000, False),
        ((100,) * 9, 4_000, False),
        ((0,) * 9, 10_000, True),
    ],
)
def test_far_more_than_ever_is_told(values: tuple[int, ...], value: int, exceeded: bool) -> None:
    """A rare large request is part of a habit; three times the largest is not."""
    assert amount(*values).exceeded(value, slack=SMALL) is exceeded


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=60))
def test_what_was_seen_is_never_too_much(values: list[int]) -> None:
    """Nothing that belongs to the habit itself is an alarm."""
    usual = amount(*values)
    assert not any(usual.exceeded(value) for value in values)


@pytest.mark.parametrize("spread", [0.1, 0.5, 1.0, 1.8])
def test_heavy_tails_are_quiet(spread: float) -> None:
    """Of two thousand more of the same kind next to none is told, tail or no tail."""
    rng = random.Random(3)
    usual = amount(*(int(10_000 * rng.lognormvariate(0, spread)) for _ in range(200)))
    later = [int(10_000 * rng.lognormvariate(0, spread)) for _ in range(2_000)]
    assert sum(usual.exceeded(value, slack=SMALL) for value in later) <= 2


def test_of_nothing_nothing_is_usual() -> None:
    """No amount is made up."""
    assert amount_of([]) is None
