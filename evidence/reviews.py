"""Review events as entries of the chain of acts, and what each does to its case."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.attribution import is_pseudonym
from core.case_inside import beyond
from core.case_keys import sender_of
from core.errors import EvidenceError
from core.observation import Observation
from core.record import Record
from core.review import Acting, Action, CaseStatus, ReviewEvent
from core.rights import spellings
from core.text import printable
from evidence.acts import Newest, chain_act
from evidence.case_sums import SEPARATOR, CaseSums
from evidence.closed import OPEN, closed_columns, with_scope
from evidence.confirming import as_written, known_as
from evidence.database import Connection
from evidence.entries import read_entry
from evidence.review_entries import SCRIPT_ACTS, StoredReview
from evidence.standing import with_reach
from evidence.times import micros

_APPROVALS = frozenset({Action.APPROVE, Action.APPROVE_SCRIPT})
_MOST_CASES = 200
"""Of a script, the newest first, whose records are read for who owns it."""


def append_review(
    connection: Connection, event: ReviewEvent, acting: Acting | None = None
) -> ReviewEvent:
    """Append one event inside the caller's transaction and change its case; return it as it was
    written: what takes two people is a request first.

    Where people act so that a second person is asked for, nobody approves what is his or her own.
    Raises EvidenceError for that, and for no such case.
    """
    names = known_as(event.who, acting)
    if event.script is not None:
        review, about, case_id = _of_version(connection, event, names)
    else:
        review, about, case_id = _of_case(connection, event, names)
    second_person = acting is not None and acting.second_person
    if second_person and review.own and event.action in _APPROVALS:
        raise EvidenceError(
            "A second person has to approve this: you run or own what sent it.",
            remedy="Ask somebody else who reviews here.",
        )
    review = replace(review, event=with_reach(review.event, about))
    review = replace(review, event=as_written(connection, review.event, acting, about))
    _chain(connection, review)
    if case_id is not None:
        _apply(connection, review, case_id)
    return review.event


def _of_case(
    connection: Connection, event: ReviewEvent, names: frozenset[str]
) -> tuple[StoredReview, Record | Observation | None, int | None]:
    """Return what is said of a case or of a held request, what that is, and the case's id."""
    query = "SELECT * FROM cases WHERE key = ?"
    case = connection.named(query, (event.case_key,)).fetchone()
    about = None if event.record_id is None else _record(connection, event.record_id)
    hold_key = None
    if about is not None:
        version = about.sender.script
        script, sha256 = sender_of(about), None if version is None else version.sha256
        hold_key = about.decision.hold_key if isinstance(about, Record) else None
    elif case is not None:
        script, sha256 = case["script_path"] or case["script"], case["script_sha256"]
        about = _last_of(connection, case["last_record"])
    else:
        raise EvidenceError(
            "There is no such case in the evidence.", remedy="Load the queue again."
        )
    people = _people_of(about)
    if case is not None and event.record_id is None:
        people |= _users(case["users"])
    newest, own = Newest.of(connection), _is_own(names, people)
    review = StoredReview(
        event=event,
        up_to=newest.seq,
        head=newest.head,
        script=script,
        sha256=sha256,
        hold_key=hold_key,
        own=own,
    )
    if case is None:
        return review, about, None
    return with_scope(review, CaseSums.of(case).reach), about, case["id"]


def _of_version(
    connection: Connection, event: ReviewEvent, names: frozenset[str]
) -> tuple[StoredReview, Record | Observation | None, None]:
    """Return what is said of a version of a script, and what it sent last; it has to be one that
    was seen, so that nobody approves a slip.
    """
    script, sha256 = printable(event.script or ""), event.script_sha256 or ""
    query = "SELECT 1 FROM scripts WHERE script = ? AND sha256 = ?"
    seen = connection.value(query, (script, sha256))
    if not sha256 or seen is None or event.action not in SCRIPT_ACTS:
        raise EvidenceError(
            "There is no such version of this script in the evidence.",
            remedy="Run it once, then look.",
        )
    newest = Newest.of(connection)
    about, people = _of_script(connection, script)
    review = StoredReview(
        event=event,
        up_to=newest.seq,
        head=newest.head,
        script=script,
        sha256=sha256,
        own=_is_own(names, people),
    )
    return review, about, None


def _of_script(
    connection: Connection, script: str
) -> tuple[Record | Observation | None, frozenset[str]]:
    """Return what a script sent last, and who ran it, or owns it, in any of its cases."""
    query = "SELECT users, last_record FROM cases WHERE script_path = ? ORDER BY last_us DESC"
    cases = connection.execute(query, (script,)).fetchall()
    people = frozenset[str]().union(*(_users(users) for users, _ in cases))
    newest = [_last_of(connection, record_id) for _, record_id in cases[:_MOST_CASES]]
    return newest[0] if newest else None, people.union(*map(_people_of, newest))


def _users(listed: str) -> frozenset[str]:
    return frozenset(name for name in listed.split(SEPARATOR) if name)


def _people_of(about: Record | Observation | None) -> frozenset[str]:
    """Return who runs the process, and who owns the script, that a record is about."""
    if about is None:
        return frozenset()
    script = about.sender.script
    owner = None if script is None else (script.version or {}).get("owner")
    return frozenset(name for name in (about.sender.user, owner) if isinstance(name, str) and name)


def _last_of(connection: Connection, record_id: str) -> Record | Observation | None:
    """Return the newest record of a case, where this version can read it."""
    try:
        return _record(connection, record_id)
    except EvidenceError:
        return None


def _is_own(names: frozenset[str], people: frozenset[str]) -> bool | None:
    """Return whether the reviewer is among the people that it is about; None where records do not
    name them in a way that can be compared. `names`: those of the reviewer, the pseudonym among
    them; machines and directories spell one name otherwise.
    """
    if not names.isdisjoint(spelt for name in people for spelt in spellings(name)):
        return True
    clear = {name for name in people if not is_pseudonym(name)}
    return False if clear else None


def _record(connection: Connection, record_id: str) -> Record | Observation | None:
    """Return the record with this id, chained or still under way."""
    for table, body in (("entries", "unpacked(body)"), ("open_exchanges", "CAST(body AS BLOB)")):
        query = f"SELECT {body} FROM {table} WHERE id = ?"  # noqa: S608 - our tables
        text = connection.value(query, (record_id,))
        if text is not None:
            return _understood(text)
    return None


def _understood(text: bytes) -> Record | Observation:
    try:
        return read_entry(text)
    except ValueError:
        raise EvidenceError(
            "This version of Outgate cannot read that request, so nothing can be said of it.",
            remedy="Use the version that the gate runs with.",
        ) from None


def _chain(connection: Connection, review: StoredReview) -> None:
    event = review.event
    columns = {
        "id": event.id,
        "at_us": micros(event.at),
        "case_key": event.case_key,
        "action": event.action.value,
        "script": review.script,
        "script_sha256": review.sha256,
        "record_id": event.record_id,
        "hold_key": review.hold_key,
    }
    chain_act(connection, columns, review.to_json())


def _apply(connection: Connection, review: StoredReview, case_id: int) -> None:
    event = review.event
    if event.action is Action.CLOSE:
        disposition = None if event.disposition is None else event.disposition.value
        columns: Mapping[str, Any] = closed_columns(disposition, event.scope)
        row = connection.named("SELECT * FROM cases WHERE id = ?", (case_id,)).fetchone()
        if event.scope is not None and beyond(event.scope, CaseSums.of(row).reach):
            # More has come since the reviewer looked.
            columns = {**columns, "status": CaseStatus.OPEN.value}
    elif event.action is Action.REOPEN:
        columns = OPEN
    else:
        return
    change = """UPDATE cases SET status = ?, disposition = ?, until_us = ?, closed = ?
        WHERE id = ?"""
    connection.execute(change, (*(columns[name] for name in OPEN), case_id))
