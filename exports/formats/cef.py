"""CEF in lines of syslog (RFC 5424): for collectors that take nothing else. The head is an event
of its own.
"""

from collections.abc import Iterator, Mapping
from importlib.metadata import version as version_of
from pathlib import Path
from typing import BinaryIO

from core.case_keys import called
from core.findings import NOT_INSPECTED
from core.happenings import Event, Happening
from core.ids import rfc3339
from core.observation import Observation
from core.record import Record
from core.stored import ChainLink, StoredObservation, StoredRecord, UnreadableEntry
from core.text import printable
from core.vocabulary.files import files_told
from core.vocabulary.happenings import HAPPENED
from core.vocabulary.observations import observed
from core.vocabulary.reviews import DISPOSITIONS, done
from core.vocabulary.verdicts import became
from evidence.acts import StoredAct
from evidence.entries import Entry, Recalled
from evidence.times import from_micros
from exports.columns import amount_told
from exports.contents import Contents, opened
from exports.formats import Format, Opened, Place
from exports.head import Head, Sealer
from exports.head import opened as head_opened
from exports.lines import Write, read_lines, write_lines
from exports.ocsf.parts import millis

_INFORMATION, _WARNING = 110, 108
"""Priorities of syslog: facility log audit."""
_SEVERITY = {"allow": 1, "watch": 3, "warn": 4, "redact": 5, "hold": 6, "block": 8}
_UNKNOWN, _OBSERVED = 5, 3
_LONGEST = 1000

_MAKER = "CEF:0|Outgate|Outgate|"
_PRODUCT = f"{_MAKER}{version_of('outgate')}|"

type Fields = Mapping[str, str | int | None]


def _header(text: str) -> str:
    return printable(text, _LONGEST).replace("\\", "\\\\").replace("|", "\\|")


def _value(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    return value.replace("\\", "\\\\").replace("=", "\\=").replace("\r", " ").replace("\n", " ")


def _unescaped(text: str) -> str:
    return text.replace("\\=", "=").replace("\\\\", "\\")


def _line(at: str, id_: str, name: str, severity: int, fields: Fields) -> bytes:
    priority = _WARNING if severity >= _SEVERITY["hold"] else _INFORMATION
    head = f"<{priority}>1 {at} - outgate - {id_} - {_PRODUCT[:-1]}"
    told = " ".join(f"{key}={_value(v)}" for key, v in fields.items() if v is not None)
    return f"{head}|{id_}|{_header(name)}|{severity}|{told}\n".encode()


def _place_of(link: ChainLink) -> dict[str, str | int | None]:
    return {
        "cn1Label": "chainEntry",
        "cn1": link.seq,
        "cs6Label": "chainHash",
        "cs6": link.hash.hex(),
    }


def _text(value: str | None) -> str | None:
    return None if not value else printable(value, _LONGEST)


def record_line(entry: Entry, known: Recalled) -> bytes:
    read = entry.opened(known)
    if isinstance(read, UnreadableEntry):
        told = {
            "externalId": printable(entry.id),
            "msg": read.for_officer(),
            **_place_of(entry.link),
        }
        at = rfc3339(from_micros(entry.at_us)) if read.at is not None else "-"
        return _line(at, _RECORD, "Entry that cannot be read", _UNKNOWN, told)
    if isinstance(read, StoredObservation):
        seen = read.observation
        return _line(rfc3339(seen.at), _SEEN, seen.about, _OBSERVED, _seen(seen, read.link))
    record = read.record
    said = became(record)
    severity = _SEVERITY.get(record.decision.verdict, _UNKNOWN)
    return _line(rfc3339(record.at), _RECORD, said, severity, _told(record, read))


def _seen(seen: Observation, link: ChainLink) -> Fields:
    sender, script = seen.sender, seen.sender.script
    return {
        "rt": millis(seen.at),
        "externalId": seen.id,
        "act": seen.kind.value,
        "suser": _text(sender.user),
        "spid": None if sender.process is None else sender.process.pid,
        "sproc": _text(called(seen)),
        "filePath": None if script is None else _text(script.path),
        "fileHash": None if script is None else script.sha256,
        "msg": _text(observed(seen)),
        **_place_of(link),
    }


def _told(record: Record, read: StoredRecord) -> Fields:
    sender, to, script = record.sender, record.destination, record.sender.script
    found = ", ".join(
        f"{f.kind}:{amount_told(f)}" for f in record.findings if f.kind != NOT_INSPECTED
    )
    return {
        "rt": millis(record.at),
        "externalId": record.id,
        "act": record.decision.verdict.value,
        "outcome": record.outcome,
        "reason": _text(record.decision.reason),
        "suser": _text(sender.user),
        "spid": None if sender.process is None else sender.process.pid,
        "sproc": _text(called(record)),
        "filePath": None if script is None else _text(script.path),
        "fileHash": None if script is None else script.sha256,
        "dhost": _text(to.host),
        "dpt": to.port or None,
        "app": _text(to.scheme),
        "request": _text(to.path),
        "requestMethod": _text(record.request.method),
        "out": record.bytes_went,
        "in": record.response.bytes,
        "cs1Label": "rule",
        "cs1": _text(record.decision.rule) or "none",
        "cs2Label": "found",
        "cs2": _text(found) or "nothing",
        "cs3Label": "accountKind",
        "cs3": to.account.kind.value,
        "cs4Label": "senderIs",
        "cs4": sender.certainty.value,
        "cs5Label": "model",
        "cs5": _text(record.llm.model if record.llm else None) or "none",
        "flexString1Label": "delivery",
        "flexString1": record.delivery.value,
        "msg": _text("; ".join((*_in_part(record), *files_told(record)))),
        **_place_of(read.link),
    }


def _in_part(record: Record) -> Iterator[str]:
    if not record.bytes_exact:
        yield "out is at least"
    if not record.read_whole:
        yield "the request was not read to its end"


def act_line(entry: Entry) -> bytes:
    read = opened(entry)
    at = rfc3339(from_micros(entry.at_us))
    if not isinstance(read, StoredAct):
        told = {"externalId": printable(entry.id), "msg": read.for_officer()}
        return _line(
            at, "act", "Act that cannot be read", _UNKNOWN, {**told, **_place_of(entry.link)}
        )
    act = read.act
    fields: dict[str, str | int | None] = {"rt": millis(act.at), "externalId": act.id}
    if isinstance(act, Happening):
        facts = ", ".join(f"{name}: {value}" for name, value in act.facts.items())
        fields |= {"suser": _text(act.who), "msg": _text(facts)}
        return _line(at, "event", HAPPENED[act.event], 3, {**fields, **_place_of(entry.link)})
    fields |= {
        "suser": _text(act.who),
        "msg": _text(act.note),
        "act": act.action.value,
        "outcome": None if act.disposition is None else DISPOSITIONS[act.disposition].words,
        "filePath": _text(act.script),
        "fileHash": act.script_sha256,
        "cs1Label": "case",
        "cs1": _text(act.case_key.replace("\x1f", " · ")),
        "cs2Label": "role",
        "cs2": _text(act.role) or "none",
        "cs3Label": "isTheSender",
        "cs3": "not known" if act.own is None else str(act.own).lower(),
    }
    return _line(
        at, "review", f"Reviewed: {done(act.action)}", 3, {**fields, **_place_of(entry.link)}
    )


def _body(contents: Contents, write: Write) -> None:
    known = Recalled()
    for entry in contents.records():
        write(record_line(entry, known))
    for act in contents.acts:
        write(act_line(act))


_ID, _MESSAGE = "export", "msg="
_RECORD, _SEEN = "record", "observation"


def _write(contents: Contents, sealer: Sealer | None, out: BinaryIO) -> None:
    def first(head: bytes | None) -> bytes:
        if head is None or sealer is None:
            return b""
        return _first(head, sealer.draft)

    write_lines(contents, sealer, out, first, _body)


def _first(head: bytes, draft: Head) -> bytes:
    told: Fields = {"rt": millis(draft.at), "suser": _text(draft.by), "msg": head.decode()}
    line = _line(rfc3339(draft.at), _ID, HAPPENED[Event.EXPORTED], 1, told)
    return line.replace(_PRODUCT.encode(), f"{_MAKER}{_header(draft.version)}|".encode(), 1)


def _written(head: bytes) -> bytes:
    return _first(head, head_opened(head))


def _head(line: bytes) -> bytes | None:
    text = line.decode(errors="replace")
    if f"|{_ID}|{HAPPENED[Event.EXPORTED]}|" not in text or _MESSAGE not in text:
        return None
    return _unescaped(text.partition(_MESSAGE)[2]).encode()


def _place(where: str, line: bytes) -> Place:
    text = line.decode()
    # Our own fields stand last, so that no text before them is taken for them.
    seq = text.rpartition(" cn1=")[2].partition(" ")[0]
    hash_ = text.rpartition(" cs6=")[2]
    kind = text.partition(" - outgate - ")[2].partition(" ")[0]
    return Place(where=where, seq=int(seq), hash=hash_, act=kind not in {_RECORD, _SEEN})


def _read(path: Path) -> Opened:
    return read_lines(path, _head, _place, _written)


FORMAT = Format(
    name="cef",
    suffix=".cef",
    purpose="for syslog collectors (CEF)",
    write=_write,
    recognises=lambda start: start.startswith(b"<") and b" CEF:0|Outgate|" in start,
    read=_read,
)
