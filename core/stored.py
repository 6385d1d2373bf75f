"""What the evidence gives its readers: a record or an observation with its place in its chain, or
an entry that cannot be read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from core.observation import Observation
from core.record import Record

CHANGED = "it is not what was chained: outgate verify tells more"
"""Why an entry is not shown that somebody changed in the file."""
ERASED = "it was erased"
"""Why an entry is not shown of which its place is all that is left."""
OVER = "its time is over"
"""Why an act is not, of which that is so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLink:
    """Where one entry stands in its chain."""

    chain_id: str
    seq: int
    """From 1."""
    prev: bytes
    """Hash of the entry before: 32 bytes."""
    hash: bytes
    seal: Mapping[str, Any] | None = None
    """How it is hashed by parts, as an export tells it; None where it is hashed as one text."""

    def to_json(self) -> dict[str, Any]:
        """Return the `chain` object of an exported record."""
        return {
            "id": self.chain_id,
            "seq": self.seq,
            "prev": self.prev.hex(),
            "hash": self.hash.hex(),
            **(self.seal or {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """A finished record as the evidence holds it."""

    record: Record
    link: ChainLink


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObservation:
    """An observation as the evidence holds it."""

    observation: Observation
    link: ChainLink


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableEntry:
    """An entry that this version cannot read: a later one wrote it, or it is damaged.

    It stands for itself, never for nothing.
    """

    id: str
    """As filed beside the entry; empty where that is not known."""
    at: datetime | None
    """When it began, as filed beside the entry; None where that is not known."""
    link: ChainLink | None
    """None where it is not chained yet."""
    why: str
    """Which part is not understood, in words without any value."""

    @property
    def is_changed(self) -> bool:
        """Whether somebody changed it in the file."""
        return self.why == CHANGED

    @property
    def is_erased(self) -> bool:
        """Whether its place is all that is left, for it was erased or its time was over: it counts
        nowhere.
        """
        return self.why in {ERASED, OVER}

    def for_officer(self) -> str:
        """Return what to say of it."""
        name = "A request that is under way" if self.link is None else f"Entry {self.link.seq}"
        if self.is_erased:
            return f"{name} was erased, or its time was over: its place is all that is left."
        if self.is_changed:
            return f"{name} was changed or replaced after it was written: {self.why}."
        return f"{name} cannot be read by this version of Outgate ({self.why})."


type StoredEntry = StoredRecord | UnreadableEntry
"""What readers of requests are given."""
type OpenedEntry = StoredRecord | StoredObservation | UnreadableEntry
"""What an entry of the chain of records may be."""


def changed_among(entries: Iterable[object]) -> int:
    """Return how many of these somebody changed in the file."""
    return sum(isinstance(one, UnreadableEntry) and one.is_changed for one in entries)


class KeptEntry(Protocol):
    """An entry of the evidence as it is kept."""

    @property
    def id(self) -> str:
        """Of the record or observation."""

    @property
    def text(self) -> bytes:
        """The JSON that was chained; empty where it was erased."""

    @property
    def link(self) -> ChainLink:
        """Where it stands in its chain."""

    @property
    def at_us(self) -> int:
        """When it began: microseconds since 1970."""

    def opened(self) -> OpenedEntry:
        """Return what it says, or what stands for it where it cannot be read or was changed."""
