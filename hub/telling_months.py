"""The hub's own months as text for a terminal. Pure."""

from collections.abc import Iterator, Sequence

from core.vocabulary.sizes import counted, number, size
from hub.telling import Row, table


def months(rows: Sequence[Row], kept: int) -> Iterator[str]:
    """Yield how many are kept, and each of them."""
    if kept:
        yield f"The hub keeps {counted(kept, 'whole month')} beside the one that goes on."
    else:
        yield "The hub keeps all that it took: outgate hub months --keep N"
    if rows:
        yield from table(("MONTH", "STATE", "HOLDS"), [_line(row) for row in rows])


def _line(row: Row) -> tuple[str, str, str]:
    month = f"{row['month']:%Y-%m}"
    if row["removed_at"] is None:
        state = "stays: under a legal hold" if row["held"] else "here"
        return month, state, size(row["bytes"])
    what = f"{counted(row['records'], 'record')}, {number(row['messages'])} messages"
    return month, f"removed {row['removed_at']:%Y-%m-%d}", what
