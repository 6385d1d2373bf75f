"""Reads from the messages what is kept beside the rows of records and was not when they came, for
an older hub took them: beside other work, chain by chain.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import LiteralString, NamedTuple

from hub.database import Connection, Database
from hub.stored import Message, next_message


class Whose(NamedTuple):
    """A chain of records, whose row is locked as by whoever takes a message, and whose it is."""

    chain: int
    endpoint: int


type Keep = Callable[[Connection, Whose, Message], bool]
"""Keeps what a message tells; False where there is no room for it, and the chain is left out from
then on.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """What is read later."""

    column: LiteralString
    """Of `chains`: up to which entry it is kept."""
    unless: LiteralString = "false"
    """Which chains are left out."""

    @property
    def _waiting(self) -> LiteralString:
        return (
            "FROM chains WHERE kind = 'records' AND state <> 'superseded' AND "
            + self.column
            + " < last AND NOT ("
            + self.unless
            + ") "
        )

    def left(self, connection: Connection) -> int:
        """Return of how many records it is not kept yet."""
        told: LiteralString = "SELECT coalesce(sum(last - " + self.column + "), 0)::bigint "
        row = connection.execute(told + self._waiting).fetchone()
        return 0 if row is None else int(row[0])

    def read(self, database: Database, within_s: float, keep: Keep) -> bool:
        """Read for so long; return whether there was something. Raises DatabaseDownError."""
        end, read = time.monotonic() + within_s, False
        while time.monotonic() < end and self._read_one(database, keep):
            read = True
        return read

    def _read_one(self, database: Database, keep: Keep) -> bool:
        """Read one message; return whether there was one, or a chain to leave out."""
        told: LiteralString = "SELECT number, endpoint, last, " + self.column + " "
        first: LiteralString = "ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED"
        with database.work() as connection:
            row = connection.execute(told + self._waiting + first).fetchone()
            if row is None:
                return False
            number, endpoint, last, read = row
            found = next_message(connection, number, read + 1)
            if found is not None:  # else what lacks was never here, or its month was removed
                if not keep(connection, Whose(number, endpoint), found):
                    return True
                last = found.last
            move: LiteralString = "UPDATE chains SET " + self.column + " = %s "  # noqa: S608
            connection.execute(move + "WHERE number = %s", (last, number))
        return True
