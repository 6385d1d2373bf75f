"""Whether a request to an unlisted host is a model call when its body alone does not show it: path
and body must agree.
"""

import re
from collections.abc import Mapping
from typing import Any

from classifiers.llm import operations as op
from classifiers.llm.request import shapes
from classifiers.payload import Payload
from core.exchange import Exchange

_WITH_MODEL = tuple(
    (
        "/v1/embeddings /v1/completions /v1/responses /v1/moderations /v1/assistants"
        " /api/embeddings /api/embed /api/generate /v1/rerank /v2/rerank /v2/embed /v1/embed"
    ).split()
)
"""Ends of paths that make a call of any body with a model in it."""

_RESOURCE = re.compile(
    r"/v1/(?:models|files|batches|fine_tuning|threads|assistants|vector_stores|responses|conversations|messages)(?:/|$)"
)
"""Resources that clients of the OpenAI and Anthropic SDKs also list and delete."""


def is_call(
    exchange: Exchange,
    headers: Mapping[str, str],
    named: op.PathOperation,
    body: object,
    payload: Payload | None,
) -> bool:
    """Return True when the path, with what the body has, leaves no doubt."""
    bare = exchange.path.partition("?")[0].rstrip("/")
    if exchange.scheme.startswith("ws"):
        told = "openai-beta" in headers or "realtime" in headers.get("sec-websocket-protocol", "")
        return named.operation == op.REALTIME and told
    if op.DISTINCTIVE.search(bare):
        return isinstance(body, dict) or _body_may_be(exchange, headers, named, payload)
    if "anthropic-version" in headers or ("x-stainless-lang" in headers and _RESOURCE.search(bare)):
        return True
    if isinstance(body, dict):
        return _agrees(named, bare, body)
    return (
        bare.endswith("/files")
        and payload is not None
        and any(s.key == "purpose" for s in payload.segments[:20])
    )


def _body_may_be(
    exchange: Exchange, headers: Mapping[str, str], named: op.PathOperation, payload: Payload | None
) -> bool:
    """No JSON object: fine for uploads, gRPC, empty and unread bodies, but not for one that was
    read and is another thing.
    """
    if named.operation in {op.AUDIO, op.IMAGE} or headers.get("content-type", "").startswith(
        "application/grpc"
    ):
        return True
    return payload is None or not exchange.body or not exchange.complete


def _agrees(named: op.PathOperation, bare: str, body: Mapping[str, Any]) -> bool:
    if bare.endswith("/predictions"):
        return isinstance(body.get("input"), dict) and ("version" in body or "/models/" in bare)
    if isinstance(body.get("model"), str) and bare.endswith(_WITH_MODEL):
        return True
    if (
        not named.certain
        or named.operation not in op.CONTENT
        or not shapes.fits(body, named.operation)
    ):
        return False
    if bare.endswith("/v1/moderations"):
        return body.keys() <= {"input", "model"}
    if bare.endswith("/v1/responses"):
        return isinstance(body.get("prompt"), dict) or "previous_response_id" in body
    if named.operation == op.RERANK:
        return isinstance(body.get("documents"), list)
    return shapes.looks_like_model(body.get("model")) or shapes.sampled(body)
