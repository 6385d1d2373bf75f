"""Reads rows of records again that an older hub wrote, which read some entries otherwise or could
not read them: from the messages, beside other work. Rows, sums and lists say then what this hub
reads in the entries.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, LiteralString, NamedTuple

from hub.database import Connection, Database
from hub.facts import Fact, fact_of
from hub.how_rows import keep_hows_of
from hub.reading_later import Later, Whose
from hub.room import OTHERS, Room
from hub.stored import Message
from hub.sums import add_again, make_alone
from hub.words import Numbered, Words

IN_A_ROUND_S = 10.0
"""How long each minute a hub that serves reads rows again."""
LATER = Later(column="rows_to")


class _Row(NamedTuple):
    """What a row of a record says, in numbers of words."""

    at: datetime
    place: int
    destination: int
    kinds: int
    outcome: int
    account: int
    bytes: int
    found: int
    rows_hit: int
    people: int
    most_values: int
    went: bool
    review: bool
    how: int


_COLUMNS: LiteralString = """at, place, destination, kinds, outcome, account, bytes, found, rows_hit,
    people, most_values, went, review, how"""
_ROWS: LiteralString = (
    "SELECT seq, place IN (SELECT number FROM places WHERE path = %(others)s "  # noqa: S608
    "AND script IS NULL AND person IS NULL), "
    + _COLUMNS
    + """ FROM records WHERE chain = %(chain)s AND received = %(received)s AND seq = ANY(%(seqs)s)
        AND NOT gone ORDER BY seq"""
)
_SET: LiteralString = (
    "UPDATE records r SET ("  # noqa: S608 - constants
    + _COLUMNS
    + ") = (t.at, t.place, t.destination, t.kinds, t.outcome, t.account, t.bytes, t.found, "
    "t.rows_hit, t.people, t.most_values, t.went, t.review, t.how) FROM unnest(%s::bigint[], "
    "%s::timestamptz[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[], %s::bigint[], "
    "%s::int[], %s::int[], %s::int[], %s::int[], %s::bool[], %s::bool[], %s::int[]) AS t (seq, "
    + _COLUMNS
    + ") WHERE r.chain = %s AND r.received = %s AND r.seq = t.seq"
)
_FILES = """UPDATE sent_files f SET at = r.at, bytes = r.bytes, place = r.place,
        destination = r.destination, kinds = r.kinds, went = r.went
    FROM records r WHERE r.chain = %s AND r.received = %s AND r.seq = ANY(%s)
        AND f.chain = r.chain AND f.seq = r.seq"""
_PASSED = "DELETE FROM desk_state"
"""The list is made anew: what stands in it was reckoned with other rows."""


def read_rows(database: Database, within_s: float) -> int:
    """Read for so long; return how many records are left. Raises DatabaseDownError."""
    room = Room()

    def keep(connection: Connection, whose: Whose, message: Message) -> bool:
        _mend(connection, whose, message, room)
        return True

    read = LATER.read(database, within_s, keep)
    with database.at_once() as connection:
        if read:
            connection.execute(_PASSED)
        return LATER.left(connection)


def _mend(connection: Connection, whose: Whose, message: Message, room: Room) -> None:
    """Make the rows of a message say what its entries say, and the sums what the rows say. Of what
    was erased nothing is read again.
    """
    make_alone(connection, whose.endpoint)
    texts = {seq: entry.text for seq, entry in message.entries if entry.text}
    values = {"others": OTHERS, "chain": whose.chain, "received": message.received}
    there = connection.execute(_ROWS, {**values, "seqs": list(texts)}).fetchall()
    facts = [fact_of(texts[row[0]]) for row in there]
    told = room.told_apart(connection, whose.endpoint, facts)[0]
    numbered = Words().of(connection, whose.endpoint, told)
    changed = list(_changed(there, zip(facts, told, strict=True), numbered))
    if not changed:
        return
    seqs = [seq for seq, _, _ in changed]
    columns = map(list, zip(*(new for _, _, new in changed), strict=True))
    place = (whose.chain, message.received)
    connection.execute(_SET, (seqs, *columns, *place))
    connection.execute(_FILES, (*place, seqs))
    keep_hows_of(connection, *place, seqs)
    keys = {_key(row) for _, *both in changed for row in both}
    add_again(connection, whose.endpoint, sorted(keys))


def _changed(
    there: Sequence[tuple[Any, ...]], read: Iterator[tuple[Fact, Fact]], numbered: Numbered
) -> Iterator[tuple[int, _Row, _Row]]:
    """Yield the number of each entry whose row says something else, and both rows. What was not
    told apart when it came is not now: of it only counts are those of the entry.
    """
    for (seq, together, *columns), (fact, told) in zip(there, read, strict=True):
        old = _Row(*columns)
        new = _row(old.at, told, numbered)
        if together:
            new = old._replace(at=new.at, bytes=fact.bytes, went=fact.went)
        if new != old:
            yield seq, old, new


def _row(at: datetime, fact: Fact, numbered: Numbered) -> _Row:
    return _Row(
        at=fact.at or at,
        place=numbered.places[fact.sender],
        destination=numbered.destinations[fact.destination],
        kinds=numbered.kinds[fact.kinds],
        outcome=numbered.words[fact.outcome],
        account=numbered.words[fact.account],
        bytes=fact.bytes,
        found=fact.found,
        rows_hit=fact.rows,
        people=fact.people,
        most_values=fact.values,
        went=fact.went,
        review=fact.review,
        how=numbered.hows.get(fact.how, 0),
    )


def _key(row: _Row) -> tuple[date, int, int, int, int, int, bool]:
    """Return which sum a row is in."""
    day = row.at.astimezone(UTC).date()
    named = (row.place, row.destination, row.kinds, row.outcome, row.account)
    return (day, *named, row.review)
