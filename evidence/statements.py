"""The statements of the hot path, and how a batch's sums are written with them."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
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

    def rows(self, values: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """Return the parameters of many executions in the order that the text wants."""
        return [tuple(value[name] for name in self.names) for value in values]

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


_MOST_REMEMBERED = 400
"""Cases that were seen last: a large one takes some 100 KB."""
type Remembered = dict[str, tuple[CaseSums, dict[str, Any]]]
"""Case → its sums, and how it stands: as in the file, while nobody else writes."""


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
        known: Remembered = {} if remembered is None else remembered
        rows = [_case_row(driver, sums, known) for sums in rollup.cases.values()]
        for key in list(known)[:-_MOST_REMEMBERED]:
            del known[key]
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
    found = known.pop(later.key, None)  # and put back behind all others
    if found is None:
        found = _read(driver, later.key)
    if found is None:
        known[later.key] = later, dict(OPEN)
        return {**later.row(), **OPEN}
    sums, standing = known[later.key] = found
    sums.join(later)
    if standing["status"] == CaseStatus.CLOSED and comes_back(standing, sums.reach):
        standing["status"] = CaseStatus.OPEN.value
    return {**sums.row(), **standing}


def _read(driver: Connection, key: str) -> tuple[CaseSums, dict[str, Any]] | None:
    row = driver.named(_KNOWN, (key,)).fetchone()
    if row is None:
        return None
    try:
        return CaseSums.of(row), {name: row[name] for name in OPEN}
    except (KeyError, TypeError, ValueError, AttributeError):
        # Somebody else changed the row: verification tells it, and the gate goes on.
        return None
