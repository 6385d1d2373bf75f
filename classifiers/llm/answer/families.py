"""Usage as each family of answers states it: a whole answer, or one event of a stream."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from classifiers.llm.answer import stated_cost, units
from classifiers.llm.answer.counts import count_of
from classifiers.llm.answer.usage import Usage, added, known
from core.values import changed

Json = Mapping[str, Any]

_INPUT = tuple(
    (
        "prompt_tokens input_tokens inputTokens inputTokenCount promptTokens inputTextTokens"
        " prompt_token_count input_token_count total_input_tokens"
    ).split()
)
_OUTPUT = tuple(
    (
        "completion_tokens output_tokens outputTokens outputTokenCount completionTokens"
        " generation_token_count generated_token_count output_token_count total_output_tokens"
    ).split()
)
_CACHE_READ = (
    "cache_read_input_tokens",
    "cacheReadInputTokens",
    "cacheReadInputTokenCount",
    "prompt_cache_hit_tokens",
    "cached_tokens",
    "num_cached_tokens",
    "total_cached_tokens",
    "cachedInputTokens",
)
_CACHE_WRITE = ("cache_creation_input_tokens", "cacheWriteInputTokens", "cacheWriteInputTokenCount")
_IN_DETAILS = tuple(
    (
        "prompt_tokens_details input_tokens_details prompt_token_details input_token_details"
        " promptTokensDetails inputTokens"
    ).split()
)
_OUT_DETAILS = tuple(
    (
        "completion_tokens_details output_tokens_details completion_token_details"
        " output_token_details completionTokensDetails outputTokens"
    ).split()
)
_CACHED = ("cached_tokens", "cachedTokens", "cacheRead")
_WRITTEN = tuple(
    ("cache_write_tokens cache_creation_tokens cache_creation_input_tokens cacheWrite").split()
)
_THOUGHT = ("reasoning_tokens", "reasoningTokens", "reasoning")
_TOP_THOUGHT = ("reasoning_tokens", "reasoningTokens", "total_thought_tokens")
_TOOLS_READ = ("connector_tokens", "total_tool_use_tokens")
_APART = frozenset(
    (*_CACHE_READ, *_CACHE_WRITE, *_IN_DETAILS, *_OUT_DETAILS, *_TOP_THOUGHT, *_TOOLS_READ)
)
"""All names by which a `usage` object tells more than what was asked, answered and both."""


_BEDROCK = "x-amzn-bedrock-"
_BY_BEDROCK = frozenset(
    _BEDROCK + name + "-count"
    for name in ("input-token", "output-token", "cache-read-input-token", "cache-write-input-token")
)


def _first(values: Json, names: tuple[str, ...]) -> int | None:
    for name in names:
        if name in values and (count := count_of(values[name])) is not None:
            return count
    return None


def _detail(values: Json, groups: tuple[str, ...], names: tuple[str, ...]) -> int | None:
    for group in groups:
        inner = values.get(group)
        if isinstance(inner, dict) and (count := _first(inner, names)) is not None:
            return count
    return None


def from_usage(values: Json) -> Usage:
    """Read a `usage` object of the OpenAI, Anthropic, Bedrock, Mistral, DeepSeek… families."""
    if isinstance(values.get("tokens"), dict) or isinstance(values.get("billed_units"), dict):
        return _from_cohere(values)
    asked, answered = _first(values, _INPUT), _first(values, _OUTPUT)
    if not _APART.isdisjoint(values):
        return _with_details(values, asked, answered)
    whole = count_of(values.get("total_tokens")) if asked is None and answered is None else None
    cost = stated_cost.of_usage(values)
    return Usage(input=asked, output=answered, only_total=whole, stated_cost=cost)


def _with_details(values: Json, asked: int | None, answered: int | None) -> Usage:
    cached = _detail(values, _IN_DETAILS, _CACHED)
    thought = _detail(values, _OUT_DETAILS, _THOUGHT)
    thought = _first(values, _TOP_THOUGHT) if thought is None else thought
    whole = count_of(values.get("total_tokens"))
    return Usage(
        input=_with_tools(values, asked),
        output=_with_thoughts(values, asked, answered, thought, whole),
        only_total=whole if asked is None and answered is None else None,
        cache_read=_first(values, _CACHE_READ) if cached is None else cached,
        cache_write=known(_first(values, _CACHE_WRITE), _detail(values, _IN_DETAILS, _WRITTEN)),
        reasoning=thought,
        stated_cost=stated_cost.of_usage(values),
        cache_apart="prompt_tokens" not in values
        and any(name in values for name in (*_CACHE_READ[:3], *_CACHE_WRITE)),
    )


def _with_tools(values: Json, asked: int | None) -> int | None:
    """Mistral's and Google's tools read for the model: their tokens stand beside the prompt."""
    if _TOOLS_READ[0] not in values and _TOOLS_READ[1] not in values:
        return asked
    return added(asked, _first(values, _TOOLS_READ))


def _with_thoughts(
    values: Json, asked: int | None, answered: int | None, thought: int | None, whole: int | None
) -> int | None:
    """Some state apart what was thought and what was said: their total tells, which holds both."""
    if not thought or asked is None or answered is None or whole is None:
        return answered
    tools = _with_tools(values, 0) or 0
    return answered + thought if whole == asked + tools + answered + thought else answered


def _from_cohere(values: Json) -> Usage:
    tokens, billed = values.get("tokens"), values.get("billed_units")
    tokens = tokens if isinstance(tokens, dict) else {}
    billed = billed if isinstance(billed, dict) else {}
    return Usage(
        input=known(_first(tokens, _INPUT), _first(billed, _INPUT)),
        output=known(_first(tokens, _OUTPUT), _first(billed, _OUTPUT)),
        cache_read=count_of(values.get("cached_tokens")),
    )


def _from_gemini(values: Json) -> Usage:
    def count(*names: str) -> int | None:
        return _first(values, names)

    prompt = count("promptTokenCount", "prompt_token_count")
    answered = count("candidatesTokenCount", "candidates_token_count", "responseTokenCount")
    thought = count("thoughtsTokenCount", "thoughts_token_count")
    return Usage(
        input=added(prompt, count("toolUsePromptTokenCount", "tool_use_prompt_token_count")),
        output=added(answered, thought),
        cache_read=count("cachedContentTokenCount", "cached_content_token_count"),
        reasoning=thought,
    )


def _from_ollama(answer: Json) -> Usage:
    return Usage(
        input=count_of(answer.get("prompt_eval_count")), output=count_of(answer.get("eval_count"))
    )


def _from_titan(answer: Json) -> Usage:
    results = answer.get("results")
    first = (
        results[0]
        if isinstance(results, list) and results and isinstance(results[0], dict)
        else answer
    )
    output = _first(first, ("tokenCount", "totalOutputTextTokenCount"))
    return Usage(input=count_of(answer.get("inputTextTokenCount")), output=output)


def _from_results(answer: Json) -> Usage | None:
    results = answer["results"]
    if not (isinstance(results, list) and results and isinstance(results[-1], dict)):
        return None
    last = results[-1]
    usage = Usage(
        input=count_of(last.get("input_token_count")),
        output=count_of(last.get("generated_token_count")),
    )
    return None if usage.empty else usage


def _from_aleph(answer: Json) -> Usage:
    return Usage(
        input=count_of(answer.get("num_tokens_prompt_total")),
        output=count_of(answer.get("num_tokens_generated")),
    )


def _from_llama_server(answer: Json) -> Usage:
    return Usage(
        input=count_of(answer.get("tokens_evaluated")),
        output=count_of(answer.get("tokens_predicted")),
    )


def _from_predictions(answer: Json) -> Usage | None:
    """Vertex counts each text that it turned into numbers."""
    predictions = answer["predictions"]
    asked: int | None = None
    for one in predictions[:_MOST_TEXTS] if isinstance(predictions, list) else ():
        numbers = one.get("embeddings") if isinstance(one, dict) else None
        told = numbers.get("statistics") if isinstance(numbers, dict) else None
        if isinstance(told, dict):
            asked = added(asked, count_of(told.get("token_count")))
    return None if asked is None else Usage(input=asked)


def _from_llama(answer: Json) -> Usage:
    return Usage(
        input=count_of(answer.get("prompt_token_count")),
        output=count_of(answer.get("generation_token_count")),
    )


def _from_metrics(values: object) -> Usage | None:
    if isinstance(values, list):
        named = {m.get("metric"): m.get("value") for m in values if isinstance(m, dict)}
        return Usage(
            input=count_of(named.get("num_prompt_tokens")),
            output=count_of(named.get("num_completion_tokens")),
        )
    if isinstance(values, dict) and ("input_token_count" in values or "inputTokenCount" in values):
        return from_usage(values)
    return None


def _from_tgi(answer: Json) -> Usage | None:
    details = answer["details"]
    if not isinstance(details, dict) or "generated_tokens" not in details:
        return None
    prefill = details.get("prefill")
    return Usage(
        input=(
            len(prefill)
            if isinstance(prefill, list) and prefill
            else count_of(details.get("input_length"))
        ),
        output=count_of(details["generated_tokens"]),
    )


_TOP_LEVEL: tuple[tuple[str, Callable[[Json], Usage | None]], ...] = (
    ("prompt_eval_count", _from_ollama),
    ("eval_count", _from_ollama),
    ("inputTextTokenCount", _from_titan),
    ("totalOutputTextTokenCount", _from_titan),
    ("num_tokens_generated", _from_aleph),
    ("generation_token_count", _from_llama),
    ("results", _from_results),
    ("details", _from_tgi),
    ("tokens_predicted", _from_llama_server),
    ("predictions", _from_predictions),
)


_MOST_TEXTS = 2_000
"""Texts that one request has turned into numbers, at most; Vertex takes 250."""
_NESTED = tuple("response message delta x_groq data event result chatResponse interaction".split())
"""Where events wrap the answer that states its usage."""


def of_answer(answer: object) -> Usage | None:
    """Return the usage that one JSON object of an answer states (a whole answer, or one event), or
    None.
    """
    if not isinstance(answer, dict):
        return None
    found: Usage | None = None
    for holder in _holders(answer):
        stated = _direct(holder)
        if stated is None:
            continue
        if found is not None and stated.stated_cost is None:
            stated = replace(stated, stated_cost=found.stated_cost)
        found = stated
        if not stated.empty or stated.units or stated.only_total is not None:
            return stated
    return found


def _holders(answer: Json) -> Iterator[Json]:
    """Yield the objects in which an answer or event may state its usage."""
    yield answer
    for key in _NESTED:
        inner = answer.get(key)
        if isinstance(inner, dict):
            yield inner
    choices = answer.get("choices")
    last = choices[-1] if isinstance(choices, list) and choices else None
    if isinstance(last, dict) and isinstance(last.get("usage"), dict):
        yield {"usage": last["usage"]}


def of_gateway(answer: object) -> Usage | None:
    """Return the counts that Bedrock adds to the last event of any model's stream, or None."""
    metrics = answer.get("amazon-bedrock-invocationMetrics") if isinstance(answer, dict) else None
    return from_usage(metrics) if isinstance(metrics, dict) else None


def _direct(answer: Json) -> Usage | None:
    """Return what an object states of itself: counts, what is priced apart, and its cost."""
    found, values = _counted(answer)
    cost = stated_cost.of_answer(answer)
    if found is None:
        return None if cost is None else Usage(stated_cost=cost)
    return changed(
        found,
        units={**units.of_answer(answer), **units.of_usage(values)},
        terms={**units.terms_of(answer), **units.terms_of(values)},
        stated_cost=cost if found.stated_cost is None else found.stated_cost,
    )


def _counted(answer: Json) -> tuple[Usage | None, Json]:
    """Return the counts, and the object that they stand in."""
    usage = answer.get("usage")
    if isinstance(usage, dict):
        return from_usage(usage), usage
    for key in ("usageMetadata", "usage_metadata"):
        values = answer.get(key)
        if isinstance(values, dict):
            return _from_gemini(values), values
    meta = answer.get("meta")
    if isinstance(meta, dict) and ("tokens" in meta or "billed_units" in meta):
        return _from_cohere(meta), meta
    if isinstance(answer.get("billed_units"), dict) or isinstance(answer.get("tokens"), dict):
        return _from_cohere(answer), answer
    for key, reader in _TOP_LEVEL:
        if key in answer and (found := reader(answer)) is not None:
            return found, answer
    return _from_metrics(answer.get("metrics")), answer


def of_headers(headers: Mapping[str, str]) -> Usage | None:
    """Return the usage that Bedrock states in answer headers, or None."""
    if _BY_BEDROCK.isdisjoint(headers):
        return None

    def count(name: str) -> int | None:
        text = headers.get(_BEDROCK + name, "")
        return int(text) if text.isdecimal() and len(text) < 13 else None

    usage = Usage(
        input=count("input-token-count"),
        output=count("output-token-count"),
        cache_read=count("cache-read-input-token-count"),
        cache_write=count("cache-write-input-token-count"),
    )
    return None if usage.empty else usage
