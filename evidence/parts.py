"""What of a record can be erased so that its hash still proves the rest. Pure.

The canonical text of a record is cut in *parts* that tell of people (the sender; of each finding
its masked excerpt with the marks, and its places; the files that were sent) and the *facts* around
them. Each part is hashed under a key of its own that comes from the record's salt, and the entry's
hash is over these hashes and the facts:

    key_i  = SHA-256( salt || i as 4 bytes )
    c_i    = SHA-256( key_i || part_i )
    facts  = the text with one zero byte in place of each part
    hash   = SHA-256( prev || seq as 8 bytes || number of parts as 4 bytes || c_0 ... c_n || facts )

To erase a part, its c_i and the keys of the others are kept and the salt is destroyed: without it,
nobody can tell by trying what a short part was.
"""

import hashlib
import os
import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evidence.chain import canonical

SALT_BYTES = 16
_HASH_BYTES = 32
_SENDER = b',"schema":"outgate.record/1","sender":'
_FILES = b'"files":['
_FINDINGS, _FINDINGS_END = b'"findings":[', b'],"id":"'
_NEXT_FINDING = b'},{"certainty":'
_EXCERPT, _KIND, _WHERE = b'"excerpt":', b',"kind":', b'"where":'
_WORDS = ((_FILES, "files"), (_EXCERPT, "values"), (_WHERE, "places"))
"""How parts begin, and what each is; what begins otherwise is the sender."""
GONE = "gone"
"""What an export says of a part that was erased."""
_GONE = b"\x01"
_KEPT = b"\x00"
_SHORT, _LONG = b"\x02", b"\x04"
_SHORT_BYTES, _MOST_SHORT = 2, 0xFFFF

_MANY = 256
_NUMBERS = tuple(number.to_bytes(4, "big") for number in range(_MANY))

_SHORTS = {1 + 4 * count: struct.Struct(f">{2 * count}H") for count in range(32)}
"""What reads the gaps of so many parts, by the length of what is kept."""

type Cut = tuple[int, int]
"""First byte of a part in the text, and the first behind it."""

ERASED_SENDER = canonical(
    {
        "ancestry": [],
        "candidates": [],
        "certainty": "unknown",
        "exe": None,
        "is_python": None,
        "line": None,
        "method": "none",
        "name": None,
        "pid": None,
        "reason": "erased",
        "script": None,
        "script_process": None,
        "started_at": None,
        "started_by": None,
        "user": None,
    }
)
"""What is read in place of a sender that was erased."""
_ERASED_VALUES = b'"excerpt":"","fingerprints":[]'
_ERASED_PLACES = b'"where":[]'
_ERASED_FILES = b'"files":[]'


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """How one entry is hashed by parts."""

    salt: bytes | None = field(default=None, repr=False)
    """None once something was erased."""
    cuts: tuple[Cut, ...] = ()
    sealed: tuple[bytes, ...] = field(default=(), repr=False)
    """Where the salt is gone, one for each part: 0 and its key, or 1 and its hash, if erased."""

    def key(self, number: int) -> bytes:
        """Return the key of a part that is there. Raises ValueError where there is none."""
        if self.salt is not None:
            return hashlib.sha256(self.salt + number.to_bytes(4, "big")).digest()
        if self.sealed[number][:1] != _KEPT:
            raise ValueError("this part was erased")
        return self.sealed[number][1:]

    def commitment(self, number: int, part: bytes) -> bytes:
        """Return the hash of a part, or what is left of it. Raises ValueError where something is
        said in place of a part that was erased: no hash covers what stands there.
        """
        if self.salt is None and self.sealed[number][:1] == _GONE:
            if part != _stand_in(part):
                raise ValueError("something is said in place of what was erased")
            return self.sealed[number][1:]
        return hashlib.sha256(self.key(number) + part).digest()

    def to_json(self) -> dict[str, Any]:
        """Return it as an export tells it: the salt, and first and last byte of each part, in the
        canonical text; where something was erased, with the key of a part or what is left of it.
        """
        if self.salt is not None:
            return {"salt": self.salt.hex(), "parts": [list(cut) for cut in self.cuts]}
        told = [
            [*cut, GONE if one[:1] == _GONE else "key", one[1:].hex()]
            for cut, one in zip(self.cuts, self.sealed, strict=False)
        ]
        return {"parts": told}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Seal | None":
        """Return the seal that an export tells; None where it tells none. Raises ValueError, also
        where it is written otherwise than by `to_json`: no hash covers it.
        """
        given = {name: value[name] for name in ("salt", "parts") if name in value}
        seal = cls._of_json(given)
        if canonical({} if seal is None else seal.to_json()) != canonical(given):
            raise ValueError("the seal is damaged")
        return seal

    @classmethod
    def _of_json(cls, value: Mapping[str, Any]) -> "Seal | None":
        if "parts" not in value:
            return None
        try:
            cuts = tuple((int(part[0]), int(part[1])) for part in value["parts"])
            if "salt" in value:
                return cls(salt=bytes.fromhex(value["salt"]), cuts=cuts)
            words = {GONE: _GONE, "key": _KEPT}
            sealed = tuple(words[part[2]] + bytes.fromhex(part[3]) for part in value["parts"])
        except (TypeError, KeyError, IndexError):
            raise ValueError("the seal is damaged") from None
        return cls(cuts=cuts, sealed=sealed)

    @property
    def erased(self) -> frozenset[int]:
        """Numbers of the parts that were erased."""
        return frozenset(n for n, one in enumerate(self.sealed) if one[:1] == _GONE)


def new_seal(text: bytes) -> Seal:
    """Return the seal of a text, with a salt that nobody knows."""
    return Seal(salt=os.urandom(SALT_BYTES), cuts=cuts_of(text))


def cuts_of(text: bytes) -> tuple[Cut, ...]:
    """Return where the parts are in a record's canonical text.

    What is looked for holds quotes that no text within has unescaped, so it is structure.
    """
    found: list[Cut] = []
    start = text.find(_FINDINGS)
    if (files := text.rfind(_FILES, 0, max(start, 0))) >= 0:
        found.append((files, start - 1))
    end = text.find(_FINDINGS_END, start)
    at = -1 if start < 0 or end < 0 else text.find(_EXCERPT, start, end)
    while at >= 0:
        kind, following = text.find(_KIND, at, end), text.find(_NEXT_FINDING, at, end)
        last = end - 1 if following < 0 else following
        where = text.find(_WHERE, at, last)
        if kind < 0 or where < kind:
            break
        found += [(at, kind), (where, last)]
        at = text.find(_EXCERPT, last, end)
    sender = text.find(_SENDER, max(end, 0))
    if sender >= 0:
        found.append((sender + len(_SENDER), len(text) - 1))
    return tuple(found)


def sealed_link(prev: bytes, seq: int, text: bytes, seal: Seal) -> bytes:
    """Return the 32-byte hash of entry `seq`. Raises ValueError where the seal does not fit."""
    if len(prev) != _HASH_BYTES or (seal.salt is None and len(seal.sealed) != len(seal.cuts)):
        raise ValueError("the seal does not fit")
    facts, at = [], 0
    commitments = [prev, seq.to_bytes(8, "big"), len(seal.cuts).to_bytes(4, "big")]
    for number, (start, end) in enumerate(seal.cuts):
        if not at <= start <= end <= len(text):
            raise ValueError("the seal does not fit")
        facts.append(text[at:start])
        commitments.append(seal.commitment(number, text[start:end]))
        at = end
    facts.append(text[at:])
    return hashlib.sha256(b"".join(commitments) + b"\0".join(facts)).digest()


def salted_link(prev: bytes, seq: int, text: bytes, salt: bytes, gaps: Sequence[int]) -> bytes:
    """Return `sealed_link` of an entry of which nothing was erased, in fewer steps.

    `gaps`: of each part how far it begins behind the one before, and its length (`gaps_of`).
    Returns nothing where they do not fit the text.
    """
    sha256, at, count = hashlib.sha256, 0, len(gaps) >> 1
    facts, hashed = [], [prev, seq.to_bytes(8, "big"), count.to_bytes(4, "big")]
    numbers = _NUMBERS if count <= _MANY else [n.to_bytes(4, "big") for n in range(count)]
    for told, gap, length in zip(numbers, gaps[::2], gaps[1::2], strict=False):
        start = at + gap
        facts.append(text[at:start])
        at = start + length
        hashed.append(sha256(sha256(salt + told).digest() + text[start:at]).digest())
    if at > len(text) or len(prev) != _HASH_BYTES:
        return b""
    facts.append(text[at:])
    hashed.append(b"\0".join(facts))
    return sha256(b"".join(hashed)).digest()


def blank_cuts(kept: bytes) -> bytes:
    """Return what stands in the place of cuts once something was erased: as long, and no word of
    how long the parts were.
    """
    return _SHORT + bytes(len(kept) - len(_SHORT))


def says_nothing(salt: object, kept: object, parts: int | None = None) -> bool:
    """Return whether salt and cuts are what an erasure leaves of them, which no hash covers: no
    salt, and no cuts. Earlier versions left the cuts, of so many `parts`.
    """
    if salt is None:
        return kept is None
    if salt != bytes(SALT_BYTES) or not isinstance(kept, bytes):
        return False
    try:
        count = len(gaps_of(kept)) // 2
    except ValueError:
        return False
    return parts is None or count == parts or kept == blank_cuts(kept)


def is_short(kept: bytes) -> bool:
    """Return whether these are kept cuts as nearly all are: few of them, none long."""
    return kept[:1] == _SHORT and len(kept) in _SHORTS


def gaps_of(kept: bytes) -> tuple[int, ...]:
    """Return the gaps and lengths in kept cuts. Raises ValueError where they are damaged."""
    if kept[:1] == _SHORT and len(kept) in _SHORTS:
        return _SHORTS[len(kept)].unpack_from(kept, 1)
    width, letter = (2, "H") if kept[:1] == _SHORT else (4, "L")
    count, left = divmod(len(kept) - 1, width)
    if left or count % 2 or kept[:1] not in {_SHORT, _LONG}:
        raise ValueError("the seal is damaged")
    numbers = struct.unpack_from(f">{count}{letter}", kept, 1)
    if width > _SHORT_BYTES and max(numbers, default=0) <= _MOST_SHORT:
        raise ValueError("the seal is written otherwise than Outgate writes it")
    return numbers


def erase(text: bytes, seal: Seal, parts: Collection[int]) -> tuple[bytes, Seal]:
    """Return the text and the seal without these parts; what is left has the same hash."""
    pieces, cuts, sealed, at, length = [], [], [], 0, 0
    for number, (start, end) in enumerate(seal.cuts):
        part = text[start:end]
        gone = number in parts or number in seal.erased
        commitment = seal.commitment(number, part)
        sealed.append(_GONE + commitment if gone else _KEPT + seal.key(number))
        left = _stand_in(part) if gone else part
        pieces += [text[at:start], left]
        length += start - at
        cuts.append((length, length + len(left)))
        length, at = length + len(left), end
    pieces.append(text[at:])
    return b"".join(pieces), Seal(cuts=tuple(cuts), sealed=tuple(sealed))


def _stand_in(part: bytes) -> bytes:
    if part.startswith(_EXCERPT):
        return _ERASED_VALUES
    if part.startswith(_FILES):
        return _ERASED_FILES
    return _ERASED_PLACES if part.startswith(_WHERE) else ERASED_SENDER


def kinds_of_parts(text: bytes, seal: Seal) -> tuple[str, ...]:
    """Return what each part is: `files`, `values`, `places` or `sender`."""
    words = []
    for start, _ in seal.cuts:
        told = (word for begin, word in _WORDS if text.startswith(begin, start))
        words.append(next(told, "sender"))
    return tuple(words)


def cuts_to_bytes(cuts: Sequence[Cut]) -> bytes:
    """Return the cuts as they are kept: gap and length of each, in two bytes, or in four where one
    is longer; the first byte says which.
    """
    return _gaps_to_bytes(_gaps(cuts))


def seal_entry(prev: bytes, seq: int, text: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """Return the hash of a new entry, and its cuts as they are kept."""
    gaps = _gaps(cuts_of(text))
    return salted_link(prev, seq, text, salt, gaps), _gaps_to_bytes(gaps)


def _gaps(cuts: Sequence[Cut]) -> list[int]:
    numbers: list[int] = []
    at = 0
    for start, end in cuts:
        numbers += (start - at, end - start)
        at = end
    return numbers


def _gaps_to_bytes(numbers: Sequence[int]) -> bytes:
    try:
        return _SHORT + struct.pack(f">{len(numbers)}H", *numbers)
    except struct.error:
        return _LONG + struct.pack(f">{len(numbers)}L", *numbers)


def cuts_from_bytes(kept: bytes) -> tuple[Cut, ...]:
    """Return the cuts. Raises ValueError where they are damaged."""
    numbers = gaps_of(kept)
    found, at = [], 0
    for gap, length in zip(numbers[::2], numbers[1::2], strict=True):
        found.append((at + gap, at + gap + length))
        at += gap + length
    return tuple(found)


def sealed_from_bytes(kept: bytes) -> tuple[bytes, ...]:
    """Return what is kept of erased parts. Raises ValueError where it is damaged."""
    size = 1 + _HASH_BYTES
    if len(kept) % size:
        raise ValueError("the seal is damaged")
    return tuple(kept[at : at + size] for at in range(0, len(kept), size))
