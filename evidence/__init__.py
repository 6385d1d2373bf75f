"""The evidence: one file, one writer, two hash chains.

The four functions here load the rest when they are called.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from core.ids import utc_now

if TYPE_CHECKING:
    from core.happenings import Installation
    from core.review import Acting
    from evidence.factory import Evidence
    from evidence.passage import Progress
    from evidence.store import Store
    from evidence.verify_report import VerifyReport
    from evidence.witness import Witness


def open_evidence(
    path: Path,
    *,
    strict: bool = False,
    installation: "Installation | None" = None,
    witnesses: "Sequence[Witness]" = (),
) -> "Evidence":
    """Open the evidence for a gate: its writer and its store. Raises EvidenceError."""
    from evidence.factory import open_evidence

    return open_evidence(path, strict=strict, installation=installation, witnesses=witnesses)


def open_store(
    path: Path,
    acting: "Acting | None" = None,
    witnesses: "Sequence[Witness]" = (),
    clock: Callable[[], datetime] = utc_now,
) -> "Store":
    """Open the evidence for reading and reviewing, without a writer. Raises EvidenceError."""
    from evidence.factory import open_store

    return open_store(path, acting, witnesses, clock)


def verify(
    path: Path,
    witnesses: Sequence[Path] = (),
    *,
    stamp_roots: Path | None = None,
    since_checkpoint: bool = False,
    full: bool = False,
    progress: "Progress | None" = None,
) -> "VerifyReport":
    """Recompute both chains of an evidence file, and hold them against what was witnessed of it.

    `stamp_roots`: PEM file with the roots that time stamps have to end at. With `since_checkpoint`
    only what came after the newest checkpoint is read; with `full` every text is, also where the
    gate's own word for its stored bytes holds. Raises EvidenceError when it cannot be read at all.
    """
    from evidence.verification import verify

    return verify(
        path,
        witnesses,
        stamp_roots=stamp_roots,
        since_checkpoint=since_checkpoint,
        full=full,
        progress=progress,
    )


def verify_jsonl(path: Path) -> "VerifyReport":
    """Recompute the chain of an exported JSONL file.

    Raises EvidenceError when it cannot be read at all.
    """
    from evidence.verification import verify_jsonl

    return verify_jsonl(path)
