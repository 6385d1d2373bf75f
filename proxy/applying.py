"""What the inspection says, done to a flow: only here is one let out, refused or changed."""

from mitmproxy import http

from core.decision import Verdict
from core.redaction import Redacted
from proxy import refusals
from proxy.answers import AnswerReader
from proxy.binding import transaction_of
from proxy.outcome import Outcome, Pass, Refuse, Wait
from proxy.transaction import Transaction


def apply(outcome: Outcome, flow: http.HTTPFlow) -> None:
    """Do to a request what is said of it. A refusal that is presumed is cleared last."""
    match outcome:
        case Wait():
            return
        case Refuse(decision=decision, reference=reference, service=service):
            flow.request.stream = False
            flow.response = refusals.refusal(decision, reference, service, flow.request)
        case Pass():
            _let_pass(outcome, flow)


def _let_pass(outcome: Pass, flow: http.HTTPFlow) -> None:
    if outcome.redacted is not None:
        _redact(flow, outcome.redacted)
    for name, value in outcome.headers:
        flow.request.headers[name] = value
    flow.request.stream = outcome.streams
    flow.response = None


def _redact(flow: http.HTTPFlow, redacted: Redacted) -> None:
    """Put the redacted body and its headers into the request."""
    request = flow.request
    request.raw_content = redacted.body
    for name, value in redacted.headers:
        if value:
            request.headers[name] = value
        elif name in request.headers:
            del request.headers[name]
    if "content-length" in request.headers:
        request.headers["content-length"] = str(len(redacted.body))


def refusal_of(flow: http.HTTPFlow) -> http.Response:
    """Return the refusal of an exchange that was cut, or that the gate failed on."""
    transaction = transaction_of(flow)
    service = None if transaction.failed else transaction.classification.destination.service
    return refusals.refusal(transaction.decision, transaction.reference, service, flow.request)


def begin_answer(flow: http.HTTPFlow, transaction: Transaction, reader: AnswerReader) -> None:
    """Tell the client of a warning; let the body pass in pieces as they come where it streams."""
    response = flow.response
    assert response is not None
    if transaction.decision.verdict is Verdict.WARN:
        response.headers["x-outgate-verdict"] = "warn"
        response.headers["x-outgate-reference"] = transaction.reference
    if not reader.streams:
        return
    if reader.changes:
        had_length = response.headers.pop("content-length", None) is not None
        if had_length and not response.is_http2:
            response.headers["transfer-encoding"] = "chunked"
    response.stream = reader.feed


def end_answer(flow: http.HTTPFlow, transaction: Transaction) -> None:
    """Put values back into an answer that was held whole."""
    response, reader = flow.response, transaction.travel.reader
    if response is None or reader is None or not reader.holds_changes:
        return
    content = reader.restored(response.raw_content or b"")
    response.raw_content = content
    if "content-length" in response.headers:
        response.headers["content-length"] = str(len(content))
