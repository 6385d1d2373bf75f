"""Looks for what is hunted for in the messages themselves, where lists and indexes do not tell it:
what senders that are not told apart did (`hub.room`), and files that are in no index.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, LiteralString, NamedTuple

from core.fate import Fate
from core.observation import OBSERVED
from core.vocabulary.fleet import Over
from fleet.wire import BadUpload, unpacked
from hub.database import Connection
from hub.facts import Fact, fact_of
from hub.room import OTHERS
from hub.sought import Sought
from hub.stored import kept_of

MOST_READ = 500_000
"""Records of one endpoint that a hunt reads in messages, from the newest: some ten seconds. Of an
endpoint with more it tells how many it did not read.
"""
_UNREAD: LiteralString = """SELECT c.endpoint, u.number, u.received, NULL::bigint[] AS seqs
    FROM chains c JOIN uploads u ON u.chain = c.number AND u.last > c.files_to
    WHERE c.kind = 'records' AND c.state <> 'superseded' AND c.files_to < c.last"""
_UNTOLD: LiteralString = (
    """SELECT c.endpoint, u.number, u.received, array_agg(r.seq) AS seqs
    FROM places p JOIN records r ON r.place = p.number AND NOT r.gone
        JOIN chains c ON c.number = r.chain AND c.state <> 'superseded'
        JOIN uploads u ON u.chain = r.chain AND u.received = r.received
            AND r.seq BETWEEN u.first AND u.last
    WHERE p.path = '"""  # noqa: S608 - constants
    + OTHERS
    + "' AND p.script IS NULL AND p.person IS NULL"
)
_EACH: LiteralString = " GROUP BY 1, 2, 3"
_IN_TURN: LiteralString = """, held AS MATERIALIZED (
        SELECT h.*, u.last - u.first + 1 AS entries, sum(u.last - u.first + 1)
            OVER (PARTITION BY h.endpoint ORDER BY h.received DESC, h.number DESC) AS upto
        FROM holding h JOIN uploads u ON u.number = h.number AND u.received = h.received) """
_MESSAGES: LiteralString = (
    _IN_TURN  # noqa: S608 - constants
    + """SELECT u.chain, e.name, h.seqs, h.received, u.number, u.first, u.last, u.blob
    FROM held h JOIN endpoints e ON e.number = h.endpoint
        JOIN uploads u ON u.number = h.number AND u.received = h.received
    WHERE %(most)s::bigint IS NULL OR h.upto - h.entries < %(most)s"""
)
_LEFT: LiteralString = (
    _IN_TURN  # noqa: S608 - constants
    + """SELECT e.name, sum(h.entries)::bigint FROM held h
        JOIN endpoints e ON e.number = h.endpoint WHERE h.upto - h.entries >= %(most)s
    GROUP BY e.number, e.name ORDER BY e.name"""
)
_NOTE = """INSERT INTO hunt_sightings AS h (hunt, endpoint, place, records, first_at, last_at)
    SELECT %s, c.endpoint, r.place, count(*), min(r.at), max(r.at)
    FROM records r JOIN chains c ON c.number = r.chain WHERE r.chain = %s AND r.seq = ANY(%s)
    GROUP BY c.endpoint, r.place
    ON CONFLICT (hunt, endpoint, place) DO UPDATE SET records = h.records + EXCLUDED.records,
        first_at = least(h.first_at, EXCLUDED.first_at),
        last_at = greatest(h.last_at, EXCLUDED.last_at)"""
_AT_ONCE = 8

type Row = dict[str, Any]


class _Seen(NamedTuple):
    endpoint: str
    chain: int
    seq: int
    received: datetime
    fact: Fact
    what: str


@dataclass(slots=True)
class _Added:
    row: Row
    kinds: set[str] = field(default_factory=set)


def in_messages(connection: Connection, sought: Sought, most: int | None) -> list[Row]:
    """Return who it was, where it went and how often, as `hub.hunting.known` tells it, in the
    newest so many records of an endpoint (None: all) that messages alone tell of.
    """
    found: dict[tuple[Any, ...], _Added] = {}
    for one in _seen(connection, sought, most):
        _add(found, one)
    return [{**one.row, "kinds": sorted(one.kinds)} for one in found.values()]


def not_read(connection: Connection, sought: Sought, most: int) -> list[tuple[str, int]]:
    """Return of which endpoints `in_messages` does not read all, and how many records are left."""
    return [
        (name, int(entries))
        for query in _holding(sought)
        for name, entries in connection.execute(query + _LEFT, {"most": most}).fetchall()
    ]


def note_in_messages(connection: Connection, sought: Sought, hunt: int, most: int | None) -> None:
    """Note it for a hunt that was saved."""
    found: Mapping[int, list[int]] = defaultdict(list)
    for one in _seen(connection, sought, most):
        found[one.chain].append(one.seq)
    for chain, seqs in sorted(found.items()):
        connection.execute(_NOTE, (hunt, chain, seqs))


def _holding(sought: Sought) -> Sequence[LiteralString]:
    """Return which messages may hold it: of what is in no index all is read."""
    if sought.over is not Over.FILES:
        return ("WITH holding AS (" + _UNTOLD + _EACH + ")",)
    untold: LiteralString = _UNTOLD + " AND u.last <= c.files_to" + _EACH
    return "WITH holding AS (" + _UNREAD + ")", "WITH holding AS (" + untold + ")"


def _seen(connection: Connection, sought: Sought, most: int | None) -> Iterator[_Seen]:
    for query in _holding(sought):
        yield from _seen_by(connection, sought, query + _MESSAGES, most)


def _seen_by(
    connection: Connection, sought: Sought, query: LiteralString, most: int | None
) -> Iterator[_Seen]:
    """Yield what is found in the messages of a query. Read one by one: they may be many."""
    with connection.cursor(name="messages") as cursor:
        cursor.itersize = _AT_ONCE
        cursor.execute(query, {"most": most})
        for chain, endpoint, seqs, received, *row in cursor:
            for seq, text in _texts(row, sought, seqs):
                fact = fact_of(text)
                seen = sought.seen_in(fact, text)
                if seen is not None:
                    yield _Seen(endpoint, chain, seq, received, fact, seen.what)


def _texts(
    row: Sequence[Any], sought: Sought, seqs: Sequence[int] | None
) -> Iterator[tuple[int, bytes]]:
    """Yield the records of a message (those of these numbers; None: all) that may hold it. One that
    is damaged keeps nobody from the others: `verify` tells of it.
    """
    try:
        if not sought.may_stand_in(unpacked(row[3])[1]):
            return
        entries = list(kept_of(tuple(row)).entries())
    except BadUpload:
        return
    wanted = None if seqs is None else set(seqs)
    for seq, entry in entries:
        if (wanted is None or seq in wanted) and entry.text and sought.may_stand_in(entry.text):
            yield seq, entry.text


def _add(found: dict[tuple[Any, ...], _Added], seen: _Seen) -> None:
    fact, observed = seen.fact, seen.fact.outcome == OBSERVED
    at = fact.at or seen.received
    what = seen.what
    key = (seen.endpoint, fact.sender, fact.destination, observed, what)
    added = found.get(key)
    if added is None:
        row: Row = {
            "script": fact.sender.name if fact.sender.sha256 else fact.sender.path,
            "sha256": fact.sender.sha256 or None,
            "endpoint": seen.endpoint,
            "place": fact.destination,
            "observed": observed,
            "requests": 0,
            "went": 0,
            "past": 0,
            "bytes": 0,
            "people": [fact.sender.person] if fact.sender.person else [],
            "first_at": at,
            "last_at": at,
            "what": what,
        }
        added = found[key] = _Added(row)
    row = added.row
    row["requests"] += 1
    row["went"] += fact.went
    row["past"] += fact.outcome == Fate.PAST
    row["bytes"] += fact.bytes if fact.went else 0
    row["first_at"], row["last_at"] = min(row["first_at"], at), max(row["last_at"], at)
    added.kinds.update(fact.kinds)
