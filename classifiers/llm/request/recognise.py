"""Recognises a model call: by host and path, by the client's headers, or by the shape of its body
at any host.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from classifiers.destinations.credential_in_use import identify
from classifiers.llm import operations as op
from classifiers.llm.request import content, mcp, realtime, shapes, unlisted
from classifiers.llm.request.naming import model_of, project_of, streams
from classifiers.payload import Payload, Unread
from core.classification import LlmCall
from core.exchange import Exchange
from core.fingerprint import Fingerprinter
from destinations.hosts import service_at
from destinations.service import LlmKind, Service

MOST_TOOLS = 512
"""Names that rules compare and records keep; more are told as unread."""
_GET_HINTS = frozenset(
    {
        "upgrade",
        "x-stainless-lang",
        "anthropic-version",
        "mcp-protocol-version",
        "mcp-session-id",
        "mcp-method",
    }
)
"""Without one of these, a GET at an unlisted host is no call of a model or tool server."""


class _Seen(NamedTuple):
    """One request as all steps look at it. Holds payload: never log it."""

    exchange: Exchange
    headers: Mapping[str, str]
    body: object
    payload: Payload | None
    fingerprinter: Fingerprinter | None

    @property
    def fields(self) -> Mapping[str, Any]:
        return self.body if isinstance(self.body, dict) else {}


def recognise(
    exchange: Exchange,
    payload: Payload | None,
    fingerprinter: Fingerprinter | None = None,
) -> LlmCall | None:
    """Return the model or tool-server call that this exchange is, or None.

    Without a payload it answers from host, path and headers alone. At a host of the catalogue every
    request is a call (its operation says which); elsewhere path and body, or the body alone, must
    have the shape of one. Whose account it is, is judged where destinations are.
    """
    headers = dict(reversed(exchange.headers))
    provider = provider_at(exchange.host, exchange.path, exchange.port)
    if provider is None and exchange.method == "GET" and not _GET_HINTS & headers.keys():
        return None
    seen = _Seen(
        exchange, headers, payload.json if payload is not None else None, payload, fingerprinter
    )
    spoken = _tool_server(seen)
    if spoken is not None:
        return _tool_call(spoken, provider, seen)
    return _unknown(seen) if provider is None else _known(provider, seen)


def provider_at(host: str, path: str, port: int = 443) -> Service | None:
    """Return the provider of the catalogue that owns this host and path, or this port, or None."""
    service = service_at(host, path, port)
    return None if service is None or service.llm is None else service


def _tool_server(seen: _Seen) -> mcp.McpCall | None:
    body = seen.body
    if body is None:
        return mcp.from_headers(seen.headers)
    if isinstance(body, list) or (isinstance(body, dict) and "jsonrpc" in body):
        return mcp.from_body(body, seen.headers)
    return None


def _tool_call(spoken: mcp.McpCall, provider: Service | None, seen: _Seen) -> LlmCall:
    who = identify(seen.headers, seen.exchange.path, seen.fingerprinter)
    evidence = ("mcp:" + (spoken.method or "headers")[:60],)
    return LlmCall(
        provider=provider.id if provider else None,
        operation=op.MCP,
        tools=_compared(spoken.tools, seen.payload),
        evidence=(*evidence, "mcp-header-mismatch") if spoken.mismatch else evidence,
        key_fingerprint=who.fingerprint,
        key_class=who.key_class,
        organisation=who.organisation,
        project=who.project,
    )


def _known(provider: Service, seen: _Seen) -> LlmCall:
    exchange = seen.exchange
    named = op.of_path(exchange.path)
    evidence = ["host"] if named is None else ["host", "path"]
    operation = named.operation if named else op.OTHER
    if exchange.scheme.startswith("ws") and operation == op.OTHER:
        operation = op.REALTIME
    consumer = provider.llm is not None and provider.llm.kind is LlmKind.CONSUMER
    vague = named is None or not named.certain or consumer
    if vague and exchange.method == "POST" and (shape := shapes.of_body(seen.fields)):
        evidence.append("shape:" + shape.family)
        operation = shape.operation if operation == op.OTHER else operation
    if consumer and operation == op.COMPLETION:
        operation = op.CHAT
    return _call(provider.id, operation, seen, evidence)


def _unknown(seen: _Seen) -> LlmCall | None:
    named = op.of_path(seen.exchange.path)
    evidence = [] if named is None else ["path"]
    headers = seen.headers
    if "x-stainless-lang" in headers or "anthropic-version" in headers or "openai-beta" in headers:
        evidence.append("sdk-header")
    shape = _shape(seen)
    if shape is not None:
        evidence.append("shape:" + shape.family)
        certain = named is not None and named.certain and named.operation in op.CONTENT
        return _call(
            None,
            named.operation if named is not None and certain else shape.operation,
            seen,
            evidence,
        )
    if named is None or not unlisted.is_call(
        seen.exchange, seen.headers, named, seen.body, seen.payload
    ):
        return None
    return _call(None, named.operation, seen, evidence)


def _shape(seen: _Seen) -> shapes.Shape | None:
    if isinstance(seen.body, dict):
        spoken = realtime.shape_of(seen.body) if seen.exchange.scheme.startswith("ws") else None
        return spoken or shapes.of_body(seen.body)
    if seen.body is None and seen.payload is not None:
        return shapes.of_text(seen.payload.plain or seen.exchange.body)
    return None


def _call(provider: str | None, operation: str, seen: _Seen, evidence: list[str]) -> LlmCall:
    exchange, headers, fields = seen.exchange, seen.headers, seen.fields
    who = identify(headers, exchange.path, seen.fingerprinter)
    carries = bool(fields) and (exchange.method == "POST" or exchange.scheme.startswith("ws"))
    return LlmCall(
        provider=provider,
        operation=operation,
        model=model_of(exchange, headers, fields, seen.payload) or realtime.model_of(fields),
        stream=streams(exchange, fields, provider),
        key_fingerprint=who.fingerprint,
        key_class=who.key_class,
        organisation=who.organisation,
        project=who.project or project_of(exchange.path, fields),
        tools=_compared(content.tools(fields), seen.payload) if carries else (),
        attachments=content.attachments(fields) if carries else (),
        messages=content.message_count(fields) if carries else None,
        evidence=tuple(evidence),
    )


def _compared(tools: tuple[str, ...], payload: Payload | None) -> tuple[str, ...]:
    """Return the tools that rules compare; that there are more is told as unread."""
    if len(tools) > MOST_TOOLS and payload is not None:
        payload.unread.append(Unread("more tools than are read", ("tools",)))
    return tools[:MOST_TOOLS]
