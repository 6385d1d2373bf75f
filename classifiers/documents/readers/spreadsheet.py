"""XLSX, XLSB, XLS and ODS through calamine, after a look at the packed sizes."""

import re
import zipfile
from io import BytesIO
from typing import Any

from classifiers.decoding.delimited import has_header, unique_names
from classifiers.documents.package import fits, read_member, read_part
from classifiers.documents.reader import Work
from classifiers.documents.sniff import ODS, XLSX
from classifiers.payload import Document

MEDIA_TYPES = frozenset({XLSX, ODS})
_MAX_SHEETS = 200
_WORDS = re.compile(r"^xl/(comments|threadedComments)[\w/]*\.xml$|^docProps/core\.xml$")


def read(document: Document, work: Work) -> None:
    """Read every sheet as a table."""
    if fits(document, work):
        read_workbook(document, work)
        _beside_the_cells(document, work)


def _beside_the_cells(document: Document, work: Work) -> None:
    """Read comments and properties; say how many pictures there are."""
    with zipfile.ZipFile(BytesIO(document.data)) as archive:
        infos = archive.infolist()
        for info in infos:
            if _WORDS.match(info.filename):
                read_part(read_member(archive, info, document, work), info.filename, document, work)
    pictures = sum(info.filename.startswith(("xl/media/", "Pictures/")) for info in infos)
    if pictures:
        work.unread(f"{pictures} pictures inside are not read", document.path)


def read_workbook(document: Document, work: Work) -> None:
    """Read the sheets, hidden ones too."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(document.data))
    except PasswordError:
        work.unread("encrypted document", document.path)
        return
    names = workbook.sheet_names
    if len(names) > _MAX_SHEETS:
        work.unread("more sheets than are read", document.path)
    for name in names[:_MAX_SHEETS]:
        try:
            rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=True)
        except CalamineError:
            work.unread("a sheet is broken", (*document.path, f"sheet {name}"))
            continue
        _sheet(rows, name, document, work)


def _sheet(rows: list[list[Any]], name: str, document: Document, work: Work) -> None:
    path = (*document.path, f"sheet {name}")
    start = _first_table_row(rows)
    for row in rows[:start]:
        work.text(" ".join(filter(None, map(_text, row))), None, path)
    rows = rows[start:]
    if not rows:
        return
    first = [_text(cell) for cell in rows[0]]
    header = has_header(first)
    body = rows[1:] if header else rows
    if not body:
        work.text("\n".join(filter(None, first)), None, path)
        return
    names = unique_names(first if header else [], len(first))
    complete = len(body) * len(names) <= work.limits.table_cells
    kept = body if complete else body[: work.limits.sampled_rows]
    columns = {
        column: _texts(cells) for column, cells in zip(names, zip(*kept, strict=True), strict=True)
    }
    filled = {column: values for column, values in columns.items() if any(values)}
    work.table(filled, len(body), path, part=f"sheet {name}", complete=complete)


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
