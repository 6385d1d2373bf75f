"""Small CSV and TSV bodies as tables; large ones become documents for a reader in a worker."""

import csv
from collections.abc import Sequence
from io import StringIO
from itertools import islice

from classifiers.decoding import looking, packed
from classifiers.decoding.decode_state import Reading
from classifiers.decoding.number_forms import plain_cells
from classifiers.payload import Path, Table
from classifiers.shapes.confirming import confirms, shift_of
from classifiers.shapes.judging import tells

_SNIFFED = 20_000
_SNIFFED_LINES = 6
_FEWEST_LINES = 4
_ENDINGS = (".csv", ".tsv", ".tab", ".psv")
_MEDIA = frozenset(
    {
        "text/csv",
        "text/tab-separated-values",
        "application/csv",
        "text/comma-separated-values",
        "application/vnd.ms-excel",
    }
)
_DELIMITERS = ",\t;|"
_LONGEST_NAME = 80
_MOST_UNNAMED = 2
"""Cells that a row may have more than there are names."""
BELOW = 20
"""Rows that are looked at to tell whether names stand above them."""


def delimiter_of(text: str, media_type: str, name: str | None) -> str | None:
    """Return the delimiter of a delimited text, or None: told by its name, or by at least four even
    lines.
    """
    named = media_type in _MEDIA or (name or "").lower().endswith(_ENDINGS)
    lines = _first_lines(text)
    if len(lines) < (2 if named else _FEWEST_LINES):
        return None
    best = max(_DELIMITERS, key=lines[0].count)
    count = lines[0].count(best)
    if count == 0:
        return "\n" if named and best == "," else None
    if named:
        return best
    if _name_values(lines, best) or _is_ruled(lines, best):
        return None
    return best if _is_even(lines, best, count) else None


def _first_lines(text: str) -> list[str]:
    """Return the first lines that are not blank; none that may be cut."""
    lines = [line for line in text[:_SNIFFED].splitlines() if line.strip()][: _SNIFFED_LINES + 1]
    return lines[:-1] or lines if len(text) > _SNIFFED else lines


def _is_even(lines: list[str], delimiter: str, count: int) -> bool:
    """Return True when the lines have as many cells as the first one, and that one reads like a
    header.
    """
    if count < 2 and delimiter != "\t":
        return False
    header_like = all(
        len(cell) < 60 and not cell.strip().endswith(".") for cell in lines[0].split(delimiter)
    )
    rows = csv.reader(lines, delimiter=delimiter)
    return header_like and all(len(row) == count + 1 for row in rows)


def _name_values(lines: list[str], delimiter: str) -> bool:
    """True for lines that each name their values, as `name=Jane; mail=…` or `name: Jane | mail: …`
    does: they have no header.
    """
    for mark in ("=", ": "):
        names = {
            tuple(cell.partition(mark)[0] for cell in line.split(delimiter) if mark in cell)
            for line in lines
        }
        if len(names) == 1 and len(next(iter(names))) > 1:
            return True
    return False


def _is_ruled(lines: list[str], delimiter: str) -> bool:
    """True for a table of Markdown: the shape stage reads these."""
    return delimiter == "|" and any("-" in ln and not ln.strip("|:- \t") for ln in lines[:3])


def read_delimited(reading: Reading, text: str, delimiter: str, path: Path) -> bool:
    """Read the text as a table, its columns also as segments; False when that cannot be."""
    if delimiter == "\n":
        delimiter = "\x1f"
    try:
        rows = [row for row in csv.reader(StringIO(text, newline=""), delimiter=delimiter) if row]
    except csv.Error:
        return False
    if len(rows) < 2:
        return False
    header = has_header(rows[0], rows[1 : BELOW + 1])
    width = max(map(len, rows[:200]))
    body = rows[1:] if header else rows
    given = rows[0] if header else []
    if 0 < len(given) < width <= len(given) + _MOST_UNNAMED:
        given = [""] * (shift_of(given, body, width) or 0) + given
    names = unique_names(given, width)
    columns = {
        name: plain_cells([row[index].strip() if index < len(row) else "" for row in body])
        for index, name in enumerate(names)
    }
    emit_table(reading, columns, len(body), path)
    over = ["\x1f".join(row[width:]) for row in islice(body, 100_000) if len(row) > width]
    if over:
        reading.emit("\n".join(over), None, path)
    return True


def has_header(first: Sequence[str], below: Sequence[Sequence[str]] = ()) -> bool:
    """True when a first row reads as names: no cell is a number, a date or an address; or when the
    values below one of them are what it announces.
    """
    cells = [cell.strip() for cell in first if cell.strip()]
    if not cells or any("@" in cell for cell in cells):
        return False
    if all(len(c) < _LONGEST_NAME and sum(map(str.isdigit, c)) * 2 < len(c) for c in cells):
        return True
    return any(
        confirms(name, [row[at] for row in below if at < len(row)])
        for at, name in enumerate(first)
        if tells(name)
    )


def unique_names(header: list[str], width: int) -> list[str]:
    """Return one name a column, made up where the header has none or has it twice."""
    names: dict[str, None] = {}
    for index in range(width):
        name = (
            header[index].strip()
            if index < len(header) and header[index].strip()
            else f"column {index + 1}"
        )
        names[name if name not in names else f"{name} {index + 1}"] = None
    return list(names)


def emit_table(
    reading: Reading, columns: dict[str, list[str]], rows: int, path: Path, *, complete: bool = True
) -> None:
    """Add a table, and each column as one tabular segment."""
    reading.payload.tables.append(
        Table(tuple(columns), rows, columns, path, reading.label, complete)
    )
    for name, values in columns.items():
        text = "\n".join(filter(None, values))
        if text:
            place = (*path, f"column {name}")
            reading.emit(text, name, place, tabular=True)
            raw = text.encode("utf-8", "replace")
            if looking.worth_looking(raw, column=True):
                packed.unpack(reading, text, raw, name, place, 0, column=True)
