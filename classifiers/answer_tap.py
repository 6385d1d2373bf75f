"""Reads one answer as it passes: usage of an LLM call, and whose account it was."""

from classifiers.destinations import AccountTap, Bindings
from classifiers.llm import Counted, UsageTap, spoken_call
from core.classification import Classification, LlmCall, with_call
from core.exchange import Answer, Exchange, Message
from core.uncounted import TokenCount, Uncounted
from core.values import changed

UNTOLD_MESSAGES = 64
"""So many messages of a WebSocket are looked at before it is taken for no talk with a model."""


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
        self._exchange, self._head, self._counted = exchange, head, counted
        self._account = AccountTap(exchange, seen.destination, bindings)
        self._untold = UNTOLD_MESSAGES
        self._usage = None if seen.llm is None else self._reads(seen.llm)

    def feed(self, chunk: bytes) -> None:
        """Take the next raw bytes of the body."""
        self._account.feed(chunk)
        if self._usage is not None:
            self._usage.feed(chunk)

    def message(self, message: Message) -> None:
        """Take one WebSocket message."""
        if self._usage is None and self._untold:
            self._untold -= 1
            call = spoken_call(self._exchange, message.data)
            if call is not None:
                self._seen = with_call(self._seen, call)
                self._usage = self._reads(call)
        if self._usage is not None:
            self._usage.message(message)

    def _reads(self, call: LlmCall) -> UsageTap:
        return UsageTap(call, self._head, self._exchange, counted=self._counted)

    def ended(self) -> bool:
        """Return True when the answer of a model has said that it is over."""
        return self._usage is not None and self._usage.ended()

    def foreseen(self) -> Uncounted | None:
        """Return the call, without its answer, where that will likely not say what it used."""
        return None if self._usage is None else self._usage.foreseen()

    def uncounted(self, answer: Answer) -> Uncounted | None:
        """Return what has to be counted since the answer does not say it."""
        return None if self._usage is None else self._usage.uncounted(answer)

    def count(self, tokens: TokenCount) -> None:
        """Learn what was counted of it."""
        if self._usage is not None:
            self._usage.count(tokens)

    def finish(self, answer: Answer) -> Classification:
        """Return the classification with what the answer told."""
        seen = self._seen
        llm = self._usage.finish(answer) if self._usage is not None else None
        account = self._account.finish(answer)
        where = seen.destination if account is None else changed(seen.destination, account=account)
        return changed(seen, llm=llm, destination=where)
