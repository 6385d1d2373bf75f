"""What a compiled file holds, brought into one form without loading it: two files of one program
may differ in which of their texts are told once and meant again (pure).

Form of the data: Python's `marshal`, as of 3.11 and later. It is of another's making: whatever does
not fit ends the reading.
"""

import hashlib
import struct
from collections.abc import Iterator

_LONG, _SHORT, _SIZE = struct.Struct("<i"), struct.Struct("<h"), struct.Struct("<I")
_REMEMBERED = 0x80
_SINGLE = b"NFT.S"
_TEXTS, _SHORT_TEXTS = b"uaAt", b"zZ"
_FIXED = {b"g": 8, b"y": 16}
_NUMBERS_OF_CODE, _FIRST_OBJECTS, _LAST_OBJECTS = 5, 8, 2
_DEEPEST = 150


class NotReadableError(Exception):
    """The data is no program in this form."""


def form(data: bytes) -> bytes:
    """Return what is the same for the same program, and for no other. Raises NotReadableError."""
    reader = _Reader(data)
    try:
        found = reader.one(0)
    except (IndexError, struct.error) as error:
        raise NotReadableError from error
    if reader.at != len(data):
        raise NotReadableError
    return found


def _digest(kind: bytes, *parts: bytes) -> bytes:
    digest = hashlib.blake2b(kind, digest_size=16)
    for part in parts:
        digest.update(_SIZE.pack(len(part)) + part)
    return digest.digest()


class _Reader:
    """Reads one object after another; each is told by a digest of what it holds."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0
        self._remembered: list[bytes | None] = []

    def one(self, depth: int) -> bytes:
        """Return the digest of the object that begins here."""
        if depth > _DEEPEST:
            raise NotReadableError
        first = self._data[self.at]
        self.at += 1
        kind = bytes((first & ~_REMEMBERED,))
        if kind == b"r":
            return self._meant_again()
        place = None
        if first & _REMEMBERED:
            place = len(self._remembered)
            self._remembered.append(None)
        found = self._held(kind, depth + 1)
        if place is not None:
            self._remembered[place] = found
        return found

    def _meant_again(self) -> bytes:
        found = self._remembered[self._number(_SIZE)]
        if found is None:
            raise NotReadableError
        return found

    def _held(self, kind: bytes, depth: int) -> bytes:
        if kind in _SINGLE:
            return _digest(kind)
        if kind in _FIXED:
            return _digest(kind, self._bytes(_FIXED[kind]))
        if kind in {b"i", b"l"}:
            return _digest(b"int", str(self._integer(kind)).encode())
        if kind in _TEXTS or kind in _SHORT_TEXTS:
            return _digest(b"text", self._bytes(self._size(short=kind in _SHORT_TEXTS)))
        if kind == b"s":
            return _digest(b"bytes", self._bytes(self._size()))
        if kind in {b"(", b")"}:
            return _digest(b"tuple", *self._several(self._size(short=kind == b")"), depth))
        if kind == b">":
            return _digest(b"set", *sorted(self._several(self._size(), depth)))
        if kind == b":":
            return _digest(b"slice", *self._several(3, depth))
        if kind == b"c":
            return self._code(depth)
        raise NotReadableError

    def _code(self, depth: int) -> bytes:
        numbers = self._bytes(_NUMBERS_OF_CODE * _LONG.size)
        first = tuple(self._several(_FIRST_OBJECTS, depth))
        line = self._bytes(_LONG.size)
        return _digest(b"code", numbers, *first, line, *self._several(_LAST_OBJECTS, depth))

    def _several(self, count: int, depth: int) -> Iterator[bytes]:
        for _ in range(count):
            yield self.one(depth)

    def _integer(self, kind: bytes) -> int:
        if kind == b"i":
            return self._number(_LONG)
        size = self._number(_LONG)
        value = 0
        for at in range(abs(size)):
            value |= self._number(_SHORT) << 15 * at
        return -value if size < 0 else value

    def _size(self, *, short: bool = False) -> int:
        return self._bytes(1)[0] if short else self._number(_SIZE)

    def _number(self, form_of_it: struct.Struct) -> int:
        found: int = form_of_it.unpack(self._bytes(form_of_it.size))[0]
        return found

    def _bytes(self, size: int) -> bytes:
        if size > len(self._data) - self.at:
            raise NotReadableError
        self.at += size
        return self._data[self.at - size : self.at]
