"""Compares what is derived with the chains it is derived from: cases, versions of scripts, traffic,
hours, days.

Cases are added up in memory; the others, of which there may be very many, in tables of the
connection's own, and compared by SQL.
"""

from evidence.cases_check import MARKS_EDITED, cases_problem
from evidence.compiled import CREATE
from evidence.database import Connection
from evidence.marks import PRIME, Listed, secret
from evidence.past import Past, all_past, newest_apart
from evidence.removed import Removed
from evidence.rollup import Rollup, joined
from evidence.statements import write_rollup
from evidence.stretch import Stretch
from evidence.table_sums import WHAT, not_added_up

_TABLES = tuple(WHAT)
_MOST_KEYS = 20_000


class Derived:
    """Is told the stretches of the chain one after the other, and then compares."""

    def __init__(self, connection: Connection) -> None:
        """Make the tables of its own, which hide those of the file that have the same name."""
        self._connection = connection
        self.sums = Rollup()
        self.unreadable = 0
        self.secret = secret()
        self.marks = 1
        """Product of the marks of records."""
        self.untold: set[str | None] = set()
        """Keys of cases with an entry that cannot be read: nobody can say what is right of them."""
        self._begin()
        joined(self.sums, all_past(connection).rollup)

    def _begin(self) -> None:
        for table in _TABLES:
            (statement,) = (s for s in CREATE if s.startswith(f"CREATE TABLE {table} "))
            self._connection.execute(statement.replace("CREATE TABLE", "CREATE TEMP TABLE"))

    def take(self, stretch: Stretch) -> None:
        """Take what one stretch adds up to; put down sums that have become many."""
        self.unreadable += stretch.unreadable
        self.untold |= stretch.untold
        self.marks = self.marks * stretch.marks % PRIME
        joined(self.sums, stretch.sums)
        sums = self.sums
        if len(sums.traffic) + len(sums.scripts) + len(sums.hours) >= _MOST_KEYS:
            self._put_down()

    def _put_down(self) -> None:
        sums = self.sums
        some = Rollup(scripts=sums.scripts, traffic=sums.traffic, hours=sums.hours)
        write_rollup(self._connection, some)
        sums.scripts, sums.traffic, sums.hours = {}, {}, {}

    def problem(self) -> str | None:
        """Return what does not add up, if anything."""
        self._put_down()
        joined(self.sums, newest_apart(self._connection))
        others = (self._other(table) for table in _TABLES)
        cases = cases_problem(self._connection, self.sums.cases, self.untold)
        return cases or next(filter(None, others), None)

    def marks_problem(self) -> str | None:
        """Compare what values are looked up by, unless there are entries that this version cannot
        read.
        """
        if self.unreadable:
            return None
        removed = Removed.of(self._connection)
        unsure = removed.whole | removed.parts.keys()
        cut = Past.of(self._connection).cut
        if self._listed(Listed(self._connection, cut, unsure)) != self.marks:
            return MARKS_EDITED
        return None

    def _listed(self, listed: Listed) -> int:
        return listed.product(self.secret)

    def _other(self, table: str) -> str | None:
        """Compare one of the tables, unless there are entries that this version cannot add up."""
        if self.unreadable:
            return None
        for one, other in (("main", "temp"), ("temp", "main")):
            query = (
                f"SELECT * FROM {one}.{table} EXCEPT "  # noqa: S608
                f"SELECT * FROM {other}.{table} LIMIT 1"
            )
            if self._connection.execute(query).fetchone() is not None:
                return not_added_up(table)
        return None
