"""Reads closed lots: holds the rows of the file, byte for byte, against what the gate that wrote
them told of them, and takes over what it added up.
"""

import hashlib
import struct
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.happenings import Event
from evidence.chain_ids import chain_id
from evidence.database import Connection
from evidence.derived_check import Derived, not_added_up
from evidence.lots import WEIGHED, BadLot, LotKey, Told, holds_any, place_of, stored_bytes
from evidence.marks import PRIME
from evidence.past import Past
from evidence.removed import Removed
from evidence.stretch import Cases, Start, Stretch, grown

_ROWS = """SELECT seq, id, at_us, case_id, prev, hash, salt, cuts, body FROM entries
    WHERE seq BETWEEN ? AND ? ORDER BY seq"""
_AT_ONCE = 128
_DAYS = """WITH added AS MATERIALIZED (
    SELECT (hour - (hour % 24 + 24) % 24) / 24, destination, account, outcome, min(hour),
        max(hour), sum(exchanges), sum(sent), sum(bytes), sum(found), sum(tokens),
        sum(cost_micro_usd)
    FROM hours GROUP BY 1, destination, account, outcome)
    SELECT (SELECT count(*) FROM days), (SELECT count(*) FROM added),
        (SELECT count(*) FROM (SELECT * FROM added INTERSECT SELECT * FROM days))"""
_SCRIPTS = "SELECT script, sha256, first_us, last_us, count FROM scripts"


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
    told: int = 0
    """Entries whose texts need not be read."""
    _firsts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self._firsts = sorted(self.ends)

    @classmethod
    def of(cls, connection: Connection, path: Path) -> "Lots | None":
        """Return them; None where there are none, or no key that opens them."""
        key = LotKey.beside(path)
        if key is None or connection.value("SELECT 1 FROM lots LIMIT 1") is None:
            return None
        removed, cut = Removed.of(connection), Past.of(connection).cut
        touched = {*removed.whole, *removed.parts}
        touched.update(seq for (seq,) in connection.execute("SELECT seq FROM erased"))
        query = "SELECT first, last FROM lots WHERE first > ? AND last >= first"
        ends = dict(connection.execute(query, (cut,)).fetchall())
        return cls(connection, key, chain_id(connection, "records"), ends, sorted(touched))

    def end(self, first: int) -> int:
        """Return the last entry of the lot that begins with this one; 0 where none does."""
        return self.ends.get(first, 0)

    def next_behind(self, seq: int, last: int) -> int:
        """Return the entry before the next lot that begins behind `seq`; `last` where none does."""
        at = bisect_left(self._firsts, seq + 1)
        return min(last, self._firsts[at] - 1) if at < len(self._firsts) else last

    def stretch(self, start: Start, cases: Cases) -> Stretch | None:
        """Return what the lot behind `start` tells; None where there is none, or where the file
        holds other rows: then their texts say what is wrong.
        """
        first = start.seq + 1
        last = self.end(first)
        if not last or holds_any(self.touched, first, last):
            return None
        query = "SELECT closed FROM lots WHERE first = ?"
        try:
            closed = self.connection.value(query, (first,))
            place = place_of(self.chain, first, last)
            told = Told.of(self.key.opened(closed, place))
            before, hashes, digest = self._read(first, last)
        except (BadLot, struct.error, TypeError, AttributeError, UnicodeError):
            return None
        if (before, digest) != (start.head, told.digest) or not _are_filed(told, cases):
            return None
        self.told += len(hashes)
        return Stretch(
            seq=last,
            head=hashes[-1],
            entries=len(hashes),
            sums=told.sums,
            trees=grown(start, hashes),
            marks=told.marks,
            weights=told.weights,
        )

    def _read(self, first: int, last: int) -> tuple[bytes, list[bytes], bytes]:
        """Return the hash before the first of the rows, their own, and the digest of them all."""
        rows = self.connection.execute(_ROWS, (first, last))
        digest, hashes, before = hashlib.sha256(), list[bytes](), b""
        while some := rows.fetchmany(_AT_ONCE):
            digest.update(b"".join(map(stored_bytes, some)))
            before = before or some[0][4]
            hashes += [row[5] for row in some]
        return before, hashes, digest.digest()


def lots_problem(connection: Connection, path: Path) -> str | None:
    """Return what is wrong with the list of lots, if anything; nothing where no key opens them, or
    an act tells that they were closed with an earlier one.
    """
    key, changed = LotKey.beside(path), (Event.KEY_CHANGED.value,)
    told = "SELECT 1 FROM review_entries WHERE action = ? LIMIT 1"
    if key is None or connection.value(told, changed) is not None:
        return None
    chain = chain_id(connection, "records")
    for first, last, closed in connection.execute("SELECT first, last, closed FROM lots"):
        try:
            key.opened(closed, place_of(chain, first, last))
        except BadLot:
            return "what the gate told of the entries that it wrote was put in or changed"
    return None


def _are_filed(told: Told, cases: Cases) -> bool:
    """Return whether the ids in the rows are those of the right cases."""
    return all(cases.key(id_) == key for key, id_ in told.ids.items())


class LotSums(Derived):
    """As `Derived`, with hours and traffic only weighed: nobody has what lots added up."""

    def __init__(self, connection: Connection, key: LotKey) -> None:
        self._key, self._weights = key, dict.fromkeys(WEIGHED, 0)
        super().__init__(connection)
        self.secret = key.marks

    def _begin(self) -> None:
        """Make no tables."""

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
        if self.unreadable:
            return None
        same = {"scripts": self._same_scripts, "days": self._same_days}.get(table)
        right = self._weighs_the_same(table) if same is None else same()
        return None if right else not_added_up(table)

    def _weighs_the_same(self, table: str) -> bool:
        none = f"SELECT 1 FROM {table} WHERE exchanges < 1 LIMIT 1"  # noqa: S608
        if self._connection.value(none) is not None:
            return False
        rows = self._connection.execute(f"SELECT * FROM {table}")  # noqa: S608
        weight = self._key.scales[table].weigh(rows)
        return weight == self._weights[table] % PRIME

    def _same_days(self) -> bool:
        ((days, added, both),) = self._connection.execute(_DAYS).fetchall()
        return bool(days == added == both)

    def _same_scripts(self) -> bool:
        rows = self._connection.execute(_SCRIPTS)
        return {(a, b): seen for a, b, *seen in rows} == self.sums.scripts
