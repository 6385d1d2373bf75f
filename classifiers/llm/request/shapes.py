"""Recognises a model call by the shape of its JSON body, at any host. Each family is one
function.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from classifiers.llm import operations as op
from classifiers.llm.one_of import one_of

Body = Mapping[str, Any]

ROLES = frozenset(
    (
        "system user assistant developer tool function model ai human ipython chatbot USER"
        " CHATBOT SYSTEM TOOL SYSTEM_MESSAGE"
    ).split()
)
_MODEL_WORDS = tuple(
    (
        "gpt o1 o3 o4 davinci babbage claude gemini gemma llama mistral mixtral ministral"
        " codestral magistral pixtral devstral qwen qwq deepseek command embed grok nova titan"
        " sonar kimi moonshot glm phi yi- palmyra jamba granite nemotron minimax ernie hunyuan"
        " doubao step- solar falcon vicuna bge e5- gte- minilm mpnet rerank voyage jina opt-"
        " whisper tts dall-e chatgpt computer-use hermes dolphin zephyr orca flan t5 bloom"
        " starcoder codellama olmo smollm reka luminous dbrx arctic nomic instruct chat"
    ).split()
)
_SAMPLING = frozenset(
    (
        "temperature top_p top_k topP topK max_tokens max_new_tokens max_tokens_to_sample"
        " maxTokens max_completion_tokens max_output_tokens maxOutputTokens max_gen_len"
        " n_predict num_predict stop stop_sequences stopSequences frequency_penalty"
        " presence_penalty repetition_penalty logprobs do_sample decoding_method"
        " min_new_tokens min_tokens return_full_text echo best_of logit_bias suffix"
        " maxTokenCount seed maximum_tokens"
    ).split()
)
_RESPONSES = frozenset(
    (
        "instructions previous_response_id max_output_tokens reasoning store text"
        " parallel_tool_calls truncation include tools tool_choice conversation background"
        " prompt_cache_key max_tool_calls service_tier safety_identifier stream temperature"
        " top_p"
    ).split()
)
_CHAT = frozenset(
    (
        "stream tools tool_choice system response_format functions n stream_options user"
        " agent_id parallel_tool_calls modalities reasoning_effort anthropic_version"
        " safe_prompt metadata store"
    ).split()
)
"""Beside messages, what only a request to a model has; memory and chat services have roles as
well."""
_ITEM_TYPES = frozenset(
    (
        "message function_call function_call_output reasoning item_reference file_search_call"
        " web_search_call computer_call computer_call_output mcp_call mcp_list_tools"
        " custom_tool_call custom_tool_call_output image_generation_call code_interpreter_call"
        " local_shell_call input_text"
    ).split()
)
_COHERE = frozenset(
    {
        "chat_history",
        "preamble",
        "connectors",
        "prompt_truncation",
        "search_queries_only",
        "citation_quality",
    }
)
_EMBEDDING = frozenset(
    (
        "encoding_format dimensions input_type embedding_types output_dimension task truncate"
        " output_dtype normalized"
    ).split()
)


class Shape(NamedTuple):
    """What the body looks like."""

    family: str
    operation: str


def of_body(body: Body) -> Shape | None:
    """Return the family and operation that this JSON object has the shape of, or None. A dozen
    dictionary look-ups.
    """
    for key, recogniser in _BY_KEY:
        if key in body and (shape := recogniser(body)):
            return shape
    return None


_EMBEDS = re.compile("embed|bge|e5-|gte|minilm")
_BARE_EMBEDDING = frozenset({"model", "input", "user"})
_OLLAMA = frozenset({"keep_alive", "raw"})
_IMAGE = frozenset({"size", "quality", "response_format", "n"})
_COMPLETION = frozenset({"max_gen_len", "max_tokens_to_sample", "n_predict"})
_TURN_IN_TEXT = re.compile(
    rb'"messages"\s*:\s*\[\s*\{[^{}\[\]]{0,500}?"role"\s*:\s*"(?:system|user|assistant|developer|tool)"'
)
_PARTS_IN_TEXT = re.compile(
    rb'"contents"\s*:\s*\[\s*\{\s*(?:"role"\s*:\s*"\w+"\s*,\s*)?"parts"\s*:\s*\[\s*\{\s*"(?:text|inline_?[dD]ata)"'
)


def of_text(data: bytes) -> Shape | None:
    """Recognise a chat by the text of a body that is cut off or not quite JSON, within its first 16
    KiB.
    """
    head = data[:16384]
    if not head.lstrip().startswith(b"{"):
        return None
    if _TURN_IN_TEXT.search(head):
        return Shape("openai", op.CHAT)
    return Shape("gemini", op.GENERATE) if _PARTS_IN_TEXT.search(head) else None


def fits(body: Body, operation: str) -> bool:
    """Return True when the body has what this operation needs: used where path and body must
    agree.
    """
    needs = _NEEDS.get(operation)
    return needs is not None and any(key in body for key in needs)


def sampled(body: Body) -> bool:
    """Return True when the body, or its `parameters`, sets how a model samples its answer."""
    inner = body.get("parameters")
    return bool(_SAMPLING & body.keys()) or (
        isinstance(inner, dict) and bool(_SAMPLING & inner.keys())
    )


def looks_like_model(name: object) -> bool:
    """Return True when a text looks like the name of a language or embedding model."""
    if not isinstance(name, str) or not 1 < len(name) <= 300:
        return False
    low = name.lower()
    return any(word in low for word in _MODEL_WORDS)


def is_turns(value: object) -> bool:
    """Return True for a list of messages with roles of a conversation with a model."""
    if not isinstance(value, list) or not value:
        return False
    for turn in (value[0], value[-1]):
        if not isinstance(turn, dict) or not one_of(turn.get("role"), ROLES):
            return False
    turn = value[-1]
    return any(
        key in turn
        for key in tuple(
            ("content tool_calls parts function_call message tool_results images").split()
        )
    )


def _messages(body: Body) -> Shape | None:
    turns = body["messages"]
    if not is_turns(turns):
        return None
    if "max_tokens" in body and (
        "system" in body or "anthropic_version" in body or _has_blocks(turns)
    ):
        return Shape("anthropic", op.CHAT)
    if "inferenceConfig" in body or "toolConfig" in body or _has_converse_parts(turns):
        return Shape("bedrock", op.CHAT)
    if "keep_alive" in body or isinstance(body.get("options"), dict):
        return Shape("ollama", op.CHAT)
    told = (
        isinstance(body.get("model"), str)
        or len(body) == 1
        or bool(_CHAT & body.keys())
        or bool(_SAMPLING & body.keys())
    )
    return Shape("openai", op.CHAT) if told else None


def _has_blocks(turns: list[Any]) -> bool:
    for turn in turns:
        content = turn.get("content") if isinstance(turn, dict) else None
        if isinstance(content, list) and content and isinstance(content[0], dict):
            first = content[0]
            if (
                first.get("type") in {"tool_use", "tool_result", "thinking", "document"}
                or "source" in first
            ):
                return True
            if first.get("cache_control"):
                return True
    return False


def _has_converse_parts(turns: list[Any]) -> bool:
    content = turns[0].get("content")
    return (
        isinstance(content, list)
        and bool(content)
        and isinstance(content[0], dict)
        and "type" not in content[0]
    )


def _contents(body: Body) -> Shape | None:
    contents = body["contents"]
    first = contents[0] if isinstance(contents, list) and contents else contents
    parts = first.get("parts") if isinstance(first, dict) else None
    if isinstance(parts, dict):
        parts = [parts]
    if not (isinstance(parts, list) and parts and isinstance(parts[0], dict)):
        return None
    known = set(
        (
            "text inlineData inline_data fileData file_data functionCall functionResponse"
            " function_response function_call executableCode codeExecutionResult thought"
            " videoMetadata"
        ).split()
    )
    return Shape("gemini", op.GENERATE) if known & parts[0].keys() else None


def _input(body: Body) -> Shape | None:
    value, model = body["input"], body.get("model")
    if "model_id" in body and isinstance(value, str):
        return Shape("watsonx", op.COMPLETION)
    if isinstance(value, dict):
        spoken = is_turns(value.get("messages")) or isinstance(value.get("prompt"), str)
        return Shape("dashscope", op.CHAT) if spoken and looks_like_model(model) else None
    if isinstance(value, list) and value and isinstance(value[0], dict):
        first = value[0]
        item = one_of(first.get("role"), ROLES) or one_of(first.get("type"), _ITEM_TYPES)
        return Shape("openai", op.RESPONSES) if item else None
    if isinstance(model, str) and isinstance(value, str | list):
        return _input_to_model(body, value, model)
    return None


def _input_to_model(body: Body, value: str | list[Any], model: str) -> Shape | None:
    """Return what a model is asked to do with a text, or with a list of texts or tokens."""
    named = looks_like_model(model)
    if (named and _EMBEDS.search(model.lower())) or _EMBEDDING & body.keys():
        return Shape("openai", op.EMBEDDINGS)
    if "moderation" in model:
        return Shape("openai", op.MODERATION)
    if isinstance(value, str) and (named or len(_RESPONSES & body.keys()) >= 2):
        return Shape("openai", op.AUDIO if "voice" in body else op.RESPONSES)
    if named and body.keys() <= _BARE_EMBEDDING:
        return Shape("openai", op.EMBEDDINGS)
    return None


def _prompt(body: Body) -> Shape | None:
    prompt, model = body["prompt"], body.get("model")
    if not isinstance(prompt, str | list):
        return None
    named = isinstance(model, str)
    if named and (isinstance(body.get("options"), dict) or not _OLLAMA.isdisjoint(body)):
        return Shape("ollama", op.COMPLETION)
    sampling = len(_SAMPLING & body.keys())
    if looks_like_model(model):
        image = not sampling and not _IMAGE.isdisjoint(body)
        return Shape("openai", op.IMAGE if image else op.COMPLETION)
    if sampling and named:
        return Shape("openai", op.COMPLETION)
    if sampling >= 2 or not _COMPLETION.isdisjoint(body):
        return Shape("bedrock" if "max_gen_len" in body else "completion", op.COMPLETION)
    return None


def _message(body: Body) -> Shape | None:
    if not isinstance(body["message"], str):
        return None
    named = isinstance(body.get("model"), str) and looks_like_model(body["model"])
    return Shape("cohere", op.CHAT) if named or _COHERE & body.keys() else None


def _texts(body: Body) -> Shape | None:
    ok = isinstance(body["texts"], list) and (
        {"input_type", "embedding_types"} & body.keys() or looks_like_model(body.get("model"))
    )
    return Shape("cohere", op.EMBEDDINGS) if ok else None


def _documents(body: Body) -> Shape | None:
    ok = (
        isinstance(body.get("query"), str)
        and isinstance(body["documents"], list)
        and looks_like_model(body.get("model"))
    )
    return Shape("cohere", op.RERANK) if ok else None


def _inputs(body: Body) -> Shape | None:
    parameters = body.get("parameters")
    ok = (
        isinstance(body["inputs"], str | list)
        and isinstance(parameters, dict)
        and _SAMPLING & parameters.keys()
    )
    return Shape("tgi", op.COMPLETION) if ok else None


def _input_text(body: Body) -> Shape | None:
    ok = isinstance(body["inputText"], str) and (
        "textGenerationConfig" in body or "dimensions" in body or len(body) == 1
    )
    return (
        Shape("titan", op.INVOKE if "textGenerationConfig" in body else op.EMBEDDINGS)
        if ok
        else None
    )


def _oci(body: Body) -> Shape | None:
    request = body["chatRequest"]
    ok = isinstance(request, dict) and ("messages" in request or "message" in request)
    return Shape("oci", op.CHAT) if ok else None


def _code_assist(body: Body) -> Shape | None:
    request = body["request"]
    return (
        _contents(request)
        if isinstance(request, dict) and "contents" in request and "model" in body
        else None
    )


_BY_KEY: tuple[tuple[str, Callable[[Body], Shape | None]], ...] = (
    ("messages", _messages),
    ("input", _input),
    ("contents", _contents),
    ("prompt", _prompt),
    ("message", _message),
    ("texts", _texts),
    ("documents", _documents),
    ("inputs", _inputs),
    ("inputText", _input_text),
    ("request", _code_assist),
    ("chatRequest", _oci),
)

_NEEDS: dict[str, tuple[str, ...]] = {
    op.CHAT: ("messages", "message", "contents", "input", "prompt", "chatRequest", "text"),
    op.RESPONSES: ("input", "prompt", "previous_response_id"),
    op.EMBEDDINGS: tuple(("input inputs texts content requests prompt images instances").split()),
    op.COMPLETION: ("prompt", "inputs", "input", "messages"),
    op.GENERATE: ("contents", "content", "request"),
    op.INVOKE: tuple(
        (
            "messages message input instances prompt inputText inputs texts taskType text_prompts"
            " anthropic_version"
        ).split()
    ),
    op.IMAGE: ("prompt", "image"),
    op.AUDIO: ("input", "file", "text"),
    op.RERANK: ("query",),
    op.MODERATION: ("input",),
    op.COUNT: ("messages", "contents", "input", "prompt"),
}
