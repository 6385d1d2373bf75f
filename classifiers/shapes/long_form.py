"""Tables of which each row is one name with its value, told as records of named values."""

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from classifiers.payload import PlacedText as Cell
from classifiers.payload import Table
from classifiers.personal.vocabulary import is_telling, split_name
from classifiers.shapes.confirming import confirms
from classifiers.shapes.found import Found, Row, found

VALUES = frozenset(
    "value values val v answer text date number string choice response stringValue".split()
)
"""Names of fields whose meaning stands beside them, as in `{"name": "iban", "value": …}`."""
_MOST_COLUMNS = 8
_MOST_NAMES = 200
_FEWEST = 2
_LOOKED_AT = 200
_AROUND = " \t\r\n:?*.\"'"
_IN_CODE = frozenset("={}")
"""Signs of a name that holds its value itself, as in `dob="1990-04-02",`."""


class _Places(NamedTuple):
    """Which column holds the names, which the values, and which says whose they are."""

    name: int
    value: int
    owner: int | None


def upright(table: Found, text: str) -> Found:
    """Return a table in this text with its names over columns; another one as it is."""
    texts = [["" if cell is None else cell.text for cell in row] for row in table.rows]
    places = _places(table.columns, texts)
    if places is None:
        return table
    rows: list[Row] = list(table.rows)
    if _is_a_pair(table.columns, places):
        rows = [[_cell_of(name, table, text) for name in table.columns], *rows]
        texts = [list(table.columns), *texts]
    names, records = _records(texts, places)
    cells = [
        [None if at is None else rows[at][places.value] for at in record] for record in records
    ]
    return found(names, cells, (table.start, table.end))


def _cell_of(name: str, table: Found, text: str) -> Cell:
    """Return what was taken for a name at its place in the text."""
    at = text.find(name, table.start, table.end)
    return Cell(name, *((at, at + len(name)) if at >= 0 else (table.start, table.end)))


def upright_table(table: Table) -> Table:
    """Return a table with its names over columns; another one as it is."""
    if not 2 <= len(table.columns) <= _MOST_COLUMNS or table.complete is False:
        return table
    columns = [table.values.get(name, []) for name in table.columns]
    if len({*map(len, columns)}) != 1:
        return table
    first = [list(row) for row in islice(zip(*columns, strict=True), _LOOKED_AT)]
    if _places(table.columns, first) is None:  # most tables are told by their first rows
        return table
    texts = [list(row) for row in zip(*columns, strict=True)]
    places = _places(table.columns, texts)
    if places is None:
        return table
    if _is_a_pair(table.columns, places):
        texts = [list(table.columns), *texts]
    names, records = _records(texts, places)
    values = {
        name: [
            "" if (at := record[column]) is None else texts[at][places.value] for record in records
        ]
        for column, name in enumerate(names)
    }
    return table._replace(columns=tuple(names), rows=len(records), values=values)


def _is_a_pair(names: Sequence[str], places: _Places) -> bool:
    """True for a first row that was taken for names and is a name with its value."""
    return is_telling(names[places.name]) and not _is_value(names[places.value])


def _is_value(name: str) -> bool:
    return (split_name(name) or [""])[-1] in VALUES


def are_values_named(names: Sequence[str], rows: Sequence[Row]) -> bool:
    """True when each of these rows is a name with its value."""
    texts = [["" if cell is None else cell.text for cell in row] for row in rows[:_LOOKED_AT]]
    return _places(names, texts) is not None


def _places(names: Sequence[str], rows: Sequence[Sequence[str]]) -> _Places | None:
    """Return where the names and the values stand; None for any other table."""
    if not 2 <= len(names) <= _MOST_COLUMNS or not rows:
        return None
    told = {at for at, name in enumerate(names) if is_telling(name)}
    if len(told) > 1:
        return None
    beside = next((at for at, name in enumerate(names) if _is_value(name)), None)
    for at in told or range(len(names)):
        value = 1 - at if len(names) == _FEWEST else beside
        if value is not None and value != at and _hold_pairs(names, rows, at, value):
            owner = next((n for n in range(len(names)) if n not in {at, value}), None)
            return _Places(at, value, owner)
    return None


def _hold_pairs(names: Sequence[str], rows: Sequence[Sequence[str]], at: int, value: int) -> bool:
    """True when half of a column's cells are names that tell, and their values are such."""
    cells = [row[at] for row in rows[:_LOOKED_AT] if row[at]]
    telling = sum(is_telling(cell.strip(_AROUND)) and _IN_CODE.isdisjoint(cell) for cell in cells)
    needed = 1 if _is_value(names[value]) or is_telling(names[at]) else _FEWEST
    if telling < needed or telling * 2 < len(cells) or not _few(rows, at):
        return False
    return _are_confirmed(rows, at, value)


def _are_confirmed(rows: Sequence[Sequence[str]], at: int, value: int) -> bool:
    """True when most values beside names that tell are what these announce."""
    pairs = ((row[at].strip(_AROUND), row[value]) for row in rows[:_LOOKED_AT] if row[value])
    fits = [confirms(name, [text]) for name, text in pairs if is_telling(name)]
    return bool(fits) and sum(fits) * 2 >= len(fits)


def _few(rows: Sequence[Sequence[str]], at: int) -> bool:
    return len({row[at] for row in rows}) <= _MOST_NAMES


def _records(
    rows: Sequence[Sequence[str]], places: _Places
) -> tuple[list[str], list[list[int | None]]]:
    """Return the names, and for each record the number of the row of each: one begins where a name
    comes again or another owner does.
    """
    records: list[dict[str, int]] = []
    owner: str | None = None
    for number, row in enumerate(rows):
        name = " ".join(row[places.name].strip(_AROUND).split())
        whose = None if places.owner is None else row[places.owner]
        if not records or name in records[-1] or whose != owner:
            records.append({})
        owner = whose
        if name:
            records[-1][name] = number
    names = list(dict.fromkeys(name for record in records for name in record))
    return names, [[record.get(name) for name in names] for record in records]
