"""How large something usually is: median and median absolute deviation of its logarithm (pure).

A heavy tail is usual for many scripts, so that the largest value learnt counts beside the spread.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_STEPS = 8
"""Steps of a doubling: values in one step are told apart by 9 % at most."""
_LEAST_SPREAD = 0.25
_NORMAL = 1.4826
"""From the median absolute deviation to the standard deviation of a normal distribution."""
_DEVIATIONS = 6.0
_BEYOND, _BEYOND_SPREAD, _TAIL = 3.0, 1.5, 1.2
"""Times the largest value learnt: alone, and where the spread says so, too; more in a long tail."""
SMALL = 4096
"""So many bytes more are unusual for nobody."""

type Steps = Mapping[int, int]
"""Step of a value → how many there were."""


def step_of(value: float) -> int:
    """Return the step in which a value is counted."""
    return round(math.log2(max(1.0, value)) * _STEPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """What is usual for one kind of number."""

    median: float
    spread: float
    """Of the natural logarithm, as a standard deviation."""
    largest: int
    seen: int
    """Values that it was learnt from."""
    exact: bool = True
    """False where some of them were only the least that there was."""

    def exceeded(self, value: int, *, slack: int = 0) -> bool:
        """Return True for what is far more than ever; `slack` more never is."""
        if value <= self.largest + slack:
            return False
        if value > self.largest * max(_BEYOND, math.exp(_TAIL * self.spread)):
            return True
        limit = self.median * math.exp(_DEVIATIONS * self.spread)
        return value > limit and value > self.largest * _BEYOND_SPREAD


def amount_of_steps(steps: Steps, largest: int, *, exact: bool = True) -> Amount | None:
    """Return what is usual, of values that were counted in steps; None of none."""
    seen = sum(steps.values())
    if not seen:
        return None
    middle = _median(steps)
    away = Counter[int]()
    for step, count in steps.items():
        away[abs(step - middle)] += count
    spread = _NORMAL * _median(away) * math.log(2) / _STEPS
    return Amount(
        median=2 ** (middle / _STEPS),
        spread=max(spread, _LEAST_SPREAD),
        largest=largest,
        seen=seen,
        exact=exact,
    )


def amount_of(values: Iterable[int], *, exact: bool = True) -> Amount | None:
    """Return what is usual of these values."""
    known = list(values)
    return amount_of_steps(Counter(map(step_of, known)), max(known, default=0), exact=exact)


def _median(steps: Steps) -> int:
    left = (sum(steps.values()) + 1) // 2
    for step in sorted(steps):
        left -= steps[step]
        if left <= 0:
            return step
    raise AssertionError("unreachable")
