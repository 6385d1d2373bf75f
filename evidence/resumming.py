"""What the thirteenth version left out of its sums of what left, added up anew: only rows that hold
such a record, or may. The rest of a file is as `evidence.rebuild` would make it.
"""

import json
from collections.abc import Iterable, Iterator

from core.decision import Verdict, left_by
from core.fate import Fate
from evidence.case_sums import SEPARATOR
from evidence.database import Connection
from evidence.lump import Lump, rolled
from evidence.past import all_past
from evidence.rebuild import CHUNK, Forward, close_anew
from evidence.removed import Removed
from evidence.rollup import Hour, Rollup, add_to
from evidence.statements import Remembered, write_rollup
from evidence.tally import Tally
from evidence.times import HOUR_US

_WHOLE = frozenset({"", *(verdict.value for verdict in Verdict if left_by(verdict))})
"""Outcomes of what left whole, as the thirteenth version counted it."""
_AGAIN = (Verdict.BLOCK.value, Verdict.HOLD.value, Fate.PAST.value)
"""Outcomes of hours of which some may hold what left in part, or went past. Each of their records
stands in a case.
"""
_ROWS = """SELECT seq, at_us, unpacked(body) FROM entries
    WHERE seq > ? AND case_id IN (SELECT value FROM json_each(?)) ORDER BY +seq LIMIT ?"""
_LEAST = """SELECT DISTINCT hour FROM hours WHERE least > 0
    AND outcome NOT IN (SELECT value FROM json_each(?))"""
_OF_AN_HOUR = """SELECT seq, at_us, unpacked(body) FROM entries WHERE at_us >= ? AND at_us < ?
    AND (case_id IS NULL OR case_id NOT IN (SELECT value FROM json_each(?)))"""


def resum(connection: Connection) -> None:
    """Add up anew what is concerned; call inside a transaction, before which `traffic` has its
    column `least`. A person is told how far it is.
    """
    ids = _concerned(connection)
    marked = json.dumps(list(ids.values()))
    counting = "SELECT count(*) FROM entries WHERE case_id IN (SELECT value FROM json_each(?))"
    total = int(connection.value(counting, (marked,)))
    forward = Forward(total, int(connection.value("SELECT count(*) FROM entries")))
    again = _Again(connection, ids)
    connection.execute("DELETE FROM cases WHERE id IN (SELECT value FROM json_each(?))", (marked,))
    for table in ("hours", "days"):
        connection.execute(
            f"DELETE FROM {table} WHERE outcome IN (SELECT value FROM json_each(?))",  # noqa: S608
            (json.dumps(_AGAIN),),
        )
    again.write(_of_past(connection, ids))
    last = 0
    while rows := connection.execute(_ROWS, (last, marked, CHUNK)).fetchall():
        again.take(rows)
        last = rows[-1][0]
        forward.take(len(rows))
    _tell_what_is_least(connection, again, marked)
    close_anew(connection)


def _concerned(connection: Connection) -> dict[str, int]:
    """Return the cases with a record that may not have left whole, and their ids."""
    return {
        str(key): int(id_)
        for key, id_, outcomes in connection.execute("SELECT key, id, outcomes FROM cases")
        if not _WHOLE.issuperset(str(outcomes).split(SEPARATOR))
    }


def _of_past(connection: Connection, ids: dict[str, int]) -> Rollup:
    """Return what expired records add to what is added up anew."""
    past = all_past(connection).rollup
    return Rollup(
        cases={key: sums for key, sums in past.cases.items() if key in ids},
        hours=dict(_again(past.hours.items())),
    )


def _again(hours: Iterable[tuple[Hour, list[int]]]) -> Iterator[tuple[Hour, list[int]]]:
    return ((hour, sums) for hour, sums in hours if hour[-1] in _AGAIN)


class _Again:
    """Adds entries up anew that stand in the cases concerned."""

    def __init__(self, connection: Connection, ids: dict[str, int]) -> None:
        self._connection, self._ids = connection, ids
        self._tally = Tally()
        self._remembered = Remembered()
        self._erased = Removed.of(connection).whole

    def lumps(self, rows: Iterable[tuple[int, int, bytes]]) -> list[Lump]:
        """Return what entries come to, by their kinds; what is erased or cannot be read adds
        nothing.
        """
        self._tally.begin()
        for seq, at_us, text in rows:
            if seq not in self._erased:
                try:
                    self._tally.add(text, at_us, seq)
                except ValueError:
                    continue  # it stands in the case of what cannot be read
        return list(self._tally.lumps)

    def take(self, rows: list[tuple[int, int, bytes]]) -> None:
        """Take the next entries of the cases."""
        lumps = self.lumps(rows)
        whole = rolled(lumps)
        found = Rollup(cases=whole.cases, hours=dict(_again(whole.hours.items())))
        found.traffic = rolled([one for one in lumps if one.kind.went and not _left(one)]).traffic
        for place, sums in rolled(filter(_left, lumps)).traffic.items():
            if sums[-1]:
                add_to(found.traffic, place, (0, 0, 0, 0, sums[-1]))
        self.write(found)

    def write(self, found: Rollup) -> None:
        """Add to the tables."""
        write_rollup(self._connection, found, self._ids, self._remembered)


def _left(lump: Lump) -> bool:
    """Return whether its records left whole: as such they stand in the sums of traffic."""
    case, outcome = lump.kind.case, lump.kind.outcome
    verdict, _, ending = (outcome if case is None else case.outcome).partition(":")
    return left_by(verdict, ending or None)


def _tell_what_is_least(connection: Connection, again: _Again, marked: str) -> None:
    """Have the sums of traffic tell what the hours did: what left whole, and may have been more.

    Of records that stand in none of the cases concerned; there are few such hours.
    """
    for (hour,) in connection.execute(_LEAST, (json.dumps(_AGAIN),)).fetchall():
        span = hour * HOUR_US, (hour + 1) * HOUR_US, marked
        lumps = [one for one in again.lumps(connection.execute(_OF_AN_HOUR, span)) if _left(one)]
        traffic = {
            place: [0, 0, 0, 0, sums[-1]]
            for place, sums in rolled(lumps).traffic.items()
            if sums[-1]
        }
        again.write(Rollup(traffic=traffic))
