"""Requests that wait for a person now: which, for how long still, and which one the cursor is on. Knows no Textual."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from core.ports import HoldQueue
from core.record import Record
from core.review import Case, CaseStatus, HoldState, case_key
from core.vocabulary.verdicts import WAITING

_LONG_OVER = timedelta(seconds=10)
"""A hold this long past its end belongs to a gate that is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One request that waits."""

    id: str
    case: Case
    """The request as a case of its own."""
    record: Mapping[str, Any]
    until: datetime
    seconds: float
    """How long it waits in all."""

    def left(self, now: datetime) -> int:
        """Whole seconds until nobody need answer any more; never below 0."""
        return max(0, round((self.until - now).total_seconds()))

    def long_over(self, now: datetime) -> bool:
        """True when its gate must be gone, for it has not ended."""
        return now - self.until >= _LONG_OVER

    def share_left(self, now: datetime) -> float:
        """Part of the time that is left, from 1 to 0."""
        return (
            min(1.0, max(0.0, (self.until - now).total_seconds() / self.seconds))
            if self.seconds
            else 0.0
        )


def held_now(records: Iterable[Mapping[str, Any]], now: datetime) -> tuple[Held, ...]:
    """Return what waits, the one with the least time first."""
    waiting = [held_of(record) for record in records]
    return tuple(
        sorted((h for h in waiting if not h.long_over(now)), key=lambda h: (h.until, h.id))
    )


def held_of(record: Mapping[str, Any]) -> Held:
    """Return a held record with its end. Raises KeyError or ValueError when it is no held record."""
    decision = record["decision"]
    at, seconds = datetime.fromisoformat(record["at"]), float(decision["hold"]["seconds"] or 0)
    shown = {**record, "decision": {**decision, "hold": {**decision["hold"], "outcome": WAITING}}}
    case = case_alone(record)
    return Held(
        id=record["id"],
        case=case,
        record=shown,
        until=at + timedelta(seconds=seconds),
        seconds=seconds,
    )


def case_alone(record: Mapping[str, Any]) -> Case:
    """Return the case that this record makes by itself, before it is in the evidence for good."""
    sender, place, findings = record["sender"], record["destination"], record["findings"]
    script, at = sender["script"], datetime.fromisoformat(record["at"])
    rows = [f["records"] for f in findings if f["records"] is not None]
    return Case(
        key=case_key(Record.from_json(record)),
        status=CaseStatus.OPEN,
        first_at=at,
        last_at=at,
        count=1,
        verdict=record["decision"]["verdict"],
        script=script["name"] if script else sender.get("name") or "",
        script_path=script["path"] if script else None,
        user=sender["user"],
        host=place["host"],
        service=place["service"],
        category=place["category"],
        account_kind=place["account"]["kind"],
        kinds=tuple(sorted({f["kind"] for f in findings})),
        values=max((f["distinct"] for f in findings if f["kind"] != "not_inspected"), default=0),
        records=max(rows, default=None),
        bytes_sent=record["request"]["bytes"],
        last_record=record["id"],
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
        """Use a fresh look. Returns what came and what is gone; the cursor stays on its request, or goes to the next."""
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
