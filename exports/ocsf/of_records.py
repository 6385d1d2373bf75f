"""A record as events of OCSF: the request (HTTP Activity, or API Activity for a language model), a
Data Security Finding for each finding, a Detection Finding where a rule did more than let it pass.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from core.classification import LlmCall
from core.decision import Verdict
from core.findings import NOT_INSPECTED, SECRET, Finding, is_least
from core.ids import rfc3339
from core.record import Record
from core.stored import StoredRecord, UnreadableEntry
from core.vocabulary.kinds import kind_of
from core.vocabulary.sizes import at_least
from core.vocabulary.verdicts import became, words_of_record
from evidence.entries import Entry
from exports.ocsf import parts

_NETWORK, _APPLICATION, _FINDINGS, _BASE = 4, 6, 2, 0
_HTTP, _API, _DATA_SECURITY, _DETECTION = 2, 3, 6, 4
_METHODS = {
    "CONNECT": 1,
    "DELETE": 2,
    "GET": 3,
    "HEAD": 4,
    "OPTIONS": 5,
    "POST": 6,
    "PUT": 7,
    "TRACE": 8,
    "PATCH": 9,
}
_OTHER, _CREATE = 99, 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INFORMATIONAL, _LOW, _MEDIUM, _HIGH = 1, 2, 3, 4
_SEVERITY = {
    Verdict.ALLOW: _INFORMATIONAL,
    Verdict.WATCH: _LOW,
    Verdict.WARN: _LOW,
    Verdict.REDACT: _MEDIUM,
    Verdict.HOLD: _MEDIUM,
    Verdict.BLOCK: _HIGH,
}
"""Our own: a record has no severity. By what the rule did or would have done."""
_GRAVE = 2
"""Kinds up to this weight are of high severity: credentials, health, bank."""
_IN_TRANSIT, _DLP_GATEWAY, _RULE, _NEW = 2, 2, 1, 1
_CATEGORY = {"credentials": 6, "bank": 3, "personal_data": 1}


def events_of(entry: Entry, opened: StoredRecord | UnreadableEntry, version: str) -> Iterator[Any]:
    """Give the events of one entry; the first holds its place in the chain."""
    if isinstance(opened, UnreadableEntry):
        yield parts.base(
            _BASE,
            0,
            _OTHER,
            opened.at or _EPOCH,
            0,
            message=opened.for_officer(),
            metadata=parts.metadata(entry.id, version, entry.link),
            unmapped=parts.place(entry.link),
        )
        return
    record = opened.record
    yield _request(record, opened, version)
    found = (f for f in record.findings if f.kind != NOT_INSPECTED)
    for number, finding in enumerate(found, 1):
        yield _found(record, opened, finding, number, version)
    if _wanted(record) is not Verdict.ALLOW:
        yield _detection(record, opened, version)


def _wanted(record: Record) -> Verdict:
    return record.decision.intended or record.decision.verdict


def _request(record: Record, stored: StoredRecord, version: str) -> dict[str, Any]:
    to, method, status = record.destination, record.request.method, record.response.status
    said = became(record)
    common = {
        "message": record.decision.reason or said,
        "actor": parts.actor(record.sender),
        "dst_endpoint": parts.endpoint(to),
        "http_request": parts.without_nothing(
            {
                "http_method": method if method in _METHODS else None,
                "url": parts.url(to),
                "length": record.request.bytes,
            }
        ),
        "http_response": None
        if status is None
        else {"code": status, "length": record.response.bytes},
        **parts.control(record),
    }
    if record.llm is not None:
        return _call(record, record.llm, stored, version, common)
    return parts.base(
        _NETWORK,
        _HTTP,
        _METHODS.get(method, _OTHER),
        record.at,
        _SEVERITY[_wanted(record)],
        activity_name=None if method in _METHODS else method,
        traffic={
            "bytes_out": record.bytes_went,
            "bytes_in": record.response.bytes,
            "bytes": record.bytes_went + record.response.bytes,
        },
        metadata=_metadata(record, stored, version, "security_control", "host"),
        unmapped={**parts.place(stored.link), **parts.extras(record)},
        **common,
    )


def _call(
    record: Record, llm: LlmCall, stored: StoredRecord, version: str, common: dict[str, Any]
) -> dict[str, Any]:
    """Return the event of a call of a model; `common`: what requests of all kinds tell."""
    model = _model(llm)
    profiles = ["security_control", *(["ai_operation"] if model else [])]
    return parts.base(
        _APPLICATION,
        _API,
        _CREATE,
        record.at,
        _SEVERITY[_wanted(record)],
        api={"operation": llm.operation},
        src_endpoint={"uid": stored.link.chain_id, "svc_name": "Outgate"},
        metadata=_metadata(record, stored, version, *profiles),
        unmapped={
            **parts.place(stored.link),
            **parts.extras(record),
            **_untold(llm, model),
        },
        **common,
        **model,
    )


def _metadata(record: Record, stored: StoredRecord, version: str, *profiles: str) -> dict[str, Any]:
    told = parts.metadata(record.id, version, stored.link, *profiles)
    # Milliseconds are what OCSF has; the record has microseconds.
    return {**told, "original_time": rfc3339(record.at)}


def _model(llm: LlmCall) -> dict[str, Any]:
    if llm.model is None:
        return {}
    known = [count for count in (llm.input_tokens, llm.output_tokens) if count is not None]
    return {
        "ai_model": {"name": llm.model, "ai_provider": llm.provider or "unknown"},
        "message_context": parts.without_nothing(
            {
                "application": {"name": "Outgate"},
                "prompt_tokens": llm.input_tokens,
                "completion_tokens": llm.output_tokens,
                "total_tokens": sum(known) if known else None,
            }
        ),
    }


def _untold(llm: LlmCall, model: dict[str, Any]) -> dict[str, Any]:
    """Return what of a call has no place without the name of its model."""
    if model or llm.provider is None:
        return {}
    return {"outgate.llm.provider": llm.provider}


def _found(
    record: Record, stored: StoredRecord, finding: Finding, number: int, version: str
) -> dict[str, Any]:
    kind = kind_of(finding.kind)
    values, exact = finding.distinct or finding.count, not is_least(finding)
    title = at_least(values, kind.one, kind.many, exact=exact)
    severity = _HIGH if kind.weight <= _GRAVE else _MEDIUM
    if finding.test_data:
        severity = _INFORMATIONAL
    return parts.base(
        _FINDINGS,
        _DATA_SECURITY,
        _CREATE,
        record.at,
        severity,
        message=f"{title} on the way to {record.destination.host}",
        metadata=_metadata(record, stored, version, "security_control"),
        confidence_id=parts.CONFIDENCE[finding.confidence],
        is_alert=_wanted(record) not in (Verdict.ALLOW, Verdict.WATCH),
        status_id=_NEW,
        finding_info={
            "uid": f"{record.id}/{number}",
            "title": title,
            "analytic": {"name": finding.detector, "type_id": _RULE},
            "created_time": parts.millis(record.at),
        },
        data_security=parts.without_nothing(
            {
                "category_id": _category(finding),
                "data_lifecycle_state_id": _IN_TRANSIT,
                "detection_system_id": _DLP_GATEWAY,
                "policy": parts.policy(record.decision),
            }
        ),
        actor=parts.actor(record.sender),
        dst_endpoint=parts.endpoint(record.destination),
        unmapped=parts.without_nothing(
            {
                "outgate.record": record.id,
                "outgate.kind": finding.kind,
                "outgate.count": finding.count,
                "outgate.distinct": finding.distinct,
                "outgate.records": finding.records,
                "outgate.subjects": finding.subjects,
                "outgate.at_least": is_least(finding) or None,
                "outgate.where": list(finding.where) or None,
                "outgate.excerpt": finding.excerpt or None,
                "outgate.fingerprints": list(finding.fingerprints) or None,
                "outgate.test_data": finding.test_data,
            }
        ),
        **parts.without_nothing(_happened(record)),
    )


def _happened(record: Record) -> dict[str, Any]:
    return parts.control(record)


def _category(finding: Finding) -> int:
    groups = kind_of(finding.kind).groups
    if finding.kind == SECRET:
        return _CATEGORY["credentials"]
    return next((number for name, number in _CATEGORY.items() if name in groups), _OTHER)


def _detection(record: Record, stored: StoredRecord, version: str) -> dict[str, Any]:
    decision = record.decision
    script = record.sender.script
    evidence = parts.without_nothing(
        {
            "actor": parts.actor(record.sender),
            "dst_endpoint": parts.endpoint(record.destination),
            "url": parts.url(record.destination),
            "script": None if script is None else parts.script(script),
        }
    )
    return parts.base(
        _FINDINGS,
        _DETECTION,
        _CREATE,
        record.at,
        _SEVERITY[_wanted(record)],
        message=decision.reason or None,
        metadata=_metadata(record, stored, version, "security_control"),
        finding_info={
            "uid": record.id,
            "title": decision.rule or words_of_record(record).outcome,
            "analytic": {"name": decision.rule or "no rule", "type_id": _RULE},
            "created_time": parts.millis(record.at),
        },
        evidences=[evidence],
        is_alert=_wanted(record) is not Verdict.WATCH,
        status_id=_NEW,
        unmapped={"outgate.record": record.id, "outgate.verdict": decision.verdict.value},
        **_happened(record),
    )
