"""What is handed to the evidence writer, and how whoever waits for it is told."""

import logging
from dataclasses import dataclass

from core.errors import EvidenceError
from core.observation import Observation
from core.ports import Done
from core.record import Record
from evidence.batch import Item
from evidence.sqlite_errors import EvidenceLostError

log = logging.getLogger("outgate.evidence")


@dataclass(slots=True)
class Task:
    """One record to journal or to chain, or one observation to chain."""

    record: Record | Observation
    done: Done
    closes: bool
    told: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """A task whose record is made."""

    item: Item
    task: Task
    refused: EvidenceError | None = None
    """Why its task is refused all the same: the record could not be made whole."""


def tell(task: Task, problem: EvidenceError | None) -> None:
    """Answer a task, once."""
    if task.told:
        return
    task.told = True
    try:
        task.done(problem)
    except BaseException:  # noqa: BLE001 - boundary: one caller's bug is not another's
        log.error("whoever waited for the evidence could not be told")


def has_ended(kind: str) -> EvidenceError:
    """Return what is said once the writer has ended by an exception of this kind."""
    return EvidenceError(
        f"The evidence writer has ended ({kind}).",
        remedy="Restart the gate, and report this: it is a fault in Outgate.",
    )


def trouble(failure: EvidenceError | None, missing: int) -> str | None:
    """Say what is not in the file and cannot be written there (any more): so many records."""
    if isinstance(failure, EvidenceLostError):
        return failure.message
    if missing == 0:
        return None
    return f"{missing} {'record' if missing == 1 else 'records'} could not be written."
