"""CSV and TSV through polars, every cell as text."""

from io import BytesIO

from classifiers.decoding.charset import text_of
from classifiers.decoding.delimited import delimiter_of, has_header, unique_names
from classifiers.documents.reading import Work
from classifiers.payload import Document

MEDIA_TYPES = frozenset({"text/csv", "text/tab-separated-values"})
_SLICE = 1 << 20


def read(document: Document, work: Work) -> None:
    """Read the table, or give its text when it is none."""
    text = text_of(document.data)
    if text is None:
        work.plain(document._replace(media_type=None, name=None))
        return
    delimiter = delimiter_of(text, "text/csv", document.name)
    if delimiter is None:
        _slices(text, document, work)
        return
    data = document.data if text.isascii() else text.encode("utf-8", "replace")
    if not _table(data, "\x1f" if delimiter == "\n" else delimiter, text, document, work):
        _slices(text, document, work)


def _table(data: bytes, delimiter: str, text: str, document: Document, work: Work) -> bool:
    import polars as pl

    try:
        frame = pl.read_csv(
            BytesIO(data),
            has_header=False,
            separator=delimiter,
            infer_schema=False,
            empty_string_is_null=False,
            raise_if_empty=False,
        )
    except pl.exceptions.PolarsError:
        return _ragged(text, delimiter, document, work)
    if frame.height < 2:
        return False
    first = [str(cell or "") for cell in frame.row(0)]
    header = has_header(first)
    body = frame.slice(1) if header else frame
    complete = body.height * frame.width <= work.limits.table_cells
    kept = body if complete else body.head(work.limits.sampled_rows)
    names = unique_names(first if header else [], frame.width)
    columns = {
        name: kept.get_column(key).fill_null("").to_list() for name, key in zip(names, frame.columns, strict=True)
    }
    if complete:
        work.table(columns, body.height, document.path)
    else:
        _sampled(columns, body.height, text, document, work)
    return True


def _ragged(text: str, delimiter: str, document: Document, work: Work) -> bool:
    """Lines of unequal length: every line is text, and those that fit the first one make the table."""
    lines = [line for line in text.splitlines() if line]
    cells = [line.split(delimiter) for line in lines[: work.limits.sampled_rows + 1]]
    width = len(cells[0])
    fitting = [row for row in cells if len(row) == width]
    if len(fitting) * 2 < len(cells) or len(fitting) < 2:
        return False
    header = has_header(fitting[0])
    names = unique_names(fitting[0] if header else [], width)
    rows = fitting[1:] if header else fitting
    columns = {name: [row[index].strip().strip('"') for row in rows] for index, name in enumerate(names)}
    _sampled(columns, len(lines) - header, text, document, work)
    return True


def _sampled(columns: dict[str, list[str]], rows: int, text: str, document: Document, work: Work) -> None:
    """Add a table whose values are a sample, and all of its text."""
    from classifiers.payload import Table

    work.payload.tables.append(Table(tuple(columns), rows, columns, document.path, work.label("table"), complete=False))
    _slices(text, document, work, tabular=True)


def _slices(text: str, document: Document, work: Work, *, tabular: bool = False) -> None:
    at = 0
    while at < len(text):
        end = min(at + _SLICE, len(text))
        if end < len(text):
            end = max(text.rfind("\n", at + _SLICE // 2, end), at + _SLICE // 2) + 1
        if not work.text(text[at:end], None, document.path, tabular=tabular):
            return
        at = end
