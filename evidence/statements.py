"""The statements of the hot path, and how a batch's sums are written with them."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from core.review import CaseStatus
from evidence import compiled
from evidence.case_sums import CaseSums
from evidence.closed import OPEN, comes_back
from evidence.database import Connection
from evidence.days import days_of
from evidence.rollup import Rollup


class Statement:
    """One statement as text, with the names of its parameters in order."""

    def __init__(self, text_and_names: tuple[str, tuple[str, ...]]) -> None:
        self.text, self.names = text_and_names
        self._in_order = itemgetter(*self.names)

    def rows(self, values: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """Return the parameters of many executions in the order that the text wants."""
        return [self._in_order(value) for value in values]

    def run(self, driver: sqlite3.Connection, values: Iterable[Mapping[str, Any]]) -> None:
        """Execute once for each of the values."""
        self.run_rows(driver, self.rows(values))

    def run_rows(self, driver: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Execute once for each row of parameters in the order of `names`."""
        if rows:
            driver.executemany(self.text, rows).close()


INSERT_ENTRY = Statement(compiled.INSERT_ENTRY)
INSERT_ERASED = Statement(compiled.INSERT_ERASED)
INSERT_MARK = Statement(compiled.INSERT_MARK)
INSERT_OPEN = Statement(compiled.INSERT_OPEN)
DELETE_OPEN = "DELETE FROM open_exchanges WHERE slot = ?"
INSERT_LOT = Statement(compiled.INSERT_LOT)
INSERT_REVIEW = Statement(compiled.INSERT_REVIEW)
INSERT_CHECKPOINT = Statement(compiled.INSERT_CHECKPOINT)
UPSERT_CASE = Statement(compiled.UPSERT_CASE)
UPSERT_CASE_WITH_ID = Statement(compiled.UPSERT_CASE_WITH_ID)
UPSERT_SCRIPT = Statement(compiled.UPSERT_SCRIPT)
UPSERT_TRAFFIC = Statement(compiled.UPSERT_TRAFFIC)
UPSERT_HOUR = Statement(compiled.UPSERT_HOUR)
UPSERT_DAY = Statement(compiled.UPSERT_DAY)


_KNOWN = "SELECT * FROM cases WHERE key = ?"


_MOST_REMEMBERED, _MOST_BYTES = 4000, 4 << 20
"""Cases that were seen last, and what is inside them as the file keeps it: in memory it takes some
ten times as much.
"""
type _Known = tuple[CaseSums, dict[str, Any], int]
"""Sums of a case, how it stands, and the bytes of its inside: as in the file, while nobody else
writes.
"""


class Remembered:
    """Cases that were seen last; those that were not seen for longest are forgotten first."""

    __slots__ = ("_cases", "_size")

    def __init__(self) -> None:
        self._cases: dict[str, _Known] = {}
        self._size = 0

    def __len__(self) -> int:
        return len(self._cases)

    def clear(self) -> None:
        """Forget all."""
        self._cases.clear()
        self._size = 0

    def taken(self, key: str) -> _Known | None:
        """Return what is known of a case and let go of it: to be put back behind all others."""
        found = self._cases.pop(key, None)
        if found is not None:
            self._size -= found[2]
        return found

    def put(self, key: str, sums: CaseSums, standing: dict[str, Any], size: int) -> None:
        """Remember a case that was taken, or that is not known."""
        self._cases[key] = sums, standing, size
        self._size += size

    def forget_oldest(self) -> None:
        """Forget cases where there are too many."""
        while self._size > _MOST_BYTES or len(self._cases) > _MOST_REMEMBERED:
            self.taken(next(iter(self._cases)))


def write_rollup(
    driver: Connection,
    rollup: Rollup,
    ids: Mapping[str, int] | None = None,
    remembered: Remembered | None = None,
) -> None:
    """Add a batch's sums to the derived tables.

    With `ids`, cases that are not there yet get these ids. `remembered` spares reading cases again;
    forget it when another connection has written, or when this was rolled back.
    """
    if rollup.cases:
        known = Remembered() if remembered is None else remembered
        rows = [_case_row(driver, sums, known) for sums in rollup.cases.values()]
        known.forget_oldest()
        if ids is None:
            UPSERT_CASE.run(driver, rows)
        else:
            UPSERT_CASE_WITH_ID.run(driver, ({"id": ids[row["key"]], **row} for row in rows))
    UPSERT_SCRIPT.run_rows(driver, [(*key, *seen) for key, seen in rollup.scripts.items()])
    UPSERT_TRAFFIC.run_rows(driver, [(*key, *sums) for key, sums in rollup.traffic.items()])
    UPSERT_HOUR.run_rows(driver, [(*key, *sums) for key, sums in rollup.hours.items()])
    UPSERT_DAY.run_rows(driver, days_of(rollup.hours))


def _case_row(driver: Connection, later: CaseSums, known: Remembered) -> dict[str, Any]:
    """Return the row of a case with what came later; a closing that does not hold any more ends."""
    found = known.taken(later.key)
    if found is None:
        found = _read(driver, later.key)
    if found is None:
        sums, standing = later, dict(OPEN)
    else:
        sums, standing, _ = found
        sums.join(later)
        if standing["status"] == CaseStatus.CLOSED and comes_back(standing, sums.reach):
            standing["status"] = CaseStatus.OPEN.value
    row = sums.row()
    known.put(later.key, sums, standing, len(row["inside"]))
    return {**row, **standing}


def _read(driver: Connection, key: str) -> _Known | None:
    row = driver.named(_KNOWN, (key,)).fetchone()
    if row is None:
        return None
    try:
        return CaseSums.of(row), {name: row[name] for name in OPEN}, 0
    except (KeyError, TypeError, ValueError, AttributeError):
        # Somebody else changed the row: verification tells it, and the gate goes on.
        return None
