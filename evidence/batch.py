"""One group commit: opens, closes and their sums written in a single transaction, chained after the head."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from core.record import Record
from evidence.chain import canonical, genesis, link
from evidence.database import transaction
from evidence.rollup import Rollup, micros
from evidence.schema import chain_id
from evidence.statements import DELETE_OPEN, INSERT_ENTRY, INSERT_OPEN, write_rollup

_MOST_CASES_REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Item:
    """One record, already JSON, on its way into the file."""

    id: str
    at_us: int
    body: Mapping[str, Any]
    text: bytes
    """Canonical."""


@dataclass(slots=True)
class Batch:
    """What is written together. An exchange opened and closed in one batch needs no journal row."""

    opens: dict[str, Item] = field(default_factory=dict)
    closes: list[Item] = field(default_factory=list)


class Appender:
    """Appends batches to the chain of records over one connection.

    Another process may append too: BEGIN IMMEDIATE keeps it out, `data_version` tells when it was there, and only then
    is the head read again.
    """

    def __init__(self, connection: Connection, gate: str) -> None:
        self._connection = connection
        self._gate = gate
        self._version = -1
        self._seq = 0
        self._head = b""
        self._cases: dict[str, int] = {}
        self._journaled: set[str] = set()

    def write(self, batch: Batch) -> int:
        """Write all of the batch or, raising, nothing of it. Returns the place of its first entry in the chain."""
        closing = {item.id for item in batch.closes}
        opens = [item for item in batch.opens.values() if item.id not in closing]
        ended = closing & self._journaled
        try:
            with transaction(self._connection):
                self._catch_up()
                seq, head = self._append(batch.closes)
                self._journal(opens)
                self._forget_open(ended)
        except BaseException:
            # What was learnt inside the transaction was rolled back with it.
            self._version = -1
            raise
        self._seq, self._head = seq, head
        self._journaled -= ended
        self._journaled.update(item.id for item in opens)
        return seq - len(batch.closes) + 1

    @property
    def journaled(self) -> frozenset[str]:
        """Ids of the open exchanges whose journal rows this gate holds."""
        return frozenset(self._journaled)

    def adopt(self, ids: Iterable[str]) -> None:
        """Take over journal rows that a gate left behind: closing them removes them."""
        self._journaled.update(ids)

    def _journal(self, opens: Sequence[Item]) -> None:
        if opens:
            rows = [(item.id, self._gate, item.text.decode()) for item in opens]
            self._connection.exec_driver_sql(INSERT_OPEN.text, rows)

    def _forget_open(self, ids: set[str]) -> None:
        if ids:
            self._connection.exec_driver_sql(DELETE_OPEN.text, [(id_,) for id_ in ids])

    def _catch_up(self) -> None:
        version = int(self._connection.exec_driver_sql("PRAGMA data_version").scalar_one())
        if version == self._version:
            return
        row = self._connection.exec_driver_sql("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").first()
        self._seq, self._head = (0, genesis(chain_id(self._connection, "records"))) if row is None else (row[0], row[1])
        self._cases.clear()
        self._version = version

    def _append(self, items: Sequence[Item]) -> tuple[int, bytes]:
        seq, head = self._seq, self._head
        if not items:
            return seq, head
        rollup = Rollup()
        keys = [rollup.add(item.body, item.at_us) for item in items]
        write_rollup(self._connection, rollup)
        rows = []
        for item, key in zip(items, keys, strict=True):
            seq += 1
            prev, head = head, link(head, seq, item.text)
            case_id = None if key is None else self._case_id(key)
            rows.append((seq, item.id, item.at_us, case_id, prev, head, item.text.decode()))
        self._connection.exec_driver_sql(INSERT_ENTRY.text, rows)
        return seq, head

    def _case_id(self, key: str) -> int:
        if (known := self._cases.get(key)) is not None:
            return known
        if len(self._cases) >= _MOST_CASES_REMEMBERED:
            self._cases.clear()
        found = int(self._connection.exec_driver_sql("SELECT id FROM cases WHERE key = ?", (key,)).scalar_one())
        self._cases[key] = found
        return found


def item_of(record: Record) -> Item:
    """Return a record ready to be written. Raises ValueError when JSON cannot hold it."""
    body = record.to_json()
    return Item(record.id, micros(record.at), body, canonical(body))
