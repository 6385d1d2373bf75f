"""CSV for a spreadsheet: one row a record, in an officer's words, no cell a formula. The head
stands in the row of headings, as that of a last, empty column.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from core.text import spreadsheet_cell
from evidence.entries import Recalled
from exports.columns import EARLIER, HASH, HEADINGS, SEQ, Cell, row
from exports.contents import Contents, Said
from exports.formats import Format, Opened, Place
from exports.head import Sealer
from exports.lines import Write, read_lines, write_lines

_BOM = b"\xef\xbb\xbf"
"""Without it, spreadsheet programs on Windows read UTF-8 as something else."""


def _cell(value: Cell) -> str | int:
    if value is None:
        return ""
    if isinstance(value, int):
        return value
    return spreadsheet_cell(" ".join(value.splitlines()))


def _line(cells: list[str | int]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()


def _first(head: bytes | None, headings: Sequence[str] = HEADINGS) -> bytes:
    return _BOM + _line([*headings, *([] if head is None else [head.decode()])])


def _body(contents: Contents, write: Write) -> None:
    known, said = Recalled(), Said(contents.opened_acts())
    for entry in contents.records():
        cells = row(entry, known, said)
        write(_line([_cell(cells.get(title)) for title in HEADINGS]))


def _write(contents: Contents, sealer: Sealer | None, out: BinaryIO) -> None:
    write_lines(contents, sealer, out, _first, _body)


def _cells(line: bytes) -> list[str]:
    try:
        return next(csv.reader([line.decode()], strict=True))
    except (StopIteration, csv.Error):
        raise ValueError("this is no row") from None


def _head(line: bytes) -> bytes | None:
    try:
        cells = _cells(line.removeprefix(_BOM))
    except ValueError:
        return None
    return cells[-1].encode() if cells[-1].startswith("{") else None


def _headings(line: bytes) -> Sequence[str]:
    """Return those of the version that wrote the file, this one's where no version wrote such."""
    try:
        titles = tuple(_cells(line.removeprefix(_BOM).rstrip(b"\r\n")))
    except ValueError:
        return HEADINGS
    return next((one for one in EARLIER if one in (titles, titles[:-1])), HEADINGS)


def _place(where: str, line: bytes, headings: Sequence[str]) -> Place | None:
    cells = dict(zip(headings, _cells(line), strict=True))
    if cells[SEQ] == SEQ:
        return None  # the headings of a file without a head
    return Place(where=where, seq=int(cells[SEQ]), hash=cells[HASH])


def _read(path: Path) -> Opened:
    with path.open("rb") as file:
        headings = _headings(file.readline())
    place, first = partial(_place, headings=headings), partial(_first, headings=headings)
    return replace(read_lines(path, _head, place, first), acts_apart=True)


FORMAT = Format(
    name="csv",
    suffix=".csv",
    purpose="for people with a spreadsheet program",
    write=_write,
    recognises=lambda start: start.startswith(_BOM),
    read=_read,
    proposed=True,
    common=True,
)
