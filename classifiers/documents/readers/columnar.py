"""Parquet, ORC and Arrow through pyarrow, batch by batch: a small file may unpack to any size."""

from collections.abc import Iterator
from typing import Any

from classifiers.codecs.bases import from_base_64
from classifiers.codecs.charset import readable_runs
from classifiers.decoding.decode_state import Reading
from classifiers.decoding.delimited import unique_names
from classifiers.decoding.json_walk import walk
from classifiers.decoding.names import telling
from classifiers.decoding.number_forms import of_float
from classifiers.documents.behind import cell_of, read_behind
from classifiers.documents.reader import Work
from classifiers.payload import Document

_PARQUET = "application/vnd.apache.parquet"
_STREAM = "application/vnd.apache.arrow.stream"
_ORC = "application/x-orc"
MEDIA_TYPES = frozenset({_PARQUET, _STREAM, _ORC, "application/vnd.apache.arrow.file"})
_OWN_SCHEMA = b"ARROW:schema"
"""The name of what holds the schema once more, in base64."""
_BATCH = 4_000
_MAX_COLUMNS = 2_000
_CHUNK_NESTED = 2_000


def read(document: Document, work: Work) -> None:
    """Read all rows when they are few enough, else a sample from every part of the file."""
    if document.data.startswith(b"PARE"):
        work.unread("encrypted document", document.path)
    elif document.data.startswith(b"PAR1"):
        _parquet(document, work)
    elif document.data.startswith(b"ORC"):
        _orc(document, work)
    else:
        _arrow(document, work)


def _parquet(document: Document, work: Work) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(pa.BufferReader(document.data), buffer_size=1 << 16, pre_buffer=False)
    rows, width = file.metadata.num_rows, file.metadata.num_columns
    _told_beside(file.schema_arrow, document, work, file.metadata.metadata)
    names = unique_names(
        file.schema_arrow.names[:_MAX_COLUMNS], min(len(file.schema_arrow.names), _MAX_COLUMNS)
    )
    complete = rows * max(width, 1) <= work.limits.table_cells and width <= _MAX_COLUMNS
    collected = _Columns(names, work, document)
    for batch in _parquet_batches(file, work, complete=complete):
        collected.add(batch)
    collected.finish(rows, complete=complete)


def _parquet_batches(file: Any, work: Work, *, complete: bool) -> Iterator[Any]:
    if complete:
        yield from file.iter_batches(batch_size=_BATCH, use_threads=False)
        return
    groups = file.num_row_groups
    share = max(50, work.limits.sampled_rows // max(groups, 1))
    step = max(1, groups * 50 // work.limits.sampled_rows)
    for group in range(0, groups, step):
        yield next(
            file.iter_batches(batch_size=min(share, _BATCH), row_groups=[group], use_threads=False)
        )


def _orc(document: Document, work: Work) -> None:
    import pyarrow as pa
    from pyarrow import orc

    file = orc.ORCFile(pa.BufferReader(document.data))
    _told_beside(file.schema, document, work)
    rows, names = file.nrows, file.schema.names[:_MAX_COLUMNS]
    collected = _Columns(unique_names(names, len(names)), work, document)
    room, kept = work.limits.table_cells // max(len(names), 1), 0
    for stripe in range(file.nstripes):
        if kept >= room:
            break
        batch = file.read_stripe(stripe)
        part = batch.slice(0, room - kept)
        kept += part.num_rows
        collected.add(part)
    collected.finish(rows, complete=kept == rows)


def _arrow(document: Document, work: Work) -> None:
    import pyarrow as pa

    source = pa.BufferReader(document.data)
    is_stream = not document.data.startswith(b"ARROW1")
    if not is_stream:
        reader = pa.ipc.open_file(source)
        batches = (reader.get_batch(index) for index in range(reader.num_record_batches))
    else:
        reader = pa.ipc.open_stream(source)
        batches = iter(reader)
    _told_beside(reader.schema, document, work)
    schema_names = reader.schema.names
    collected = _Columns(unique_names(schema_names, len(schema_names)), work, document)
    rows = kept = 0
    for batch in batches:
        rows += batch.num_rows
        room = work.limits.table_cells // max(batch.num_columns, 1) - kept
        if room > 0:
            part = batch.slice(0, room)
            kept += part.num_rows
            collected.add(part)
    collected.finish(rows, complete=kept == rows)
    read_behind(document.data[source.tell() :] if is_stream else b"", document, work)


def _told_beside(
    schema: Any, document: Document, work: Work, more: dict[bytes, bytes] | None = None
) -> None:
    """Read what is told of the table and of its columns, name by name."""
    told = [more, schema.metadata, *(field.metadata for field in schema)]
    for name, value in dict.fromkeys(pair for some in told if some for pair in some.items()):
        key = name.decode("utf-8", "replace")
        if telling(key):
            work.text(key, None, document.path)
        path = (*document.path, f"told {key}")
        if name == _OWN_SCHEMA:
            work.text(readable_runs(from_base_64(value)).decode("utf-8", "replace"), None, path)
        elif work.allow(len(value), path):
            work.member(value, None, path)


def _numbers(values: list[Any]) -> list[str]:
    """Return fractions as texts, whole numbers without their point."""
    return ["" if value is None else of_float(float(value)) or str(value) for value in values]


class _Columns:
    """Columns as they fill: scalars as text, nested values walked like JSON."""

    def __init__(self, names: list[str], work: Work, document: Document) -> None:
        self.names = names
        self.values: dict[str, list[str]] = {name: [] for name in names}
        self.work = work
        self.document = document
        self.nested: set[str] = set()

    def add(self, batch: Any) -> None:
        """Take one record batch. Its offsets are checked first: Arrow trusts those of a file, and
        would read past its memory.
        """
        batch.validate(full=True)
        for index, name in enumerate(self.names):
            column = batch.column(index)
            texts = self._texts(column, name)
            self.values[name].extend(texts)

    def _texts(self, column: Any, name: str) -> list[str]:
        import pyarrow as pa

        kind = column.type
        if pa.types.is_dictionary(kind):
            column = column.dictionary_decode()
            kind = column.type
        if pa.types.is_nested(kind):
            self._walk(column, name)
            return []
        if (
            pa.types.is_binary(kind)
            or pa.types.is_large_binary(kind)
            or pa.types.is_fixed_size_binary(kind)
        ):
            path = (*self.document.path, f"column {name}")
            cells = column.to_pylist()
            return [cell_of(value, name, path, self.work) if value else "" for value in cells]
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
                return _numbers(column.to_pylist())
            try:
                column = column.cast(pa.string())
            except pa.ArrowException:
                return [str(value) if value is not None else "" for value in column.to_pylist()]
        return column.fill_null("").to_pylist()  # type: ignore[no-any-return]

    def _walk(self, column: Any, name: str) -> None:
        self.nested.add(name)
        reading = Reading(self.work.payload, self.work.limits, self.document.label)
        walk(
            reading,
            column.slice(0, _CHUNK_NESTED).to_pylist(),
            name,
            (*self.document.path, f"column {name}"),
            0,
        )
        if len(column) > _CHUNK_NESTED:
            self.work.unread(
                "of a nested column a sample was read", (*self.document.path, f"column {name}")
            )

    def finish(self, rows: int, *, complete: bool) -> None:
        """Hand the table over."""
        columns = {name: values for name, values in self.values.items() if name not in self.nested}
        if columns:
            self.work.table(columns, rows, self.document.path, complete=complete)
