"""Verifies one stretch of the chain of records: the chain, the place in which each record is filed,
and what it adds to the sums. Stretches need not know of each other, so that several processes may
each verify some.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from evidence.chain import ChainBroken, ChainVerifier, link
from evidence.database import Connection
from evidence.entries import seal_of
from evidence.frames import text_of
from evidence.merkle import Subtrees, subtrees
from evidence.parts import Seal, gaps_of, salted_link, sealed_link
from evidence.removed import Removed
from evidence.rollup import Rollup
from evidence.tally import Tally

STRETCH = 1 << 14
"""So many entries are verified at a time."""
_RECORDS = """SELECT e.seq, e.prev, e.hash, e.body, e.id, e.at_us, c.key,
        e.salt, e.cuts, x.cuts, x.sealed
    FROM entries e LEFT JOIN cases c ON c.id = e.case_id LEFT JOIN erased x ON x.seq = e.seq
    WHERE e.seq >= ? ORDER BY e.seq LIMIT ?"""
_LEAST = -(2**63)
_DAMAGED = Seal(cuts=((1, 0),))
"""What fits no text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a stretch begins."""

    chain: str
    """Id of the chain."""
    seq: int
    """The entry before the first one; nothing of a chain that begins here is left out."""
    head: bytes
    """Its hash."""
    first: bool = False
    """Whether no stretch comes before."""
    most: int = field(default_factory=lambda: STRETCH)
    """How many entries at most."""
    sizes: tuple[int, ...] = ()
    """At which sizes of the tree its root is asked for."""


@dataclass(slots=True)
class Stretch:
    """What was found in one stretch."""

    seq: int
    """The last good entry."""
    head: bytes
    entries: int = 0
    problem: str | None = None
    sums: Rollup = field(default_factory=Rollup)
    unreadable: int = 0
    untold: set[str | None] = field(default_factory=set)
    """Keys of cases with an entry that cannot be read: nobody can say what is right of them."""
    trees: list[tuple[int, Subtrees]] = field(default_factory=list)
    """What the tree grows by to each size that is asked for, and to the last."""


class _Reading:
    """Takes entries one after the other."""

    def __init__(self, start: Start, removed: Removed, tally: Tally) -> None:
        self._removed = removed
        tally.begin()
        self._chain = ChainVerifier(start.chain, after=(start.seq, start.head))
        self._tally = tally
        self._text: bytes | None = None
        """Of the entry that was taken last."""
        self.hashes: list[bytes] = []
        self.unreadable = 0
        self.untold: set[str | None] = set()

    def verify(self, rows: Any) -> str | None:
        """Take the rows in order; return what is wrong with the first that is, if any."""
        chain, usual = self._chain, self._usual
        for row in rows:
            follows = row[1] == chain.head and row[0] == chain.seq + 1
            if not (follows and usual(row)) and (problem := self._unusual(row)) is not None:
                return problem
            if (problem := self._filed(row)) is not None:
                return problem
        return None

    def _usual(self, row: Sequence[Any]) -> bool:
        """Take an entry that is as most are: hashed by parts, nothing of it erased, and right.

        False says nothing of it.
        """
        seq, prev, hash_, frame, _, _, _, salt, cuts, _, sealed = row
        removed = self._removed
        if type(salt) is not bytes or type(cuts) is not bytes or sealed is not None:
            return False
        if seq in removed.whole or seq in removed.parts:
            return False
        self._text = text = text_of(frame)
        try:
            if not text or salted_link(prev, seq, text, salt, gaps_of(cuts)) != hash_:
                return False
        except ValueError:
            return False
        self._chain.took(seq, hash_)
        self.hashes.append(hash_)
        return True

    def _unusual(self, row: Sequence[Any]) -> str | None:
        """Take any entry, or return what is wrong with it."""
        seq, prev, hash_, frame, _, _, _, *columns = row
        self._text = text = text_of(frame)
        seal = _seal(columns)
        erased = frozenset[int]() if seal is None else seal.erased
        gone = self._removed.problem(seq, is_empty=not text, erased=erased)
        try:
            linked = _linked(seal) if text or gone is not None else _told(hash_)
            self._chain.feed(seq, prev, hash_, text or b"", linked)
        except ChainBroken as broken:
            return gone or str(broken)
        if gone is not None:
            return gone
        if type(hash_) is not bytes:
            return f"entry {seq} was changed after it was written"
        self.hashes.append(hash_)
        return None

    def _filed(self, row: Sequence[Any]) -> str | None:
        """Add up the entry that was taken, and compare with what it is filed under."""
        text, seq, place = self._text, row[0], row[4:7]
        if not text:
            return None
        wrong = f"entry {seq} is filed under another id, time or case than it states"
        if type(row[5]) is not int:
            return wrong
        try:
            return None if self._tally.add(text, row[5]) == place else wrong
        except ValueError:
            self.unreadable += 1
            self.untold.add(row[6])
        return None

    def result(self, start: Start, problem: str | None) -> Stretch:
        chain = self._chain
        return Stretch(
            seq=chain.seq,
            head=chain.head,
            entries=chain.entries,
            problem=problem,
            sums=self._tally.sums,
            unreadable=self.unreadable,
            untold=self.untold,
            trees=_grown(start, self.hashes),
        )


def verify_stretch(connection: Connection, start: Start, removed: Removed, tally: Tally) -> Stretch:
    """Verify the entries behind `start`, up to as many as it says, or to the first that is not
    right. `tally` knows what records have in common.
    """
    reading = _Reading(start, removed, tally)
    first = _LEAST if start.first else start.seq + 1
    rows = connection.execute(_RECORDS, (first, start.most))
    return reading.result(start, reading.verify(rows))


def _grown(start: Start, hashes: list[bytes]) -> list[tuple[int, Subtrees]]:
    first, last = start.seq, start.seq + len(hashes)
    at, found = first, []
    for size in sorted({*start.sizes, last}):
        if at < size <= last:
            found.append((size, subtrees(at, hashes[at - first : size - first])))
            at = size
    return found


def _seal(columns: Sequence[bytes | None]) -> Seal | None:
    """Return how an entry with these columns is sealed; what fits nothing where that is damaged."""
    try:
        return seal_of(*columns)
    except ValueError:
        return _DAMAGED


def _linked(seal: Seal | None) -> Callable[[bytes, int, bytes], bytes]:
    return link if seal is None else partial(_by_parts, seal)


def _by_parts(seal: Seal, prev: bytes, seq: int, text: bytes) -> bytes:
    return sealed_link(prev, seq, text, seal)


def _told(hash_: bytes) -> Callable[[bytes, int, bytes], bytes]:
    """Of an entry that was erased whole its hash is left, and the next entry proves it."""
    return lambda prev, seq, text: hash_
