"""An upload as it travels: a run of entries of one chain with what it claims of them, in one zstd
frame. Pure; whoever takes one checks the chain before believing any of it.

    magic    `outgate.upload/1` and a line feed
    header   its length in 4 bytes, then JSON: chain, kind, first, last, prev, head, notes
    entry    form in 1 byte; lengths of text, cuts and seal in 4 bytes each; then the three

All numbers are big-endian. Forms: 0 hashed as one text; 1 by parts, the seal is the salt; 2 by
parts of which some were erased, the seal is what is kept of each; 3 erased whole, the seal is the
entry's hash.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import zstandard

from core.json_fields import Fields
from evidence.chain import genesis
from evidence.parts import (
    SALT_BYTES,
    Seal,
    cuts_from_bytes,
    cuts_to_bytes,
    sealed_from_bytes,
)
from evidence.shipping import ChainKind, Note, Pieces, Run, Shipped, Stretch

MAGIC = b"outgate.upload/1\n"
MOST_ENTRIES = 4000
MOST_BYTES = 64 << 20
"""Of an upload unpacked."""
MOST_PACKED = 24 << 20
_LEVEL = 1
"""Of records as short as these, higher ones take more time and no fewer bytes."""
_MOST_NOTES = 200
_MOST_NOTE = 2000
_HASH_BYTES = 32
_KEY_BYTES = 32
ENTRY = struct.Struct(">BIII")
_LENGTH = struct.Struct(">I")
_TEXT, SALTED, _SEALED, _GONE = range(4)
_MOST_NUMBER = 1 << 62


class BadUpload(ValueError):  # noqa: N818 - says what is, as evidence
    """Bytes are no upload; the text quotes nothing of them."""


class BrokenUpload(BadUpload):
    """The entries of an upload are not the run of the chain that it claims."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What an upload claims, and its entries."""

    chain: str
    kind: ChainKind
    run: Run
    raw_bytes: int = field(default=0, compare=False)
    """Its length unpacked."""

    def hashes(self) -> list[bytes]:
        """Return the hash of each entry, computed. Raises BrokenUpload where they do not lead from
        `prev` to `head`.
        """
        run, prev, seq = self.run, self.run.prev, self.run.first
        if seq == 1 and prev != genesis(self.chain):
            raise BrokenUpload("the first entry does not begin the chain that it names")
        found: list[bytes] = []
        for entry in run.entries:
            try:
                prev = entry.link(prev, seq)
            except ValueError:
                raise BrokenUpload(f"entry {seq} does not fit its seal") from None
            found.append(prev)
            seq += 1
        if prev != run.head:
            raise BrokenUpload("the entries do not lead to the head that is claimed")
        return found


def packed(chain: str, kind: ChainKind, run: Run) -> bytes:
    """Return a run of entries as an upload."""
    return _packed(chain, kind, run, run.entries)


def packed_stretch(chain: str, kind: ChainKind, stretch: Stretch) -> bytes:
    """Return entries as they are kept as an upload: what `packed` makes of the same run."""
    return _packed(chain, kind, stretch, stretch.entries())


def _packed(
    chain: str, kind: ChainKind, run: Run | Stretch, entries: Iterable[Shipped | Pieces]
) -> bytes:
    header = {
        "chain": chain,
        "kind": kind,
        "first": run.first,
        "last": run.last,
        "prev": run.prev.hex(),
        "head": run.head.hex(),
        "notes": [{"note": one.note, "key": one.public.hex()} for one in run.notes],
    }
    told = orjson.dumps(header)
    pieces, pack = [MAGIC, _LENGTH.pack(len(told)), told], ENTRY.pack
    for entry in entries:
        if isinstance(entry, tuple):
            text, cuts, salt = entry
            pieces += (pack(SALTED, len(text), len(cuts), len(salt)), text, cuts, salt)
        else:
            pieces += _pieces(entry)
    return zstandard.ZstdCompressor(level=_LEVEL).compress(b"".join(pieces))


def _pieces(entry: Shipped) -> tuple[bytes, bytes, bytes, bytes]:
    seal = entry.seal
    if entry.hash is not None:
        form, cuts, kept = _GONE, b"", entry.hash
    elif seal is None:
        form, cuts, kept = _TEXT, b"", b""
    elif seal.salt is not None:
        form, cuts, kept = SALTED, cuts_to_bytes(seal.cuts), seal.salt
    else:
        form, cuts, kept = _SEALED, cuts_to_bytes(seal.cuts), b"".join(seal.sealed)
    return ENTRY.pack(form, len(entry.text), len(cuts), len(kept)), entry.text, cuts, kept


def opened(frame: bytes) -> Upload:
    """Return the upload in a frame, its chain not checked yet. Raises BadUpload."""
    fields, data, at = unpacked(frame)
    entries = tuple(_entries(data, at))
    if not entries or fields.last - fields.first + 1 != len(entries):
        raise BadUpload("the upload holds another number of entries than it claims")
    run = Run(
        first=fields.first,
        prev=fields.prev,
        entries=entries,
        head=fields.head,
        notes=fields.notes,
    )
    return Upload(chain=fields.chain, kind=fields.kind, run=run, raw_bytes=len(data))


def unpacked(frame: bytes) -> "tuple[Claims, bytes, int]":
    """Return what an upload claims, its bytes, and where its entries begin. Raises BadUpload."""
    data = _unpacked(frame)
    if not data.startswith(MAGIC):
        raise BadUpload("these bytes are no upload")
    header, at = _header(data, len(MAGIC))
    return Claims.of(header), data, at


def _unpacked(frame: bytes) -> bytes:
    if len(frame) > MOST_PACKED:
        raise BadUpload("the upload is too large")
    try:
        size = zstandard.frame_content_size(frame)
        if not 0 <= size <= MOST_BYTES:
            raise BadUpload("the upload is too large unpacked, or does not say how large it is")
        data = zstandard.ZstdDecompressor().decompress(frame, read_across_frames=False)
    except zstandard.ZstdError:
        raise BadUpload("the upload is damaged") from None
    if len(data) != size:
        raise BadUpload("the upload is damaged")
    return data


def _header(data: bytes, at: int) -> tuple[Any, int]:
    if len(data) < at + _LENGTH.size:
        raise BadUpload("the upload ends in its header")
    (length,) = _LENGTH.unpack_from(data, at)
    start = at + _LENGTH.size
    if len(data) < start + length:
        raise BadUpload("the upload ends in its header")
    try:
        return orjson.loads(data[start : start + length]), start + length
    except orjson.JSONDecodeError:
        raise BadUpload("the header of the upload is no JSON") from None


def _entries(data: bytes, at: int) -> Iterator[Shipped]:
    number, end = 0, len(data)
    while at < end:
        number += 1
        if number > MOST_ENTRIES:
            raise BadUpload("the upload holds too many entries")
        if at + ENTRY.size > end:
            raise BadUpload("the upload ends within an entry")
        form, text, cuts, kept = ENTRY.unpack_from(data, at)
        at += ENTRY.size
        if at + text + cuts + kept > end:
            raise BadUpload("the upload ends within an entry")
        yield entry_of(
            form,
            data[at : at + text],
            data[at + text : at + text + cuts],
            data[at + text + cuts : at + text + cuts + kept],
        )
        at += text + cuts + kept


def entry_of(form: int, text: bytes, cuts: bytes, kept: bytes) -> Shipped:
    """Return an entry from its form and its three pieces. Raises BadUpload."""
    if form == _GONE:
        if text or cuts or len(kept) != _HASH_BYTES:
            raise BadUpload("an entry of the upload is damaged")
        return Shipped(text=b"", hash=kept)
    if form not in (_TEXT, SALTED, _SEALED) or not text:
        raise BadUpload("an entry of the upload is damaged")
    try:
        return Shipped(text=text, seal=_seal(form, cuts, kept))
    except ValueError:
        raise BadUpload("the seal of an entry is damaged") from None


def _seal(form: int, cuts: bytes, kept: bytes) -> Seal | None:
    if form == _TEXT:
        if cuts or kept:
            raise ValueError("a text has no seal")
        return None
    if form == SALTED:
        if len(kept) != SALT_BYTES:
            raise ValueError("no salt")
        return Seal(salt=kept, cuts=cuts_from_bytes(cuts))
    seal = Seal(cuts=cuts_from_bytes(cuts), sealed=sealed_from_bytes(kept))
    if len(seal.cuts) != len(seal.sealed) or any(one[0] > 1 for one in seal.sealed):
        raise ValueError("the seal is damaged")
    return seal


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What an upload claims of its entries: nothing of it is checked against them yet."""

    chain: str
    kind: ChainKind
    first: int
    last: int
    prev: bytes
    head: bytes
    notes: tuple[Note, ...]

    @classmethod
    def of(cls, header: Any) -> "Claims":
        """Read them. Raises BadUpload."""
        try:
            fields = Fields(header, "header")
            chain, kind = fields.text("chain"), fields.text("kind")
            first, last = fields.whole("first"), fields.whole("last")
            prev, head = _hash(fields.text("prev")), _hash(fields.text("head"))
            notes = tuple(map(_note, fields.many("notes")))
        except ValueError as error:
            raise BadUpload(f"the header of the upload is not right: {error}") from None
        if not is_chain(chain, kind) or not 0 < first <= last < _MOST_NUMBER:
            raise BadUpload("the header of the upload names no run of a chain")
        if len(notes) > _MOST_NOTES:
            raise BadUpload("the upload holds too many checkpoints")
        known: ChainKind = "records" if kind == "records" else "acts"
        return cls(
            chain=chain, kind=known, first=first, last=last, prev=prev, head=head, notes=notes
        )


def is_chain(chain: str, kind: str) -> bool:
    """Return whether this is the name of a chain of this kind: `records:` or `reviews:` and an id
    of hex digits and hyphens.
    """
    before = {"records": "records:", "acts": "reviews:"}.get(kind)
    if before is None or not chain.startswith(before) or len(chain) > 80:
        return False
    id_ = chain[len(before) :]
    return bool(id_) and set(id_) <= set("0123456789abcdef-")


def _hash(text: str) -> bytes:
    value = bytes.fromhex(text)
    if len(value) != _HASH_BYTES:
        raise ValueError("a hash has 32 bytes")
    return value


def _note(value: object) -> Note:
    fields = Fields(value, "checkpoint")
    note, key = fields.text("note"), bytes.fromhex(fields.text("key"))
    if len(note) > _MOST_NOTE or len(key) != _KEY_BYTES:
        raise ValueError("a checkpoint is too long, or its key is none")
    return Note(note=note, public=key)
