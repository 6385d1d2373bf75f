"""Review events as entries of their own chain, and what each does to its case."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from core.errors import EvidenceError
from core.ids import rfc3339
from core.review import Action, CaseStatus, Disposition, ReviewEvent
from core.text import printable
from evidence.chain import canonical, genesis, link
from evidence.database import Connection
from evidence.rollup import micros, sender_of
from evidence.schema import chain_id
from evidence.statements import INSERT_REVIEW

SCHEMA = "outgate.review/1"
SCRIPT_ACTS = frozenset({Action.APPROVE_SCRIPT, Action.WITHDRAW_SCRIPT})
"""Acts about a version of a script, not about a case."""
_NOTE_LIMIT = 4000


def append_review(connection: Connection, event: ReviewEvent) -> None:
    """Append one event inside the caller's transaction and change its case. Raises EvidenceError for no such case."""
    if event.script is not None:
        _append_approval(connection, event)
        return
    query = "SELECT id, script, script_path, script_sha256 FROM cases WHERE key = ?"
    case = connection.named(query, (event.case_key,)).fetchone()
    about = None if event.record_id is None else record_body(connection, event.record_id)
    if about is not None:
        script, sha256 = sender_of(about), (about["sender"]["script"] or {}).get("sha256")
    elif case is not None:
        script, sha256 = case["script_path"] or case["script"], case["script_sha256"]
    else:
        raise EvidenceError(
            "There is no such case in the evidence.", remedy="Load the queue again."
        )
    up_to = _newest(connection)
    hold = None if about is None else about["decision"].get("hold")
    body = body_of(
        event,
        up_to=up_to,
        script=script,
        sha256=sha256,
        hold_key=None if hold is None else hold["key"],
    )
    _chain(connection, event, body)
    if case is not None:
        _apply(connection, event, case["id"])


def _append_approval(connection: Connection, event: ReviewEvent) -> None:
    """Append what was said of a version of a script; it has to be one that was seen, so that nobody approves a slip."""
    script, sha256 = printable(event.script or ""), event.script_sha256 or ""
    seen = connection.value(
        "SELECT 1 FROM scripts WHERE script = ? AND sha256 = ?", (script, sha256)
    )
    if not sha256 or seen is None or event.action not in SCRIPT_ACTS:
        raise EvidenceError(
            "There is no such version of this script in the evidence.",
            remedy="Run it once, then look.",
        )
    _chain(
        connection, event, body_of(event, up_to=_newest(connection), script=script, sha256=sha256)
    )


def _newest(connection: Connection) -> int:
    return int(connection.value("SELECT coalesce(max(seq), 0) FROM entries"))


def record_body(connection: Connection, record_id: str) -> dict[str, Any] | None:
    """Return the record with this id, chained or still under way, without its chain."""
    for table in ("entries", "open_exchanges"):
        query = f"SELECT body FROM {table} WHERE id = ?"  # noqa: S608 - names of our own tables
        text = connection.value(query, (record_id,))
        if text is not None:
            body: dict[str, Any] = orjson.loads(text)
            return body
    return None


def body_of(
    event: ReviewEvent, *, up_to: int, script: str, sha256: str | None, hold_key: str | None = None
) -> dict[str, Any]:
    """Return what is hashed: the event, how far the reviewer saw, and which version of which script it was about."""
    return {
        "schema": SCHEMA,
        "id": event.id,
        "at": rfc3339(event.at),
        "case_key": event.case_key,
        "action": event.action.value,
        "who": printable(event.who, 200),
        "disposition": None if event.disposition is None else event.disposition.value,
        "note": printable(event.note, _NOTE_LIMIT),
        "record_id": event.record_id,
        "hold_key": hold_key,
        "up_to": up_to,
        "script": {"path": script, "sha256": sha256},
    }


def event_of(body: Mapping[str, Any]) -> ReviewEvent:
    """Return the event of a stored body."""
    disposition, action = body["disposition"], Action(body["action"])
    script = body["script"] if action in SCRIPT_ACTS else {"path": None, "sha256": None}
    return ReviewEvent(
        id=body["id"],
        at=datetime.fromisoformat(body["at"]),
        case_key=body["case_key"],
        action=action,
        who=body["who"],
        disposition=None if disposition is None else Disposition(disposition),
        note=body["note"],
        record_id=body.get("record_id"),
        script=script["path"],
        script_sha256=script["sha256"],
    )


def _chain(connection: Connection, event: ReviewEvent, body: dict[str, Any]) -> None:
    newest = connection.execute(
        "SELECT seq, hash FROM review_entries ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    seq, prev = (
        (1, genesis(chain_id(connection, "reviews")))
        if newest is None
        else (newest[0] + 1, newest[1])
    )
    text = canonical(body)
    row = {
        "seq": seq,
        "id": event.id,
        "at_us": micros(event.at),
        "case_key": event.case_key,
        "action": event.action.value,
        "script": body["script"]["path"],
        "script_sha256": body["script"]["sha256"],
        "prev": prev,
        "hash": link(prev, seq, text),
        "body": text.decode(),
        "record_id": body["record_id"],
        "hold_key": body["hold_key"],
    }
    INSERT_REVIEW.run(connection, [row])


def _apply(connection: Connection, event: ReviewEvent, case_id: int) -> None:
    change = "UPDATE cases SET status = ?, disposition = ? WHERE id = ?"
    if event.action is Action.CLOSE:
        disposition = None if event.disposition is None else event.disposition.value
        connection.execute(change, (CaseStatus.CLOSED.value, disposition, case_id))
    elif event.action is Action.REOPEN:
        connection.execute(change, (CaseStatus.OPEN.value, None, case_id))
