"""A report as values that every form of it is drawn from: sentences, tables and charts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.vocabulary.sizes import counted, number


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of words; numbers stand to the right."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()
    """Columns with numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of a chart."""

    label: str
    value: int
    part: int = 0
    """How much of it is drawn darker, such as what was stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars, one below the other."""

    title: str
    bars: tuple[Bar, ...]
    part_is: str = ""
    """What the darker part is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of a report."""

    title: str
    sentences: tuple[str, ...] = ()
    table: Table | None = None
    chart: Chart | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A whole report."""

    title: str
    answer: str
    """The first line: what the reader asked."""
    sections: tuple[Section, ...]
    made_at: datetime
    made_by: str
    evidence: str
    """Chain, entry and head that it was made from."""


MOST_ROWS = 40
"""So many rows of one table are told."""


def table_of(headings: str, rows: Sequence[tuple[str, ...]], *numbers: int) -> Table | None:
    """Return a table with these headings, between bars; None without rows."""
    if not rows:
        return None
    return Table(
        headings=tuple(headings.split("|")),
        rows=tuple(rows[:MOST_ROWS]),
        numbers=frozenset(numbers),
    )


def rest(rows: Sequence[tuple[str, ...]], what: str) -> tuple[str, ...]:
    """Return a sentence that says how many rows are not told; none where all are."""
    left = len(rows) - MOST_ROWS
    return (f"{number(left)} more {what} are not listed.",) if left > 0 else ()


def changed_told(count: int, one: str, many: str) -> list[str]:
    """Return what is said where so many entries of the evidence were changed in the file."""
    if not count:
        return []
    return [
        f"NOT TRUE AS IT STANDS IN THE FILE: {counted(count, one, many)}, changed or replaced "
        "after writing, and so not told here; outgate verify names what was done."
    ]
