"""Refusals in the shape that each API's clients understand: one readable error, no retry storm.

403 is retried by none of the common SDKs; `x-should-retry: false` tells those that look at it.
"""

import json
from collections.abc import Callable
from functools import cache
from html import escape
from typing import assert_never
from urllib.parse import quote

from mitmproxy import http

from core.classification import Category
from core.decision import Decision, Verdict
from core.text import printable
from destinations.catalogue import find
from destinations.service import Refusal

STATUS = 403
_GRPC_STATUS = 200
_AWS_XML = ("route53.", "cloudfront.")
"""First words of AWS's hosts that speak XML, also in requests that do not say so."""
_UNDECIDED = Decision(verdict=Verdict.BLOCK, reason="No decision was made")


def refusal(
    decision: Decision, reference: str, service: str | None, request: http.Request
) -> http.Response:
    """Return the answer that a client gets instead of the service's own."""
    message = words(decision, reference)
    headers = {
        "x-outgate-verdict": decision.verdict.value,
        "x-outgate-rule": printable(decision.rule or "-", 100).encode("ascii", "replace").decode(),
        "x-outgate-reference": reference,
        "x-should-retry": "false",
        "cache-control": "no-store",
    }
    if status_for(request.headers.get("content-type", "")) != STATUS:
        return _grpc(message, headers)
    known = find(service or "")
    asked = Refusal.AS_ASKED if known is None else known.refusal
    shape = _rendered(asked, request)
    if shape is _text and known is not None and known.category is Category.LLM:
        shape = _plain_json  # its clients read nothing else, and few say so
    content_type, body, extra = shape(message, decision)
    answer = http.Response.make(STATUS, body, {**headers, **extra, "content-type": content_type})
    answer.reason = brief(decision, reference)
    return answer


def status_for(content_type: str) -> int:
    """Return the status of a refusal to a request of this type."""
    return _GRPC_STATUS if content_type.startswith("application/grpc") else STATUS


@cache
def presumed() -> http.Response:
    """Return the refusal that stands until a decision clears it.

    One for all requests: making it is not free.
    """
    return http.Response.make(
        STATUS, words(_UNDECIDED, "-") + "\n", {"content-type": "text/plain; charset=utf-8"}
    )


def words(decision: Decision, reference: str) -> str:
    """Return what happened, why, and whom to ask, in one line."""
    rule = f" (rule {printable(decision.rule, 100)})" if decision.rule else ""
    reason = printable(decision.reason, 400).rstrip(".") or "this is not allowed from here"
    ask = (
        f" Ask {printable(decision.contact, 100)}"
        if decision.contact
        else " Ask your privacy officer"
    )
    return f"Blocked by Outgate{rule}: {reason}.{ask} and quote reference {reference}."


def brief(decision: Decision, reference: str) -> str:
    """Return what a reason phrase and a WebSocket's close reason have room for, in ASCII.

    Many libraries show nothing else: `raise_for_status()` of requests and httpx, urllib.
    """
    rule = printable(decision.rule or "", 50).encode("ascii", "replace").decode()
    return f"Blocked by Outgate: {f'rule {rule}, ' if rule else ''}ref {reference}"


Body = tuple[str, bytes, dict[str, str]]
"""Content type, content, headers besides."""
Shape = Callable[[str, Decision], Body]


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _openai(message: str, _: Decision) -> Body:
    error = {
        "message": message,
        "type": "permission_error",
        "param": None,
        "code": "blocked_by_outgate",
    }
    return "application/json", _json({"error": error}), {}


def _anthropic(message: str, _: Decision) -> Body:
    error = {"type": "permission_error", "message": message}
    return "application/json", _json({"type": "error", "error": error}), {}


def _google(message: str, _: Decision) -> Body:
    error = {"code": STATUS, "message": message, "status": "PERMISSION_DENIED", "details": []}
    return "application/json", _json({"error": error}), {}


def _graph(message: str, _: Decision) -> Body:
    return "application/json", _json({"error": {"code": "accessDenied", "message": message}}), {}


def _aws(message: str, _: Decision) -> Body:
    body = _json({"__type": "AccessDeniedException", "message": message, "Message": message})
    return "application/json", body, {"x-amzn-errortype": "AccessDeniedException"}


def _object_store(message: str, _: Decision) -> Body:
    return *_xml(message, "", ""), {"x-ms-error-code": "AccessDenied"}


def _aws_query(message: str, _: Decision) -> Body:
    """For AWS's Query protocol and its services that speak XML: SNS, STS, IAM, SES, Route 53."""
    return *_xml(message, "<ErrorResponse>", "</ErrorResponse>"), {}


def _aws_ec2(message: str, _: Decision) -> Body:
    return *_xml(message, "<Response><Errors>", "</Errors></Response>"), {}


def _xml(message: str, before: str, after: str) -> tuple[str, bytes]:
    told = escape(message, quote=False)
    error = f"<Error><Code>AccessDenied</Code><Message>{told}</Message></Error>"
    declared = '<?xml version="1.0" encoding="UTF-8"?>'
    return "application/xml", f"{declared}{before}{error}{after}".encode()


def _dropbox(message: str, _: Decision) -> Body:
    """Its SDK shows no word of an error that it does not know, but the identifier of the request;
    what is for people it keeps aside (`user_message_text`).
    """
    told = {
        "error_summary": message,
        "error": {".tag": "blocked_by_outgate"},
        "user_message": {"text": message, "locale": "en"},
    }
    shown = message.encode("ascii", "replace").decode()
    return "application/json", _json(told), {"x-dropbox-request-id": shown}


def _telegram(message: str, _: Decision) -> Body:
    return (
        "application/json",
        _json({"ok": False, "error_code": STATUS, "description": message}),
        {},
    )


def _slack(message: str, _: Decision) -> Body:
    return (
        "application/json",
        _json({"ok": False, "error": "blocked_by_outgate", "message": message}),
        {},
    )


def _notion(message: str, _: Decision) -> Body:
    error = {"object": "error", "status": STATUS, "code": "restricted_resource", "message": message}
    return "application/json", _json(error), {}


def _plain_json(message: str, decision: Decision) -> Body:
    """Several words for one thing: each family of clients looks for its own and shows no other.
    Problem details (RFC 9457) and FastAPI's, Databricks', Atlassian's.
    """
    error = {"code": "blocked_by_outgate", "message": message, "rule": decision.rule}
    told = {
        "error": error,
        "message": message,
        "title": "Blocked by Outgate",
        "detail": message,
        "status": STATUS,
        "error_code": "PERMISSION_DENIED",
        "errorMessages": [message],
    }
    return "application/json", _json(told), {}


def _text(message: str, _: Decision) -> Body:
    return "text/plain; charset=utf-8", (message + "\n").encode(), {}


def _rendered(refusal: Refusal, request: http.Request) -> Shape:
    match refusal:
        case Refusal.AS_ASKED:
            return _as_asked(request)
        case Refusal.OPENAI:
            return _anthropic if _speaks_anthropic(request) else _openai
        case Refusal.ANTHROPIC:
            return _anthropic
        case Refusal.GOOGLE:
            return _google
        case Refusal.GRAPH:
            return _graph
        case Refusal.AWS:
            return _aws_as_asked(request)
        case Refusal.OBJECT_STORE:
            return _object_store
        case Refusal.DROPBOX:
            return _dropbox
        case Refusal.TELEGRAM:
            return _telegram
        case Refusal.SLACK:
            return _slack
        case Refusal.NOTION:
            return _notion
    assert_never(refusal)


def _aws_as_asked(request: http.Request) -> Shape:
    """Each protocol of AWS's has its own error, and its clients take another for a broken answer
    that they may ask for again.
    """
    kind = request.headers.get("content-type", "").lower()
    host = request.pretty_host.lower()
    if kind.startswith("application/x-www-form-urlencoded"):
        return _aws_ec2 if host.startswith("ec2.") else _aws_query
    xml = kind.startswith(("application/xml", "text/xml")) or host.startswith(_AWS_XML)
    return _aws_query if xml else _aws


def _as_asked(request: http.Request) -> Shape:
    if _speaks_anthropic(request):
        return _anthropic
    if "/chat/completions" in request.path or "/v1/responses" in request.path:
        return _openai
    types = request.headers.get("accept", "") + request.headers.get("content-type", "")
    return _plain_json if "json" in types else _text


def _speaks_anthropic(request: http.Request) -> bool:
    """Many providers of the one dialect serve the other as well, under its own path."""
    return "/v1/messages" in request.path


def _grpc(message: str, headers: dict[str, str]) -> http.Response:
    """gRPC clients read a status from the headers of an empty answer; 7 is PERMISSION_DENIED."""
    quoted = quote(message, safe=" !\"#$&'()*+,-./:;<=>?@[]^_`{|}~")
    extra = {"content-type": "application/grpc", "grpc-status": "7", "grpc-message": quoted}
    return http.Response.make(_GRPC_STATUS, b"", {**headers, **extra})
