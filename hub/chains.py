"""What was witnessed of each chain: where it stood, held against where an endpoint says that it
stands now.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Cursor

from core.errors import InputError
from core.text import printable
from core.vocabulary.fleet import Alarm
from evidence.chain import genesis
from evidence.shipping import ChainKind
from hub.alarms import alarmed
from hub.database import Connection
from hub.stored import entry_uploads

_BEGIN = """INSERT INTO chains (endpoint, kind, chain, branch, head, made_at, seen_at)
    SELECT %(endpoint)s, %(kind)s, %(chain)s,
        coalesce((SELECT max(branch) + 1 FROM chains WHERE chain = %(chain)s), 0), %(head)s, %(at)s,
        %(at)s
    WHERE NOT EXISTS
        (SELECT 1 FROM chains WHERE chain = %(chain)s AND state <> 'superseded')
    ON CONFLICT DO NOTHING"""
_MOST_BEGUN = 100
"""Chains that an endpoint begins in a day: a new one begins with each new store."""
_BEGUN = """SELECT count(*) >= %s AND NOT EXISTS
        (SELECT 1 FROM chains WHERE chain = %s AND state <> 'superseded')
    FROM chains WHERE endpoint = %s AND made_at > %s"""
_OF = """UPDATE chains c SET seen_at = %(at)s FROM
        (SELECT number, seen_at FROM chains WHERE chain = %(chain)s AND state <> 'superseded'
            FOR UPDATE) AS before
    WHERE c.number = before.number AND c.endpoint = %(endpoint)s
    RETURNING c.number, c.state, c.last, c.head, before.seen_at"""
_OWNER = """SELECT e.name FROM chains c JOIN endpoints e ON e.number = c.endpoint
    WHERE c.chain = %s AND c.state <> 'superseded' AND c.endpoint <> %s"""
_OTHERS = """SELECT chain, last, seen_at FROM chains
    WHERE endpoint = %s AND kind = %s AND chain <> %s AND state <> 'superseded' AND last > 0
    ORDER BY seen_at DESC LIMIT 1"""
type Row = tuple[Any, ...]
type Asked = Cursor[Row]
_QUARANTINE = "UPDATE chains SET state = 'quarantined' WHERE number = %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldChain:
    """Where an endpoint says that a chain stands."""

    kind: ChainKind
    chain: str
    last: int
    head: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """What the hub answers."""

    next: int
    """Number of the entry that is wanted next."""
    state: str
    """`good`, or `quarantined`: nothing more is taken until somebody has looked."""


def begin_chain(
    connection: Connection, endpoint: int, kind: ChainKind, chain: str, now: datetime
) -> None:
    """Note a chain that was not known; one that somebody set aside begins anew, beside it.

    Raises InputError for an endpoint that begins ever more.
    """
    told = (_MOST_BEGUN, chain, endpoint, begun_since(now))
    row = connection.execute(_BEGUN, told).fetchone()
    if row is not None and row[0]:
        raise InputError("This endpoint has begun too many chains today.")
    values = {"endpoint": endpoint, "kind": kind, "chain": chain, "at": now}
    connection.execute(_BEGIN, {**values, "head": genesis(chain)})


def begun_by(connection: Connection, chain: str, endpoint: int) -> str:
    """Return which other endpoint began a chain, in words; nothing where none did."""
    row = connection.execute(_OWNER, (chain, endpoint)).fetchone()
    return "" if row is None else f"{printable(row[0], 60)} began it"


def begun_since(now: datetime) -> datetime:
    """Return from when on the chains count that an endpoint has begun."""
    return now - timedelta(days=1)


def most_begun() -> int:
    """Return how many those may be."""
    return _MOST_BEGUN


@dataclass(frozen=True, slots=True)
class Witnessing:
    """Asks what was witnessed of a chain, and holds what an endpoint says against it: asked first,
    so that all that a check-in asks goes to the database at once.
    """

    connection: Connection
    endpoint: int
    told: ToldChain
    now: datetime
    said_at: datetime
    _of: Asked
    _others: Asked

    @classmethod
    def begun(
        cls,
        connection: Connection,
        endpoint: int,
        told: ToldChain,
        now: datetime,
        said_at: datetime,
    ) -> "Witnessing":
        """Ask; `said_at`: when it stood there, by what may be believed of it."""
        values = {"at": now, "chain": told.chain, "endpoint": endpoint}
        of = connection.execute(_OF, values)
        others = connection.execute(_OTHERS, (endpoint, told.kind, told.chain))
        return cls(connection, endpoint, told, now, said_at, of, others)

    def ended(self) -> Witnessed:
        """Return the answer, and raise the alarms."""
        known, others = self._of.fetchone(), self._others.fetchone()
        if known is not None and self._is_late(known[0], known[2]):
            return Witnessed(next=known[2] + 1, state=known[1])
        return _witnessed(self.connection, self.endpoint, self.told, self.now, known, others)

    def _is_late(self, number: int, last: int) -> bool:
        """Return whether all that the endpoint does not tell of came after it had said this: then
        the message was overtaken, on its way or in a queue, and nothing is cut off.
        """
        if self.told.last >= last:
            return False
        after = entry_uploads(self.connection, number, self.told.last + 1)
        if after is None or after.received <= self.said_at:
            return False
        return after.kept.hash_before(self.told.last + 1) == self.told.head


def _witnessed(
    connection: Connection,
    endpoint: int,
    told: ToldChain,
    now: datetime,
    row: Row | None,
    others: Row | None,
) -> Witnessed:
    whose = "" if row else begun_by(connection, told.chain, endpoint)
    if whose:
        alarmed(connection, endpoint, Alarm.FOREIGN, now, whose, told.chain)
        return Witnessed(next=0, state="quarantined")
    if row is None:
        begin_chain(connection, endpoint, told.kind, told.chain, now)
        if others is not None:
            words = f"{others[1]} entries of the former were witnessed"
            alarmed(connection, endpoint, Alarm.SWAPPED, now, words, told.chain)
        return Witnessed(next=1, state="good")
    number, state, last, head, seen_at = row
    if others is not None and others[2] > seen_at:
        words = "an earlier one was put back"
        alarmed(connection, endpoint, Alarm.SWAPPED, now, words, told.chain)
    problem = _problem(told, last, head)
    if problem is not None:
        alarmed(connection, endpoint, *problem[:1], now, problem[1], told.chain)
        connection.execute(_QUARANTINE, (number,))
        state = "quarantined"
    return Witnessed(next=last + 1, state=state)


def _problem(told: ToldChain, last: int, head: bytes) -> tuple[Alarm, str] | None:
    if told.last < last:
        return Alarm.CUT, f"{last} entries were witnessed, and there are {told.last}"
    if told.last == last and told.head != head:
        return Alarm.FORK, f"entry {last} is another one than was witnessed"
    return None
