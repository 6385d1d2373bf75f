"""What the end of a run says of what stayed unknown: whose a request was, and what of it was not
checked.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from core.record import Record
from core.stored import OpenedEntry, StoredRecord
from core.text import printable
from core.vocabulary.short_connections import place_and_times
from core.vocabulary.sizes import counted, number
from core.vocabulary.unread import unread_text

_SHOWN = 5
_RECORDINGS = "recording"
_ITSELF = "GATE"
"""Method of what the gate tells of itself."""


def has_no_sender(entry: OpenedEntry) -> bool:
    """Return whether this is a request through a gate that can be nobody's in particular: its
    connection was ended before its process was seen.
    """
    if not isinstance(entry, StoredRecord):
        return False
    record, sender = entry.record, entry.record.sender
    unseen = sender.process is None and not sender.candidates
    return unseen and sender.method != _RECORDINGS and record.request.method != _ITSELF


def places_of(entries: Sequence[OpenedEntry]) -> dict[str, int]:
    """Return where such requests went, and how many each."""
    records = (one.record for one in entries if isinstance(one, StoredRecord))
    return dict(Counter(record.destination.host for record in records))


def unknown_told(places: dict[str, int]) -> Iterator[str]:
    """Yield the sentence of such requests; nothing where there were none."""
    if not places:
        return
    many = sum(places.values())
    shown = ", ".join(place_and_times(*one) for one in list(places.items())[:_SHOWN])
    more = f", and {number(len(places) - _SHOWN)} more" if len(places) > _SHOWN else ""
    were = "was" if many == 1 else "were"
    yield (
        f"{counted(many, 'request')} through Outgate {were} over before it could be seen whose,"
        f" this program's or another's: {shown}{more}"
    )


def unchecked(record: Record) -> str:
    """Return what of a request was not read or not checked, and why; nothing where all was, and
    for connections of which nothing can be.
    """
    if record.fate is not None:
        return ""
    unread = [one.note or "a part of it could not be read" for one in unread_text(record.findings)]
    said: dict[str, Any] = dict.fromkeys((*unread, *record.decision.degraded))
    return printable("; ".join(said), 300)
