"""The parts of a record as JSON values: every text inert, every word by its value."""

from collections.abc import Callable
from typing import Any

from core.attribution import Attribution, CodeLine, ProcessRef, Script, SenderPeer
from core.classification import Destination, LlmCall
from core.decision import Decision
from core.discreet import id_shown, media_type_shown, name_shown, words_shown
from core.findings import Finding
from core.ids import rfc3339
from core.text import printable

_PARTS_KNOWN = 2000
MODEL_SHOWN = 200
"""So much of the name of a model is kept."""


class Rendered:
    """The JSON of parts that records have in common, found again by the very object.

    For one thread.
    """

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
        # Holding the part keeps its id from being given to another.
        self._known[id(part)] = part, rendered
        return rendered


def afresh[Part](part: Part, render: Callable[[Part], Any]) -> Any:
    """Return what `render` gives; stands in for `Rendered.of` where nothing is remembered."""
    return render(part)


def inert(text: str | None, limit: int = 400) -> str | None:
    """Return `printable` text, or None for None."""
    return None if text is None else printable(text, limit)


def named(text: str | None, limit: int) -> str | None:
    """Return a name that a payload gave, masked where it may be a value, and harmless."""
    return None if text is None else printable(name_shown(text), limit)


def identified(text: str | None, limit: int) -> str | None:
    """Return an identifier that a payload gave, masked where it names a person, and harmless."""
    return None if text is None else printable(id_shown(text), limit)


def media_type(text: str | None) -> str | None:
    """Return a media type, fit to be stored."""
    return None if text is None else printable(media_type_shown(text), 100)


def told(text: str, limit: int = 400) -> str:
    """Return words of ours that may quote a payload's names, masked and harmless."""
    return printable(words_shown(text), limit)


def _process(process: ProcessRef) -> dict[str, Any]:
    started = process.started_at
    return {
        "pid": process.pid,
        "name": printable(process.name, 64),
        "exe": inert(process.exe),
        "started_at": None if started is None else rfc3339(started),
    }


def _script(script: Script) -> dict[str, Any]:
    return {
        "path": inert(script.path),
        "sha256": script.sha256,
        "launched_as": script.launched_as.value,
        "name": printable(script.name, 200),
        "version": script.version,
    }


def _line(line: CodeLine) -> dict[str, Any]:
    return {
        "file": printable(line.file),
        "line": line.line,
        "function": printable(line.function, 200),
        "certainty": line.certainty.value,
        "stack": [printable(frame) for frame in line.stack],
    }


def _own(process: ProcessRef | None) -> dict[str, Any]:
    """Return the process that owns the socket: its fields stand in the sender itself."""
    if process is None:
        return {"pid": None, "name": None, "exe": None, "started_at": None}
    return _process(process)


def sender_json(sender: Attribution) -> dict[str, Any]:
    """Return who sent it."""
    helper, script, line = sender.script_process, sender.script, sender.line
    return {
        **_own(sender.process),
        "certainty": sender.certainty.value,
        "method": sender.method,
        "reason": inert(sender.reason),
        "user": inert(sender.user, 100),
        "script": None if script is None else _script(script),
        "script_process": None if helper is None else _process(helper),
        "line": None if line is None else _line(line),
        "ancestry": [_process(p) for p in sender.ancestry],
        "candidates": [_process(p) for p in sender.candidates],
        "started_by": inert(sender.started_by, 100),
        "is_python": sender.is_python,
        **_doubts_and_peers(sender),
    }


def _doubts_and_peers(sender: Attribution) -> dict[str, Any]:
    """Stand in the record only where there are any."""
    told: dict[str, Any] = {}
    if sender.script_candidates:
        told["script_candidates"] = [printable(path) for path in sender.script_candidates]
    if sender.on_behalf is not None:
        told["on_behalf"] = [_peer(peer) for peer in sender.on_behalf]
    return told


def _peer(peer: SenderPeer) -> dict[str, Any]:
    return {
        **_process(peer.process),
        "certainty": peer.certainty.value,
        "script": None if peer.script is None else _script(peer.script),
        "is_python": peer.is_python,
    }


def destination_json(destination: Destination) -> dict[str, Any]:
    """Return where it went, by every name that was given."""
    names = [_other_name(name) for name in destination.other_names]
    return {**_place(destination), "other_names": names}


def _other_name(name: Destination) -> dict[str, Any]:
    return {**_place(name), "named_by": inert(name.named_by, 40), "in_doubt": name.in_doubt}


def _place(destination: Destination) -> dict[str, Any]:
    account = destination.account
    return {
        "scheme": destination.scheme,
        "host": printable(destination.host, 255),
        "port": destination.port,
        "path": told(destination.path, 500),
        "service": destination.service,
        "category": destination.category.value,
        "account": {
            "kind": account.kind.value,
            "id": identified(account.id, 200),
            "evidence": None if account.evidence is None else told(account.evidence, 200),
        },
        "upload": destination.upload,
        "address": destination.address,
        "country": destination.country,
    }


def llm_json(llm: LlmCall) -> dict[str, Any]:
    """Return the call of a language model."""
    return {
        "provider": llm.provider,
        "operation": llm.operation,
        "model": named(llm.model, MODEL_SHOWN),
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
        "cost_left_out": list(llm.cost_left_out),
        "response_id": identified(llm.response_id, 200),
        "tier": llm.tier,
        "key_fingerprint": llm.key_fingerprint,
        "key_class": llm.key_class,
        "organisation": identified(llm.organisation, 200),
        "project": identified(llm.project, 200),
        "tools": [named(tool, 100) for tool in llm.tools],
        "attachments": [
            {"media_type": media_type(a.media_type), "bytes": a.bytes, "sha256": a.sha256}
            for a in llm.attachments
        ],
        "messages": llm.messages,
        "evidence": list(llm.evidence),
    }


def findings_json(findings: tuple[Finding, ...]) -> list[dict[str, Any]]:
    """Return what was found."""
    places: dict[str, str] = {}
    return [_finding(finding, places) for finding in findings]


def _finding(finding: Finding, places: dict[str, str]) -> dict[str, Any]:
    """What an unread part is stands in the record only where it is known. `places`: those of this
    record that are written already, for most findings stand in the same one.
    """
    where = []
    for place in finding.where:
        if (written := places.get(place)) is None:
            written = places[place] = told(place, 200)
        where.append(written)
    known: dict[str, Any] = {} if finding.unread is None else {"unread": finding.unread}
    return {
        **known,
        "kind": finding.kind,
        "detector": finding.detector,
        "certainty": finding.confidence.value,
        "count": finding.count,
        "distinct": finding.distinct,
        "records": finding.records,
        "subjects": finding.subjects,
        "where": where,
        "excerpt": printable(finding.excerpt, 300),
        "fingerprints": list(finding.fingerprints),
        "test_data": finding.test_data,
        "note": None if finding.note is None else told(finding.note),
    }


def decision_json(decision: Decision) -> dict[str, Any]:
    """Return what was decided."""
    intended = decision.intended
    return {
        "verdict": decision.verdict.value,
        "rule": decision.rule,
        "reason": printable(decision.reason, 400),
        "degraded": [told(stage, 200) for stage in decision.degraded],
        "intended": None if intended is None else intended.value,
        "policy": decision.policy,
        "headers": [printable(name, 100) for name, _ in decision.headers],
        "hold": None if decision.hold_key is None else _hold(decision),
    }


def _hold(decision: Decision) -> dict[str, Any]:
    return {
        "key": decision.hold_key,
        "seconds": decision.hold_seconds,
        "outcome": decision.hold_outcome,
    }
