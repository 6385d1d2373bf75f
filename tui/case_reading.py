"""What was read of one case from the evidence, at first from the queue alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.ports import CaseStore
from core.review import Case, ReviewEvent
from tui.holds import Held


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read of one case."""

    case: Case
    records: tuple[Mapping[str, Any], ...] = ()
    """Newest first."""
    history: tuple[ReviewEvent, ...] = ()
    complete: bool = False
    """False while the records are still being read."""
    held: Held | None = None
    """The request itself, while it waits for a person."""

    @property
    def key(self) -> str:
        """What is shown: a case, or one held request."""
        return self.case.key if self.held is None else self.held.id


def read_fully(store: CaseStore, begun: Reading) -> Reading:
    """Read the newest record of a case, or what came before a held request; and what was done. Blocks on the disk."""
    history = tuple(store.history(begun.case.key))
    if begun.held is not None:
        return replace(
            begun, case=store.case(begun.case.key) or begun.case, history=history, complete=True
        )
    return replace(
        begun, records=tuple(store.records(begun.case.key, 1)), history=history, complete=True
    )
