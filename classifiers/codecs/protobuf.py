"""Protobuf's wire format, read without a schema. The one reader."""

import struct
from typing import NamedTuple

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {_FIXED64: 8, _FIXED32: 4}
_LONG = 8
_LONGEST_VARINT = 10
_LARGEST_NUMBER = 1 << 29
_MAX_FIELDS = 1 << 20


class Field(NamedTuple):
    """One field. Those of four bytes are passed over: what they mean only a schema tells."""

    number: int
    value: int | bytes
    """An integer as it is written, or the bytes of a text, message or packed list."""

    def __repr__(self) -> str:
        return f"<Field {self.number}>"


class Fields(NamedTuple):
    """The fields of one message. Holds payload."""

    found: list[Field]
    whole: bool
    """False when the bytes do not keep to the format to their end: then they may be no message at
    all."""

    def __repr__(self) -> str:
        return f"<Fields {len(self.found)}>"


def read_fields(data: bytes, most: int = _MAX_FIELDS) -> Fields:
    """Return the fields of one message, as far as the bytes keep to the format, at most so many."""
    found: list[Field] = []
    at, end = 0, len(data)
    while at < end and len(found) < most:
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if at < 0 or not 0 < number < _LARGEST_NUMBER:
            return Fields(found, False)
        if wire == _VARINT:
            value, at = _varint(data, at)
            if at < 0:
                return Fields(found, False)
            found.append(Field(number, value))
            continue
        size, at = _varint(data, at) if wire == _BYTES else (_FIXED_SIZES.get(wire, end + 1), at)
        if at < 0 or at + size > end:
            return Fields(found, False)
        if wire == _BYTES:
            found.append(Field(number, data[at : at + size]))
        elif size == _LONG:
            found.append(Field(number, _fixed(data[at : at + size])))
        at += size
    return Fields(found, at >= end)


def _fixed(data: bytes) -> int:
    """Return the number in a field of eight bytes, a whole one that is kept as a fraction, too."""
    (fraction,) = struct.unpack("<d", data)
    if _SMALLEST_FRACTION <= fraction < _LARGEST_FRACTION and fraction.is_integer():
        return int(fraction)
    return int.from_bytes(data, "little")


_SMALLEST_FRACTION, _LARGEST_FRACTION = 10**8, 10**19


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number and where it ends; (0, -1) when there is none."""
    value = shift = 0
    for place in range(at, min(len(data), at + _LONGEST_VARINT)):
        byte = data[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place + 1
        shift += 7
    return 0, -1
