"""What people did in the review, and what befell the gate, as events of OCSF."""

import hashlib
from typing import Any

from core.happenings import Event, Happening
from core.review import Action, ReviewEvent
from core.stored import UnreadableEntry
from core.vocabulary.happenings import HAPPENED
from core.vocabulary.reviews import DISPOSITIONS, done
from evidence.acts import StoredAct
from evidence.entries import Entry
from evidence.times import from_micros
from exports.ocsf import parts
from exports.ocsf.parts import without_nothing

_FINDINGS, _IAM, _SYSTEM, _APPLICATION, _BASE = 2, 3, 1, 6, 0
_DETECTION, _ENTITY, _EVENT_LOG, _LIFECYCLE = 4, 4, 8, 2
_UPDATE, _CLOSE, _ENABLE, _DISABLE, _START, _STOP, _OTHER = 2, 3, 8, 9, 3, 4, 99
_CHANGE = 3
_DELETED, _EXPORTED = 2, 3
_POLICY, _SOMETHING = 5, 99
_INFORMATIONAL, _MEDIUM, _RESOLVED, _IN_PROGRESS = 1, 3, 4, 2
_LIVES = {Event.GATE_STARTED: _START, Event.GATE_STOPPED: _STOP, Event.GATE_LOST: _STOP}
_LOGGED = {
    Event.ERASED: _DELETED,
    Event.EXPIRED: _DELETED,
    Event.EXPIRED_APART: _DELETED,
    Event.SUMS_EXPIRED: _DELETED,
    Event.ACTS_EXPIRED: _DELETED,
    Event.EXPORTED: _EXPORTED,
}
_GRAVE = frozenset(
    {
        Event.GATE_LOST,
        Event.EVIDENCE_GAP,
        Event.CLOCK_JUMPED,
        Event.KEY_CHANGED,
        Event.WITNESS_MISSED,
        Event.CAPTURE_WINDOW,
    }
)


def event_of(entry: Entry, opened: StoredAct | UnreadableEntry, version: str) -> dict[str, Any]:
    """Return the event of one act, with its place in the chain."""
    told = {
        "metadata": parts.metadata(entry.id, version, entry.link),
        "unmapped": parts.place(entry.link),
    }
    if isinstance(opened, UnreadableEntry):
        at = from_micros(entry.at_us)
        return parts.base(_BASE, 0, _OTHER, at, 0, message=opened.for_officer(), **told)
    act = opened.act
    if isinstance(act, Happening):
        return _happened(act, version, told)
    return _reviewed(act, told)


def _reviewed(event: ReviewEvent, told: dict[str, Any]) -> dict[str, Any]:
    told["unmapped"] |= without_nothing(
        {
            "outgate.action": event.action.value,
            "outgate.role": event.role,
            "outgate.channel": event.channel,
            "outgate.own": event.own,
            "outgate.disposition": None if event.disposition is None else event.disposition.value,
            "outgate.record": event.record_id,
        }
    )
    who = {"user": {"name": event.who, "type_id": 0}}
    if event.script is not None:
        return _script(event, who, told)
    why = "" if event.disposition is None else f": {DISPOSITIONS[event.disposition].words}"
    closed = event.action is Action.CLOSE
    told["metadata"]["profiles"] = ["host"]
    return parts.base(
        _FINDINGS,
        _DETECTION,
        _CLOSE if closed else _UPDATE,
        event.at,
        _INFORMATIONAL,
        message=f"{event.who} {done(event.action)}{why}",
        comment=event.note or None,
        actor=who,
        finding_info={
            "uid": event.record_id or hashlib.sha256(event.case_key.encode()).hexdigest(),
            "title": event.case_key.replace("\x1f", " · "),
        },
        status_id=_RESOLVED if closed else _IN_PROGRESS,
        **told,
    )


def _script(event: ReviewEvent, who: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    approved = event.action is Action.APPROVE_SCRIPT
    return parts.base(
        _IAM,
        _ENTITY,
        _ENABLE if approved else _DISABLE,
        event.at,
        _INFORMATIONAL,
        message=f"{event.who} {done(event.action)}",
        comment=event.note or None,
        actor=who,
        entity=without_nothing(
            {
                "name": event.script,
                "uid": event.script_sha256,
                "type": "Script",
                "type_id": _SOMETHING,
            }
        ),
        **told,
    )


def _happened(happening: Happening, version: str, told: dict[str, Any]) -> dict[str, Any]:
    event = happening.event
    told["unmapped"] |= {
        f"outgate.{name}": value for name, value in happening.facts.items() if value is not None
    }
    severity = _MEDIUM if event in _GRAVE else _INFORMATIONAL
    told["message"] = HAPPENED[event]
    app = {"name": "Outgate", "vendor_name": "Outgate", "version": version}
    if event in _LIVES:
        return parts.base(
            _APPLICATION, _LIFECYCLE, _LIVES[event], happening.at, severity, app=app, **told
        )
    who: dict[str, Any] = {"app_name": "Outgate"}
    if happening.who is not None:
        who["user"] = {"name": happening.who, "type_id": 0}
    if event is Event.POLICY_CHANGED:
        entity = {"name": "Outgate policy", "type_id": _POLICY}
        return parts.base(
            _IAM, _ENTITY, _CHANGE, happening.at, severity, actor=who, entity=entity, **told
        )
    activity = _LOGGED.get(event, _OTHER)
    return parts.base(
        _SYSTEM,
        _EVENT_LOG,
        activity,
        happening.at,
        severity,
        activity_name=HAPPENED[event] if activity == _OTHER else None,
        actor=who,
        log_name=told["metadata"]["log_name"],
        log_provider="Outgate",
        **told,
    )


def head_event(text: str, at: Any, by: str, version: str) -> dict[str, Any]:
    """Return the export itself as an event: its head stands in `unmapped`."""
    return parts.base(
        _SYSTEM,
        _EVENT_LOG,
        _EXPORTED,
        at,
        _INFORMATIONAL,
        message=HAPPENED[Event.EXPORTED],
        actor={"user": {"name": by, "type_id": 0}},
        log_name="outgate",
        log_provider="Outgate",
        metadata={
            "version": parts.VERSION,
            "product": {"name": "Outgate", "vendor_name": "Outgate", "version": version},
        },
        unmapped={"outgate.export": text},
    )
