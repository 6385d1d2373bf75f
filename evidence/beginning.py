"""Where a verification begins to read records: at the first of them, or behind a checkpoint."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from core.vocabulary.sizes import counted
from evidence.chain import genesis
from evidence.checkpoint import Checkpoint, opened
from evidence.database import Connection
from evidence.merkle import Frontier, subtrees
from evidence.notary import public_key
from evidence.past import Past

_NEWEST = """SELECT note, public, records_frontier FROM checkpoints
    WHERE records BETWEEN ? AND ? ORDER BY records DESC, seq DESC"""
_HASHES = "SELECT hash FROM entries WHERE seq > ? AND seq <= ? ORDER BY seq"
NO_CHECKPOINT = "There is no checkpoint of this installation to begin at: all records were read."


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """The entry before the first that is read."""

    seq: int
    head: bytes
    """Its hash."""
    tree: Frontier = field(repr=False)
    """Of all entries up to it."""
    skipped: int = 0
    """Records that are there and are not read."""
    told: str | None = None
    """What an auditor has to know of it."""
    problem: str | None = None

    @classmethod
    def of_all(cls, chain: str, past: Past) -> "Beginning":
        """Return where all that is there begins."""
        head = past.head if past.cut else genesis(chain)
        return cls(seq=past.cut, head=head, tree=past.frontier)


def since_checkpoint(connection: Connection, path: Path, chain: str, whole: Beginning) -> Beginning:
    """Return the place behind the newest checkpoint that this installation's key signed and that is
    of this file; where there is none, `whole`, and that it is so.
    """
    own = public_key(path)
    last = int(connection.value("SELECT coalesce(max(seq), 0) FROM entries"))
    for note, public, frontier in connection.execute(_NEWEST, (whole.seq + 1, last)):
        if own is None or bytes(public) != own:
            continue
        try:
            told = opened(note, own)
            tree = Frontier.from_bytes(told.records.size, bytes(frontier))
        except ValueError:
            continue  # what is wrong with it is said elsewhere
        if (told.records.chain, told.records.root) != (chain, tree.root()):
            continue
        head = _head(connection, tree, whole.seq)
        if head is not None:
            return _behind(connection, told, tree, head, whole)
    return replace(whole, told=NO_CHECKPOINT)


def _head(connection: Connection, tree: Frontier, cut: int) -> bytes | None:
    """Return the hash of the tree's last entry as the file has it, where the tree holds it.

    The tree's last subtree proves it, and is made anew from the hashes of its entries.
    """
    leaves = tree.size & -tree.size
    first = tree.size - leaves
    if first < cut:
        return None
    hashes = [bytes(row[0]) for row in connection.execute(_HASHES, (first, tree.size))]
    if len(hashes) != leaves:
        return None
    ((made, _),) = subtrees(first, hashes)
    return hashes[-1] if tree.to_bytes().endswith(made) else None


def _behind(
    connection: Connection, told: Checkpoint, tree: Frontier, head: bytes, whole: Beginning
) -> Beginning:
    size = tree.size
    count = int(connection.value("SELECT count(*) FROM entries WHERE seq <= ?", (size,)))
    missing = size - whole.seq - count
    problem = f"of the entries up to {size} that were not read, {missing} are missing"
    return Beginning(
        seq=size,
        head=head,
        tree=tree,
        skipped=count,
        told=(
            f"Not read again: {counted(count, 'record')} up to entry {size}, of the checkpoint "
            f"signed at {told.at}; no lists or sums were compared."
        ),
        problem=problem if missing else None,
    )
