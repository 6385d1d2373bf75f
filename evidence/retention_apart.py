"""Retention behind a legal hold: what a hold covers stays, and the records behind it go when their
time is over, each by itself.

Such a record is emptied: its place and its hash stay, so the chain, its trees and all that was
signed stay right. What it added up to is kept (`evidence.past`), filed under less than nothing: the
number of the last entry of the step, negated. An act tells which entries went, by which rule. Once
the hold is lifted, what is left of them goes with the beginning of the chain.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from core.case_keys import sender_of
from core.happenings import Event, happening
from core.observation import Observation
from core.record import Record
from evidence.acts import append_happening
from evidence.alike import alike, alike_observed
from evidence.case_sums import CaseSums
from evidence.database import Connection, transaction
from evidence.entries import Recalled, read_entry
from evidence.erasure import empty
from evidence.frames import packed, text_of
from evidence.lots import forget_lots
from evidence.marks import MORE_VALUES, marks_in_text
from evidence.past import Past, Sums, digest
from evidence.removed import LegalHold, Removed, runs

STEP = 200
"""So many records are read, and at most emptied, in one transaction."""
REST_S = 0.02
_ROWS = """SELECT seq, at_us, body FROM entries WHERE seq > ? AND seq <= ? AND length(body) > 0
    ORDER BY seq LIMIT ?"""
_ERASURES = "SELECT count(*) FROM review_entries WHERE action = 'erased'"
_CASE = "SELECT * FROM cases WHERE key = ?"

type _Entry = Record | Observation


@dataclass(slots=True)
class _Going:
    """What of the next entries is to go."""

    last: int
    """The last entry that was looked at."""
    over: bool
    """Whether nothing behind it is to go."""
    numbers: list[int] = field(default_factory=list)
    marks: list[tuple[int, int]] = field(default_factory=list)
    sums: Sums = field(default_factory=Sums)


class Apart:
    """One pass behind the holds that stand when it begins; where they change, it ends."""

    def __init__(self, connection: Connection, before_us: int, rule: str) -> None:
        self._connection, self._before_us, self._rule = connection, before_us, rule
        self._holds = Removed.of(connection).holds
        self._full: dict[str, bool] = {}
        self._known = Recalled()

    def run(self, rest: Callable[[float], None], stopping: Callable[[], bool]) -> int:
        """Empty what is to go; return how many. Raises sqlite3.Error."""
        total, after = 0, Past.of(self._connection).cut
        while self._holds and not stopping():
            erasures = self._connection.value(_ERASURES)
            going = self._next(after)
            if going.numbers:
                if not self._emptied(going, erasures):
                    break  # somebody was at it: the next pass goes by what is then
                total += len(going.numbers)
            if going.over:
                break
            after = going.last
            rest(REST_S)
        return total

    def _next(self, after: int) -> _Going:
        """Read the next entries; up to the first that is too young, as at the beginning of the
        chain, and never the newest nor one that no checkpoint has signed.
        """
        connection = self._connection
        signed = connection.value("SELECT records FROM checkpoints ORDER BY seq DESC LIMIT 1") or 0
        newest = connection.value("SELECT max(seq) FROM entries") or 0
        limits = after, min(signed, newest - 1), STEP
        rows = connection.execute(_ROWS, limits).fetchall()
        going = _Going(last=after, over=len(rows) < STEP)
        for seq, at_us, frame in rows:
            if at_us >= self._before_us:
                going.over = True
                break
            going.last = seq
            if not self._is_held_by_time(at_us):
                self._take(going, seq, at_us, text_of(frame) or b"")
        return going

    def _is_held_by_time(self, at_us: int) -> bool:
        """Return whether a hold keeps whatever was sent then: its text need not be read."""
        return any(
            one.script is None and one.user is None and one.covers(at_us, "", None)
            for one in self._holds.values()
        )

    def _take(self, going: _Going, seq: int, at_us: int, text: bytes) -> None:
        """Add up an entry that is to go. What cannot be read stays while a hold stands: nobody
        knows what it covers.
        """
        try:
            entry = read_entry(text, self._known)
        except ValueError:
            return
        if _is_held(self._holds.values(), at_us, entry) or self._is_of_full_case(entry):
            return
        key = going.sums.rollup.add(entry, at_us)
        if key is not None:
            script = entry.sender.script
            going.sums.seen(key, None if script is None else script.sha256, seq)
        going.numbers.append(seq)
        going.marks += [(one, seq) for one in {MORE_VALUES, *marks_in_text(text)}]

    def _is_of_full_case(self, entry: _Entry) -> bool:
        """Return whether its case tells of more names than it keeps: by the order of its records,
        which what is taken out of the middle would change. It stays while the hold does.
        """
        kind = alike_observed(entry)[0] if isinstance(entry, Observation) else alike(entry)
        if kind.key is None:
            return False
        if kind.key not in self._full:
            row = self._connection.named(_CASE, (kind.key,)).fetchone()
            try:
                self._full[kind.key] = row is None or CaseSums.of(row).is_full
            except (KeyError, TypeError, ValueError, AttributeError):
                self._full[kind.key] = True  # edited: `verify` says so
        return self._full[kind.key]

    def _emptied(self, going: _Going, erasures: object) -> bool:
        """Empty them, and tell it; False where holds changed, or anything was erased, meanwhile."""
        connection, last, text = self._connection, going.numbers[-1], going.sums.to_bytes()
        facts: dict[str, Any] = {
            "entries": runs(going.numbers),
            "past": [f"{-last}:{digest(text)}"],
            "records": len(going.numbers),
            "rule": self._rule,
        }
        with transaction(connection):
            if Removed.of(connection).holds != self._holds:
                return False
            if connection.value(_ERASURES) != erasures or not self._are_there(going):
                return False
            remove = "DELETE FROM marks WHERE mark = ? AND seq = ?"
            connection.executemany(remove, going.marks).close()
            for seq in going.numbers:
                empty(connection, seq)
            forget_lots(connection, going.numbers)
            connection.execute("INSERT INTO past (cut, body) VALUES (?, ?)", (-last, packed(text)))
            append_happening(connection, happening(Event.EXPIRED_APART, facts))
        return True

    def _are_there(self, going: _Going) -> bool:
        """Return whether none of them went since they were read, by another gate."""
        query = "SELECT count(*) FROM entries WHERE seq BETWEEN ? AND ? AND length(body) > 0"
        numbers = going.numbers
        listed = f"{query} AND seq IN ({','.join('?' * len(numbers))})"
        found = self._connection.value(listed, (numbers[0], numbers[-1], *numbers))
        return bool(found == len(numbers))


def _is_held(holds: Iterable[LegalHold], at_us: int, entry: _Entry) -> bool:
    return any(one.covers(at_us, sender_of(entry), entry.sender.user) for one in holds)
