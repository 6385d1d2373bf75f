"""CSV and TSV, every cell as text: through polars where it is installed, which is faster."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import chain, islice
from typing import Any

from classifiers.codecs.charset import text_of
from classifiers.codecs.limits import step_of
from classifiers.decoding.delimited import BELOW, delimiter_of, has_header, unique_names
from classifiers.decoding.number_forms import cells_of, plain_cells
from classifiers.documents.reader import Work
from classifiers.payload import Document

MEDIA_TYPES = frozenset({"text/csv", "text/tab-separated-values"})
_SLICE = 1 << 20
_SAMPLED_FROM = 24 << 20
"""Bytes from which on only a sample is held as a table, and the rest is counted."""
_SNIFFED = 1 << 16


def read(document: Document, work: Work) -> None:
    """Read the table, or give its text when it is none."""
    data = _utf8(document.data)
    if data is None:
        work.plain(document._replace(media_type=None, name=None))
        return
    delimiter = delimiter_of(data[:_SNIFFED].decode("utf-8", "ignore"), "text/csv", document.name)
    if delimiter is None or not _table(
        data, "\x1f" if delimiter == "\n" else delimiter, document, work
    ):
        _slices(data, document, work)


def _utf8(data: bytes) -> bytes | None:
    """Return the text as UTF-8; None when it is no text. Valid UTF-8 is checked in steps, never
    held twice.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    if data.isascii() and b"\0" not in data[:_SNIFFED]:
        return data
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(data), _SLICE):
            decoder.decode(data[at : at + _SLICE])
    except UnicodeDecodeError:
        return _recoded(data)
    return _recoded(data) if b"\0" in data[:_SNIFFED] else data


def _recoded(data: bytes) -> bytes | None:
    text = text_of(data)
    return None if text is None else text.encode("utf-8", "replace")


def _table(data: bytes, delimiter: str, document: Document, work: Work) -> bool:
    try:
        import polars as pl
    except ModuleNotFoundError:
        return _plain_table(data, delimiter, document, work)
    options: dict[str, Any] = {"has_header": False, "separator": delimiter, "infer_schema": False}
    huge = len(data) > _SAMPLED_FROM
    try:
        frame = pl.read_csv(
            BytesIO(data),
            n_rows=work.limits.sampled_rows if huge else None,
            empty_string_is_null=False,
            raise_if_empty=False,
            **options,
        )
        total = (
            pl.scan_csv(BytesIO(data), **options).select(pl.len()).collect().item()
            if huge
            else frame.height
        )
    except pl.exceptions.PolarsError:
        return _ragged(data, delimiter, document, work)
    if frame.height < 2:
        return False
    first = [str(cell or "") for cell in frame.row(0)]
    header = has_header(first, frame.slice(1, BELOW).fill_null("").rows())
    body = frame.slice(1) if header else frame
    rows = total - header
    complete = not huge and rows * frame.width <= work.limits.table_cells
    kept = body if complete else body.gather_every(step_of(body.height, work.limits))
    names = unique_names(first if header else [], frame.width)
    columns = dict(zip(names, _cells(kept), strict=True))
    del frame, body, kept
    if complete:
        work.table(columns, rows, document.path)
    else:
        _sampled(columns, rows, data, document, work, spread=not huge)
    return True


def _cells(frame: Any) -> Iterator[list[str]]:
    """Yield the cells of each column of a frame of text."""
    for column in frame.iter_columns():
        yield cells_of(column.fill_null("") if column.null_count() else column)


def _plain_table(data: bytes, delimiter: str, document: Document, work: Work) -> bool:
    """As with polars, in plain Python: slower, and every cell is read all the same."""
    lines = io.TextIOWrapper(BytesIO(data), "utf-8", "replace", newline="")
    try:
        every = filter(None, csv.reader(lines, delimiter=delimiter))
        first = next(every, [])
        below = list(islice(every, BELOW))
        header = has_header(first, below)
        records = chain(below if header else [first, *below], every)
        kept, rows = _spread_rows(records, len(first), work)
    except (csv.Error, _UnevenError):
        return _ragged(data, delimiter, document, work)
    if rows + header < 2:
        return False
    names = unique_names(first if header else [], len(first))
    complete = rows * len(first) <= work.limits.table_cells
    columns = {name: plain_cells([row[at] for row in kept]) for at, name in enumerate(names)}
    del kept
    if complete:
        work.table(columns, rows, document.path)
    else:
        _sampled(columns, rows, data, document, work, spread=True)
    return True


class _UnevenError(Exception):
    """Not all rows are of one length."""


def _spread_rows(every: Iterable[list[str]], width: int, work: Work) -> tuple[list[list[str]], int]:
    """Return all rows of a table, or of a large one those of all its parts, and how many there
    are. Raises _UnevenError.
    """
    kept: list[list[str]] = []
    rows, step = 0, 1
    for row in every:
        if len(row) != width:
            raise _UnevenError
        if rows % step == 0:
            kept.append(row)
        rows += 1
        if rows * width > work.limits.table_cells:
            wanted = step_of(rows, work.limits)
            kept, step = kept[:: wanted // step], wanted
    return kept, rows


def _ragged(data: bytes, delimiter: str, document: Document, work: Work) -> bool:
    """Lines of unequal length: every line is text, and those that fit the first one make the
    table.
    """
    lines = data.splitlines()
    cells = [
        line.decode("utf-8", "replace").split(delimiter)
        for line in lines[: work.limits.sampled_rows + 1]
        if line
    ]
    width = len(cells[0])
    fitting = [row for row in cells if len(row) == width]
    if len(fitting) * 2 < len(cells) or len(fitting) < 2:
        return False
    header = has_header(fitting[0], fitting[1 : BELOW + 1])
    names = unique_names(fitting[0] if header else [], width)
    rows = fitting[1:] if header else fitting
    columns = {
        name: [row[index].strip().strip('"') for row in rows] for index, name in enumerate(names)
    }
    _sampled(columns, sum(map(bool, lines)) - header, data, document, work)
    return True


def _sampled(
    columns: dict[str, list[str]],
    rows: int,
    data: bytes,
    document: Document,
    work: Work,
    *,
    spread: bool = False,
) -> None:
    """Add a table whose values are a sample, and all of its text."""
    work.add_table(columns, rows, document.path, complete=False, spread=spread)
    _slices(data, document, work, tabular=True)


def _slices(data: bytes, document: Document, work: Work, *, tabular: bool = False) -> None:
    at = 0
    while at < len(data):
        end = min(at + _SLICE, len(data))
        if end < len(data):
            end = max(data.rfind(b"\n", at + _SLICE // 2, end), at + _SLICE // 2) + 1
        if not work.text(
            data[at:end].decode("utf-8", "replace"), None, document.path, tabular=tabular
        ):
            return
        at = end
