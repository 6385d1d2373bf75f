"""Records of the evidence, for tests in which each of them can be read."""

from collections.abc import Iterable

from core.record import Record
from core.stored import ChainLink, StoredEntry, StoredRecord
from evidence.chain import canonical
from evidence.entries import Entry
from evidence.times import micros


def read(entries: Iterable[StoredEntry]) -> list[Record]:
    """Return the records; one that cannot be read is a fault of the test."""
    records = []
    for entry in entries:
        assert isinstance(entry, StoredRecord), entry
        records.append(entry.record)
    return records


def entries_of(*records: Record) -> list[Entry]:
    """Return the records as entries of some chain."""
    return [
        Entry(
            link=ChainLink(chain_id="made-up", seq=seq, prev=bytes(32), hash=bytes(32)),
            id=record.id,
            at_us=micros(record.at),
            text=canonical(record.to_json()),
            is_checked=True,
        )
        for seq, record in enumerate(records, 1)
    ]
