"""Holds an evidence file against what was signed and witnessed of it: its own checkpoints, the
witness beside it, and witnesses elsewhere.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm

from core.happenings import Event
from core.text import printable
from core.vocabulary.sizes import counted
from evidence.checkpoint import (
    BadCheckpoint,
    Checkpoint,
    Part,
    fingerprint,
    opened,
    plainly_written,
)
from evidence.database import Connection
from evidence.merkle import Frontier, Subtrees
from evidence.notary import key_file, public_key
from evidence.retelling import TRAFFIC, missing
from evidence.stamps import Stamps
from evidence.times import micros
from evidence.witness import Sighting, beside

NOTHING_OUTSIDE = (
    "Nothing outside this file was compared: outgate verify --witness FILE does that; or note the "
    "head below."
)
_SIGNING = """SELECT 1 FROM review_entries WHERE action = 'gate_started'
    AND json_valid(body) AND json_extract(body, '$.facts.key') IS NOT NULL LIMIT 1"""


class Roots:
    """The Merkle tree of a chain as it is read, with the roots at the sizes that are asked for."""

    def __init__(self, wanted: Iterable[int], tree: Frontier | None = None) -> None:
        """With `tree`, the entries up to its size are gone, and nothing can be said of them."""
        self._tree = tree or Frontier()
        self.gone = self._tree.size
        self._wanted = set(wanted)
        self.at: dict[int, bytes] = {}
        """Size → root."""
        self._keep()

    def feed(self, hash_: bytes) -> None:
        """Take the hash of the next entry."""
        self._tree.append(hash_)
        self._keep()

    def grow(self, trees: Iterable[tuple[int, Subtrees]]) -> None:
        """Take the subtrees of the next entries, up to each size that is asked for."""
        for _, added in trees:
            for found, height in added:
                self._tree.append_subtree(found, height)
            self._keep()

    def between(self, first: int, last: int) -> tuple[int, ...]:
        """Return the sizes that are asked for behind `first`, up to `last`."""
        return tuple(sorted(size for size in self._wanted if first < size <= last))

    def _keep(self) -> None:
        if self._tree.size in self._wanted:
            self.at[self._tree.size] = self._tree.root()

    @property
    def count(self) -> int:
        """How many entries were read."""
        return self._tree.size


@dataclass(slots=True)
class Attested:
    """What was signed and witnessed of one file."""

    sightings: Sequence[Sighting] = ()
    """Of all witnesses."""
    witnessed: bool = False
    """Whether there was any witness to ask."""
    signed: list[tuple[Checkpoint, str]] = field(default_factory=list)
    """Checkpoints of the file in order, and why each was taken."""
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stamped: Sequence[tuple[Checkpoint, str]] = ()
    """What servers stamped with the time, and who says so."""
    missed: Collection[int] = ()
    """Numbers of checkpoints that, by the chain of acts, the witness could not be told of yet."""
    at_home: bool = False
    """Whether the file has the witness beside it, which is told of every checkpoint."""

    @classmethod
    def of(
        cls,
        connection: Connection,
        path: Path,
        sightings: Sequence[Sighting] | None,
        stamps: Stamps | None = None,
    ) -> "Attested":
        """Read the checkpoints of the file and check their signatures."""
        found = cls(
            sightings=sightings or (),
            witnessed=sightings is not None,
            missed=missing(connection),
            at_home=beside(path).path.exists(),
        )
        if stamps is not None:
            found.stamped = stamps.checkpoints
            found.problems += stamps.problems
            found.notes += stamps.notes
        rows = list(connection.named("SELECT * FROM checkpoints ORDER BY seq"))
        for row in rows:
            found._open(row)
        found._in_order()
        found._keys(connection, rows, path)
        return found

    def sizes(self, part: str) -> set[int]:
        """Return the sizes of one chain (`records` or `acts`) at which its root is asked for."""
        told = [checkpoint for checkpoint, _ in self.signed]
        told += [seen.checkpoint for seen in self.sightings]
        told += [stamped for stamped, _ in self.stamped]
        return {_part(one, part).size for one in told}

    def compare(self, chain: str, roots: dict[str, Roots]) -> None:
        """Compare with the chains as they were read."""
        signed = (
            _objection(one, chain, roots, f"a checkpoint signed at {one.at}")
            for one, _ in self.signed
        )
        own = [seen for seen in self.sightings if seen.checkpoint.records.chain == chain]
        witnessed = (
            _objection(seen.checkpoint, chain, roots, f"a witness at {seen.checkpoint.at}")
            for seen in own
        )
        stamped = (_objection(one, chain, roots, who) for one, who in self.stamped)
        for objections in (signed, witnessed, stamped):
            self.problems += [found for found in objections if found is not None][:1]
        self._strangers(chain, own)
        self._removed(own)
        self._untold(own)
        if not self.witnessed:
            self.notes.append(NOTHING_OUTSIDE)

    def _open(self, row: Any) -> None:
        try:
            found = opened(row["note"], bytes(row["public"]))
        except (BadCheckpoint, UnsupportedAlgorithm) as bad:
            self.problems.append(f"checkpoint {row['seq']}: {bad}")
            return
        if (found.records.size, found.acts.size) != (row["records"], row["reviews"]):
            self.problems.append(f"checkpoint {row['seq']} is filed under another size than it has")
        elif (problem := _filed(row, found)) is not None:
            self.problems.append(f"checkpoint {row['seq']} {problem}")
        self.signed.append((found, row["why"]))

    def _in_order(self) -> None:
        """Look whether each checkpoint saw as much as the one before it, and more or later."""
        for (one, _), (other, _) in pairwise(self.signed):
            grown = one.records.size <= other.records.size and one.acts.size <= other.acts.size
            if not grown or one == other:
                self.problems.append(
                    f"the checkpoints of {one.at} and {other.at} were reordered or repeated"
                )
                return

    def _keys(self, connection: Connection, rows: Sequence[Any], path: Path) -> None:
        """Look whether every change of the signing key was told in the chain of acts."""
        keys = [bytes(row["public"]) for row in rows]
        query = "SELECT count(*) FROM review_entries WHERE action = ?"
        told = int(connection.value(query, (Event.KEY_CHANGED.value,)))
        changes = sum(one != other for one, other in pairwise(keys))
        if changes > told:
            self.problems.append("checkpoints are signed with another key than those before them")
        elif told:
            self.notes.append(f"The key that signs checkpoints was changed: {told} times.")
        self._own_key(keys, path)
        if not keys and connection.value(_SIGNING) is not None:
            self.problems.append("checkpoints were taken, and there are none in the file")
        if keys:
            self.notes.append(f"Checkpoints: {len(keys)}, signed with key {fingerprint(keys[-1])}.")

    def _own_key(self, keys: Sequence[bytes], path: Path) -> None:
        """Look whether this installation's key is there, and signed the newest checkpoint."""
        own = public_key(path)
        if own is not None:
            if keys and own != keys[-1]:
                self.problems.append(
                    "the newest checkpoint is not signed with the key of this installation"
                )
        elif key_file(path).exists():
            self.problems.append("the key of this installation is damaged: it is no key any more")
        elif keys and (self.at_home or key_file(path).parent.is_dir()):
            self.problems.append("the key of this installation is gone: it was taken away")
        elif keys:
            self.notes.append(
                "The key of this installation is not beside the file: compare the key below."
            )

    def _strangers(self, chain: str, own: Sequence[Sighting]) -> None:
        others = [seen for seen in self.sightings if seen.checkpoint.records.chain != chain]
        if not others:
            return
        newest = self.sightings[-1].checkpoint
        told = f"{newest.records.chain}, {newest.records.size} records at {newest.at}"
        if not own or newest.records.chain != chain:
            self.problems.append(f"the witness last saw another evidence file here: {told}")
            return
        before = others[-1].checkpoint
        self.notes.append(
            f"The witness also knows an earlier evidence file: {before.records.chain}, "
            f"{before.records.size} records, last seen at {before.at}."
        )

    def _untold(self, own: Sequence[Sighting]) -> None:
        """Look whether some witness tells of each checkpoint. The newest may be about to be told,
        or a gate was killed before; what a witness elsewhere was not told of is older than it.
        """
        seen = {_mark(one.checkpoint) for one in own}
        excused = {_mark(one) for one, _ in self.signed if one.number in self.missed} - seen
        told = [_mark(one) in seen | excused for one, _ in self.signed]
        self._late(len(excused) + sum(one.late for one in own))
        if not self.witnessed or all(told):
            return
        first = 0 if self.at_home or True not in told else told.index(True)
        last = len(told) - told[::-1].index(True) if True in told else 0
        if lacking := told[first:last].count(False):
            self.problems.append(
                f"no witness tells of {lacking} of the checkpoints in the file: their lines were "
                "taken out, or an earlier version could not write them"
            )
        elif told[last:]:
            self.notes.append(
                f"No witness tells of the newest checkpoints ({len(told) - last}): a gate was "
                "ended before it told them, or their lines were taken out."
            )

    def _late(self, count: int) -> None:
        if count:
            self.notes.append(
                f"A witness could not be told of {counted(count, 'checkpoint')} at the time, "
                "as with a full disk; the gate said so, and told it later where it could."
            )

    def _removed(self, own: Sequence[Sighting]) -> None:
        """Look whether checkpoints that a witness was told are still in the file."""
        kept = {_mark(one): why for one, why in self.signed}
        for seen in own:
            told = seen.checkpoint
            why = kept.get(_mark(told))
            if why is None and seen.why != TRAFFIC:
                self.problems.append(f"the checkpoint of {told.at} was taken out of the file")
                return
            if why is not None and why != seen.why:
                self.problems.append(
                    f"the checkpoint of {told.at} is filed as of {printable(why, 20)}, "
                    f"and was of {printable(seen.why, 20)}"
                )
                return


def _filed(row: Any, told: Checkpoint) -> str | None:
    """Return what is wrong with what stands beside a note, if anything."""
    if not plainly_written(row["note"], told):
        return "holds more than what was signed"
    if told.number is not None and row["seq"] != told.number:
        return f"was number {told.number} when it was signed"
    if row["at_us"] != _micros(told.at):
        return "is filed under another time than it has"
    parts = (("records", told.records), ("reviews", told.acts))
    for name, part in parts:
        try:
            tree = Frontier.from_bytes(part.size, bytes(row[f"{name}_frontier"]))
        except ValueError:
            return "is filed with another tree than it signed"
        if tree.root() != part.root:
            return "is filed with another tree than it signed"
    return None


def _mark(told: Checkpoint) -> tuple[int, int, str]:
    return told.records.size, told.acts.size, told.at


def _micros(at: str) -> int | None:
    try:
        return micros(datetime.fromisoformat(at))
    except (ValueError, TypeError):
        return None


def _objection(told: Checkpoint, chain: str, roots: dict[str, Roots], who: str) -> str | None:
    """Return what is wrong with the chains by one checkpoint, if anything."""
    if told.records.chain != chain:
        return f"{who} is of another chain, {told.records.chain}"
    for name, tree in roots.items():
        part, what = _part(told, name), "records" if name == "records" else "acts"
        if part.size > tree.count:
            gone = "the newest were cut off, or an older copy was put back"
            return f"{who} had seen {part.size} {what}, and here are {tree.count}: {gone}"
        if part.size >= tree.gone and tree.at.get(part.size) != part.root:
            gone = "the chain was rewritten or forked"
            return f"{who} had seen other {what} up to entry {part.size}: {gone}"
    return None


def _part(checkpoint: Checkpoint, name: str) -> Part:
    return checkpoint.records if name == "records" else checkpoint.acts
