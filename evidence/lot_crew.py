"""Reads in other processes what needs no state of the file in common: the rows of closed lots and
the marks of their entries, which nobody changes any more. What lots tell, and all that is added up,
stays with who asks.

Each process looks at the file at its own moment. Where something was erased meanwhile, or expired,
what it finds is not what was told, and all is read again by one.
"""

import gc
import hashlib
import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from evidence.database import Connection, connect
from evidence.lots import stored_bytes
from evidence.marks import PRIME, Part, parts, product_of_part
from evidence.merkle import Subtrees
from evidence.stretch import grown

MANY = 100_000
"""From so many records on several processes are sooner, whose start takes half a second."""
_ROWS = """SELECT seq, id, at_us, case_id, prev, hash, salt, cuts, body FROM entries
    WHERE seq BETWEEN ? AND ? ORDER BY seq"""
_AT_ONCE = 128
_NICE = 10
_PARTS = 4
"""Of the list of marks, for each process."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What stands in the rows of a lot."""

    before: bytes
    """The hash before the first."""
    head: bytes
    """That of the last; empty where there is no row."""
    entries: int
    digest: bytes
    """SHA-256 of their stored bytes."""
    trees: list[tuple[int, Subtrees]]
    """What the tree grows by to each size that is asked for, and to the last."""


def read_rows(connection: Connection, first: int, last: int, sizes: Iterable[int]) -> Rows:
    """Read these rows. Raises struct.error, TypeError, AttributeError where they are not as a gate
    writes them.
    """
    rows = connection.execute(_ROWS, (first, last))
    digest, hashes, before = hashlib.sha256(), list[bytes](), b""
    while some := rows.fetchmany(_AT_ONCE):
        digest.update(stored_bytes(*some))
        before = before or some[0][4]
        hashes += [row[5] for row in some]
    head = hashes[-1] if hashes else b""
    trees = grown(first - 1, sizes, hashes)
    return Rows(before, head, len(hashes), digest.digest(), trees)


@dataclass
class Crew:
    """The processes, and what they were asked for."""

    pool: ProcessPoolExecutor
    workers: int
    _rows: dict[tuple[int, int], Future[Rows]] = field(default_factory=dict)
    _marks: list[Future[int]] = field(default_factory=list)

    def ask(self, lots: Iterable[tuple[int, int, tuple[int, ...]]], secret: int, last: int) -> None:
        """Ask for lots (first, last, sizes of the tree), then for the marks of entries up to
        `last`.
        """
        for first, end, sizes in lots:
            self._rows[first, end] = self.pool.submit(_rows, first, end, sizes)
        for part in parts(self.workers * _PARTS):
            self._marks.append(self.pool.submit(_marks, secret, part, last))

    def rows(self, first: int, last: int) -> Rows | None:
        """Return the rows of a lot, once; None where nobody was asked. Raises as `read_rows`,
        sqlite3.Error, BrokenProcessPool.
        """
        asked = self._rows.pop((first, last), None)
        return None if asked is None else asked.result()

    def marks(self) -> int | None:
        """Return the product of all marks but those that tell of more values; None where nobody was
        asked. Raises TypeError, sqlite3.Error, BrokenProcessPool.
        """
        if not self._marks:
            return None
        found = 1
        for asked in self._marks:
            found = found * asked.result() % PRIME
        return found


@contextmanager
def crew_of(path: Path, workers: int, count: int) -> Iterator[Crew | None]:
    """Give as many processes as help the one that asks; none where there is little to read."""
    if workers < 2 or count < MANY:
        yield None
        return
    context = multiprocessing.get_context("spawn")
    several = workers - 1
    pool = ProcessPoolExecutor(several, mp_context=context, initializer=_open, initargs=(path,))
    try:
        yield Crew(pool, several)
    finally:
        pool.shutdown(cancel_futures=True)


def give_way() -> None:
    """Let a gate, and whoever else works here, go first."""
    if hasattr(os, "nice"):  # not on every system
        os.nice(_NICE)


_opened: list[Connection] = []
"""In a process that reads: its connection."""


def _open(path: Path) -> None:
    give_way()
    gc.disable()  # as `passage`; the process ends with its work
    _opened.append(connect(path, read_only=True))


def _rows(first: int, last: int, sizes: tuple[int, ...]) -> Rows:
    return read_rows(_opened[-1], first, last, sizes)


def _marks(secret: int, part: Part, last: int) -> int:
    return product_of_part(_opened[-1], secret, part, last)
