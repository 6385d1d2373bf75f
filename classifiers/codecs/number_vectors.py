"""Characters kept as numbers of a machine, one after another: vectors of fractions or of wide whole
numbers, as embeddings and arrays are kept.
"""

import struct

_FORMATS = tuple((o + kind, struct.calcsize(o + kind)) for kind in "fdeq" for o in "<>")
"""Fractions of four, eight and two bytes, and whole numbers of eight; those of two and four are
texts in UTF-16 and UTF-32."""
_FEWEST, _SHORTEST = 12, 24
_LEAST, _BYTE = 9, 256


def characters(data: bytes) -> bytes | None:
    """Return the bytes that whole numbers of one format stand for; None where a number is none or
    no byte.
    """
    if len(data) < _SHORTEST:
        return None
    for form, size in _FORMATS:
        count = len(data) // size
        if len(data) % size or count < _FEWEST or not _are_bytes(form, data, _FEWEST):
            continue
        values = struct.unpack(f"{form[0]}{count}{form[1]}", data)
        if all(0 <= value < _BYTE and value == int(value) for value in values):
            return bytes(map(int, values))
    return None


def _are_bytes(form: str, data: bytes, count: int) -> bool:
    return all(
        _LEAST <= value < _BYTE and value == int(value)
        for value in struct.unpack_from(f"{form[0]}{count}{form[1]}", data)
    )
