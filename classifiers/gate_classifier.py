"""The gate's classifier: the engine, and all that the gate asks beside it (large bodies, redaction,
answers).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from classifiers.answer_tap import ClassifierTap
from classifiers.cost import is_quick
from classifiers.engine import Engine, EngineSetup, parts
from classifiers.llm import Counted
from classifiers.redaction import MessageRestorer, Placeholders, Redactor, Restorer
from core.budgets import ON_THE_LOOP_US
from core.classification import Classification
from core.exchange import Answer, Exchange
from core.ports import ClassifierPool
from core.redaction import Redacted, Spelled

if TYPE_CHECKING:
    from classifiers.uploads.body_scan import BodyScan


_READINGS = 3
"""So often is a body read when it is redacted: found, replaced, looked at again."""


class GateClassifier(Engine):
    """Implements `core.ports.Classifier`."""

    def __init__(self, setup: EngineSetup) -> None:
        super().__init__(setup)
        self._placeholders = Placeholders(self.fingerprinter)
        self._counted = Counted()
        self._redactor = Redactor(self.hits_in, self.kinds_in)

    def scan(self, head: Exchange, pool: ClassifierPool, deadline_s: float) -> "BodyScan":
        """Return what reads a large body as it passes."""
        from classifiers.uploads.body_scan import BodyScan

        return BodyScan(head, self, pool, deadline_s)

    def redact(self, exchange: Exchange, kinds: frozenset[str], script: str) -> Redacted:
        """Replace every found value of these kinds. Raises CannotRedactError when one would stay or
        change its meaning.
        """
        values = self._redactor.values(exchange, kinds)
        return self._redactor.replaced(exchange, kinds, self.marks(values, script, exchange.at))

    def redacts_quickly(self, exchange: Exchange) -> bool:
        """True when `redact` takes two milliseconds at most, and finds all that a worker would."""
        return self.is_cheap(exchange) and is_quick(parts(exchange), ON_THE_LOOP_US / _READINGS)

    def marks(self, values: Iterable[Spelled], script: str, at: datetime) -> dict[str, str]:
        """Return the placeholder of each value by its spelling, as `redact` gives them."""
        return {
            spelled: self._placeholders.of(script, at, kind, value)
            for kind, value, spelled in values
        }

    def restorer(self, content_type: str, values: dict[str, str]) -> Restorer:
        """Return what puts the values back into an answer of this type."""
        return Restorer(content_type, values)

    def message_restorer(self) -> MessageRestorer:
        """Return what puts values back into the messages of one WebSocket."""
        return MessageRestorer()

    def tap(
        self, exchange: Exchange, classification: Classification, answer: Answer
    ) -> ClassifierTap:
        """Return what reads the answer to this exchange."""
        return ClassifierTap(exchange, classification, answer, self.bindings, self._counted)
