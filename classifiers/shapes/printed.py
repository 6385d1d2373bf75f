"""Tables that are printed with blanks between their columns, as data frames, databases and command
lines do.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, Self

from classifiers.personal.vocabulary import is_telling
from classifiers.shapes.found import Found, Row, found, trimmed
from classifiers.shapes.judging import header_of, is_table

_RULE = frozenset("-= ")
_FEWEST = 3
"""Lines of a table, its header among them."""
_MOST_LINES = 5_000
_LOOKED_AT = 100
_LONGEST = 2_000
_FOOTER = re.compile(r"\s{0,4}\[(\d{1,9}) rows x \d{1,6} columns\]")

_LAST_WORDS = frozenset("number no nr no. nr. name address id date code".split())
"""What ends a name of several words and is none by itself."""
_BITS = bytes(ord("1") if byte == 32 else ord("0") for byte in range(256))

type Line = tuple[int, int]


class _Block:
    """Consecutive lines that may be one printed table. Holds payload."""

    __slots__ = ("lines", "text", "texts")

    def __init__(
        self, text: str, lines: Sequence[Line], texts: Sequence[str] | None = None
    ) -> None:
        self.text, self.lines = text, lines
        if texts is None:
            texts = [text[start:stop].rstrip().expandtabs(1) for start, stop in lines]
        self.texts = texts

    def __repr__(self) -> str:
        return f"<_Block {len(self.lines)} lines>"

    def line(self, index: int) -> str:
        """Return one line of it."""
        return self.texts[index]


def tables(text: str, lines: Sequence[Line]) -> Iterator[Found]:
    """Yield the printed tables in these lines; those that go on in a second block are one."""
    waiting: Found | None = None
    for block in _blocks(text, lines):
        read = _read(block)
        if read is None:
            continue
        if waiting is not None and len(waiting.rows) == len(read.rows):
            read = _beside(waiting, read)
        elif waiting is not None:
            yield waiting
        wrapped = block.line(0).endswith("\\")
        waiting = read if wrapped else None
        if not wrapped:
            yield _with_total(text, read)
    if waiting is not None:
        yield waiting


def _blocks(text: str, lines: Sequence[Line]) -> Iterator[_Block]:
    """Yield runs of lines that each hold two blanks or stand between such lines."""
    run: list[Line] = []
    for start, stop in lines:
        line = text[start:stop].strip()
        if line and " " in line and stop - start <= _LONGEST and len(run) < _MOST_LINES:
            run.append((start, stop))
            continue
        if len(run) >= _FEWEST:
            yield _Block(text, run)
        run = []
    if len(run) >= _FEWEST:
        yield _Block(text, run)


def _read(block: _Block) -> Found | None:
    """Return the table of a block: all its lines, or those from one of the first on."""
    for skipped in range(min(3, len(block.lines) - _FEWEST + 1)):
        part = _Block(block.text, block.lines[skipped:], block.texts[skipped:])
        for style in (_by_rule, _by_gaps):
            read = style(part)
            if read is not None:
                return read
    return None


def _by_rule(block: _Block) -> Found | None:
    """Read columns by the dashes below (and over) their names."""
    for at in range(min(3, len(block.lines))):
        rule = block.line(at)
        if rule.strip() and _RULE.issuperset(rule) and " " in rule.strip():
            spans = [match.span() for match in re.finditer(r"[-=]+", rule)]
            edges = [start for start, _ in spans] + [_LONGEST]
            columns = list(pairwise(edges))
            return _cut(block, columns, [n for n in range(len(block.lines)) if n != at])
    return None


def _by_gaps(block: _Block) -> Found | None:
    """Read columns by the blanks that go through all lines; trailing lines that break them are no
    rows.
    """
    if not _is_spaced(block):
        return None
    lines = [block.line(n).rstrip("\\").rstrip() for n in range(len(block.lines))]
    end = _common_end(lines)
    if end < _FEWEST:
        return None
    used = lines[:end]
    pieces = _pieces(used)
    columns = _columns(used, pieces)
    if len(columns) < 2:
        return None
    return _cut(block, columns, list(range(end)))


def _is_spaced(block: _Block) -> bool:
    """True when most lines hold a gap of two blanks, or all are equally long."""
    looked_at = block.texts[:_LOOKED_AT]
    gaps = sum("  " in line.strip() for line in looked_at)
    return gaps * 3 >= 2 * len(looked_at) or len(set(map(len, looked_at))) == 1


def _common_end(lines: Sequence[str]) -> int:
    """Return how many lines from the first on share a column of blanks."""
    mask = _blanks(lines[0])
    shortest, left = len(lines[0]), len(lines[0]) - len(lines[0].lstrip())
    for index, line in enumerate(lines[1:], 1):
        mask &= _blanks(line) | (-1 << len(line))
        shortest, left = min(shortest, len(line)), min(left, len(line) - len(line.lstrip()))
        if not _has_inner(mask, shortest, left):
            return index
    return len(lines)


def _blanks(line: str) -> int:
    """Return a bit for each blank of a line."""
    return int(line[::-1].encode("latin-1", "replace").translate(_BITS) or b"0", 2)


def _has_inner(mask: int, shortest: int, left: int) -> bool:
    """True when a column of blanks has something on both sides."""
    return (mask >> left) & ((1 << max(0, shortest - left)) - 1) != 0


def _pieces(lines: Sequence[str]) -> list[tuple[int, int]]:
    """Return the spans between the columns of blanks that go through all lines."""
    width = max(map(len, lines))
    mask = (1 << width) - 1
    for line in lines:
        mask &= _blanks(line) | (-1 << len(line))
    pieces: list[tuple[int, int]] = []
    start = None
    for at in range(width + 1):
        blank = at == width or mask >> at & 1
        if not blank and start is None:
            start = at
        elif blank and start is not None:
            pieces.append((start, at))
            start = None
    return pieces


class _Frame(NamedTuple):
    """What the gaps and the names of printed lines say of all their columns. Holds payload."""

    header: str
    rows: Sequence[str]
    indexed: bool
    """Nothing stands over the first column: it numbers the rows."""
    right: bool
    """All lines are equally long: values end where their column does."""
    wide: bool
    """Most columns stand more than one blank apart."""

    @classmethod
    def of(cls, lines: Sequence[str], pieces: list[tuple[int, int]]) -> Self:
        """Return what lines and the pieces between their gaps tell; there is a piece."""
        header, (begin, end) = lines[0], pieces[0]
        gaps = [after[0] - before[1] for before, after in pairwise(pieces)]
        return cls(
            header,
            lines[1:],
            indexed=not header[begin:end].strip(),
            right=len({len(line) for line in lines}) == 1,
            wide=sum(gap > 1 for gap in gaps) * 2 >= len(gaps),
        )

    def __repr__(self) -> str:
        return f"<_Frame {len(self.rows)} rows>"

    def is_named(self, start: int, end: int) -> bool:
        """True when something stands over these columns of characters."""
        return bool(self.header[start:end].strip())

    def is_filled(self, start: int, end: int) -> bool:
        """True when a row holds something there."""
        return any(row[start:end].strip() for row in self.rows)

    def is_one(self, left: Sequence[int], right: tuple[int, int]) -> bool:
        """True when two pieces are one column: a blank apart, in a frame with wide gaps or below
        one name.
        """
        near = right[0] - left[1] < 2
        return near and (self.wide or _is_one_name(self.header, left, right))


def _columns(lines: Sequence[str], pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join pieces of one column: those without a name or without values to the nearer neighbour."""
    if not pieces:
        return []
    frame = _Frame.of(lines, pieces)
    columns = [list(pieces[0])] if frame.indexed else []
    waiting: tuple[int, int] | None = None
    for begin, end in pieces[frame.indexed :]:
        start = begin if waiting is None else waiting[0]
        whole = frame.is_named(start, end) and (waiting is not None or frame.is_filled(start, end))
        waiting = None
        if len(columns) > frame.indexed and frame.is_one(columns[-1], (start, end)):
            columns[-1][1] = end
        elif whole:
            columns.append([start, end])
        elif frame.right or len(columns) <= frame.indexed:
            waiting = (start, end)
        else:
            columns[-1][1] = end
    if waiting is not None and columns:
        columns[-1][1] = waiting[1]
    return [(start, end) for start, end in columns]


def _is_one_name(header: str, left: Sequence[int], right: tuple[int, int]) -> bool:
    """True when the words over two pieces are one name: `Mobile number`."""
    second = header[right[0] : right[1]].strip().lower()
    whole = header[left[0] : right[1]]
    return second in _LAST_WORDS and is_telling(whole)


def _cut(block: _Block, columns: Sequence[tuple[int, int]], numbers: Sequence[int]) -> Found | None:
    rows: list[Row] = []
    elided = False
    edges = [(start, max(end, start)) for start, end in columns]
    for number in numbers:
        if len(rows) == _LOOKED_AT and _names(rows) is None:
            return None
        line_start, line_stop = block.lines[number]
        line = block.text[line_start:line_stop].rstrip().removesuffix("\\")
        if _RULE.issuperset(line):
            continue
        if line.strip().split()[0] in {"...", ".."} and len(set(line.split())) == 1:
            elided = True
            continue
        rows.append(
            [
                trimmed(
                    block.text, line_start + start, min(line_start + end, line_start + len(line))
                )
                if start < len(line)
                else None
                for start, end in edges
            ]
        )
    names = _names(rows)
    if names is None:
        return None
    span = block.lines[numbers[0]][0], block.lines[numbers[-1]][1]
    return found(names, rows[1:], span, 0 if elided else None)


def _names(rows: Sequence[Row]) -> list[str] | None:
    """Return the names over the rows, None when they are no table."""
    if len(rows) < 2 or not any(rows[0]):
        return None
    names = header_of(rows[0], rows[1:])
    if names is None or not is_table(names, rows[1:]):
        return None
    return names if any(map(is_telling, names)) or len(rows) > 3 else None


def _beside(left: Found, right: Found) -> Found:
    """Return the columns of a wrapped frame side by side."""
    rows: list[Row] = [[*a, *b] for a, b in zip(left.rows, right.rows, strict=True)]
    names = [*left.columns, *right.columns]
    return found(names, rows, (left.start, right.end), left.total)


def _with_total(text: str, read: Found) -> Found:
    """Take the number of rows from the line below the frame, where it shows only some."""
    footer = _FOOTER.match(text, read.end)
    if footer is None or read.total is None:
        return read
    return read._replace(total=int(footer[1]), end=footer.end())
