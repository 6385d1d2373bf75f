"""Tables in HTML, and records in XML: elements that come again with the same fields."""

import html
import re
from collections.abc import Iterator, Sequence

from classifiers.payload import PlacedText as Cell
from classifiers.personal.vocabulary import is_telling
from classifiers.shapes.found import Found, Row, found
from classifiers.shapes.judging import header_of

_TAG = re.compile(r"<(/?)([A-Za-z_][\w:.-]{0,80})((?:[^<>\"']|\"[^\"<]*+\"|'[^'<]*+')*+)>")
_INNER = re.compile(r"<[^<>]*+>")
_ATTRIBUTE = re.compile(r"(?<![\w:.-])([\w:.-]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)')")
_BREAKS = frozenset({"td", "th", "tr", "table", "tbody", "thead", "tfoot"})
_MAX_DEPTH = 60
_MAX_CELL = 4_000


def html_tables(text: str) -> Iterator[Found]:
    """Yield HTML tables; rows and cells need not be closed."""
    start = -1
    rows: list[list[Cell | None]] = []
    opened: int | None = None
    for match in _TAG.finditer(text):
        name = match[2].lower()
        if name not in _BREAKS:
            continue
        if opened is not None and rows:
            rows[-1].append(_cell(text, opened, match.start()))
            opened = None
        if name == "table":
            if start >= 0:
                yield from _html_table(rows, (start, match.end()))
            rows, start = [], -1 if match[1] else match.start()
        elif name == "tr" and not match[1]:
            rows.append([])
        elif name in {"td", "th"} and not match[1]:
            if not rows:
                rows.append([])
            start = match.start() if start < 0 else start
            opened = match.end()
    if start >= 0:
        yield from _html_table(rows, (start, len(text)))


def _cell(text: str, start: int, stop: int) -> Cell | None:
    raw = text[start : min(stop, start + _MAX_CELL)]
    inner = _INNER.sub(" ", raw) if "<" in raw else raw
    if "&" in inner:
        inner = _unescaped(inner)
    inner = " ".join(inner.split())
    if not inner:
        return None
    if (at := raw.find(inner)) >= 0:
        return Cell(inner, start + at, start + at + len(inner))
    return Cell(inner, start, start + len(raw))


def _unescaped(text: str) -> str:
    try:
        return html.unescape(text)
    except ValueError:  # Python refuses numbers of more than 4,300 digits
        return text


def _html_table(rows: Sequence[Sequence[Cell | None]], span: tuple[int, int]) -> Iterator[Found]:
    filled: list[Row] = [row for row in rows if any(row)]
    width = max(map(len, filled), default=0)
    even: list[Row] = [[*row, *[None] * (width - len(row))] for row in filled]
    if width and len(even) > 1:
        names = header_of(even[0], even[1:]) if len(even[0]) > 1 else None
        body = even if names is None else even[1:]
        yield found(names or (), body, span)


class _Element:
    """One open element. Holds payload."""

    __slots__ = ("fields", "name", "parent", "start", "text_from")

    def __init__(self, name: str, parent: "_Element | None", start: int, text_from: int) -> None:
        self.name, self.parent, self.start, self.text_from = name, parent, start, text_from
        self.fields: dict[str, Cell] = {}

    def __repr__(self) -> str:
        return "<_Element>"


_VALUE = {"value"}
"""All attributes of an element that is nothing but its value, as FHIR writes each."""
_NAMES = frozenset({"name", "n", "personname"})
_NAME_PARTS = {
    "family": "family name",
    "surname": "family name",
    "given": "given name",
}
"""Parts of the name of a person, which only their element says that they are one's."""


def _is_handed_up(element: _Element, stop: int) -> bool:
    """Give the parts of a person's name, or the value that an element is, to the one above."""
    above = element.parent
    if element.name.lower() in _NAMES and not element.fields.keys().isdisjoint(_NAME_PARTS):
        _renamed(element)
        if above is not None:
            above.fields.update(element.fields)
            return True
    if above is not None and stop < element.text_from and element.fields.keys() == _VALUE:
        above.fields.setdefault(element.name, element.fields["value"])
        return True
    return False


def _renamed(element: _Element) -> None:
    """Call the parts of a person's name what they are."""
    fields = {_NAME_PARTS.get(name, ""): cell for name, cell in element.fields.items()}
    fields.pop("", None)
    element.fields = fields


type _Record = tuple[str, dict[str, Cell], int, int]


def records(text: str) -> Iterator[Found]:
    """Yield the records of XML: elements with fields in them, or as attributes."""
    groups: dict[str, list[_Record]] = {}
    for record in _records(text):
        groups.setdefault(record[0], []).append(record)
    for group in groups.values():
        names = dict.fromkeys(name for _, fields, _, _ in group for name in fields)
        telling = sum(map(is_telling, names))
        if telling and (len(group) > 1 or telling > 1) and len(names) > 1:
            rows: list[Row] = [[fields.get(name) for name in names] for _, fields, _, _ in group]
            yield found(names, rows, (group[0][2], group[-1][3]))


def _records(text: str) -> Iterator[_Record]:
    top: _Element | None = None
    depth = 0
    for match in _TAG.finditer(text):
        closing, name = match[1], match[2].rpartition(":")[2]
        if not closing:
            element = _Element(name, top, match.start(), match.end())
            if "=" in match[3]:
                _attributes(element, match)
            if match[3].endswith("/"):
                yield from _closed(element, text, match.start(), match.end())
            elif depth < _MAX_DEPTH:
                top, depth = element, depth + 1
            continue
        if top is None or top.name != name:
            continue
        yield from _closed(top, text, match.start(), match.end())
        top, depth = top.parent, depth - 1


def _attributes(element: _Element, match: re.Match[str]) -> None:
    base = match.start(3)
    for found_ in _ATTRIBUTE.finditer(match[3]):
        group = 2 if found_[2] is not None else 3
        value = _unescaped(found_[group]) if "&" in found_[group] else found_[group]
        if value and not found_[1].startswith("xmlns"):
            span = found_.span(group)
            name = found_[1].rpartition(":")[2]
            element.fields[name] = Cell(value, base + span[0], base + span[1])


def _closed(element: _Element, text: str, stop: int, end: int) -> Iterator[_Record]:
    """Give a field to the element above, or yield the record that an element is."""
    above = element.parent
    if _is_handed_up(element, stop):
        return
    if element.fields:
        if above is not None and len(element.fields) == 1 and stop > element.text_from:
            cell = _cell(text, element.text_from, stop)
            ((name, inner),) = element.fields.items()
            if cell is not None and "<" not in text[element.text_from : stop]:
                above.fields.setdefault(element.name, cell)
            elif element.text_from <= inner.start < stop:
                above.fields.setdefault(name if is_telling(name) else element.name, inner)
        yield element.name, element.fields, element.start, end
        return
    cell = _cell(text, element.text_from, stop) if stop > element.text_from else None
    if above is not None and cell is not None:
        above.fields.setdefault(element.name, cell)
