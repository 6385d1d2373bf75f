"""The gate of the tour: it ends the request that waits as the visitor answers it."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from app.demo.fictional_year import waiting_request
from core.decision import HoldOutcome
from core.review import Acting, Action, ReviewEvent
from evidence.store import Store
from evidence.writer import Writer

_ENDS = {Action.APPROVE: HoldOutcome.APPROVED, Action.REFUSE: HoldOutcome.REFUSED}
_WRITTEN_WITHIN_S = 10.0


class AnsweredStore(Store):
    """A store in which an answer is followed at once by the record of what became of the
    request.
    """

    def __init__(
        self, writer: Writer, path: Path, *, acting: Acting, clock: Callable[[], datetime]
    ) -> None:
        super().__init__(path, acting=acting, clock=clock)
        self._writer, self._waits = writer, waiting_request()
        self._ended = False

    def append(self, events: Sequence[ReviewEvent]) -> Sequence[ReviewEvent]:
        """Append, and end the request where this answers it. Raises EvidenceError."""
        done = super().append(events)
        for event in done:
            if event.record_id == self._waits.id and event.action in _ENDS and not self._ended:
                self._ended = True
                self._end(_ENDS[event.action])
        return done

    def _end(self, outcome: HoldOutcome) -> None:
        written = threading.Event()
        decision = replace(self._waits.decision, hold_outcome=outcome)
        status = 200 if outcome.released else None
        response = replace(self._waits.response, status=status)
        ended = replace(self._waits, decision=decision, response=response)
        self._writer.close_record(ended, lambda _: written.set())
        written.wait(_WRITTEN_WITHIN_S)
