"""Values with names inside running text: `Label: value` lines, and JSON or printed objects, as
prompts hold them.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from classifiers.hits import Hit
from classifiers.personal.vocabulary import name_kinds

_DELIMITERS = ("\t", ";", ",", "|")
_MAX_FIELDS = 60
_MAX_OBJECTS = 20_000
_OPENS = 7
"""Group of a pair that opens an object or a list."""
_HEADER_FIELD = re.compile(r"[^\W\d][\w.()/#'\-]{0,40}(?: [\w.()/#'\-]{1,30}){0,3}")
_LABELLED_LINE = re.compile(
    r"^[ \t>*\-•]{0,6}([^\W\d_](?:[\w '°()/\-]|\.(?!\w)|(?<=\b\w)\.(?=\w\b)){1,40}?)\*{0,2}[ \t]?[:=][ \t*]{0,4}(\S[^\n]{1,160})$",
    re.MULTILINE,
)
_CODE = re.compile(r"[\[\]{}<>|=]|\w\(|[a-z_]\.[a-z_]+\b(?!\.\w*@)|;\s*$")
_PAIR = re.compile(
    r"(\\?[\"'])([^\W\d][\w .()/\-]{0,60})\1\s{0,4}:\s{0,4}"
    r"(?:\"([^\"\\\n]*+(?:\\.[^\"\\\n]*+)*+)\"|'([^'\\\n]*+(?:\\.[^'\\\n]*+)*+)'|\\\"([^\"\\\n]*+)\\\""
    r"|(-?\d{3,20}+)(?![\d.])|([\[{]))"
)
"""A quoted name with its value, in JSON, in JSON within a string, or as Python prints it. No
alternative is tried twice over the same text: the quote that opens a later value closes an earlier
one."""
_TRIM = " \t\r\"'"
_FORMATTING = " \t\r*"


class Cell(NamedTuple):
    """One value with its name and its place in the text. Holds payload."""

    name: str
    row: int
    start: int
    end: int
    parent: str | None = None
    """Name of the object it stands in."""
    quoted: bool = True

    @property
    def path(self) -> tuple[str | int, ...]:
        """Return its place among the cells of its block."""
        return (self.row, self.name) if self.parent is None else (self.parent, self.row, self.name)

    def __repr__(self) -> str:
        return "<Cell>"


class Block(NamedTuple):
    """Cells of labelled lines, or of quoted names with values."""

    cells: list[Cell]
    start: int
    end: int

    def __repr__(self) -> str:
        return f"<Block {len(self.cells)} cells>"


def blocks(text: str, apart: Sequence[tuple[int, int]] = ()) -> Iterator[Block]:
    """Yield the labelled lines of a text, and its quoted names with values, but for what stands
    `apart`, in tables.
    """
    cells = [
        Cell(match[1], 0, match.start(2), match.start(2) + len(match[2].rstrip(_FORMATTING)))
        for match in _LABELLED_LINE.finditer(text)
        if _is_telling(match[1])
        and not _CODE.search(match[2])
        and not _covered(*match.span(), apart)
    ]
    if cells:
        yield Block(cells, cells[0].start, cells[-1].end)
    pairs = list(_pairs(text)) if has_pairs(text) else []
    if apart:
        pairs = [cell for cell in pairs if not _covered(cell.start, cell.end, apart)]
    if pairs:
        yield Block(pairs, pairs[0].start, pairs[-1].end)


def has_pairs(text: str) -> bool:
    """True when quoted names with values may stand in the text."""
    return ":" in text and ('":' in text or "':" in text or '" :' in text)


def _pairs(text: str) -> Iterator[Cell]:
    """Yield the values that stand under quoted names; objects are told apart by the braces between
    them.
    """
    row = end = 0
    parent: str | None = None
    for match in _PAIR.finditer(text):
        if text.find("{", end, match.start()) >= 0 or text.find("}", end, match.start()) >= 0:
            row += 1
            if text.find("}", end, match.start()) >= 0 and text.find("{", end, match.start()) < 0:
                parent = None
        end = match.end()
        group = match.lastindex or 0
        if group == _OPENS:
            parent, row = match[2], row + 1
        elif row < _MAX_OBJECTS and match.end(group) > match.start(group):
            yield Cell(
                match[2], row, match.start(group), match.end(group), parent, group != _OPENS - 1
            )


def merged(plain: Sequence[Hit], inner: Sequence[Hit]) -> list[Hit]:
    """Join the hits of one text read as it stands with those of its cells: a labelled line adds
    only what was not seen without it.
    """
    known = sorted((hit.start, hit.end) for hit in plain if hit.rejected is None)
    return [*plain, *(hit for hit in inner if not _covered(hit.start, hit.end, known))]


def _covered(start: int, end: int, spans: Sequence[tuple[int, int]]) -> bool:
    """True when one of the sorted spans overlaps `start:end`."""
    place = bisect_left(spans, (end, 0)) - 1
    return place >= 0 and spans[place][1] > start


def _is_telling(name: str) -> bool:
    kinds = name_kinds(name.strip(_TRIM))
    return bool(kinds) and "!" not in kinds


def table_at(data: bytes, start: int) -> int | None:
    """Return where the table ends whose header line begins at `start` in UTF-8 text; None when none
    begins there.
    """
    header_end = data.find(b"\n", start)
    if header_end < 0:
        return None
    row_end = data.find(b"\n", header_end + 1)
    row = data[header_end + 1 : row_end if row_end >= 0 else len(data)]
    header = data[start:header_end].decode("utf-8", "replace")
    delimiter = _delimiter(header, row.decode("utf-8", "replace"))
    if delimiter is None:
        return None
    count, end = header.count(delimiter), header_end
    while end < len(data):
        stop = data.find(b"\n", end + 1)
        stop = len(data) if stop < 0 else stop
        if data.count(delimiter.encode(), end + 1, stop) != count:
            break
        end = stop
    return end


def _delimiter(header: str, row: str) -> str | None:
    """Return what separates the fields when the line is a header and the next one a row of it."""
    for delimiter in _DELIMITERS:
        count = header.count(delimiter)
        if not 1 <= count < _MAX_FIELDS or row.count(delimiter) != count:
            continue
        fields = [field.strip(_TRIM) for field in header.split(delimiter)]
        named = [field for field in fields if field]
        if (
            len(named) > 1
            and all(map(_HEADER_FIELD.fullmatch, named))
            and sum(map(_is_telling, named)) > 1
        ):
            return delimiter
    return None
