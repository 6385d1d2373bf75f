"""What is handed to the evidence writer, and how whoever waits for it is told."""

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from core.duties import OWNER, Duty
from core.errors import EvidenceError
from core.observation import Observation
from core.ports import Done
from core.record import Record
from core.values import quick
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


@quick
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


def aside(step: Callable[..., None], *args: object, duty: Duty = Duty.SAYING) -> None:
    """Do what is no reason to end the writing, nor to call undone what is written; `status` says
    that it failed.
    """
    try:
        step(*args)
    except BaseException as error:  # noqa: BLE001 - boundary: the evidence is written all the same
        OWNER.lost(duty, error)
    else:
        OWNER.done(duty)


def has_ended(kind: str, *, again: bool = False) -> EvidenceError:
    """Return what is said once the writer has ended by an exception of this kind; `again`: another
    one takes over.
    """
    remedy = "Restart the gate, and report this: it is a fault in Outgate."
    if again:
        remedy = "Outgate begins to write again by itself; report this: it is a fault in Outgate."
    return EvidenceError(f"The evidence writer has ended ({kind}).", remedy=remedy)


def stopped() -> EvidenceError:
    """Return what is said to who comes after the writer was told to stop."""
    return EvidenceError("The evidence writer has stopped.", remedy="Start the gate again.")


def hangs() -> EvidenceError:
    """Return what is said while a write does not come back."""
    return EvidenceError(
        "The evidence writer does not come back from the disk.",
        remedy="Check the disk that holds the evidence; writing resumes by itself.",
    )


class Ends:
    """How often the writer's thread ended of late: one that ends again and again is not started any
    more.
    """

    MOST, WITHIN_S = 5, 60.0

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: deque[float] = deque(maxlen=self.MOST)

    def another(self) -> bool:
        """Note an end; True when another thread is to take over."""
        now = self._clock()
        often = len(self._times) == self.MOST and now - self._times[0] < self.WITHIN_S
        self._times.append(now)
        return not often


def trouble(failure: EvidenceError | None, missing: int) -> str | None:
    """Say what is not in the file and cannot be written there (any more): so many records."""
    if isinstance(failure, EvidenceLostError):
        return failure.message
    if missing == 0:
        return None
    return f"{missing} {'record' if missing == 1 else 'records'} could not be written."
