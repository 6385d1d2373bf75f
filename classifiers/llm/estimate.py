"""Estimates tokens where the provider states none: request text and the seen answer text, counted
offline, with a band.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

from classifiers.llm import encodings
from classifiers.llm import operations as op
from classifiers.llm.answer.usage import Usage
from classifiers.llm.request.content import turns
from core.classification import LlmCall
from core.errors import DegradedError
from destinations.catalogue import llm_of

_PER_MESSAGE = 3
_MAX_TEXT = 4 * 1024 * 1024
_MAX_DEPTH = 8
_MAX_TEXTS = 300
_MAX_APART = 128 * 1024
_TERSER = 0.75
"""Models are given definitions in a terser form than JSON: measured on recorded OpenAI calls."""
_BANDS: tuple[tuple[str, str], ...] = (
    ("claude", "±50 %"),
    ("gemini", "±50 %"),
    ("command", "±100 %"),
    ("gpt-oss", "±80 %"),
    ("gpt", "±12 %"),
    ("o1", "±50 %"),
    ("o3", "±50 %"),
    ("o4", "±50 %"),
    ("text-embedding", "±5 %"),
    ("davinci", "±13 %"),
    ("babbage", "±13 %"),
    ("mistral", "±20 %"),
    ("deepseek", "±20 %"),
    ("grok", "±20 %"),
    ("nova", "±20 %"),
    ("sonar", "±20 %"),
)
_PROMPTS = tuple(
    (
        "system instructions prompt message input inputs inputText texts preamble systemInstruction"
    ).split()
)
_ANSWER_KEYS = tuple(
    (
        "content text reasoning_content reasoning thinking partial_json arguments completion"
        " outputText generated_text generation"
    ).split()
)
_ANSWER_ROOTS = tuple(
    (
        "choices candidates content delta message output response text results generation"
        " completion generated_text outputText token contentBlockDelta generations event_type"
    ).split()
)


class Estimate(NamedTuple):
    """Estimated tokens and how far off they may be."""

    usage: Usage
    band: str


def begin(call: LlmCall, body: bytes) -> None:
    """Start loading in the background when this call's stream will state no usage: OpenAI's must be
    asked for it.
    """
    if not call.stream or call.operation != op.CHAT or b"include_usage" in body:
        return
    known = llm_of(call.provider)
    if known is not None and known.usage_on_request:
        encodings.begin(call.model)


def of_exchange(call: LlmCall, body: object, sample: bytes, seen: int) -> Estimate | None:
    """Return estimated tokens of a call, or None when there is nothing to count.

    `sample` is the beginning of the answer's events, `seen` how many bytes of events went by in
    all.
    """
    name = encodings.encoding_for(call.model)
    try:
        asked = (
            _request_tokens(name, body, call.operation in {op.CHAT, op.RESPONSES})
            if isinstance(body, dict)
            else None
        )
        answered = None if call.operation == op.EMBEDDINGS else _answer_tokens(name, sample, seen)
    except DegradedError:
        return None
    if asked is None and answered is None:
        return None
    return Estimate(Usage(input=asked, output=answered), _band(call))


def _band(call: LlmCall) -> str:
    model = (call.model or "").lower().rpartition("/")[2]
    band = next(
        (band for word, band in _BANDS if model.startswith(word) or f".{word}" in model), "±80 %"
    )
    return "±35 %" if call.tools and band == "±12 %" else band


def _request_tokens(name: str, body: dict[str, Any], chat: bool) -> int | None:
    messages = turns(body) or []
    texts = [text for message in messages for text in _strings(message, 0)]
    for key in _PROMPTS:
        if key in body and body[key] is not messages:
            texts.extend(_strings(body[key], 0))
    if not texts:
        return None
    own = _count_all(name, texts) + round(_TERSER * _count_all(name, list(_definitions(body))))
    spoken = max(1, len(messages)) + ("instructions" in body)
    return own + (_PER_MESSAGE * (spoken + 1) if chat else 0)


def _definitions(body: dict[str, Any]) -> Iterator[str]:
    """Yield tool definitions and answer schemas as JSON."""
    for key in ("tools", "functions", "toolConfig"):
        if body.get(key):
            yield orjson.dumps(body[key]).decode()
    stated = body.get("response_format") or body.get("text")
    if isinstance(stated, dict) and (
        "json_schema" in stated or "schema" in str(stated.get("format"))
    ):
        yield orjson.dumps(stated).decode()


def _count_all(name: str, texts: list[str]) -> int:
    """Count each text by itself, as providers do; very many are counted as one."""
    if len(texts) > _MAX_TEXTS or sum(map(len, texts)) > _MAX_APART:
        return encodings.count(name, "\n".join(texts)[:_MAX_TEXT])
    return sum(encodings.count(name, text) for text in texts)


def _strings(value: object, depth: int) -> Iterator[str]:
    """Yield the texts of a message, without base64 content, types and ids."""
    if isinstance(value, str):
        if not value.startswith("data:"):
            yield value
    elif depth > _MAX_DEPTH:
        return
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item, depth + 1)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in set(
                (
                    "type id data bytes image_url tool_call_id call_id file_data inlineData source images"
                ).split()
            ):
                yield from _strings(inner, depth + 1)


def _answer_tokens(name: str, sample: bytes, seen: int) -> int | None:
    pieces: list[str] = []
    for line in sample.splitlines() if sample[:1] not in b"[{" or b"\n{" in sample else (sample,):
        data = line[5:] if line.startswith(b"data:") else line
        try:
            event = orjson.loads(data)
        except orjson.JSONDecodeError:
            continue
        if isinstance(event, dict):
            pieces.extend(_answer_texts(event))
        elif isinstance(event, list):
            pieces.extend(
                text for item in event if isinstance(item, dict) for text in _answer_texts(item)
            )
    text = "".join(pieces)
    if not text:
        return None
    tokens = encodings.count(name, text)
    return round(tokens * seen / len(sample)) if seen > len(sample) else tokens


def _answer_texts(event: dict[str, Any]) -> Iterator[str]:
    kind = event.get("type")
    if isinstance(kind, str) and kind.endswith(
        (".done", ".completed", ".added", ".created", "in_progress")
    ):
        return
    for key in _ANSWER_ROOTS:
        value = event.get(key)
        if isinstance(value, str) and key != "event_type":
            yield value
        elif isinstance(value, list | dict):
            yield from _inner_texts(value, 0)


def _inner_texts(value: list[Any] | dict[str, Any], depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            if isinstance(item, list | dict):
                yield from _inner_texts(item, depth + 1)
        return
    if isinstance(value.get("arguments"), str) and isinstance(value.get("name"), str):
        yield value["name"] + " "
    for key, inner in value.items():
        if isinstance(inner, str):
            if key in _ANSWER_KEYS:
                yield inner
        elif isinstance(inner, list | dict) and key not in {
            "logprobs",
            "usage",
            "meta",
            "citationMetadata",
        }:
            yield from _inner_texts(inner, depth + 1)
