"""Review events as entries of their own chain, and what each does to its case."""

from core.errors import EvidenceError
from core.record import Record
from core.review import Action, CaseStatus, ReviewEvent, sender_of
from core.text import printable
from evidence.chain import canonical, genesis, link
from evidence.database import Connection
from evidence.entries import record_of
from evidence.review_entries import SCRIPT_ACTS, StoredReview
from evidence.schema import chain_id
from evidence.statements import INSERT_REVIEW
from evidence.times import micros


def append_review(connection: Connection, event: ReviewEvent) -> None:
    """Append one event inside the caller's transaction and change its case. Raises EvidenceError for no such case."""
    if event.script is not None:
        _chain(connection, _of_version(connection, event))
        return
    query = "SELECT id, script, script_path, script_sha256 FROM cases WHERE key = ?"
    case = connection.named(query, (event.case_key,)).fetchone()
    about = None if event.record_id is None else _record(connection, event.record_id)
    hold_key = None
    if about is not None:
        version = about.sender.script
        script, sha256 = sender_of(about), None if version is None else version.sha256
        hold_key = about.decision.hold_key
    elif case is not None:
        script, sha256 = case["script_path"] or case["script"], case["script_sha256"]
    else:
        raise EvidenceError(
            "There is no such case in the evidence.", remedy="Load the queue again."
        )
    up_to = _newest(connection)
    _chain(
        connection,
        StoredReview(event=event, up_to=up_to, script=script, sha256=sha256, hold_key=hold_key),
    )
    if case is not None:
        _apply(connection, event, case["id"])


def _of_version(connection: Connection, event: ReviewEvent) -> StoredReview:
    """Return what is said of a version of a script; it has to be one that was seen, so that nobody approves a slip."""
    script, sha256 = printable(event.script or ""), event.script_sha256 or ""
    query = "SELECT 1 FROM scripts WHERE script = ? AND sha256 = ?"
    seen = connection.value(query, (script, sha256))
    if not sha256 or seen is None or event.action not in SCRIPT_ACTS:
        raise EvidenceError(
            "There is no such version of this script in the evidence.",
            remedy="Run it once, then look.",
        )
    return StoredReview(event=event, up_to=_newest(connection), script=script, sha256=sha256)


def _newest(connection: Connection) -> int:
    return int(connection.value("SELECT coalesce(max(seq), 0) FROM entries"))


def _record(connection: Connection, record_id: str) -> Record | None:
    """Return the record with this id, chained or still under way."""
    for table in ("entries", "open_exchanges"):
        query = f"SELECT CAST(body AS BLOB) FROM {table} WHERE id = ?"  # noqa: S608 - names of our own tables
        text = connection.value(query, (record_id,))
        if text is not None:
            return _understood(text)
    return None


def _understood(text: bytes) -> Record:
    try:
        return record_of(text)
    except ValueError:
        raise EvidenceError(
            "This version of Outgate cannot read that request, so nothing can be said of it.",
            remedy="Use the version that the gate runs with.",
        ) from None


def _chain(connection: Connection, review: StoredReview) -> None:
    query = "SELECT seq, hash FROM review_entries ORDER BY seq DESC LIMIT 1"
    newest = connection.execute(query).fetchone()
    if newest is None:
        seq, prev = 1, genesis(chain_id(connection, "reviews"))
    else:
        seq, prev = newest[0] + 1, newest[1]
    event, text = review.event, canonical(review.to_json())
    row = {
        "seq": seq,
        "id": event.id,
        "at_us": micros(event.at),
        "case_key": event.case_key,
        "action": event.action.value,
        "script": review.script,
        "script_sha256": review.sha256,
        "prev": prev,
        "hash": link(prev, seq, text),
        "body": text.decode(),
        "record_id": event.record_id,
        "hold_key": review.hold_key,
    }
    INSERT_REVIEW.run(connection, [row])


def _apply(connection: Connection, event: ReviewEvent, case_id: int) -> None:
    change = "UPDATE cases SET status = ?, disposition = ? WHERE id = ?"
    if event.action is Action.CLOSE:
        disposition = None if event.disposition is None else event.disposition.value
        connection.execute(change, (CaseStatus.CLOSED.value, disposition, case_id))
    elif event.action is Action.REOPEN:
        connection.execute(change, (CaseStatus.OPEN.value, None, case_id))
