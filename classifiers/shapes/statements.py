"""Rows in SQL: the tuples of INSERT statements, and the lines of COPY."""

import re
from collections.abc import Iterator, Sequence

from classifiers.payload import PlacedText as Cell
from classifiers.shapes.found import Found, Row, found, trimmed
from classifiers.shapes.literals import Node, Value, read

_INSERT = re.compile(
    r"(?i)\b(?:insert|replace|merge)\s{1,8}(?:ignore\s{1,4})?(?:or\s{1,4}\w{1,9}\s{1,4})?"
    r"into\s{1,8}([\w.\"`\[\]$]{1,120})"
)
_VALUES = re.compile(r"(?i)\bvalues?\b")
_CREATE = re.compile(
    r"(?i)\bcreate\s{1,8}table\s{1,8}(?:if\s{1,4}not\s{1,4}exists\s{1,4})?([\w.\"`\[\]$]{1,120})"
)
_COPY = re.compile(
    r"(?i)\bcopy\s{1,8}([\w.\"]{1,120})\s{0,4}\(([^()]{1,4000})\)\s{1,4}from\s{1,4}stdin[^\n]{0,200};?[ \t\r]{0,8}\n"
)
_QUOTES = '"`[] \t\r\n'
_NO_COLUMN = frozenset({"primary", "key", "unique", "constraint", "foreign", "check", "index"})
_NEAR = 40
_LONGEST_LIST, _LONGEST_NAME = 20_000, 200
_CLOSED_BY = {"`": "`", '"': '"', "[": "]"}
_PLACEHOLDERS = ("?", "%s", ":", "$", "@", "%(")


def may_hold(text: str) -> bool:
    """True when a statement may stand in the text."""
    if "(" not in text:
        return False
    lowered = text.lower()
    return "insert " in lowered or "replace into " in lowered or "stdin" in lowered


def tables(text: str) -> Iterator[Found]:
    """Yield the rows of each table that statements fill, those of several statements together."""
    groups: dict[tuple[str, tuple[str, ...]], list[tuple[Row, int, int]]] = {}
    columns = dict(_created(text)) if "reate" in text or "REATE" in text else {}
    at = 0
    while (start := _INSERT.search(text, at)) is not None:
        at = start.end()
        table = start[1].strip(_QUOTES).lower()
        names, at = _names(text, at)
        values = _VALUES.search(text, at, at + _NEAR)
        if values is None:
            continue
        at = values.end()
        rows, at = _tuples(text, at)
        group = groups.setdefault((table, names or columns.get(table, ())), [])
        group += [(row, start.start(), at) for row in rows]
    for (_, columns_of), filled in groups.items():
        if filled:
            span = filled[0][1], filled[-1][2]
            yield found(columns_of, [row for row, _, _ in filled], span)
    yield from _copies(text)


def _created(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    at = 0
    while (match := _CREATE.search(text, at)) is not None:
        at = match.end()
        opening = text.find("(", at, at + _NEAR)
        closing = text.find(";", opening) if opening >= 0 else -1
        if opening >= 0 > closing:
            return
        if opening < 0:
            continue
        at = closing
        lines = _at_top(text[opening + 1 : closing][:20_000])
        words = [_first_name(line.strip()) for line in lines]
        names = tuple(word for word in words if word and word.lower() not in _NO_COLUMN)
        yield match[1].strip(_QUOTES).lower(), names


def _first_name(line: str) -> str:
    """Return the name that a column's definition begins with, quoted or not."""
    for opening, closing in _CLOSED_BY.items():
        if line.startswith(opening) and (end := line.find(closing, 1)) > 0:
            return line[1:end]
    return line.split()[0] if line else ""


def _at_top(text: str) -> list[str]:
    """Cut at the commas that stand in no brackets."""
    pieces: list[str] = []
    depth = begin = 0
    for at, char in enumerate(text):
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth < 0:
                return [*pieces, text[begin:at]]
        elif char == "," and depth == 0:
            pieces.append(text[begin:at])
            begin = at + 1
    return [*pieces, text[begin:]]


def _names(text: str, at: int) -> tuple[tuple[str, ...], int]:
    """Return the columns that stand in brackets behind the table's name, and where they end."""
    opening = text.find("(", at, at + _NEAR)
    if opening < 0 or _VALUES.search(text, at, opening):
        return (), at
    spans, closing = _listed(text, opening + 1)
    if closing < 0:
        return (), at
    return tuple(text[begin:end].strip(_QUOTES) for begin, end in spans), closing + 1


def _listed(text: str, start: int) -> tuple[list[tuple[int, int]], int]:
    """Return where names stand between commas, and the bracket that ends their list; a name in
    quotes may hold either. -1 where it never ends.
    """
    spans: list[tuple[int, int]] = []
    begin, quote = start, ""
    for at in range(start, min(len(text), start + _LONGEST_LIST)):
        char = text[at]
        if at - begin > _LONGEST_NAME or (char == "(" and not quote):
            return [], -1
        if quote:
            quote = "" if char == quote else quote
        elif char in _CLOSED_BY and not text[begin:at].strip():
            quote = _CLOSED_BY[char]
        elif char in ",)":
            spans.append((begin, at))
            begin = at + 1
            if char == ")":
                return spans, at
    return [], -1


def _tuples(text: str, at: int) -> tuple[list[Row], int]:
    rows: list[Row] = []
    while True:
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        if at >= len(text) or text[at] != "(":
            return rows, at
        reading = read(text, at, sql=True)
        at = reading.end
        if reading.whole is None:
            return rows, at
        row = [_cell(value) for value in reading.whole.items]
        if any(row) and not all(cell is None or _is_placeholder(cell) for cell in row):
            rows.append(row)


def _cell(value: Value) -> Cell | None:
    if isinstance(value, Node) or value is None or not value.text.strip():
        return None
    return value


def _is_placeholder(cell: Cell) -> bool:
    return len(cell.text) < 30 and cell.text.startswith(_PLACEHOLDERS)


def _copies(text: str) -> Iterator[Found]:
    at = 0
    while (match := _COPY.search(text, at)) is not None:
        names = [name.strip(_QUOTES) for name in match[2].split(",")]
        rows: list[Row] = []
        at = match.end()
        while at < len(text):
            stop = text.find("\n", at)
            stop = len(text) if stop < 0 else stop
            row = _tabbed(text, at, stop)
            if len(row) != len(names):
                break
            rows.append(row)
            at = stop + 1
        if rows:
            yield found(names, rows, (match.start(), at))


def _tabbed(text: str, start: int, stop: int) -> Sequence[Cell | None]:
    cells: list[Cell | None] = []
    at = start
    while at <= stop:
        end = text.find("\t", at, stop)
        end = stop if end < 0 else end
        cell = trimmed(text, at, end)
        cells.append(None if cell is not None and cell.text == "\\N" else cell)
        at = end + 1
    return cells
