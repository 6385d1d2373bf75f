"""What a person decides, as events: closings, reopenings, answers. Loads no Textual."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.case_inside import GROWS, Scope
from core.decision import HoldOutcome
from core.ids import uuid7
from core.review import Action, Case, Disposition, HoldState, ReviewEvent


class Answering(StrEnum):
    """What a person is about to say."""

    RELEASE = "release"
    REFUSE = "refuse"
    APPROVE_NEXT = "approve_next"
    WITHDRAW = "withdraw"


def answering_after(hold: HoldState | None, *, yes: bool) -> Answering | None:
    """Return what a yes or a no means for what was held, and ended; None where it means nothing."""
    if hold is None:
        return None
    if hold.outcome in {HoldOutcome.APPROVED, HoldOutcome.APPROVED_BEFORE}:
        return None if yes else Answering.WITHDRAW
    if hold.outcome not in {HoldOutcome.TIMED_OUT, HoldOutcome.REFUSED}:
        return None
    approved = hold.answer is not None and hold.answer.approved
    if yes:
        return None if approved else Answering.APPROVE_NEXT
    return Answering.WITHDRAW if approved else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What the person chose."""

    disposition: Disposition
    note: str
    until: datetime | None = None
    """When it comes back in any case."""
    times: int = GROWS
    """It comes back when people or rows are so many times what they are now."""


def events_for(
    cases: Sequence[Case], action: Action, who: str, at: datetime, closing: Closing | None = None
) -> list[ReviewEvent]:
    """Return one event for each case."""
    return [
        ReviewEvent(
            id=uuid7(at),
            at=at,
            case_key=case.key,
            action=action,
            who=who,
            disposition=closing.disposition if closing else None,
            note=closing.note if closing else "",
            scope=case.reach.scope(closing.until, closing.times) if closing else None,
        )
        for case in cases
    ]


def answer_event(
    record_id: str,
    case_key: str,
    answering: Answering,
    who: str,
    at: datetime,
    note: str,
    until: datetime | None = None,
) -> ReviewEvent:
    """Return what is written about a held request; the evidence says what a yes until a day
    covers.
    """
    none: frozenset[str] = frozenset()
    standing = Scope(versions=none, kinds=none, accounts=none, people=0, rows=0, until=until)
    yes = answering in {Answering.RELEASE, Answering.APPROVE_NEXT}
    action = Action.APPROVE if yes else Action.REFUSE
    return ReviewEvent(
        id=uuid7(at),
        at=at,
        case_key=case_key,
        action=action,
        who=who,
        note=note,
        record_id=record_id,
        scope=None if until is None else standing,
    )
