"""The second person: what somebody asked for, and whether somebody else confirms it now."""

from dataclasses import replace
from datetime import timedelta

from core.errors import EvidenceError
from core.findings import NOT_INSPECTED, people_in
from core.observation import Observation
from core.record import Record
from core.review import ASKED_AS, Acting, Action, ReviewEvent
from core.rights import spellings
from core.vocabulary.kinds import kind_of
from evidence.database import Connection
from evidence.review_entries import review_of

ASKED_LASTS = timedelta(days=7)
"""So long somebody else can confirm what was asked for."""
_PERSONAL = "personal_data"
_ABOUT_RECORD = """SELECT CAST(body AS BLOB) FROM review_entries WHERE record_id = ?
    AND action IN ('ask_approve', 'approve', 'refuse') ORDER BY seq DESC LIMIT 1"""
_ABOUT_VERSION = """SELECT CAST(body AS BLOB) FROM review_entries
    WHERE script = ? AND script_sha256 = ?
    AND action IN ('ask_approve_script', 'approve_script', 'withdraw_script')
    ORDER BY seq DESC LIMIT 1"""


def as_written(
    connection: Connection,
    event: ReviewEvent,
    acting: Acting | None,
    about: Record | Observation | None,
) -> ReviewEvent:
    """Return the event as it is to be written: an approval that takes two people is a request until
    somebody else confirms it. Raises EvidenceError where somebody confirms the own request.
    """
    if acting is None or event.action not in ASKED_AS or not _takes_two(event, acting, about):
        return event
    asked = open_request(connection, event)
    if asked is None:
        return replace(event, action=ASKED_AS[event.action], scope=None)
    if not known_as(asked.who, acting).isdisjoint(known_as(event.who, acting)):
        raise EvidenceError(
            "You asked for this yourself; a second person has to confirm it.",
            remedy="Ask somebody else who reviews here.",
        )
    return event


def known_as(who: str, acting: Acting | None) -> frozenset[str]:
    """Return the names by which the evidence may know a person: pseudonyms too."""
    names = spellings(who)
    return names if acting is None else names | {acting.alias_of(name) for name in names}


def open_request(connection: Connection, event: ReviewEvent) -> ReviewEvent | None:
    """Return what was asked for and is neither confirmed nor refused yet, of the same request or
    version.
    """
    if event.script is not None:
        found = connection.value(_ABOUT_VERSION, (event.script, event.script_sha256))
    else:
        found = connection.value(_ABOUT_RECORD, (event.record_id,))
    try:
        last = None if found is None else review_of(found).event
    except ValueError:
        return None
    if last is None or last.action not in ASKED_AS.values():
        return None
    return last if event.at - last.at < ASKED_LASTS else None


def _takes_two(event: ReviewEvent, acting: Acting, about: Record | Observation | None) -> bool:
    if event.action is Action.APPROVE_SCRIPT:
        return acting.two_for_approvals
    if event.scope is not None and acting.two_for_approvals:
        return True
    if acting.two_for_release_over is None:
        return False
    people = people_of(about)
    return people is None or people > acting.two_for_release_over


def people_of(about: Record | Observation | None) -> int | None:
    """Return of how many people a request tells, at most; None where not all of it was read."""
    if not isinstance(about, Record) or about.decision.degraded:
        return None
    if any(finding.kind == NOT_INSPECTED for finding in about.findings):
        return None
    told = [
        people_in(finding)
        for finding in about.findings
        if not finding.test_data and _PERSONAL in kind_of(finding.kind).groups
    ]
    return max(told, default=0)
