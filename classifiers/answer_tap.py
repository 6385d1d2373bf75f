"""Reads one answer as it passes: usage of an LLM call, and whose account it was."""

from classifiers.destinations import AccountTap, Bindings
from classifiers.llm import Counted, UsageTap
from core.classification import Classification
from core.exchange import Answer, Exchange, Message
from core.values import changed


class ClassifierTap:
    """Implements `core.ports.AnswerTap`."""

    def __init__(
        self,
        exchange: Exchange,
        seen: Classification,
        head: Answer,
        bindings: Bindings,
        counted: Counted,
    ) -> None:
        self._seen = seen
        self._account = AccountTap(exchange, seen.destination, bindings)
        self._usage = (
            None if seen.llm is None else UsageTap(seen.llm, head, exchange, counted=counted)
        )

    def feed(self, chunk: bytes) -> None:
        """Take the next raw bytes of the body."""
        self._account.feed(chunk)
        if self._usage is not None:
            self._usage.feed(chunk)

    def message(self, message: Message) -> None:
        """Take one WebSocket message."""
        if self._usage is not None:
            self._usage.message(message)

    def finish(self, answer: Answer) -> Classification:
        """Return the classification with what the answer told."""
        seen = self._seen
        llm = self._usage.finish(answer) if self._usage is not None else None
        account = self._account.finish(answer)
        where = seen.destination if account is None else changed(seen.destination, account=account)
        return changed(seen, llm=llm, destination=where)
