"""Tables inside values that were read as lists and objects: records, columns, indexes and all other
ways that data frames are written in.

Works on parsed JSON as well as on literals of a text: whoever calls says how a value is looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from classifiers.personal.vocabulary import is_telling
from classifiers.shapes.confirming import confirms
from classifiers.shapes.found import MAX_COLUMNS
from classifiers.shapes.judging import is_name, tells, type_of

MIN_ROWS = 2
_LOOKED_AT = 200
_CONFIRMED_BY = 20
_FEWEST_ALONE = 10
"""Values of a single column: fewer are the several addresses of one person."""
_MOST_LISTS = 20
"""Lists in one object among which names and rows are looked for."""
_FLAT = 3
"""Objects in a record that are told as its columns, so deep."""
_NAMING = ("name", "key", "label", "id", "field")
"""What the objects that describe columns have, the surest first."""
_NAMED_LISTS = frozenset({"index", "dtypes", "types"})
_SCHEMA = frozenset({"type", "title", "description", "dtype", "$ref", "enum", "format"})
"""What a description of fields holds for each of them."""
_SCALARS = (str, int, float, bool, type(None), tuple)
"""A tuple is a value with its place in a text."""
_CONVERSATION = frozenset({"role", "content", "parts", "parameters", "input_schema", "inputSchema"})


class Shaped(NamedTuple):
    """Names, and rows of plain values below them. Holds payload."""

    names: list[str]
    rows: list[list[Any]]
    used: frozenset[int] = frozenset()
    """Identities of the parts of an object that the table is made of."""
    uneven: Sequence[tuple[int, Any]] = ()
    """Rows of another length, by their places: they stand in no table."""

    def __repr__(self) -> str:
        return f"<Shaped {len(self.names)} columns, {len(self.rows)} rows>"


def tables_in(value: Any, *, records: bool = True) -> Iterator[Shaped]:
    """Yield the tables in a value; `records=False` leaves arrays of objects to the caller."""
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, Mapping):
            shaped = of_object(node)
            if shaped is not None:
                yield shaped
            else:
                stack.extend(node.values())
        elif isinstance(node, list):
            shaped = of_list(node, records=records)
            if shaped is not None:
                yield shaped
            else:
                stack.extend(node)


def of_object(node: Mapping[str, Any]) -> Shaped | None:
    """Return the table that an object is: columns and rows apart, columns by name, rows by name."""
    values = list(node.values())
    lists = [value for value in values if isinstance(value, list)]
    beside = (inner for value in values if isinstance(value, Mapping) for inner in value.values())
    shaped = _split(lists, [*lists, *(value for value in beside if isinstance(value, list))])
    if shaped is None and len(lists) > 1:
        shaped = _columns(node)
    if shaped is not None:
        return shaped
    if len(values) > 1 and all(isinstance(value, Mapping) for value in values):
        return _by_name(node)
    return _one_column(node) if len(values) == 1 else None


def of_list(node: Sequence[Any], *, records: bool = True) -> Shaped | None:
    """Return the table that a list is: records, or rows of equal length."""
    if len(node) < MIN_ROWS:
        return None
    if isinstance(node[0], Mapping):
        if (rows := _unwrapped(node)) is not None:
            return _rows(rows)
        return _records(node) if records else None
    if isinstance(node[0], list):
        return _rows(node)
    return None


def _is_scalar(value: Any) -> bool:
    return isinstance(value, _SCALARS)


def text_of(value: Any) -> str:
    """Return the text of a scalar."""
    if isinstance(value, tuple):
        return str(value[0])
    if value is None:
        return ""
    return value if isinstance(value, str) else str(value)


def _unwrapped(rows: Sequence[Any]) -> list[Any] | None:
    """Return the rows of objects that hold nothing but a list of cells each, and the cells of
    objects that hold nothing but a value; None of any others.
    """
    first = rows[0]
    if len(first) != 1 or not isinstance(cells := next(iter(first.values())), list) or not cells:
        return None
    (name,) = first
    if any(not isinstance(row, Mapping) or row.keys() != first.keys() for row in rows):
        return None
    return [[*map(_inside, cells)] if isinstance(cells := row[name], list) else [] for row in rows]


def _inside(cell: Any) -> Any:
    for _ in range(_FLAT):
        if not isinstance(cell, Mapping) or len(cell) != 1:
            break
        (cell,) = cell.values()
    return cell


def _is_even(rows: Sequence[Any], width: int) -> bool:
    return all(isinstance(row, list) and len(row) == width for row in rows[:_LOOKED_AT]) and all(
        all(map(_is_scalar, row)) for row in rows[:_LOOKED_AT]
    )


def _parted(rows: Sequence[Any], width: int) -> tuple[list[Any], list[tuple[int, Any]]]:
    """Return the rows of this length, and the others by their places."""
    even = [row for row in rows if isinstance(row, list) and len(row) == width]
    if len(even) == len(rows):
        return even, []
    others = [
        (at, row) for at, row in enumerate(rows) if not isinstance(row, list) or len(row) != width
    ]
    return even, others


def _names_in(values: Sequence[Any]) -> list[str] | None:
    """Return the names that a list holds, itself or in objects that each have a `name`."""
    if not 0 < len(values) <= MAX_COLUMNS:
        return None
    if all(isinstance(value, Mapping) for value in values):
        values = [next((v[key] for key in _NAMING if key in v), None) for v in values]
    names = [text_of(value) for value in values if isinstance(value, str | tuple)]
    if len(names) < len(values) or not any(names):
        return None
    return names if all(names) or any(map(tells, names)) else None


def _in_one(rows: Sequence[Any]) -> Sequence[Any]:
    """Return the rows of lists of rows, one behind the other."""
    for _ in range(_FLAT):
        first = rows[0] if rows else None
        if not isinstance(first, list) or not first or not isinstance(first[0], list):
            break
        rows = [row for block in rows if isinstance(block, list) for row in block]
    return rows


def named_apart(values: Sequence[Any]) -> Shaped | None:
    """Return the table of two lists that follow one another: names that tell, and their rows."""
    if len(values) != 2 or not all(isinstance(value, list) and value for value in values):
        return None
    scalars = [all(map(_is_scalar, value[:MAX_COLUMNS])) for value in values]
    if scalars[0] == scalars[1]:
        return None
    shaped = _split(values, values)
    return shaped if shaped is not None and any(map(is_telling, shaped.names)) else None


def _split(lists: Sequence[list[Any]], named: Sequence[list[Any]]) -> Shaped | None:
    """Return names that stand in one list over the rows in another."""
    for whole in lists[:_MOST_LISTS]:
        rows: Sequence[Any] = whole
        if rows and isinstance(rows[0], Mapping):
            rows = _unwrapped(rows) or ()
        rows = _in_one(rows)
        if not rows or not isinstance(rows[0], list) or not rows[0]:
            continue
        width = len(rows[0])
        for other in named[:_MOST_LISTS]:
            names = _names_in(other) if other is not whole and len(other) == width else None
            if names is not None and _is_even(rows, width):
                even, uneven = _parted(rows, width)
                return Shaped(names, even, frozenset((id(whole), id(other))), uneven)
    return None


def _columns(node: Mapping[str, Any]) -> Shaped | None:
    """Return columns of equal length, by name."""
    lists = {
        name: value
        for name, value in node.items()
        if isinstance(value, list) and name not in _NAMED_LISTS
    }
    height = max(map(len, lists.values()), default=0)
    even = {name: value for name, value in lists.items() if len(value) == height}
    if (
        height < MIN_ROWS
        or len(even) < 2
        or not all(all(map(_is_scalar, value[:_LOOKED_AT])) for value in even.values())
    ):
        return None
    if not any(map(is_telling, even)) and not all(map(is_name, even)):
        return None
    used = frozenset(map(id, even.values()))
    return Shaped(list(even), [list(row) for row in zip(*even.values(), strict=True)], used)


def _by_name(node: Mapping[str, Mapping[str, Any]]) -> Shaped | None:
    """Return the table of objects of equal fields: the outer names are columns when the inner ones
    tell nothing.
    """
    first = next(iter(node.values()))
    inner = list(first)
    if len(inner) < MIN_ROWS or not _SCHEMA.isdisjoint(inner):
        return None
    if not _are_alike(list(node.values())[:_LOOKED_AT]):
        return None
    outer_tells, inner_tells = (sum(map(is_telling, names)) for names in (list(node), inner))
    node = {name: row for name, row in node.items() if row.keys() == first.keys()}
    used = frozenset(map(id, node.values()))
    if outer_tells > inner_tells or (outer_tells == inner_tells and _are_numbers(inner)):
        rows = [[row.get(name) for row in node.values()] for name in inner]
        return Shaped(list(node), rows, used)
    if inner_tells or _are_numbers(list(node)):
        return Shaped(inner, [[row.get(name) for name in inner] for row in node.values()], used)
    return None


def _one_column(node: Mapping[str, Any]) -> Shaped | None:
    """Return the table of one column whose name tells what it holds, by number or in a list."""
    ((name, column),) = node.items()
    if not is_telling(name):
        return None
    values = column
    if isinstance(column, Mapping):
        values = list(column.values()) if _are_numbers(list(column)) else ()
    if not isinstance(values, list) or len(values) < _FEWEST_ALONE:
        return None
    if not all(map(_is_scalar, values[:_LOOKED_AT])):
        return None
    return Shaped([name], [[value] for value in values], frozenset((id(column),)))


def _are_alike(rows: Sequence[Mapping[str, Any]]) -> bool:
    """True when all have the fields of the first one, and scalars in them."""
    names = rows[0].keys()
    return all(row.keys() == names and all(map(_is_scalar, row.values())) for row in rows)


def _are_numbers(names: Sequence[str]) -> bool:
    return all(type_of(name) == "number" for name in names[:50])


def _records(rows: Sequence[Any]) -> Shaped | None:
    flat = [_flat(row) for row in rows if isinstance(row, Mapping)]
    if len(flat) != len(rows):
        return None
    names = dict.fromkeys(name for row in flat for name in row)
    looked_at = flat[:_LOOKED_AT]
    if not 1 < len(names) <= MAX_COLUMNS or not _CONVERSATION.isdisjoint(rows[0]):
        return None
    if sum(map(len, looked_at)) * 2 < len(names) * len(looked_at):
        return None
    return Shaped(list(names), [[row.get(name) for name in names] for row in flat])


def _flat(row: Mapping[str, Any], above: str = "", depth: int = 0) -> dict[str, Any]:
    """Return the plain values of a record, those of objects in it under both names."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        whole = f"{above} {name}" if above and not is_telling(name) else name
        whole = whole if whole not in flat else f"{above} {name}"
        if _is_scalar(value):
            flat[whole] = value
        elif isinstance(value, Mapping) and depth < _FLAT:
            flat |= _flat(value, name, depth + 1)
        elif isinstance(value, list) and value and all(map(_is_scalar, value)):
            flat[whole] = value[0] if len(value) == 1 else None
    return flat


def _rows(rows: Sequence[Any]) -> Shaped | None:
    width = len(rows[0])
    if width < 2 or width > MAX_COLUMNS or not _is_even(rows, width):
        return None
    first = [text_of(value) for value in rows[0]]
    even, uneven = _parted(rows, width)
    if all(map(is_name, first)) and (any(map(is_telling, first)) or _are_unlike(first, even[1])):
        return Shaped(first, even[1:], uneven=uneven)
    if _are_confirmed(first, even[1:]):
        return Shaped(first, even[1:], uneven=uneven)
    if len(rows) < 3 or not any(isinstance(value, str | tuple) for value in rows[0]):
        return None
    return Shaped([], even, uneven=uneven)


def _are_confirmed(first: Sequence[str], rows: Sequence[Any]) -> bool:
    """True for names below one of which the values are what it announces."""
    if any("@" in name for name in first):
        return False
    return any(
        confirms(name, [text_of(row[at]) for row in rows[:_CONFIRMED_BY]])
        for at, name in enumerate(first)
        if tells(name)
    )


def _are_unlike(first: Sequence[str], second: Sequence[Any]) -> bool:
    return any(
        type_of(name) == "words" and type_of(text_of(value)) in {"mail", "number", "mixed"}
        for name, value in zip(first, second, strict=True)
        if name and text_of(value)
    )
