"""What the shape stage hands on: a table with the places of its cells in the text."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import unquote_plus

from classifiers.payload import PlacedText as Cell

MAX_ROWS = 50_000
"""Of more, the first are kept, and how many there are is told."""
MAX_COLUMNS = 16_384
"""As wide as a sheet of a workbook can be."""


type Row = Sequence[Cell | None]


class Found(NamedTuple):
    """A table in a text. Holds payload."""

    columns: tuple[str, ...]
    """One name a column, each once; made up where the table has none."""
    rows: list[Row]
    """As long as `columns`; None for an empty cell."""
    start: int
    end: int
    total: int | None = None
    """How many rows the text says there are, where it shows only some; 0: more, but not how
    many."""

    def __repr__(self) -> str:
        return f"<Found {len(self.columns)} columns, {len(self.rows)} rows>"


def found(
    names: Iterable[str], rows: Sequence[Row], span: tuple[int, int], total: int | None = None
) -> Found:
    """Return the table; names that are empty or come twice get one of their own."""
    if len(rows) > MAX_ROWS:
        rows, total = rows[:MAX_ROWS], max(total or 0, len(rows))
    width = max(map(len, rows), default=0)
    given = list(names)[:width]
    unique: dict[str, None] = {}
    for index in range(width):
        name = " ".join(given[index].split()) if index < len(given) else ""
        name = name or f"column {index + 1}"
        unique[name if name not in unique else f"{name} {index + 1}"] = None
    even = [row if len(row) == width else [*row, *[None] * (width - len(row))] for row in rows]
    return Found(tuple(unique), even, *span, total)


def trimmed(text: str, start: int, end: int, strip: str = " \t\r\n") -> Cell | None:
    """Return the cell of `text[start:end]` without blanks and quotes around it; None when nothing
    is left.
    """
    raw = text[start:end]
    left = len(raw) - len(raw.lstrip(strip))
    value = raw.strip(strip)
    if not value:
        return None
    return Cell(value, start + left, start + left + len(value))


def unquoted(cell: Cell) -> Cell:
    """Return a value of a form as it was before it was encoded for one."""
    if "%" not in cell.text and "+" not in cell.text[1:]:
        return cell
    return cell._replace(text=unquote_plus(cell.text, errors="replace"))
