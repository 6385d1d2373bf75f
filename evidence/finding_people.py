"""Everything that the evidence holds about one value: which scripts sent it where and when, and who
approved them. Looked up by keyed marks; the value itself is nowhere.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from core.case_keys import destination_of, sender_of
from core.happenings import Happening, epoch_end
from core.record import Record
from core.review import ReviewEvent, signed
from core.stored import StoredRecord, UnreadableEntry
from evidence.acts import ACT_COLUMNS, opened_act, read_act, reviewed
from evidence.cases_check import list_problems
from evidence.checked_rows import entries_in
from evidence.database import Connection
from evidence.entries import ENTRY_COLUMNS, Recalled
from evidence.frames import mark
from evidence.marks import MORE_VALUES
from evidence.store import Store
from evidence.times import micros

MOST_READ = 2000
"""So many of its records are read; the number of all is told."""
_MOST_COMPARED = 20_000
_SEQS = "SELECT seq FROM marks WHERE mark = ? ORDER BY seq DESC LIMIT ?"
_COUNT = "SELECT count(*) FROM marks WHERE mark = ?"
_ENTRY = f"SELECT {ENTRY_COLUMNS} FROM entries WHERE seq = ?"  # noqa: S608
_DESTROYED = """SELECT CAST(body AS BLOB) FROM review_entries
    WHERE action = 'marks_key_destroyed'"""
_SAID = f"""SELECT {ACT_COLUMNS} FROM review_entries WHERE script = ?
    AND action IN ('approve_script', 'withdraw_script', 'approve', 'refuse', 'ask_approve',
        'ask_approve_script')
    ORDER BY seq"""  # noqa: S608


@dataclass(slots=True)
class Sending:
    """What one script sent to one destination of it."""

    script: str
    destination: str
    records: int = 0
    first: datetime | None = None
    last: datetime | None = None
    kinds: set[str] = field(default_factory=set)
    outcomes: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    said: tuple[str, ...] = ()
    """Who said what of the script, oldest first."""

    def add(self, record: Record, kinds: Iterable[str]) -> None:
        """Count one record."""
        self.records += 1
        self.first = record.at if self.first is None else min(self.first, record.at)
        self.last = record.at if self.last is None else max(self.last, record.at)
        self.kinds.update(kinds)
        self.outcomes.add(record.outcome)
        if record.sender.user is not None:
            self.users.add(record.sender.user)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The answer to one question."""

    sendings: tuple[Sending, ...]
    """The most recent first."""
    records: int
    """That hold the value."""
    unread: int
    """Of those, how many were not read: there are too many, or this version cannot."""
    more_values: int
    """Records, of anybody, that hold more values than marks: whether it is among them, nobody can
    tell."""
    blind: int = 0
    """Records, of anybody, from epochs whose key was destroyed: nor can it be told of them."""
    changed: int = 0
    """Of the records that hold it, how many somebody changed in the file: they are not told."""
    cases: str | None = None
    """What is wrong with the list of cases, if anything, or that it was not compared."""
    marks: str | None = None
    """Likewise of the list by which records are looked up: without it some may not be found."""


def found(store: Store, fingerprints: Collection[str]) -> Found:
    """Return what the evidence holds of a value with these fingerprints. Raises EvidenceError."""
    wanted = frozenset(fingerprints)
    marks = sorted({one for text in wanted if (one := mark(text)) is not None})
    sendings: dict[tuple[str, str], Sending] = {}
    read = changed = 0
    with store.reading() as connection:
        seqs = {int(seq) for one in marks for (seq,) in connection.execute(_SEQS, (one, MOST_READ))}
        every = _number(connection, marks, seqs)
        known = Recalled()
        for seq in sorted(seqs, reverse=True)[:MOST_READ]:
            entry = next(iter(entries_in(connection, store.chain_id, _ENTRY, (seq,))), None)
            opened = None if entry is None else entry.opened(known)
            changed += isinstance(opened, UnreadableEntry) and opened.is_changed
            if isinstance(opened, StoredRecord):
                read += 1
                _count(opened.record, wanted, sendings)
        more = int(connection.value(_COUNT, (MORE_VALUES,)))
        blind = _blind(connection)
        for sending in sendings.values():
            sending.said = tuple(_said(store, connection, sending.script))
    cases, looked_up = list_problems(store, _MOST_COMPARED)
    newest = sorted(sendings.values(), key=_last, reverse=True)
    return Found(
        sendings=tuple(newest),
        records=every,
        unread=every - read,
        more_values=more,
        blind=blind,
        changed=changed,
        cases=cases,
        marks=looked_up,
    )


def _blind(connection: Connection) -> int:
    """Return how many records are from before the end of an epoch whose key was destroyed."""
    ends = [0]
    for (text,) in connection.execute(_DESTROYED):
        try:
            act = read_act(text).act
        except ValueError:
            continue
        at = epoch_end(str(act.facts.get("epoch"))) if isinstance(act, Happening) else None
        if at is not None:
            ends.append(micros(at))
    return int(connection.value("SELECT count(*) FROM entries WHERE at_us < ?", (max(ends),)))


def _last(sending: Sending) -> float:
    return 0.0 if sending.last is None else sending.last.timestamp()


def _number(connection: Connection, marks: list[int], seqs: set[int]) -> int:
    """Return how many records hold it; where one mark has more than are read, at least so many."""
    most = max((int(connection.value(_COUNT, (one,))) for one in marks), default=0)
    return max(most, len(seqs))


def _count(
    record: Record, wanted: frozenset[str], sendings: dict[tuple[str, str], Sending]
) -> None:
    kinds = {one.kind for one in record.findings if wanted & set(one.fingerprints)}
    if kinds:
        key = sender_of(record), destination_of(record)
        sendings.setdefault(key, Sending(*key)).add(record, kinds)


def _said(store: Store, connection: Connection, script: str) -> Iterable[str]:
    for row in connection.execute(_SAID, (script,)):
        act = reviewed(opened_act(store.acts_chain_id, row))
        if isinstance(act, ReviewEvent):
            yield f"{act.action.value} by {signed(act)} at {act.at:%Y-%m-%d %H:%M}"
        elif act.is_changed:
            yield f"act {row[0]} was changed after it was written: outgate verify tells more"
