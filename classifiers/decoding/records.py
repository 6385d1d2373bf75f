"""Arrays of objects as tables: columns, exact rows, values as text."""

from collections.abc import Sequence
from typing import Any

from classifiers.codecs.limits import step_of
from classifiers.decoding import looking, packed, pieces
from classifiers.decoding.decode_state import Reading
from classifiers.decoding.delimited import unique_names
from classifiers.decoding.field_names import are_labelled, emit_names
from classifiers.decoding.number_forms import SMALLEST, of_float, plain_cells
from classifiers.payload import Path, Table
from classifiers.personal.vocabulary import is_telling
from classifiers.shapes import fhir, orients
from classifiers.shapes.found import MAX_COLUMNS

MIN_ROWS = 3
MIN_COLUMNS = 2
_SPARSE = 400
"""Columns; of more, each record has half or more."""
_LOOKED_AT = 200
"""Rows that tell whether they are alike."""
_JOIN_FROM = 50
"""From this many rows on, a column goes out as one segment instead of one a cell."""
_CONVERSATION = frozenset({"role", "content", "parts", "parameters", "input_schema", "inputSchema"})
_PARTS = frozenset(
    {"text", "image_url", "input_text", "function", "input", "source", "call_id", "thinking"}
)
_PROSE = 200
"""Mean length of the values from which on an array holds prose, not records."""
_SCALARS = frozenset({str, int, float, bool, type(None)})
_ROWS = frozenset({list, dict})


def read_records(
    reading: Reading, rows: list[Any], key: str | None, path: Path, inner: list[Any]
) -> bool:
    """Read an array of objects as a table; False when it is none. Nested values go to `inner` as
    (value, key, path).
    """
    names = _columns_of(rows)
    if names is None:
        return False
    nested: list[Any] = []
    columns = {name: [row.get(name) for row in rows] for name in names}
    scalar = {
        name: column for name, column in columns.items() if not _nested(column, name, path, nested)
    }
    if len(scalar) < MIN_COLUMNS:
        return False
    inner.extend(nested)
    emit_names(reading, names, path)
    for name, column in scalar.items():
        _emit(reading, column, name, path)
    whole = len(rows) * len(names) <= reading.limits.table_cells
    _add_table(reading, scalar, len(rows), path, whole=whole)
    return True


def read_columns(
    reading: Reading, node: dict[str, Any], path: Path, inner: list[Any]
) -> frozenset[int]:
    """Read an object that is a table in another way than as records; return the identities of its
    parts that were read. What stands in no cell goes to `inner` as (value, key, path).
    """
    kinds = list(map(type, node.values()))
    lists, objects = kinds.count(list), kinds.count(dict)
    if len(kinds) > 1 and objects < len(kinds) and (not lists or (lists == 1 and not objects)):
        return frozenset()
    shaped = orients.of_object(node)
    if shaped is None or not shaped.rows or not _CONVERSATION.isdisjoint(shaped.names):
        return frozenset()
    if len(shaped.rows) < MIN_ROWS and not _names_apart(node, shaped.names):
        return frozenset()
    _read_shaped(reading, shaped, path, inner)
    return shaped.used


def _names_apart(node: dict[str, Any], names: Sequence[str]) -> bool:
    """True for names that tell and stand over no value but in a list of their own."""
    if any(map(node.__contains__, names)) or all(type(value) is dict for value in node.values()):
        return False
    return any(map(is_telling, names))


def read_rows(reading: Reading, node: list[Any], path: Path, inner: list[Any]) -> bool:
    """Read an array of arrays of equal length as a table; False when it is none. What stands in no
    cell goes to `inner` as (value, key, path).
    """
    if type(node[0]) not in _ROWS:
        return False
    shaped = orients.of_list(node, records=False)
    if shaped is None or len(shaped.rows[0]) < MIN_COLUMNS:
        return False
    if len(node) < MIN_ROWS and not any(map(is_telling, shaped.names)):
        return False
    _read_shaped(reading, shaped, path, inner)
    return True


def read_resources(reading: Reading, root: Any, path: Path, first: int) -> None:
    """Read clinical resources as rows of people; the texts from segment `first` on that they tell
    of are theirs.
    """
    read = fhir.resources(root, path)
    for shaped in read.tables:
        names = unique_names(shaped.names, len(shaped.names))
        values = {name: _texts([row[at] for row in shaped.rows]) for at, name in enumerate(names)}
        table = Table(tuple(names), len(shaped.rows), values, path, reading.label)
        reading.payload.tables.append(table)
    if read.tables:
        segments = reading.payload.segments
        segments[first:] = [
            segment._replace(tabular=True) if read.tells(segment.path) else segment
            for segment in segments[first:]
        ]


def _read_shaped(reading: Reading, shaped: orients.Shaped, path: Path, inner: list[Any]) -> None:
    width = len(shaped.rows[0])
    names = unique_names(shaped.names, width)
    emit_names(reading, shaped.names, path)
    inner.extend((row, None, (*path, index)) for index, row in shaped.uneven)
    columns = {name: [row[at] for row in shaped.rows] for at, name in enumerate(names)}
    for name, column in columns.items():
        _nested(column, name, path, inner)
        _emit(reading, column, name, path)
    rows = len(shaped.rows)
    _add_table(reading, columns, rows, path, whole=rows * width <= reading.limits.table_cells)


def _add_table(
    reading: Reading, columns: dict[str, list[Any]], rows: int, path: Path, *, whole: bool
) -> None:
    """Add a table with all of its values, or with those of rows from all of its parts."""
    step = 1 if whole else step_of(rows, reading.limits)
    values = {name: _texts(column[::step]) for name, column in columns.items()}
    names = tuple(values)
    table = Table(names, rows, values, path, reading.label, step == 1, spread=True)
    reading.payload.tables.append(table)


def _columns_of(rows: list[Any]) -> dict[str, None] | None:
    """Return the columns of an array of records, in order; None when it holds none."""
    first = rows[0]
    if len(rows) < MIN_ROWS or type(first) is not dict or len(first) < 2 or _is_message(first):
        return None
    if any(type(row) is not dict for row in rows) or are_labelled(rows):
        return None
    names = dict.fromkeys(name for row in rows[:_LOOKED_AT] for name in row)
    if not _alike(rows, len(names)):
        return None
    if len(rows) > _LOOKED_AT:
        names = dict.fromkeys(name for row in rows for name in row)
    return None if _are_too_many(names, rows) else names


def _are_too_many(names: dict[str, None], rows: list[Any]) -> bool:
    """True for more columns than are read, or many of which most records lack most."""
    is_sparse = len(names) > _SPARSE and sum(map(len, rows)) * 2 < len(names) * len(rows)
    return is_sparse or len(names) > MAX_COLUMNS


def _is_message(row: dict[str, Any]) -> bool:
    """True for the messages, parts and tool definitions of LLM calls: conversations are read
    message by message.
    """
    if "resourceType" in row:  # read as clinical resources
        return True
    return not _CONVERSATION.isdisjoint(row) or ("type" in row and not _PARTS.isdisjoint(row))


def _alike(rows: list[Any], names: int) -> bool:
    """Records share their columns and hold short values; unlike objects or pieces of prose are no
    table.
    """
    sample = rows[:_LOOKED_AT]
    filled = sum(map(len, sample))
    if filled * 2 < names * len(sample):
        return False
    texts = [value for row in sample[:20] for value in row.values() if type(value) is str]
    return sum(map(len, texts)) <= _PROSE * len(texts)


def _nested(column: list[Any], name: str, path: Path, inner: list[Any]) -> bool:
    """Queue objects and arrays of a column; True when it holds nothing else."""
    if _SCALARS.issuperset(map(type, column)):
        return False
    plain = 0
    for index, value in enumerate(column):
        if type(value) in _SCALARS:
            plain += value is not None
        elif value:
            inner.append((value, name, (*path, index, name)))
    return plain == 0


def _texts(column: list[Any]) -> list[str]:
    if any(type(value) is str for value in column):
        return plain_cells([v if type(v) is str else _text(v) for v in column])
    return [_text(value) for value in column]


def _text(value: object) -> str:
    if type(value) is float and (digits := of_float(value)) is not None:
        return digits
    return "" if value is None or type(value) not in _SCALARS else str(value)


def _emit(reading: Reading, column: list[Any], name: str, path: Path) -> None:
    if len(column) >= pieces.FEWEST_BYTES and (said := pieces.letters_of(column)):
        reading.emit(said, None, (*path, "(together)"))
    if len(column) >= _JOIN_FROM:
        text = "\n".join(
            value if type(value) is str else _text(value) for value in column if _worth(value)
        )
        if text:
            _emit_column(reading, text, name, path)
        return
    for index, value in enumerate(column):
        if _worth(value):
            quoted = type(value) is str
            if quoted and len(value) >= 8:
                raw = value.encode("utf-8", "replace")
                if looking.worth_looking(raw):
                    packed.unpack(reading, value, raw, name, (*path, index, name), 1)
            reading.emit(
                value if quoted else _text(value),
                name,
                (*path, index, name),
                quoted=quoted,
                tabular=True,
            )


def _emit_column(reading: Reading, text: str, name: str, path: Path) -> None:
    raw = text.encode("utf-8", "replace")
    if looking.worth_looking(raw, column=True):
        packed.unpack(reading, text, raw, name, (*path, name), 1, column=True)
    reading.emit(text, name, (*path, name), tabular=True)


def _worth(value: object) -> bool:
    if type(value) is str:
        return value != ""
    return (type(value) is int or type(value) is float) and value >= SMALLEST
