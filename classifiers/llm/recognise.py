"""Recognises a model call: by host and path, by the client's headers, or by the shape of its body at any host."""

from collections.abc import Mapping
from typing import Any

from classifiers.llm import content, mcp, shapes
from classifiers.llm import operations as op
from classifiers.llm.identity import identify
from classifiers.llm.protobuf import request_model
from classifiers.llm.providers import LLM_HOSTS, LOCAL_PORTS, Kind, Provider, path_matches
from classifiers.payload import Payload
from core.classification import LlmCall
from core.exchange import Exchange
from core.fingerprint import Fingerprinter
from core.organisation import Organisation

MAX_MODEL = 300
_NATIVE_STREAMS = ("/api/chat", "/api/generate")
"""Ollama streams unless the body says otherwise."""


def recognise(
    exchange: Exchange,
    payload: Payload | None,
    organisation: Organisation | None = None,
    fingerprinter: Fingerprinter | None = None,
) -> LlmCall | None:
    """Return the model or tool-server call that this exchange is, or None.

    Without a payload it answers from host, path and headers alone. At a host of the catalogue every request is a call
    (its operation says which); elsewhere path and body, or the body alone, must have the shape of one.
    """
    del organisation  # an identity is judged where destinations are; here it is only read
    headers = dict(reversed(exchange.headers))
    body = payload.json if payload is not None else None
    provider = provider_at(exchange.host, exchange.path, exchange.port)
    if provider is None and exchange.method == "GET" and "upgrade" not in headers:
        return None
    spoken = (
        mcp.from_body(body, headers)
        if isinstance(body, list) or (isinstance(body, dict) and "jsonrpc" in body)
        else None
    )
    if spoken is None and body is None:
        spoken = mcp.from_headers(headers)
    if spoken is not None:
        return _tool_call(spoken, provider, exchange, headers, fingerprinter)
    if provider is not None:
        return _known(provider, exchange, headers, body, payload, fingerprinter)
    return _unknown(exchange, headers, body, payload, fingerprinter)


def provider_at(host: str, path: str, port: int = 443) -> Provider | None:
    """Return the provider of the catalogue that owns this host and path, or this port, or None."""
    found = LLM_HOSTS.find(host)
    if found is None:
        return LOCAL_PORTS.get(port)
    for provider in found:
        if path_matches(provider, path):
            return provider
    return None


def _tool_call(
    spoken: mcp.McpCall,
    provider: Provider | None,
    exchange: Exchange,
    headers: Mapping[str, str],
    fingerprinter: Fingerprinter | None,
) -> LlmCall:
    who = identify(headers, exchange.path, fingerprinter)
    evidence = ("mcp:" + (spoken.method or "headers")[:60], *(("mcp-header-mismatch",) if spoken.mismatch else ()))
    return LlmCall(
        provider=provider.id if provider else None, operation=op.MCP, stream=False,
        tools=(spoken.tool,) if spoken.tool else (), evidence=evidence,
        key_fingerprint=who.fingerprint, key_class=who.key_class, organisation=who.organisation, project=who.project,
    )  # fmt: skip


def _known(
    provider: Provider,
    exchange: Exchange,
    headers: Mapping[str, str],
    body: object,
    payload: Payload | None,
    fingerprinter: Fingerprinter | None,
) -> LlmCall:
    named = op.of_path(exchange.path)
    evidence = ["host"]
    operation = named.operation if named else op.OTHER
    if named:
        evidence.append("path")
    if exchange.scheme.startswith("ws") and operation == op.OTHER:
        operation = op.REALTIME
    if isinstance(body, dict) and (named is None or not named.certain or provider.kind is Kind.CONSUMER):
        shape = shapes.of_body(body) if exchange.method == "POST" else None
        if shape:
            evidence.append("shape:" + shape.family)
            operation = shape.operation if named is None or named.operation == op.OTHER else operation
    return _call(provider.id, operation, exchange, headers, body, payload, fingerprinter, evidence)


def _unknown(
    exchange: Exchange,
    headers: Mapping[str, str],
    body: object,
    payload: Payload | None,
    fingerprinter: Fingerprinter | None,
) -> LlmCall | None:
    named = op.of_path(exchange.path)
    evidence = [] if named is None else ["path"]
    if "x-stainless-lang" in headers or "anthropic-version" in headers or "openai-beta" in headers:
        evidence.append("sdk-header")
    provider = None
    if isinstance(body, dict):
        shape = shapes.of_body(body)
        if shape is not None:
            evidence.append("shape:" + shape.family)
            certain = named is not None and named.certain and named.operation in op.CONTENT
            operation = named.operation if named is not None and certain else shape.operation
            return _call(provider, operation, exchange, headers, body, payload, fingerprinter, evidence)
        if named is None or not shapes.fits(body, named.operation) or not _path_agrees(named, exchange.path, body):
            return None
        return _call(provider, named.operation, exchange, headers, body, payload, fingerprinter, evidence)
    if body is None and payload is not None and (shape := shapes.of_text(payload.plain or exchange.body)):
        return _call(
            provider,
            shape.operation,
            exchange,
            headers,
            body,
            payload,
            fingerprinter,
            [*evidence, "shape:" + shape.family],
        )
    if named is None or not _path_suffices(exchange, headers, named, payload):
        return None
    return _call(provider, named.operation, exchange, headers, body, payload, fingerprinter, evidence)


def _path_agrees(named: op.PathOperation, path: str, body: Mapping[str, Any]) -> bool:
    """Path and keys agree, but the body alone has no certain shape: some paths, or a model's name, make up for it."""
    if not named.certain or named.operation not in op.CONTENT:
        return False
    bare = path.partition("?")[0].rstrip("/")
    if op.DISTINCTIVE.search(bare):
        return True
    if bare.endswith("/v1/moderations") and body.keys() <= {"input", "model"}:
        return True
    if bare.endswith(
        (
            "/v1/embeddings",
            "/v1/completions",
            "/v1/responses",
            "/v1/moderations",
            "/api/embeddings",
            "/api/embed",
            "/api/generate",
        )
    ):
        return isinstance(body.get("model"), str)
    return shapes.looks_like_model(body.get("model"))


def _path_suffices(
    exchange: Exchange, headers: Mapping[str, str], named: op.PathOperation, payload: Payload | None
) -> bool:
    """Without a JSON body: only paths that are distinctive, and not when a body was read and is something else."""
    bare = exchange.path.partition("?")[0].rstrip("/")
    if exchange.scheme.startswith("ws"):
        return named.operation == op.REALTIME and (
            "openai-beta" in headers or "realtime" in headers.get("sec-websocket-protocol", "")
        )
    if op.DISTINCTIVE.search(bare) is None:
        return False
    if named.operation in {op.AUDIO, op.IMAGE}:
        return True
    kind = headers.get("content-type", "")
    read = payload is not None and bool(exchange.body) and exchange.complete
    return not read or kind.startswith("application/grpc")


def _call(
    provider: str | None, operation: str, exchange: Exchange, headers: Mapping[str, str], body: object,
    payload: Payload | None, fingerprinter: Fingerprinter | None, evidence: list[str],
) -> LlmCall:  # fmt: skip
    who = identify(headers, exchange.path, fingerprinter)
    fields = body if isinstance(body, dict) else {}
    carries = exchange.method == "POST" and fields
    return LlmCall(
        provider=provider, operation=operation, model=_model(exchange, headers, fields, payload),
        stream=_streams(exchange, fields, provider, operation),
        key_fingerprint=who.fingerprint, key_class=who.key_class, organisation=who.organisation,
        project=who.project or _project(exchange.path, fields),
        tools=content.tools(fields) if carries else (),
        attachments=content.attachments(fields) if carries else (),
        messages=content.message_count(fields) if carries else None,
        evidence=tuple(evidence),
    )  # fmt: skip


def _model(
    exchange: Exchange, headers: Mapping[str, str], body: Mapping[str, Any], payload: Payload | None
) -> str | None:
    for key in ("model", "modelId", "model_id", "modelUri", "model_name"):
        value = body.get(key)
        if isinstance(value, str) and value:
            return value[:MAX_MODEL]
    serving = body.get("servingMode")
    if isinstance(serving, dict) and isinstance(serving.get("modelId"), str):
        return str(serving["modelId"])[:MAX_MODEL]
    named = op.model_in_path(exchange.path)
    if named is not None:
        return named
    if headers.get("content-type", "").startswith("application/grpc"):
        return request_model(exchange.path, exchange.body)
    if payload is not None and not body:
        return next(
            (s.text.strip()[:MAX_MODEL] for s in payload.segments[:50] if s.key == "model" and len(s.text) < MAX_MODEL),
            None,
        )
    return _model_in_query(exchange.path)


def _model_in_query(path: str) -> str | None:
    if "model=" not in path:
        return None
    from urllib.parse import parse_qsl

    return next((v[:MAX_MODEL] for k, v in parse_qsl(path.partition("?")[2][:4096]) if k == "model" and v), None)


def _streams(exchange: Exchange, body: Mapping[str, Any], provider: str | None, operation: str) -> bool:
    stated = body.get("stream", body.get("isStream"))
    if isinstance(stated, bool):
        return stated
    if op.streams(exchange.path) or exchange.scheme.startswith("ws"):
        return True
    native = exchange.path.partition("?")[0].endswith(_NATIVE_STREAMS)
    return native and (provider in {"ollama", "ollama-cloud"} or "options" in body or "keep_alive" in body)


def _project(path: str, body: Mapping[str, Any]) -> str | None:
    if "/projects/" in path:
        return path.partition("/projects/")[2].partition("/")[0].partition("?")[0][:200] or None
    if "/accounts/" in path and "/ai/" in path:
        return path.partition("/accounts/")[2].partition("/")[0][:200]
    for key in ("project_id", "compartmentId", "space_id"):
        value = body.get(key)
        if isinstance(value, str):
            return value[:200]
    return None
