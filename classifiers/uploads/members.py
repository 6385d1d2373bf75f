"""Large JSON that is a table in another way than as an array of objects (columns or rows by name,
lists by name, names apart from rows): cut between its members, or between the values of one, each
window below the brackets and the names that it stands in. Pure.

Nothing is parsed: cuts are looked for from the end, and those inside of a string are told by the
quotes before them. What does not balance is no such table.
"""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from classifiers.shapes.orients import of_list
from classifiers.uploads.json_places import (
    CLOSING,
    LOOKED_AT,
    brackets,
    end_of_value,
    first_container,
    first_outside,
    is_balanced,
    last_opened,
    last_outside,
    opening_of,
    quotes_in,
    solid,
)

_DEEPEST = 6
_LONGEST_NAMES, _LONGEST_RECORD, _LONGEST_PART = 16 * 1024, 32 * 1024, 128 * 1024
_MOST_NAMES = 400
_SHORTEST = 4 * 1024
_BLANKS = b" \t\r\n"
_NAMING = (b'"columns"', b'"fields"', b'"header"', b'"headers"', b'"names"', b'"column_names"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Where the windows of such a body are cut; as `rows.Rows` is used. Holds payload."""

    begins: bool = False
    """True for the first window, which has `first` in it."""
    first: bytes = field(repr=False)
    """What stands before the first member, as it was sent."""
    opened: bytes = field(repr=False)
    """The brackets, with their names, that all members stand in."""
    open_member: bytes = field(repr=False, default=b"")
    """Name and bracket of the member whose values go on; empty between two members."""
    names: bytes = field(repr=False, default=b"")
    """The member that names the columns of the rows in another."""
    header: bytes = field(repr=False, default=b"")
    """The row that names the columns of those behind it."""
    of_rows: bool = False
    """True inside a list of rows."""
    by_column: bool = False
    """True when members are columns: no window holds whole records."""
    column: int = 0
    """The number of the column or columns that the next window is of, from 1; 0 for rows."""
    content_type: str = "application/json"
    gap: int = 1

    def cut(self, data: bytes, least: int) -> int:
        """Return where the last value or member ends that leaves so many bytes; 0 when none
        does.
        """
        end = len(data) - least
        if end <= 0:
            return 0
        if self.begins:
            cut = replace(self, begins=False).cut(data[len(self.first) :], least)
            return cut and cut + len(self.first)
        if self.of_rows or (not self.open_member and opening_of(data)[1] == b"[["):
            return _end_of_row(data, end)
        if self.open_member:
            return self._end_inside(data, end)
        return self._end_of_members(data, end)

    def _end_inside(self, data: bytes, end: int) -> int:
        closing = CLOSING[self.open_member[-1:]]
        closed = first_outside(data, closing, end)
        if closed >= 0:
            behind = solid(data, closed + 1)
            if data[behind : behind + 1] == b",":
                return behind
            end = closed
        return max(0, last_outside(data, b",", end))

    def _end_of_members(self, data: bytes, end: int) -> int:
        opening = opening_of(data)[1]
        if len(opening) != 1:
            return 0
        rows = _first_rows(data, end)
        closing = CLOSING[opening]
        at = last_outside(data, closing + b",", end if rows < 0 else rows)
        if at >= 0:
            return at + 1 if is_balanced(data[: at + 1], (0, 0)) else 0
        at = -1 if rows >= 0 else last_outside(data, b",", end)
        expected = (1, 0) if opening == b"{" else (0, 1)
        return at if at > 0 and is_balanced(data[:at], expected) else 0

    def following(self, records: bytes) -> "Members":
        """Return how what stands behind these is cut."""
        if self.begins:
            return replace(self, begins=False).following(records)
        if self.of_rows:
            return self
        if not self.open_member and opening_of(records)[1] == b"[[":
            return self._in_rows(records)
        is_between = records.rstrip(_BLANKS)[-1:] in (b"}", b"]")
        names = self.names
        if not self.open_member and is_between:
            names = _names_in(records) or names
        number = self.column + 1 if self.by_column else 0
        if is_between:
            return replace(self, open_member=b"", names=names, column=number)
        begun = last_opened(records)
        if begun:
            return replace(self, open_member=begun, names=names, column=number)
        return self

    def _in_rows(self, records: bytes) -> "Members":
        key = opening_of(records)[0]
        rows = records[records.index(b"[", len(key)) + 1 :]
        header = b"" if self.names else _header_of(rows)
        return replace(
            self, open_member=key + b":[", header=header, of_rows=True, by_column=False, column=0
        )

    def columns_in(self, records: bytes) -> int:
        """Return the number of the column or columns that these are of; 0 for rows."""
        is_rows = self.of_rows or (not self.open_member and opening_of(records)[1] == b"[[")
        return 0 if is_rows else self.column

    def dressed(self, records: bytes, *, first: bool, last: bool) -> bytes:
        """Return these as a body of their own."""
        before = self.first if first else self.opened + self._above(records)
        behind = b"" if last else self.following(records).closing
        return b"".join((before, records, behind))

    def _above(self, records: bytes) -> bytes:
        if self.of_rows:
            return self.names + self.open_member + self.header
        if not self.open_member and opening_of(records)[1] == b"[[":
            return self.names
        return self.open_member

    @property
    def closing(self) -> bytes:
        """What closes all that is open between two windows."""
        return b"".join(
            CLOSING[bytes((one,))]
            for one in reversed(brackets(self.opened) + brackets(self.open_member))
        )

    def names_behind(self, records: bytes) -> bool:
        """True for rows behind which their columns are named."""
        if not self.of_rows or not self.open_member or self.names or self.header:
            return False
        end = records[-_LONGEST_PART:]
        return any(end.find(name + b":") >= 0 or end.find(name + b" :") >= 0 for name in _NAMING)


def members_in(start: bytes) -> Members | None:
    """Return how a body is cut that begins so; None for what is no such table."""
    if len(start) < _SHORTEST:
        return None
    at = solid(start, 3 if start.startswith(b"\xef\xbb\xbf") else 0)
    if start[at : at + 1] == b"[":
        inner = solid(start, at + 1)
        if start[inner : inner + 1] != b"[" or not _end_of_row(start[at + 1 :], len(start)):
            return None
        header = _header_of(start[at + 1 :])
        return Members(begins=True, first=start[: at + 1], opened=b"[", header=header, of_rows=True)
    return _of_object(start, at)


def _of_object(start: bytes, at: int) -> Members | None:
    """Return how the table in an object is cut, at whatever depth its columns or rows stand."""
    opened = b""
    for _ in range(_DEEPEST if start[at : at + 1] == b"{" else 0):
        opened, names, inside = opened + b"{", b"", at + 1
        for _ in range(LOOKED_AT):
            member = first_container(start, inside)
            if member < 0:
                return None
            key, opening = opening_of(start[member:])
            value = start.index(opening[:1], member + len(key))
            is_object = opening[:1] == b"{"
            if opening in (b"[", b"[[") or (opening == b"{" and _is_flat(start, value)):
                return _table(start, member, opened, opening, names)
            end = end_of_value(start, value)
            if end < 0:
                break
            if opening == b"[{" and _name_columns(start[value:end]):
                names = start[member:end] + b","
            inside = solid(start, end) + 1
        if not is_object:
            return None
        opened, at = opened + key + b":", value
    return None


def _table(
    start: bytes, member: int, opened: bytes, opening: bytes, names: bytes
) -> Members | None:
    """Return how the table is cut whose first member stands there."""
    by_column = opening == b"[" or (opening == b"{" and _are_columns(start))
    made = Members(
        begins=True,
        first=start[:member],
        opened=opened,
        names=names if len(names) < _LONGEST_NAMES else b"",
        by_column=by_column,
        column=1 if by_column else 0,
    )
    return made if made.cut(start, 0) else None


def _is_flat(start: bytes, at: int) -> bool:
    return first_container(start, at + 1) < 0


def _are_columns(start: bytes) -> bool:
    """True for objects of values by number, or larger than any record."""
    at = start.rfind(b"{")
    key = start[solid(start, at + 1) + 1 :].partition(b'"')[0]
    return len(start) - at > _LONGEST_RECORD or key.lstrip(b"-").isdigit()


def _name_columns(objects: bytes) -> bool:
    """True for a list of objects that each have a name, as schemas do."""
    try:
        values = json.loads(objects)
    except (ValueError, RecursionError):
        return False
    return all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in values)


def _first_rows(data: bytes, end: int) -> int:
    """Return where a list of rows opens; -1 where none does."""
    at = data.find(b"[", 0, end)
    for _ in range(LOOKED_AT):
        inner = solid(data, at + 1)
        if at < 0:
            return -1
        if data[inner : inner + 1] == b"[" and not quotes_in(data, 0, at) & 1:
            return at
        at = data.find(b"[", at + 1, end)
    return -1


def _end_of_row(data: bytes, end: int) -> int:
    """Return where the comma stands behind the last whole row."""
    at = last_outside(data, b"],", end)
    return at + 1 if at >= 0 else 0


def _names_in(members: bytes) -> bytes:
    """Return the member that names columns, of those that are whole; nothing for none."""
    if len(members) > _LONGEST_PART:
        return b""
    try:
        lists = json.loads(b"{" + members + b"}")
    except (ValueError, RecursionError):
        return b""
    for name, values in lists.items():
        if isinstance(values, list) and _are_names(values):
            return json.dumps({name: values}, ensure_ascii=False).encode()[1:-1] + b","
    return b""


def _are_names(values: list[Any]) -> bool:
    return 1 < len(values) <= _MOST_NAMES and all(isinstance(one, str) and one for one in values)


def _header_of(rows: bytes) -> bytes:
    """Return the first row, with its comma, where it names the columns of the others."""
    part = rows[:_LONGEST_NAMES]
    cut = _end_of_row(part, len(part))
    try:
        shaped = of_list(json.loads(b"[" + part[:cut] + b"]"))
    except (ValueError, RecursionError):
        return b""
    if shaped is None or not shaped.names:
        return b""
    return json.dumps(shaped.names, ensure_ascii=False).encode() + b","
