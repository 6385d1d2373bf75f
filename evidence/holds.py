"""Held requests: which wait for a person, and what people said about them."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from core.record import Record
from core.review import Action, HoldAnswer, HoldState
from core.stored import StoredRecord, UnreadableEntry
from evidence.confirming import ASKED_LASTS
from evidence.database import Connection
from evidence.entries import under_way
from evidence.review_entries import review_of
from evidence.standing import standing_answer
from evidence.store import Store
from evidence.times import MICROSECOND, micros

ANSWERED_BEFORE = """SELECT CAST(body AS BLOB) FROM review_entries
    WHERE hold_key = ? AND action IN ('approve', 'refuse') AND at_us >= ?
    ORDER BY seq DESC LIMIT 1"""
SAID = """SELECT record_id, CAST(body AS BLOB) FROM review_entries
    WHERE record_id IN (SELECT value FROM json_each(?)) AND action IN ('approve', 'refuse')
    ORDER BY seq"""
ASKED = """SELECT record_id, CAST(body AS BLOB) FROM review_entries
    AS asked WHERE record_id IN (SELECT value FROM json_each(?)) AND action = 'ask_approve'
    AND at_us > ? AND NOT EXISTS (SELECT 1 FROM review_entries AS later
        WHERE later.record_id = asked.record_id AND later.seq > asked.seq
        AND later.action IN ('approve', 'refuse'))
    ORDER BY seq"""
WAITING = """SELECT id, CAST(body AS BLOB) FROM open_exchanges
    WHERE CASE WHEN json_valid(body)
        THEN coalesce(json_extract(body, '$.decision.verdict'), 'hold') = 'hold'
        AND json_extract(body, '$.decision.hold.outcome') IS NULL ELSE 1 END
    AND NOT EXISTS (SELECT 1 FROM review_entries
        WHERE record_id = open_exchanges.id AND action IN ('approve', 'refuse'))
    ORDER BY id"""
"""What is no JSON, or says no verdict, may be a hold: it is shown as what cannot be read."""


class HeldRequests:
    """Implements `core.ports.Holds` and `HoldQueue` over a store: answers are review events that
    name a record.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def answers(self, record_ids: Sequence[str]) -> Mapping[str, HoldAnswer]:
        """Return what a person said last about each of these held requests that was answered.

        Raises EvidenceError.
        """
        with self._store.reading() as connection:
            return _said(connection, record_ids)

    def answered_before(self, hold_key: str, since: datetime) -> HoldAnswer | None:
        """Return what a person said last, since then, about an identical request.

        Raises EvidenceError.
        """
        with self._store.reading() as connection:
            text = connection.value(ANSWERED_BEFORE, (hold_key, micros(since)))
        return None if text is None else _answer(text)

    def standing(self, record: Record) -> HoldAnswer | None:
        """Return the approval until a day that covers this request. Raises EvidenceError."""
        with self._store.reading() as connection:
            return standing_answer(connection, record)

    def waiting(self) -> Sequence[Record | UnreadableEntry]:
        """Records under way that are held and that nobody has answered, oldest first.

        Raises EvidenceError.
        """
        with self._store.reading() as connection:
            return [under_way(id_, text) for id_, text in connection.execute(WAITING)]

    def asked_by(self, record_ids: Sequence[str]) -> Mapping[str, str]:
        """Return who asked for the release of these, where a second person has to confirm it still.

        Raises EvidenceError.
        """
        since = self._store.now_us() - ASKED_LASTS // MICROSECOND
        with self._store.reading() as connection:
            asked = connection.execute(ASKED, (json.dumps(list(record_ids)), since))
            said = {id_: _answer(text) for id_, text in asked}
        return {id_: answer.signed for id_, answer in said.items() if answer is not None}

    def states(self, record_ids: Sequence[str]) -> Mapping[str, HoldState]:
        """How these held requests ended and what was said about them last; ids of no finished
        record are left out.

        So are those of records that cannot be read. Raises EvidenceError.
        """
        ended = self._store.records_by_ids(record_ids)
        asked = self.asked_by(record_ids)
        with self._store.reading() as connection:
            said = _said(connection, record_ids)
        return {
            entry.record.id: HoldState(
                outcome=entry.record.decision.hold_outcome,
                answer=said.get(entry.record.id),
                asked_by=asked.get(entry.record.id, ""),
            )
            for entry in ended
            if isinstance(entry, StoredRecord)
        }


def _said(connection: Connection, record_ids: Sequence[str]) -> dict[str, HoldAnswer]:
    last: dict[str, HoldAnswer | None] = {}
    for id_, text in connection.execute(SAID, (json.dumps(list(record_ids)),)):
        last[id_] = _answer(text)
    return {id_: answer for id_, answer in last.items() if answer is not None}


def _answer(text: bytes) -> HoldAnswer | None:
    """Return what was said; None for what cannot be read: then nobody is taken to have answered."""
    try:
        event = review_of(text).event
    except ValueError:
        return None
    return HoldAnswer(
        approved=event.action is Action.APPROVE, who=event.who, at=event.at, own=event.own is True
    )
