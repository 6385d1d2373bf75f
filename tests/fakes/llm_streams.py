"""Synthetic answers in each framing and family, with the usage that they state."""

import base64
import struct
import zlib
from typing import NamedTuple

import orjson


class Stream(NamedTuple):
    """One answer as it goes over the wire."""

    name: str
    content_type: str
    body: bytes
    tokens: tuple[int | None, int | None]
    cached: int | None = None
    reasoning: int | None = None
    operation: str = "chat"
    path: str = "/v1/chat/completions"


def sse(*events: object, end: str = "\n", done: bool = False) -> bytes:
    lines = [f"data: {orjson.dumps(event).decode()}{end}{end}" for event in events]
    return "".join(lines).encode() + (f"data: [DONE]{end}{end}".encode() if done else b"")


def named(*events: dict[str, object]) -> bytes:
    return b"".join(
        b"event: " + str(e["type"]).encode() + b"\ndata: " + orjson.dumps(e) + b"\n\n"
        for e in events
    )


def ndjson(*events: object) -> bytes:
    return b"".join(orjson.dumps(event) + b"\n" for event in events)


def aws_frame(payload: bytes, event: str = "chunk") -> bytes:
    header = b"\x0b:event-type\x07" + struct.pack(">H", len(event)) + event.encode()
    total = 16 + len(header) + len(payload)
    prelude = struct.pack(">II", total, len(header))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + header + payload
    return message + struct.pack(">I", zlib.crc32(message))


def aws(*events: object) -> bytes:
    return b"".join(aws_frame(orjson.dumps(event)) for event in events)


def aws_chunks(*events: object) -> bytes:
    return aws(
        *({"bytes": base64.b64encode(orjson.dumps(event)).decode(), "p": "abc"} for event in events)
    )


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def grpc(*messages: bytes) -> bytes:
    return b"".join(b"\x00" + struct.pack(">I", len(m)) + m for m in messages)


def chunk(text: str, **more: object) -> dict[str, object]:
    return {
        "id": "c1",
        "object": "chat.completion.chunk",
        "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "delta": {"content": text}}],
        **more,
    }


def gemini(text: str, **usage: int) -> dict[str, object]:
    return {
        "candidates": [{"content": {"parts": [{"text": text}], "role": "model"}}],
        "usageMetadata": usage,
        "modelVersion": "gemini-2.5-flash",
    }


_OPENAI_USAGE = {
    "prompt_tokens": 31,
    "completion_tokens": 7,
    "total_tokens": 38,
    "prompt_tokens_details": {"cached_tokens": 16},
    "completion_tokens_details": {"reasoning_tokens": 5},
}
_HARD_TEXT = 'the "usage" of tokens: {"usage":{"prompt_tokens":99999}} \n data: é — 漢字'

STREAMS: tuple[Stream, ...] = (
    Stream(
        "openai sse",
        "text/event-stream",
        sse(
            chunk(_HARD_TEXT, usage=None),
            chunk("b", usage=None),
            {**chunk(""), "choices": [], "usage": _OPENAI_USAGE},
            done=True,
        ),
        (31, 7),
        16,
        5,
    ),
    Stream(
        "openai sse crlf",
        "text/event-stream; charset=utf-8",
        sse(
            chunk("a"), {**chunk(""), "choices": [], "usage": _OPENAI_USAGE}, end="\r\n", done=True
        ),
        (31, 7),
        16,
        5,
    ),
    Stream(
        "openai sse without final newline",
        "text/event-stream",
        sse(chunk("a"), {**chunk(""), "choices": [], "usage": _OPENAI_USAGE}).rstrip(),
        (31, 7),
        16,
        5,
    ),
    Stream(
        "openai sse typed as text",
        "text/plain",
        sse(chunk("a"), {**chunk(""), "choices": [], "usage": _OPENAI_USAGE}, done=True),
        (31, 7),
        16,
        5,
    ),
    Stream(
        "openai json",
        "application/json",
        orjson.dumps(
            {
                "model": "gpt-4o",
                "choices": [{"message": {"content": _HARD_TEXT}}],
                "usage": _OPENAI_USAGE,
            }
        ),
        (31, 7),
        16,
        5,
    ),
    Stream(
        "groq",
        "text/event-stream",
        sse(
            chunk("a"),
            chunk("", x_groq={"id": "r", "usage": {"prompt_tokens": 11, "completion_tokens": 3}}),
        ),
        (11, 3),
    ),
    Stream(
        "deepseek",
        "text/event-stream",
        sse(
            chunk("a"),
            chunk(
                "",
                usage={
                    "prompt_tokens": 11,
                    "completion_tokens": 3,
                    "prompt_cache_hit_tokens": 8,
                    "prompt_cache_miss_tokens": 3,
                },
            ),
        ),
        (11, 3),
        8,
    ),
    Stream(
        "responses sse",
        "text/event-stream",
        named(
            {"type": "response.created", "response": {"id": "r", "model": "gpt-5", "usage": None}},
            {"type": "response.output_text.delta", "delta": _HARD_TEXT},
            {
                "type": "response.completed",
                "response": {
                    "id": "r",
                    "model": "gpt-5",
                    "usage": {
                        "input_tokens": 20,
                        "input_tokens_details": {"cached_tokens": 4},
                        "output_tokens": 9,
                        "output_tokens_details": {"reasoning_tokens": 2},
                    },
                },
            },
        ),
        (20, 9),
        4,
        2,
        "responses",
        "/v1/responses",
    ),
    Stream(
        "anthropic sse",
        "text/event-stream",
        named(
            {
                "type": "message_start",
                "message": {
                    "id": "m",
                    "model": "claude-sonnet-4-5",
                    "usage": {
                        "input_tokens": 17,
                        "cache_creation_input_tokens": 0,
                        "cache_read_input_tokens": 100,
                        "output_tokens": 1,
                    },
                },
            },
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": _HARD_TEXT},
            },
            {"type": "ping"},
            {
                "type": "message_delta",
                "delta": {"stop_reason": "end_turn"},
                "usage": {"output_tokens": 108},
            },
            {"type": "message_stop"},
        ),
        (17, 108),
        100,
        None,
        "chat",
        "/v1/messages",
    ),
    Stream(
        "anthropic sse, input again in the delta",
        "text/event-stream",
        named(
            {
                "type": "message_start",
                "message": {"usage": {"input_tokens": 17, "output_tokens": 1}},
            },
            {
                "type": "message_delta",
                "delta": {},
                "usage": {"input_tokens": 0, "output_tokens": 108},
            },
        ),
        (17, 108),
        None,
        None,
        "chat",
        "/v1/messages",
    ),
    Stream(
        "gemini sse",
        "text/event-stream",
        sse(
            gemini("a", promptTokenCount=8, totalTokenCount=8),
            gemini(
                _HARD_TEXT,
                promptTokenCount=8,
                candidatesTokenCount=437,
                thoughtsTokenCount=2027,
                totalTokenCount=2472,
            ),
        ),
        (8, 2464),
        None,
        2027,
        "generate_content",
    ),
    Stream(
        "gemini array",
        "application/json",
        orjson.dumps(
            [
                gemini("a", promptTokenCount=8),
                gemini("b", promptTokenCount=8, candidatesTokenCount=3, cachedContentTokenCount=2),
            ],
            option=orjson.OPT_INDENT_2,
        ),
        (8, 3),
        2,
        None,
        "generate_content",
    ),
    Stream(
        "gemini with tools",
        "application/json",
        orjson.dumps(
            gemini("a", promptTokenCount=8, toolUsePromptTokenCount=5, candidatesTokenCount=3)
        ),
        (13, 3),
        None,
        None,
        "generate_content",
    ),
    Stream(
        "ollama ndjson",
        "application/x-ndjson",
        ndjson(
            {"model": "llama3", "message": {"content": _HARD_TEXT}, "done": False},
            {"model": "llama3", "done": True, "prompt_eval_count": 17, "eval_count": 63},
        ),
        (17, 63),
    ),
    Stream(
        "ollama cached prompt",
        "application/x-ndjson",
        ndjson({"model": "llama3", "done": True, "eval_count": 63}),
        (None, 63),
    ),
    Stream(
        "ndjson typed as json",
        "application/json",
        ndjson(
            {"model": "llama3", "response": "x", "done": False},
            {"model": "llama3", "done": True, "prompt_eval_count": 17, "eval_count": 63},
        ),
        (17, 63),
    ),
    Stream(
        "cohere v1 stream",
        "application/stream+json",
        ndjson(
            {"event_type": "text-generation", "text": "a"},
            {
                "event_type": "stream-end",
                "response": {
                    "text": "a",
                    "meta": {
                        "billed_units": {"input_tokens": 7, "output_tokens": 115},
                        "tokens": {"input_tokens": 69, "output_tokens": 116},
                    },
                },
            },
        ),
        (69, 116),
    ),
    Stream(
        "cohere v2 sse",
        "text/event-stream",
        named(
            {"type": "content-delta", "delta": {"message": {"content": {"text": "a"}}}},
            {
                "type": "message-end",
                "delta": {
                    "finish_reason": "COMPLETE",
                    "usage": {
                        "billed_units": {"input_tokens": 7, "output_tokens": 109},
                        "tokens": {"input_tokens": 69, "output_tokens": 110},
                    },
                },
            },
        ),
        (69, 110),
    ),
    Stream(
        "cohere billed only",
        "application/json",
        orjson.dumps(
            {"generations": [], "meta": {"billed_units": {"input_tokens": 7, "output_tokens": 129}}}
        ),
        (7, 129),
    ),
    Stream(
        "bedrock converse stream",
        "application/vnd.amazon.eventstream",
        aws(
            {"contentBlockDelta": {"delta": {"text": _HARD_TEXT}}},
            {
                "usage": {
                    "inputTokens": 28,
                    "outputTokens": 22,
                    "totalTokens": 50,
                    "cacheReadInputTokens": 5,
                },
                "metrics": {"latencyMs": 5},
            },
        ),
        (28, 22),
        5,
    ),
    Stream(
        "bedrock claude stream",
        "application/vnd.amazon.eventstream",
        aws_chunks(
            {
                "type": "message_start",
                "message": {"usage": {"input_tokens": 16, "output_tokens": 1}},
            },
            {"type": "message_delta", "usage": {"output_tokens": 21}},
            {
                "type": "message_stop",
                "amazon-bedrock-invocationMetrics": {"inputTokenCount": 16, "outputTokenCount": 20},
            },
        ),
        (16, 21),
        None,
        None,
        "invoke",
    ),
    Stream(
        "bedrock titan stream",
        "application/vnd.amazon.eventstream",
        aws_chunks(
            {
                "outputText": "x",
                "inputTextTokenCount": 28,
                "totalOutputTextTokenCount": None,
                "amazon-bedrock-invocationMetrics": {
                    "inputTokenCount": 28,
                    "outputTokenCount": 188,
                },
            }
        ),
        (28, 188),
        None,
        None,
        "invoke",
    ),
    Stream(
        "bedrock titan",
        "application/json",
        orjson.dumps(
            {"inputTextTokenCount": 28.0, "results": [{"tokenCount": 197.0, "outputText": "x"}]}
        ),
        (28, 197),
        None,
        None,
        "invoke",
    ),
    Stream(
        "bedrock llama",
        "application/json",
        orjson.dumps({"generation": "x", "prompt_token_count": 12, "generation_token_count": 30}),
        (12, 30),
        None,
        None,
        "invoke",
    ),
    Stream(
        "watsonx",
        "text/event-stream",
        sse(
            {
                "results": [
                    {"generated_text": "a", "generated_token_count": 2, "input_token_count": 8}
                ]
            },
            {
                "results": [
                    {"generated_text": "b", "generated_token_count": 11, "input_token_count": 0}
                ]
            },
        ),
        (8, 11),
        None,
        None,
        "text_completion",
    ),
    Stream(
        "aleph alpha",
        "application/json",
        orjson.dumps({"num_tokens_prompt_total": 9, "num_tokens_generated": 1000}),
        (9, 1000),
        None,
        None,
        "text_completion",
    ),
    Stream(
        "embeddings",
        "application/json",
        orjson.dumps(
            {
                "data": [{"embedding": [0.5] * 50}],
                "model": "text-embedding-3-small",
                "usage": {"prompt_tokens": 8, "total_tokens": 8},
            }
        ),
        (8, None),
        None,
        None,
        "embeddings",
    ),
    Stream(
        "embeddings with a total only",
        "application/json",
        orjson.dumps({"data": [], "usage": {"total_tokens": 12}}),
        (12, None),
        None,
        None,
        "embeddings",
    ),
    Stream(
        "usage inside the choice",
        "text/event-stream",
        sse(
            chunk("a"),
            {"choices": [{"delta": {}, "usage": {"prompt_tokens": 4, "completion_tokens": 2}}]},
        ),
        (4, 2),
    ),
    Stream(
        "counts as text",
        "application/json",
        orjson.dumps({"result": {"usage": {"inputTextTokens": "10", "completionTokens": "5"}}}),
        (10, 5),
    ),
    Stream(
        "counts as objects",
        "application/json",
        orjson.dumps({"usage": {"inputTokens": {"total": 10}, "outputTokens": {"total": 5}}}),
        (10, 5),
    ),
    Stream(
        "metrics event",
        "text/event-stream",
        sse(
            {
                "event": {
                    "event_type": "metrics",
                    "metrics": [
                        {"metric": "num_prompt_tokens", "value": 5},
                        {"metric": "num_completion_tokens", "value": 6},
                    ],
                }
            }
        ),
        (5, 6),
    ),
    Stream(
        "replicate",
        "application/json",
        orjson.dumps(
            {"status": "succeeded", "metrics": {"input_token_count": 5, "output_token_count": 6}}
        ),
        (5, 6),
        None,
        None,
        "invoke",
    ),
    Stream(
        "gemini grpc",
        "application/grpc",
        grpc(
            field(1, b"text"),
            field(1, b"more")
            + field(3, field(1, 300) + field(2, 40) + field(3, 345) + field(10, 5)),
        ),
        (300, 45),
        None,
        5,
        "generate_content",
        "/google.ai.generativelanguage.v1beta.GenerativeService/StreamGenerateContent",
    ),
    Stream(
        "xai grpc",
        "application/grpc+proto",
        grpc(
            field(1, b"id") + field(9, field(1, 40) + field(2, 300) + field(3, 340) + field(6, 12))
        ),
        (300, 40),
        None,
        12,
        "chat",
        "/xai_api.Chat/GetCompletion",
    ),
    Stream(
        "xai grpc stream",
        "application/grpc",
        grpc(field(1, b"id"), field(6, field(1, 40) + field(2, 300))),
        (300, 40),
        None,
        None,
        "chat",
        "/xai_api.Chat/GetCompletionChunk",
    ),
)
