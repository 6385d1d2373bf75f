"""What the review app asks of the evidence: what waits, and the cases."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from core.record import Record
from core.review import Case, CaseFilter, Condition, HoldState, Order, ReviewEvent, ScriptVersion
from core.stored import StoredEntry, StoredObservation, UnreadableEntry


class HoldQueue(Protocol):
    """Held requests as the review app shows them. Each call may block on the disk: call it off the
    UI loop.
    """

    def waiting(self) -> Sequence[Record | UnreadableEntry]:
        """Records of held requests that are under way and that nobody has answered, oldest
        first.
        """

    def asked_by(self, record_ids: Sequence[str]) -> Mapping[str, str]:
        """Who asked for the release of these, harmless to show, marked where it was the sender,
        where it takes a second person who has not answered yet.
        """

    def states(self, record_ids: Sequence[str]) -> Mapping[str, HoldState]:
        """How these held requests ended and what was said about them; ids of no finished record are
        left out.
        """


@runtime_checkable
class TellsLess(Protocol):
    """A store whose list does not tell all that filters can ask for: what it cannot answer is an
    error, never an empty list.
    """

    def untold(self, condition: Condition) -> str:
        """What is asked for and is not told, in words; nothing where the list tells it."""

    def sorts(self, order: Order) -> bool:
        """Whether the list is sorted by this, and not only said to be."""


class CaseStore(Protocol):
    """What the review app reads and appends. Each call may block on the disk: call it off the UI
    loop.
    """

    def data_version(self) -> int:
        """A number that changes when another process has written."""

    def count(self, wanted: CaseFilter) -> int:
        """How many cases match."""

    def page(self, wanted: CaseFilter, offset: int, limit: int) -> Sequence[Case]:
        """Cases in the order of the filter, `limit` of them after `offset`."""

    def cases_of(self, script: str, limit: int) -> Sequence[Case]:
        """Cases of the script at this path, open or closed, by risk."""

    def case(self, key: str) -> Case | None:
        """One case."""

    def records(self, key: str, limit: int = 50, offset: int = 0) -> Sequence[StoredEntry]:
        """Records of a case from the newest, `limit` of them after `offset`."""

    def observations_of(
        self, key: str, limit: int = 50, offset: int = 0
    ) -> Sequence[StoredObservation | UnreadableEntry]:
        """The newest observations of a case."""

    def history(self, key: str) -> Sequence[ReviewEvent | UnreadableEntry]:
        """What reviewers did with a case, oldest first."""

    def script_versions(self, script: str | None = None) -> Sequence[ScriptVersion]:
        """The versions of one script (its path, else its name) or of all, each script's oldest
        first.
        """

    def append(self, events: Sequence[ReviewEvent]) -> Sequence[ReviewEvent]:
        """Append review events, all or none, and return them as they were written: an approval that
        takes two people is a request first. Raises EvidenceError, ForbiddenError.
        """

    def totals(self, since: datetime | None = None) -> Mapping[str, int]:
        """Counts for the health line: `records`, `requests` (records without what was only
        observed), `open_cases`, `degraded` (cases with a record that was not fully checked),
        `last_at_epoch` (of the newest request).
        """
