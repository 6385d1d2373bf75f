"""Uploads as they are kept, read back: the entries of a chain, and their texts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evidence.shipping import Shipped
from fleet.wire import BadUpload, Upload, opened
from hub.database import Connection

_OF = """SELECT number, first, last, blob FROM uploads
    WHERE chain = %s AND last >= %s ORDER BY last LIMIT 1"""
_FROM = """SELECT number, first, last, blob FROM uploads
    WHERE chain = %s AND last >= %s ORDER BY last"""

_NEXT = """SELECT received, number, first, last, blob FROM uploads
    WHERE chain = %s AND last >= %s ORDER BY last LIMIT 1"""


@dataclass(frozen=True, slots=True)
class Kept:
    """One upload that was kept; of its entries those from `first` count."""

    number: int
    first: int
    last: int
    upload: Upload

    def entry(self, seq: int) -> Shipped:
        """Return one entry."""
        return self.upload.run.entries[seq - self.upload.run.first]

    def hash_of(self, seq: int) -> bytes | None:
        """Return the hash of an entry; None where it is not of this upload."""
        run = self.upload.run
        if not run.first <= seq <= run.last:
            return None
        found = run.prev
        for number, entry in enumerate(run.entries, run.first):
            found = entry.link(found, number)
            if number == seq:
                break
        return found

    def hash_before(self, seq: int) -> bytes | None:
        """Return the hash before an entry; None where that is not told here."""
        run = self.upload.run
        return run.prev if run.first == seq else self.hash_of(seq - 1)

    def entries(self) -> Iterator[tuple[int, Shipped]]:
        """Yield the entries that count, with their numbers."""
        for seq in range(self.first, self.last + 1):
            yield seq, self.entry(seq)


def entries_of(connection: Connection, chain: int, seq: int) -> Kept | None:
    """Return the upload that an entry of a chain came in; None where it is not there."""
    row = connection.execute(_OF, (chain, seq)).fetchone()
    if row is None or row[1] > seq:
        return None
    return kept_of(row)


def uploads_from(connection: Connection, chain: int, seq: int = 1) -> Iterator[Kept]:
    """Yield the uploads of a chain in order, from the one that an entry came in."""
    yield from map(kept_of, rows_from(connection, chain, seq))


def rows_from(connection: Connection, chain: int, seq: int) -> Iterator[tuple[Any, ...]]:
    """Yield the same as rows for `kept_of` and `readable`."""
    with connection.cursor(name="uploads_from") as cursor:
        cursor.itersize = 8
        cursor.execute(_FROM, (chain, seq))
        yield from cursor


@dataclass(frozen=True, slots=True)
class Dated:
    """One upload that was kept, and when it came."""

    received: datetime
    kept: Kept


def entry_uploads(connection: Connection, chain: int, seq: int) -> Dated | None:
    """Return the upload with an entry, or where that is not here the next one; None behind the
    last.
    """
    row = connection.execute(_NEXT, (chain, seq)).fetchone()
    return None if row is None else Dated(row[0], kept_of(row[1:]))


@dataclass(frozen=True, slots=True)
class Message:
    """One message as whoever reads a chain through takes it."""

    received: datetime
    last: int
    entries: Sequence[tuple[int, Shipped]]
    """Those that count, with their numbers; none of a message that is damaged here."""


def next_message(connection: Connection, chain: int, seq: int) -> Message | None:
    """Return the message with an entry, or where that is not here the next one; None behind the
    last. One that is damaged keeps nobody from those behind it: `verify` tells of it.
    """
    row = connection.execute(_NEXT, (chain, seq)).fetchone()
    if row is None:
        return None
    kept = readable(row[1:])
    entries = [] if kept is None else list(kept.entries())
    return Message(received=row[0], last=int(row[3]), entries=entries)


def kept_of(row: tuple[Any, ...]) -> Kept:
    """Return an upload from its number, first, last and blob. Raises BadUpload."""
    number, first, last, blob = row
    return Kept(number, first, last, opened(blob))


def readable(row: tuple[Any, ...]) -> Kept | None:
    """Return the same; None where the message is damaged here, which `verify` tells and which keeps
    nobody from those behind it.
    """
    try:
        return kept_of(row)
    except BadUpload:
        return None
