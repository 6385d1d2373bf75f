"""How far each collector came: kept beside the evidence, signed with the key of its checkpoints,
so that nobody makes records pass as sent that were not.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from core.text import printable
from evidence.chain import canonical
from evidence.chain_ids import chain_id
from evidence.database import Connection
from evidence.notary import public_key

FOLDER = "outbox"
_CONTEXT = b"outgate.cursor/1\n"
_SIGNATURE = "signature"
_MOST = 1 << 62
_NAME = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a collector came in one evidence file."""

    chain: str
    """Id of the chain of records."""
    records: int = 0
    """The last record that it has."""
    acts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A cursor as it stands in its file."""

    cursor: Cursor
    signature: bytes | None
    """None in files of earlier versions."""

    def believed(self, name: str, public: bytes | None) -> bool:
        """Return whether this installation wrote it for the collector of that name."""
        if self.signature is None or public is None:
            return False
        try:
            key = Ed25519PublicKey.from_public_bytes(public)
            key.verify(self.signature, _told(name, self.cursor))
        except InvalidSignature:
            return False
        return True


def read_cursor(file: Path) -> Kept:
    """Return what a file keeps. Raises OSError, ValueError where it is none."""
    try:
        value = json.loads(file.read_bytes())
        chain, numbers = value["chain"], (value["records"], value["acts"])
        signature = value.get(_SIGNATURE)
        signed = None if signature is None else bytes.fromhex(signature)
    except (KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("this is no cursor") from None
    if not isinstance(chain, str) or not all(type(n) is int and 0 <= n < _MOST for n in numbers):
        raise ValueError("this is no cursor")
    return Kept(cursor=Cursor(chain=chain, records=numbers[0], acts=numbers[1]), signature=signed)


def write_cursor(file: Path, cursor: Cursor, key: Ed25519PrivateKey) -> None:
    """Keep a cursor; its file appears whole. Raises OSError."""
    value = {**asdict(cursor), _SIGNATURE: key.sign(_told(file.stem, cursor)).hex()}
    handle, name = tempfile.mkstemp(prefix=".cursor-", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(value, out)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(file)
    finally:
        Path(name).unlink(missing_ok=True)


def cursor_problems(connection: Connection, evidence: Path) -> Iterator[str]:
    """Yield what is wrong with the cursors beside an evidence file; one that nobody signed is not
    believed by who forwards, and so is a note: see `cursor_notes`.
    """
    public = public_key(evidence)
    for file in sorted(evidence.with_name(FOLDER).glob("*.json")):
        what = f"how far the collector {printable(file.stem, _NAME)} came"
        try:
            kept = read_cursor(file)
        except (OSError, ValueError):
            yield f"{what} cannot be read"
            continue
        if kept.signature is not None and not kept.believed(file.stem, public):
            yield f"{what} was changed: it is not signed with the key of this installation"
        elif kept.cursor.chain == chain_id(connection, "records"):
            newest = dict(_newest(connection))
            if kept.cursor.records > newest["entries"] or kept.cursor.acts > newest["acts"]:
                yield f"{what} is further than the evidence goes"


def cursor_notes(connection: Connection, evidence: Path) -> Iterator[str]:
    """Yield which collectors are sent all again, because nobody signed how far they came."""
    for file in sorted(evidence.with_name(FOLDER).glob("*.json")):
        with suppress(OSError, ValueError):
            kept = read_cursor(file)
            if kept.signature is None and kept.cursor.chain == chain_id(connection, "records"):
                yield (
                    f"How far the collector {printable(file.stem, _NAME)} came is not signed: an "
                    "earlier version wrote it, or somebody took the signature off. "
                    f"{NOT_BELIEVED}"
                )


NOT_BELIEVED = "It is not believed, and all that is kept is sent there again."


def _newest(connection: Connection) -> Iterator[tuple[str, int]]:
    for name, table in (("entries", "entries"), ("acts", "review_entries")):
        query = f"SELECT coalesce(max(seq), 0) FROM {table}"  # noqa: S608 - our tables
        yield name, int(connection.value(query))


def _told(name: str, cursor: Cursor) -> bytes:
    told: Mapping[str, Any] = {"collector": name, **asdict(cursor)}
    return _CONTEXT + canonical(told)
