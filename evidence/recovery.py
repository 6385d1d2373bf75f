"""Exchanges that a gate left open when it was killed: chained at the next start, with what is known
of them.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from core.errors import EvidenceError
from core.fate import AT_LEAST_NOTE, STOPPED_NOTE
from core.findings import CLASSIFIER, not_inspected
from core.record import Record
from core.record_writing import findings_json
from evidence.batch import Appender, Batch, Item
from evidence.chain import canonical
from evidence.database import Connection
from evidence.entries import read_record
from evidence.gate_liveness import gone
from evidence.gate_words import objection, words
from evidence.journal_seal import JournalSeal
from evidence.times import micros

UNSEALED = (
    "it stood in the list of exchanges under way without the seal of this installation: it was put "
    "in, or an earlier version, which set none, left it"
)
_SOCKETS = frozenset({"ws", "wss"})
_CHUNK = 1000
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Found:
    """What gates that are no longer alive left."""

    exchanges: int
    """That were open, and are chained now."""
    gates: tuple[tuple[str, str | None, int], ...]
    """Those gates: id, when it last said something, up to which entry it had written then."""


def recover(connection: Connection, appender: Appender, evidence: Path) -> Found:
    """Chain what gates that are no longer alive left open, and tell which gates those were."""
    left = words(evidence)
    rows = connection.execute("SELECT DISTINCT gate FROM open_exchanges")
    gates = {str(gate) for (gate,) in rows} | {word.gate for word in left}
    keep = {word.gate for word in left if objection(connection, word) is not None}
    ended = gone(evidence, sorted(gates), keep)
    heard = {word.gate: (word.at, word.seq) for word in left}
    exchanges = sum(_recover_gate(connection, appender, gate) for gate in ended)
    told = tuple((gate, *heard.get(gate, (None, 0))) for gate in ended if gate not in keep)
    return Found(exchanges, told)


def _recover_gate(connection: Connection, appender: Appender, gate: str) -> int:
    recovered = failed = 0
    while items := _left_by(connection, gate, appender.seal):
        try:
            appender.adopt({item.id: slot for slot, item in items})
            appender.write(Batch(closes=[item for _, item in items]))
            recovered += len(items)
        except sqlite3.IntegrityError:
            # Another gate that starts at this moment recovers the same rows.
            failed += 1
            if failed >= _ATTEMPTS:
                raise
    return recovered


def _left_by(connection: Connection, gate: str, seal: JournalSeal | None) -> list[tuple[int, Item]]:
    query = """SELECT slot, id, gate, CAST(body AS BLOB), seal FROM open_exchanges
        WHERE gate = ? ORDER BY id LIMIT ?"""
    rows = connection.execute(query, (gate, _CHUNK)).fetchall()
    return [(row[0], _ended(row[3], _notes(row, seal))) for row in rows]


def _notes(row: tuple[int, str, str, bytes, bytes | None], seal: JournalSeal | None) -> list[str]:
    """Return what befell an exchange that was under way."""
    return [STOPPED_NOTE] if seal is None or seal.fits(*row) else [STOPPED_NOTE, UNSEALED]


def _ended(text: bytes, notes: list[str]) -> Item:
    """Return the finished record of what was under way; also of a version that this one does not
    understand.
    """
    try:
        body: dict[str, Any] = orjson.loads(text)
        if _was_leaving(body, text):
            _say_least(body)
        body["response"] = {**body["response"], "status": None}
        body["notes"] = [*body["notes"], *notes]
        ended, at_us = canonical(body), micros(datetime.fromisoformat(body["at"]))
        return Item(body["id"], at_us, _readable(ended), ended)
    except (ValueError, KeyError, TypeError):
        message = "The list of exchanges that were under way when the gate stopped is damaged."
        raise EvidenceError(
            message, remedy="Keep the file for examination and start with a new one."
        ) from None


def _was_leaving(body: dict[str, Any], text: bytes) -> bool:
    """Return whether more may have left since the gate wrote this down: the rest of a body, or
    messages of a WebSocket.
    """
    record = _readable(text)
    pieces = not body["request"]["complete"] or body["destination"]["scheme"] in _SOCKETS
    return pieces and (record is None or record.left)


def _say_least(body: dict[str, Any]) -> None:
    """Say that the bytes are so many at least, and that nobody knows what was in the others."""
    body["request"] = {**body["request"], "complete": False}
    body["findings"] += findings_json((not_inspected(AT_LEAST_NOTE, CLASSIFIER),))
    body["notes"] = [*body["notes"], AT_LEAST_NOTE]


def _readable(text: bytes) -> Record | None:
    try:
        return read_record(text)
    except ValueError:
        return None
