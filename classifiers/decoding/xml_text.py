"""XML, SOAP and HTML as text with names: a tokenizer that knows no DTD, expands no entity and never
looks back.
"""

import html
import re
from operator import attrgetter
from typing import NamedTuple

from classifiers.decoding import joints, packed
from classifiers.decoding.decode_state import Piece, Reading
from classifiers.decoding.names import NAME, read_name, telling
from classifiers.payload import Path, Table
from classifiers.shapes import beside, markup
from classifiers.shapes.found import Found

_ATTRIBUTE = re.compile(r"(?<![\w:.-])([\w:.-]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)')")
_LONG_NUMBER = re.compile(r"&#0*([0-9]{1,9})[0-9]*+")
_QUOTED = "<![CDATA["
_BESIDE = ("<!--", "<?")
"""What stands in a text and is no part of it."""
_MAX_TAGS = 200_000
_MAX_DEPTH = 60


class _Place(NamedTuple):
    """Where a table stands in the markup. Holds payload."""

    start: int
    end: int
    cells: frozenset[str] | None
    """What its cells hold, where other things stand between them; None for rows of nothing else."""

    def __repr__(self) -> str:
        return f"<Place {self.start}:{self.end}>"


def looks_like_markup(text: str) -> bool:
    """True when a text starts as XML or HTML does."""
    start = text[:200].lstrip("﻿ \t\r\n")
    return start.startswith("<") and len(start) > 2 and (start[1].isalpha() or start[1] in "?!_")


def unescaped(text: str) -> str:
    """Return the text with its character references resolved, whatever numbers they name."""
    try:
        return html.unescape(text)
    except ValueError:  # Python refuses numbers of more than 4,300 digits
        return html.unescape(_LONG_NUMBER.sub(r"&#\1", text))


def read_markup(reading: Reading, text: str, path: Path, depth: int) -> None:
    """Emit texts and attributes with the name of their element as key."""
    for words in joints.joined(text.encode("utf-8", "replace")):
        reading.later(Piece(words, "text/plain", None, (*path, "(joined)"), depth + 1))
    open_names: list[str] = []
    at, begun, size = 0, 0, len(text)
    tables = _tables(reading, text, path)
    pieces: list[str] = []
    for _ in range(_MAX_TAGS):
        before = len(reading.payload.segments)
        start = text.find("<", at)
        _take(pieces, text[at : start if start >= 0 else size])
        if text.startswith(_QUOTED, start):
            at = _end_of_quoted(text, start, pieces)
            continue
        if not text.startswith(_BESIDE, start):
            _emit(reading, "".join(pieces), open_names, path, depth)
            pieces.clear()
        if start < 0 or reading.full:
            return
        at = _section(reading, text, start, open_names, path, depth)
        if tables and begun < tables[0].end and at > tables[0].start:
            _as_cells(reading, before, tables[0].cells)
        while tables and at >= tables[0].end:
            tables.pop(0)
        begun = at
    _emit(reading, "".join(pieces), open_names, path, depth)
    if text[at:].strip():
        reading.cut("more elements than are read", path)
        reading.emit(text[at:], None, path)


def _take(pieces: list[str], text: str) -> None:
    """Add a piece of an element's text, with its character references resolved."""
    if text:
        pieces.append(unescaped(text) if "&" in text else text)


def _end_of_quoted(text: str, start: int, pieces: list[str]) -> int:
    """Add a CDATA section: it is a piece of the text around it. Return where it ends."""
    end = text.find("]]>", start)
    pieces.append(text[start + len(_QUOTED) : end if end >= 0 else len(text)])
    return end + 3 if end >= 0 else len(text)


def _tables(reading: Reading, text: str, path: Path) -> list[_Place]:
    """Add the tables and records that stand in the markup; return their places, in order."""
    found: list[Found] = []
    whole_rows = 0
    if len(text) <= reading.limits.text_slice:
        found += markup.html_tables(text)
        whole_rows = len(found)
        for table in markup.records(text):
            if all(table.end <= other.start or table.start >= other.end for other in found):
                found.append(table)
        found += beside.tables(text, found)
    for table in found:
        values = {
            name: ["" if (cell := row[at]) is None else cell.text for row in table.rows]
            for at, name in enumerate(table.columns)
        }
        rows = len(table.rows)
        label, complete = reading.label, table.total is None or table.total == rows
        whole = Table(table.columns, rows, values, path, label, complete)
        reading.payload.tables.append(whole)
    places = [
        _Place(table.start, table.end, None if at < whole_rows else _cells_of(table))
        for at, table in enumerate(found)
    ]
    return sorted(places, key=attrgetter("start"))


def _cells_of(table: Found) -> frozenset[str]:
    return frozenset(_plain(cell.text) for row in table.rows for cell in row if cell is not None)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _as_cells(reading: Reading, first: int, cells: frozenset[str] | None) -> None:
    """Leave the texts from the first on to whoever counts by column: those that are cells."""
    segments = reading.payload.segments
    segments[first:] = [
        segment._replace(tabular=cells is None or _plain(segment.text) in cells)
        for segment in segments[first:]
    ]


def _section(
    reading: Reading, text: str, start: int, names: list[str], path: Path, depth: int
) -> int:
    """Read what one `<` opens; return where it ends."""
    for opening, closing in (("<!--", "-->"), ("<?", "?>"), ("<!", ">")):
        if text.startswith(opening, start):
            end = text.find(closing, start)
            inner = text[start + len(opening) : end if end >= 0 else len(text)]
            if opening == "<!" and "!ENTITY" in inner + text[start : start + 2000]:
                reading.unread("the XML declares entities of its own, which are not expanded", path)
            _emit(reading, inner, names, path, depth)
            return end + len(closing) if end >= 0 else len(text)
    end = text.find(">", start)
    if end < 0:
        _emit(reading, unescaped(text[start + 1 :]), names, path, depth)
        return len(text)
    _tag(reading, text[start + 1 : end], names, path, depth)
    return end + 1


def _tag(reading: Reading, inner: str, names: list[str], path: Path, depth: int) -> None:
    if inner.startswith("/"):
        name = _local(inner[1:].strip())
        if name in names[-8:]:
            while names.pop() != name:
                pass
        return
    name, _, rest = (
        inner.rstrip("/").partition(" ") if "\n" not in inner else _first_word(inner.rstrip("/"))
    )
    name = _local(name)
    if telling(name):
        read_name(reading, name, (*path, NAME))
    if "=" in rest:
        for match in _ATTRIBUTE.finditer(rest):
            value = match[2] if match[2] is not None else match[3]
            if value and not match[1].startswith("xmlns"):
                attribute = _local(match[1])
                packed.look(
                    reading,
                    unescaped(value),
                    attribute,
                    (*path, *names, name, attribute),
                    depth,
                )
    if not inner.endswith("/") and len(names) < _MAX_DEPTH:
        names.append(name)


def _first_word(inner: str) -> tuple[str, str, str]:
    parts = inner.split(None, 1)
    return (parts[0], " ", parts[1]) if len(parts) == 2 else (inner.strip(), "", "")


def _local(name: str) -> str:
    return name.rpartition(":")[2][:200]


def _emit(reading: Reading, text: str, names: list[str], path: Path, depth: int) -> None:
    text = text.strip()
    if not text:
        return
    packed.look(reading, text, names[-1] if names else None, (*path, *names), depth)
