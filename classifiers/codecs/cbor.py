"""CBOR (RFC 8949), read into objects as JSON has them, in one pass and without recursion.

What a tag means is left to whoever reads the value; only numbers of any size are put together.
"""

import struct
from typing import Any

from classifiers.codecs.schemaless import BrokenError, Parsed, put

SELF_DESCRIBED = b"\xd9\xd9\xf7"
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG = range(7)
_BREAK = 0xFF
_UNTIL_BREAK = -1
_MOST_DEPTH = 500
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE = {20: False, 21: True}
_BIG, _BIG_NEGATIVE = 2, 3
_LONGEST_BIG = 64
"""Bytes of a number; a longer one is bytes."""


class _Open:
    """A list, a map or a text in pieces that is not at its end."""

    __slots__ = ("into", "key", "left", "major", "tag")

    def __init__(self, major: int, left: int, tag: int | None) -> None:
        self.major, self.left, self.tag = major, left, tag
        self.into: Any = {} if major == _MAP else []
        self.key: Any = None

    def take(self, value: Any) -> None:
        """Take the next member; of a map, a name and then its value."""
        if self.major in {_TEXT, _BYTES} and not isinstance(value, str | bytes):
            raise BrokenError
        if self.major != _MAP:
            self.into.append(value)
        elif self.key is None:
            self.key = (value,)
            return
        else:
            name = self.key[0]
            if isinstance(name, dict | list):
                put(self.into, "(name)", name)
                name = "(of a name of several parts)"
            put(self.into, _named(name), value)
            self.key = None
        if self.left > 0:
            self.left -= 1

    @property
    def value(self) -> Any:
        if self.major not in {_TEXT, _BYTES}:
            return self.into
        pieces = [p.encode("utf-8", "replace") if isinstance(p, str) else p for p in self.into]
        joined = b"".join(p for p in pieces if isinstance(p, bytes))
        return _text(joined) if self.major == _TEXT else _big(joined, self.tag)


def read_cbor(data: bytes, most: int) -> Parsed:
    """Return the values one after the other, at most so many with all their members. Never raises;
    of what is cut or broken, what was read until then.
    """
    values: list[Any] = []
    stack: list[_Open] = []
    at, whole = 0, True
    try:
        while at < len(data):
            most -= 1
            if most < 0 or len(stack) > _MOST_DEPTH:
                raise BrokenError
            at = _step(data, at, stack, values)
        whole = not stack
    except BrokenError:
        whole = False
    while stack:
        value = stack.pop().value
        if not stack or stack[-1].major not in {_TEXT, _BYTES}:
            _settle(value, stack, values)
    return Parsed(values, whole, at)


def _step(data: bytes, at: int, stack: list[_Open], values: list[Any]) -> int:
    """Read one item, or the beginning or end of one; return where the next begins."""
    tag: int | None = None
    while True:
        first = data[at]
        major, number, at = _head(data, at)
        if major != _TAG:
            break
        tag = number if tag is None else tag
        if at >= len(data):
            raise BrokenError
    if first == _BREAK:
        if not stack or stack[-1].left != _UNTIL_BREAK:
            raise BrokenError
        value = stack.pop().value
    elif major in {_ARRAY, _MAP} or number == _UNTIL_BREAK:
        if major < _BYTES or major > _MAP:
            raise BrokenError
        stack.append(_Open(major, number, tag))
        if number != 0:
            return at
        value = stack.pop().value
    else:
        value, at = _scalar(data, at, (major, number, first & 31), tag)
    _settle(value, stack, values)
    while stack and stack[-1].left == 0:
        _settle(stack.pop().value, stack, values)
    return at


def _settle(value: Any, stack: list[_Open], values: list[Any]) -> None:
    if stack:
        stack[-1].take(value)
    else:
        values.append(value)


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    """Return what kind of item begins here, its number, and where the head ends."""
    major, info = data[at] >> 5, data[at] & 31
    if info < 24:
        return major, info, at + 1
    if info < 28:
        end = at + 1 + (1 << (info - 24))
        if end > len(data):
            raise BrokenError
        return major, int.from_bytes(data[at + 1 : end]), end
    if info == 31:
        return major, _UNTIL_BREAK, at + 1
    raise BrokenError


def _scalar(data: bytes, at: int, head: tuple[int, int, int], tag: int | None) -> tuple[Any, int]:
    major, number, info = head
    if major == _UNSIGNED:
        return number, at
    if major == _NEGATIVE:
        return -1 - number, at
    if major in {_BYTES, _TEXT}:
        end = at + number
        if end > len(data):
            raise BrokenError
        raw = data[at:end]
        return (_text(raw) if major == _TEXT else _big(raw, tag)), end
    if info in _FLOATS:
        (value,) = struct.unpack(_FLOATS[info], data[at - (1 << (info - 24)) : at])
        return value, at
    return _SIMPLE.get(number), at


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _named(key: Any) -> str:
    if isinstance(key, bytes):
        return _text(key)
    return key if isinstance(key, str) else str(key)


def _big(raw: bytes, tag: int | None) -> Any:
    if tag not in {_BIG, _BIG_NEGATIVE} or len(raw) > _LONGEST_BIG:
        return raw
    number = int.from_bytes(raw)
    return number if tag == _BIG else -1 - number
