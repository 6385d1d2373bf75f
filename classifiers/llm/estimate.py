"""Estimates tokens where the provider states none: request text and the seen answer text, counted
offline, with a band.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from classifiers.llm import encodings
from classifiers.llm import operations as op
from classifiers.llm.one_of import one_of
from classifiers.llm.request.content import turns
from core.classification import LlmCall
from core.errors import DegradedError
from core.uncounted import TokenCount, Uncounted
from destinations.catalogue import llm_of

_PER_MESSAGE = 3
_MAX_TEXT = 4 * 1024 * 1024
_MAX_DEPTH = 8
_MAX_TEXTS = 300
_MAX_APART = 128 * 1024
_TERSER = 0.75
"""Models are given definitions in a terser form than JSON: measured on recorded OpenAI calls."""
_BAND = "±12 %"
"""Of calls of the models below that carry words alone, in and out."""
_BAND_OF_VECTORS = "±5 %"
"""Of embeddings. Of 163 recorded calls that get one of the two bands, 162 were within it."""
_WORDS_ALONE = ("gpt-3.5", "gpt-35", "gpt-4", "chatgpt-4o", "davinci", "babbage")
_OF_VECTORS = "text-embedding-"
_OTHER_WAYS = ("audio", "realtime", "search", "transcribe", "tts", "vision", "image")
"""In names of models that read or do more than words show."""
_MORE_THAN_WORDS = ("tools", "functions", "response_format", "audio", "prediction", "suffix")
"""Fields that bring what the model reads beside its messages, in a form of the provider's own."""
_SPEAKERS = frozenset({"system", "developer", "user", "assistant"})
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
NOTHING = TokenCount(None, None, None)
_ANSWER_ROOTS = tuple(
    (
        "choices candidates content delta message output response text results generation"
        " completion generated_text outputText token contentBlockDelta generations event_type"
    ).split()
)


def is_foreseen(call: LlmCall, body: bytes) -> bool:
    """Return True when this call's stream will state no usage: OpenAI's must be asked for it."""
    if not call.stream or call.operation != op.CHAT or b"include_usage" in body:
        return False
    known = llm_of(call.provider)
    return known is not None and known.usage_on_request


def tokens_of(uncounted: Uncounted) -> TokenCount:
    """Return what stands in it, counted; the table of its model's encoding is there afterwards."""
    try:
        encodings.load(encodings.encoding_for(uncounted.call.model))
        body: object = orjson.loads(uncounted.asked) if uncounted.asked else None
    except (DegradedError, orjson.JSONDecodeError):
        body = None
    return of_exchange(uncounted.call, body, uncounted.sample, uncounted.seen)


def of_exchange(call: LlmCall, body: object, sample: bytes, seen: int) -> TokenCount:
    """Return estimated tokens of a call: of nothing where there is nothing to count.

    `sample` is the beginning of the answer's events, `seen` how many bytes of events went by in
    all. No band where none was found to hold.
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
        return NOTHING
    if asked is None and answered is None:
        return NOTHING
    return TokenCount(asked, answered, _band(call, body))


def _band(call: LlmCall, body: object) -> str | None:
    """Return how far off the estimate is for nine calls of ten, where recordings showed that."""
    model = (call.model or "").lower().rpartition("/")[2].removeprefix("ft:")
    if call.operation == op.EMBEDDINGS:
        return _BAND_OF_VECTORS if model.startswith(_OF_VECTORS) else None
    fits = model.startswith(_WORDS_ALONE) and not any(word in model for word in _OTHER_WAYS)
    if not fits or call.operation not in {op.CHAT, op.COMPLETION} or not isinstance(body, dict):
        return None
    return _BAND if _is_words_alone(body) else None


def _is_words_alone(body: dict[str, Any]) -> bool:
    """Return True for a call with nothing but what people and the model said, answered once."""
    if any(body.get(name) for name in _MORE_THAN_WORDS) or body.get("n", 1) != 1:
        return False
    return all(_is_said(turn) for turn in turns(body) or ())


def _is_said(turn: object) -> bool:
    if not isinstance(turn, dict) or not one_of(turn.get("role"), _SPEAKERS):
        return False
    if any(turn.get(name) for name in ("name", "tool_calls", "function_call", "audio")):
        return False
    content = turn.get("content")
    return isinstance(content, str) or (
        isinstance(content, list)
        and all(isinstance(part, dict) and part.get("type") == "text" for part in content)
    )


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
                    "type id data bytes image_url tool_call_id call_id file_data inlineData "
                    "source images"
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
