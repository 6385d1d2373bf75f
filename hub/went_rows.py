"""Counts what left of records that the gate stopped when a part of them was gone, where an older
hub took them and counted nothing: from the messages, beside other work.
"""

from typing import LiteralString

from hub.database import Connection, Database
from hub.facts import fact_of
from hub.reading_later import Later, Whose
from hub.stored import Message

IN_A_ROUND_S = 10.0
"""How long each minute a hub that serves reads what is not known yet."""
LATER = Later(column="went_to")
_KEY: LiteralString = "day, place, destination, kinds, outcome, account, review"
_COUNT: LiteralString = (
    """WITH mended AS (
        UPDATE records SET went = true
        WHERE chain = %(chain)s AND received = %(received)s AND seq = ANY(%(seqs)s) AND NOT went
        RETURNING (at AT TIME ZONE 'UTC')::date AS day, place, destination, kinds, outcome, account,
            review, bytes),
    more AS (SELECT """  # noqa: S608 - constants
    + _KEY
    + ", count(*) AS went, sum(bytes)::bigint AS bytes FROM mended GROUP BY "
    + _KEY
    + """)
    UPDATE sums s SET went = s.went + m.went, bytes_went = s.bytes_went + m.bytes FROM more m
    WHERE (s.place, s.destination, s.kinds, s.outcome, s.account, s.review, s.day)
        = (m.place, m.destination, m.kinds, m.outcome, m.account, m.review, m.day)"""
)
_FILES = "UPDATE sent_files SET went = true WHERE chain = %(chain)s AND seq = ANY(%(seqs)s)"
_PASSED = "DELETE FROM desk_state"
"""The list is made anew: what stands in it was reckoned with too little."""


def read_went(database: Database, within_s: float) -> int:
    """Read for so long what is not known; return how many records are left. Raises
    DatabaseDownError.
    """
    read = LATER.read(database, within_s, _count)
    with database.at_once() as connection:
        if read:
            connection.execute(_PASSED)
        return LATER.left(connection)


def _count(connection: Connection, whose: Whose, message: Message) -> bool:
    """Count what left of a message. Nothing is taken back: of what was erased meanwhile nobody
    knows it any more.
    """
    seqs = [seq for seq, entry in message.entries if fact_of(entry.text).went]
    values = {"chain": whose.chain, "received": message.received, "seqs": seqs}
    if seqs:
        connection.execute(_COUNT, values)
        connection.execute(_FILES, values)
    return True
