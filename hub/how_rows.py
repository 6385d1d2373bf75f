"""Keeps how records came about (how sure a sender is, how a hold ended, which rule decided, which
model was asked), for filters of the desk's list: with each message that comes, and beside other
work of what came before that was kept.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString

from hub.database import Connection, Database
from hub.facts import Fact, fact_of
from hub.reading_later import Later, Whose
from hub.room import OTHERS, Room
from hub.stored import Message
from hub.words import Numbered, Words

IN_A_ROUND_S = 15.0
"""How long each minute a hub that serves reads what is not known yet."""
_MOST: LiteralString = """ON CONFLICT (place, destination, account, how) DO UPDATE SET
        last_at = greatest(how_sent.last_at, EXCLUDED.last_at)"""
_MOST_PAST: LiteralString = """ON CONFLICT (chain, place, destination, account, how) DO UPDATE SET
        last_at = greatest(past_hows.last_at, EXCLUDED.last_at)"""
_KEEP: LiteralString = (
    "INSERT INTO how_sent (place, destination, account, how, last_at) "  # noqa: S608 - constants
    "SELECT * FROM unnest(%s::int[], %s::int[], %s::int[], %s::int[], %s::timestamptz[]) " + _MOST
)
_FORGET = "DELETE FROM how_sent WHERE place IN (SELECT number FROM places WHERE endpoint = %s)"
_KNOWN: LiteralString = """SELECT r.place, r.destination, r.account, r.how, r.at AS last_at
    FROM records r JOIN chains c ON c.number = r.chain
    WHERE c.endpoint = %(endpoint)s AND c.state <> 'superseded' AND r.how <> 0
    UNION ALL SELECT p.place, p.destination, p.account, p.how, p.last_at
    FROM past_hows p JOIN chains c ON c.number = p.chain
    WHERE c.endpoint = %(endpoint)s AND c.state <> 'superseded'"""
_AGAIN: LiteralString = (
    "INSERT INTO how_sent (place, destination, account, how, last_at) "  # noqa: S608 - constants
    "SELECT place, destination, account, how, max(last_at) FROM (" + _KNOWN + ") AS known "
    "GROUP BY 1, 2, 3, 4"
)
_DROPPED: LiteralString = (
    """INSERT INTO past_hows (chain, place, destination, account, how, last_at)
    SELECT %(chain)s, s.place, s.destination, s.account, s.how, s.last_at
    FROM how_sent s JOIN places p ON p.number = s.place AND p.endpoint = %(endpoint)s
    WHERE (s.place, s.destination, s.account, s.how) NOT IN (
        SELECT place, destination, account, how FROM ("""  # noqa: S608 - constants
    + _KNOWN
    + ") AS known) "
    + _MOST_PAST
)
_UNNAME: LiteralString = (
    "WITH gone AS (DELETE FROM past_hows WHERE place = %(sender)s RETURNING *) "  # noqa: S608
    "INSERT INTO past_hows (chain, place, destination, account, how, last_at) "
    "SELECT chain, %(place)s::int, destination, account, how, last_at FROM gone " + _MOST_PAST
)
PAST: LiteralString = (
    "INSERT INTO past_hows (chain, place, destination, account, how, last_at) "  # noqa: S608
    "SELECT chain, place, destination, account, how, max(at) FROM {records} WHERE how <> 0 "
    "GROUP BY 1, 2, 3, 4, 5 " + _MOST_PAST
)
"""Keeps it of a month that goes."""
LATER = Later(column="hows_to")
_SET = """UPDATE records r SET how = t.how FROM unnest(%s::bigint[], %s::int[]) AS t (seq, how)
    WHERE r.chain = %s AND r.received = %s AND r.seq = t.seq AND r.how <> t.how
    AND NOT EXISTS (SELECT 1 FROM places p WHERE p.number = r.place AND p.path = %s
        AND p.script IS NULL AND p.person IS NULL)"""
_KEEP_READ: LiteralString = (
    """INSERT INTO how_sent (place, destination, account, how, last_at)
    SELECT place, destination, account, how, max(at) FROM records
    WHERE chain = %s AND received = %s AND seq = ANY(%s) AND how <> 0
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4 """  # noqa: S608 - constants
    + _MOST
)
_PASSED = "DELETE FROM desk_state"
"""The list is made anew: what stands in it was reckoned without what is known now."""


def keep_hows(
    connection: Connection, facts: Sequence[Fact], numbered: Numbered, now: datetime
) -> None:
    """Keep how these records came about, inside the caller's transaction."""
    found: dict[tuple[int, int, int, int], datetime] = {}
    for fact in facts:
        how = numbered.hows.get(fact.how, 0)
        if how:
            to, account = numbered.destinations[fact.destination], numbered.words[fact.account]
            key, at = (numbered.places[fact.sender], to, account, how), fact.at or now
            if key not in found or found[key] < at:
                found[key] = at
    if found:
        rows = [(*key, found[key]) for key in sorted(found)]
        connection.execute(_KEEP, tuple(map(list, zip(*rows, strict=True))))


def keep_hows_of(
    connection: Connection, chain: int, received: datetime, seqs: Sequence[int]
) -> None:
    """Keep how records of a message came about, by their rows."""
    connection.execute(_KEEP_READ, (chain, received, list(seqs)))


def hows_again(connection: Connection, endpoint: int) -> None:
    """Make anew what is known of an endpoint, from its rows, inside the caller's transaction."""
    connection.execute(_FORGET, (endpoint,))
    connection.execute(_AGAIN, {"endpoint": endpoint})


def keep_dropped_hows(connection: Connection, endpoint: int, chain: int) -> None:
    """Keep what is known of records whose rows somebody dropped by hand."""
    connection.execute(_DROPPED, {"endpoint": endpoint, "chain": chain})


def unname_hows(connection: Connection, sender: int, place: int) -> None:
    """Take a sender out of what is kept of removed months; `place` stands there then."""
    connection.execute(_UNNAME, {"sender": sender, "place": place})


def read_hows(database: Database, within_s: float) -> int:
    """Read for so long what is not known; return how many records are left. Raises
    DatabaseDownError.
    """
    room = Room()

    def keep(connection: Connection, whose: Whose, message: Message) -> bool:
        _keep_message(connection, whose, message, room)
        return True

    read = LATER.read(database, within_s, keep)
    with database.at_once() as connection:
        if read:
            connection.execute(_PASSED)
        return LATER.left(connection)


def _keep_message(connection: Connection, whose: Whose, message: Message, room: Room) -> None:
    """Keep what a message tells. Senders and places stay those of the rows: what was not told apart
    when it came is not now.
    """
    facts = {seq: fact_of(entry.text) for seq, entry in message.entries}
    facts = {seq: fact for seq, fact in facts.items() if fact.review}
    told = room.told_apart(connection, whose.endpoint, list(facts.values()))[0]
    numbers = Words().hows(connection, told)
    hows = [numbers.get(fact.how, 0) for fact in told]
    place = (whose.chain, message.received)
    connection.execute(_SET, (list(facts), hows, *place, OTHERS))
    keep_hows_of(connection, *place, list(facts))
