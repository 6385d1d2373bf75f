"""Compares what is derived with the chains it is derived from: cases, versions of scripts, traffic.

Cases are added up in memory; scripts and traffic, of which there may be very many, in tables of the
connection's own, and compared by SQL.
"""

from core.record import Record
from evidence.closings import OPEN, Closings
from evidence.compiled import CREATE
from evidence.database import Connection
from evidence.past import all_past
from evidence.rebuild import newest_entries
from evidence.rollup import Rollup, joined
from evidence.statements import write_rollup

REBUILD = "outgate verify --rebuild makes it anew"
_TABLES = ("scripts", "traffic")
_WHAT = {"scripts": "the list of versions of scripts", "traffic": "the sums of traffic"}
_MOST_KEYS = 20_000


class Derived:
    """Is told the records one after the other, and then compares."""

    def __init__(self, connection: Connection) -> None:
        """Make the tables of its own, which hide those of the file that have the same name."""
        self._connection = connection
        self.sums = Rollup()
        self.unreadable = 0
        self.untold: set[str | None] = set()
        """Keys of cases with an entry that cannot be read: nobody can say what is right of them."""
        for table in _TABLES:
            (statement,) = (s for s in CREATE if s.startswith(f"CREATE TABLE {table} "))
            connection.execute(statement.replace("CREATE TABLE", "CREATE TEMP TABLE"))
        past = all_past(connection)
        joined(self.sums, past.rollup)
        self.closings = Closings(connection)
        for key, sums in past.before():
            self.closings.see_past(key, sums, past.newest.get(key, {}))

    def cannot_read(self, case: str | None) -> None:
        """Take an entry that this version cannot read."""
        self.unreadable += 1
        self.untold.add(case)

    def add(self, record: Record, seq: int, at_us: int) -> str | None:
        """Add one record; return the key of its case."""
        key = self.sums.add(record, at_us)
        self.closings.see(record, key, seq, at_us)
        return key

    def settle(self) -> None:
        """Put down sums that have become many; call after every record."""
        if len(self.sums.traffic) + len(self.sums.scripts) >= _MOST_KEYS:
            self._put_down()

    def _put_down(self) -> None:
        some = Rollup(scripts=self.sums.scripts, traffic=self.sums.traffic)
        write_rollup(self._connection, some)
        self.sums.scripts, self.sums.traffic = {}, {}

    def problem(self) -> str | None:
        """Return what does not add up, if anything."""
        self._put_down()
        return self._cases_problem() or next(filter(None, map(self._other, _TABLES)), None)

    def _cases_problem(self) -> str | None:
        newest = newest_entries(self._connection)
        for row in self._connection.named("SELECT * FROM cases"):
            sums = self.sums.cases.pop(row["key"], None)
            if row["key"] in self.untold:
                continue
            if sums is None or any(row[name] != value for name, value in sums.row().items()):
                return f"the list of cases does not add up to the records; {REBUILD}"
            right = self.closings.standing(row["key"], sums.reach, newest)
            if any(row[name] != right[name] for name in OPEN):
                return f"a case is open or closed otherwise than its reviews say; {REBUILD}"
        if self.sums.cases.keys() - self.untold:
            return f"the list of cases does not hold all records; {REBUILD}"
        return None

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
                return f"{_WHAT[table]} does not add up to the records; {REBUILD}"
        return None
