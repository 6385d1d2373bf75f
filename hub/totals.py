"""Totals of what stood in the sums before the database kept totals: added up endpoint by endpoint,
beside what goes on. Until all are made no question is answered by them: too little would be told.
"""

import time

from core.errors import OutgateError
from core.vocabulary.sizes import counted
from hub.database import Connection, Database
from hub.sums import make_all_alone

AT_ONCE_S, IN_A_ROUND_S = 5.0, 40.0
"""How long the start of a hub waits for them, a small fleet's being made by then; and how long each
minute a hub that serves spends on them.
"""
_NEXT = "SELECT endpoint FROM totals_to_make ORDER BY 1 LIMIT 1 FOR UPDATE SKIP LOCKED"
_FORGET = """DELETE FROM totals
    WHERE place = ANY(ARRAY(SELECT number FROM places WHERE endpoint = %s))"""
_ADD = """INSERT INTO totals (place, destination, kinds, outcome, account, review, records, went,
        bytes_went, found, first_at, last_at, most_rows, most_people, most_values)
    SELECT place, destination, kinds, outcome, account, review,
        sum(records), sum(went), sum(bytes_went), max(s.found), min(first_at), max(last_at),
        max(most_rows), max(most_people), max(most_values)
    FROM sums s WHERE place = ANY(ARRAY(SELECT number FROM places WHERE endpoint = %s))
    GROUP BY 1, 2, 3, 4, 5, 6"""
_MADE = "DELETE FROM totals_to_make WHERE endpoint = %s"
_LEFT = "SELECT count(*) FROM totals_to_make"


class NotReadyError(OutgateError):
    """The hub cannot tell this yet: try again later."""


def make_totals(database: Database, within_s: float) -> int:
    """Make totals for so long; return how many endpoints are left. Raises DatabaseDownError."""
    end = time.monotonic() + within_s
    while time.monotonic() < end and _made_one(database):
        pass
    with database.at_once() as connection:
        return left(connection)


def left(connection: Connection) -> int:
    """Return of how many endpoints the totals are not made yet."""
    row = connection.execute(_LEFT).fetchone()
    return 0 if row is None else int(row[0])


def refuse_unmade(connection: Connection) -> None:
    """Raise NotReadyError while totals lack."""
    lacking = left(connection)
    if lacking:
        raise NotReadyError(
            f"After the update, what {counted(lacking, 'endpoint')} sent is still being added up.",
            remedy="A hub that serves does it; ask again in some minutes (outgate hub status).",
        )


def _made_one(database: Database) -> bool:
    with database.work() as connection:
        row = connection.execute(_NEXT).fetchone()
        if row is None:
            return False
        make_all_alone(connection, row[0])
        for statement in (_FORGET, _ADD, _MADE):
            connection.execute(statement, row)
    return True
