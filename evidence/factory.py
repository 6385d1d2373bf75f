"""Opens the evidence: for a gate (writer and store) or for a reader that also appends reviews
(store only).
"""

from dataclasses import dataclass
from pathlib import Path

from core.errors import EvidenceError
from evidence.history import History
from evidence.holds import HeldRequests
from evidence.store import Store
from evidence.writer import Writer


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a gate holds of one evidence file."""

    writer: Writer
    store: Store
    history: History
    holds: HeldRequests

    def close(self) -> None:
        """Write everything handed over, then close."""
        self.writer.stop()
        self.store.close()


def open_evidence(path: Path, *, strict: bool = False) -> Evidence:
    """Open the evidence for a gate. Raises EvidenceError."""
    store = Store(path)
    history = History(store)
    try:
        return Evidence(
            Writer(path, strict=strict, observe=history.observe),
            store,
            history,
            HeldRequests(store),
        )
    except EvidenceError:
        store.close()
        raise


def open_store(path: Path) -> Store:
    """Open the evidence for reading and reviewing.

    Raises EvidenceError; creates an empty file where there is none.
    """
    return Store(path)
