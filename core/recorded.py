"""From an exchange to its record: what is kept of it."""

from core.attribution import Attribution
from core.classification import Classification
from core.decision import Decision
from core.exchange import Answer, Exchange
from core.record import Record, RequestSummary, ResponseSummary


def record_of(
    exchange: Exchange,
    sender: Attribution,
    seen: Classification,
    decision: Decision,
    answer: Answer | None = None,
    notes: tuple[str, ...] = (),
) -> Record:
    """Return the record of one exchange."""
    response = ResponseSummary()
    if answer is not None:
        response = ResponseSummary(status=answer.status, bytes=answer.body_bytes)
    return Record(
        id=exchange.id,
        at=exchange.at,
        sender=sender,
        destination=seen.destination,
        request=RequestSummary(
            method=exchange.method,
            content_type=exchange.header("content-type"),
            bytes=exchange.body_bytes,
            complete=exchange.complete,
        ),
        response=response,
        llm=seen.llm,
        findings=seen.findings,
        files=seen.files,
        files_look=seen.files_look,
        decision=decision,
        notes=notes,
    )
