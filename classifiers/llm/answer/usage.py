"""Token usage as each family of answers states it, and how later statements of one answer merge
with earlier ones.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

Json = Mapping[str, Any]

_INPUT = tuple(
    (
        "prompt_tokens input_tokens inputTokens inputTokenCount promptTokens inputTextTokens"
        " prompt_token_count input_token_count"
    ).split()
)
_OUTPUT = tuple(
    (
        "completion_tokens output_tokens outputTokens outputTokenCount completionTokens"
        " generation_token_count generated_token_count output_token_count"
    ).split()
)
_CACHE_READ = (
    "cache_read_input_tokens",
    "cacheReadInputTokens",
    "cacheReadInputTokenCount",
    "prompt_cache_hit_tokens",
    "cached_tokens",
)
_CACHE_WRITE = ("cache_creation_input_tokens", "cacheWriteInputTokens", "cacheWriteInputTokenCount")
_IN_DETAILS = (
    "prompt_tokens_details",
    "input_tokens_details",
    "prompt_token_details",
    "input_token_details",
)
_OUT_DETAILS = (
    "completion_tokens_details",
    "output_tokens_details",
    "completion_token_details",
    "output_token_details",
)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as stated by the provider; None where it says nothing.

    `input` is the number the provider itself calls input or prompt tokens: Anthropic's and
    Bedrock's leave out cached tokens (see `cache_apart`), everybody else's hold them.
    """

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    stated_cost: float | None = None
    cache_apart: bool = False
    """True when `input` does not hold the cached tokens."""
    only_total: int | None = None
    """The one number of providers that state no more, such as Voyage for embeddings."""

    @property
    def empty(self) -> bool:
        """True when no token number is known."""
        return self.input is None and self.output is None

    @property
    def total_input(self) -> int | None:
        """Input tokens with cached ones: what a price table counts from."""
        if self.input is None or not self.cache_apart:
            return self.input
        return self.input + (self.cache_read or 0) + (self.cache_write or 0)


def later(old: Usage, new: Usage) -> Usage:
    """Merge a later statement of the same answer: it is cumulative, so it wins, but a bare 0 erases
    nothing.
    """
    return Usage(
        input=new.input or old.input if old.input else _known(new.input, old.input),
        output=_known(new.output, old.output),
        cache_read=new.cache_read or _known(old.cache_read, new.cache_read),
        cache_write=new.cache_write or _known(old.cache_write, new.cache_write),
        reasoning=_known(new.reasoning, old.reasoning),
        stated_cost=new.stated_cost if new.stated_cost is not None else old.stated_cost,
        cache_apart=old.cache_apart or new.cache_apart,
        only_total=_known(new.only_total, old.only_total),
    )


def fill(old: Usage, new: Usage) -> Usage:
    """Take from `new` only what `old` does not know: for counts of a gateway around the model's
    own.
    """
    return replace(
        old,
        input=_known(old.input, new.input),
        output=_known(old.output, new.output),
        cache_read=_known(old.cache_read, new.cache_read),
        cache_write=_known(old.cache_write, new.cache_write),
    )


def total(old: Usage, new: Usage) -> Usage:
    """Add up: each response of a realtime session states its own usage."""
    return Usage(
        input=_sum(old.input, new.input),
        output=_sum(old.output, new.output),
        cache_read=_sum(old.cache_read, new.cache_read),
        cache_write=_sum(old.cache_write, new.cache_write),
        reasoning=_sum(old.reasoning, new.reasoning),
    )


def _known(first: int | None, second: int | None) -> int | None:
    return second if first is None else first


def _sum(a: int | None, b: int | None) -> int | None:
    return a if b is None else b if a is None else a + b


def _count(value: object) -> int | None:
    """Return a token count, or None for what cannot be one (Titan writes 28.0, Yandex "28", Vercel
    {"total": 28}).
    """
    if isinstance(value, dict):
        value = value.get("total")
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 13:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10**12:
        return None
    return int(value)


def _first(values: Json, names: tuple[str, ...]) -> int | None:
    for name in names:
        if name in values and (count := _count(values[name])) is not None:
            return count
    return None


def _detail(values: Json, groups: tuple[str, ...], name: str) -> int | None:
    for group in groups:
        inner = values.get(group)
        if isinstance(inner, dict) and (count := _count(inner.get(name))) is not None:
            return count
    return None


def _cost(values: Json) -> float | None:
    cost = values.get("cost")
    if isinstance(cost, dict):
        cost = cost.get("total_cost")
    if isinstance(cost, int | float) and not isinstance(cost, bool) and cost >= 0:
        return float(cost)
    ticks = values.get("cost_in_usd_ticks")
    return (
        ticks / 1e10
        if isinstance(ticks, int | float) and not isinstance(ticks, bool) and ticks >= 0
        else None
    )


def from_usage(values: Json) -> Usage:
    """Read a `usage` object of the OpenAI, Anthropic, Bedrock, Mistral, DeepSeek… families."""
    cohere = values.get("tokens"), values.get("billed_units")
    if any(isinstance(part, dict) for part in cohere):
        return _from_cohere(values)
    cached = _detail(values, _IN_DETAILS, "cached_tokens")
    asked, answered = _first(values, _INPUT), _first(values, _OUTPUT)
    return Usage(
        input=asked,
        output=answered,
        only_total=(
            _count(values.get("total_tokens")) if asked is None and answered is None else None
        ),
        cache_read=_first(values, _CACHE_READ) if cached is None else cached,
        cache_write=_first(values, _CACHE_WRITE),
        reasoning=_detail(values, _OUT_DETAILS, "reasoning_tokens"),
        stated_cost=_cost(values),
        cache_apart="prompt_tokens" not in values
        and any(name in values for name in (*_CACHE_READ[:3], *_CACHE_WRITE)),
    )


def _from_cohere(values: Json) -> Usage:
    tokens, billed = values.get("tokens"), values.get("billed_units")
    tokens = tokens if isinstance(tokens, dict) else {}
    billed = billed if isinstance(billed, dict) else {}
    return Usage(
        input=_known(_first(tokens, _INPUT), _first(billed, _INPUT)),
        output=_known(_first(tokens, _OUTPUT), _first(billed, _OUTPUT)),
        cache_read=_count(values.get("cached_tokens")),
    )


def _from_gemini(values: Json) -> Usage:
    def count(*names: str) -> int | None:
        return _first(values, names)

    prompt = count("promptTokenCount", "prompt_token_count")
    answered = count("candidatesTokenCount", "candidates_token_count", "responseTokenCount")
    thought = count("thoughtsTokenCount", "thoughts_token_count")
    return Usage(
        input=_sum(prompt, count("toolUsePromptTokenCount", "tool_use_prompt_token_count")),
        output=_sum(answered, thought),
        cache_read=count("cachedContentTokenCount", "cached_content_token_count"),
        reasoning=thought,
    )


def _from_ollama(answer: Json) -> Usage:
    return Usage(
        input=_count(answer.get("prompt_eval_count")), output=_count(answer.get("eval_count"))
    )


def _from_titan(answer: Json) -> Usage:
    results = answer.get("results")
    first = (
        results[0]
        if isinstance(results, list) and results and isinstance(results[0], dict)
        else answer
    )
    output = _first(first, ("tokenCount", "totalOutputTextTokenCount"))
    return Usage(input=_count(answer.get("inputTextTokenCount")), output=output)


def _from_results(answer: Json) -> Usage | None:
    results = answer["results"]
    if not (isinstance(results, list) and results and isinstance(results[-1], dict)):
        return None
    last = results[-1]
    usage = Usage(
        input=_count(last.get("input_token_count")),
        output=_count(last.get("generated_token_count")),
    )
    return None if usage.empty else usage


def _from_aleph(answer: Json) -> Usage:
    return Usage(
        input=_count(answer.get("num_tokens_prompt_total")),
        output=_count(answer.get("num_tokens_generated")),
    )


def _from_llama(answer: Json) -> Usage:
    return Usage(
        input=_count(answer.get("prompt_token_count")),
        output=_count(answer.get("generation_token_count")),
    )


def _from_metrics(values: object) -> Usage | None:
    if isinstance(values, list):
        named = {m.get("metric"): m.get("value") for m in values if isinstance(m, dict)}
        return Usage(
            input=_count(named.get("num_prompt_tokens")),
            output=_count(named.get("num_completion_tokens")),
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
            else _count(details.get("input_length"))
        ),
        output=_count(details["generated_tokens"]),
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
)


_NESTED = ("response", "message", "delta", "x_groq", "data", "event", "result")
"""Where events wrap the answer that states its usage."""


def of_answer(answer: object) -> Usage | None:
    """Return the usage that one JSON object of an answer states (a whole answer, or one event), or
    None.
    """
    if not isinstance(answer, dict):
        return None
    found = _direct(answer)
    if found is not None:
        return found
    for key in _NESTED:
        inner = answer.get(key)
        if isinstance(inner, dict) and (found := _direct(inner)) is not None:
            return found
    choices = answer.get("choices")
    if (
        isinstance(choices, list)
        and choices
        and isinstance(choices[-1], dict)
        and isinstance(choices[-1].get("usage"), dict)
    ):
        return from_usage(choices[-1]["usage"])
    return None


def of_gateway(answer: object) -> Usage | None:
    """Return the counts that Bedrock adds to the last event of any model's stream, or None."""
    metrics = answer.get("amazon-bedrock-invocationMetrics") if isinstance(answer, dict) else None
    return from_usage(metrics) if isinstance(metrics, dict) else None


def _direct(answer: Json) -> Usage | None:
    usage = answer.get("usage")
    if isinstance(usage, dict):
        return from_usage(usage)
    for key in ("usageMetadata", "usage_metadata"):
        values = answer.get(key)
        if isinstance(values, dict):
            return _from_gemini(values)
    meta = _from_meta(answer)
    if meta is not None:
        return meta
    if isinstance(answer.get("billed_units"), dict) or isinstance(answer.get("tokens"), dict):
        return _from_cohere(answer)
    for key, reader in _TOP_LEVEL:
        if key in answer and (found := reader(answer)) is not None:
            return found
    return _from_metrics(answer.get("metrics"))


def _from_meta(answer: Json) -> Usage | None:
    meta = answer.get("meta")
    if isinstance(meta, dict) and ("tokens" in meta or "billed_units" in meta):
        return _from_cohere(meta)
    return None


def of_headers(headers: Mapping[str, str]) -> Usage | None:
    """Return the usage that Bedrock states in answer headers, or None."""

    def count(name: str) -> int | None:
        text = headers.get("x-amzn-bedrock-" + name, "")
        return int(text) if text.isdecimal() and len(text) < 13 else None

    usage = Usage(
        input=count("input-token-count"),
        output=count("output-token-count"),
        cache_read=count("cache-read-input-token-count"),
        cache_write=count("cache-write-input-token-count"),
    )
    return None if usage.empty else usage
