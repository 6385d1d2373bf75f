"""By what values are looked up: the marks of a record, and whether the list of them is that of the
records. Pure, but for the reading of the list.

Two lists of pairs are the same in any order where the products of (r - pair) are the same modulo a
prime, for an r that nobody knew when the lists were made: a difference passes unseen once in 10^30.
"""

import math
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from evidence.database import Connection
from evidence.frames import mark

MORE_VALUES = -1
"""The mark of records that hold more values than marks of them."""
PRIME = 2**130 - 5
_FINGERPRINTS = b'"fingerprints":["'
_SHIFT = 64
_AT_ONCE = 8
_CHUNK = 4096
_ROWS = "mark IS NOT ?"
_MORE = "SELECT seq FROM marks WHERE mark = ?"
_BEHIND = "SELECT 1 FROM marks WHERE seq > ? LIMIT 1"
_BITS = 64
type Pair = int
"""A mark and the number of its entry, as one number."""
type Bound = tuple[str, tuple[int, ...]]
"""A condition, and its values."""
type Part = tuple[int | None, int | None]
"""Marks from the one on, up to below the other; with None, from the first or to the last."""


def secret() -> int:
    """Return a number that nobody knew before."""
    return secrets.randbelow(PRIME)


def pair(mark_: int, seq: int) -> Pair:
    """Return the number of a mark and an entry; no two pairs of whole numbers of 64 bits share
    one.
    """
    return (mark_ << _SHIFT) + seq


def unpaired(number: Pair) -> tuple[int, int]:
    """Return the mark and the entry of which `pair` made the number."""
    return number >> _SHIFT, number & ((1 << _SHIFT) - 1)


def marks_of(findings: Iterable[tuple[Collection[str], int]]) -> set[int]:
    """Return the marks of a record, of the fingerprints and distinct values of each finding."""
    found: set[int] = set()
    for fingerprints, distinct in findings:
        found.update(one for text in fingerprints if (one := mark(text)) is not None)
        if fingerprints and distinct > len(fingerprints):
            found.add(MORE_VALUES)
    return found


def marks_in(findings: object) -> set[int]:
    """Return the marks of the findings of a record's JSON, be it understood or not."""
    every = findings if isinstance(findings, list) else []
    return marks_of(_told(one) for one in every if isinstance(one, dict))


def marks_in_text(text: bytes) -> set[int]:
    """Return the marks of a record's text; none of what is no record."""
    if _FINGERPRINTS not in text:
        return set()
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return set()
    return marks_in(value.get("findings")) if isinstance(value, dict) else set()


def _told(finding: dict[str, Any]) -> tuple[list[str], int]:
    fingerprints, distinct = finding.get("fingerprints"), finding.get("distinct")
    every = fingerprints if isinstance(fingerprints, list) else []
    texts = [one for one in every if isinstance(one, str)]
    return texts, distinct if isinstance(distinct, int) else 0


def product(pairs: list[Pair], r: int, begun: int = 1) -> int:
    """Return the product of (r - pair) over the pairs, begun with another product."""
    for at in range(0, len(pairs), _AT_ONCE):
        begun = begun * math.prod([r - one for one in pairs[at : at + _AT_ONCE]]) % PRIME
    return begun


@dataclass(frozen=True, slots=True)
class Listed:
    """Marks as the file lists them."""

    connection: Connection
    cut: int
    """The last entry that expired."""
    erased: Collection[int]
    """Entries of which something was erased. That they held more values than marks, and that
    expired ones did, may still be told or not.
    """

    def product(self, r: int, others: int | None = None) -> int:
        """Return the product of (r - pair) over all that are listed; `others` is that of all marks
        but those that tell of more values, where it is known.
        """
        cut, erased = self.cut, self.erased
        more = self.connection.execute(_MORE, (MORE_VALUES,))
        pairs = [
            pair(MORE_VALUES, seq) for (seq,) in more if not 0 < seq <= cut and seq not in erased
        ]
        found = product(pairs, r)
        if others is not None:
            return found * others % PRIME
        return _product_of(self.connection, r, found)

    def holds_later(self, last: int) -> bool:
        """Return whether anything is listed of an entry behind that one."""
        return self.connection.value(_BEHIND, (last,)) is not None


def parts(count: int) -> list[Part]:
    """Return the list of marks in so many parts, about as long as each other; the first and the
    last hold what is no number, too.
    """
    edges = [(at << _BITS) // count - (1 << (_BITS - 1)) for at in range(1, count)]
    return list(zip((None, *edges), (*edges, None), strict=True))


def product_of_part(connection: Connection, r: int, part: Part, last: int) -> int:
    """Return the product of (r - pair) over one part of the list, but for those that tell of more
    values, and for entries behind the last one.
    """
    first, end = part
    bounds = [("seq <= ?", (last,)), *([] if end is None else [("mark < ?", (end,))])]
    return _product_of(connection, r, 1, bounds, None if first is None else ("mark >= ?", (first,)))


def _product_of(
    connection: Connection,
    r: int,
    begun: int,
    bounds: Sequence[Bound] = (),
    after: Bound | None = None,
) -> int:
    """Return the product of those within bounds, which SQLite gives as two lists at a time: of rows
    Python makes two numbers and a tuple each, which takes longer.
    """
    while True:
        every = [(_ROWS, (MORE_VALUES,)), *bounds, *([] if after is None else [after])]
        where = " AND ".join(condition for condition, _ in every)
        query = f"""SELECT json_group_array(mark), json_group_array(seq) FROM (
            SELECT mark, seq FROM marks WHERE {where} ORDER BY mark, seq LIMIT {_CHUNK})"""  # noqa: S608
        values = [value for _, some in every for value in some]
        marks, seqs = map(orjson.loads, connection.execute(query, values).fetchone())
        if not marks:
            return begun
        pairs = [(one << _SHIFT) + seq for one, seq in zip(marks, seqs, strict=True)]
        begun = product(pairs, r, begun)
        if type(seqs[-1]) is not int:
            return 0  # which no product is: a number that is not whole has no place to go on from
        after = "(mark, seq) > (?, ?)", (marks[-1], seqs[-1])
