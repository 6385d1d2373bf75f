"""Verifies from the hub alone what it holds: every chain end to end from the messages as they came,
and that rows, sums, totals and the list of cases are those of the entries.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from evidence.chain import genesis
from evidence.merkle import Frontier
from fleet.wire import BadUpload
from hub.case_list import list_problem
from hub.database import Connection
from hub.deeds import problem as deeds_problem
from hub.file_rows import files_kept
from hub.months import entries_removed
from hub.rows_check import rows_problem, sums_problem, totals_problem
from hub.stored import Kept, uploads_from
from hub.totals import left

_CHAINS = """SELECT c.number, c.kind, c.chain, c.last, c.head, c.frontier, e.name, c.files_to, c.rows_to
    FROM chains c
    JOIN endpoints e ON e.number = c.endpoint ORDER BY e.name, c.number"""
_GAPS = "SELECT first, last FROM gaps WHERE chain = %s"
_REMOVED = "SELECT first, last, head FROM removed_runs WHERE chain = %s"
_RUNS = "SELECT coalesce(sum(last - first + 1), 0) FROM removed_runs"
_ROWS = "SELECT count(*), count(DISTINCT seq) FROM records WHERE chain = %s"
_FILES = "SELECT count(*) FROM sent_files WHERE chain = %s"
_ACTS = "SELECT count(*), count(DISTINCT seq) FROM acts WHERE chain = %s"
_SUMS = """SELECT
    (SELECT count(*) FROM records r JOIN chains c ON c.number = r.chain
        WHERE c.state <> 'superseded')
    + (SELECT coalesce(sum(s.records), 0) FROM past_sums s JOIN chains c ON c.number = s.chain
        WHERE c.state <> 'superseded'),
    (SELECT coalesce(sum(records), 0) FROM sums), (SELECT coalesce(sum(records), 0) FROM totals)"""


@dataclass(slots=True)
class Verified:
    """What came of it."""

    chains: int = 0
    entries: int = 0
    removed: int = 0
    """Entries of months that were removed here: what is beside them fits on to them."""
    unread: int = 0
    """Records whose rows an older hub wrote, and that are still to be read again: those rows are
    not held against their entries, and become what the entries say."""
    deeds: int = 0
    deeds_head: bytes = b""
    """Hash of the newest deed: whoever notes it elsewhere sees when later ones are cut off."""
    problems: list[str] = field(default_factory=list)


def verify(connection: Connection) -> Verified:
    """Recompute everything, inside the caller's transaction."""
    found = Verified()
    chains = connection.execute(_CHAINS).fetchall()
    for number, kind, chain, last, head, frontier, name, *read_to in chains:
        walk = _Walk(connection, number, kind, chain, genesis(chain), *read_to)
        for first, to in connection.execute(_GAPS, (number,)).fetchall():
            walk.gone[first] = (to, b"", False)
        for first, to, end in connection.execute(_REMOVED, (number,)).fetchall():
            walk.gone[first] = (to, bytes(end), True)
        problem = walk.over(uploads_from(connection, number))
        if problem is None:
            problem = walk.ended(last, head, frontier)
        if problem is None:
            problem = _rows_problem(connection, walk)
        found.chains += 1
        found.entries += walk.entries
        found.removed += walk.removed
        found.unread += walk.unread
        if problem is not None:
            found.problems.append(f"{name}, chain {chain}: {problem}")
    deeds, found.deeds_head, wrong = deeds_problem(connection)
    found.deeds = deeds
    if wrong is not None:
        found.problems.append(f"what people did at the hub: {wrong}")
    found.problems += _sums_problems(connection)
    return found


def _rows_problem(connection: Connection, walk: "_Walk") -> str | None:
    """Return where the rows of a chain are not those of its entries."""
    rows: Any = connection.execute(
        _ROWS if walk.kind == "records" else _ACTS, (walk.number,)
    ).fetchone()
    kept = walk.entries + (walk.removed if walk.kind == "acts" else 0)
    if set(rows) != {kept}:
        return f"{kept} entries were kept, and there are {rows[0]} rows of them"
    files: Any = connection.execute(_FILES, (walk.number,)).fetchone()
    if walk.kind == "records" and files[0] != walk.files:
        return f"{walk.files} files were sent, and {files[0]} are in the index"
    return walk.wrong_row


def _sums_problems(connection: Connection) -> Iterator[str]:
    """Yield where what was counted and what is there differ."""
    removed: Any = connection.execute(_RUNS).fetchone()
    told = entries_removed(connection)
    if removed[0] != told:
        lacking = f"{removed[0]} entries are said to have been removed here"
        yield f"{lacking}, and people and hubs removed {told}"
    counted: Any = connection.execute(_SUMS).fetchone()
    if counted[0] != counted[1]:
        yield f"there are {counted[0]} records, and the sums are of {counted[1]}"
    elif (wrong := sums_problem(connection)) is not None:
        yield wrong
    if left(connection):
        return
    if counted[1] != counted[2]:
        yield f"the sums are of {counted[1]} records, the totals of {counted[2]}"
    elif (wrong := totals_problem(connection) or list_problem(connection)) is not None:
        yield wrong


@dataclass(slots=True)
class _Walk:
    connection: Connection
    number: int
    kind: str
    chain: str
    head: bytes
    files_to: int
    """Up to which entry its files are in the index."""
    rows_to: int
    """Up to which entry rows were written, or read again, by a hub that reads as this one does."""
    last: int = 0
    entries: int = 0
    tree: Frontier | None = field(default_factory=Frontier)
    """None once entries are missing: what was before cannot be told."""
    gone: dict[int, tuple[int, bytes, bool]] = field(default_factory=dict)
    """First entry of a run that is known not to be here → its last, the hash of that (empty where
    nobody knows it), and whether it was here once."""
    removed: int = 0
    files: int = 0
    unread: int = 0
    """Records behind `rows_to`."""
    wrong_row: str | None = None
    """The first row that does not say what its entry says."""

    def over(self, uploads: Iterator[Kept]) -> str | None:
        """Walk over the messages of a chain, read one by one; return what is wrong, if anything."""
        try:
            return self._over(uploads)
        except BadUpload as bad:
            return f"the message with entry {self.last + 1} cannot be read: {bad}"

    def _over(self, uploads: Iterator[Kept]) -> str | None:
        for kept in uploads:
            self._over_gone()
            if kept.first != self.last + 1:
                return f"entry {self.last + 1} is missing"
            run = kept.upload.run
            if (kept.upload.chain, run.last) != (self.chain, kept.last) or run.first > kept.first:
                return f"the message with entry {kept.first} is another one"
            try:
                hashes = kept.upload.hashes()
            except BadUpload as bad:
                return str(bad)
            skip = kept.first - run.first
            before = hashes[skip - 1] if skip else run.prev
            if self.head and before != self.head:
                return f"entry {kept.first} does not follow the one before"
            for hash_ in hashes[skip:]:
                if self.tree is not None:
                    self.tree.append(hash_)
            self.last, self.head = kept.last, hashes[-1]
            self.entries += len(hashes) - skip
            self.files += files_kept(kept.entries(), self.files_to)
            if self.kind == "records":
                self.unread += kept.last - max(kept.first - 1, min(self.rows_to, kept.last))
                problem = rows_problem(self.connection, self.number, kept, self.rows_to)
                self.wrong_row = self.wrong_row or problem
        self._over_gone()
        return None

    def _over_gone(self) -> None:
        while (run := self.gone.get(self.last + 1)) is not None:
            last, self.head, was_here = run
            if was_here:
                self.removed += last - self.last
            self.last, self.tree = last, None

    def ended(self, last: int, head: bytes, frontier: bytes) -> str | None:
        if (self.last, self.head) != (last, head):
            return f"{last} entries were witnessed, and {self.last} are there"
        if self.tree is not None and self.tree.to_bytes() != frontier:
            return "the tree over its entries is another than was witnessed"
        return None
