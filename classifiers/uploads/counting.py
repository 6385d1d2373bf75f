"""Different values and different people over all windows of one body, each counted once."""

import asyncio
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import replace

from core.classification import Tally
from core.findings import AT_LEAST, SECRET, Finding, counted_apart, notes_joined

MOST = 1_000_000
"""Marks that are kept of one body, about 70 bytes each: where there are more, numbers are told as
"at least"."""
_AT_A_TIME = 8_000
"""Marks that are taken before others have their turn: half a millisecond."""
NO_MORE = f"{AT_LEAST}: no more were told apart"
SEVERAL_TABLES = f"{AT_LEAST}: people of several tables were not all told apart"
IN_PIECES = f"{AT_LEAST}: a large table was counted in pieces"

type _Key = tuple[str, str, bool]


class Counts:
    """What was counted so far. Holds marks, no values."""

    def __init__(self) -> None:
        self._values: dict[_Key, set[int]] = {}
        self._people: dict[str, set[int]] = {}
        self._kept = 0
        self._full = self._untallied = False
        self._cuts: dict[_Key, int] = {}
        self._cut_people = 0
        self._twice = False
        self._rows: dict[_Key, int] = {}
        self._by_column: dict[_Key, dict[int, int]] = {}

    def untallied(self) -> None:
        """A window holds findings whose marks were not told: there may be more than the marks."""
        self._untallied = True

    def cut(self, findings: Iterable[Finding], *, literal: bool) -> None:
        """A window ended anywhere: rows at its seams may be missed, or counted again. `literal`: of
        JSON, where a value may be read both as it is written and as it is meant.
        """
        self._twice |= literal
        people = 0
        for finding in findings:
            key = _key(finding)
            people |= finding.subjects is not None
            self._cuts[key] = self._cuts.get(key, 0) + 1
            self._rows[key] = max(self._rows.get(key, 0), finding.records or 0)
        self._cut_people += people

    def of_column(self, column: int, findings: Iterable[Finding]) -> None:
        """A window is of these columns of a table that comes column by column, or of its rows:
        nobody sees which records two columns share.
        """
        for finding in findings:
            known = self._by_column.setdefault(_key(finding), {})
            known[column] = known.get(column, 0) + (finding.records or 0)

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
        known = self._values.get(_key(finding))
        in_pieces = bool(self._cuts) and (self._twice or finding.records is not None)
        if known is None:
            return self._least(finding, finding.distinct) if in_pieces else finding
        subjects = None if finding.subjects is None else people
        if self._untallied:
            distinct = max(finding.distinct, len(known))
            whole = replace(finding, distinct=distinct, subjects=subjects)
        else:
            whole = counted_apart(finding, len(known), subjects)
        if self._full:
            whole = replace(whole, note=notes_joined(whole.note, NO_MORE))
        elif subjects is not None and len(self._people) > 1:
            whole = replace(whole, note=notes_joined(whole.note, SEVERAL_TABLES))
        if in_pieces:
            return self._least(whole, len(known))
        return self._joined(whole, people) if self._by_column else whole

    def _joined(self, finding: Finding, people: int | None) -> Finding:
        """Return what is sure of a table that came column by column: each column has its records,
        and nobody has two values of the column that tells people apart.
        """
        known = self._by_column.get(_key(finding), {})
        if finding.records is None or not known:
            return finding
        whole = replace(finding, records=max(known.values()), subjects=people)
        if len(known) > 1:
            return replace(whole, note=notes_joined(whole.note, IN_PIECES))
        return whole

    def _least(self, finding: Finding, values: int) -> Finding:
        """Return what is sure of a table that was cut anywhere: each different value stands
        somewhere, but for a cut one at either end of a window that holds such; no window has rows
        twice, and each has a value.
        """
        by = 2 if self._twice else 1
        key, people = _key(finding), finding.subjects
        rows = self._rows.get(key, 0) // by
        values = max(1, values // by - 2 * self._cuts.get(key, 0))
        return replace(
            finding,
            count=max(values, rows),
            distinct=values,
            records=None if finding.records is None else max(1, rows),
            subjects=None if people is None else max(1, people // by - self._cut_people),
            note=notes_joined(finding.note, IN_PIECES),
        )

    def __repr__(self) -> str:
        return f"<Counts {self._kept}>"


def _key(finding: Finding) -> _Key:
    return finding.kind, finding.detector if finding.kind == SECRET else "", finding.test_data
