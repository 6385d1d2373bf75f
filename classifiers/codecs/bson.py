"""BSON (bsonspec.org, version 1.1), read into objects as JSON has them, without recursion."""

import struct
from typing import Any

from classifiers.codecs.schemaless import BrokenError, Parsed, put

_DOUBLE, _STRING, _DOCUMENT, _ARRAY, _BINARY = 1, 2, 3, 4, 5
_BOOLEAN, _PATTERN, _POINTER, _CODE, _SYMBOL, _SCOPED = 8, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F
_TEXTS = frozenset({_STRING, _CODE, _SYMBOL})
_NUMBERS = {_DOUBLE: ("<d", 8), 0x10: ("<i", 4), 0x12: ("<q", 8)}
_PASSED_OVER = {0x06: 0, 0x07: 12, 0x09: 8, 0x0A: 0, 0x11: 8, 0x13: 16, 0x7F: 0, 0xFF: 0}
"""Sizes of what holds no text: ids, times, decimal fractions, marks."""
_KINDS = frozenset({*range(1, 0x14), 0x7F, 0xFF})
_MOST_DEPTH = 200
_LEAST = 5
_OLD_BINARY = 2


def begins_bson(data: bytes) -> bool:
    """Return True when the first bytes open a document that ends inside the data."""
    if len(data) <= _LEAST:
        return False
    size = int.from_bytes(data[:4], "little")
    return _LEAST < size <= len(data) and data[size - 1] == 0 and data[4] in _KINDS


def read_bson(data: bytes, most: int) -> Parsed:
    """Return the documents one after the other, at most so many with all their fields. Never
    raises; of what is cut or broken, what was read until then.
    """
    values: list[Any] = []
    at, whole = 0, True
    while at < len(data) and whole:
        root: dict[str, Any] = {}
        end = at + int.from_bytes(data[at : at + 4], "little")
        whole = end - at >= _LEAST and end <= len(data)
        try:
            at, most = _fields(data, at + 4, root, most)
        except BrokenError:
            whole = False
        values.append(root)
    return Parsed(values, whole, at)


def _fields(data: bytes, at: int, root: dict[str, Any], most: int) -> tuple[int, int]:
    """Read a document's fields, and those of all inside it; return where it ends, and how many more
    may be read.
    """
    stack: list[dict[str, Any] | list[Any]] = [root]
    while stack:
        most -= 1
        if at >= len(data) or most < 0 or len(stack) > _MOST_DEPTH:
            raise BrokenError
        kind = data[at]
        if kind == 0:
            stack.pop()
            at += 1
            continue
        name, at = _cstring(data, at + 1)
        if kind in {_DOCUMENT, _ARRAY}:
            inner: dict[str, Any] | list[Any] = {} if kind == _DOCUMENT else []
            _put(stack[-1], name, inner)
            stack.append(inner)
            at += 4
        elif kind == _SCOPED:
            code, at = _string(data, at + 4)
            _put(stack[-1], name, code)
            scope: dict[str, Any] = {}
            _put(stack[-1], f"{name} (scope)", scope)
            stack.append(scope)
            at += 4
        else:
            value, at = _value(data, at, kind)
            if value is not None:
                _put(stack[-1], name, value)
    return at, most


def _put(into: dict[str, Any] | list[Any], name: str, value: Any) -> None:
    if isinstance(into, list):
        into.append(value)
    else:
        put(into, name, value)


def _value(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    """Return a value, None for one that holds no text, and where it ends."""
    if kind in _TEXTS:
        return _string(data, at)
    if kind in _NUMBERS:
        form, size = _NUMBERS[kind]
        if at + size > len(data):
            raise BrokenError
        return struct.unpack_from(form, data, at)[0], at + size
    if kind == _BINARY:
        return _binary(data, at)
    if kind == _BOOLEAN:
        return None, at + 1
    if kind == _PATTERN:
        pattern, at = _cstring(data, at)
        _, at = _cstring(data, at)
        return pattern, at
    if kind == _POINTER:
        text, at = _string(data, at)
        return text, at + 12
    if kind in _PASSED_OVER:
        return None, at + _PASSED_OVER[kind]
    raise BrokenError


def _string(data: bytes, at: int) -> tuple[str, int]:
    end = at + 4 + int.from_bytes(data[at : at + 4], "little")
    if end > len(data) or end < at + 5 or data[end - 1]:
        raise BrokenError
    return data[at + 4 : end - 1].decode("utf-8", "replace"), end


def _binary(data: bytes, at: int) -> tuple[bytes, int]:
    end = at + 5 + int.from_bytes(data[at : at + 4], "little")
    if end > len(data):
        raise BrokenError
    start = at + 9 if data[at + 4 : at + 5] == bytes((_OLD_BINARY,)) else at + 5
    return data[start:end], end


def _cstring(data: bytes, at: int) -> tuple[str, int]:
    end = data.find(b"\0", at)
    if end < 0:
        raise BrokenError
    return data[at:end].decode("utf-8", "replace"), end + 1
