"""One group commit: opens, closes and their sums written in a single transaction, chained after the
head.
"""

import logging
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.observation import Observation
from core.record import Record
from core.record_writing import MODEL_SHOWN, Rendered, named
from core.values import quick
from evidence.alike import Alikes
from evidence.chain import canonical, canonical_with, genesis
from evidence.chain_ids import chain_id
from evidence.database import Connection, transaction
from evidence.fragments import Fragments
from evidence.frames import packed
from evidence.journal_seal import JournalSeal
from evidence.lots import Lot
from evidence.marks import marks_of
from evidence.parts import SALT_BYTES, seal_entry
from evidence.rollup import Rollup
from evidence.sqlite_errors import EvidenceLostError
from evidence.statements import (
    DELETE_OPEN,
    INSERT_ENTRY,
    INSERT_MARK,
    INSERT_OPEN,
    Remembered,
    write_rollup,
)
from evidence.times import micros

_MOST_CASES_REMEMBERED = 50_000

log = logging.getLogger("outgate.evidence")


@quick
@dataclass(frozen=True, slots=True)
class Item:
    """One record, already JSON, on its way into the file."""

    id: str
    at_us: int
    record: Record | Observation | None
    """As it reads when it is stored; None where it is not to be added up, or where this version
    cannot read it.
    """
    text: bytes
    """Canonical JSON."""

    @property
    def marks(self) -> set[int]:
        """By what its values are looked up."""
        findings = self.record.findings if isinstance(self.record, Record) else ()
        return marks_of((one.fingerprints, one.distinct) for one in findings)


@dataclass(slots=True)
class Batch:
    """What is written together. An exchange opened and closed in one batch needs no journal row."""

    opens: dict[str, Item] = field(default_factory=dict)
    closes: list[Item] = field(default_factory=list)


@quick
@dataclass(frozen=True, slots=True)
class _Journal:
    """What a batch does to the journal of open exchanges."""

    rows: list[tuple[int, Item]]
    """Slot and exchange."""
    unused: list[int]
    """Slots whose exchanges have ended and that nothing else takes."""
    new_slots: int


_UNTOUCHED = _Journal([], [], 0)


@quick
@dataclass(frozen=True, slots=True)
class _Written:
    """What is told of a batch once it is committed."""

    rows: list[tuple[Any, ...]]
    marks: list[tuple[int, int]]
    rollup: Rollup
    ids: dict[str, int]
    is_read: bool
    """Whether this version can read all its records."""


class Appender:
    """Appends batches to the chain of records over one connection.

    Another process may append too: BEGIN IMMEDIATE keeps it out, `data_version` tells when it
    was there, and only then is the head read again.
    """

    def __init__(
        self,
        connection: Connection,
        gate: str,
        seal: JournalSeal | None = None,
        lot: Lot | None = None,
    ) -> None:
        """With `seal`, rows of the journal are sealed; `lot` is told what was written."""
        self._driver = connection
        self._gate = gate
        self.seal = seal
        self._lot = lot
        self._written: _Written | None = None
        self.sums = Rollup()
        """What the records of the last batch add up to."""
        self._version = -1
        self._seq = 0
        self._head = b""
        self._cases: dict[str, int] = {}
        self._remembered = Remembered()
        self._alikes = Alikes()
        self._slots: dict[str, int] = {}
        """Open exchange → its row in the journal."""
        self._next_slot = secrets.randbits(40) << 20

    @property
    def head(self) -> tuple[int, bytes]:
        """Place and hash of the last entry that this gate knows of; (0, nothing) before it knows
        any.
        """
        return self._seq, self._head if self._seq else b""

    @property
    def journaled(self) -> dict[str, int]:
        """The open exchanges whose journal rows this gate holds, with their slots."""
        return dict(self._slots)

    def adopt(self, slots: Mapping[str, int]) -> None:
        """Take over journal rows that a gate left behind: closing them removes them."""
        self._slots.update(slots)

    def succeed(self, before: "Appender") -> None:
        """Go on over another connection where this one came to: what it wrote must be there."""
        self.adopt(before.journaled)
        self._seq, self._head = before.head

    def look(self) -> None:
        """Raise EvidenceLostError when the last known entry is no longer the one that was
        written.
        """
        if self._data_version() != self._version and self._seq:
            self._refuse_lost_tail()

    def _data_version(self) -> int:
        return int(self._driver.value("PRAGMA data_version"))

    def _refuse_lost_tail(self) -> None:
        found = self._driver.value("SELECT hash FROM entries WHERE seq = ?", (self._seq,))
        if found is None or bytes(found) != self._head:
            raise EvidenceLostError(
                "The newest records were taken out of the evidence file while the gate was "
                "running.",
                remedy="Stop Outgate, keep the file for examination, and restore a backup.",
            )

    def write(self, batch: Batch) -> int:
        """Write all of the batch or, raising, nothing of it.

        Returns the place of its first entry in the chain.
        """
        plan = self._plan(batch)
        try:
            with transaction(self._driver):
                self._catch_up()
                seq, head = self._append(batch.closes)
                INSERT_OPEN.run_rows(self._driver, [self._row(*row) for row in plan.rows])
                if plan.unused:
                    self._driver.executemany(DELETE_OPEN, [(slot,) for slot in plan.unused]).close()
        except BaseException:
            # What was learnt inside the transaction was rolled back with it.
            self._version, self._written = -1, None
            raise
        self._seq, self._head = seq, head
        self._next_slot += plan.new_slots
        for item in batch.closes:
            self._slots.pop(item.id, None)
        self._slots.update((item.id, slot) for slot, item in plan.rows)
        self._tell_lot()
        return seq - len(batch.closes) + 1

    def _tell_lot(self) -> None:
        """Tell the lot what was committed; what this version cannot read stays out of lots, and so
        does what a lot could not take: half of it would tell of entries that are not so.
        """
        lot, written, self._written = self._lot, self._written, None
        if lot is None or written is None:
            return
        try:
            if written.is_read:
                lot.take(written.rows, written.marks, written.rollup, written.ids)
            else:
                lot.drop()
        except BaseException as error:  # noqa: BLE001 - boundary: what is committed is committed
            lot.drop()
            log.error("a lot of the evidence begins anew: %s", type(error).__name__)

    def _row(self, slot: int, item: Item) -> tuple[object, ...]:
        seal = None if self.seal is None else self.seal.of(slot, item.id, self._gate, item.text)
        return slot, item.id, self._gate, item.text.decode(), seal

    def _plan(self, batch: Batch) -> "_Journal":
        """Return where in the journal what begins goes.

        Rows of exchanges that end are overwritten by those that begin; only what is left over is
        deleted. What is journaled a second time (a hold that was released) takes its own row again.
        """
        if not batch.opens and not self._slots:
            return _UNTOUCHED
        closing = {item.id for item in batch.closes}
        opens = [item for item in batch.opens.values() if item.id not in closing]
        new = [item for item in opens if item.id not in self._slots]
        free = [self._slots[id_] for id_ in closing if id_ in self._slots]
        more = max(0, len(new) - len(free))
        slots = [*free[: len(new)], *range(self._next_slot, self._next_slot + more)]
        rows = list(zip(slots, new, strict=True))
        rows += [(self._slots[item.id], item) for item in opens if item.id in self._slots]
        return _Journal(rows, free[len(new) :], more)

    def _catch_up(self) -> None:
        version = self._data_version()
        if version == self._version:
            return
        if self._seq:
            self._refuse_lost_tail()
        row = self._driver.execute(
            "SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        if row is None:
            row = 0, genesis(chain_id(self._driver, "records"))
        if self._lot is not None and self._seq != row[0]:
            self._lot.drop()  # somebody else wrote entries
        self._seq, self._head = row
        self._cases.clear()
        self._remembered.clear()
        self._version = version

    def _append(self, items: Sequence[Item]) -> tuple[int, bytes]:
        seq, head = self._seq, self._head
        rollup = self.sums = Rollup(alikes=self._alikes)
        if not items:
            return seq, head
        keys = [add_up(rollup, item) for item in items]
        write_rollup(self._driver, rollup, remembered=self._remembered)
        rows, marks, salts = [], [], os.urandom(SALT_BYTES * len(items))
        for number, (item, key) in enumerate(zip(items, keys, strict=True)):
            seq += 1
            salt = salts[number * SALT_BYTES : (number + 1) * SALT_BYTES]
            prev, (head, cuts) = head, seal_entry(head, seq, item.text, salt)
            case = None if key is None else self._case_id(key)
            row = (seq, item.id, item.at_us, case, prev, head, salt, cuts, packed(item.text))
            rows.append(row)
            if isinstance(item.record, Record) and item.record.findings:
                marks += [(found, seq) for found in item.marks]
        INSERT_ENTRY.run_rows(self._driver, rows)
        INSERT_MARK.run_rows(self._driver, sorted(marks))
        if self._lot is not None:
            self._lot.look(self._driver)
            ids = {key: self._case_id(key) for key in keys if key is not None}
            is_read = all(item.record is not None for item in items)
            self._written = _Written(rows, marks, rollup, ids, is_read)
        return seq, head

    def _case_id(self, key: str) -> int:
        if (known := self._cases.get(key)) is not None:
            return known
        if len(self._cases) >= _MOST_CASES_REMEMBERED:
            self._cases.clear()
        (found,) = self._driver.execute("SELECT id FROM cases WHERE key = ?", (key,)).fetchone()
        self._cases[key] = found
        return int(found)


def add_up(rollup: Rollup, item: Item) -> str | None:
    """Add a finished record to the sums; return the key of its case, or None when it needs no
    review.
    """
    if item.record is None:
        return rollup.add_unreadable(item.id, item.at_us)
    return rollup.add(item.record, item.at_us)


class Items:
    """Makes items of records, and spares the second JSON of what records have in common."""

    def __init__(self) -> None:
        self._fragments = Fragments()
        self._rendered = Rendered()
        """The senders of observations."""
        self._senders = Rendered()
        """The text of senders, by the very JSON that `_rendered` gives."""

    def made(self, record: Record | Observation, *, ends: bool) -> Item:
        """Return what is ready to be chained, or to be journaled where a record does not end yet.

        Raises ValueError when JSON cannot hold it.
        """
        if isinstance(record, Observation):
            return self._observed(record)
        return self.closed(record) if ends else self.opened(record)

    def _observed(self, seen: Observation) -> Item:
        body = seen.to_json(self._rendered)
        text = canonical_with(body, "sender", self._senders.of(body["sender"], canonical))
        # As it will be read again: made harmless and cut.
        return Item(seen.id, micros(seen.at), Observation.from_json(body), text)

    def opened(self, record: Record) -> Item:
        """Return a record ready to be journaled. Raises ValueError."""
        return Item(record.id, micros(record.at), None, self._fragments.text_of(record))

    def bare(self, record: Record, why: str) -> Item:
        """Return what can be kept of a finished record that cannot be made.

        Nothing of it comes from what was made for other records. Raises whatever it pleases.
        """
        note = f"it could not be recorded whole ({why})"
        decision = replace(record.decision, degraded=(*record.decision.degraded, f"record: {note}"))
        bare = replace(record, decision=decision, llm=None, findings=(), notes=(note,))
        body = bare.to_json()
        return Item(record.id, micros(record.at), Record.from_json(body), canonical(body))

    def closed(self, record: Record) -> Item:
        """Return a finished record ready to be chained.

        Raises ValueError when JSON cannot hold it.
        """
        text = self._fragments.text_of(record)
        return Item(record.id, micros(record.at), self._as_stored(record), text)

    def _as_stored(self, record: Record) -> Record:
        """Return the record with the texts that sums look at as they will be read again: made
        harmless and cut.
        """
        sender = self._fragments.sender(record.sender)
        destination = self._fragments.destination(record.destination)
        llm = record.llm
        model = None if llm is None else named(llm.model, MODEL_SHOWN)
        if llm is not None and llm.model != model:
            record = replace(record, llm=replace(llm, model=model))
        if sender is record.sender and destination is record.destination:
            return record
        return replace(record, sender=sender, destination=destination)
