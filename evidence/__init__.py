"""The evidence: one file, one writer, two hash chains.

The four functions here load the rest when they are called.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evidence.factory import Evidence
    from evidence.store import Store
    from evidence.verification import VerifyReport


def open_evidence(path: Path, *, strict: bool = False) -> "Evidence":
    """Open the evidence for a gate: its writer and its store. Raises EvidenceError."""
    from evidence.factory import open_evidence

    return open_evidence(path, strict=strict)


def open_store(path: Path) -> "Store":
    """Open the evidence for reading and reviewing, without a writer. Raises EvidenceError."""
    from evidence.factory import open_store

    return open_store(path)


def verify(path: Path) -> "VerifyReport":
    """Recompute both chains of an evidence file.

    Raises EvidenceError when it cannot be read at all.
    """
    from evidence.verification import verify

    return verify(path)


def verify_jsonl(path: Path) -> "VerifyReport":
    """Recompute the chain of an exported JSONL file.

    Raises EvidenceError when it cannot be read at all.
    """
    from evidence.verification import verify_jsonl

    return verify_jsonl(path)
