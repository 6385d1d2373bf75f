"""Names of fields: those that are data go out as text, and those that name the value beside them
are its key.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from classifiers.decoding import looking, packed, pieces
from classifiers.decoding.decode_state import Reading
from classifiers.decoding.names import NAME
from classifiers.payload import Path
from classifiers.personal.tables.birth_parts import dates_in, is_year
from classifiers.personal.vocabulary import is_telling, split_name
from classifiers.shapes.confirming import confirms, is_short_value
from classifiers.shapes.long_form import VALUES

_DULL: set[str] = set()
"""Names of fields met so far that are no data: a look at each is saved."""
_REMEMBERED = 4_000
_LABELS = tuple(
    "name key field column label property attribute question title ref path type system id"
    " trait_type fieldName field_name columnName attributeName parameter".split()
)
_DESCRIBED = ("field", "question", "column", "property", "attribute")
are_dull = _DULL.issuperset


def emit_names(reading: Reading, names: Iterable[str], path: Path) -> None:
    """Emit names that are data: long ones, and those that no program would give to a field."""
    for name in names:
        if len(name) > 7 and not (len(name) < 20 and name.isascii() and name.isidentifier()):
            reading.emit(name, None, (*path, name))
            raw = name.encode("utf-8", "replace")
            if len(raw) >= packed.MIN_RUN and looking.may_be_packed(raw):
                packed.unpack(reading, name, raw, None, (*path, NAME), 0)
        elif len(_DULL) < _REMEMBERED and name not in pieces.FIRST_NUMBERS and not is_year(name):
            _DULL.add(name)


def emit_births(reading: Reading, fields: Mapping[str, Any], path: Path) -> None:
    """Emit dates of birth that stand in three fields."""
    for year, date in dates_in(fields):
        reading.emit(date, "date of birth", (*path, year, "(together)"))


def label_beside(node: Mapping[str, Any]) -> str | None:
    """Return the name that an object gives to its value, where that tells what the value is."""
    for name in _LABELS:
        label = node.get(name)
        if type(label) is str and is_telling(label):
            return label
    if "answer" in node and type(label := node.get("text")) is str and is_telling(label):
        return label
    for name in _DESCRIBED:
        if type(inner := node.get(name)) is dict:
            return label_beside(inner)
    return None


def pair_of(node: list[Any]) -> dict[str, str] | None:
    """Return a list of a name that tells and its value as a field; None for another one."""
    name, value = node
    if type(name) is not str or type(value) is not str or not is_telling(name):
        return None
    fits = confirms(name, [value]) and is_short_value(name, value) and not is_telling(value)
    return {name: value} if fits else None


def are_labelled(rows: list[Any]) -> bool:
    """True for records that each name one value: they are fields of one record."""
    if VALUES.isdisjoint(rows[0]):
        return False
    return any(label_beside(row) is not None for row in rows if type(row) is dict)


class LabelBefore:
    """Fields of a form in their order, of which one may name what the next one holds. Holds
    payload.
    """

    __slots__ = ("_label",)

    def __init__(self) -> None:
        self._label: str | None = None

    def key_of(self, name: str, value: str) -> str:
        """Return the name of what a field holds: what the field before it says, as in
        `name=iban&value=…`, else its own; empty for one that says so.
        """
        words = [word for word in split_name(name) if not word.isdecimal()]
        if not words:
            return name
        if words[-1] in VALUES and self._label is not None:
            label, self._label = self._label, None
            return label
        if words[-1] in _LABELS:
            self._label = value if is_telling(value) else None
            return name if self._label is None else ""
        return name
