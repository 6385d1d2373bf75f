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


def places_of(entries: Sequence[OpenedEntry]) -> dict[str, int]:
    """Return where such requests went, and how many each."""
    records = (one.record for one in entries if isinstance(one, StoredRecord))
    return dict(Counter(record.destination.host for record in records))


def unknown_told(places: dict[str, int]) -> Iterator[str]:
    """Yield the sentence of such requests; nothing where there were none."""
    if not places:
        return
    many = sum(places.values())
    named = [one for one in places.items() if one[0]]
    shown = ": " * bool(named) + ", ".join(place_and_times(*one) for one in named[:_SHOWN])
    more = f", and {number(len(named) - _SHOWN)} more" if len(named) > _SHOWN else ""
    were = "was" if many == 1 else "were"
    yield (
        f"{counted(many, 'request')} through Outgate {were} over before it could be seen whose,"
        f" this program's or another's{shown}{more}"
    )


def unchecked(record: Record) -> str:
    """Return what of a request was not read or not checked, and why; nothing where all was, and
    for connections of which nothing can be.
    """
    if record.fate is not None:
        return ""
    unread = [one.note or "a part of it could not be read" for one in unread_text(record.findings)]
    said: dict[str, Any] = dict.fromkeys((*unread, *record.decision.failed_checks))
    return printable("; ".join(said), 300)
