"""Approvals that stand: this version of a script, for this place and these kinds, until a day."""

from dataclasses import replace

from core.attribution import Certainty
from core.case_inside import Reach, beyond
from core.case_keys import case_key
from core.errors import EvidenceError
from core.observation import Observation
from core.record import Record
from core.review import Action, HoldAnswer, ReviewEvent
from evidence.alike import alike, figures
from evidence.case_sums import CaseSums
from evidence.database import Connection
from evidence.entries import read_entry
from evidence.review_entries import review_of
from evidence.times import micros

STANDS_FOR = 2
"""It covers fewer than so many times the people and rows of the request that was approved."""
_SAID = """SELECT CAST(body AS BLOB) FROM review_entries WHERE case_key = ?
    AND action IN ('approve', 'refuse') ORDER BY seq DESC LIMIT 50"""

_APPROVED = """SELECT unpacked(body) FROM entries WHERE id = ?
    UNION ALL SELECT CAST(body AS BLOB) FROM open_exchanges WHERE id = ?"""


def with_reach(event: ReviewEvent, about: Record | Observation | None) -> ReviewEvent:
    """Return an approval until a day with what it covers: what the request holds that it was given
    for. Raises EvidenceError where that cannot be told.
    """
    if event.scope is None or event.action is not Action.APPROVE:
        return event
    if event.scope.until is None or event.scope.until <= event.at:
        raise EvidenceError(
            "An approval that stands needs a day to come on which it ends.",
            remedy="Name one, such as 30d.",
        )
    reach = reach_of(about) if isinstance(about, Record) else None
    if reach is None:
        raise EvidenceError(
            "This can be approved once, not for longer: its sender is not proven, or not all of it "
            "was read.",
            remedy="Leave the day out.",
        )
    return replace(event, scope=reach.scope(event.scope.until, STANDS_FOR))


def standing_answer(connection: Connection, record: Record) -> HoldAnswer | None:
    """Return the approval that covers this request; None where none does, or where somebody has
    refused anything of the same case since.
    """
    reach = reach_of(record)
    if reach is None:
        return None
    for (text,) in connection.execute(_SAID, (case_key(record),)):
        try:
            event = review_of(text).event
        except ValueError:
            return None
        if event.action is Action.REFUSE:
            return None
        scope = event.scope
        if scope is None or scope.until is None or not event.at <= record.at < scope.until:
            continue
        if not beyond(scope, reach) and _same_account(connection, event.record_id, record):
            return HoldAnswer(approved=True, who=event.who, at=event.at, own=event.own is True)
    return None


def _same_account(connection: Connection, approved: str | None, record: Record) -> bool:
    """Return whether the request that was approved went to the very account and host; what the
    chain says of accounts tells two people of one domain not apart.
    """
    text = connection.value(_APPROVED, (approved, approved))
    try:
        before = None if text is None else read_entry(text)
    except ValueError:
        return False
    if not isinstance(before, Record):
        return False
    here, there = record.destination, before.destination
    return (here.host, here.account.id) == (there.host, there.account.id)


def reach_of(record: Record) -> Reach | None:
    """Return how far a request reaches; None where a part of that is not known."""
    script, sender = record.sender.script, record.sender
    if sender.certainty is not Certainty.EXACT or script is None or not script.sha256:
        return None
    if record.unread:
        return None
    if (kind := alike(record)).case is None:
        return None
    sums = CaseSums(key=case_key(record), first_us=2**62, last_us=-(2**62))
    one = figures(record, went=kind.went)
    sums.add(kind.case, one, micros(record.at), degraded=kind.degraded)
    return sums.reach
