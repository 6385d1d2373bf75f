"""Model and usage in the gRPC messages of those providers that speak it: which field holds what."""

from typing import NamedTuple

from classifiers.codecs.content_encoding import undo_content_encoding
from classifiers.codecs.frames import Grpc, GrpcMessage
from classifiers.codecs.limits import DEFAULT
from classifiers.codecs.protobuf import read_fields
from classifiers.llm.answer.usage import Usage

_MAX_FIELDS = 20_000
_MAX_MODEL = 300
TICKS_PER_USD = 10_000_000_000


class UsageMap(NamedTuple):
    """Where a method's answer holds its usage: field numbers (0 where there is none)."""

    usage: int
    prompt: tuple[int, ...]
    output: tuple[int, ...]
    reasoning: int = 0
    cached: int = 0
    ticks: int = 0


_GEMINI = UsageMap(usage=3, prompt=(1, 8), output=(2, 10), reasoning=10, cached=4)
_GEMINI_METHODS = frozenset({"GenerateContent", "StreamGenerateContent"})
_XAI = {
    "GetCompletion": UsageMap(usage=9, prompt=(2,), output=(1,), reasoning=6, ticks=11),
    "GetCompletionChunk": UsageMap(usage=6, prompt=(2,), output=(1,), reasoning=6, ticks=11),
}


def request_model(path: str, body: bytes, coding: str | None) -> str | None:
    """Return the model that a gRPC request names: field 1 of Gemini's, field 2 of xAI's
    messages.
    """
    message = next(Grpc().feed(body), None)
    if message is None:
        return None
    wanted = 2 if path.startswith("/xai_api.") else 1
    for number, value in read_fields(unpacked(message, coding), _MAX_FIELDS).found:
        if number == wanted and isinstance(value, bytes):
            text = value.decode("utf-8", "replace")
            named = text[:_MAX_MODEL].rpartition("models/")[2]
            return named if named and named.isprintable() else None
    return None


def unpacked(message: GrpcMessage, coding: str | None) -> bytes:
    """Return what a message holds; nothing when it cannot be unpacked."""
    if not message.packed:
        return message.data
    undone = undo_content_encoding(message.data, coding or "gzip", DEFAULT)
    return b"" if undone.reasons else undone.data


def usage_map(path: str) -> UsageMap | None:
    """Return where the answer of this gRPC method holds its usage, or None when that is not
    known.
    """
    method = path.rpartition("/")[2]
    if path.startswith("/xai_api."):
        return _XAI.get(method)
    if path.startswith("/google.ai.generativelanguage.") and method in _GEMINI_METHODS:
        return _GEMINI
    return None


def usage_of(message: bytes, where: UsageMap) -> Usage | None:
    """Return the usage in one answer message, or None."""
    for number, value in read_fields(message, _MAX_FIELDS).found:
        if number != where.usage or not isinstance(value, bytes):
            continue
        counts = {n: v for n, v in read_fields(value, _MAX_FIELDS).found if isinstance(v, int)}
        if counts:
            return _usage(counts, where)
    return None


def _usage(counts: dict[int, int], where: UsageMap) -> Usage:
    ticks = counts.get(where.ticks) if where.ticks else None
    return Usage(
        input=sum(counts.get(n, 0) for n in where.prompt),
        output=sum(counts.get(n, 0) for n in where.output),
        reasoning=counts.get(where.reasoning),
        cache_read=counts.get(where.cached),
        stated_cost=None if ticks is None else ticks / TICKS_PER_USD,
    )
