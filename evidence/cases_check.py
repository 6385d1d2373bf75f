"""Holds the lists of cases, and of marks that values are looked up by, against the records and acts
they are derived from. `verify` does so with what it read; reports, exports and searches with what
closed lots tell and the texts of the rest.
"""

import os
from collections.abc import Collection, Mapping
from typing import Self

from evidence.case_sums import CaseSums
from evidence.chain_ids import chain_id
from evidence.closed import OPEN
from evidence.closings import Closings
from evidence.columns_check import lists_problem
from evidence.database import Connection
from evidence.frames import text_of
from evidence.lots import WEIGHED, BadLot, LotKey, Told, holds_any, place_of
from evidence.marks import MORE_VALUES, PRIME, Listed, pair, product, secret
from evidence.notary import SEED_BYTES
from evidence.past import Past, all_past, newest_apart
from evidence.rebuild import newest_entries, oldest_entries
from evidence.removed import Removed
from evidence.rollup import Rollup, joined
from evidence.sqlite_errors import REBUILD, TableGoneError, gone_words, is_gone
from evidence.store import Store
from evidence.stretch import Cases
from evidence.table_sums import sums_problem
from evidence.tally import Tally

NOT_COMPARED = (
    "whether the list of cases is that of the records was not looked at, for too many would have "
    "to be read; outgate verify does"
)
MARKS_EDITED = f"the list by which values are looked up is not that of the records; {REBUILD}"
MARKS_NOT_COMPARED = (
    "whether the list by which values are looked up is that of the records was not looked at, for "
    "too much would have to be read; outgate verify does"
)
_MOST_MARKS = 200_000
"""Comparing so many takes about a fifth of a second."""
_MOST_ROWS = 20_000
"""Of so many entries the type of each column is looked at; of more that of the case."""
_MARKS = "SELECT count(*) FROM (SELECT 1 FROM marks LIMIT ?)"
_NO_MARK = """SELECT 1 FROM marks
    WHERE typeof(mark) IS NOT 'integer' OR typeof(seq) IS NOT 'integer' LIMIT 1"""
_LOTS = "SELECT first, last, closed FROM lots WHERE first > ? AND last >= first ORDER BY first"
_TEXTS = """SELECT seq, at_us, case_id, body FROM entries
    WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"""
_END = 2**62
_MANY = 1 << 11
_AS_ONE = 10
"""So many entries that a lot tells of take as long as one text."""


def cases_problem(
    connection: Connection, sums: dict[str, CaseSums], untold: Collection[str | None]
) -> str | None:
    """Return what is wrong with the rows of cases where records add up to these sums, which are
    taken away one by one; of the cases in `untold` nobody can say what is right.
    """
    closings, newest = Closings(connection), newest_entries(connection)
    oldest = oldest_entries(connection)
    closings.learn(connection)
    for row in connection.named("SELECT * FROM cases"):
        right_sums = sums.pop(row["key"], None)
        if row["key"] in untold:
            continue
        if right_sums is None or any(row[n] != value for n, value in right_sums.row().items()):
            return f"the list of cases does not add up to the records; {REBUILD}"
        right = closings.standing(row["key"], right_sums.reach, newest, oldest)
        if any(row[name] != right[name] for name in OPEN):
            return f"a case is open or closed otherwise than its reviews say; {REBUILD}"
    if sums.keys() - untold:
        return f"the list of cases does not hold all records; {REBUILD}"
    return None


def case_list_problem(store: Store, most: int = _END) -> str | None:
    """Return what is wrong with the list of cases of a store, if anything: a value that is of
    another type than is written, sums of it that are edited, cases that are missing, or open or
    closed against their reviews; that it was not compared, where more than so many texts would
    have to be read. Raises EvidenceError.

    Texts are not held against their hashes here: who reads an entry does that.
    """
    with _Gone() as gone, store.reading() as connection:
        connection.execute("BEGIN").close()  # all of one moment, while a gate writes on
        if (foreign := lists_problem(connection, min(most, _MOST_ROWS))) is not None:
            return foreign
        adding = _Adding(connection, LotKey.beside(store.path), most)
        return adding.problem() or adding.lots_gone
    return gone.words


def all_lists_problem(store: Store) -> str | None:
    """Return as `case_list_problem`, and what is wrong with the lists of versions of scripts, of
    traffic, of hours and of days: for who tells of these. Raises EvidenceError.
    """
    with _Gone() as gone, store.reading() as connection:
        connection.execute("BEGIN").close()
        if (foreign := lists_problem(connection, _MOST_ROWS)) is not None:
            return foreign
        adding = _Adding(connection, LotKey.beside(store.path), _END)
        return adding.problem() or adding.sums_problem() or adding.lots_gone
    return gone.words


def list_problems(
    store: Store, most: int, most_marks: int = _MOST_MARKS
) -> tuple[str | None, str | None]:
    """Return what is wrong with the list of cases, as `case_list_problem` does, and with the list
    by which values are looked up, or that it was not compared. Raises EvidenceError.
    """
    with _Gone() as gone, store.reading() as connection:
        connection.execute("BEGIN").close()
        if (foreign := lists_problem(connection, most)) is not None:
            return foreign, MARKS_NOT_COMPARED
        adding = _Adding(connection, LotKey.beside(store.path), most)
        cases, marks = adding.problem(), adding.marks_problem(most_marks)
        return cases or adding.lots_gone, marks
    return gone.words, MARKS_NOT_COMPARED


class _Gone:
    """A block that ends where a table is missing; which one is told then."""

    words: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, TableGoneError):
            self.words = error.words
        return self.words is not None


class _Adding:
    """Adds the cases up anew, and multiplies the marks (`evidence.marks`)."""

    def __init__(self, connection: Connection, key: LotKey | None, most: int) -> None:
        self._connection, self._key, self._left = connection, key, most
        self._chain = chain_id(connection, "records")
        self.lots_gone = gone_words("lots") if is_gone(connection, "lots") else None
        """That lots are missing: without them all is read."""
        self._sums, self._tally = Rollup(), Tally()
        self._cases, self._untold = Cases(connection), set[str | None]()
        removed = Removed.of(connection)
        self._touched = sorted({*removed.whole, *removed.parts})
        self._secret, self._marks = secret() if key is None else key.marks, 1
        self._weighing = key or LotKey.of_seed(os.urandom(SEED_BYTES))
        self._weights = dict.fromkeys(WEIGHED, 0)

    def problem(self) -> str | None:
        """Return what is wrong, if anything."""
        connection, filed = self._connection, True
        at = Past.of(connection).cut
        if self._least_to_read(at) > self._left:
            self._left = -1
            return NOT_COMPARED
        self._join(all_past(connection).rollup)
        for first, last, closed in self._lots(at):
            told = self._told(first, last, closed)
            if told is None or first <= at:
                continue
            self._left -= (last - first) // _AS_ONE
            filed = self._read(at, first - 1) and filed
            filed = all(self._cases.key(id_) == key for key, id_ in told.ids.items()) and filed
            self._join(told.sums)
            self._weigh(told.weights)
            self._marks = self._marks * told.marks % PRIME
            at = last
        filed = self._read(at, _END) and filed
        if self._left < 0:
            return NOT_COMPARED
        if not filed:
            return f"the list of cases does not hold all records; {REBUILD}"
        joined(self._sums, newest_apart(connection))
        return cases_problem(connection, self._sums.cases, self._untold)

    def marks_problem(self, most: int) -> str | None:
        """Return what is wrong with the marks, where there are no more than so many, once the cases
        were added up; nothing where an entry is of a version that this one cannot read.
        """
        if self._left < 0 or self._connection.value(_MARKS, (most + 1,)) > most:
            return MARKS_NOT_COMPARED
        if self._connection.value(_NO_MARK) is not None:
            return MARKS_EDITED
        listed = Listed(self._connection, Past.of(self._connection).cut, self._touched)
        if self._untold or listed.product(self._secret) == self._marks:
            return None
        return MARKS_EDITED

    def sums_problem(self) -> str | None:
        """Return what is wrong with the other sums, once the cases were added up; nothing where an
        entry is of a version that this one cannot read.
        """
        if self._untold:
            return None
        scripts = self._sums.scripts
        return sums_problem(self._connection, self._weighing, scripts, self._weights)

    def _join(self, sums: Rollup) -> None:
        joined(self._sums, Rollup(cases=sums.cases, scripts=sums.scripts))
        self._weigh(self._weighing.weights(sums))

    def _weigh(self, weights: Mapping[str, int]) -> None:
        for table, weight in weights.items():
            self._weights[table] += weight

    def _least_to_read(self, cut: int) -> int:
        """Return as how many texts what lies behind the cut takes, were all lots whole."""
        newest = int(self._connection.value("SELECT coalesce(max(seq), 0) FROM entries"))
        lots = () if self._key is None else self._lots(cut)
        told = sum(last - first + 1 for first, last, _ in lots)
        return max(newest - cut - told, 0) + told // (2 * _AS_ONE)

    def _lots(self, cut: int) -> list[tuple[int, int, bytes]]:
        """Return the closed lots of which nothing was erased."""
        if self.lots_gone is not None:
            return []
        found = self._connection.execute(_LOTS, (cut,)).fetchall()
        return [one for one in found if not holds_any(self._touched, one[0], one[1])]

    def _told(self, first: int, last: int, closed: bytes) -> Told | None:
        if self._key is None:
            return None
        try:
            return Told.of(self._key.opened(closed, place_of(self._chain, first, last)))
        except BadLot:
            return None

    def _read(self, after: int, last: int) -> bool:
        """Add up the texts behind an entry; return whether all are filed under their case."""
        filed = True
        while after < last and self._left >= 0:
            most = min(_MANY, self._left + 1)
            rows = self._connection.execute(_TEXTS, (after, last, most)).fetchall()
            if not rows:
                break
            self._left -= len(rows)
            self._tally.begin()
            filed = all(self._add(*row) for row in rows) and filed
            self._join(self._tally.sums)
            unsure = {pair(MORE_VALUES, seq) for seq in self._touched}
            pairs = [one for one in self._tally.pairs if one not in unsure]
            self._marks = product(pairs, self._secret, self._marks)
            after = rows[-1][0]
        return filed

    def _add(self, seq: int, at_us: int, case: int | None, body: bytes) -> bool:
        text, key = text_of(body), self._cases.key(case)
        if not text:
            return True  # erased
        try:
            return self._tally.add(text, at_us, seq)[2] == key
        except ValueError:
            self._untold.add(key)
            return True
