"""Binary formats without their schema: msgpack, protobuf, gRPC frames, and the readable runs of anything else."""

import re
from typing import Any

from classifiers.codecs.charset import binary, text_of
from classifiers.codecs.content_encoding import undo_content_encoding
from classifiers.decoding import packed
from classifiers.decoding.decode_state import Piece, Reading
from classifiers.decoding.json_walk import walk
from classifiers.payload import Path

_RUN = re.compile(rb"[\x20-\x7e\xc2-\xf4\x80-\xbf\t]{6,}")
_MAX_DEPTH = 16
_MAX_FIELD = 1 << 29
_RUNS_KEPT = 20_000

Field = tuple[int, int, int | bytes]
"""Field number, wire type, value."""


def read_msgpack(
    reading: Reading, data: bytes, path: Path, depth: int, *, declared: bool = False
) -> bool:
    """Walk one or several msgpack objects; False when it is none. Broken data counts only when it was declared."""
    import msgpack

    unpacker = msgpack.Unpacker(
        strict_map_key=False,
        raw=False,
        unicode_errors="replace",
        object_pairs_hook=_named,
        max_buffer_size=len(data) + 1,
    )
    unpacker.feed(data)
    values: list[Any] = []
    whole = True
    try:
        values.extend(unpacker)
        whole = unpacker.tell() == len(data)
    except (ValueError, msgpack.exceptions.UnpackException, RecursionError):
        whole = False
    if (
        not values
        or not values[0]
        or not isinstance(values[0], dict | list)
        or not (whole or declared)
    ):
        return False
    for value in values:
        walk(reading, value, None, path, depth)
    if not whole:
        reading.unread("the msgpack data is broken", path)
    return True


def _named(pairs: Any) -> dict[str, Any]:
    return {name if isinstance(name, str) else str(name): value for name, value in pairs}


def read_grpc(reading: Reading, data: bytes, coding: str | None, path: Path, depth: int) -> bool:
    """Walk length-prefixed gRPC messages; False when the framing does not fit."""
    at, index = 0, 0
    while at + 5 <= len(data):
        flag, size = data[at], int.from_bytes(data[at + 1 : at + 5])
        if flag not in {0, 1, 0x80}:
            return index > 0
        message = data[at + 5 : at + 5 + size]
        if len(message) < size:
            reading.unread("a gRPC message is cut", path)
        if flag == 1:
            undone = undo_content_encoding(message, coding or "gzip", reading.limits)
            message = reading.undone(undone, (*path, index), depth)
        if not read_protobuf(reading, message, (*path, index), depth):
            reading.later(Piece(message, "", None, (*path, index), depth + 1))
        at += 5 + size
        index += 1
    return index > 0


def read_protobuf(reading: Reading, data: bytes, path: Path, depth: int) -> bool:
    """Walk a protobuf message without its schema; False when the bytes are none."""
    fields = _fields(data)
    if fields is None:
        return not data
    stack = [(fields, path, 0)]
    while stack:
        fields, path, level = stack.pop()
        if reading.full:
            break
        for number, wire, value in fields:
            here = (*path, number)
            if isinstance(value, int):
                if wire == 0 and 100_000 <= value < 10**16:
                    reading.emit(str(value), None, here, quoted=False)
                continue
            _field_bytes(reading, value, here, level, depth, stack)
    return True


def _field_bytes(
    reading: Reading,
    value: bytes,
    path: Path,
    level: int,
    depth: int,
    stack: list[tuple[list[Field], Path, int]],
) -> None:
    if not value:
        return
    text = _clean_text(value)
    if text is None and level < _MAX_DEPTH and (inner := _fields(value)) is not None:
        stack.append((inner, path, level + 1))
    elif text is not None:
        packed.look(reading, text, None, path, depth)
    else:
        reading.later(Piece(value, "", None, path, depth + 1))


def _clean_text(value: bytes) -> str | None:
    """UTF-8 without any control character but white space is a string, not a message."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None
    if any(byte < 32 and byte not in (9, 10, 13) for byte in value[:64]) or binary(value):
        return None
    return text


def _fields(data: bytes) -> list[Field] | None:
    """Return the fields of a message, or None when the bytes do not parse to the end."""
    fields: list[Field] = []
    at, end = 0, len(data)
    while at < end:
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if at < 0 or not 0 < number < _MAX_FIELD:
            return None
        if wire == 0:
            value, at = _varint(data, at)
            if at < 0:
                return None
            fields.append((number, wire, value))
            continue
        size = {1: 8, 5: 4}.get(wire)
        if size is None:
            if wire != 2:
                return None
            size, at = _varint(data, at)
        if at < 0 or at + size > end:
            return None
        if wire == 2:
            fields.append((number, wire, data[at : at + size]))
        at += size
    return fields or None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    return 0, -1


def read_runs(reading: Reading, data: bytes, path: Path, depth: int) -> None:
    """Emit the readable runs of unknown binary data as one text."""
    runs: list[str] = []
    for match in _RUN.finditer(data):
        runs.append(match[0].decode("utf-8", "ignore"))
        if len(runs) >= _RUNS_KEPT:
            break
    wide = text_of(data[: len(data) & ~1]) if b"\0" in data[:64] else None
    text = wide or "\n".join(run for run in runs if run.strip())
    if text:
        packed.look(reading, text, None, path, depth)
