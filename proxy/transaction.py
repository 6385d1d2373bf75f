"""A ruling: one exchange on its way, with what is known of it and what was decided."""

import asyncio
from dataclasses import dataclass, field

from core.attribution import Attribution
from core.classification import Classification
from core.decision import Decision
from core.errors import EvidenceError
from core.exchange import Answer, Exchange
from core.record import Record, RequestSummary, ResponseSummary

Acknowledgement = asyncio.Future[EvidenceError | None]
"""Resolved when evidence is durable, or cannot be made so."""


@dataclass(slots=True, kw_only=True)
class Ruling:
    """One exchange on its way: what is known, what was decided, whether it is durable. Drops the payload early."""

    exchange: Exchange
    sender: Attribution
    classification: Classification
    decision: Decision
    durable: Acknowledgement | None = None
    values: dict[str, str] = field(default_factory=dict, repr=False)
    """Placeholder → value, for as long as the answer lasts."""
    closed: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def reference(self) -> str:
        """What an analyst quotes and an officer finds: the record's id."""
        return self.exchange.id

    def record(self, answer: Answer | None = None) -> Record:
        """Return the record as far as it is known."""
        exchange = self.exchange
        return Record(
            id=exchange.id,
            at=exchange.at,
            sender=self.sender,
            destination=self.classification.destination,
            request=RequestSummary(
                method=exchange.method,
                content_type=exchange.header("content-type"),
                bytes=exchange.body_bytes,
                complete=exchange.complete,
            ),
            response=ResponseSummary()
            if answer is None
            else ResponseSummary(status=answer.status, bytes=answer.body_bytes),
            llm=self.classification.llm,
            findings=self.classification.findings,
            decision=self.decision,
            notes=tuple(self.notes),
        )
