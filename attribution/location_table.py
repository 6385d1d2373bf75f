"""Which line of its file an instruction of a code object stands for: the location table of CPython
3.11 and later (Objects/locations.md of CPython).
"""

_NO_LINE, _LONG, _NO_COLUMN, _ONE_LINE, _SHORT_MOST = 15, 14, 13, 10, 9
_UNIT = 2
"""Bytes of one code unit, in which the entries count."""


def line_at(table: bytes, first_line: int, offset: int) -> int | None:
    """Return the line of the instruction `offset` bytes behind the first one; None when it has
    none, or the table does not reach so far. `first_line`: that of the code object.

    Raises IndexError for a table that ends within an entry.
    """
    line, at, reached = first_line, 0, 0
    while at < len(table):
        head = table[at]
        kind = head >> 3 & 15
        at += 1
        if kind in {_LONG, _NO_COLUMN}:
            delta, at = _signed(table, at)
            line += delta
            for _ in range(3 if kind == _LONG else 0):
                _, at = _number(table, at)
        elif kind != _NO_LINE:
            line += max(kind - _ONE_LINE, 0)
            at += 1 if kind <= _SHORT_MOST else 2
        reached += ((head & 7) + 1) * _UNIT
        if offset < reached:
            return None if kind == _NO_LINE else line
    return None


def _number(table: bytes, at: int) -> tuple[int, int]:
    """Return a number of six bits a byte, lowest first, and where it ends."""
    value, shift = table[at] & 63, 0
    while table[at] & 64:
        at += 1
        shift += 6
        value |= (table[at] & 63) << shift
    return value, at + 1


def _signed(table: bytes, at: int) -> tuple[int, int]:
    value, at = _number(table, at)
    return -(value >> 1) if value & 1 else value >> 1, at
