"""Opens the evidence: for a gate (writer and store) or for a reader that also appends reviews
(store only).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.errors import EvidenceError
from core.happenings import Installation
from core.ids import utc_now
from core.review import Acting
from evidence.history import History
from evidence.holds import HeldRequests
from evidence.notary import Notary
from evidence.store import Store
from evidence.witness import Witness
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


def open_evidence(
    path: Path,
    *,
    strict: bool = False,
    installation: Installation | None = None,
    witnesses: Sequence[Witness] = (),
) -> Evidence:
    """Open the evidence for a gate; with `installation` its starts and stops are chained. The
    `witnesses` are told of its checkpoints.

    Raises EvidenceError.
    """
    store = Store(path)
    history = History(store)
    try:
        return Evidence(
            Writer(
                path,
                strict=strict,
                observe=history.observe,
                installation=installation,
                notary=Notary(path, witnesses),
            ),
            store,
            history,
            HeldRequests(store),
        )
    except EvidenceError:
        store.close()
        raise


def open_store(
    path: Path,
    acting: Acting | None = None,
    witnesses: Sequence[Witness] = (),
    clock: Callable[[], datetime] = utc_now,
) -> Store:
    """Open the evidence for reading and reviewing; `acting` says where people act through it, and
    the `witnesses` are told of the checkpoint of each act; `clock` is the time of what is asked.

    Raises EvidenceError; creates an empty file where there is none.
    """
    return Store(path, acting=acting, notary=Notary(path, witnesses), clock=clock)
