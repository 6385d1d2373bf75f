"""OCSF 1.8.0 as JSON lines: for systems that collect security events. The head is an event of its
own, Event Log Activity: Export.
"""

from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from core.stored import StoredObservation
from evidence.chain import canonical
from evidence.entries import Recalled
from exports.contents import Contents, opened
from exports.formats import Format, Opened, Place
from exports.head import Head, Sealer
from exports.head import opened as head_opened
from exports.lines import Write, read_lines, write_lines
from exports.ocsf.of_acts import event_of, head_event
from exports.ocsf.of_observations import event_of as observed_event
from exports.ocsf.of_records import events_of

_BESIDE = "outgate.events_beside"
"""How many events of a record follow its first."""


def _body(contents: Contents, write: Write) -> None:
    known, version = Recalled(), version_of("outgate")
    for entry in contents.records():
        opened_entry = entry.opened(known)
        if isinstance(opened_entry, StoredObservation):
            write(canonical(observed_event(opened_entry, version)) + b"\n")
            continue
        first, *others = events_of(entry, opened_entry, version)
        first["unmapped"][_BESIDE] = len(others)
        for event in (first, *others):
            write(canonical(event) + b"\n")
    for act in contents.acts:
        write(canonical(event_of(act, opened(act), version)) + b"\n")


def _write(contents: Contents, sealer: Sealer | None, out: BinaryIO) -> None:
    def first(head: bytes | None) -> bytes:
        if head is None or sealer is None:
            return b""
        return _first(head, sealer.draft)

    write_lines(contents, sealer, out, first, _body)


def _first(head: bytes, told: Head) -> bytes:
    return canonical(head_event(head.decode(), told.at, told.by, told.version)) + b"\n"


def _written(head: bytes) -> bytes:
    return _first(head, head_opened(head))


def _head(line: bytes) -> bytes | None:
    try:
        text = orjson.loads(line)["unmapped"]["outgate.export"]
    except (ValueError, KeyError, TypeError):
        return None
    return text.encode() if isinstance(text, str) else None


class _Places:
    """Reads events; those beside the first of a record are counted, so that none can be missing."""

    def __init__(self) -> None:
        self._due = 0

    def __call__(self, where: str, line: bytes) -> Place | None:
        event: dict[str, Any] = orjson.loads(line)
        unmapped = event["unmapped"]
        if "outgate.chain.seq" not in unmapped:
            self._due -= 1
            return None
        due, self._due = self._due, int(unmapped.get(_BESIDE, 0))
        return Place(
            where=where,
            seq=unmapped["outgate.chain.seq"],
            hash=unmapped["outgate.chain.hash"],
            act=unmapped["outgate.chain.id"].startswith("reviews:"),
            problem=_problem(due, same=canonical(event) == line),
        )


def _problem(due: int, *, same: bool) -> str | None:
    if not same:
        return "its keys are doubled or moved"
    if due > 0:
        return f"of the record before it, {due} events are missing"
    return f"before it stand {-due} events too many" if due else None


def _read(path: Path) -> Opened:
    return read_lines(path, _head, _Places(), _written)


FORMAT = Format(
    name="ocsf",
    suffix=".ocsf.jsonl",
    purpose="for systems that collect security events (OCSF 1.8)",
    write=_write,
    recognises=lambda start: start.startswith(b"{") and b'"class_uid":' in start.split(b"\n", 1)[0],
    read=_read,
)
