"""Seals what is under way: the list of open exchanges stands outside the chain, so each of its rows
holds a keyed hash that only this installation can make.
"""

import hmac
from dataclasses import dataclass, field
from pathlib import Path

from evidence.notary import seed_beside

_CONTEXT = b"outgate.journal/1"
_BYTES = 16


@dataclass(frozen=True, slots=True)
class JournalSeal:
    """Seals rows, and knows its own."""

    key: bytes = field(repr=False)

    @classmethod
    def of_seed(cls, seed: bytes) -> "JournalSeal":
        """Return the seal that goes with the key that signs checkpoints."""
        return cls(hmac.digest(seed, _CONTEXT, "sha256"))

    @classmethod
    def beside(cls, evidence: Path) -> "JournalSeal | None":
        """Return that of the installation that a file stands in, where it has a key."""
        seed = seed_beside(evidence)
        return None if seed is None else cls.of_seed(seed)

    def of(self, slot: int, id_: str, gate: str, text: bytes) -> bytes:
        """Return the seal of a row."""
        names = (id_.encode(), gate.encode())
        told = b"".join(len(name).to_bytes(4, "big") + name for name in names)
        message = slot.to_bytes(8, "big", signed=True) + told + text
        return hmac.digest(self.key, message, "sha256")[:_BYTES]

    def fits(self, slot: int, id_: str, gate: str, text: bytes, seal: bytes | None) -> bool:
        """Return whether a row is sealed by this installation, as it stands there."""
        return seal is not None and hmac.compare_digest(self.of(slot, id_, gate, text), seal)
