"""Delivers to a collector of OpenTelemetry: OTLP over HTTP in its JSON form, records and acts as
logs, what was added up by the hour as metrics.
"""

import http.client
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version as version_of
from typing import Any

from core.attribution import Attribution
from core.case_keys import called
from core.classification import LlmCall
from core.happenings import Happening
from core.observation import Observation
from core.record import Record
from core.stored import StoredObservation, StoredRecord, UnreadableEntry
from core.text import printable
from core.vocabulary.happenings import HAPPENED
from core.vocabulary.observations import observed
from core.vocabulary.reviews import done
from core.vocabulary.verdicts import became
from evidence.acts import StoredAct
from evidence.entries import Entry, Recalled
from exports.columns import amount_told
from exports.contents import opened
from exports.outbox.collectors import TIMEOUT_S, Address, NotDeliveredError, Parcel

_INFO, _WARN = (9, "INFO"), (13, "WARN")
_QUIET = frozenset({"allow", "watch"})
_DONE = 200
_AGAIN = frozenset({408, 429, 502, 503, 504})
_MOST_ANSWER = 1 << 20
_LONGEST = 1000
_SCOPE = {"name": "outgate", "version": version_of("outgate")}

type Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Otlp:
    """Implements `Collector` for OTLP."""

    address: Address

    def deliver(self, parcel: Parcel) -> int:
        """Post the logs; return how many the collector refused. Raises NotDeliveredError."""
        answer = self.post("/v1/logs", logs(parcel))
        part = answer.get("partialSuccess")
        refused = part.get("rejectedLogRecords", 0) if isinstance(part, dict) else 0
        try:
            return max(0, int(refused or 0))
        except (TypeError, ValueError):
            return 0

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Post a request and return the answer. Raises NotDeliveredError."""
        connection = self._connection()
        headers = {"content-type": "application/json", **dict(self.address.headers)}
        text = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        try:
            connection.request("POST", self.address.path + path, text, headers)
            answer = connection.getresponse()
            status, told = answer.status, answer.read(_MOST_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise NotDeliveredError(f"The collector did not take it: {why}.") from None
        finally:
            connection.close()
        if status != _DONE:
            remedy = "" if status in _AGAIN else "Check its address, its headers and its own log."
            raise NotDeliveredError(f"The collector answered {status}.", remedy=remedy)
        try:
            read = json.loads(told or b"{}")
        except ValueError:
            return {}
        return read if isinstance(read, dict) else {}

    def _connection(self) -> http.client.HTTPConnection:
        place = self.address
        if not place.is_private:
            return http.client.HTTPConnection(place.host, place.port, timeout=TIMEOUT_S)
        context = ssl.create_default_context()
        if place.authority is not None:
            context.load_verify_locations(place.authority)
        return http.client.HTTPSConnection(
            place.host, place.port, timeout=TIMEOUT_S, context=context
        )


def scope() -> dict[str, str]:
    """Return what names the part that speaks."""
    return dict(_SCOPE)


def resource(machine: str) -> dict[str, Any]:
    """Return what all that comes from here has in common."""
    told: dict[str, Value] = {
        "service.name": "outgate",
        "service.version": _SCOPE["version"],
        "service.instance.id": machine,
    }
    return {"attributes": list(attributes(told))}


def attributes(values: dict[str, Value]) -> Iterator[dict[str, Any]]:
    """Give the attributes whose value is known, as OTLP writes them."""
    for key, value in values.items():
        if value is None:
            continue
        if isinstance(value, bool):
            told: dict[str, Any] = {"boolValue": value}
        elif isinstance(value, int):
            told = {"intValue": str(value)}  # 64 bits are text in JSON of protobuf
        elif isinstance(value, float):
            told = {"doubleValue": value}
        else:
            told = {"stringValue": printable(value, _LONGEST)}
        yield {"key": key, "value": told}


def logs(parcel: Parcel) -> dict[str, Any]:
    """Return the request that holds a parcel as logs."""
    known = Recalled()
    told = [_record(entry, known) for entry in parcel.records]
    told += [_act(entry) for entry in parcel.acts]
    scope = {"scope": _SCOPE, "logRecords": told}
    return {"resourceLogs": [{"resource": resource(parcel.machine), "scopeLogs": [scope]}]}


def _log(
    entry: Entry, at_us: int, severity: tuple[int, str], body: str, values: dict[str, Value]
) -> dict[str, Any]:
    link = entry.link
    place: dict[str, Value] = {
        "outgate.chain.id": link.chain_id,
        "outgate.chain.seq": link.seq,
        "outgate.chain.hash": link.hash.hex(),
        "log.record.uid": entry.id,
    }
    time = str(at_us * 1000)
    return {
        "timeUnixNano": time,
        "observedTimeUnixNano": time,
        "severityNumber": severity[0],
        "severityText": severity[1],
        "body": {"stringValue": printable(body, _LONGEST)},
        "attributes": list(attributes(values | place)),
    }


def _record(entry: Entry, known: Recalled) -> dict[str, Any]:
    read = entry.opened(known)
    if isinstance(read, UnreadableEntry):
        values: dict[str, Value] = {"event.name": "outgate.unreadable"}
        return _log(entry, entry.at_us, _WARN, read.for_officer(), values)
    if isinstance(read, StoredObservation):
        return _log(entry, entry.at_us, _INFO, observed(read.observation), _seen(read.observation))
    return _log(entry, entry.at_us, _severity(read.record), _said(read), _values(read.record))


def _seen(seen: Observation) -> dict[str, Value]:
    sender, script = seen.sender, seen.sender.script
    facts: dict[str, Value] = {
        f"outgate.fact.{name}": ", ".join(one.value) if isinstance(one.value, tuple) else one.value
        for name, one in seen.facts.items()
    }
    return {
        "event.name": "outgate.observation",
        **_of_process(sender),
        "user.name": sender.user,
        "outgate.sender": called(seen) or None,
        "outgate.sender.certainty": sender.certainty.value,
        "outgate.script.path": None if script is None else script.path,
        "outgate.script.sha256": None if script is None else script.sha256,
        "outgate.observation.kind": seen.kind.value,
        "outgate.observation.about": seen.about,
        **facts,
    }


def _severity(record: Record) -> tuple[int, str]:
    return _INFO if record.outcome in _QUIET else _WARN


def _said(read: StoredRecord) -> str:
    return f"{became(read.record)}: {read.record.decision.reason}"


def _of_process(sender: Attribution) -> dict[str, Value]:
    if sender.process is None:
        return {}
    return {"process.pid": sender.process.pid, "process.executable.path": sender.process.exe}


def _of_call(llm: LlmCall | None) -> dict[str, Value]:
    if llm is None:
        return {}
    return {
        "gen_ai.provider.name": llm.provider,
        "gen_ai.request.model": llm.model,
        "gen_ai.usage.input_tokens": llm.input_tokens,
        "gen_ai.usage.output_tokens": llm.output_tokens,
        "outgate.cost_usd": llm.cost_usd,
    }


def _values(record: Record) -> dict[str, Value]:
    sender, to = record.sender, record.destination
    script = sender.script
    return {
        "event.name": "outgate.record",
        "server.address": to.host,
        "server.port": to.port or None,
        "url.scheme": to.scheme,
        "url.path": to.path,
        "http.request.method": record.request.method,
        "http.request.body.size": record.request.bytes,
        "http.response.status_code": record.response.status,
        "http.response.body.size": record.response.bytes,
        **_of_process(sender),
        "user.name": sender.user,
        "code.file.path": None if sender.line is None else sender.line.file,
        "code.line.number": None if sender.line is None else sender.line.line,
        **_of_call(record.llm),
        "outgate.sender": called(record) or None,
        "outgate.sender.certainty": sender.certainty.value,
        "outgate.script.path": None if script is None else script.path,
        "outgate.script.sha256": None if script is None else script.sha256,
        "outgate.service": to.service,
        "outgate.category": to.category.value,
        "outgate.account.kind": to.account.kind.value,
        "outgate.verdict": record.decision.verdict.value,
        "outgate.outcome": record.outcome,
        "outgate.rule": record.decision.rule,
        "outgate.policy": record.decision.policy,
        "outgate.left": record.went,
        "outgate.delivery": record.delivery.value,
        "outgate.bytes_left": record.bytes_went,
        "outgate.bytes_at_least": None if record.bytes_exact else True,
        "outgate.complete": record.read_whole,
        "outgate.found": ",".join(f"{f.kind}:{amount_told(f)}" for f in record.findings) or None,
        "outgate.degraded": "; ".join(record.decision.degraded) or None,
    }


def _act(entry: Entry) -> dict[str, Any]:
    read = opened(entry)
    if not isinstance(read, StoredAct):
        values: dict[str, Value] = {"event.name": "outgate.unreadable"}
        return _log(entry, entry.at_us, _WARN, read.for_officer(), values)
    act = read.act
    if isinstance(act, Happening):
        facts: dict[str, Value] = {
            f"outgate.fact.{name}": value
            if isinstance(value, str | int | None)
            else json.dumps(value)
            for name, value in act.facts.items()
        }
        told = {"event.name": f"outgate.{act.event.value}", "user.name": act.who, **facts}
        return _log(entry, entry.at_us, _INFO, HAPPENED[act.event], told)
    told = {
        "event.name": "outgate.review",
        "user.name": act.who,
        "outgate.review.action": act.action.value,
        "outgate.review.disposition": None if act.disposition is None else act.disposition.value,
        "outgate.review.note": act.note or None,
        "outgate.review.role": act.role,
        "outgate.review.own": act.own,
        "outgate.case": act.case_key.replace("\x1f", " · "),
        "outgate.script.path": act.script,
        "outgate.script.sha256": act.script_sha256,
    }
    return _log(entry, entry.at_us, _INFO, f"Reviewed: {done(act.action)}", told)
