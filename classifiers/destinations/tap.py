"""Keeps small answers that tell of accounts as they pass, so that they can be learnt from."""

from dataclasses import replace

from classifiers.destinations.bindings import MAX_BODY, Bindings
from core.classification import Account, Destination
from core.exchange import Answer, Exchange


class AccountTap:
    """Takes the raw bytes of one answer; keeps them only for services whose answers tell of
    accounts. Never raises.
    """

    __slots__ = ("_bindings", "_destination", "_exchange", "_kept", "_size")

    def __init__(self, exchange: Exchange, destination: Destination, bindings: Bindings) -> None:
        self._exchange, self._destination, self._bindings = exchange, destination, bindings
        self._kept: list[bytes] | None = [] if bindings.wants_body(destination) else None
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next raw bytes of the body."""
        if self._kept is not None:
            self._size += len(chunk)
            if self._size > MAX_BODY:
                self._kept = None
            else:
                self._kept.append(chunk)

    def finish(self, answer: Answer) -> Account | None:
        """Return the account when the answer told more than the request."""
        if answer.body is None and self._kept:
            answer = replace(answer, body=b"".join(self._kept))
        return self._bindings.learn(self._exchange, answer, self._destination)

    def __repr__(self) -> str:
        return f"<AccountTap {self._size} bytes>"
