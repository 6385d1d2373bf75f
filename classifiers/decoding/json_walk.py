"""JSON: parsed once, walked without recursion; strings and plain integers become segments, records tables."""

# ruff: noqa: RUF005 - in the hot loop a sum of tuples is twice as fast as an unpacking
import re
from itertools import islice
from typing import Any

import orjson

from classifiers.decoding import packed
from classifiers.decoding.decode_state import Piece, Reading
from classifiers.decoding.records import read_records
from classifiers.payload import Path, Segment

_new = tuple.__new__
_SMALLEST_ID = 100_000
_LARGEST_ID = 10**19
_NUMBERS = frozenset({int, float, bool, type(None)})
_BIG_ARRAY = 32

_LENIENT = re.compile(
    r'"((?:[^"\\]|\\.)*+)(?:"(\s*+:)?|\\?\Z)|(?<![\w.+-])(\d{6,19})(?![\w.])', re.DOTALL
)


def walk(
    reading: Reading, root: Any, key: str | None, path: Path, depth: int, *, deep: bool = True
) -> None:
    """Emit every leaf. `deep=False` promises that no string packs another (see `packed.worth_looking`)."""
    segments = reading.payload.segments
    append, carrier, label = segments.append, reading.carrier, reading.label
    room = reading.limits.segments
    look = packed.look
    stack: list[tuple[Any, str | None, Path]] = [(root, key, path)]
    pop = stack.pop
    while stack:
        node, key, path = pop()
        kind = type(node)
        inner: list[tuple[Any, str | None, Path]] = []
        if (kind is dict or kind is list) and len(node) > room:
            reading.cut("more separate texts than are read", path)
            node = dict(islice(node.items(), room)) if kind is dict else node[:room]
        if kind is dict:
            for name, value in node.items():
                kind = type(value)
                if kind is str:
                    if value:
                        if deep and (len(value) > 23 or not value.isidentifier()):
                            look(reading, value, name, path + (name,), depth)
                        else:
                            append(
                                _new(
                                    Segment,
                                    (value, name, path + (name,), carrier, label, True, False),
                                )
                            )
                elif kind is dict or kind is list:
                    if value:
                        inner.append((value, name, path + (name,)))
                elif kind is int:
                    if _SMALLEST_ID <= value < _LARGEST_ID:
                        append(
                            _new(
                                Segment,
                                (str(value), name, path + (name,), carrier, label, False, False),
                            )
                        )
                elif kind is bytes:
                    _leaf_bytes(reading, value, name, path + (name,), depth)
                if len(name) > 7 and (len(name) > 19 or not name.isidentifier()):
                    reading.emit(name, None, path + (name,))
        elif kind is list:
            if len(node) > 2 and (
                _numeric(reading, node, key, path) or read_records(reading, node, key, path, inner)
            ):
                inner.reverse()
                stack.extend(inner)
                continue
            for index, value in enumerate(node):
                kind = type(value)
                if kind is str:
                    if value:
                        if deep and (len(value) > 23 or not value.isidentifier()):
                            look(reading, value, key, path + (index,), depth)
                        else:
                            append(
                                _new(
                                    Segment,
                                    (value, key, path + (index,), carrier, label, True, False),
                                )
                            )
                elif kind is dict or kind is list:
                    if value:
                        inner.append((value, key, path + (index,)))
                elif kind is int:
                    if _SMALLEST_ID <= value < _LARGEST_ID:
                        append(
                            _new(
                                Segment,
                                (str(value), key, path + (index,), carrier, label, False, False),
                            )
                        )
                elif kind is bytes:
                    _leaf_bytes(reading, value, key, path + (index,), depth)
        else:
            _scalar(reading, node, key, path, depth)
        if len(segments) > room:
            reading.emit("", None, ())
            return
        if inner:
            inner.reverse()
            stack.extend(inner)


def _scalar(reading: Reading, node: Any, key: str | None, path: Path, depth: int) -> None:
    if isinstance(node, str) and node:
        packed.look(reading, node, key, path, depth)
    elif isinstance(node, bytes):
        _leaf_bytes(reading, node, key, path, depth)
    elif type(node) is int and _SMALLEST_ID <= node < _LARGEST_ID:
        reading.emit(str(node), key, path, quoted=False)


def _leaf_bytes(reading: Reading, data: bytes, key: str | None, path: Path, depth: int) -> None:
    if data:
        reading.later(Piece(data, "", key, path, depth + 1))


def _numeric(reading: Reading, node: list[Any], key: str | None, path: Path) -> bool:
    """True when a long array holds numbers only (a vector, a series): identifiers among integers go out as one text."""
    if (
        len(node) <= _BIG_ARRAY
        or type(node[0]) not in _NUMBERS
        or not _NUMBERS.issuperset(map(type, node))
    ):
        return False
    long = [
        str(value) for value in node if type(value) is int and _SMALLEST_ID <= value < _LARGEST_ID
    ]
    if len(long) * 2 > len(node):
        reading.emit("\n".join(long), key, path, quoted=False)
    return True


def read_lenient(reading: Reading, text: str, path: Path, depth: int) -> int:
    """Read the strings of broken, cut or oversized JSON one by one; return how many there were."""
    key: str | None = None
    count = 0
    for match in _LENIENT.finditer(text):
        if reading.full:
            break
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
    return count


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
