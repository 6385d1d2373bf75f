"""What goes on from the hub to other systems: each entry at least once, in the order of its chain.
A stream remembers for each chain how far it came, and moves on only when the other side has it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson

from core.errors import InputError
from core.stored import ChainLink
from evidence.entries import Entry
from evidence.times import micros
from exports.outbox.collectors import Parcel
from hub.council import Council
from hub.database import Connection, Database
from hub.stored import Kept, readable

_WAITING = """SELECT c.number, c.chain, c.kind, c.last, coalesce(s.last, 0), e.id::text, e.name
    FROM chains c JOIN endpoints e ON e.number = c.endpoint
        LEFT JOIN streams s ON s.chain = c.number AND s.name = %s
    WHERE c.last > coalesce(s.last, 0) AND c.state <> 'superseded' ORDER BY c.number"""
_NEXT = """SELECT number, first, last, blob FROM uploads
    WHERE chain = %s AND last > %s ORDER BY last LIMIT 1"""
_MOVE = """INSERT INTO streams (name, chain, last, at) VALUES (%s, %s, %s, %s)
    ON CONFLICT (name, chain) DO UPDATE SET last = EXCLUDED.last, at = EXCLUDED.at"""
_ALONE = "SELECT pg_try_advisory_lock(1330071635, hashtext(%s))"
_RELEASE = "SELECT pg_advisory_unlock(1330071635, hashtext(%s))"
_LIST = """SELECT n.name, max(s.at) AS at,
        coalesce(sum(c.last - coalesce(s.last, 0)), 0)::bigint AS waiting
    FROM (SELECT DISTINCT name FROM streams) n CROSS JOIN chains c
        LEFT JOIN streams s ON s.name = n.name AND s.chain = c.number
    WHERE c.state <> 'superseded' GROUP BY n.name ORDER BY n.name"""
_NEW = "SELECT 1 FROM streams WHERE name = %s LIMIT 1"
_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Deliverer(Protocol):
    """Takes parcels to another system."""

    def deliver(self, parcel: Parcel) -> int:
        """Return once the other side has all of it; how much it refused for good.

        Raises NotDeliveredError where it may not have it: the same is then sent again.
        """


@dataclass(slots=True)
class Sent:
    """What came of it."""

    records: int = 0
    acts: int = 0
    refused: int = 0
    gone: int = 0
    """Entries whose messages were dropped here, or damaged, before they went on."""


def send(
    database: Database,
    name: str,
    deliverer: Deliverer,
    shown: Council,
    clock: Callable[[], datetime],
) -> Sent:
    """Send on all that is new. Raises InputError, NotDeliveredError, DatabaseDownError."""
    refuse_no_name(name)
    sent = Sent()
    with database.at_once() as connection, _alone(connection, name):
        for chain in connection.execute(_WAITING, (name,)).fetchall():
            _chain(connection, name, chain, deliverer, shown, clock, sent)
    return sent


def refuse_no_name(name: str) -> None:
    """Raise InputError for what is no name of a stream."""
    if not 0 < len(name) <= 60 or not set(name) <= _NAME:
        raise InputError(
            "That is no name of a stream.", remedy="Small letters, digits, and - _ . only."
        )


def is_new(connection: Connection, name: str) -> bool:
    """Return whether nothing went by this name yet."""
    return connection.execute(_NEW, (name,)).fetchone() is None


@contextmanager
def _alone(connection: Connection, name: str) -> Iterator[None]:
    row = connection.execute(_ALONE, (name,)).fetchone()
    if row is None or not row[0]:
        raise InputError("Another process sends this stream already.")
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute(_RELEASE, (name,))


def _chain(
    connection: Connection,
    name: str,
    chain: tuple[Any, ...],
    deliverer: Deliverer,
    shown: Council,
    clock: Callable[[], datetime],
    sent: Sent,
) -> None:
    number, chain_name, kind, last, at, endpoint, _ = chain
    while at < last:
        row = connection.execute(_NEXT, (number, at)).fetchone()
        kept = None if row is None else readable(row)
        upto = last if row is None else row[2]
        first = upto + 1 if kept is None else kept.first
        if kept is not None:
            entries = [covered(e, shown) for e in entries_of(kept, chain_name) if e.link.seq > at]
            records = entries if kind == "records" else []
            acts = [] if records else entries
            sent.refused += deliverer.deliver(Parcel(records=records, acts=acts, machine=endpoint))
            sent.records, sent.acts = sent.records + len(records), sent.acts + len(acts)
        sent.gone += max(0, first - at - 1)
        at = upto
        connection.execute(_MOVE, (name, number, at, clock()))


def streams(connection: Connection) -> list[dict[str, Any]]:
    """Return the streams that there are, and how many entries wait for each."""
    found = connection.execute(_LIST).fetchall()
    return [{"name": name, "at": at, "waiting": waiting} for name, at, waiting in found]


def entries_of(kept: Kept, chain: str) -> Iterator[Entry]:
    """Yield the entries of a message that count, each with its place and proof."""
    run = kept.upload.run
    before = run.prev
    for seq, one in enumerate(run.entries, run.first):
        hash_ = one.link(before, seq)
        if seq >= kept.first:
            seal = None if one.seal is None else one.seal.to_json()
            link = ChainLink(chain_id=chain, seq=seq, prev=before, hash=hash_, seal=seal)
            id_, at_us = _named(one.text, seq)
            yield Entry(link=link, id=id_, at_us=at_us, text=one.text, is_checked=True)
        before = hash_


def _named(text: bytes, seq: int) -> tuple[str, int]:
    try:
        value = orjson.loads(text)
        return str(value["id"]), micros(datetime.fromisoformat(value["at"]))
    except (ValueError, KeyError, TypeError, OverflowError):
        return str(seq), micros(_EPOCH)


def covered(entry: Entry, shown: Council) -> Entry:
    """Return an entry as far as people may be shown; what was changed proves itself no more."""
    text = shown.text(entry.text)
    if text == entry.text:
        return entry
    link = ChainLink(
        chain_id=entry.link.chain_id, seq=entry.link.seq, prev=entry.link.prev, hash=entry.link.hash
    )
    return Entry(link=link, id=entry.id, at_us=entry.at_us, text=text, is_checked=True)
