"""A month of the fleet's evidence as Parquet, with a manifest of what is in it: files that are
readable without Outgate, and the proof that nothing of the month is missing.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.ids import rfc3339
from evidence.entries import Entry
from exports.contents import Contents
from exports.formats import format_named
from exports.writing import write_file
from hub.council import Council
from hub.database import Connection
from hub.months import removed_at
from hub.stored import readable
from hub.streams import covered, entries_of

SCHEMA = "outgate.archive/1"
_UPLOADS = """SELECT u.number, u.first, u.last, u.blob, c.chain, e.id::text, e.name
    FROM uploads u JOIN chains c ON c.number = u.chain JOIN endpoints e ON e.number = c.endpoint
    WHERE u.received >= %s AND u.received < %s AND c.kind = %s AND c.state <> 'superseded'
    ORDER BY u.chain, u.last"""
_PIECE = 1 << 20


@dataclass(slots=True)
class Archived:
    """What is in one file."""

    file: str
    rows: int = 0
    sha256: str = ""
    chains: dict[str, dict[str, Any]] = field(default_factory=dict)
    damaged: list[dict[str, Any]] = field(default_factory=list)
    """Runs of entries whose messages cannot be read at the hub, which are in no file."""


def archive(
    connection: Connection, folder: Path, month: str, shown: Council, now: datetime
) -> Path:
    """Write records and acts of a month (`2026-11`) and its manifest into a folder; return the
    manifest's path. What is there already is not written over. Raises InputError.
    """
    begin, end = span(month)
    if (at := removed_at(connection, begin.date())) is not None:
        raise InputError(
            f"The hub removed {month} on {at:%Y-%m-%d}.", remedy="outgate hub months lists them."
        )
    manifest = folder / f"outgate-{month}.manifest.json"
    if manifest.exists():
        raise InputError(f"{manifest} is there already.", remedy="Name another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise InputError(f"Cannot write in {folder}: {error.strerror}.") from None
    made = [
        _written(connection, folder / f"outgate-{month}-{kind}.parquet", kind, begin, end, shown)
        for kind in ("records", "acts")
    ]
    value = {
        "schema": SCHEMA,
        "month": month,
        "whole": now >= end,
        "made_at": rfc3339(now),
        "people": "pseudonyms" if shown.agreed.pseudonyms else "names",
        "files": [
            {
                "file": one.file,
                "rows": one.rows,
                "sha256": one.sha256,
                "chains": list(one.chains.values()),
                "damaged": one.damaged,
            }
            for one in made
        ],
    }
    text = json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"

    def write_manifest(out: Any) -> None:
        out.write(text)

    write_file(manifest, write_manifest)
    return manifest


def damaged_in(manifest: Path) -> int:
    """Return how many messages of the month could not be read."""
    return sum(len(one["damaged"]) for one in json.loads(manifest.read_bytes())["files"])


def span(month: str) -> tuple[datetime, datetime]:
    """Return where a month begins and ends, UTC. Raises InputError."""
    try:
        begin = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
        after = (begin.year + begin.month // 12, begin.month % 12 + 1)
        return begin, datetime(*after, 1, tzinfo=UTC)
    except ValueError:
        raise InputError("That is no month.", remedy="For example 2026-11.") from None


def _written(
    connection: Connection, path: Path, kind: str, begin: datetime, end: datetime, shown: Council
) -> Archived:
    made = Archived(file=path.name)
    entries = _entries(connection, kind, begin, end, shown, made)
    contents = Contents(entries) if kind == "records" else Contents((), list(entries))
    write_file(path, lambda out: format_named("parquet").write(contents, None, out))
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    made.sha256 = digest.hexdigest()
    return made


def _entries(
    connection: Connection,
    kind: str,
    begin: datetime,
    end: datetime,
    shown: Council,
    made: Archived,
) -> Iterator[Entry]:
    with closing(connection.cursor(name=f"archive_{kind}")) as cursor:
        cursor.itersize = 8
        cursor.execute(_UPLOADS, (begin, end, kind))
        for number, first, last, blob, chain, endpoint, name in cursor:
            whose = {"chain": chain, "endpoint": endpoint, "name": name}
            kept = readable((number, first, last, blob))
            if kept is None:
                made.damaged.append({**whose, "first": first, "last": last})
                continue
            for entry in entries_of(kept, chain):
                made.rows += 1
                begins = {"first": entry.link.seq, "before": entry.link.prev.hex()}
                known = made.chains.setdefault(chain, {**whose, **begins})
                known["last"], known["head"] = entry.link.seq, entry.link.hash.hex()
                yield covered(entry, shown)
