"""What of an evidence file is shipped elsewhere: both chains, entry by entry as they were hashed,
and the checkpoints over them. Reads only: a gate that writes is never kept waiting.
"""

import contextlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from core.errors import EvidenceError
from evidence.chain import genesis, link
from evidence.chain_ids import chain_id
from evidence.database import Connection, connect
from evidence.entries import seal_of
from evidence.parts import SALT_BYTES, Seal, gaps_of, is_short, sealed_link
from evidence.past import Past
from evidence.schema import VERSION, version_of
from evidence.sqlite_errors import DatabaseFault, evidence_error

type ChainKind = Literal["records", "acts"]
type _Row = tuple[Any, ...]

_META = {"records": "records", "acts": "reviews"}
_LAST = {
    "records": "SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1",
    "acts": "SELECT seq, hash FROM review_entries ORDER BY seq DESC LIMIT 1",
}
_HASH = {
    "records": "SELECT hash FROM entries WHERE seq = ?",
    "acts": "SELECT hash FROM review_entries WHERE seq = ?",
}
_RECORDS = """SELECT e.seq, e.prev, e.hash, unpacked(e.body), e.salt, e.cuts, x.cuts, x.sealed
    FROM entries e LEFT JOIN erased x ON x.seq = e.seq WHERE e.seq > ? ORDER BY e.seq LIMIT ?"""
_ACTS = """SELECT seq, prev, hash, CAST(body AS BLOB), NULL, NULL, NULL, NULL
    FROM review_entries WHERE seq > ? ORDER BY seq LIMIT ?"""
_TEXT, _SEALED = 3, 7
"""Where they stand in a row of these."""
_NOTES = {
    "records": "SELECT note, public FROM checkpoints WHERE records BETWEEN ? AND ? ORDER BY seq",
    "acts": "SELECT note, public FROM checkpoints WHERE reviews BETWEEN ? AND ? ORDER BY seq",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """One entry of a chain as it travels."""

    text: bytes = field(repr=False)
    """What was hashed; empty where the entry was erased whole."""
    seal: Seal | None = None
    """How it is hashed by parts; None where it is hashed as one text."""
    hash: bytes | None = None
    """Told only of what was erased whole: what follows proves it."""

    @property
    def emptied(self) -> bool:
        """Whether something was taken out of it."""
        return self.hash is not None or (self.seal is not None and bool(self.seal.erased))

    def link(self, prev: bytes, seq: int) -> bytes:
        """Return the hash of this entry at its place. Raises ValueError where it fits none."""
        if self.hash is not None:
            return self.hash
        if self.seal is None:
            return link(prev, seq, self.text)
        return sealed_link(prev, seq, self.text, self.seal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one chain stands."""

    chain: str
    last: int
    """0 before the first entry."""
    head: bytes
    """Hash of the last entry; of an empty chain what comes before its first."""
    first: int
    """The oldest entry that is still there is the one after this; 0: all are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A signed checkpoint and the key that signed it."""

    note: str
    public: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Some entries of one chain without a gap."""

    first: int
    prev: bytes
    entries: tuple[Shipped, ...]
    head: bytes
    notes: tuple[Note, ...] = ()

    @property
    def last(self) -> int:
        """Number of the last entry."""
        return self.first + len(self.entries) - 1


type Pieces = tuple[bytes, bytes, bytes]
"""Of an entry that is hashed by parts and of which nothing was erased: text, cuts, salt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Some entries of one chain without a gap, as they are kept: not yet told apart."""

    first: int
    prev: bytes
    head: bytes
    notes: tuple[Note, ...]
    rows: tuple[_Row, ...] = field(repr=False)

    @property
    def last(self) -> int:
        """Number of the last entry."""
        return self.first + len(self.rows) - 1

    @property
    def emptied(self) -> bool:
        """Whether something was taken out of any of them."""
        return any(not row[_TEXT] or row[_SEALED] is not None for row in self.rows)

    def entries(self) -> Iterator[Pieces | Shipped]:
        """Yield the pieces of each entry, or the entry where it is not hashed by parts."""
        for row in self.rows:
            _, _, _, text, salt, cuts, _, sealed = row
            plain = sealed is None and isinstance(salt, bytes) and isinstance(cuts, bytes)
            if text and plain and len(salt) == SALT_BYTES and _are_cuts(cuts):
                yield bytes(text), cuts, salt
            else:
                yield _shipped(row)


def _are_cuts(kept: bytes) -> bool:
    if is_short(kept):
        return True
    try:
        return bool(gaps_of(kept)) or len(kept) == 1
    except ValueError:
        return False


@dataclass(frozen=True)
class ShippedFile:
    """The evidence file at `path`, read over one connection; close it."""

    path: Path

    @cached_property
    def _connection(self) -> Connection:
        if not self.path.is_file():
            raise EvidenceError("There is no evidence yet.", remedy="Start a gate first.")
        connection = connect(self.path, read_only=True)
        if (found := version_of(connection)) != VERSION:
            connection.close()
            raise EvidenceError(
                f"The evidence has the older schema {found}.",
                remedy="Start the gate once to bring it up.",
            )
        return connection

    def close(self) -> None:
        """Let go of the file."""
        if "_connection" in self.__dict__:
            self._connection.close()

    def standing(self, kind: ChainKind) -> Standing:
        """Return where a chain stands. Raises EvidenceError."""
        with _told(), _snapshot(self._connection) as connection:
            chain = chain_id(connection, _META[kind])
            past = Past.of(connection) if kind == "records" else Past()
            row = connection.execute(_LAST[kind]).fetchone()
            if row is None:
                row = (past.cut, past.head) if past.cut else (0, genesis(chain))
            return Standing(chain=chain, last=row[0], head=bytes(row[1]), first=past.cut)

    def hash_at(self, kind: ChainKind, seq: int) -> bytes | None:
        """Return the hash of an entry; None where there is none. Raises EvidenceError."""
        with _told():
            found = self._connection.value(_HASH[kind], (seq,))
            return None if found is None else bytes(found)

    def run(self, kind: ChainKind, after: int, most: int, most_bytes: int) -> Run | None:
        """Return the entries after one, at most so many and so long together (one at least); None
        where there are none. Raises EvidenceError.
        """
        found = self.stretch(kind, after, most, most_bytes)
        if found is None:
            return None
        entries = tuple(_shipped(row) for row in found.rows)
        return Run(
            first=found.first, prev=found.prev, entries=entries, head=found.head, notes=found.notes
        )

    def stretch(self, kind: ChainKind, after: int, most: int, most_bytes: int) -> "Stretch | None":
        """Return the same entries as `run`, as they are kept. Raises EvidenceError."""
        with _told(), _snapshot(self._connection) as connection:
            rows = connection.execute(_RECORDS if kind == "records" else _ACTS, (after, most))
            found = _limited(rows, most_bytes)
            if not found:
                return None
            first, last = found[0][0], found[-1][0]
            notes = connection.execute(_NOTES[kind], (first, last)).fetchall()
            return Stretch(
                first=first,
                prev=bytes(found[0][1]),
                head=bytes(found[-1][2]),
                notes=tuple(Note(note=note, public=bytes(public)) for note, public in notes),
                rows=tuple(found),
            )


def _limited(rows: Iterable[_Row], most_bytes: int) -> list[_Row]:
    found: list[_Row] = []
    total = 0
    for row in rows:
        total += len(row[3])
        if found and (total > most_bytes or row[0] != found[-1][0] + 1):
            break
        found.append(row)
    return found


def _shipped(row: _Row) -> Shipped:
    _, _, hash_, text, *columns = row
    if not text:
        return Shipped(text=b"", hash=bytes(hash_))
    try:
        seal = seal_of(*columns)
    except ValueError:
        seal = None  # damaged: it fits no hash, and whoever checks it sees that
    return Shipped(text=bytes(text), seal=seal)


@contextlib.contextmanager
def _snapshot(connection: Connection) -> Iterator[Connection]:
    connection.execute("BEGIN")
    try:
        yield connection
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except DatabaseFault as error:
        raise evidence_error(error) from None


@contextlib.contextmanager
def shipped_file(path: Path) -> Iterator[ShippedFile]:
    """Open an evidence file for shipping. Its methods raise EvidenceError."""
    with closing(ShippedFile(path)) as file:
        yield file
