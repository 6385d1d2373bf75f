"""Parquet: one typed row for each record and each act, for analysis; each with what was hashed. The
head stands in the file's own metadata, which that format keeps at its end.
"""

import hashlib
import importlib.util
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from core.case_keys import called
from core.errors import SettingsError
from core.findings import NOT_INSPECTED, is_least
from core.observation import Observation
from core.record import Record
from core.review import ReviewEvent
from core.stored import StoredObservation, StoredRecord
from core.vocabulary.observations import observed
from evidence.acts import StoredAct
from evidence.chain import canonical
from evidence.entries import Entry, Recalled
from exports.contents import Contents, opened
from exports.formats import Format, Opened, Place
from exports.head import Sealer, blanked

_MAGIC = b"PAR1"
_GROUP = 10_000
_KEY = "outgate.export"
_FOOTER_BYTES = 4
_ENDING = _FOOTER_BYTES + len(_MAGIC)
_MOST_FOOTER = 64_000_000
_TEXTS = (
    "entry id chain_id prev hash verdict intended rule reason outcome user script script_path "
    "script_sha256 certainty service category host path account_kind method "
    "model provider cost_usd who action disposition note body seal delivery"
).split()
_NUMBERS = (
    "seq pid bytes_sent bytes_received status input_tokens output_tokens records request_bytes"
).split()


def _schema() -> Any:
    import pyarrow

    fields = [("at", pyarrow.timestamp("us", tz="UTC"))]
    fields += [(name, pyarrow.string()) for name in _TEXTS]
    fields += [(name, pyarrow.int64()) for name in _NUMBERS]
    fields += [
        ("left", pyarrow.bool_()),
        ("at_least", pyarrow.bool_()),
        ("bytes_at_least", pyarrow.bool_()),
        ("read_whole", pyarrow.bool_()),
        ("kinds", pyarrow.list_(pyarrow.string())),
    ]
    return pyarrow.schema(fields)


def _row(entry: Entry, kind: str) -> dict[str, Any]:
    exported = entry.exported()
    exported.pop("chain")
    damaged = "damaged" in exported
    link = entry.link
    return {
        "entry": kind,
        "id": entry.id,
        "chain_id": link.chain_id,
        "seq": link.seq,
        "prev": link.prev.hex(),
        "hash": link.hash.hex(),
        "seal": None if link.seal is None else canonical(link.seal).decode(),
        "body": canonical(exported).decode() if damaged else entry.text.decode(),
    }


def _record(entry: Entry, known: Recalled) -> dict[str, Any]:
    read = entry.opened(known)
    row = _row(entry, "observation" if isinstance(read, StoredObservation) else "record")
    if isinstance(read, StoredObservation):
        return row | _observed(read.observation)
    if not isinstance(read, StoredRecord):
        return row | {"at": read.at, "reason": read.for_officer()}
    return row | _told(read.record)


def _observed(seen: Observation) -> dict[str, Any]:
    sender, script = seen.sender, seen.sender.script
    return {
        "at": seen.at,
        "reason": observed(seen),
        "user": sender.user,
        "pid": None if sender.process is None else sender.process.pid,
        "script": called(seen) or None,
        "script_path": None if script is None else script.path,
        "script_sha256": None if script is None else script.sha256,
        "certainty": sender.certainty.value,
    }


def _told(record: Record) -> dict[str, Any]:
    sender, to, llm, script = record.sender, record.destination, record.llm, record.sender.script
    rows = [finding.records for finding in record.findings if finding.records is not None]
    intended = record.decision.intended
    return {
        "at": record.at,
        "verdict": record.decision.verdict.value,
        "intended": None if intended is None else intended.value,
        "rule": record.decision.rule,
        "reason": record.decision.reason,
        "outcome": record.outcome,
        "left": record.went,
        "delivery": record.delivery.value,
        "user": sender.user,
        "pid": None if sender.process is None else sender.process.pid,
        "script": called(record) or None,
        "script_path": None if script is None else script.path,
        "script_sha256": None if script is None else script.sha256,
        "certainty": sender.certainty.value,
        "service": to.service,
        "category": to.category.value,
        "host": to.host,
        "path": to.path,
        "account_kind": to.account.kind.value,
        "method": record.request.method,
        "bytes_sent": record.bytes_went,
        "request_bytes": record.request.bytes,
        "bytes_received": record.response.bytes,
        "status": record.response.status,
        "records": max(rows, default=None),
        "at_least": any(map(is_least, record.findings)),
        "bytes_at_least": not record.bytes_exact,
        "read_whole": record.read_whole,
        "kinds": sorted({f.kind for f in record.findings if f.kind != NOT_INSPECTED}),
        "model": None if llm is None else llm.model,
        "provider": None if llm is None else llm.provider,
        "input_tokens": None if llm is None else llm.input_tokens,
        "output_tokens": None if llm is None else llm.output_tokens,
        "cost_usd": None if llm is None else llm.cost_usd,
    }


def _act(entry: Entry) -> dict[str, Any]:
    row, read = _row(entry, "act"), opened(entry)
    if not isinstance(read, StoredAct):
        return row | {"reason": read.for_officer()}
    act = read.act
    if not isinstance(act, ReviewEvent):
        return row | {"at": act.at, "action": act.event.value, "who": act.who}
    return row | {
        "at": act.at,
        "action": act.action.value,
        "who": act.who,
        "disposition": None if act.disposition is None else act.disposition.value,
        "note": act.note,
        "script_path": act.script,
        "script_sha256": act.script_sha256,
    }


def _rows(contents: Contents) -> Iterator[dict[str, Any]]:
    known = Recalled()
    for entry in contents.records():
        yield _record(entry, known)
    for act in contents.acts:
        yield _act(act)


def _groups(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    group: list[dict[str, Any]] = []
    for row in rows:
        group.append(row)
        if len(group) == _GROUP:
            yield group
            group = []
    if group:
        yield group


def _needed() -> None:
    if importlib.util.find_spec("pyarrow") is None:
        raise SettingsError(
            "What reads and writes Parquet is not installed.",
            remedy="Install outgate[documents].",
        )


def _write(contents: Contents, sealer: Sealer | None, out: BinaryIO) -> None:
    _needed()
    import pyarrow
    import pyarrow.parquet

    schema = _schema()
    with tempfile.TemporaryFile() as unsealed:
        writer = pyarrow.parquet.ParquetWriter(unsealed, schema, compression="zstd")
        for group in _groups(_rows(contents)):
            writer.write_table(pyarrow.Table.from_pylist(group, schema=schema))
        blank = b"" if sealer is None else sealer.blank(contents)
        if sealer is not None:
            writer.add_key_value_metadata({_KEY: blank.decode()})
        writer.close()
        pages, footer = _halves(unsealed)
        if sealer is not None:
            head = sealer.sealed(contents, _digest(unsealed, pages, footer))
            footer = footer.replace(blank, head)
        unsealed.seek(0)
        _copy(unsealed, pages, out.write)
        out.write(footer)


def _halves(file: BinaryIO) -> tuple[int, bytes]:
    """Return how long the pages are, and the footer, which holds the head."""
    length = file.seek(0, os.SEEK_END)
    file.seek(max(0, length - _ENDING))
    footer = int.from_bytes(file.read(_FOOTER_BYTES), "little") + _ENDING
    if footer > min(length, _MOST_FOOTER):
        raise ValueError("this file is damaged: its footer is not there")
    file.seek(length - footer)
    return length - footer, file.read(footer)


def _copy(file: BinaryIO, left: int, to: Callable[[bytes], object]) -> None:
    while left > 0 and (chunk := file.read(min(left, 1 << 20))):
        to(chunk)
        left -= len(chunk)


def _digest(file: BinaryIO, pages: int, footer: bytes) -> str:
    """Return the hash over the whole file but its head, which stands blank in this footer."""
    told = hashlib.sha256()
    file.seek(0)
    _copy(file, pages, told.update)
    told.update(footer)
    return told.hexdigest()


def _read(path: Path) -> Opened:
    _needed()
    import pyarrow
    import pyarrow.parquet

    try:
        read = pyarrow.parquet.ParquetFile(path)
        head = (read.metadata.metadata or {}).get(_KEY.encode())
    except (pyarrow.ArrowException, OSError) as error:
        raise ValueError(f"this file is damaged: {type(error).__name__}") from None
    with path.open("rb") as file:
        pages, footer = _halves(file)
        if head is not None:
            footer = footer.replace(head, blanked(head))
        digest = _digest(file, pages, footer)
    return Opened(head=head, digest=digest, places=_places(read))


def _places(file: Any) -> Iterator[Place]:
    import pyarrow

    columns = ["entry", "seq", "prev", "hash", "body", "seal"]
    number = 0
    try:
        for batch in file.iter_batches(batch_size=_GROUP, columns=columns):
            for row in batch.to_pylist():
                number += 1
                yield Place(
                    where=f"row {number}",
                    seq=row["seq"],
                    hash=row["hash"],
                    prev=row["prev"],
                    body=row["body"].encode() or None,
                    seal=None if row["seal"] is None else orjson.loads(row["seal"]),
                    act=row["entry"] == "act",
                )
    except (
        pyarrow.ArrowException,
        OSError,
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
    ) as error:
        raise ValueError(f"row {number + 1}: cannot be read: {type(error).__name__}") from None


FORMAT = Format(
    name="parquet",
    suffix=".parquet",
    purpose="for analysis (Parquet)",
    write=_write,
    recognises=lambda start: start.startswith(_MAGIC),
    read=_read,
)
