"""Held requests: which wait for a person, and what people said about them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from core.decision import HoldOutcome
from core.review import Action, HoldAnswer, HoldState
from evidence.rollup import micros
from evidence.store import Store

_ANSWERS = """SELECT body FROM review_entries WHERE action IN ('approve', 'refuse') AND at_us >= ?
    AND json_extract(body, ?) = ? ORDER BY seq DESC LIMIT 1"""
_OUTCOMES = """SELECT id, json_extract(body, '$.decision.hold.outcome') FROM entries
    WHERE id IN (SELECT value FROM json_each(?))"""
_SAID = """SELECT json_extract(body, '$.record_id'), body FROM review_entries WHERE action IN ('approve', 'refuse')
    AND json_extract(body, '$.record_id') IN (SELECT value FROM json_each(?)) ORDER BY seq"""


class HeldRequests:
    """Implements `core.ports.Holds` and `HoldQueue` over a store: answers are review events that name a record."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def answer(self, record_id: str) -> HoldAnswer | None:
        """Return what a person said last about this held request, or None. Raises EvidenceError."""
        return self._last(0, "$.record_id", record_id)

    def answered_before(self, hold_key: str, since: datetime) -> HoldAnswer | None:
        """Return what a person said last, since then, about an identical request. Raises EvidenceError."""
        return self._last(micros(since), "$.hold_key", hold_key)

    def waiting(self) -> Sequence[Mapping[str, Any]]:
        """Records under way that are held and that nobody has answered, oldest first. Raises EvidenceError."""
        query = """SELECT body FROM open_exchanges WHERE json_extract(body, '$.decision.verdict') = 'hold'
            AND json_extract(body, '$.decision.hold.outcome') IS NULL ORDER BY id"""
        with self._store.reading() as connection:
            held = [orjson.loads(text) for (text,) in connection.execute(query)]
        return [record for record in held if self.answer(record["id"]) is None]

    def states(self, record_ids: Sequence[str]) -> Mapping[str, HoldState]:
        """How these held requests ended and what was said about them last; ids of no finished record are left out.

        Raises EvidenceError.
        """
        wanted = orjson.dumps(list(record_ids)).decode()
        with self._store.reading() as connection:
            ended = list(connection.execute(_OUTCOMES, (wanted,)))
            said = {id_: _answer(text) for id_, text in connection.execute(_SAID, (wanted,))}
        return {
            id_: HoldState(outcome=HoldOutcome(outcome) if outcome else None, answer=said.get(id_))
            for id_, outcome in ended
        }

    def _last(self, since_us: int, place: str, value: str) -> HoldAnswer | None:
        with self._store.reading() as connection:
            text = connection.value(_ANSWERS, (since_us, place, value))
        return None if text is None else _answer(text)


def _answer(text: str) -> HoldAnswer:
    event = orjson.loads(text)
    at = datetime.fromisoformat(event["at"])
    return HoldAnswer(approved=event["action"] == Action.APPROVE, who=event["who"], at=at)
