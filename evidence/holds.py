"""Held requests: which wait for a person, and what people said about them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from core.decision import HoldOutcome
from core.review import Action, HoldAnswer, HoldState
from evidence.rollup import micros
from evidence.store import Store

ANSWERED_BEFORE = """SELECT body FROM review_entries WHERE hold_key = ? AND action IN ('approve', 'refuse') AND at_us >= ?
    ORDER BY seq DESC LIMIT 1"""
SAID = """SELECT record_id, body FROM review_entries WHERE record_id IN (SELECT value FROM json_each(?))
    AND action IN ('approve', 'refuse') ORDER BY seq"""
WAITING = """SELECT body FROM open_exchanges WHERE json_extract(body, '$.decision.verdict') = 'hold'
    AND json_extract(body, '$.decision.hold.outcome') IS NULL
    AND NOT EXISTS (SELECT 1 FROM review_entries WHERE record_id = open_exchanges.id AND action IN ('approve', 'refuse'))
    ORDER BY id"""
OUTCOMES = """SELECT id, json_extract(body, '$.decision.hold.outcome') FROM entries
    WHERE id IN (SELECT value FROM json_each(?))"""


class HeldRequests:
    """Implements `core.ports.Holds` and `HoldQueue` over a store: answers are review events that name a record."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def answers(self, record_ids: Sequence[str]) -> Mapping[str, HoldAnswer]:
        """Return what a person said last about each of these held requests that was answered. Raises EvidenceError."""
        wanted = orjson.dumps(list(record_ids)).decode()
        with self._store.reading() as connection:
            return {id_: _answer(text) for id_, text in connection.execute(SAID, (wanted,))}

    def answered_before(self, hold_key: str, since: datetime) -> HoldAnswer | None:
        """Return what a person said last, since then, about an identical request. Raises EvidenceError."""
        with self._store.reading() as connection:
            text = connection.value(ANSWERED_BEFORE, (hold_key, micros(since)))
        return None if text is None else _answer(text)

    def waiting(self) -> Sequence[Mapping[str, Any]]:
        """Records under way that are held and that nobody has answered, oldest first. Raises EvidenceError."""
        with self._store.reading() as connection:
            return [orjson.loads(text) for (text,) in connection.execute(WAITING)]

    def states(self, record_ids: Sequence[str]) -> Mapping[str, HoldState]:
        """How these held requests ended and what was said about them last; ids of no finished record are left out.

        Raises EvidenceError.
        """
        wanted = orjson.dumps(list(record_ids)).decode()
        with self._store.reading() as connection:
            ended = list(connection.execute(OUTCOMES, (wanted,)))
            said = {id_: _answer(text) for id_, text in connection.execute(SAID, (wanted,))}
        return {
            id_: HoldState(outcome=HoldOutcome(outcome) if outcome else None, answer=said.get(id_))
            for id_, outcome in ended
        }


def _answer(text: str) -> HoldAnswer:
    event = orjson.loads(text)
    at = datetime.fromisoformat(event["at"])
    return HoldAnswer(approved=event["action"] == Action.APPROVE, who=event["who"], at=at)
