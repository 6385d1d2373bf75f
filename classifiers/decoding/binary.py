"""Binary formats without their schema: msgpack, CBOR, BSON, protobuf, gRPC and event streams, and
the readable runs of anything else.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from classifiers.codecs.bson import begins_bson, read_bson
from classifiers.codecs.cbor import SELF_DESCRIBED, read_cbor
from classifiers.codecs.charset import as_it_stands, binary, readable_runs, text_of
from classifiers.codecs.content_encoding import undo_content_encoding
from classifiers.codecs.frames import EventStream, Grpc, GrpcMessage, grpc_message
from classifiers.codecs.limits import INLINE
from classifiers.codecs.protobuf import read_fields
from classifiers.codecs.schemaless import Parsed
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
    if not declared and not (whole and all(map(_is_message, values))):
        return False
    if not values or not values[0] or not isinstance(values[0], dict | list):
        return False
    for value in values:
        walk(reading, value, None, path, depth)
    if not whole:
        reading.unread("the msgpack data is broken", path)
    return True


def read_schemaless(reading: Reading, data: bytes, path: Path, depth: int, media_type: str) -> bool:
    """Walk CBOR or BSON, declared or not; False when it is neither. Broken data counts only when it
    was declared.
    """
    declared = _SCHEMALESS.get(media_type)
    if declared is None:
        declared = _BSON if begins_bson(data) else _CBOR
        named = data.startswith(SELF_DESCRIBED) or declared is _BSON
        if not (named or data[0] in _OPENS_CBOR):
            return False
    if len(data) > _AT_ONCE and reading.limits == INLINE:
        reading.cut(f"{declared.name} of this size is not read at once", path)
        return True
    parsed = declared.read(data, reading.limits.json_nodes)
    if not parsed.whole and media_type not in _SCHEMALESS:
        return False
    if media_type not in _SCHEMALESS and not _tells_something(parsed.values):
        return False
    for number, value in enumerate(parsed.values):
        walk(reading, value, None, path if number == 0 else (*path, number), depth)
    if not parsed.whole:
        reading.unread(f"the {declared.name} data is broken or cut", path)
        read_runs(reading, data[parsed.at :], path, depth)
    return True


class _Format(NamedTuple):
    name: str
    read: Callable[[bytes, int], Parsed]


_CBOR, _BSON = _Format("CBOR", read_cbor), _Format("BSON", read_bson)
_SCHEMALESS = {
    "application/cbor": _CBOR,
    "application/cbor-seq": _CBOR,
    "application/senml+cbor": _CBOR,
    "application/bson": _BSON,
    "application/x-bson": _BSON,
    "application/vnd.mongodb.bson": _BSON,
}
_OPENS_CBOR = frozenset((*range(0x81, 0x9C), 0x9F, *range(0xA1, 0xBC), 0xBF))
"""How an array or a map of CBOR begins that holds something."""
_BYTES_OF_TEXT = 8
"""So many numbers and nothing else are a text byte by byte, or numbers all the same."""
_AT_ONCE = 1_000
"""Bytes that are read on the event loop: each may be a value."""


def _tells_something(values: list[Any]) -> bool:
    """True for one object or list with a name or a text in it: noise is read as CBOR as well."""
    if len(values) != 1 or not isinstance(values[0], dict | list):
        return False
    root = values[0]
    named = list(root) if isinstance(root, dict) else []
    if not all(map(str.isprintable, named)):
        return False
    inside = [*named, *(root.values() if isinstance(root, dict) else root)]
    if len(inside) >= _BYTES_OF_TEXT and all(type(value) is int for value in inside):
        return True
    return any(isinstance(value, str | dict | list | bytes) and len(value) > 1 for value in inside)


def _is_message(value: Any) -> bool:
    """True for a list, or a map that holds more than numbers: each letter of ASCII is a number of
    msgpack, so that any text behind one odd byte reads as a map or a list, and numbers.
    """
    if not isinstance(value, dict):
        return isinstance(value, list)
    named = any(not name.lstrip("-").isdigit() for name in value)
    return named or any(type(inner) is not int for inner in value.values())


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
    narrow = as_it_stands(data, wide) if wide else readable_runs(data).decode("utf-8", "replace")
    for text in filter(None, (wide, narrow)):
        packed.look(reading, text, None, path, depth)
