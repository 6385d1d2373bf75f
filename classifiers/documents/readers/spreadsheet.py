"""XLSX, XLSB, XLS and ODS through calamine, after a look at the packed sizes."""

import re
from io import BytesIO
from typing import Any

from classifiers.codecs.limits import step_of
from classifiers.decoding.delimited import BELOW, has_header, unique_names
from classifiers.documents.package import fits, read_parts
from classifiers.documents.reader import Work
from classifiers.documents.sniff import ODS, XLSX
from classifiers.payload import Document

MEDIA_TYPES = frozenset({XLSX, ODS})
_MAX_SHEETS = 200
_CELLS, _CELLS_END = "<sheetData", "</sheetData>"
_FORMULA = re.compile(r"<f[^<>]*>([^<>]{9,})</f>")
"""One that may hold a text of its own."""
_PLACED = re.compile(r"&amp;[A-Z]")
"""How headers and footers say where a text stands."""


def read(document: Document, work: Work) -> None:
    """Read every sheet as a table, and all that is no cell."""
    if fits(document, work):
        seen = read_workbook(document, work)
        read_parts(document, work, seen, _beside_the_cells)


def _beside_the_cells(name: str, text: str) -> str | None:
    """Return what a sheet holds in front of its cells and behind them, and its formulas."""
    start, end = text.find(_CELLS), text.rfind(_CELLS_END)
    if "worksheets/" not in name or not 0 <= start < end:
        return None
    formulas = dict.fromkeys(_FORMULA.findall(text, start, end) if "<f" in text else ())
    return text[:start] + "\n".join(formulas) + "\n" + _PLACED.sub(" ", text[end:])


def read_workbook(document: Document, work: Work) -> set[str]:
    """Read the sheets, hidden ones too; return the lines of their cells."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(document.data))
    except PasswordError:
        work.unread("encrypted document", document.path)
        return set()
    seen: set[str] = set()
    names = workbook.sheet_names
    if len(names) > _MAX_SHEETS:
        work.unread("more sheets than are read", document.path)
    for name in names[:_MAX_SHEETS]:
        try:
            rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=True)
        except CalamineError:
            work.unread("a sheet is broken", (*document.path, f"sheet {name}"))
            continue
        seen.add(name)
        seen.update(
            line.strip() for row in rows for cell in row for line in _text(cell).split("\n")
        )
        _sheet(rows, name, document, work)
    work.text("\n".join(names), "sheet name", document.path)
    return seen


def _sheet(rows: list[list[Any]], name: str, document: Document, work: Work) -> None:
    path = (*document.path, f"sheet {name}")
    start = _first_table_row(rows)
    for row in rows[:start]:
        work.text(" ".join(filter(None, map(_text, row))), None, path)
    rows = rows[start:]
    if not rows:
        return
    first = [_text(cell) for cell in rows[0]]
    header = has_header(first, [[*map(_text, row)] for row in rows[1 : BELOW + 1]])
    body = rows[1:] if header else rows
    if not body:
        work.text("\n".join(filter(None, first)), None, path)
        return
    names = unique_names(first if header else [], len(first))
    complete = len(body) * len(names) <= work.limits.table_cells
    kept = body if complete else body[:: step_of(len(body), work.limits)]
    columns = {
        column: _texts(cells) for column, cells in zip(names, zip(*kept, strict=True), strict=True)
    }
    filled = {column: values for column, values in columns.items() if any(values)}
    work.table(filled, len(body), path, part=f"sheet {name}", complete=complete, spread=True)


def _first_table_row(rows: list[list[Any]]) -> int:
    """Titles stand above many tables: the table starts at the first row that is filled as widely as
    those below.
    """
    widths = [sum(cell != "" for cell in row) for row in rows[:40]]
    if not widths:
        return 0
    usual = sorted(widths)[len(widths) // 2]
    for index, width in enumerate(widths[:10]):
        if width * 2 >= usual:
            return index
    return 0


def _texts(cells: tuple[Any, ...]) -> list[str]:
    kinds = set(map(type, cells))
    if kinds == {str}:
        return list(cells)
    return list(map(str if float not in kinds else _text, cells))


def _text(cell: Any) -> str:
    kind = type(cell)
    if kind is str:
        return str(cell)
    if kind is float:
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell)
