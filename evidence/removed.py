"""What the chain of acts says was taken out of the evidence: entries erased whole, parts of
entries, and what is under a legal hold.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.happenings import Event, Happening
from evidence.acts import read_act
from evidence.database import Connection

_QUERY = """SELECT CAST(body AS BLOB) FROM review_entries
    WHERE action IN ('erased', 'expired_apart', 'legal_hold', 'hold_lifted', 'acts_expired')
    ORDER BY seq"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHold:
    """Records that nothing may erase while it stands; None is any."""

    id: str
    script: str | None = None
    user: str | None = None
    since_us: int | None = None
    until_us: int | None = None

    def covers(self, at_us: int, sender: str, user: str | None) -> bool:
        """Return whether a record of this time and sender is under it."""
        if self.script is not None and self.script != sender:
            return False
        if self.user is not None and self.user != user:
            return False
        early = self.since_us is not None and at_us < self.since_us
        return not early and (self.until_us is None or at_us < self.until_us)


@dataclass(slots=True)
class Removed:
    """What was erased, by the number of the entry."""

    whole: set[int] = field(default_factory=set)
    """Also what expired behind a legal hold: of both the place and the hash are left."""
    parts: dict[int, set[int]] = field(default_factory=dict)
    """Entry → numbers of its parts."""
    holds: dict[str, LegalHold] = field(default_factory=dict)
    acts: set[int] = field(default_factory=set)
    """Acts whose time is over."""

    @classmethod
    def of(cls, connection: Connection) -> "Removed":
        """Read it from the chain of acts; acts that cannot be read say nothing."""
        found = cls()
        for (text,) in connection.execute(_QUERY):
            try:
                act = read_act(text).act
            except ValueError:
                continue
            if isinstance(act, Happening):
                found.take(act)
        return found

    def take(self, act: Happening) -> None:
        """Take one act; what it does not say rightly, it does not say."""
        facts: Mapping[str, Any] = act.facts
        if act.event in {Event.ERASED, Event.EXPIRED_APART}:
            self.whole.update(_numbers(facts.get("entries")))
            for row in _rows(facts.get("parts")):
                self.parts.setdefault(row[0], set()).update(row[1:])
        elif act.event is Event.LEGAL_HOLD:
            known = {name: facts.get(name) for name in ("script", "user", "since_us", "until_us")}
            id_ = str(facts.get("hold"))
            self.holds[id_] = LegalHold(id=id_, **known)
        elif act.event is Event.ACTS_EXPIRED:
            self.acts.update(_numbers(facts.get("acts")))
        elif act.event is Event.HOLD_LIFTED:
            self.holds.pop(str(facts.get("hold")), None)

    def problem(self, seq: int, *, is_empty: bool, erased: frozenset[int]) -> str | None:
        """Return what is wrong with an entry as it is, if anything."""
        if not is_empty and not erased and seq not in self.whole and seq not in self.parts:
            return None
        told = self.parts.get(seq, set())
        if is_empty and seq not in self.whole:
            return f"entry {seq} was emptied, and no erasure tells of it"
        if seq in self.whole and not is_empty:
            return f"entry {seq} was erased, and is there again"
        if not is_empty and not erased <= told:
            return f"parts of entry {seq} were taken out, and no erasure tells of it"
        if not is_empty and not told <= erased:
            return f"parts of entry {seq} were erased, and are there again"
        return None


def _rows(value: Any) -> list[list[int]]:
    rows = value if isinstance(value, list) else []
    return [row for row in rows if isinstance(row, list) and row and _are_numbers(row)]


def _numbers(value: Any) -> Iterable[int]:
    for row in _rows(value):
        if len(row) == len(("first", "last")):
            yield from range(row[0], row[1] + 1)


def _are_numbers(row: list[Any]) -> bool:
    return all(type(one) is int and 0 <= one < 1 << 62 for one in row)


def runs(numbers: Iterable[int]) -> list[list[int]]:
    """Return numbers as runs of first and last."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found
