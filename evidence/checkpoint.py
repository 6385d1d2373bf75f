"""Signed checkpoints: what the evidence held at one moment, as a signed note of C2SP
(tlog-checkpoint, signed-note) over the Merkle root of its records. Pure but for the signature.

    outgate/records:01a1…            the log
    4711                             records
    CsUYapGGPo4d…=                   Merkle root of their hashes (RFC 6962)
    reviews:01a1… 61 vQ3xP0j…=       the chain of acts beside it: id, size, root
    time 2026-11-26T00:00:00Z
    number 17                        under which it is kept; earlier versions did not say it
    lots 4 Qm9Sc3ad…=                how many closed lots the file held, and the hash of their list

    — outgate/records:01a1… Az3grl…  Ed25519 over the lines above
"""

import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from evidence.merkle import HASH_BYTES

PREFIX = "outgate/"
_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_MOST_DIGITS = 18
_SIGNATURE = "\u2014 "
_NUMBER, _LOTS = "number ", "lots "


class BadCheckpoint(ValueError):  # noqa: N818 - says what is, as evidence
    """A text is no checkpoint, or not signed by this key; the text is for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One chain at one moment."""

    chain: str
    size: int
    root: bytes
    """Merkle root of the hashes of its entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LotList:
    """Which closed lots (`evidence.lots`) a file holds."""

    count: int
    digest: bytes
    """SHA-256 of the list of their places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Both chains of one evidence file at one moment."""

    records: Part
    acts: Part
    at: str
    """RFC 3339."""
    number: int | None = None
    """Under which it is kept; None of earlier versions, and where a witness tells of it."""
    lots: LotList | None = None
    """None as the number is."""

    def text(self) -> str:
        """Return what is signed."""
        records, acts = self.records, self.acts
        return (
            f"{PREFIX}{records.chain}\n{records.size}\n{_base64(records.root)}\n"
            f"{acts.chain} {acts.size} {_base64(acts.root)}\ntime {self.at}\n"
        ) + "".join(self._more())

    def _more(self) -> Iterator[str]:
        if self.number is not None:
            yield f"{_NUMBER}{self.number}\n"
        if self.lots is not None:
            yield f"{_LOTS}{self.lots.count} {_base64(self.lots.digest)}\n"

    def signed(self, key: Ed25519PrivateKey) -> str:
        """Return the signed note."""
        text, name = self.text(), PREFIX + self.records.chain
        public = key.public_key().public_bytes_raw()
        signature = _base64(key_id(name, public) + key.sign(text.encode()))
        return f"{text}\n{_SIGNATURE}{name} {signature}\n"


def key_id(name: str, public: bytes) -> bytes:
    """Return the four bytes by which a signature names its key."""
    return hashlib.sha256(f"{name}\n".encode() + _ED25519 + public).digest()[:_KEY_ID_BYTES]


def fingerprint(public: bytes) -> str:
    """Return the first 16 hex digits of a public key's SHA-256: what a person compares."""
    return hashlib.sha256(public).hexdigest()[:16]


def verifier_key(name: str, public: bytes) -> str:
    """Return the public key as programs for signed notes take it: `name+id+key`."""
    return f"{name}+{key_id(name, public).hex()}+{_base64(_ED25519 + public)}"


def opened(note: str, public: bytes) -> Checkpoint:
    """Return the checkpoint of a note that this key signed. Raises BadCheckpoint."""
    text, between, signatures = note.partition("\n\n")
    if not between:
        raise BadCheckpoint("the checkpoint is not signed")
    text += "\n"
    found = _read(text)
    name = PREFIX + found.records.chain
    for line in signatures.splitlines():
        if line.startswith(f"{_SIGNATURE}{name} "):
            _refuse_forged(line.rpartition(" ")[2], name, public, text)
            return found
    raise BadCheckpoint("the checkpoint is not signed in the name of its chain")


def plainly_written(note: str, told: Checkpoint) -> bool:
    """Return whether a note holds what it tells and one signature, and nothing beside them."""
    text, _, signature = note.partition("\n\n")
    one_line = signature.endswith("\n") and signature.count("\n") == 1
    return f"{text}\n" == told.text() and one_line


def _refuse_forged(signature: str, name: str, public: bytes, text: str) -> None:
    value = _unbase64(signature)
    if value[:_KEY_ID_BYTES] != key_id(name, public):
        raise BadCheckpoint("the checkpoint is signed with another key")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(value[_KEY_ID_BYTES:], text.encode())
    except (InvalidSignature, ValueError):
        raise BadCheckpoint("the signature of the checkpoint is not right") from None


def _read(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) < len(_LINES) or not lines[0].startswith(PREFIX):
        raise BadCheckpoint("this is no checkpoint of Outgate")
    size, root, beside, time, *more = lines[1:]
    acts = beside.split(" ")
    if len(acts) != len(("chain", "size", "root")) or not time.startswith("time "):
        raise BadCheckpoint("this is no checkpoint of Outgate")
    return Checkpoint(
        records=Part(chain=lines[0][len(PREFIX) :], size=_size(size), root=_root(root)),
        acts=Part(chain=acts[0], size=_size(acts[1]), root=_root(acts[2])),
        at=time[len("time ") :],
        number=_size(more[0][len(_NUMBER) :]) if more[0].startswith(_NUMBER) else None,
        lots=next((_lots(line) for line in more if line.startswith(_LOTS)), None),
    )


def _lots(line: str) -> LotList:
    count, _, digest = line.removeprefix(_LOTS).partition(" ")
    return LotList(count=_size(count), digest=_root(digest))


_LINES = ("log", "size", "root", "acts", "time")


def _size(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise BadCheckpoint("the size of the checkpoint is no number")
    return int(text)


def _root(text: str) -> bytes:
    value = _unbase64(text)
    if len(value) != HASH_BYTES:
        raise BadCheckpoint("the root of the checkpoint is no hash")
    return value


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadCheckpoint("the checkpoint is damaged") from None
