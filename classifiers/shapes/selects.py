"""Rows that SQL writes out without a list of values: `SELECT '…' AS full_name`, the assignments of
UPDATE, and what WHERE compares with.
"""

import re
from collections.abc import Iterator

from classifiers.payload import PlacedText as Cell
from classifiers.shapes.found import Found, Row, found
from classifiers.shapes.sql_values import NAME, TABLE, bare, listed, value_of

_OPENING = re.compile(
    r"(?i)\b(?:(select)\s(?:\s{0,20}(?:distinct|all)\s)?"
    rf"|update\s{{1,8}}{TABLE}(?:\s{{1,8}}\w{{1,20}})?\s{{1,20}}set\s"
    rf"|into\s{{1,8}}{TABLE}\s{{1,20}}set\s|where\s)"
)
_ALIAS = re.compile(rf"(?i)(?:\bas\s{{1,20}}|['\"\)\d]\s{{1,20}}(?=[\w\"`\[])){NAME}\s{{0,40}}\Z")
_ASSIGNED = re.compile(rf"\s{{0,40}}({TABLE})\s{{0,8}}=\s{{0,40}}")
_UNION = re.compile(r"\s{1,8}(?:all\s{1,8})?select\s", re.IGNORECASE)
_DUAL = re.compile(r"\s{1,8}dual\s{1,8}union\b", re.IGNORECASE)
_LONGEST_ALIAS = 130


def may_hold(text: str) -> bool:
    """True when such a statement may stand in the text."""
    if "'" not in text and '"' not in text:
        return False
    lowered = text.lower()
    return "select" in lowered or ("=" in lowered and ("where " in lowered or " set " in lowered))


def tables(text: str) -> Iterator[Found]:
    """Yield the rows; those that UNION puts together are one table."""
    at = 0
    while (start := _OPENING.search(text, at)) is not None:
        names: list[str] = []
        rows: list[Row] = []
        if start[1] is None and _ASSIGNED.match(text, start.end()) is None:
            at = start.end()
        elif start[1] is None:
            spans, at, _ = listed(text, start.end(), words=True)
            named = [pair for span in spans if (pair := _assigned(text, *span)) is not None]
            names, rows = [name for name, _ in named], [[cell for _, cell in named]]
        else:
            names, rows, at = _selected(text, start.end())
        at = max(at, start.end())
        if names and any(map(any, rows)):
            yield found(names, rows, (start.start(), at))


def _selected(text: str, at: int) -> tuple[list[str], list[Row], int]:
    """Return the columns of a SELECT, the rows that UNION puts together, and where they end."""
    spans, at, closing = listed(text, at, words=True)
    named = [_named(text, *span) for span in spans]
    names = [name or "" for name, _ in named]
    rows: list[Row] = [[cell for _, cell in named]]
    while True:
        if closing == "from" and (dual := _DUAL.match(text, at)) is not None:
            at, closing = dual.end(), "union"
        union = _UNION.match(text, at) if closing == "union" else None
        if union is None:
            return (names if any(names) else []), rows, at
        spans, at, closing = listed(text, union.end(), words=True)
        if len(spans) == len(names):
            rows.append([_named(text, *span)[1] for span in spans])


def _assigned(text: str, start: int, end: int) -> tuple[str, Cell] | None:
    match = _ASSIGNED.match(text, start, end)
    cell = None if match is None else value_of(text, match.end(), end)
    return None if match is None or cell is None else (bare(match[1]), cell)


def _named(text: str, start: int, end: int) -> tuple[str | None, Cell | None]:
    """Return the name that an expression of a SELECT gets, and the literal it is."""
    assigned = _assigned(text, start, end)
    if assigned is not None:
        return assigned
    alias = _ALIAS.search(text, max(start, end - _LONGEST_ALIAS), end)
    if alias is None:
        return None, value_of(text, start, end)
    stop = alias.start() + (alias[0][0] not in "aA")
    name = text[alias.start() + 1 : end] if alias[0][0] not in "aA" else alias[0].split(None, 1)[1]
    return bare(name), value_of(text, start, stop)
