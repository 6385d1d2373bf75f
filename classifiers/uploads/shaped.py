"""Large bodies of one pasted table (a printed frame, a table of a database's shell, LaTeX, YAML…):
what repeats at the head of each window, and what ends a record. Pure.

Found by trial: the beginning is read by the shape stage, then a piece out of its middle below some
of its first lines; what gives the same columns, and a row for each record, is how it is cut.
"""

from collections.abc import Iterator

from classifiers.shapes.found import Found
from classifiers.shapes.stage import tables_in

LOOKED_AT = 3 * 1024
"""Characters of a beginning that are tried: two milliseconds."""
_FEWEST_ROWS, _MOST_LINES = 6, 8
_MARKS = (("\n", 1), ("\n- ", 1), ("\n\n", 2), ("\n-\n", 1), ("\n<tr>", 1), ("</tr>", 5))
"""What may stand between two records, and how much of it belongs to the first."""

type Cutting = tuple[bytes, bytes, int]


def cutting_of(start: bytes) -> Cutting | None:
    """Return what stands before the records of each window, what parts them, and how many bytes of
    that belong to the record that ends; None where the beginning is no such table.
    """
    try:
        text = start[: start.rfind(b"\n", 0, LOOKED_AT) + 1].decode()
    except UnicodeDecodeError:
        return None
    table = _table_of(text)
    if table is None:
        return None
    first = text.rfind("\n", 0, table.start) + 1
    for mark, kept in _MARKS:
        for head in _heads(text, first):
            if _holds(table, text[first:head], text[head:], mark, kept):
                return text[first:head].encode(), mark.encode(), kept
    return None


def _table_of(text: str) -> Found | None:
    """Return the table that a beginning is, but for a few lines before it."""
    tables = tables_in(text)
    if not tables:
        return None
    table = max(tables, key=lambda one: len(one.rows))
    is_most = (table.end - table.start) * 2 > len(text) and len(table.rows) >= _FEWEST_ROWS
    return table if is_most else None


def _heads(text: str, first: int) -> Iterator[int]:
    """Yield where the records may begin: behind none of the lines, one, two…"""
    at = first
    for _ in range(_MOST_LINES):
        yield at
        at = text.find("\n", at) + 1
        if not at:
            return


def _holds(table: Found, head: str, records: str, mark: str, kept: int) -> bool:
    """True when a piece out of the middle reads as the whole table does."""
    parts = records.split(mark)
    middle = parts[len(parts) // 2 : -1]
    if len(middle) < _FEWEST_ROWS // 2:
        return False
    piece = head + "".join(mark[kept:] + part + mark[:kept] for part in middle)
    tables = tables_in(piece)
    return (
        len(tables) == 1
        and tables[0].columns == table.columns
        and len(tables[0].rows) == len(middle)
    )
