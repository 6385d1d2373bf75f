"""Different values and different people over all windows of one body, each counted once."""

import asyncio
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import replace

from core.classification import Tally
from core.findings import SECRET, Finding

MOST = 1_000_000
"""Marks that are kept of one body, about 70 bytes each: where there are more, numbers are told as
"at least"."""
_AT_A_TIME = 8_000
"""Marks that are taken before others have their turn: half a millisecond."""
AT_LEAST = "there are at least so many: no more were told apart"

type _Key = tuple[str, str, bool]


class Counts:
    """What was counted so far. Holds marks, no values."""

    def __init__(self) -> None:
        self._values: dict[_Key, set[int]] = {}
        self._people: dict[str, set[int]] = {}
        self._kept = 0
        self._full = self._untallied = False

    def untallied(self) -> None:
        """A window holds findings whose marks were not told: there may be more than the marks."""
        self._untallied = True

    async def add(self, tallies: Iterable[Tally]) -> None:
        """Take what one window holds."""
        for tally in tallies:
            if tally.kind:
                key = (tally.kind, tally.detector, tally.test_data)
                await self._take(self._values.setdefault(key, set()), tally.marks)
            else:
                await self._take(self._people.setdefault(tally.detector, set()), tally.marks)

    async def _take(self, known: set[int], marks: bytes) -> None:
        numbers = array("Q", marks)
        for at in range(0, len(numbers), _AT_A_TIME):
            if self._kept >= MOST:
                self._full = True
                return
            before = len(known)
            known.update(numbers[at : at + _AT_A_TIME])
            self._kept += len(known) - before
            if at:
                await asyncio.sleep(0)

    def told(self, findings: Sequence[Finding]) -> list[Finding]:
        """Return the findings with the numbers of the whole body."""
        people = max(map(len, self._people.values()), default=None)
        return [self._one(finding, people) for finding in findings]

    def _one(self, finding: Finding, people: int | None) -> Finding:
        type_of_secret = finding.detector if finding.kind == SECRET else ""
        known = self._values.get((finding.kind, type_of_secret, finding.test_data))
        if known is None:
            return finding
        subjects = None if finding.subjects is None else people
        note = finding.note or (AT_LEAST if self._full else None)
        least = finding.distinct if self._untallied else 0
        return replace(finding, distinct=max(least, len(known)), subjects=subjects, note=note)

    def __repr__(self) -> str:
        return f"<Counts {self._kept}>"
