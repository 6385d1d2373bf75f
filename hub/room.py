"""How much of what one endpoint ships is told apart at the hub, and how many of its files are in
the index: senders, places, kinds, rules and files that it makes up fill neither the lists of
everybody nor the database. The messages are kept whole.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import LiteralString

from core.classification import AccountKind
from core.findings import NOT_INSPECTED
from hub.database import Connection
from hub.facts import NO_HOW, UNREADABLE, Fact, Sender

MOST_TOLD_APART = 100_000
"""Sums over all days of one endpoint: a thousand scripts that each send to a hundred places."""
MOST_FILES = 1_000_000
"""Files in the index of one endpoint, each as often as it was sent: hundreds a day for years."""
_ASKED_EVERY, _FILES_ASKED_EVERY = 10_000, 100_000
"""Records, and files of them, between two looks: each record makes one more sum at most."""
OTHERS: LiteralString = "not told apart"
_SENDER = Sender(OTHERS, "", OTHERS, "")
_COUNT: LiteralString = """WITH mine AS MATERIALIZED (
        SELECT number FROM places WHERE endpoint = %(endpoint)s)
    SELECT (SELECT count(*) FROM (SELECT 1 FROM mine m JOIN totals t ON t.place = m.number
            LIMIT %(most)s) AS t)
        + (SELECT count(*) FROM mine)
        + (SELECT count(*) FROM (SELECT 1 FROM mine m JOIN how_sent h ON h.place = m.number
            LIMIT %(most)s) AS h)"""
_COUNT_FILES: LiteralString = """SELECT count(*) FROM (
    SELECT 1 FROM chains c JOIN sent_files s ON s.chain = c.number
    WHERE c.endpoint = %(endpoint)s LIMIT %(most)s) AS f"""
_KNOWN = """SELECT DISTINCT p.path, coalesce(encode(x.sha256, 'hex'), ''), coalesce(w.name, ''),
        d.name, k.kinds, o.word, a.word, t.review
    FROM places p JOIN totals t ON t.place = p.number LEFT JOIN scripts x ON x.number = p.script
        LEFT JOIN people w ON w.number = p.person JOIN destinations d ON d.number = t.destination
        JOIN kindsets k ON k.number = t.kinds JOIN words o ON o.number = t.outcome
        JOIN words a ON a.number = t.account
    WHERE p.endpoint = %s AND p.path = ANY(%s) AND d.name = ANY(%s)"""
_HOWS = """SELECT DISTINCT h.certain, h.ending, h.rule, h.model FROM places p
        JOIN how_sent s ON s.place = p.number JOIN hows h ON h.number = s.how
    WHERE p.endpoint = %s AND h.rule = ANY(%s)"""


@dataclass(slots=True)
class _Left:
    """How much each endpoint may ship until it is counted again; for several threads."""

    _left: dict[int, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def takes(self, endpoint: int, count: int) -> bool:
        with self._lock:
            left = self._left.get(endpoint, 0) - count
            if left >= 0:
                self._left[endpoint] = left
            return left >= 0

    def set(self, endpoint: int, left: int) -> None:
        with self._lock:
            self._left[endpoint] = left


@dataclass(frozen=True, slots=True)
class FileRoom:
    """Remembers when the files of an endpoint have to be counted again."""

    _left: _Left = field(default_factory=_Left)

    def holds(self, connection: Connection, endpoint: int, count: int) -> bool:
        """Return whether so many more files may be kept."""
        if self._left.takes(endpoint, count):
            return True
        room = _room(connection, _COUNT_FILES, endpoint, MOST_FILES)
        self._left.set(endpoint, min(room, _FILES_ASKED_EVERY) - count)
        return room > 0


@dataclass(frozen=True, slots=True)
class Room:
    """Remembers when the sums of an endpoint have to be counted again."""

    _left: _Left = field(default_factory=_Left)

    def told_apart(
        self, connection: Connection, endpoint: int, facts: Sequence[Fact]
    ) -> tuple[list[Fact], bool]:
        """Return what is told of these records, and whether something is not told apart."""
        if self._has_room(connection, endpoint, len(facts)):
            return list(facts), False
        paths = [fact.sender.path for fact in facts]
        places = [fact.destination for fact in facts]
        rows = connection.execute(_KNOWN, (endpoint, paths, places)).fetchall()
        known = {(*row[:4], tuple(row[4]), *row[5:]) for row in rows}
        rules = (endpoint, [fact.how.rule for fact in facts])
        hows = {NO_HOW, *map(tuple, connection.execute(_HOWS, rules).fetchall())}
        told = [fact if _key(fact) in known else _as_others(fact) for fact in facts]
        told = [fact if fact.how in hows else fact._replace(how=NO_HOW) for fact in told]
        return told, any(a is not b for a, b in zip(told, facts, strict=True))

    def _has_room(self, connection: Connection, endpoint: int, count: int) -> bool:
        if self._left.takes(endpoint, count):
            return True
        room = _room(connection, _COUNT, endpoint, MOST_TOLD_APART)
        self._left.set(endpoint, min(room, _ASKED_EVERY) - count)
        return room > 0


def _room(connection: Connection, query: LiteralString, endpoint: int, most: int) -> int:
    row = connection.execute(query, {"endpoint": endpoint, "most": most}).fetchone()
    return most - (0 if row is None else int(row[0]))


def _key(fact: Fact) -> tuple[object, ...]:
    sender = (fact.sender.path, fact.sender.sha256, fact.sender.person)
    return (*sender, fact.destination, fact.kinds, fact.outcome, fact.account, fact.review)


def _as_others(fact: Fact) -> Fact:
    """Return a record as one of many that are not told apart: not all of it is known here."""
    return fact._replace(
        sender=_SENDER,
        destination=OTHERS,
        kinds=(NOT_INSPECTED,),
        outcome=UNREADABLE,
        account=AccountKind.UNKNOWN.value,
        how=NO_HOW,
    )
