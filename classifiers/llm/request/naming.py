"""Which model a request names, whether it asks for a stream, and for which project: from body, path, query and form."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from classifiers.codecs.protobuf import request_model
from classifiers.llm import operations as op
from classifiers.payload import Payload
from core.exchange import Exchange
from destinations.catalogue import llm_of

MAX_MODEL = 300
_MODEL_KEYS = ("model", "modelId", "model_id", "modelUri", "model_name")
_PROJECT_KEYS = ("project_id", "compartmentId", "space_id")
_NATIVE_STREAMS = ("/api/chat", "/api/generate")
"""Ollama streams unless the body says otherwise."""


def model_of(
    exchange: Exchange, headers: Mapping[str, str], body: Mapping[str, Any], payload: Payload | None
) -> str | None:
    """Return the model that the request names: in its body, else its path, gRPC message, form or query."""
    for key in _MODEL_KEYS:
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
    in_form = _in_form(payload) if payload is not None and not body else None
    if in_form is not None:
        return in_form
    return _in_query(exchange.path) if "model=" in exchange.path else None


def _in_form(payload: Payload) -> str | None:
    for segment in payload.segments[:100]:
        if segment.key == "model" and len(segment.text) < MAX_MODEL:
            return segment.text.strip()
    return None


def _in_query(path: str) -> str | None:
    pairs = parse_qsl(path.partition("?")[2][:4096])
    return next((value[:MAX_MODEL] for key, value in pairs if key == "model" and value), None)


def streams(exchange: Exchange, body: Mapping[str, Any], provider: str | None) -> bool:
    """Return True when the request asks for a streamed answer."""
    stated = body.get("stream", body.get("isStream"))
    if isinstance(stated, bool):
        return stated
    if op.streams(exchange.path) or exchange.scheme.startswith("ws"):
        return True
    if not exchange.path.partition("?")[0].endswith(_NATIVE_STREAMS):
        return False
    known = llm_of(provider)
    unasked = known is not None and known.streams_unasked
    return unasked or "options" in body or "keep_alive" in body


def project_of(path: str, body: Mapping[str, Any]) -> str | None:
    """Return the project, account or compartment that path or body name."""
    if "/projects/" in path:
        return path.partition("/projects/")[2].partition("/")[0].partition("?")[0][:200] or None
    if "/accounts/" in path and "/ai/" in path:
        return path.partition("/accounts/")[2].partition("/")[0][:200]
    for key in _PROJECT_KEYS:
        value = body.get(key)
        if isinstance(value, str):
            return value[:200]
    return None
