"""The statements of the hot path, and how a batch's sums are written with them."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evidence import compiled
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
INSERT_REVIEW = Statement(compiled.INSERT_REVIEW)
INSERT_CHECKPOINT = Statement(compiled.INSERT_CHECKPOINT)
UPSERT_CASE = Statement(compiled.UPSERT_CASE)
UPSERT_CASE_WITH_ID = Statement(compiled.UPSERT_CASE_WITH_ID)
UPSERT_SCRIPT = Statement(compiled.UPSERT_SCRIPT)
UPSERT_TRAFFIC = Statement(compiled.UPSERT_TRAFFIC)
UPSERT_HOUR = Statement(compiled.UPSERT_HOUR)


REOPEN = """UPDATE cases SET status = 'open'
    WHERE key = ? AND status = 'closed' AND script_sha256 IS NOT ?"""
"""A closing holds for the version that was looked at; while it lasts, that is the last one seen."""


def write_rollup(
    driver: sqlite3.Connection, rollup: Rollup, ids: Mapping[str, int] | None = None
) -> None:
    """Add a batch's sums to the derived tables.

    With `ids`, cases that are not there yet get these ids.
    """
    versions = [(key, one) for key, seen in rollup.versions.items() for one in seen]
    if versions:
        driver.executemany(REOPEN, versions).close()
    cases = ({"status": "open", **case} for case in rollup.cases.values())
    if ids is None:
        UPSERT_CASE.run(driver, cases)
    else:
        UPSERT_CASE_WITH_ID.run(driver, ({"id": ids[case["key"]], **case} for case in cases))
    UPSERT_SCRIPT.run_rows(driver, [(*key, *seen) for key, seen in rollup.scripts.items()])
    UPSERT_TRAFFIC.run_rows(driver, [(*key, *sums) for key, sums in rollup.traffic.items()])
    UPSERT_HOUR.run_rows(driver, [(*key, *sums) for key, sums in rollup.hours.items()])
