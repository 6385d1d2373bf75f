"""Requests that wait for a person now: which, for how long still, and which one the cursor is on.

Knows no Textual.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.attribution import Certainty
from core.case_inside import Inside
from core.case_keys import called, case_id, case_key
from core.findings import NOT_INSPECTED, is_least
from core.record import Record
from core.review import Case, CaseStatus, HoldState
from core.review_ports import HoldQueue
from core.stored import UnreadableEntry

_LONG_OVER = timedelta(seconds=10)
"""A hold this long past its end belongs to a gate that is gone."""
_LONGEST_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One request that waits."""

    id: str
    case: Case
    """The request as a case of its own."""
    record: Record
    until: datetime
    seconds: float
    """How long it waits in all."""
    asked_by: str = ""
    """Who asked for its release, where a second person has to confirm that."""

    def is_called(self, name: str) -> bool:
        """Return True for the id of the request, and for the short id of its case."""
        return name.lower() in {self.id, case_id(self.case.key)}

    def left(self, now: datetime) -> int:
        """Whole seconds until nobody need answer any more; never below 0."""
        return max(0, round((self.until - now).total_seconds()))

    def long_over(self, now: datetime) -> bool:
        """True when its gate must be gone, for it has not ended."""
        return now - self.until >= _LONG_OVER

    def share_left(self, now: datetime) -> float:
        """Part of the time that is left, from 1 to 0."""
        if not self.seconds:
            return 0.0
        return min(1.0, max(0.0, (self.until - now).total_seconds() / self.seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for a person."""

    held: tuple[Held, ...] = ()
    """The one with the least time first."""
    unreadable: tuple[UnreadableEntry, ...] = ()
    """Under way, and perhaps held: what it is, this version cannot read."""


def asked_and_waiting(holds: HoldQueue, now: datetime) -> Waiting:
    """Return what waits now, with who asked for its release. Blocks on the disk."""
    found = waiting_now(holds.waiting(), now)
    asked = holds.asked_by([held.id for held in found.held]) if found.held else {}
    held = tuple(replace(one, asked_by=asked.get(one.id, "")) for one in found.held)
    return replace(found, held=held)


def waiting_now(entries: Iterable[Record | UnreadableEntry], now: datetime) -> Waiting:
    """Return what waits; holds whose gate must be gone are left out."""
    held, unreadable = [], []
    for entry in entries:
        if isinstance(entry, UnreadableEntry):
            unreadable.append(entry)
        elif not (one := held_of(entry)).long_over(now):
            held.append(one)
    held.sort(key=lambda h: (h.until, h.id))
    return Waiting(held=tuple(held), unreadable=tuple(unreadable))


def held_of(record: Record) -> Held:
    """Return a held record with its end."""
    seconds = min(max(record.decision.hold_seconds or 0.0, 0.0), _LONGEST_S)
    return Held(
        id=record.id,
        case=case_alone(record),
        record=record,
        until=record.at + timedelta(seconds=seconds),
        seconds=seconds,
    )


def case_alone(record: Record) -> Case:
    """Return the case that this record makes by itself, before it is in the evidence for good.
    Published examples add nothing to it, as there.
    """
    sender, destination = record.sender, record.destination
    findings = [found for found in record.findings if not found.test_data]
    script = sender.script
    return Case(
        key=case_key(record),
        status=CaseStatus.OPEN,
        first_at=record.at,
        last_at=record.at,
        count=1,
        verdict=record.decision.verdict,
        script=called(record),
        script_path=None if script is None else script.path,
        user=sender.user,
        host=destination.host,
        service=destination.service,
        category=destination.category,
        account_kind=destination.account.kind,
        kinds=tuple(sorted({f.kind for f in findings})),
        values=max((f.distinct for f in findings if f.kind != NOT_INSPECTED), default=0),
        records=max((f.records for f in findings if f.records is not None), default=None),
        bytes_sent=record.bytes_went,
        last_record=record.id,
        likely=sender.certainty is Certainty.LIKELY,
        unchecked=int(bool(record.decision.degraded)),
        inside=Inside(most_exact=not any(map(is_least, findings))),
    )


def with_states(cases: Sequence[Case], holds: HoldQueue | None) -> tuple[Case, ...]:
    """Return the cases, the held ones with how their newest hold ended. Blocks on the disk."""
    asked = [case.last_record for case in cases if case.verdict == "hold"]
    if holds is None or not asked:
        return tuple(cases)
    states = holds.states(asked)
    return tuple(
        replace(case, hold=states.get(case.last_record, HoldState()))
        if case.verdict == "hold"
        else case
        for case in cases
    )


class HeldList:
    """What waits now, and where the person is in it, if there at all."""

    def __init__(self) -> None:
        self.items: tuple[Held, ...] = ()
        self.unreadable: tuple[UnreadableEntry, ...] = ()
        self._cursor: str | None = None

    @property
    def index(self) -> int | None:
        """Position of the cursor, or None when it is elsewhere."""
        return next((n for n, held in enumerate(self.items) if held.id == self._cursor), None)

    @property
    def current(self) -> Held | None:
        """What the cursor is on."""
        return None if self.index is None else self.items[self.index]

    def take(self, items: tuple[Held, ...]) -> tuple[list[Held], list[Held]]:
        """Use a fresh look.

        Returns what came and what is gone; the cursor stays on its request, or goes to the
        next.
        """
        before, place = self.items, self.index
        known, here = {h.id for h in before}, {h.id for h in items}
        self.items = items
        if place is not None and self._cursor not in here:
            self._cursor = items[min(place, len(items) - 1)].id if items else None
        return [h for h in items if h.id not in known], [h for h in before if h.id not in here]

    def enter(self, index: int = 0) -> None:
        """Put the cursor on one of them; -1 is the last."""
        if self.items:
            self._cursor = self.items[index].id

    def leave(self) -> None:
        """The cursor goes elsewhere."""
        self._cursor = None

    def move(self, by: int) -> bool:
        """Step through them; False when that would leave them."""
        place = self.index
        if place is None or not 0 <= place + by < len(self.items):
            return False
        self._cursor = self.items[place + by].id
        return True
