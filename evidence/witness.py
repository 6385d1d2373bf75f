"""Witnesses: where every checkpoint is told outside the evidence file, so that an older copy,
another file or a rewritten one is seen. Files that only grow, and the system's log.
"""

import base64
import binascii
import contextlib
import os
import socket
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.text import printable
from evidence.checkpoint import Checkpoint, Part, fingerprint
from evidence.files import PRIVATE_FILE
from evidence.merkle import HASH_BYTES

if TYPE_CHECKING:
    from evidence.notary import Taken

_MARK = "outgate.witness/1"
_FIELDS = 9
_LATE = ":late"
_TAIL_BYTES = 16_384
"""Of some fifty lines."""
_SYSLOG_NOTICE = 8 * 10 + 5
"""Facility authpriv, severity notice (RFC 5424)."""
BESIDE = "-witness"
"""Ending of the witness beside an evidence file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A checkpoint as a witness tells it."""

    checkpoint: Checkpoint
    why: str
    """`start`, `stop`, `hour`, `traffic`, `review`, `export`, …"""
    key: str
    """First 16 hex digits of the SHA-256 of the public key."""
    late: bool = False
    """Whether the witness could not be told at the time."""

    @classmethod
    def of(cls, taken: "Taken", why: str) -> "Sighting":
        """Return what is told of a checkpoint that was taken."""
        return cls(checkpoint=taken.checkpoint, why=why, key=fingerprint(taken.public))

    @property
    def place(self) -> tuple[str, int, int, str]:
        """What tells it from all others."""
        seen = self.checkpoint
        return seen.records.chain, seen.records.size, seen.acts.size, seen.at

    def told_late(self) -> "Sighting":
        """Return it as it is told when it could not be told at the time."""
        return replace(self, late=True)

    def line(self) -> str:
        """Return it as one line."""
        seen = self.checkpoint
        parts = [_MARK, seen.at, seen.records.chain, str(seen.records.size)]
        parts += [_base64(seen.records.root), seen.acts.chain, str(seen.acts.size)]
        last = f"{self.why}:{self.key}{_LATE if self.late else ''}"
        return " ".join([*parts, _base64(seen.acts.root), last]) + "\n"


def sighting(line: str) -> Sighting | None:
    """Return what a line tells; None where it is none of a witness."""
    parts = line.split()
    if len(parts) != _FIELDS or parts[0] != _MARK:
        return None
    _, at, chain, size, root, acts, acts_size, acts_root, last = parts
    why, _, key = last.removesuffix(_LATE).partition(":")
    try:
        records = Part(chain=chain, size=int(size), root=_hash(root))
        beside = Part(chain=acts, size=int(acts_size), root=_hash(acts_root))
    except ValueError:
        return None
    return Sighting(
        checkpoint=Checkpoint(records=records, acts=beside, at=printable(at, 40)),
        why=why,
        key=key,
        late=last.endswith(_LATE),
    )


class Witness(Protocol):
    """Takes sightings. Raises OSError where it cannot."""

    def tell(self, seen: Sighting) -> None:
        """Keep a sighting."""


@dataclass(frozen=True, slots=True)
class FileWitness:
    """One line for each checkpoint, appended to a file; put it where the store's owner may only
    append.
    """

    path: Path

    def tell(self, seen: Sighting) -> None:
        """Append the line and wait until it is on the disk. Raises OSError."""
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE_FILE)
        try:
            os.write(handle, seen.line().encode())
            os.fsync(handle)
        finally:
            os.close(handle)

    def ends_with(self, seen: Sighting) -> bool:
        """Return whether a sighting is among the last that it keeps, or it keeps none and there
        is nothing to add to. Raises OSError.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
                return seen.line().rstrip().encode() in file.read()
        except FileNotFoundError:
            return True

    def lines(self) -> list[Sighting] | None:
        """Return all sightings; None where there is no such file. Raises OSError."""
        try:
            text = self.path.read_text("utf-8", errors="replace")
        except FileNotFoundError:
            return None
        return [seen for line in text.splitlines() if (seen := sighting(line)) is not None]


@dataclass(frozen=True, slots=True)
class SyslogWitness:
    """One message for each checkpoint to the system's log: a witness where that is forwarded."""

    address: str = "/dev/log"

    def tell(self, seen: Sighting) -> None:
        """Send the message. Raises OSError, also where nobody listens."""
        message = f"<{_SYSLOG_NOTICE}>outgate: {seen.line()}".encode()
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as log:
            log.connect(self.address)
            log.send(message)


def beside(evidence: Path) -> FileWitness:
    """Return the witness that every evidence file has beside it: it sees what was done to the file
    alone.
    """
    return FileWitness(evidence.with_name(evidence.name + BESIDE))


def _hash(text: str) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("no hash") from None
    if len(value) != HASH_BYTES:
        raise ValueError("no hash")
    return value


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
