"""JSON: parsed once, walked without recursion; strings and plain integers become segments, records
tables.
"""

# ruff: noqa: RUF005 - in the hot loop a sum of tuples is twice as fast as an unpacking
import re
from collections.abc import Iterable
from itertools import islice
from typing import Any

import orjson

from classifiers.decoding import number_forms, packed, pieces
from classifiers.decoding.decode_state import Piece, Reading
from classifiers.decoding.dialogue import name_answers
from classifiers.decoding.field_names import (
    are_dull,
    emit_births,
    emit_names,
    label_beside,
    pair_of,
)
from classifiers.decoding.records import (
    read_columns,
    read_records,
    read_resources,
    read_rows,
)
from classifiers.payload import Path, Segment
from classifiers.personal.tables.birth_parts import date_inside
from classifiers.shapes import fhir
from classifiers.shapes.long_form import VALUES

_new = tuple.__new__
_SMALLEST_ID = 100_000
_LARGEST_ID = 10**19
_CONTAINERS = frozenset({dict, list})
_SCALARS = frozenset({int, bytes})
_NUMBERS = frozenset({int, float, bool, type(None)})
_PIECES = frozenset({int, str, list})
_LONG = 10**8
_BIG_ARRAY, _PAIR = 32, 2

_LENIENT = re.compile(
    r'"((?:[^"\\]|\\.)*+)(?:"(\s*+:)?|\\?\Z)|(?<![\w.+-])(\d{6,19})(?![\w.])', re.DOTALL
)


type _Node = tuple[Any, str | None, Path]


def walk(
    reading: Reading, root: Any, key: str | None, path: Path, depth: int, *, deep: bool = True
) -> None:
    """Emit every leaf. `deep=False` promises that no string packs another (see
    `looking.worth_looking`).
    """
    first = len(reading.payload.segments)
    _walk(reading, root, key, path, depth, deep=deep)
    name_answers(reading, root, first)
    if fhir.is_fhir(root):
        read_resources(reading, root, path, first)


def _walk(
    reading: Reading, root: Any, key: str | None, path: Path, depth: int, *, deep: bool
) -> None:
    segments, room = reading.payload.segments, reading.limits.segments
    append, look = segments.append, packed.look
    carrier, place = reading.carrier, reading.label
    stack: list[_Node] = [(root, key, path)]
    while stack:
        node, key, path = stack.pop()
        inner: list[_Node] = []
        named = type(node) is dict
        for name, value in _fields(reading, node, key, path, depth, inner):
            if named:
                key = name
            kind = type(value)
            if kind is str:
                if deep and not (len(value) < 24 and value.isascii() & value.isidentifier()):
                    look(reading, value, key, path + (name,), depth)
                elif value:
                    append(_new(Segment, (value, key, path + (name,), carrier, place, True, False)))
            elif kind in _CONTAINERS:
                inner.append((value, key, path + (name,)))
            elif kind in _SCALARS or (kind is float and value >= _LONG):
                _scalar(reading, value, key, path + (name,), depth)
        if len(segments) > room:
            reading.emit("", None, ())
            return
        if inner:
            stack += _left(reading, node, path, inner)


def _named_by_label(node: dict[str, Any]) -> Iterable[tuple[Any, Any]]:
    """Return the fields of an object, its value under the name that stands beside it, where that
    tells.
    """
    if (date := date_inside(node)) is not None:
        return [*node.items(), ("value", date)]
    label = None if VALUES.isdisjoint(node) else label_beside(node)
    if label is None:
        return node.items()
    return [(label if name in VALUES else name, value) for name, value in node.items()]


def _left(reading: Reading, node: Any, path: Path, inner: list[_Node]) -> list[_Node]:
    """Return what is still to be walked of a node, the last first: not the columns of a table that
    it is.
    """
    further: list[_Node] = []
    if (
        type(node) is dict
        and len(inner) > 1
        and (used := read_columns(reading, node, path, further))
    ):
        inner = [entry for entry in inner if id(entry[0]) not in used] + further
    inner.reverse()
    return inner


def _fields(
    reading: Reading, node: Any, key: str | None, path: Path, depth: int, inner: list[_Node]
) -> Iterable[tuple[Any, Any]]:
    """Return what an object or array holds, with names or places; where all names were met before,
    without a look at them.
    """
    if type(node) is dict and are_dull(node):
        return _named_by_label(node)
    return _pairs(reading, node, key, path, depth, inner)


def _pairs(
    reading: Reading, node: Any, key: str | None, path: Path, depth: int, inner: list[_Node]
) -> Iterable[tuple[Any, Any]]:
    """Return what an object or array holds, with names or places; nothing of what was read here:
    tables and scalars.
    """
    kind = type(node)
    if kind not in _CONTAINERS:
        _scalar(reading, node, key, path, depth)
        return ()
    if len(node) > reading.limits.segments:
        reading.cut("more separate texts than are read", path)
        room = reading.limits.segments
        node = dict(islice(node.items(), room)) if kind is dict else node[:room]
    if kind is dict:
        emit_names(reading, node, path)
        emit_births(reading, node, path)
        if (values := pieces.numbered(node)) is not None:
            _put_together(reading, values, key, path, depth)
        return _named_by_label(node)
    _emit_pieces(reading, node, key, path)
    if len(node) > 2 and (
        _put_together(reading, node, key, path, depth)
        or _numeric(reading, node, key, path)
        or read_records(reading, node, key, path, inner)
    ):
        return ()
    if len(node) > 1 and read_rows(reading, node, path, inner):
        return ()
    if len(node) == _PAIR and (pair := pair_of(node)) is not None:
        inner.append((pair, key, path))
        return ()
    return enumerate(node)


def _emit_pieces(reading: Reading, node: list[Any], key: str | None, path: Path) -> None:
    """Emit what short pieces in an array say together, and what letters in its rows do."""
    if len(node) > 1 and type(node[0]) in _PIECES:
        for text in number_forms.put_together(node):
            reading.emit(text, key, path)
        if type(node[0]) is list:
            for text in pieces.of_rows(node):
                reading.emit(text, None, (*path, "(together)"))


def _scalar(reading: Reading, node: Any, key: str | None, path: Path, depth: int) -> None:
    if isinstance(node, str) and node:
        packed.look(reading, node, key, path, depth)
    elif isinstance(node, bytes):
        _leaf_bytes(reading, node, key, path, depth)
    elif type(node) is int and _SMALLEST_ID <= node < _LARGEST_ID:
        reading.emit(str(node), key, path, quoted=False)
    elif type(node) is float and (digits := number_forms.of_float(node)) is not None:
        reading.emit(digits, key, path, quoted=False)


def _leaf_bytes(reading: Reading, data: bytes, key: str | None, path: Path, depth: int) -> None:
    if data:
        reading.later(Piece(data, "", key, path, depth + 1))


def _numeric(reading: Reading, node: list[Any], key: str | None, path: Path) -> bool:
    """True when a long array holds numbers only (a vector, a series): identifiers among integers go
    out as one text.
    """
    if (
        len(node) <= _BIG_ARRAY
        or type(node[0]) not in _NUMBERS
        or not _NUMBERS.issuperset(map(type, node))
    ):
        return False
    long = [text for value in node if (text := _identifier(value)) is not None]
    if long:
        reading.emit("\n".join(long), key, path, quoted=False)
    return True


def _identifier(value: object) -> str | None:
    if type(value) is int:
        return str(value) if _SMALLEST_ID <= value < _LARGEST_ID else None
    return number_forms.of_float(value) if type(value) is float else None


def _put_together(
    reading: Reading, values: list[Any], key: str | None, path: Path, depth: int
) -> bool:
    """Queue what an array says whose members are bytes, words, characters or pieces of an encoded
    text.
    """
    whole = pieces.of_list(values)
    if not whole:
        return False
    media_type = "text/plain" if isinstance(whole, str) else ""
    return reading.later(Piece(whole, media_type, key, (*path, "(together)"), depth + 1))


def read_lenient(reading: Reading, text: str, path: Path, depth: int) -> int:
    """Read the strings of broken, cut or oversized JSON one by one, and then what stands between
    them; return how many strings there were.
    """
    key: str | None = None
    count = at = 0
    between: list[str] = []
    for match in _LENIENT.finditer(text):
        if reading.full:
            break
        between.append(text[at : match.start()])
        at = match.end()
        quoted, colon, number = match.group(1, 2, 3)
        if number is not None:
            reading.emit(number, key, (*path, key) if key else path, quoted=False)
            continue
        value = _unquote(quoted)
        if colon:
            key = value
            continue
        if value:
            count += 1
            packed.look(reading, value, key, (*path, key) if key else path, depth)
    between.append(text[at:])
    loose = "\n".join(gap for gap in between if len(gap.strip(_SIGNS)) > _WORD)
    if loose:
        packed.look(reading, loose, None, path, depth)
    return count


_SIGNS = "{}[],:\"' \t\r\n"
_WORD = 5
"""Letters of `false`: more of them between strings are text."""


def _unquote(quoted: str) -> str:
    if "\\" not in quoted:
        return quoted
    try:
        return str(orjson.loads('"' + quoted.replace("\n", "\\n").replace("\t", "\\t") + '"'))
    except ValueError:
        return (
            quoted.replace("\\n", "\n")
            .replace('\\"', '"')
            .replace("\\/", "/")
            .replace("\\\\", "\\")
        )
