"""Endpoints that lost their hub together do not come back together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.patience import EVERY_S, Patience

CHANCE = st.floats(0, 1, exclude_max=True)


@given(chance=CHANCE)
def test_the_first_check_ins_are_spread_over_an_interval(chance: float) -> None:
    """Ten thousand machines that start at eight in the morning do not all ask at eight."""
    assert 0 <= Patience().start(chance) < EVERY_S


@given(chances=st.lists(CHANCE, min_size=1, max_size=60))
def test_each_failure_makes_the_wait_longer_up_to_a_limit(chances: list[float]) -> None:
    """However long a hub is away, an endpoint asks at least every fifteen minutes, and never at
    once.
    """
    patience = Patience()
    for number, chance in enumerate(chances):
        wait = patience.failed(chance)
        assert 1 <= wait <= min(1 + 5 * 2**number, 901)


def test_waits_after_failures_are_spread_by_chance() -> None:
    """Two endpoints with the same number of failures wait differently."""
    waits = []
    for chance in (0.1, 0.9):
        patience = Patience()
        waits.append([patience.failed(chance) for _ in range(8)])
    assert all(b > a * 1.5 for a, b in zip(*waits, strict=True))


def test_a_success_ends_the_waiting() -> None:
    """After the hub was heard of, the interval is the ordinary one, give or take a fifth."""
    patience = Patience()
    for _ in range(10):
        patience.failed(0.5)
    assert 48 <= patience.worked(0.0) < patience.worked(0.999) <= 72
    assert patience.failed(0.999) < 7


@pytest.mark.parametrize(
    ("told", "least", "most"), [(10, 10, 20), (0, 0, 0), (1e9, 3600, 7200), (-5, 1, 6)]
)
def test_what_the_hub_asks_for_is_heeded(told: float, least: float, most: float) -> None:
    """A hub that is busy says how long to wait; nobody can make an endpoint wait for days."""
    for chance in (0.0, 0.5, 0.999):
        assert least <= Patience().failed(chance, told) <= most
