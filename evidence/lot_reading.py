"""Reads closed lots: holds the rows of the file, byte for byte, against what the gate that wrote
them told of them, and takes over what it added up.
"""

import struct
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from core.happenings import Event
from evidence.attested import Roots
from evidence.chain_ids import chain_id
from evidence.checkpoint import Checkpoint
from evidence.database import Connection
from evidence.derived_check import Derived
from evidence.lot_crew import Crew, read_rows
from evidence.lots import WEIGHED, BadLot, LotKey, Told, before_in, holds_any, place_of
from evidence.lots_signed import signed_lots_problem
from evidence.marks import Listed
from evidence.past import Past
from evidence.removed import Removed
from evidence.sqlite_errors import is_gone
from evidence.stretch import Cases, Start, Stretch
from evidence.table_sums import not_added_up, same_scripts, weighed, weighs_the_same

_ACTS = "SELECT DISTINCT action FROM review_entries"
_CLOSED = "SELECT closed FROM lots WHERE first = ?"
_MADE_ANEW = frozenset({(Event.REBUILT.value,), (Event.MIGRATED.value,)})
"""Acts with which lots go."""
_NOT_AS_TOLD = (BadLot, struct.error, TypeError, AttributeError, UnicodeError)


@dataclass
class Lots:
    """The closed lots of one file."""

    connection: Connection
    key: LotKey
    chain: str
    ends: dict[int, int]
    """First entry → last."""
    touched: Sequence[int]
    """Entries of which something was erased, in order: their lots tell nothing."""
    crew: Crew | None = None
    """Who reads rows and marks beside this process, where there are many."""
    told: int = 0
    """Entries whose texts need not be read."""
    unlike: bool = False
    """Whether some lot told of other rows than those that are there."""
    last: int = 0
    """The last entry of the file, once a crew was asked."""
    opened: dict[int, int] = field(default_factory=dict)
    """Of lots that the key opened: first entry → where the lot before begins."""
    _firsts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self._firsts = sorted(self.ends)

    @classmethod
    def of(cls, connection: Connection, path: Path) -> "Lots | None":
        """Return them; None where there are none, or no key that opens them."""
        key = LotKey.beside(path)
        if key is None or is_gone(connection, "lots"):
            return None
        if connection.value("SELECT 1 FROM lots LIMIT 1") is None:
            return None
        cut = Past.of(connection).cut
        query = "SELECT first, last FROM lots WHERE first > ? AND last >= first"
        ends = dict(connection.execute(query, (cut,)).fetchall())
        return cls(connection, key, chain_id(connection, "records"), ends, _touched(connection))

    @property
    def count(self) -> int:
        """How many entries are in lots, about."""
        return sum(last - first + 1 for first, last in self.ends.items())

    def ask(self, roots: Roots, secret: int, last: int) -> None:
        """Let the crew, if there is one, begin with what it reads: of entries up to `last`."""
        if self.crew is None:
            return
        self.last = last
        whole = ((one, self.ends[one]) for one in self._firsts if 0 < one <= self.ends[one] <= last)
        asked = [
            (first, end, roots.between(first - 1, end))
            for first, end in whole
            if not holds_any(self.touched, first, end)
        ]
        self.crew.ask(asked, secret, last)

    def marks(self, listed: Listed) -> int | None:
        """Return the product of the marks that the crew read; None where nobody did, or there are
        marks behind all entries.
        """
        if self.crew is None or listed.holds_later(self.last):
            return None
        return self.crew.marks()

    def end(self, first: int) -> int:
        """Return the last entry of the lot that begins with this one; 0 where none does."""
        return self.ends.get(first, 0)

    def next_behind(self, seq: int, last: int) -> int:
        """Return the entry before the next lot that begins behind `seq`; `last` where none does."""
        at = bisect_left(self._firsts, seq + 1)
        return min(last, self._firsts[at] - 1) if at < len(self._firsts) else last

    def stretch(self, start: Start, cases: Cases) -> Stretch | None:
        """Return what the lot behind `start` tells; None where there is none, or where the file
        holds other rows: then their texts say what is wrong. Raises BrokenProcessPool.
        """
        first = start.seq + 1
        last = self.end(first)
        if not last or holds_any(self.touched, first, last):
            return None
        try:
            closed = self.connection.value(_CLOSED, (first,))
            place = place_of(self.chain, first, last)
            told = Told.of(self.key.opened(closed, place))
            self.opened[first] = told.before
            rows = None if self.crew is None else self.crew.rows(first, last)
            rows = rows or read_rows(self.connection, first, last, start.sizes)
        except _NOT_AS_TOLD:
            return None
        if (rows.before, rows.digest) != (start.head, told.digest) or not _are_filed(told, cases):
            self.unlike = True
            return None
        self.told += rows.entries
        return Stretch(
            seq=last,
            head=rows.head,
            entries=rows.entries,
            sums=told.sums,
            trees=rows.trees,
            marks=told.marks,
            weights=told.weights,
        )


def lots_problem(
    connection: Connection,
    path: Path,
    signed: Sequence[tuple[Checkpoint, str]],
    read: Lots | None = None,
) -> str | None:
    """Return what is wrong with the list of lots, if anything, also by what checkpoints `signed`
    tell of it; what is in them only where a key opens them, and no act tells that they were closed
    with an earlier one. Those that were `read` in this state of the file are not opened again.
    """
    found = _closed_otherwise(connection, path, {} if read is None else read.opened)
    return found or signed_lots_problem(connection, [one for one, _ in signed])


def _closed_otherwise(connection: Connection, path: Path, opened: Mapping[int, int]) -> str | None:
    key, acts = LotKey.beside(path), set(connection.execute(_ACTS).fetchall())
    if key is None or (Event.KEY_CHANGED.value,) in acts or is_gone(connection, "lots"):
        return None  # that the table is gone, what looks at the schema says
    chain, found = chain_id(connection, "records"), dict(opened)
    for first, last in connection.execute("SELECT first, last FROM lots").fetchall():
        if first in opened:
            continue
        closed = connection.value(_CLOSED, (first,))
        try:
            text = key.opened(closed, place_of(chain, first, last))
        except BadLot:
            return "what the gate told of the entries that it wrote was put in or changed"
        with suppress(BadLot):  # an earlier version closed it
            found[first] = before_in(text)
    if not acts.isdisjoint(_MADE_ANEW):
        return None
    return _taken_out(connection, found)


def _taken_out(connection: Connection, found: Mapping[int, int]) -> str | None:
    """Return which lot is missing though a later one tells of it, if any; `found`: where each
    begins, and the one before it. One goes where something of it was erased, or expired.
    """
    cut, touched = Past.of(connection).cut, _touched(connection)
    for first, before in sorted(found.items()):
        if before > cut and before not in found and not holds_any(touched, before, first - 1):
            return f"what the gate told of the entries from {before} on was taken out"
    return None


def bytes_problem(
    connection: Connection, path: Path, read: Lots | None, *, skip: bool
) -> str | None:
    """Return which entries do not stand as the gate wrote them, if any: no hash of the chain covers
    some bytes of a row, such as the salt of an entry of one part. Nothing is
    looked at again where the lots that were `read` told of the rows that are there.
    """
    if skip or (read is not None and not read.unlike):
        return None
    lots = Lots.of(connection, path)
    if lots is None:
        return None
    for first, last in sorted(lots.ends.items()):
        if holds_any(lots.touched, first, last):
            continue
        with suppress(*_NOT_AS_TOLD):
            place = place_of(lots.chain, first, last)
            told = Told.of(lots.key.opened(connection.value(_CLOSED, (first,)), place))
            if read_rows(connection, first, last, ()).digest != told.digest:
                return (
                    f"entries {first} to {last} hold other bytes than the gate wrote: some that "
                    "no hash of the chain covers were changed"
                )
    return None


def _touched(connection: Connection) -> list[int]:
    """Return the entries of which something was erased, in order."""
    removed = Removed.of(connection)
    left = (seq for (seq,) in connection.execute("SELECT seq FROM erased"))
    return sorted({*removed.whole, *removed.parts, *left})


def _are_filed(told: Told, cases: Cases) -> bool:
    """Return whether the ids in the rows are those of the right cases."""
    return all(cases.key(id_) == key for key, id_ in told.ids.items())


class LotSums(Derived):
    """As `Derived`, with hours and traffic only weighed: nobody has what lots added up."""

    def __init__(self, connection: Connection, lots: Lots) -> None:
        self._lots, self._key, self._weights = lots, lots.key, dict.fromkeys(WEIGHED, 0)
        self._weighed: dict[str, int] = {}
        super().__init__(connection)
        self.secret = self._key.marks

    def _begin(self) -> None:
        """Make no tables."""

    def look(self) -> None:
        """Weigh the tables of the file, while others read."""
        self._weighed = weighed(self._connection, self._key)

    def _listed(self, listed: Listed) -> int:
        return listed.product(self.secret, self._lots.marks(listed))

    def take(self, stretch: Stretch) -> None:
        """Take what one stretch adds up to."""
        super().take(stretch)
        for table, weight in stretch.weights.items():
            self._weights[table] += weight

    def _put_down(self) -> None:
        for table, weight in self._key.weights(self.sums).items():
            self._weights[table] += weight
        self.sums.traffic, self.sums.hours = {}, {}

    def _other(self, table: str) -> str | None:
        if self.unreadable or table == "days":  # which follow from the hours: `days_problem`
            return None
        return None if self._is_right(table) else not_added_up(table)

    def _is_right(self, table: str) -> bool:
        if table == "scripts":
            return same_scripts(self._connection, self.sums.scripts)
        listed, right = self._weighed[table], self._weights[table]
        return weighs_the_same(self._connection, table, listed, right)
