"""Rows in SQL: the tuples of INSERT statements, and the lines of COPY."""

import re
from collections.abc import Iterator, Sequence

from classifiers.payload import PlacedText as Cell
from classifiers.shapes.found import Found, Row, found, trimmed
from classifiers.shapes.sql_values import NAME, TABLE, bare, listed, value_of

_INSERT = re.compile(
    r"(?i)\b(?:(?:insert|replace)\s{1,8}(?:(?:ignore|delayed|low_priority|high_priority)\s{1,4})?"
    r"(?:or\s{1,4}\w{1,9}\s{1,4})?(?:(?:into|overwrite)\s{1,8})?(?:table\s{1,8})?"
    rf"|\binto\s{{1,8}})(?:({TABLE})|(?=\())"
)
"""The last form is that of INSERT ALL."""
_VALUES = re.compile(r"(?i)\bvalues?\b(?=\s{0,20}(?:row\s{0,4})?\()")
_AS = re.compile(rf"(?i)\s{{0,8}}(?:\)\s{{0,8}})?(?:as\s{{1,8}})?{NAME}\s{{0,8}}(?=\()")
_WITH = re.compile(r"(?i)\s{1,8}as\s{0,8}(?:(?:not\s{1,8})?materialized\s{0,8})?\(\s{0,20}$")
_ROW = re.compile(r"[\s,]*(?:row\s{0,4})?\(", re.IGNORECASE)
_CREATE = re.compile(
    rf"(?i)\bcreate\s{{1,8}}table\s{{1,8}}(?:if\s{{1,4}}not\s{{1,4}}exists\s{{1,4}})?({TABLE})"
)
_COPY = re.compile(
    r"(?i)\bcopy\s{1,8}([\w.\"]{1,120})\s{0,4}\(([^()]{1,4000})\)\s{1,4}from\s{1,4}stdin[^\n]{0,200};?[ \t\r]{0,8}\n"
)
_QUOTES = '"`[] \t\r\n'
_NO_COLUMN = frozenset({"primary", "key", "unique", "constraint", "foreign", "check", "index"})
_NEAR, _FAR = 40, 200
_LONGEST_LIST, _LONGEST_NAME, _LONGEST_WITH = 20_000, 200, 1_000
_CLOSED_BY = {"`": "`", '"': '"', "[": "]"}
_PLACEHOLDERS = ("?", "%s", ":", "$", "@", "%(")


def may_hold(text: str) -> bool:
    """True when a statement may stand in the text."""
    if "(" not in text:
        return False
    lowered = text.lower()
    return "values" in lowered or "insert " in lowered or "stdin" in lowered


def tables(text: str) -> Iterator[Found]:
    """Yield the rows of each table that statements fill, those of several statements together."""
    groups: dict[tuple[str, tuple[str, ...]], list[tuple[Row, int, int]]] = {}
    columns = dict(_created(text)) if "reate" in text or "REATE" in text else {}
    at = 0
    while (values := _VALUES.search(text, at)) is not None:
        start, table, names = _head(text, at, values.start())
        rows, end = _tuples(text, values.end())
        names = names or columns.get(table, ()) or _alias(text, values.start(), end)
        group = groups.setdefault((table, names), [])
        group += [(row, start, end) for row in rows]
        at = max(end, values.end())
    for (_, columns_of), filled in groups.items():
        if filled:
            span = filled[0][1], filled[-1][2]
            yield found(columns_of, [row for row, _, _ in filled], span)
    yield from _copies(text)


def _head(text: str, least: int, values: int) -> tuple[int, str, tuple[str, ...]]:
    """Return where the statement begins whose values stand here, its table and its columns."""
    start, table = values, ""
    names: tuple[str, ...] = ()
    at = max(least, values - _LONGEST_LIST)
    while (head := _INSERT.search(text, at, values)) is not None:
        at = head.end()
        told, end = _names(text, at)
        if values - end > (_FAR if told else _NEAR) or end > values:
            continue
        start, table, names = head.start(), bare(head[1] or "").lower(), told
    return start, table, names


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
        yield bare(match[1]).lower(), names


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


def _alias(text: str, start: int, end: int) -> tuple[str, ...]:
    """Return the names that a list of values gets from what stands around it:
    `(VALUES …) AS t(full_name, born)`, `WITH t(full_name, born) AS (VALUES …`.
    """
    behind = _AS.match(text, end)
    if behind is not None:
        return _names(text, behind.end())[0]
    before = _WITH.sub("", text[max(0, start - _LONGEST_WITH) : start])
    opening = before.rfind("(") if before.endswith(")") else -1
    return _names(before, opening)[0] if opening >= 0 else ()


def _names(text: str, at: int) -> tuple[tuple[str, ...], int]:
    """Return the columns that stand in brackets behind the table's name, and where they end."""
    opening = text.find("(", at, at + _NEAR)
    if opening < 0 or _VALUES.search(text, at, opening + 1):
        return (), at
    spans, closing = _listed(text, opening + 1)
    if closing < 0:
        return (), at
    return tuple(bare(text[begin:end]) for begin, end in spans), closing + 1


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
    while (opening := _ROW.match(text, at)) is not None:
        spans, at, closing = listed(text, opening.end())
        if closing != ")":
            break
        row = [value_of(text, *span) for span in spans]
        if any(row) and not all(cell is None or _is_placeholder(cell) for cell in row):
            rows.append(row)
    return rows, at


def _is_placeholder(cell: Cell) -> bool:
    return len(cell.text) < 30 and cell.text.startswith(_PLACEHOLDERS)


def _copies(text: str) -> Iterator[Found]:
    at = 0
    while (match := _COPY.search(text, at)) is not None:
        names = [bare(name) for name in match[2].split(",")]
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
