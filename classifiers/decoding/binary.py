"""Binary formats without their schema: msgpack, protobuf, gRPC and event streams, and the readable
runs of anything else.
"""

from typing import Any

from classifiers.codecs.charset import binary, readable_runs, text_of
from classifiers.codecs.content_encoding import undo_content_encoding
from classifiers.codecs.frames import EventStream, Grpc, GrpcMessage, grpc_message
from classifiers.codecs.protobuf import read_fields
from classifiers.decoding import packed
from classifiers.decoding.decode_state import Piece, Reading
from classifiers.decoding.json_walk import walk
from classifiers.payload import Path

_MAX_DEPTH = 16
_ANY_LENGTH = 1 << 33
"""Longer than any message says it is: one that is cut is read as far as it goes."""
_SMALLEST_ID, _LARGEST_ID = 100_000, 10**16


def read_msgpack(
    reading: Reading, data: bytes, path: Path, depth: int, *, declared: bool = False
) -> bool:
    """Walk one or several msgpack objects; False when it is none. Broken data counts only when it
    was declared.
    """
    import msgpack

    unpacker = msgpack.Unpacker(
        strict_map_key=False,
        raw=False,
        unicode_errors="replace",
        object_pairs_hook=_named,
        ext_hook=_extended,
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


def _extended(code: int, data: bytes) -> bytes:
    """Types of their own are bytes to whoever does not know them."""
    return data


def _named(pairs: Any) -> dict[str, Any]:
    return {name if isinstance(name, str) else str(name): value for name, value in pairs}


def read_grpc(reading: Reading, data: bytes, coding: str | None, path: Path, depth: int) -> bool:
    """Walk length-prefixed gRPC messages; False when the framing does not fit from the start."""
    frames = Grpc(_ANY_LENGTH)
    index = -1
    for index, message in enumerate(frames.feed(data)):
        _read_message(reading, message, coding, (*path, index), depth)
    rest = frames.rest
    if frames.broken and index < 0:
        return False
    if frames.broken:
        reading.unread("the gRPC framing is broken", path)
        read_runs(reading, rest, path, depth)
    elif rest:
        reading.unread("a gRPC message is cut", path)
        _read_message(reading, grpc_message(rest), coding, (*path, index + 1), depth)
    return True


def _read_message(
    reading: Reading, message: GrpcMessage, coding: str | None, path: Path, depth: int
) -> None:
    data = message.data
    if message.packed:
        undone = undo_content_encoding(data, coding or "gzip", reading.limits)
        data = reading.undone(undone, path, depth)
    if message.trailers or not read_protobuf(reading, data, path, depth):
        reading.later(Piece(data, "", None, path, depth + 1))


def read_event_stream(reading: Reading, data: bytes, path: Path, depth: int) -> bool:
    """Read the messages of an AWS event stream and their headers; False when the framing does not
    fit from the start.
    """
    frames = EventStream(_ANY_LENGTH)
    index = -1
    for index, message in enumerate(frames.feed(data)):
        if message.headers:
            read_runs(reading, message.headers, (*path, index, "headers"), depth)
        if message.payload:
            reading.later(Piece(message.payload, "", None, (*path, index), depth + 1))
    if index >= 0 and frames.rest:
        reading.unread("the event stream is cut or broken", path)
        read_runs(reading, frames.rest, path, depth)
    return index >= 0


def read_protobuf(reading: Reading, data: bytes, path: Path, depth: int) -> bool:
    """Walk a protobuf message without its schema; False when the bytes are none."""
    if not data:
        return True
    stack = [(data, path, 0)]
    while stack:
        data, path, level = stack.pop()
        fields = read_fields(data)
        if not fields.whole or not fields.found:
            if level == 0:
                return False
            reading.later(Piece(data, "", None, path, depth + 1))
            continue
        for number, value in fields.found:
            if reading.full:
                return True
            if isinstance(value, int):
                if _SMALLEST_ID <= value < _LARGEST_ID:
                    reading.emit(str(value), None, (*path, number), quoted=False)
            elif value:
                text = _clean_text(value)
                if text is not None:
                    packed.look(reading, text, None, (*path, number), depth)
                elif level < _MAX_DEPTH:
                    stack.append((value, (*path, number), level + 1))
                else:
                    reading.later(Piece(value, "", None, (*path, number), depth + 1))
    return True


def _clean_text(value: bytes) -> str | None:
    """UTF-8 without any control character but white space is a string, not a message."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None
    if any(byte < 32 and byte not in (9, 10, 13) for byte in value[:64]) or binary(value):
        return None
    return text


def read_runs(reading: Reading, data: bytes, path: Path, depth: int) -> None:
    """Emit the readable runs of unknown binary data as one text."""
    wide = text_of(data[: len(data) & ~1]) if b"\0" in data[:64] else None
    text = wide or readable_runs(data).decode("utf-8", "replace")
    if text:
        packed.look(reading, text, None, path, depth)
