"""Answers as the providers' references print them, with what each states that it used.

Written from the fields that each reference documents; the numbers are made up, and differ from each
other, so that no two of them can be taken for one another.
"""

from typing import Any, NamedTuple


class Documented(NamedTuple):
    """One documented answer, and the account that its own fields give."""

    name: str
    host: str
    path: str
    answer: Any
    """The JSON of a whole answer; a list: the events of a streamed one."""
    asked: int | None
    answered: int | None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    cost: str | None = None
    left_out: tuple[str, ...] = ()
    """What the record must name as left out of a cost by table."""
    framing: str = "sse"
    """How a list is sent: `sse`, `named` (with `event:` lines), `ndjson` or `aws`."""


CHAT = "/v1/chat/completions"
_CHAT: dict[str, Any] = {
    "id": "c-1",
    "object": "chat.completion",
    "model": "some-model",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
    ],
}


def _chat(usage: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**_CHAT, "usage": usage, **more}


OPENAI_KIND = (
    Documented(
        "openai chat",
        "api.openai.com",
        CHAT,
        _chat(
            {
                "prompt_tokens": 2006,
                "completion_tokens": 300,
                "total_tokens": 2306,
                "prompt_tokens_details": {"cached_tokens": 1920, "audio_tokens": 0},
                "completion_tokens_details": {
                    "reasoning_tokens": 128,
                    "audio_tokens": 0,
                    "accepted_prediction_tokens": 0,
                    "rejected_prediction_tokens": 12,
                },
            }
        ),
        2006,
        300,
        1920,
        None,
        128,
    ),
    Documented(
        "openai responses",
        "api.openai.com",
        "/v1/responses",
        {
            "id": "resp_1",
            "object": "response",
            "status": "completed",
            "model": "gpt-5",
            "output": [],
            "usage": {
                "input_tokens": 328,
                "input_tokens_details": {"cached_tokens": 100},
                "output_tokens": 52,
                "output_tokens_details": {"reasoning_tokens": 20},
                "total_tokens": 380,
            },
        },
        328,
        52,
        100,
        None,
        20,
    ),
    Documented(
        "openai embeddings",
        "api.openai.com",
        "/v1/embeddings",
        {
            "object": "list",
            "data": [{"object": "embedding", "index": 0, "embedding": [0.1, -0.2]}],
            "model": "text-embedding-3-small",
            "usage": {"prompt_tokens": 9, "total_tokens": 9},
        },
        9,
        None,
    ),
    Documented(
        "azure chat, streamed with options",
        "res.openai.azure.com",
        "/openai/deployments/d/chat/completions?api-version=2024-10-21",
        [
            {"choices": [], "id": "", "model": "", "prompt_filter_results": [{"prompt_index": 0}]},
            {**_CHAT, "choices": [{"index": 0, "delta": {"content": "Hi"}}], "usage": None},
            {
                **_CHAT,
                "choices": [],
                "usage": {
                    "prompt_tokens": 18,
                    "completion_tokens": 4,
                    "total_tokens": 22,
                    "prompt_tokens_details": {"cached_tokens": 3},
                    "completion_tokens_details": {"reasoning_tokens": 2},
                },
            },
        ],
        18,
        4,
        3,
        None,
        2,
    ),
    Documented(
        "xai chat: what was thought stands beside what was said",
        "api.x.ai",
        CHAT,
        _chat(
            {
                "prompt_tokens": 32,
                "completion_tokens": 9,
                "total_tokens": 135,
                "prompt_tokens_details": {"text_tokens": 32, "cached_tokens": 8},
                "completion_tokens_details": {"reasoning_tokens": 94},
                "num_sources_used": 0,
            }
        ),
        32,
        103,
        8,
        None,
        94,
    ),
    Documented(
        "perplexity deep research",
        "api.perplexity.ai",
        "/chat/completions",
        _chat(
            {
                "prompt_tokens": 33,
                "completion_tokens": 7163,
                "total_tokens": 7196,
                "citation_tokens": 19,
                "num_search_queries": 21,
                "reasoning_tokens": 95305,
                "cost": {"input_tokens_cost": 0.0, "total_cost": 0.409},
            }
        ),
        33,
        7163,
        None,
        None,
        95305,
        "0.409",
    ),
    Documented(
        "openrouter",
        "openrouter.ai",
        "/api/v1/chat/completions",
        _chat(
            {
                "prompt_tokens": 194,
                "completion_tokens": 2,
                "total_tokens": 196,
                "cost": 0.95,
                "cost_details": {"upstream_inference_cost": 19},
                "prompt_tokens_details": {
                    "cached_tokens": 10,
                    "cache_write_tokens": 100,
                    "audio_tokens": 0,
                },
                "completion_tokens_details": {"reasoning_tokens": 1},
            }
        ),
        194,
        2,
        10,
        100,
        1,
        "0.95",
    ),
    Documented(
        "deepseek",
        "api.deepseek.com",
        "/chat/completions",
        _chat(
            {
                "prompt_tokens": 16,
                "completion_tokens": 10,
                "total_tokens": 26,
                "prompt_cache_hit_tokens": 5,
                "prompt_cache_miss_tokens": 11,
                "completion_tokens_details": {"reasoning_tokens": 4},
            }
        ),
        16,
        10,
        5,
        None,
        4,
    ),
    Documented(
        "mistral",
        "api.mistral.ai",
        CHAT,
        _chat(
            {
                "prompt_tokens": 30,
                "completion_tokens": 6,
                "total_tokens": 36,
                "num_cached_tokens": 12,
            }
        ),
        30,
        6,
        12,
    ),
    Documented(
        "moonshot, streamed",
        "api.moonshot.ai",
        CHAT,
        [
            {**_CHAT, "choices": [{"index": 0, "delta": {"content": "Hi"}}]},
            {
                **_CHAT,
                "choices": [
                    {
                        "index": 0,
                        "delta": {},
                        "finish_reason": "stop",
                        "usage": {
                            "prompt_tokens": 19,
                            "completion_tokens": 13,
                            "total_tokens": 32,
                            "cached_tokens": 7,
                        },
                    }
                ],
            },
        ],
        19,
        13,
        7,
    ),
    Documented(
        "dashscope, compatible",
        "dashscope.aliyuncs.com",
        "/compatible-mode/v1/chat/completions",
        _chat(
            {
                "prompt_tokens": 3019,
                "completion_tokens": 104,
                "total_tokens": 3123,
                "prompt_tokens_details": {
                    "cached_tokens": 2048,
                    "cache_creation_input_tokens": 605,
                    "cache_type": "ephemeral",
                },
            }
        ),
        3019,
        104,
        2048,
        605,
    ),
    Documented(
        "a proxy of litellm before claude",
        "llm.corp.example",
        CHAT,
        _chat(
            {
                "prompt_tokens": 1500,
                "completion_tokens": 40,
                "total_tokens": 1540,
                "prompt_tokens_details": {"cached_tokens": 900, "cache_creation_tokens": 500},
                "cache_creation_input_tokens": 500,
                "cache_read_input_tokens": 900,
            }
        ),
        1500,
        40,
        900,
        500,
    ),
    Documented(
        "groq, streamed",
        "api.groq.com",
        "/openai/v1/chat/completions",
        [
            {**_CHAT, "choices": [{"index": 0, "delta": {"content": "Hi"}}]},
            {
                **_CHAT,
                "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
                "x_groq": {
                    "id": "req_1",
                    "usage": {
                        "queue_time": 0.03,
                        "prompt_tokens": 18,
                        "completion_tokens": 556,
                        "total_tokens": 574,
                    },
                },
            },
        ],
        18,
        556,
    ),
)
"""Those whose fields are named as OpenAI's are, with what each adds or means otherwise."""

_BLOCK = {"type": "text", "text": "Hi"}
OTHERS = (
    Documented(
        "anthropic",
        "api.anthropic.com",
        "/v1/messages",
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-4-5",
            "content": [_BLOCK],
            "stop_reason": "end_turn",
            "usage": {
                "input_tokens": 50,
                "cache_creation_input_tokens": 248,
                "cache_read_input_tokens": 1800,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": 148,
                    "ephemeral_1h_input_tokens": 100,
                },
                "output_tokens": 503,
                "service_tier": "standard",
            },
        },
        50,
        503,
        1800,
        248,
    ),
    Documented(
        "anthropic, streamed",
        "api.anthropic.com",
        "/v1/messages",
        [
            {
                "type": "message_start",
                "message": {
                    "id": "msg_2",
                    "type": "message",
                    "model": "claude-sonnet-4-5",
                    "content": [],
                    "usage": {
                        "input_tokens": 2679,
                        "cache_creation_input_tokens": 0,
                        "cache_read_input_tokens": 30,
                        "output_tokens": 3,
                    },
                },
            },
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta"}},
            {
                "type": "message_delta",
                "delta": {"stop_reason": "end_turn"},
                "usage": {
                    "input_tokens": 10682,
                    "cache_creation_input_tokens": 0,
                    "cache_read_input_tokens": 30,
                    "output_tokens": 510,
                    "server_tool_use": {"web_search_requests": 1},
                },
            },
            {"type": "message_stop"},
        ],
        10682,
        510,
        30,
        0,
        framing="named",
    ),
    Documented(
        "gemini",
        "generativelanguage.googleapis.com",
        "/v1beta/models/gemini-2.5-flash:generateContent",
        {
            "candidates": [{"content": {"parts": [{"text": "Hi"}], "role": "model"}}],
            "usageMetadata": {
                "promptTokenCount": 40,
                "cachedContentTokenCount": 16,
                "candidatesTokenCount": 12,
                "toolUsePromptTokenCount": 70,
                "thoughtsTokenCount": 200,
                "totalTokenCount": 322,
                "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 40}],
            },
            "modelVersion": "gemini-2.5-flash",
            "responseId": "r-1",
        },
        110,
        212,
        16,
        None,
        200,
    ),
    Documented(
        "gemini interactions",
        "generativelanguage.googleapis.com",
        "/v1beta/interactions",
        {
            "id": "v1_1",
            "model": "gemini-3-flash-preview",
            "object": "interaction",
            "status": "completed",
            "outputs": [{"type": "text", "text": "Hi"}],
            "usage": {
                "input_tokens_by_modality": [{"modality": "text", "tokens": 7}],
                "total_cached_tokens": 3,
                "total_input_tokens": 7,
                "total_output_tokens": 23,
                "total_thought_tokens": 49,
                "total_tokens": 79,
                "total_tool_use_tokens": 0,
            },
        },
        7,
        72,
        3,
        None,
        49,
    ),
    Documented(
        "vertex text embeddings",
        "us-central1-aiplatform.googleapis.com",
        "/v1/projects/p/locations/us-central1/publishers/google/models/text-embedding-005:predict",
        {
            "predictions": [
                {
                    "embeddings": {
                        "statistics": {"truncated": False, "token_count": 6},
                        "values": [],
                    }
                },
                {
                    "embeddings": {
                        "statistics": {"truncated": False, "token_count": 5},
                        "values": [],
                    }
                },
            ],
            "metadata": {"billableCharacterCount": 41},
        },
        11,
        None,
    ),
    Documented(
        "bedrock converse",
        "bedrock-runtime.us-east-1.amazonaws.com",
        "/model/amazon.nova-lite-v1%3A0/converse",
        {
            "output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}},
            "stopReason": "end_turn",
            "usage": {
                "inputTokens": 125,
                "outputTokens": 60,
                "totalTokens": 985,
                "cacheReadInputTokens": 700,
                "cacheWriteInputTokens": 100,
            },
            "metrics": {"latencyMs": 1175},
        },
        125,
        60,
        700,
        100,
    ),
    Documented(
        "bedrock converse, streamed",
        "bedrock-runtime.us-east-1.amazonaws.com",
        "/model/amazon.nova-lite-v1%3A0/converse-stream",
        [
            {"contentBlockIndex": 0, "delta": {"text": "Hi"}},
            {"stopReason": "end_turn"},
            {
                "metrics": {"latencyMs": 350},
                "usage": {"inputTokens": 47, "outputTokens": 20, "totalTokens": 67},
            },
        ],
        47,
        20,
        framing="aws",
    ),
    Documented(
        "bedrock invoke, llama",
        "bedrock-runtime.us-east-1.amazonaws.com",
        "/model/meta.llama3-8b-instruct-v1%3A0/invoke",
        {
            "generation": "Hi",
            "prompt_token_count": 15,
            "generation_token_count": 27,
            "stop_reason": "stop",
        },
        15,
        27,
    ),
    Documented(
        "bedrock invoke, titan",
        "bedrock-runtime.us-east-1.amazonaws.com",
        "/model/amazon.titan-text-express-v1/invoke",
        {
            "inputTextTokenCount": 8,
            "results": [{"tokenCount": 21, "outputText": "Hi", "completionReason": "FINISH"}],
        },
        8,
        21,
    ),
    Documented(
        "cohere 2",
        "api.cohere.com",
        "/v2/chat",
        {
            "id": "co-1",
            "finish_reason": "COMPLETE",
            "message": {"role": "assistant", "content": [_BLOCK]},
            "usage": {
                "billed_units": {"input_tokens": 5, "output_tokens": 418},
                "tokens": {"input_tokens": 71, "output_tokens": 418},
                "cached_tokens": 64,
            },
        },
        71,
        418,
        64,
    ),
    Documented(
        "cohere 2, streamed",
        "api.cohere.com",
        "/v2/chat",
        [
            {"id": "co-2", "type": "message-start", "delta": {"message": {"role": "assistant"}}},
            {
                "type": "content-delta",
                "index": 0,
                "delta": {"message": {"content": {"text": "Hi"}}},
            },
            {
                "type": "message-end",
                "delta": {
                    "finish_reason": "COMPLETE",
                    "usage": {
                        "billed_units": {"input_tokens": 3, "output_tokens": 18},
                        "tokens": {"input_tokens": 68, "output_tokens": 18},
                    },
                },
            },
        ],
        68,
        18,
        framing="named",
    ),
    Documented(
        "cohere 1, streamed",
        "api.cohere.com",
        "/v1/chat",
        [
            {"is_finished": False, "event_type": "text-generation", "text": "Hi"},
            {
                "is_finished": True,
                "event_type": "stream-end",
                "finish_reason": "COMPLETE",
                "response": {
                    "response_id": "r",
                    "text": "Hi",
                    "meta": {
                        "billed_units": {"input_tokens": 4, "output_tokens": 9},
                        "tokens": {"input_tokens": 70, "output_tokens": 9},
                    },
                },
            },
        ],
        70,
        9,
        framing="ndjson",
    ),
    Documented(
        "ollama, streamed",
        "localhost",
        "/api/chat",
        [
            {"model": "llama3.2", "message": {"role": "assistant", "content": "Hi"}, "done": False},
            {
                "model": "llama3.2",
                "done": True,
                "done_reason": "stop",
                "prompt_eval_count": 26,
                "eval_count": 298,
            },
        ],
        26,
        298,
        cost="0",
        framing="ndjson",
    ),
    Documented(
        "llama.cpp's own",
        "localhost",
        "/completion",
        {
            "content": "Hi",
            "stop": True,
            "model": "some.gguf",
            "tokens_predicted": 17,
            "tokens_evaluated": 33,
            "tokens_cached": 49,
            "timings": {"prompt_n": 33, "predicted_n": 17},
        },
        33,
        17,
        cost="0",
    ),
    Documented(
        "dashscope, its own",
        "dashscope.aliyuncs.com",
        "/api/v1/services/aigc/text-generation/generation",
        {
            "output": {"choices": [{"message": {"role": "assistant", "content": "Hi"}}]},
            "usage": {
                "input_tokens": 22,
                "output_tokens": 17,
                "total_tokens": 39,
                "prompt_tokens_details": {"cached_tokens": 11},
                "output_tokens_details": {"reasoning_tokens": 5},
            },
            "request_id": "d-1",
        },
        22,
        17,
        11,
        None,
        5,
    ),
    Documented(
        "oracle",
        "inference.generativeai.us-chicago-1.oci.oraclecloud.com",
        "/20231130/actions/chat",
        {
            "modelId": "meta.llama-3.3-70b-instruct",
            "modelVersion": "1.0.0",
            "chatResponse": {
                "apiFormat": "GENERIC",
                "choices": [{"index": 0, "message": {"role": "ASSISTANT"}}],
                "usage": {
                    "promptTokens": 44,
                    "completionTokens": 31,
                    "totalTokens": 75,
                    "promptTokensDetails": {"cachedTokens": 13},
                    "completionTokensDetails": {"reasoningTokens": 6},
                },
            },
        },
        44,
        31,
        13,
        None,
        6,
    ),
    Documented(
        "yandex",
        "llm.api.cloud.yandex.net",
        "/foundationModels/v1/completion",
        {
            "result": {
                "alternatives": [{"message": {"role": "assistant", "text": "Hi"}}],
                "usage": {
                    "inputTextTokens": "29",
                    "completionTokens": "30",
                    "totalTokens": "59",
                    "completionTokensDetails": {"reasoningTokens": "12"},
                },
                "modelVersion": "23.10.2024",
            }
        },
        29,
        30,
        None,
        None,
        12,
    ),
    Documented(
        "vercel's gateway, its own",
        "ai-gateway.vercel.sh",
        "/v3/ai/language-model",
        {
            "content": [_BLOCK],
            "finishReason": "stop",
            "usage": {
                "inputTokens": {"total": 61, "noCache": 21, "cacheRead": 30, "cacheWrite": 10},
                "outputTokens": {"total": 14, "text": 9, "reasoning": 5},
            },
            "providerMetadata": {"gateway": {"cost": "0.000385"}},
        },
        61,
        14,
        30,
        10,
        5,
        "0.000385",
    ),
    Documented(
        "text generation inference",
        "tgi.corp.example",
        "/generate",
        {
            "generated_text": "Hi",
            "details": {
                "finish_reason": "length",
                "generated_tokens": 20,
                "prefill": [{"id": 1}, {"id": 2}, {"id": 3}],
                "tokens": [],
            },
        },
        3,
        20,
    ),
    Documented(
        "watsonx",
        "us-south.ml.cloud.ibm.com",
        "/ml/v1/text/generation?version=2024-05-01",
        {
            "model_id": "ibm/granite-13b-chat-v2",
            "results": [
                {
                    "generated_text": "Hi",
                    "generated_token_count": 16,
                    "input_token_count": 24,
                    "stop_reason": "eos_token",
                }
            ],
        },
        24,
        16,
    ),
    Documented(
        "openai transcription, streamed",
        "api.openai.com",
        "/v1/audio/transcriptions",
        [
            {"type": "transcript.text.delta", "delta": "Hi"},
            {
                "type": "transcript.text.done",
                "text": "Hi",
                "usage": {
                    "type": "tokens",
                    "input_tokens": 14,
                    "input_token_details": {"text_tokens": 1, "audio_tokens": 13},
                    "output_tokens": 45,
                    "total_tokens": 59,
                },
            },
        ],
        14,
        45,
    ),
    Documented(
        "voyage",
        "api.voyageai.com",
        "/v1/embeddings",
        {"object": "list", "data": [], "model": "voyage-3.5", "usage": {"total_tokens": 10}},
        10,
        None,
    ),
    Documented(
        "mistral's agents, streamed",
        "api.mistral.ai",
        "/v1/conversations",
        [
            {"type": "conversation.response.started", "conversation_id": "conv_1"},
            {"type": "message.output.delta", "content": "Hi"},
            {
                "type": "conversation.response.done",
                "usage": {
                    "prompt_tokens": 128,
                    "completion_tokens": 83,
                    "total_tokens": 3322,
                    "connector_tokens": 3111,
                    "connectors": {"web_search": 1},
                },
            },
        ],
        3239,
        83,
        framing="named",
    ),
)
"""Those that have names of their own."""

ANSWERS = (*OPENAI_KIND, *OTHERS)
