"""Records of the evidence, for tests in which each of them can be read."""

from collections.abc import Iterable

from core.record import Record
from core.stored import StoredEntry, StoredRecord


def read(entries: Iterable[StoredEntry]) -> list[Record]:
    """Return the records; one that cannot be read is a fault of the test."""
    records = []
    for entry in entries:
        assert isinstance(entry, StoredRecord), entry
        records.append(entry.record)
    return records
