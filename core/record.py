"""The record: one exchange as the world sees it, JSON schema `outgate.record/1` (see docs/record.md)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.attribution import (
    Attribution,
    Certainty,
    CodeLine,
    LaunchedAs,
    ProcessRef,
    Script,
    SenderPeer,
)
from core.classification import (
    Account,
    AccountKind,
    Attachment,
    Category,
    CostBasis,
    Destination,
    LlmCall,
    TokensBasis,
)
from core.decision import Decision, HoldOutcome, Verdict, left_by
from core.findings import Confidence, Finding
from core.ids import rfc3339
from core.text import printable

SCHEMA = "outgate.record/1"
_PARTS_KNOWN = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSummary:
    """What is kept of a request."""

    method: str
    content_type: str | None
    bytes: int
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseSummary:
    """What is kept of an answer; `status` is None when none came."""

    status: int | None = None
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One exchange with its sender, destination, findings and decision. Holds nothing in clear."""

    id: str
    at: datetime
    sender: Attribution
    destination: Destination
    request: RequestSummary
    response: ResponseSummary
    llm: LlmCall | None
    findings: tuple[Finding, ...]
    decision: Decision
    notes: tuple[str, ...] = ()
    """What befell the exchange after the decision: `the client left`, `the gate stopped`, …"""

    def to_json(self, known: "Rendered | None" = None) -> dict[str, Any]:
        """Return the record as JSON values, without its chain. Do not change them when `known` is given."""
        of = _afresh if known is None else known.of
        return {
            "schema": SCHEMA,
            "id": self.id,
            "at": rfc3339(self.at),
            "sender": of(self.sender, _sender),
            "destination": of(self.destination, _destination),
            "request": {
                "method": printable(self.request.method, 32),
                "content_type": _safe(self.request.content_type, 100),
                "bytes": self.request.bytes,
                "complete": self.request.complete,
            },
            "response": {"status": self.response.status, "bytes": self.response.bytes},
            "llm": None if self.llm is None else _llm(self.llm),
            "findings": of(self.findings, _findings) if self.findings else [],
            "decision": of(self.decision, _decision),
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Record":
        """Rebuild a record from `to_json`. Raises KeyError or ValueError on anything else."""
        request, response = value["request"], value["response"]
        return cls(
            id=value["id"],
            at=datetime.fromisoformat(value["at"]),
            sender=_sender_from(value["sender"]),
            destination=_destination_from(value["destination"]),
            request=RequestSummary(
                **{k: request[k] for k in ("method", "content_type", "bytes", "complete")}
            ),
            response=ResponseSummary(status=response["status"], bytes=response["bytes"]),
            llm=None if value["llm"] is None else _llm_from(value["llm"]),
            findings=tuple(_finding_from(f) for f in value["findings"]),
            decision=_decision_from(value["decision"]),
            notes=tuple(value.get("notes", ())),
        )


def left_in(body: Mapping[str, Any]) -> bool:
    """Return `Decision.left` of a record that is not rebuilt; its words may be those of a later version."""
    decision = body["decision"]
    return left_by(decision["verdict"], hold_outcome(decision))


def hold_outcome(decision: Mapping[str, Any]) -> str | None:
    """Return how the hold of a decision in JSON ended; None while it has not, and where there was none."""
    # Records of earlier versions have no `hold`.
    ended: str | None = (decision.get("hold") or {}).get("outcome")
    return ended


class Rendered:
    """The JSON of parts that records have in common, found again by the very object. For one thread."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, Any]] = {}

    def of[Part](self, part: Part, render: Callable[[Part], Any]) -> Any:
        """Return what `render` gives, or gave, for this very part."""
        known = self._known.get(id(part))
        if known is not None and known[0] is part:
            return known[1]
        if len(self._known) >= _PARTS_KNOWN:
            self._known.clear()
        rendered = render(part)
        self._known[id(part)] = (
            part,
            rendered,
        )  # holding the part keeps its id from being given to another
        return rendered


def _afresh[Part](part: Part, render: Callable[[Part], Any]) -> Any:
    return render(part)


def _safe(text: str | None, limit: int = 400) -> str | None:
    return None if text is None else printable(text, limit)


def _process(process: ProcessRef) -> dict[str, Any]:
    started = process.started_at
    return {
        "pid": process.pid,
        "name": printable(process.name, 64),
        "exe": _safe(process.exe),
        "started_at": None if started is None else rfc3339(started),
    }


def _process_from(value: Mapping[str, Any]) -> ProcessRef:
    started = value.get("started_at")
    return ProcessRef(
        pid=value["pid"],
        name=value["name"],
        exe=value["exe"],
        started_at=None if started is None else datetime.fromisoformat(started),
    )


def _script(script: Script) -> dict[str, Any]:
    return {
        "path": _safe(script.path),
        "sha256": script.sha256,
        "launched_as": script.launched_as.value,
        "name": printable(script.name, 200),
        "version": script.version,
    }


def _sender(sender: Attribution) -> dict[str, Any]:
    process = sender.process
    started = None if process is None else process.started_at
    line = sender.line
    return {
        "certainty": sender.certainty.value,
        "method": sender.method,
        "reason": _safe(sender.reason),
        "pid": None if process is None else process.pid,
        "started_at": None if started is None else rfc3339(started),
        "name": None if process is None else printable(process.name, 64),
        "exe": None if process is None else _safe(process.exe),
        "user": _safe(sender.user, 100),
        "script": None if sender.script is None else _script(sender.script),
        "script_process": None
        if sender.script_process is None
        else _process(sender.script_process),
        "line": None
        if line is None
        else {
            "file": printable(line.file),
            "line": line.line,
            "function": printable(line.function, 200),
            "certainty": line.certainty.value,
            "stack": [printable(frame) for frame in line.stack],
        },
        "ancestry": [_process(p) for p in sender.ancestry],
        "candidates": [_process(p) for p in sender.candidates],
        "started_by": _safe(sender.started_by, 100),
        "is_python": sender.is_python,
        **_doubts_and_peers(sender),
    }


def _doubts_and_peers(sender: Attribution) -> dict[str, Any]:
    """Stand in the record only where there are any."""
    told: dict[str, Any] = {}
    if sender.script_candidates:
        told["script_candidates"] = [printable(path) for path in sender.script_candidates]
    if sender.on_behalf is not None:
        told["on_behalf"] = [
            _process(peer.process)
            | {
                "certainty": peer.certainty.value,
                "script": None if peer.script is None else _script(peer.script),
                "is_python": peer.is_python,
            }
            for peer in sender.on_behalf
        ]
    return told


def _peer_from(value: Mapping[str, Any]) -> SenderPeer:
    return SenderPeer(
        process=_process_from(value),
        script=None if value["script"] is None else _script_from(value["script"]),
        certainty=Certainty(value["certainty"]),
        is_python=value["is_python"],
    )


def _script_from(script: Mapping[str, Any]) -> Script:
    return Script(
        path=script["path"],
        sha256=script["sha256"],
        launched_as=LaunchedAs(script["launched_as"]),
        name=script["name"],
        version=script.get("version"),
    )


def _sender_from(value: Mapping[str, Any]) -> Attribution:
    script, line = value["script"], value["line"]
    return Attribution(
        certainty=Certainty(value["certainty"]),
        method=value["method"],
        reason=value.get("reason"),
        process=None if value["pid"] is None else _process_from({"name": "", **value}),
        user=value["user"],
        script=None if script is None else _script_from(script),
        script_process=None
        if not value.get("script_process")
        else _process_from(value["script_process"]),
        line=None
        if line is None
        else CodeLine(
            file=line["file"],
            line=line["line"],
            function=line["function"],
            certainty=Certainty(line["certainty"]),
            stack=tuple(line.get("stack", ())),
        ),
        ancestry=tuple(_process_from(p) for p in value["ancestry"]),
        candidates=tuple(_process_from(p) for p in value.get("candidates", ())),
        script_candidates=tuple(value.get("script_candidates", ())),
        on_behalf=None
        if "on_behalf" not in value
        else tuple(_peer_from(peer) for peer in value["on_behalf"]),
        started_by=value.get("started_by"),
        is_python=value.get("is_python"),
    )


def _destination(destination: Destination) -> dict[str, Any]:
    account = destination.account
    return {
        "scheme": destination.scheme,
        "host": printable(destination.host, 255),
        "port": destination.port,
        "path": printable(destination.path, 500),
        "service": destination.service,
        "category": destination.category.value,
        "account": {
            "kind": account.kind.value,
            "id": _safe(account.id, 200),
            "evidence": _safe(account.evidence, 200),
        },
        "upload": destination.upload,
        "address": destination.address,
        "country": destination.country,
    }


def _destination_from(value: Mapping[str, Any]) -> Destination:
    account = value["account"]
    return Destination(
        scheme=value["scheme"],
        host=value["host"],
        port=value["port"],
        path=value["path"],
        service=value["service"],
        category=Category(value["category"]),
        account=Account(
            kind=AccountKind(account["kind"]), id=account["id"], evidence=account["evidence"]
        ),
        upload=value.get("upload", False),
        address=value.get("address"),
        country=value.get("country"),
    )


def _llm(llm: LlmCall) -> dict[str, Any]:
    return {
        "provider": llm.provider,
        "operation": llm.operation,
        "model": _safe(llm.model, 200),
        "stream": llm.stream,
        "input_tokens": llm.input_tokens,
        "output_tokens": llm.output_tokens,
        "cache_read_tokens": llm.cache_read_tokens,
        "cache_write_tokens": llm.cache_write_tokens,
        "reasoning_tokens": llm.reasoning_tokens,
        "tokens_basis": llm.tokens_basis.value,
        "tokens_band": llm.tokens_band,
        "cost_usd": llm.cost_usd,
        "cost_basis": llm.cost_basis.value,
        "key_fingerprint": llm.key_fingerprint,
        "key_class": llm.key_class,
        "organisation": _safe(llm.organisation, 200),
        "project": _safe(llm.project, 200),
        "tools": [printable(t, 100) for t in llm.tools],
        "attachments": [
            {"media_type": _safe(a.media_type, 100), "bytes": a.bytes, "sha256": a.sha256}
            for a in llm.attachments
        ],
        "messages": llm.messages,
        "evidence": list(llm.evidence),
    }


def _llm_from(value: Mapping[str, Any]) -> LlmCall:
    fields = dict(value)
    fields["tokens_basis"] = TokensBasis(value["tokens_basis"])
    fields["cost_basis"] = CostBasis(value["cost_basis"])
    fields["tools"] = tuple(value["tools"])
    fields["attachments"] = tuple(Attachment(**a) for a in value["attachments"])
    fields["evidence"] = tuple(value.get("evidence", ()))
    return LlmCall(**fields)


def _findings(findings: tuple[Finding, ...]) -> list[dict[str, Any]]:
    return [_finding(finding) for finding in findings]


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "detector": finding.detector,
        "certainty": finding.confidence.value,
        "count": finding.count,
        "distinct": finding.distinct,
        "records": finding.records,
        "subjects": finding.subjects,
        "where": [printable(w, 200) for w in finding.where],
        "excerpt": printable(finding.excerpt, 300),
        "fingerprints": list(finding.fingerprints),
        "test_data": finding.test_data,
        "note": _safe(finding.note),
    }


def _finding_from(value: Mapping[str, Any]) -> Finding:
    fields = dict(value)
    fields["confidence"] = Confidence(fields.pop("certainty"))
    fields["where"] = tuple(value["where"])
    fields["fingerprints"] = tuple(value["fingerprints"])
    return Finding(**fields)


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "verdict": decision.verdict.value,
        "rule": decision.rule,
        "reason": printable(decision.reason, 400),
        "degraded": [printable(d, 200) for d in decision.degraded],
        "intended": None if decision.intended is None else decision.intended.value,
        "policy": decision.policy,
        "headers": [printable(name, 100) for name, _ in decision.headers],
        "hold": None
        if decision.hold_key is None
        else {
            "key": decision.hold_key,
            "seconds": decision.hold_seconds,
            "outcome": decision.hold_outcome,
        },
    }


def _decision_from(value: Mapping[str, Any]) -> Decision:
    intended, hold = value.get("intended"), value.get("hold") or {}
    return Decision(
        verdict=Verdict(value["verdict"]),
        rule=value["rule"],
        reason=value["reason"],
        degraded=tuple(value["degraded"]),
        intended=None if intended is None else Verdict(intended),
        policy=value.get("policy"),
        headers=tuple((name, "") for name in value.get("headers", ())),
        hold_key=hold.get("key"),
        hold_seconds=hold.get("seconds"),
        hold_outcome=HoldOutcome(hold["outcome"]) if hold.get("outcome") else None,
    )
