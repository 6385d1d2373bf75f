"""Dumps of memory and files as xxd, od, hexdump, tcpdump and debuggers print them: lines of an
offset and words, in any base, width and order. How far the offsets are apart tells how wide a word
is.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from classifiers.codecs.linear import compiled, ready
from classifiers.decoding.decoded import known

_BLANK = r"(?:[ \t]|\\t)"
_WORD = r"[0-9A-Za-z\\.+-]+"
LINE = (
    rf"(?:^|\n|\\n){_BLANK}*0[xX]?[0-9A-Fa-f]{{3,16}}:?{_BLANK}+(?:<[^<>]*>:?{_BLANK}+)?"
    rf"{_WORD}{_BLANK}+{_WORD}"
)
_MOST = 1 << 16
_WIDTHS = {16: {2: 1, 4: 2, 8: 4, 16: 8}, 8: {3: 1, 6: 2, 11: 4, 22: 8}, 2: {8: 1}}
"""Digits of a word of so many bytes, by the base that they are of."""
_ESCAPED = {b"\\n": 10, b"\\t": 9, b"\\r": 13, b"\\0": 0}
_SIZES = (1, 2, 4, 8)
_CELL = 4


class _Row(NamedTuple):
    """The offset as it is written, the words behind it, and all of the line behind it."""

    offset: bytes
    words: list[bytes]
    rest: bytes


def read(data: bytes) -> Iterator[bytes]:
    """Yield the bytes that the dumps in a text hold, where it is known what they are."""
    if not may_hold(data):
        return
    block: list[_Row] = []
    for line in (*data.split(b"\n"), b""):
        row = _row(line)
        if row is not None and len(block) < _MOST:
            block.append(row)
            continue
        if len(block) > 1:
            yield from _bytes_of(block)
        block = []


def _row(line: bytes) -> _Row | None:
    parts = line.split(b"|", 1)[0].split()
    if len(parts) < 2:
        return None
    offset = parts[0].rstrip(b":").removeprefix(b"0x")
    if len(offset) < 3 or not offset.isalnum() or _number(offset, 16) is None:
        return None
    words = parts[2:] if parts[1].startswith(b"<") else parts[1:]
    rest = line[line.find(parts[0]) + len(parts[0]) :]
    return _Row(offset, [word.removeprefix(b"0x") for word in words], rest)


def _number(text: bytes, base: int) -> int | None:
    try:
        return int(text, base)
    except ValueError:
        return None


def _bytes_of(block: list[_Row]) -> Iterator[bytes]:
    for offsets in (16, 8, 10):
        first, second = (_number(row.offset, offsets) for row in block[:2])
        if first is None or second is None or not 0 < second - first <= 256:
            continue
        for reading in _readings(block, second - first):
            if reading and known(reading) is not None:
                yield reading


def _readings(block: list[_Row], step: int) -> Iterator[bytes]:
    """Yield what the words say in each base that their width allows."""
    sample = block[0].words
    width = len(sample[0]) if sample else 0
    for base, widths in _WIDTHS.items():
        size = widths.get(width)
        if size and step % size == 0 and len(sample) >= step // size:
            yield from _in_orders(block, step // size, size, base, width)
    for size in _SIZES:
        if len(sample) * size == step:
            yield from _in_orders(block, len(sample), size, 10, 0)
    if len(block[0].rest.rstrip(b"\r")) == step * _CELL:
        yield b"".join(_letters(row.rest.rstrip(b"\r")) for row in block)


def _in_orders(block: list[_Row], count: int, size: int, base: int, width: int) -> Iterator[bytes]:
    values: list[int] = []
    for row in block:
        for word in row.words[:count]:
            value = _number(word, base) if not width or len(word) == width else None
            if value is None or not -(1 << size * 8 - 1) <= value < 1 << size * 8:
                break
            values.append(value % (1 << size * 8))
    yield b"".join(value.to_bytes(size, "little") for value in values)
    if size > 1:
        yield b"".join(value.to_bytes(size, "big") for value in values)


def _letters(cells: bytes) -> bytes:
    """Return the characters that od prints one by one, each in a cell."""
    codes = []
    for at in range(0, len(cells), _CELL):
        cell = cells[at : at + _CELL]
        word = cell.lstrip()
        one = cell[-1] if len(word) < 2 else _number(word, 8)
        codes.append(_ESCAPED.get(word, one))
    return bytes(code for code in codes if code is not None and code < 256)


def may_hold(data: bytes) -> bool:
    """Return True when a text may hold such lines."""
    return (b"\n" in data or b"\\n" in data) and next(places(data), None) is not None


def places(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the places of what may be the beginnings of such lines."""
    if b"\n" in data or b"\\n" in data:
        yield from (found.span() for found in _line().finditer(data))


@ready
def _line() -> Any:
    return compiled(LINE)
