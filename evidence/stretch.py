"""Verifies one stretch of the chain of records: the chain, the place in which each record is filed,
and what it adds to the sums. Stretches need not know of each other, so that several processes may
each verify some.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from evidence.chain import ChainBroken, ChainVerifier, link, told
from evidence.database import Connection
from evidence.entries import seal_of
from evidence.frames import behind, opener, text_of
from evidence.marks import MORE_VALUES, Pair, pair, product
from evidence.merkle import Subtrees, subtrees
from evidence.parts import SALT_BYTES, Seal, gaps_of, salted_link, says_nothing, sealed_link
from evidence.removed import Removed
from evidence.rollup import Rollup
from evidence.tally import Tally

STRETCH = 1 << 15
"""So many entries are verified at a time."""
_RECORDS = """SELECT seq, prev, hash, body, id, at_us, case_id, salt, cuts
    FROM entries WHERE seq >= ? ORDER BY seq LIMIT ?"""
_CASE = "SELECT key FROM cases WHERE id = ?"
_ERASED = "SELECT seq, cuts, sealed FROM erased WHERE seq >= ?"
_MOST_CASES = 200_000
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
    secret: int = field(default=1, repr=False)
    """Of the product of marks (`evidence.marks`)."""


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
    marks: int = 1
    """Product of the marks of its records."""
    weights: Mapping[str, int] = field(default_factory=dict)
    """What rows of tables weigh that are not among the sums (`evidence.lots`)."""


class Cases:
    """The keys of cases by their ids, as the file has them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[object, str | None] = {None: None}

    def key(self, id_: object) -> str | None:
        """Return the key; None where there is none."""
        try:
            return self._known[id_]
        except KeyError:
            if len(self._known) >= _MOST_CASES:
                self._known = {None: None}
            found: str | None = self._connection.value(_CASE, (id_,))
            self._known[id_] = found
            return found


class _Reading:
    """Takes entries one after the other."""

    def __init__(
        self, start: Start, removed: Removed, tally: Tally, cases: Cases, left: Mapping[int, Any]
    ) -> None:
        self._removed, self._cases, self._left = removed, cases, left
        tally.begin()
        self._chain = ChainVerifier(start.chain, after=(start.seq, start.head))
        self._tally = tally
        self.hashes: list[bytes] = []
        self.unreadable = 0
        self.untold: set[str | None] = set()

    def verify(self, rows: Any) -> str | None:
        """Take the rows in order; return what is wrong with the first that is, if any."""
        chain, cases, add = self._chain, self._cases, self._tally.add
        nothing_gone = not (self._removed.whole or self._removed.parts or self._left)
        seq, head, hashes, opened = chain.seq, chain.head, self.hashes, opener()
        for row in rows:
            number, prev, hash_, frame, _, at_us, case, salt, cuts = row
            text = None
            follows = prev == head and number == seq + 1
            if follows and (nothing_gone or not self._is_touched(number)):
                text = _usual(number, prev, hash_, opened(frame), salt, cuts)
            if text is None:
                problem, text = self._unusual(row)
                if problem is not None:
                    return problem
            else:
                chain.took(number, hash_)
                hashes.append(hash_)
            seq, head = number, hash_
            if not text:
                continue
            key = cases.key(case)
            try:
                found = add(text, at_us, number)
            except ValueError:
                self.unreadable += 1
                self.untold.add(key)
                continue
            if not _is_filed(row, key, found):
                return f"entry {number} is filed under another id, time or case than it states"
        return None

    def _is_touched(self, number: int) -> bool:
        """True for an entry of which something was erased, or is left of an erasure."""
        removed = self._removed
        return number in removed.whole or number in removed.parts or number in self._left

    def _unusual(self, row: Sequence[Any]) -> tuple[str | None, bytes]:
        """Take any entry; return what is wrong with it, if anything, and its text."""
        seq, prev, hash_, frame, _, _, _, salt, cuts = row
        text = text_of(frame) or b""
        seal = _seal((salt, cuts, *self._left.get(seq, (None, None))))
        erased = frozenset[int]() if seal is None else seal.erased
        gone = self._removed.problem(seq, is_empty=not text, erased=erased)
        try:
            linked = _linked(seal) if text or gone is not None else told(hash_)
            self._chain.feed(seq, prev, hash_, text, linked)
        except ChainBroken as broken:
            return gone or str(broken), b""
        if gone is not None:
            return gone, b""
        if type(hash_) is not bytes:
            return f"entry {seq} was changed after it was written", b""
        if (hidden := self._hidden(row, seal)) is not None:
            return hidden, b""
        self.hashes.append(hash_)
        return None, text

    def _hidden(self, row: Sequence[Any], seal: Seal | None) -> str | None:
        """Return where something stands beside the text of an entry that no hash covers."""
        seq, _, _, frame, _, _, _, salt, cuts = row
        parts = None if seal is None or not seal.sealed else len(seal.sealed)
        if self._is_touched(seq) and not says_nothing(salt, cuts, parts):
            return f"the seal of entry {seq}, which was erased, says more than was left of it"
        if (rest := behind(frame)) and (any(rest) or seq not in self._removed.parts):
            return f"something stands behind the text of entry {seq} that Outgate did not write"
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
            trees=grown(start.seq, start.sizes, self.hashes),
            marks=product(self._pairs(), start.secret),
        )

    def _pairs(self) -> list[Pair]:
        """Return the marks of what was read, but for what `Listed` does not look at either."""
        removed = self._removed
        if not removed.whole and not removed.parts:
            return self._tally.pairs
        unsure = {pair(MORE_VALUES, seq) for seq in (*removed.whole, *removed.parts)}
        return [one for one in self._tally.pairs if one not in unsure]


def _is_filed(row: Sequence[Any], key: str | None, found: tuple[str, int, str | None]) -> bool:
    """Return whether a row stands under what its text states: id, time and case."""
    _, _, _, _, id_, at_us, case, _, _ = row
    is_case = key is not None or case is None
    return is_case and found == (id_, at_us, key) and type(at_us) is int


def _usual(
    seq: int, prev: bytes, hash_: bytes, text: bytes | None, salt: object, cuts: object
) -> bytes | None:
    """Return the text of an entry that is as most are: hashed by parts, nothing of it erased, and
    right. None says nothing of it.
    """
    if type(salt) is not bytes or len(salt) != SALT_BYTES or type(cuts) is not bytes:
        return None
    try:
        if text and salted_link(prev, seq, text, salt, gaps_of(cuts)) == hash_:
            return text
    except ValueError:
        pass
    return None


def verify_stretch(
    connection: Connection, start: Start, removed: Removed, tally: Tally, cases: Cases
) -> Stretch:
    """Verify the entries behind `start`, up to as many as it says, or to the first that is not
    right. `tally` knows what records have in common, `cases` the cases.
    """
    first = _LEAST if start.first else start.seq + 1
    left = {seq: columns for seq, *columns in connection.execute(_ERASED, (first,))}
    reading = _Reading(start, removed, tally, cases, left)
    rows = connection.execute(_RECORDS, (first, start.most))
    return reading.result(start, reading.verify(rows))


def grown(first: int, sizes: Iterable[int], hashes: list[bytes]) -> list[tuple[int, Subtrees]]:
    """Return what the tree grows by with these entries behind the `first` of it: to each of the
    sizes, and to the last.
    """
    last = first + len(hashes)
    at, found = first, []
    for size in sorted({*sizes, last}):
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
