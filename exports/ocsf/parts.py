"""The objects of OCSF that several kinds of events hold, made of parts of a record."""

from datetime import datetime
from typing import Any

from core.attribution import Attribution, ProcessRef, Script
from core.case_keys import called
from core.classification import Destination
from core.decision import Decision, Verdict
from core.findings import Confidence
from core.record import Record
from core.stored import ChainLink
from core.vocabulary.files import look_words
from core.vocabulary.protocols import NO_PORT
from core.vocabulary.sizes import at_least

VERSION = "1.8.0"
NOT_STORED = "not stored"
"""In place of a script's text, which its object requires."""
_EXECUTABLE, _SHA256, _PYTHON = 8, 3, 3
_COUNTRY_LETTERS = 2
CONFIDENCE = {Confidence.CERTAIN: 3, Confidence.LIKELY: 2, Confidence.POSSIBLE: 1}
_CONTROL = {
    Verdict.ALLOW: (1, 1),
    Verdict.WATCH: (3, 17),
    Verdict.WARN: (3, 19),
    Verdict.REDACT: (4, 11),
    Verdict.HOLD: (2, 14),
    Verdict.BLOCK: (2, 2),
}
"""action_id and disposition_id."""
_OTHER, _CUT = 99, "Cut"


def without_nothing(value: dict[str, Any]) -> dict[str, Any]:
    """Return it without what is not known: OCSF has no null."""
    return {name: part for name, part in value.items() if part is not None and part != {}}


def millis(at: datetime | None) -> int | None:
    """Return a time as OCSF has it."""
    return None if at is None else int(at.timestamp() * 1000)


def base(
    category: int, number: int, activity: int, at: datetime, severity: int, **fields: Any
) -> dict[str, Any]:
    """Return an event of the class `number` of a category."""
    class_uid = category * 1000 + number
    return without_nothing(
        {
            "category_uid": category,
            "class_uid": class_uid,
            "activity_id": activity,
            "type_uid": class_uid * 100 + activity,
            "time": millis(at),
            "severity_id": severity,
            **fields,
        }
    )


def metadata(uid: str, version: str, link: ChainLink, *profiles: str) -> dict[str, Any]:
    """Return what an event says of itself: its id, and who made it."""
    return without_nothing(
        {
            "version": VERSION,
            "uid": uid,
            "sequence": link.seq,
            "log_name": link.chain_id,
            "profiles": list(profiles) or None,
            "product": {"name": "Outgate", "vendor_name": "Outgate", "version": version},
        }
    )


def place(link: ChainLink) -> dict[str, Any]:
    """Return an entry's place in its chain, as it stands in `unmapped`."""
    return {
        "outgate.chain.id": link.chain_id,
        "outgate.chain.seq": link.seq,
        "outgate.chain.hash": link.hash.hex(),
    }


def actor(sender: Attribution) -> dict[str, Any]:
    """Return who sent; a sender that is not known is said to be so."""
    process = None if sender.process is None else _process(sender.process, sender.ancestry)
    user = None if sender.user is None else {"name": sender.user, "type_id": 0}
    found = without_nothing({"process": process, "user": user})
    return found or {"user": {"name": "unknown", "type_id": 0}}


def _process(process: ProcessRef, parents: tuple[ProcessRef, ...]) -> dict[str, Any]:
    parent = _process(parents[0], parents[1:]) if parents else None
    name = None if process.exe is None else process.exe.replace("\\", "/").rpartition("/")[2]
    file = None if not name else {"name": name, "path": process.exe, "type_id": _EXECUTABLE}
    return without_nothing(
        {
            "pid": process.pid,
            "name": process.name,
            "created_time": millis(process.started_at),
            "file": file,
            "parent_process": parent,
        }
    )


def script(found: Script) -> dict[str, Any]:
    """Return a script by name, path and hash; its text is never exported."""
    hashes = None
    if found.sha256 is not None:
        hashes = [{"algorithm_id": _SHA256, "value": found.sha256}]
    file = None if found.path is None else {"name": found.name, "path": found.path, "type_id": 1}
    return without_nothing(
        {
            "name": found.name,
            "type_id": _PYTHON,
            "script_content": {"value": NOT_STORED},
            "hashes": hashes,
            "file": file,
        }
    )


def endpoint(to: Destination) -> dict[str, Any]:
    """Return where it went."""
    country = to.country if to.country and len(to.country) == _COUNTRY_LETTERS else None
    return without_nothing(
        {
            "hostname": to.host,
            "port": to.port or None,
            "ip": to.address,
            "svc_name": to.service,
            "location": None if country is None else {"country": country.upper()},
        }
    )


def url(to: Destination) -> dict[str, Any]:
    """Return the address, its path as stored."""
    port = {} if to.port == NO_PORT else {"port": to.port}
    return {"scheme": to.scheme, "hostname": to.host, **port, "path": to.path}


def control(record: Record) -> dict[str, Any]:
    """Return what was done, in the terms of the profile `security_control`; what was cut on its
    way was neither denied nor blocked.
    """
    decision = record.decision
    action, disposition = _CONTROL[decision.verdict]
    if record.left_in_part:
        action, disposition = _OTHER, _OTHER
    elif record.fate is not None:
        action, disposition = 0, 0
    elif decision.hold_outcome is not None:
        action, disposition = (1, 8) if decision.hold_outcome.released else (2, 25)
    return without_nothing(
        {
            "action_id": action,
            "action": _CUT if action == _OTHER else None,
            "disposition_id": disposition,
            "disposition": _cut_after(record) if disposition == _OTHER else None,
            "firewall_rule": None if decision.rule is None else {"uid": decision.rule},
            "policy": policy(decision),
        }
    )


def _cut_after(record: Record) -> str:
    return f"{_CUT} after {at_least(record.bytes_went, 'byte', exact=record.bytes_exact)}"


def policy(decision: Decision) -> dict[str, Any] | None:
    """Return the policy in force."""
    if decision.policy is None:
        return None
    return {"name": "Outgate policy", "uid": decision.policy, "version": decision.policy}


def extras(record: Record) -> dict[str, Any]:
    """Return what of a record has no field in OCSF, by our own names."""
    sender, to, decision, llm = record.sender, record.destination, record.decision, record.llm
    line = sender.line
    return without_nothing(
        {
            "outgate.sender": called(record) or None,
            "outgate.sender.certainty": sender.certainty.value,
            "outgate.sender.method": sender.method,
            "outgate.sender.reason": sender.reason,
            "outgate.sender.started_by": sender.started_by,
            "outgate.sender.line": None if line is None else f"{line.file}:{line.line}",
            "outgate.script.sha256": None if sender.script is None else sender.script.sha256,
            "outgate.script.path": None if sender.script is None else sender.script.path,
            "outgate.destination.category": to.category.value,
            "outgate.account.kind": to.account.kind.value,
            "outgate.account.id": to.account.id,
            "outgate.verdict": decision.verdict.value,
            "outgate.outcome": record.outcome,
            "outgate.left": record.went,
            "outgate.delivery": record.delivery.value,
            "outgate.bytes_left": record.bytes_went,
            "outgate.intended": None if decision.intended is None else decision.intended.value,
            "outgate.degraded": list(decision.degraded) or None,
            "outgate.bytes_at_least": not record.bytes_exact or None,
            "outgate.complete": record.read_whole,
            "outgate.notes": list(record.notes) or None,
            "outgate.files": [one.to_json() for one in record.files] or None,
            "outgate.files_look": look_words(record),
            "outgate.not_inspected": _unread(record),
            "outgate.llm.cost_usd": None if llm is None else llm.cost_usd,
            "outgate.llm.tokens_basis": None if llm is None else llm.tokens_basis.value,
            "outgate.llm.key_class": None if llm is None else llm.key_class,
        }
    )


def _unread(record: Record) -> list[str] | None:
    notes = [f.note or ", ".join(f.where) for f in record.findings if f.kind == "not_inspected"]
    return notes or None
