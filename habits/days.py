"""What a script sent on one day, added up as its records come (pure)."""

from collections import Counter
from dataclasses import dataclass, field

from core.attribution import Certainty
from core.case_keys import destination_of
from core.classification import AccountKind
from core.habits import telling
from core.record import Record
from habits.amounts import step_of

type Account = tuple[AccountKind, str | None]

_MOST_PLACES = 200
_MOST_ACCOUNTS = 50
ELSEWHERE = "other places"


@dataclass(slots=True, kw_only=True)
class PlaceDay:
    """What went to one place."""

    named: bool = False
    requests: int = 0
    bytes: int = 0
    largest: int = 0
    steps: Counter[int] = field(default_factory=Counter)
    """Sizes of requests, in steps."""
    exact: bool = True
    """False where some request sent more than is counted, or may have."""
    accounts: set[Account] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)


@dataclass(slots=True, kw_only=True)
class ScriptDay:
    """What a script sent on one day."""

    hours: set[int] = field(default_factory=set)
    places: dict[str, PlaceDay] = field(default_factory=dict)
    started_by: Counter[str] = field(default_factory=Counter)

    def add(self, record: Record, hour: int) -> None:
        """Add a request that left; beyond 200 places all are one."""
        self.hours.add(hour)
        self.started_by[record.sender.started_by or ""] += 1
        name = destination_of(record)
        if name not in self.places and len(self.places) >= _MOST_PLACES:
            name = ELSEWHERE
        place = self.places.setdefault(name, PlaceDay())
        size = record.bytes_went
        place.named = record.destination.service is not None
        place.requests += 1
        place.bytes += size
        place.largest = max(place.largest, size)
        place.exact = place.exact and record.bytes_exact
        place.steps[step_of(size)] += 1
        place.kinds |= telling(record.findings)
        if len(place.accounts) < _MOST_ACCOUNTS:
            account = record.destination.account
            place.accounts.add((account.kind, account.id))


def teaches(record: Record) -> bool:
    """Return True for what shows a script's habits: it left, and its script is proven."""
    sender = record.sender
    return record.left and sender.script is not None and sender.certainty is Certainty.EXACT
