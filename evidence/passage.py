"""Reads the chain of records from one end to the other, stretch by stretch: in this process, or in
several where there is much to read.

What several processes say is only ever that all is right: each looks at the file at its own moment,
so whatever is not right is looked for again by one.
"""

import contextlib
import gc
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path

from evidence.attested import Roots
from evidence.columns_check import entries_problem
from evidence.database import Connection, connect
from evidence.derived_check import Derived
from evidence.lot_crew import MANY, give_way
from evidence.lot_reading import Lots, LotSums
from evidence.removed import Removed
from evidence.stretch import Cases, Start, Stretch, verify_stretch
from evidence.tally import Tally

_MOST_PROCESSES = 8

type Progress = Callable[[int, int], None]
"""Is told how many records were verified, of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """How far the chain is right."""

    entries: int
    """How many were read, this last one among them."""
    seq: int
    """The last good entry."""
    head: bytes
    problem: str | None
    """What is wrong with the next one, if anything."""


def processes() -> int:
    """Return how many processes verify a large file."""
    mine = getattr(os, "sched_getaffinity", None)  # not on every system
    count = len(mine(0)) if mine is not None else os.cpu_count() or 1
    return min(_MOST_PROCESSES, count)


def read_through(
    connection: Connection,
    path: Path,
    start: Start,
    roots: Roots,
    derived: Derived,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    lots: Lots | None = None,
) -> Passed:
    """Verify all entries behind `start`; tell the tree and the sums. Of `lots` texts are not read
    again. Raises sqlite3.Error.
    """
    last, count = connection.execute(
        "SELECT coalesce(max(seq), 0), count(*) FROM entries WHERE seq > ?", (start.seq,)
    ).fetchone()
    even = last - start.seq == count  # else an entry is missing, and one process says which
    if lots is not None and isinstance(derived, LotSums):
        lots.ask(roots, derived.secret, last)
        derived.look()
        stretches = _by_lots(connection, start, roots, last, lots)
    elif workers > 1 and even and count >= MANY:
        stretches = _by_several(connection, path, start, roots, last, workers)
    else:
        stretches = _by_one(connection, start, roots)
    entries, seq, head, problem = 0, start.seq, start.head, None
    with _nothing_collected():
        for stretch in stretches:
            entries += stretch.entries
            seq, head, problem = stretch.seq, stretch.head, stretch.problem
            roots.grow(stretch.trees)
            derived.take(stretch)
            if progress is not None:
                progress(entries, count)
            if problem is not None:
                break
    return Passed(entries=entries, seq=seq, head=head, problem=problem)


@contextlib.contextmanager
def _nothing_collected() -> Iterator[None]:
    """Spare the search for cycles, of which reading makes none: it takes a tenth of the time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _by_one(connection: Connection, start: Start, roots: Roots) -> Iterator[Stretch]:
    removed, tally, cases = Removed.of(connection), Tally(), Cases(connection)
    while True:
        sizes = roots.between(start.seq, start.seq + start.most)
        found = verify_stretch(connection, replace(start, sizes=sizes), removed, tally, cases)
        yield found
        if found.entries < start.most or found.problem is not None:
            return
        start = replace(start, seq=found.seq, head=found.head, first=False)


def _by_lots(
    connection: Connection, start: Start, roots: Roots, last: int, lots: Lots
) -> Iterator[Stretch]:
    """Yield what closed lots tell, and between and behind them what the texts do."""
    removed, tally, cases = Removed.of(connection), Tally(), Cases(connection)
    if connection.value("SELECT 1 FROM entries WHERE seq <= ? LIMIT 1", (start.seq,)) is not None:
        yield Stretch(seq=start.seq, head=start.head, problem="entries before the first one")
        return
    start = replace(start, first=False)
    while start.seq < last:
        end = lots.end(start.seq + 1)
        sizes = roots.between(start.seq, max(end, start.seq + start.most))
        found = lots.stretch(replace(start, sizes=sizes), cases)
        if found is None:
            most = min(start.most, lots.next_behind(start.seq + 1, last) - start.seq)
            sizes = roots.between(start.seq, start.seq + most)
            bound = replace(start, most=most, sizes=sizes)
            found = verify_stretch(connection, bound, removed, tally, cases)
            found.problem = found.problem or entries_problem(
                connection, start.seq + 1, start.seq + most
            )
        yield found
        if not found.entries or found.problem is not None:
            return
        start = replace(start, seq=found.seq, head=found.head)


def _by_several(
    connection: Connection, path: Path, start: Start, roots: Roots, last: int, workers: int
) -> Iterator[Stretch]:
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_open, initargs=(path,))
    waiting: deque[Future[Stretch]] = deque()
    try:
        for one in _starts(connection, start, roots, last):
            waiting.append(pool.submit(_verified, one))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool:
        problem = "a process that verified was ended"
        yield Stretch(seq=start.seq, head=start.head, problem=problem)
    finally:
        pool.shutdown(cancel_futures=True)


def _starts(connection: Connection, start: Start, roots: Roots, last: int) -> Iterator[Start]:
    query = "SELECT hash FROM entries WHERE seq = ?"
    at, head = start.seq, start.head
    while at < last:
        most = min(start.most, last - at)
        sizes = roots.between(at, at + most)
        yield replace(
            start, seq=at, head=head, first=start.first and at == start.seq, most=most, sizes=sizes
        )
        at += most
        head = bytes(connection.value(query, (at,)) or b"")


_opened: list[tuple[Connection, Removed, Tally, Cases]] = []
"""In a process that verifies: its connection, what the chain of acts says was removed, what
records have in common, and the cases.
"""


def _open(path: Path) -> None:
    give_way()
    gc.disable()  # as `_nothing_collected`; the process ends with its work
    connection = connect(path, read_only=True)
    connection.execute("BEGIN")
    _opened.append((connection, Removed.of(connection), Tally(), Cases(connection)))


def _verified(start: Start) -> Stretch:
    connection, removed, tally, cases = _opened[0]
    return verify_stretch(connection, start, removed, tally, cases)
