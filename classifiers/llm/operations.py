"""What a path asks of a model: operation, model named in the path, streaming. Paths only; no host,
no body.
"""

import re
from typing import NamedTuple
from urllib.parse import unquote

CHAT, RESPONSES, EMBEDDINGS, COMPLETION = "chat", "responses", "embeddings", "text_completion"
GENERATE, INVOKE, IMAGE, AUDIO, VIDEO = "generate_content", "invoke", "image", "audio", "video"
RERANK, MODERATION, COUNT, REALTIME = "rerank", "moderation", "count_tokens", "realtime"
BATCH, FILES, MODELS, TELEMETRY, OTHER, MCP = (
    "batch",
    "files",
    "models",
    "telemetry",
    "other",
    "mcp",
)

CONTENT = frozenset(
    {
        CHAT,
        RESPONSES,
        EMBEDDINGS,
        COMPLETION,
        GENERATE,
        INVOKE,
        IMAGE,
        AUDIO,
        VIDEO,
        RERANK,
        MODERATION,
        COUNT,
        REALTIME,
    }
)
"""Operations whose request carries content for a model."""

_LAST_TWO: dict[str, str] = {
    "chat/completions": CHAT,
    "agents/completions": CHAT,
    "text/chatcompletion_v2": CHAT,
    "text/chat": CHAT,
    "text/chat_stream": CHAT,
    "api/chat": CHAT,
    "actions/chat": CHAT,
    "v1/messages": CHAT,
    "v1/chat": CHAT,
    "v2/chat": CHAT,
    "chat/completion": CHAT,
    "ai/language-model": CHAT,
    "backend-api/conversation": CHAT,
    "f/conversation": CHAT,
    "backend-anon/conversation": CHAT,
    "codex/responses": RESPONSES,
    "fim/completions": COMPLETION,
    "text/generation": COMPLETION,
    "text/generation_stream": COMPLETION,
    "generation/text": COMPLETION,
    "generation/text_stream": COMPLETION,
    "api/generate": COMPLETION,
    "v1/complete": COMPLETION,
    "v1/generate": COMPLETION,
    "foundationModels/v1/completion": COMPLETION,
    "text-generation/generation": COMPLETION,
    "multimodal-generation/generation": CHAT,
    "api/embed": EMBEDDINGS,
    "api/embeddings": EMBEDDINGS,
    "v1/embed": EMBEDDINGS,
    "v2/embed": EMBEDDINGS,
    "embedding/text": EMBEDDINGS,
    "actions/embedText": EMBEDDINGS,
    "text-embedding/text-embedding": EMBEDDINGS,
    "text/embeddings": EMBEDDINGS,
    "images/generations": IMAGE,
    "images/edits": IMAGE,
    "images/variations": IMAGE,
    "image/generations": IMAGE,
    "audio/speech": AUDIO,
    "audio/transcriptions": AUDIO,
    "audio/translations": AUDIO,
    "messages/batches": BATCH,
    "messages/count_tokens": COUNT,
    "traces/ingest": TELEMETRY,
    "responses/input_tokens": COUNT,
    "responses/compact": RESPONSES,
    "realtime/calls": REALTIME,
    "realtime/sessions": REALTIME,
    "realtime/client_secrets": REALTIME,
    "realtime/transcription_sessions": REALTIME,
}

_LAST_ONE: dict[str, str] = {
    "responses": RESPONSES,
    "embeddings": EMBEDDINGS,
    "multimodalembeddings": EMBEDDINGS,
    "embed": EMBEDDINGS,
    "completions": COMPLETION,
    "complete": COMPLETION,
    "completion": COMPLETION,
    "generate": COMPLETION,
    "generate_stream": COMPLETION,
    "converse": CHAT,
    "converse-stream": CHAT,
    "invoke": INVOKE,
    "invoke-with-response-stream": INVOKE,
    "async-invoke": INVOKE,
    "invocations": INVOKE,
    "invocations-response-stream": INVOKE,
    "predictions": INVOKE,
    "moderations": MODERATION,
    "rerank": RERANK,
    "ranking": RERANK,
    "count-tokens": COUNT,
    "tokenize": COUNT,
    "detokenize": COUNT,
    "ocr": OTHER,
    "realtime": REALTIME,
    "retrieveAndGenerate": CHAT,
    "listen": AUDIO,
    "speak": AUDIO,
    "speech-to-text": AUDIO,
    "stt": AUDIO,
    "tts": AUDIO,
    "videos": VIDEO,
    "images": IMAGE,
    "chat": CHAT,
}

_ACTIONS: dict[str, str] = {
    "generateContent": GENERATE,
    "streamGenerateContent": GENERATE,
    "embedContent": EMBEDDINGS,
    "batchEmbedContents": EMBEDDINGS,
    "asyncBatchEmbedContent": EMBEDDINGS,
    "countTokens": COUNT,
    "batchGenerateContent": BATCH,
    "predict": INVOKE,
    "predictLongRunning": INVOKE,
    "rawPredict": CHAT,
    "streamRawPredict": CHAT,
    "complete": CHAT,
    "bidiGenerateContent": REALTIME,
    "generateAnswer": GENERATE,
    "generateMessage": CHAT,
    "generateText": COMPLETION,
    "serverStreamingPredict": INVOKE,
    "computeTokens": COUNT,
}
"""Google's custom methods, after the colon of the last segment."""

_COLLECTIONS: dict[str, str] = {
    "threads": "assistants",
    "assistants": "assistants",
    "vector_stores": "assistants",
    "responses": RESPONSES,
    "conversations": "conversations",
    "files": FILES,
    "uploads": FILES,
    "batches": BATCH,
    "batch": BATCH,
    "fine_tuning": "fine_tuning",
    "fine-tunes": "fine_tuning",
    "models": MODELS,
    "organization": "admin",
    "predictions": INVOKE,
    "text-to-speech": AUDIO,
    "speech-to-text": AUDIO,
    "audio": AUDIO,
    "convai": REALTIME,
    "stable-image": IMAGE,
    "images": IMAGE,
    "videos": VIDEO,
    "video": VIDEO,
    "realtime": REALTIME,
    "chat_conversations": CHAT,
    "containers": FILES,
    "evals": "evals",
    "cachedContents": FILES,
    "pipeline": EMBEDDINGS,
    "knowledgebases": "retrieval",
    "guardrail": MODERATION,
    "agents": CHAT,
    "listen": AUDIO,
    "run": INVOKE,
    "transcript": AUDIO,
    "lemur": CHAT,
    "v1internal": GENERATE,
    "search": "search",
}
"""Resource names anywhere in the path, looked for where the end of the path says nothing."""

_GRPC: dict[str, str] = {
    "GenerateContent": GENERATE,
    "StreamGenerateContent": GENERATE,
    "EmbedContent": EMBEDDINGS,
    "BatchEmbedContents": EMBEDDINGS,
    "CountTokens": COUNT,
    "GetCompletion": CHAT,
    "GetCompletionChunk": CHAT,
    "StartDeferredCompletion": CHAT,
    "Predict": INVOKE,
    "RawPredict": CHAT,
    "StreamRawPredict": CHAT,
    "BidiGenerateContent": REALTIME,
    "Embed": EMBEDDINGS,
    "GenerateImage": IMAGE,
    "SampleText": COMPLETION,
    "SampleTextStreaming": COMPLETION,
    "ListModels": MODELS,
    "GetModel": MODELS,
    "TokenizeText": COUNT,
}

_GRPC_SERVICE = re.compile(
    r"/(?:google\.ai\.generativelanguage|google\.cloud\.aiplatform|xai_api)\.[\w.]+/(\w+)$"
)

DISTINCTIVE = re.compile(
    r"/chat/completions$|:(?:stream)?[gG]enerateContent$|:(?:batchE|e)mbedContents?$|/converse(?:-stream)?$"
    r"|/invoke-with-response-stream$|/model/[^/]+/invoke$|/publishers/[^/]+/models/[^/]+:\w+$"
    r"|/audio/(?:speech|transcriptions|translations)$|/images/(?:generations|edits|variations)$"
    r"|/deployments/[^/]+/(?:embeddings|completions|responses)$|/v1/messages(?:/batches|/count_tokens)$"
    r"|/v1/(?:threads/thread_|assistants/asst_|responses/resp_|vector_stores/vs_|conversations/conv_|threads/runs$)"
    r"|/(?:google\.ai\.generativelanguage|xai_api)\.\w"
)
"""Paths that say enough on their own, at any host."""

_MODEL_IN_PATH = re.compile(
    r"/(?:model|deployments|engines|custom-model|imported-model)/([^/?]+)/"
    r"|/models/([^/?:]+):[A-Za-z]+(?:$|\?)"
    r"|/ai/run/(@?[^?]+)"
    r"|/serving-endpoints/([^/?]+)/invocations"
    r"|/models/([^/?]+(?:/[^/?]+)?)/predictions"
    r"|/models/([^/?]+/[^/?]+)(?:$|\?)"
    r"|/models/([^/?:]+)(?:$|\?)"
    r"|/tunedModels/([^/?:]+):"
)


class PathOperation(NamedTuple):
    """What the path says."""

    operation: str
    certain: bool
    """True when the end of the path names the operation; False when only a collection in it
    does.
    """


def of_path(path: str) -> PathOperation | None:
    """Return the operation that this path (query ignored) names, or None."""
    path = path.partition("?")[0].rstrip("/")
    head, _, last = path.rpartition("/")
    if ":" in last and (action := _ACTIONS.get(last.rpartition(":")[2])):
        return PathOperation(action, True)
    two = _LAST_TWO.get(head[head.rfind("/") + 1 :] + "/" + last)
    if two:
        return PathOperation(two, True)
    one = _LAST_ONE.get(last)
    if one:
        return PathOperation(one, True)
    if "." in head and (grpc := _GRPC_SERVICE.match(path)):
        return PathOperation(_GRPC.get(grpc[1], OTHER), True)
    for segment in path.split("/"):
        if segment in _COLLECTIONS:
            return PathOperation(_COLLECTIONS[segment], False)
    return None


def model_in_path(path: str) -> str | None:
    """Return the model that the path names, percent-decoded (Bedrock encodes colons, and whole
    ARNs).
    """
    match = _MODEL_IN_PATH.search(path)
    if match is None:
        return None
    return unquote(match[match.lastindex or 1])[:300] or None


def streams(path: str) -> bool:
    """Return True when the path itself asks for a streamed answer."""
    if "tream" not in path and "alt=sse" not in path:
        return False
    base, _, query = path.partition("?")
    last = base.rpartition("/")[2]
    return (
        "alt=sse" in query
        or last.endswith(("stream", "stream_generate"))
        or (":stream" in last or last in {"StreamGenerateContent", "StreamRawPredict"})
    )
