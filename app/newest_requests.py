"""The newest requests of a store, read page by page."""

from collections.abc import Iterator

from core.record import Record
from core.stored import StoredRecord
from evidence.entries import Recalled
from evidence.store import Store

NEWEST = 3_000
"""So many of the newest entries are looked at where all would take too long."""


def newest_requests(store: Store) -> Iterator[Record]:
    """Yield the readable requests among the newest entries, oldest first. Raises EvidenceError."""
    known, last = Recalled(), store.newest().seq
    after = max(0, last - NEWEST)
    while page := store.entries_after(after):
        for entry in page:
            if entry.link.seq > last:
                return
            stored = entry.opened(known)
            if isinstance(stored, StoredRecord):
                yield stored.record
        after = page[-1].link.seq
