"""Reads model and usage from gRPC messages without their schemas: a bounded walk of protobuf wire format."""

from collections.abc import Iterator
from typing import NamedTuple

from classifiers.llm.answer.usage import Usage

Field = tuple[int, int | bytes]
_MAX_FIELDS = 20_000
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
_XAI = {
    "GetCompletion": UsageMap(usage=9, prompt=(2,), output=(1,), reasoning=6, ticks=11),
    "GetCompletionChunk": UsageMap(usage=6, prompt=(2,), output=(1,), reasoning=6, ticks=11),
}


def fields(data: bytes) -> Iterator[Field]:
    """Yield the fields of one message; stops quietly where the bytes are no protobuf."""
    at, end = 0, len(data)
    for _ in range(_MAX_FIELDS):
        if at >= end:
            return
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if at < 0 or number == 0:
            return
        if wire == 0:
            value, at = _varint(data, at)
            if at < 0:
                return
            yield number, value
        elif wire == 2:
            size, at = _varint(data, at)
            if at < 0 or at + size > end:
                return
            yield number, data[at : at + size]
            at += size
        elif wire in {1, 5}:
            at += 8 if wire == 1 else 4
        else:
            return


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
    return 0, -1


def request_model(path: str, body: bytes) -> str | None:
    """Return the model that a gRPC request names: field 1 of Gemini's, field 2 of xAI's messages."""
    wanted = 2 if path.startswith("/xai_api.") else 1
    if len(body) < 5 or body[0] != 0:
        return None
    for number, value in fields(body[5:]):
        if number == wanted and isinstance(value, bytes):
            try:
                text = value.decode()
            except UnicodeDecodeError:
                return None
            return text[:300].rpartition("models/")[2] if text.isprintable() and text else None
    return None


def usage_map(path: str) -> UsageMap | None:
    """Return where the answer of this gRPC method holds its usage, or None when that is not known."""
    method = path.rpartition("/")[2]
    if path.startswith("/xai_api."):
        return _XAI.get(method)
    if path.startswith("/google.ai.generativelanguage.") and method in {
        "GenerateContent",
        "StreamGenerateContent",
    }:
        return _GEMINI
    return None


def usage_of(message: bytes, where: UsageMap) -> Usage | None:
    """Return the usage in one answer message, or None."""
    for number, value in fields(message):
        if number == where.usage and isinstance(value, bytes):
            counts = {n: v for n, v in fields(value) if isinstance(v, int)}
            if not counts:
                continue
            ticks = counts.get(where.ticks) if where.ticks else None
            return Usage(
                input=sum(counts.get(n, 0) for n in where.prompt),
                output=sum(counts.get(n, 0) for n in where.output),
                reasoning=counts.get(where.reasoning),
                cache_read=counts.get(where.cached),
                stated_cost=None if ticks is None else ticks / TICKS_PER_USD,
            )
    return None
