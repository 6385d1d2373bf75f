"""The kernel's table of a network's Unix sockets, read: names are anybody's, and hold anything but
a zero, also what ends a line.
"""

import string
from collections.abc import Iterator

_FIELDS = 8
_DIGITS = frozenset(string.hexdigits)
_LEAST = 8
type Row = tuple[str, str]
"""The kernel's number of a socket, and the name that it was bound under."""


def rows(table: str) -> Iterator[Row]:
    """Yield the rows whose names are paths, be it from where their program stood; abstract ones are
    none.
    """
    entries: list[str] = []
    for line in table.removesuffix("\n").split("\n"):
        if not entries or _begins(line):
            entries.append(line)
        else:
            entries[-1] += f"\n{line}"
    for entry in entries:
        number, *fields = *entry.split(None, _FIELDS - 1), ""
        if len(fields) == _FIELDS and number.endswith(":") and not fields[-2].startswith("@"):
            yield fields[-3], fields[-2]


def _begins(line: str) -> bool:
    """Whether a line is the first, most often the only one, of an entry."""
    number, colon, _ = line.partition(": ")
    return bool(colon) and len(number) >= _LEAST and _DIGITS.issuperset(number)
