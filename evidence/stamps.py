"""Time stamps of checkpoints by RFC 3161: somebody outside signed that a checkpoint was there by
then. Kept beside the evidence, one file each; copies elsewhere are witnesses, too.

A token is believed only where its chain ends at a root that the organisation named: the
certificate inside it proves nothing by itself.
"""

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import EvidenceError
from core.ids import rfc3339
from core.text import printable
from evidence.checkpoint import BadCheckpoint, Checkpoint, opened
from evidence.database import Connection
from evidence.files import PRIVATE_FILE, PRIVATE_FOLDER

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from evidence.notary import Taken

FOLDER = "stamps"
SCHEMA = "outgate.stamp/1"
MOST_BYTES = 1 << 17
_NAME_DIGITS = 32
_TOLD = """SELECT CAST(body AS BLOB) FROM review_entries WHERE action = 'stamped' ORDER BY seq"""


class BadStamp(ValueError):  # noqa: N818 - says what is, as evidence
    """A time stamp is none, or proves nothing; the text is for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A time stamp as it is kept."""

    note: str
    """The signed checkpoint that was stamped."""
    public: bytes
    """The key that the checkpoint is signed with."""
    token: bytes = field(repr=False)
    """The server's whole answer, DER."""

    @classmethod
    def of(cls, taken: "Taken", token: bytes) -> "Stamp":
        """Return the stamp of a checkpoint that was taken."""
        return cls(note=taken.note, public=taken.public, token=token)

    @property
    def digest(self) -> str:
        """SHA-256 of the note, hex: by which it is called."""
        return hashlib.sha256(self.note.encode()).hexdigest()

    def checkpoint(self) -> Checkpoint:
        """Return what was stamped. Raises BadStamp."""
        try:
            return opened(self.note, self.public)
        except (BadCheckpoint, ValueError) as bad:
            raise BadStamp(str(bad)) from None

    def time(self, roots: Sequence["Certificate"]) -> datetime:
        """Return when it was stamped, as a server below one of the roots says.

        Raises BadStamp; ImportError without the package that reads tokens.
        """
        from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

        try:
            answer = decode_timestamp_response(self.token)
        except (ValueError, TypeError):
            raise BadStamp("its token cannot be read") from None
        try:
            verifier = VerifierBuilder(roots=list(roots)).build()
            verifier.verify_message(answer, self.note.encode())
            return answer.tst_info.gen_time
        except (VerificationError, ValueError, TypeError):
            raise BadStamp(
                "no server below the root that was named stamped this checkpoint"
            ) from None


def request_of(note: str) -> bytes:
    """Return what is asked of a server: DER. Raises EvidenceError without what makes it."""
    try:
        from rfc3161_client import HashAlgorithm, TimestampRequestBuilder
    except ImportError:
        raise _lacking() from None
    builder = TimestampRequestBuilder().data(note.encode()).hash_algorithm(HashAlgorithm.SHA256)
    return bytes(builder.build().as_bytes())


def _lacking() -> EvidenceError:
    return EvidenceError(
        "Time stamps need the package rfc3161-client.",
        remedy="Install outgate with its extra `stamp`.",
    )


def read_roots(file: Path) -> list["Certificate"]:
    """Return the certificates of a PEM file. Raises OSError, ValueError."""
    from cryptography.x509 import load_pem_x509_certificates

    return load_pem_x509_certificates(file.read_bytes())


def keep(evidence: Path, stamp: Stamp) -> Path:
    """Keep a stamp beside the evidence; return its file. Raises OSError."""
    folder = evidence.with_name(FOLDER)
    folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    value = {
        "schema": SCHEMA,
        "note": stamp.note,
        "public": stamp.public.hex(),
        "token": base64.b64encode(stamp.token).decode(),
    }
    file = folder / f"{stamp.digest[:_NAME_DIGITS]}.json"
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(value, out)
        out.flush()
        os.fsync(out.fileno())
    return file


def read_stamp(file: Path) -> Stamp:
    """Return the stamp in a file. Raises OSError; BadStamp where it is none."""
    try:
        with file.open("rb") as opened_file:
            value: Any = json.loads(opened_file.read(MOST_BYTES * 2))
        if value["schema"] != SCHEMA or not isinstance(value["note"], str):
            raise BadStamp("it is no time stamp of Outgate")
        public, token = bytes.fromhex(value["public"]), value["token"]
        return Stamp(
            note=value["note"], public=public, token=base64.b64decode(token, validate=True)
        )
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        raise BadStamp("it is no time stamp of Outgate") from None


@dataclass(slots=True)
class Stamps:
    """What all time stamps of one evidence file say."""

    checkpoints: list[tuple[Checkpoint, str]] = field(default_factory=list)
    """What was stamped, and who says so, for a person."""
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls, connection: Connection, evidence: Path, elsewhere: Sequence[Stamp], roots: Path | None
    ) -> "Stamps":
        """Read those beside the file, and take those that are kept elsewhere."""
        found, kept = cls(), set[str]()
        certificates, why = _roots(roots)
        unchecked = 0
        for name, stamp in (*found._beside(evidence), *(("elsewhere", one) for one in elsewhere)):
            kept.add(stamp.digest)
            unchecked += not found._take(name, stamp, certificates)
        if unchecked:
            found.notes.append(f"Time stamps that were not checked: {unchecked}, for {why}.")
        found._missing(connection, kept)
        return found

    def _beside(self, evidence: Path) -> Iterator[tuple[str, Stamp]]:
        for file in sorted(evidence.with_name(FOLDER).glob("*.json")):
            name = printable(file.stem, 12)
            try:
                yield name, read_stamp(file)
            except (BadStamp, OSError):
                self.problems.append(f"the time stamp {name} cannot be read")

    def _take(self, name: str, stamp: Stamp, roots: Sequence["Certificate"]) -> bool:
        """Take one stamp; False where its token could not be checked."""
        try:
            told = stamp.checkpoint()
            if not roots:
                self.checkpoints.append((told, f"a time stamp that was not checked, {name},"))
                return False
            at = rfc3339(stamp.time(roots))
        except BadStamp as bad:
            self.problems.append(f"the time stamp {name} is forged: {bad}")
            return True
        except ImportError:
            return False
        self.checkpoints.append((told, f"a time stamp of {at}"))
        self.notes.append(f"Stamped at {at}: the checkpoint of {told.at}.")
        return True

    def _missing(self, connection: Connection, kept: set[str]) -> None:
        """Look whether each stamp that the chain of acts tells is still there."""
        for (text,) in connection.execute(_TOLD):
            try:
                facts = json.loads(text)["facts"]
                digest, at = str(facts["checkpoint"]), printable(str(facts["stamped_at"]), 40)
            except (ValueError, KeyError, TypeError):
                continue
            if digest not in kept:
                self.problems.append(f"the time stamp of {at} was taken away")
                return


def _roots(file: Path | None) -> tuple[list["Certificate"], str]:
    """Return the certificates that tokens may end at, and why there are none."""
    try:
        import rfc3161_client  # noqa: F401 - only whether it is there
    except ImportError:
        return [], "the package rfc3161-client is not installed"
    if file is None:
        return [], "no root of the server's is named (`stamp_root` in the settings)"
    try:
        return read_roots(file), "there is none"
    except (OSError, ValueError):
        return [], "the file of the server's root cannot be read"
