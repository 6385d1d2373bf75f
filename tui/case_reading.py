"""What was read of one case from the evidence, at first from the queue alone."""

from dataclasses import dataclass, replace

from core.observation import OBSERVED
from core.ports import CaseStore
from core.review import Case, ReviewEvent
from core.stored import OpenedEntry, UnreadableEntry
from tui.holds import Held


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read of one case."""

    case: Case
    newest: OpenedEntry | None = None
    """The record or observation that is shown, at first its newest; None while that is not read, or
    when none is left.
    """
    place: int = 0
    """Which of its records: how many newer ones there are."""
    history: tuple[ReviewEvent | UnreadableEntry, ...] = ()
    complete: bool = False
    """False while the evidence is still being read."""
    held: Held | None = None
    """The request itself, while it waits for a person."""

    @property
    def key(self) -> str:
        """What is shown: a case, or one held request."""
        return self.case.key if self.held is None else self.held.id


def read_fully(store: CaseStore, begun: Reading) -> Reading:
    """Read the newest record of a case, or what came before a held request; and what was done.

    Blocks on the disk.
    """
    key, history = begun.case.key, tuple(store.history(begun.case.key))
    if begun.held is not None:
        return replace(begun, case=store.case(key) or begun.case, history=history, complete=True)
    newest: OpenedEntry | None
    if begun.case.verdict == OBSERVED:
        newest = next(iter(store.observations_of(key, 1, begun.place)), None)
    else:
        newest = next(iter(store.records(key, 1, begun.place)), None)
    return replace(begun, newest=newest, history=history, complete=True)
