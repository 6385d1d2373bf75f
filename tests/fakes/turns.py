"""Which file of tests runs next, where several processes run them: the one that took longest when
it last ran here, so that no long one is left for the end, which then waits for it alone.

Files that wait for gates, programs and databases run beside those that work, some at a time: so
neither the processor stands, nor do all want it at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

UNKNOWN_S = 3.0
"""Assumed of a file that was never run here, and `UNKNOWN_TEST_S` for each of its tests."""
UNKNOWN_TEST_S = 0.1
SLOW_S = 60.0
SLOW = ("tests/hub/", "tests/live/", "tests/packaging/", "tests/scenarios/")
"""Folders whose tests wait: `SLOW_S` is assumed of their files, so that a machine that knows
nothing yet begins with them.
"""
MOST_SLOW = 3
"""So many of them run at a time, while there are others."""


@dataclass(slots=True, kw_only=True)
class Unit:
    """A file: the tests of it that have not ended, in their order, as places among all."""

    file: str
    tests: list[int]

    @property
    def is_slow(self) -> bool:
        return self.file.startswith(SLOW)


def assumed(unit: Unit, known: Mapping[str, float]) -> float:
    """Return how many seconds the tests of a file are taken to need."""
    unknown = SLOW_S if unit.is_slow else UNKNOWN_S + UNKNOWN_TEST_S * len(unit.tests)
    return known.get(unit.file, unknown)


class Turns:
    """The files that nobody has begun, and how many of those that wait are under way."""

    def __init__(self, files: Mapping[str, Sequence[int]], known: Mapping[str, float]) -> None:
        units = [Unit(file=file, tests=list(tests)) for file, tests in files.items()]
        units.sort(key=lambda unit: -assumed(unit, known))  # equals stay in their order
        self._slow = [unit for unit in units if unit.is_slow]
        self._others = [unit for unit in units if not unit.is_slow]
        self._begun: set[str] = set()

    @property
    def left(self) -> list[str]:
        """The files that nobody has taken."""
        return [unit.file for unit in (*self._slow, *self._others)]

    def take(self) -> Unit | None:
        """Return the file that is to run next, or None where there is none."""
        slow = self._slow and (len(self._begun) < MOST_SLOW or not self._others)
        waiting = self._slow if slow else self._others
        if not waiting:
            return None
        unit = waiting.pop(0)
        if unit.is_slow:
            self._begun.add(unit.file)
        return unit

    def ended(self, unit: Unit) -> None:
        """Note that all tests of a file have ended."""
        self._begun.discard(unit.file)

    def give_back(self, unit: Unit) -> None:
        """What is left of a file runs elsewhere, as the next of its kind."""
        self.ended(unit)
        if unit.tests:
            (self._slow if unit.is_slow else self._others).insert(0, unit)
