"""The gate's classifier: the engine, and all that the gate asks beside it (large bodies, redaction,
answers).
"""

from typing import TYPE_CHECKING

from classifiers.answer_tap import ClassifierTap
from classifiers.engine import Engine, EngineSetup
from classifiers.llm import Counted
from classifiers.redaction import MessageRestorer, Placeholders, Redactor, Restorer
from core.classification import Classification
from core.exchange import Answer, Exchange
from core.ports import ClassifierPool
from core.redaction import Redacted

if TYPE_CHECKING:
    from classifiers.uploads.body_scan import BodyScan


class GateClassifier(Engine):
    """Implements `core.ports.Classifier`."""

    def __init__(self, setup: EngineSetup) -> None:
        super().__init__(setup)
        placeholders = Placeholders(self.fingerprinter)
        self._counted = Counted()
        self._redactor = Redactor(placeholders, self.hits_in, self._kinds_in)

    def scan(self, head: Exchange, pool: ClassifierPool, deadline_s: float) -> "BodyScan":
        """Return what reads a large body as it passes."""
        from classifiers.uploads.body_scan import BodyScan

        return BodyScan(head, self, pool, deadline_s)

    def redact(self, exchange: Exchange, kinds: frozenset[str], script: str) -> Redacted:
        """Replace every found value of these kinds. Raises CannotRedactError when one would stay or
        change its meaning.
        """
        return self._redactor.redact(exchange, kinds, script)

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

    def _kinds_in(self, exchange: Exchange) -> frozenset[str]:
        return frozenset(finding.kind for finding in self.classify(exchange).findings)
