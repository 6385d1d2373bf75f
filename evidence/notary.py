"""Takes checkpoints: extends the Merkle trees by what was chained since, signs, keeps the note in
the file and tells the witnesses.
"""

import contextlib
import hashlib
import logging
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.errors import EvidenceError
from core.happenings import Event, Happening
from core.ids import rfc3339, utc_now, uuid7
from evidence.acts import append_happening
from evidence.chain_ids import chain_id
from evidence.checkpoint import (
    PREFIX,
    Checkpoint,
    LotList,
    Part,
    fingerprint,
    verifier_key,
)
from evidence.database import Connection, connect, transaction
from evidence.files import PRIVATE_FOLDER
from evidence.merkle import Frontier
from evidence.retelling import TRAFFIC, say, tell_late, tell_newest
from evidence.sqlite_errors import in_words, is_gone
from evidence.statements import INSERT_CHECKPOINT
from evidence.times import micros
from evidence.witness import Sighting, Witness, beside

log = logging.getLogger("outgate.evidence")

SEED_BYTES = 32
_CHAINS = (("records", "entries"), ("reviews", "review_entries"))


def key_file(evidence: Path) -> Path:
    """Return where the signing key of an evidence file lies: apart from it, with the other keys."""
    return evidence.parent / "keys" / "checkpoint.key"


def seed_beside(evidence: Path) -> bytes | None:
    """Return the secret of the installation that a file stands in, from which its seals are made;
    None where it has none yet, or it may not be read.
    """
    try:
        seed = key_file(evidence).read_bytes()
    except OSError:
        return None
    return seed if len(seed) == SEED_BYTES else None


def public_key(evidence: Path) -> bytes | None:
    """Return the public key of the installation that a file stands in, where it has one."""
    try:
        seed = key_file(evidence).read_bytes()
        return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    except (OSError, ValueError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A checkpoint that was taken."""

    checkpoint: Checkpoint
    note: str
    """The signed note."""
    public: bytes

    @property
    def verifier_key(self) -> str:
        """The public key, as programs for signed notes take it."""
        return verifier_key(PREFIX + self.checkpoint.records.chain, self.public)


@dataclass(frozen=True)
class Notary:
    """Takes the checkpoints of one evidence file. May be used from any thread."""

    path: Path
    witnesses: Sequence[Witness] = ()
    """Beside the one that stands beside the file."""

    @cached_property
    def key(self) -> Ed25519PrivateKey:
        """The signing key, made at first use with mode 0600. Raises EvidenceError."""
        return Ed25519PrivateKey.from_private_bytes(_seed(key_file(self.path)))

    @cached_property
    def public(self) -> bytes:
        """The 32 bytes of the public key."""
        return self.key.public_key().public_bytes_raw()

    def take(
        self,
        connection: Connection,
        why: str,
        also: Callable[[Connection], None] = lambda connection: None,
    ) -> Taken:
        """Take a checkpoint over this connection and tell the witnesses; `also` is done in the same
        transaction.

        It reaches the disk itself, and all that was written before it. Raises sqlite3.Error,
        EvidenceError.
        """
        missed = tell_newest(connection, self.path)
        told = [] if missed is not None or why == TRAFFIC else tell_late(connection, self.path)
        level = int(connection.value("PRAGMA synchronous"))
        connection.execute("PRAGMA synchronous=FULL").close()
        try:
            with transaction(connection):
                say(connection, missed, told, why)
                also(connection)
                taken = self._taken(connection, why)
        finally:
            connection.execute(f"PRAGMA synchronous={level}").close()
        self._tell(Sighting.of(taken, why))
        return taken

    def take_now(self, why: str) -> Taken:
        """Take a checkpoint over a connection of its own. Raises as `take`."""
        with in_words(), closing(connect(self.path)) as connection:
            return self.take(connection, why)

    def _taken(self, connection: Connection, why: str) -> Taken:
        now = utc_now()
        last = connection.named("SELECT * FROM checkpoints ORDER BY seq DESC LIMIT 1").fetchone()
        if last is not None and bytes(last["public"]) != self.public:
            facts = {"before": fingerprint(bytes(last["public"])), "now": fingerprint(self.public)}
            changed = Happening(id=uuid7(now), at=now, event=Event.KEY_CHANGED, facts=facts)
            append_happening(connection, changed)
        trees = [_grown(connection, name, table, last) for name, table in _CHAINS]
        records, acts = (
            Part(chain=chain_id(connection, name), size=tree.size, root=tree.root())
            for (name, _), tree in zip(_CHAINS, trees, strict=True)
        )
        number = 1 if last is None else last["seq"] + 1
        checkpoint = Checkpoint(
            records=records, acts=acts, at=rfc3339(now), number=number, lots=lots_there(connection)
        )
        note = checkpoint.signed(self.key)
        if why == TRAFFIC:
            connection.execute("DELETE FROM checkpoints WHERE why = ?", (TRAFFIC,)).close()
        row = {
            "seq": number,
            "at_us": micros(now),
            "why": why,
            "records": records.size,
            "reviews": acts.size,
            "public": self.public,
            "records_frontier": trees[0].to_bytes(),
            "reviews_frontier": trees[1].to_bytes(),
            "note": note,
        }
        INSERT_CHECKPOINT.run(connection, [row])
        return Taken(checkpoint=checkpoint, note=note, public=self.public)

    def _tell(self, seen: Sighting) -> None:
        """Tell all witnesses; that one cannot be told is no reason to stop writing evidence."""
        for witness in (beside(self.path), *self.witnesses):
            try:
                witness.tell(seen)
            except OSError as error:
                log.error("a witness of the evidence could not be told: %s", error.strerror)


def lots_there(connection: Connection) -> LotList:
    """Return which lots the file holds now; none where it lacks their table: that those which an
    earlier checkpoint told of are gone is seen by that one.
    """
    query = "SELECT first, last FROM lots ORDER BY first"
    places = () if is_gone(connection, "lots") else connection.execute(query).fetchall()
    text = "".join(f"{first} {last}\n" for first, last in places)
    return LotList(count=len(places), digest=hashlib.sha256(text.encode()).digest())


def _grown(connection: Connection, name: str, table: str, last: Any) -> Frontier:
    """Return the tree of a chain, from what the last checkpoint knew of it."""
    tree = Frontier()
    if last is not None:
        tree = Frontier.from_bytes(last[name], bytes(last[f"{name}_frontier"]))
    query = f"SELECT hash FROM {table} WHERE seq > ? ORDER BY seq"  # noqa: S608 - our tables
    for (hash_,) in connection.execute(query, (tree.size,)):
        tree.append(hash_)
    return tree


def _seed(path: Path) -> bytes:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        if not path.exists():
            _make(path)
        seed = path.read_bytes()
    except OSError as error:
        raise EvidenceError(
            f"The key that signs checkpoints cannot be read or made: {error.strerror}.",
            remedy="Check who owns the folder of keys.",
        ) from None
    if len(seed) != SEED_BYTES:
        raise EvidenceError(
            "The key that signs checkpoints is damaged.",
            remedy="Restore it from a backup, or remove it: a new one is made, and that is told.",
        )
    return seed


def _make(path: Path) -> None:
    """Make a seed; it appears under its name whole, and only where there is none."""
    handle, name = tempfile.mkstemp(prefix=".checkpoint-", dir=path.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(SEED_BYTES))
        with contextlib.suppress(FileExistsError):
            os.link(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
