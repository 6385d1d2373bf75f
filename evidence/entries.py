"""The door of the evidence: what is stored as text becomes a record here, or an entry that cannot
be read.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

import orjson

from core.errors import EvidenceError
from core.observation import SCHEMA as OBSERVATION
from core.observation import Observation
from core.record import Record
from core.stored import (
    CHANGED,
    ERASED,
    ChainLink,
    OpenedEntry,
    StoredObservation,
    StoredRecord,
    UnreadableEntry,
)
from evidence.chain import link
from evidence.parts import (
    GONE,
    SALT_BYTES,
    Seal,
    cuts_from_bytes,
    sealed_from_bytes,
    sealed_link,
)
from evidence.times import from_micros

ENTRY_COLUMNS = """seq, prev, hash, id, at_us, unpacked(body), salt, cuts,
    (SELECT e.cuts FROM erased e WHERE e.seq = entries.seq),
    (SELECT e.sealed FROM erased e WHERE e.seq = entries.seq),
    (SELECT n.prev FROM entries n WHERE n.seq = entries.seq + 1)"""
"""Bodies come as bytes: text that is no longer UTF-8 would end the whole query."""
"""Why the text of an entry cannot be read."""


_PARTS_KNOWN = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the chain of records as it is stored, not read yet: an export of all need not
    understand each.
    """

    link: ChainLink
    id: str
    at_us: int
    text: bytes = field(repr=False)
    """The JSON that was hashed."""
    is_changed: bool = False
    """It is known that this text is not what was chained."""
    is_checked: bool = False
    """It was looked whether it is."""

    @classmethod
    def of(cls, chain_id: str, row: tuple[Any, ...]) -> "Entry":
        """Return the entry of a row of `ENTRY_COLUMNS`; changed where the next one does not follow
        it.
        """
        seq, prev, hash_, id_, at_us, text, *seal, follows = row
        link = ChainLink(chain_id=chain_id, seq=seq, prev=prev, hash=hash_, seal=seal_told(*seal))
        is_changed = follows is not None and follows != hash_
        return cls(link=link, id=id_, at_us=at_us, text=text, is_changed=is_changed)

    @property
    def has_gaps(self) -> bool:
        """Whether something was taken out of it, which an act should tell of."""
        return not self.text or bool(self.erased)

    @property
    def erased(self) -> frozenset[int]:
        """Numbers of the parts that were taken out of it."""
        parts = (self.link.seal or {}).get("parts", ())
        return frozenset(number for number, part in enumerate(parts) if GONE in part)

    def checked(self) -> "Entry":
        """Return the entry, marked as changed where its text is not what its place in the chain was
        made from. Of what was erased whole nobody can tell here.
        """
        if not self.text or self.is_checked or self.is_changed:
            return self
        told = self.link.seal
        try:
            seal = None if told is None else Seal.from_json(told)
            linked = link if seal is None else partial(sealed_link, seal=seal)
            fits = linked(self.link.prev, self.link.seq, self.text) == self.link.hash
        except (ValueError, TypeError, OverflowError):
            fits = False
        return replace(self, is_checked=True, is_changed=not fits)

    def opened(self, known: "Recalled | None" = None) -> OpenedEntry:
        """Return the record or observation; where it cannot be read, or is not what was chained,
        what stands for it.
        """
        if self.checked().is_changed:
            return self.unreadable(CHANGED)
        try:
            found = read_entry(self.text, known)
        except ValueError as error:
            return self.unreadable(str(error))
        if isinstance(found, Observation):
            return StoredObservation(observation=found, link=self.link)
        return StoredRecord(record=found, link=self.link)

    def unreadable(self, why: str) -> UnreadableEntry:
        """Return what stands for it where it cannot be read."""
        return UnreadableEntry(id=self.id, at=_time(self.at_us), link=self.link, why=why)

    def exported(self) -> dict[str, Any]:
        """Return the JSON object that was hashed, with its `chain`, be it understood or not.

        What is no JSON object goes as `damaged`, in base64: the export is complete, and
        does not verify there. Of what was erased whole its place is left.
        """
        if not self.text:
            return {"id": self.id, "erased": True, "chain": self.link.to_json()}
        try:
            value = orjson.loads(self.text)
        except orjson.JSONDecodeError:
            value = None
        if not isinstance(value, dict):
            value = {"id": self.id, "damaged": base64.b64encode(self.text).decode()}
        return {**value, "chain": self.link.to_json()}


def told_entry(told: Sequence[Any]) -> Entry:
    """Return an entry that a gate tells over a wire: chain, sequence, the hash before, its own, id,
    microseconds, text. The gate has checked it. Raises ValueError, TypeError.
    """
    chain, seq, prev, hash_, id_, at_us, text = told
    link = ChainLink(chain_id=chain, seq=seq, prev=bytes.fromhex(prev), hash=bytes.fromhex(hash_))
    return Entry(link=link, id=id_, at_us=at_us, text=text.encode(), is_checked=True)


class Recalled:
    """Parts that records have in common, found again by their JSON: a long scan reads most of them
    once.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[object, bytes], Any] = {}

    def of[Value, Part](self, value: Value, read: Callable[[Value], Part]) -> Part:
        """Return what `read` makes, or made, of these very JSON values."""
        key = read, orjson.dumps(value)
        part: Part | None = self._known.get(key)
        if part is None:
            if len(self._known) >= _PARTS_KNOWN:
                self._known.clear()
            part = self._known[key] = read(value)
        return part


def read_entry(text: bytes | str, known: Recalled | None = None) -> Record | Observation:
    """Return what stands in a stored text. Raises ValueError, which says why without any value."""
    value = _value(text)
    if isinstance(value, dict) and value.get("schema") == OBSERVATION:
        return Observation.from_json(value, known)
    return Record.from_json(value, known)


def read_record(text: bytes | str, known: Recalled | None = None) -> Record:
    """Return the record in a stored text. Raises ValueError, which says why without any value."""
    return Record.from_json(_value(text), known)


def _value(text: bytes | str) -> object:
    if not text:
        raise ValueError(ERASED)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ValueError("its text is damaged") from None


def seal_of(
    salt: bytes | None, cuts: bytes | None, now_cut: bytes | None, sealed: bytes | None
) -> Seal | None:
    """Return the seal of a row; None where the entry is hashed as one text. Raises ValueError."""
    if not all(isinstance(one, bytes | None) for one in (salt, cuts, now_cut, sealed)):
        raise ValueError("the seal is damaged")
    if sealed is not None and now_cut is not None:
        return Seal(cuts=cuts_from_bytes(now_cut), sealed=sealed_from_bytes(sealed))
    if salt is None or cuts is None:
        return None
    if len(salt) != SALT_BYTES:  # no hash covers the salt of an entry of one part
        raise ValueError("the seal is damaged")
    return Seal(salt=salt, cuts=cuts_from_bytes(cuts))


def seal_told(*columns: bytes | None) -> dict[str, Any] | None:
    """Return the seal of a row as an export tells it."""
    try:
        seal = seal_of(*columns)
    except ValueError:
        return None
    return None if seal is None else seal.to_json()


def under_way(id_: str, text: bytes) -> Record | UnreadableEntry:
    """Return the record of an exchange that has not ended, or what stands for one that cannot be
    read.
    """
    try:
        return read_record(text)
    except ValueError as error:
        return UnreadableEntry(id=id_, at=None, link=None, why=str(error))


def _time(us: int) -> datetime | None:
    try:
        return from_micros(us)
    except EvidenceError:
        return None
